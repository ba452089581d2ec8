"""Refusals of the control socket as RFC 9457 problem details, from the exception to the JSON document.

Handlers and the server raise `Problem`; the server writes it, the client reads it back. Also knows how the
core's own failures look to a caller. Never holds a body or a secret: only names, places and cures.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flexmaild.core.errors import Failure, Refused, printable

MEDIA_TYPE = "application/problem+json"
BUSY = "busy"
_KIND_PREFIX = "urn:flexmaild:problem:"
# Retry-After for what passes by itself, seconds.
AGAIN_SOON: Mapping[str, str] = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request. `path` is where, as in "approvers.0.address"; empty for the whole."""

    path: str
    detail: str
    cure: str = ""

    @property
    def pointer(self) -> str:
        """The same place as a JSON pointer (RFC 6901 section 6), as RFC 9457 shows it."""
        parts = self.path.split(".") if self.path else []
        return "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)

    def document(self) -> dict[str, str]:
        found = {"path": self.path, "pointer": self.pointer, "detail": self.detail}
        return found | ({"cure": self.cure} if self.cure else {})


@dataclass(eq=False)
class Problem(Exception):
    """A request that was not carried out.

    kind: a word for programs ("bad-settings", "idempotency-conflict"); becomes the problem's `type`.
    extra: further members of the document, such as `step` and `answer` of a failed test.
    headers: further header fields of the response ("Allow", "Retry-After").
    """

    status: int
    title: str = ""
    detail: str = ""
    errors: tuple[Fault, ...] = ()
    cure: str = ""
    kind: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.title = self.title or HTTPStatus(self.status).phrase

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}" if self.detail else self.title

    def document(self) -> dict[str, Any]:
        """The problem+json document."""
        found: dict[str, Any] = dict(self.extra)
        found["type"] = _KIND_PREFIX + self.kind if self.kind else "about:blank"
        found |= {"title": self.title, "status": self.status}
        if self.detail:
            found["detail"] = self.detail
        if self.errors:
            found["errors"] = [fault.document() for fault in self.errors]
        if self.cure:
            found["cure"] = self.cure
        return found


def invalid(faults: Iterable[Fault], *, title: str = "The request has faults") -> Problem:
    """422 with every fault; the detail repeats them on one line for people who read only that."""
    errors = tuple(faults)
    detail = "; ".join(f"{fault.path}: {fault.detail}" if fault.path else fault.detail for fault in errors)
    return Problem(422, title, detail, errors, kind="invalid-request")


def _of_failure(failure: Failure) -> Problem:
    """502: a server behind us failed. Names the step, the server, its words and the cure."""
    extra = {"step": failure.step, "server": failure.server, "answer": failure.answer}
    extra["reason"] = failure.reason.value
    where = f"{failure.server}: " if failure.server else ""
    at = f"{failure.step}: " if failure.step else ""
    words = f" (the server said: {failure.answer})" if failure.answer else ""
    detail = printable(f"{where}{at}{failure.text}{words}")
    return Problem(
        502, "The server behind did not do it", detail, cure=failure.cure, kind="server", extra=extra
    )


def of_error(error: Exception) -> Problem | None:
    """The problem for an error that a handler raised; None for a bug."""
    match error:
        case Problem():
            return error
        case Refused():
            return invalid(Fault(fault.path, fault.rule) for fault in error.faults)
        case Failure():
            return _of_failure(error)
        case TimeoutError():
            detail = "The daemon did not answer in time. What was asked may still be carried out."
            cure = "Ask again with the same Idempotency-Key; see `flexmailctl status`."
            return Problem(504, "Timed out", detail, cure=cure, kind="timeout")
    return None


def busy(what: str) -> Problem:
    """503: a limit of that kind is reached."""
    detail = f"Too many {what} at once."
    return Problem(503, "Busy", detail, cure="Try again.", kind=BUSY, headers=AGAIN_SOON)


def stopping() -> Problem:
    """503: the daemon is stopping."""
    detail = "flexmaild is stopping; nothing was done."
    return Problem(503, "Stopping", detail, cure="Try again.", kind="stopping", headers=AGAIN_SOON)
