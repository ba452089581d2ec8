"""The failure for an error answer of Graph: later or never, reason and cure, by its code, never by its text.

The codes are in `errors.toml`, from which `docs/errors-oauth.md` is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.redacted import redacted
from flexmaild.net.http import wait_seconds
from flexmaild.oauth.errors import without_secrets
from flexmaild.system.package_data import read_table

# A mailbox may be throttled for long, but a reply must not wait a day: it is read again every 15 minutes.
RETRY_AFTER_CAP = 900.0
# Administrators grant missing rights; a burst of ErrorAccessDenied that is really throttling passes as well.
_RIGHTS_PAUSE = 300.0


@dataclass(frozen=True, slots=True)
class GraphError:
    """One error code. Reason CLIENT means this one mail or folder: waiting changes nothing."""

    code: str
    reason: Reason
    cause: str
    cure: str = ""


def _errors() -> Mapping[str, GraphError]:
    rows = read_table(__package__, "errors.toml")
    return {
        code: GraphError(code, Reason(row["reason"]), row["cause"], row.get("cure", ""))
        for code, row in rows.items()
    }


# Every known error by its code.
ERRORS = _errors()


class Gone(GiveUp):
    """The mail or folder does not exist (any more)."""


# A second deletion of an immutable id answers 403 with the second code (msgraph-sdk-dotnet#3047).
GONE = frozenset({"ErrorItemNotFound", "ErrorCannotDeleteObject"})


def code_of(body: object) -> str:
    """The error code of an answer's JSON, empty when it has none."""
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, capped; None without one."""
    wait = wait_seconds(next((v for k, v in headers.items() if k.casefold() == "retry-after"), ""))
    return None if wait is None else min(wait, RETRY_AFTER_CAP)


def failure(
    status: int, headers: Mapping[str, str], body: object, *, step: str, server: str, where: str
) -> Failure:
    """The failure for an answer. `where` names mailbox and request-id, for log and support."""
    code = code_of(body)
    row = ERRORS.get(code)
    reason = row.reason if row else _reason(status)
    what = f"HTTP {status} {code}".rstrip()
    text = f"{what}: {row.cause} ({where})" if row else f"{what} ({where})"
    said: dict[str, Any] = {
        "step": step,
        "server": server,
        "answer": _message(body),
        "cure": row.cure if row else "",
    }
    if reason is Reason.CLIENT:
        gone = status == 404 or code in GONE
        return (Gone if gone else GiveUp)(reason, text, **said)
    wait = retry_after(headers)
    if wait is None and reason is Reason.AUTH:
        wait = _RIGHTS_PAUSE
    return TryLater(reason, text, retry_after=wait, **said)


def _reason(status: int) -> Reason:
    if status in (401, 403):
        return Reason.AUTH
    if status == 429:
        return Reason.THROTTLED
    if status >= 500 or status == 408 or status < 400:
        return Reason.SERVER
    return Reason.CLIENT


def _message(body: object) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return without_secrets(redacted(str(error.get("message", ""))))[:300] if isinstance(error, dict) else ""
