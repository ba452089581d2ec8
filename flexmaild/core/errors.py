"""The two ways in which work can fail, as types, with a reason from a closed list.

Every error that crosses packages is a `Failure`: adapters (transports, sinks, net) raise these and nothing
else and never retry on their own, a request that breaks rules is one, a fault of the store (`store.errors`)
too. `core.retry` alone decides what to do about a failure; `flexmaild.core.retry`. The reasons are the values
of the metric label `reason`, so the list is closed and short.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from flexmaild.core.redacted import redacted, without_known

_SAID, _CURE = " (the server said: ", " Cure: "


class Reason(StrEnum):
    """Why an attempt failed; also the metric label `reason` (all children exist from the start)."""

    AUTH = "auth"
    THROTTLED = "throttled"
    TIMEOUT = "timeout"
    NETWORK = "network"
    TLS = "tls"
    SERVER = "server"
    CLIENT = "client"
    OTHER = "other"


class Failure(Exception):
    """Base of both kinds. `str(failure)` is one line for an operator, without secrets and whole references,
    whatever the server said.

    step: the word for what was being done when it failed ("connect", "starttls", "login", "select",
        "mail", "rcpt", "data", …).
    server: "host:port" or the URL's host, empty where no server was involved.
    answer: the server's own words, cut to 500 characters, control characters removed.
    cure: what the operator can do about it, one sentence, may be empty.
    """

    def __init__(
        self,
        reason: Reason,
        text: str,
        *,
        step: str = "",
        server: str = "",
        answer: str = "",
        cure: str = "",
    ) -> None:
        self.reason = reason
        self.text = without_known(text)
        super().__init__(self.text)
        self.step = step
        self.server = server
        self.answer = printable(redacted(answer))[:500]
        self.cure = without_known(cure)

    def __str__(self) -> str:
        where = f"{self.server}: " if self.server else ""
        step = f"{self.step}: " if self.step else ""
        answer = f"{_SAID}{self.answer})" if self.answer else ""
        cure = f"{_CURE}{self.cure}" if self.cure else ""
        return f"{where}{step}{self.text}{answer}{cure}"


class TryLater(Failure):
    """A passing fault: the same attempt may succeed later.

    retry_after: seconds the other side asked us to wait, None where it did not say.
    uncertain: the work may have been done although no answer came (RFC 5321 section 4.5.4.1: the
        answer to the end of DATA was lost); a repeat must carry the same Message-ID.
    """

    def __init__(
        self,
        reason: Reason,
        text: str,
        *,
        step: str = "",
        server: str = "",
        answer: str = "",
        cure: str = "",
        retry_after: float | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(reason, text, step=step, server=server, answer=answer, cure=cure)
        self.retry_after = retry_after
        self.uncertain = uncertain


class GiveUp(Failure):
    """A lasting fault: repeating the same attempt cannot succeed until something is changed."""


class Refused(GiveUp):
    """A request that breaks rules of the product; `faults` names them all."""

    def __init__(self, faults: Iterable[NotAllowed]) -> None:
        self.faults: tuple[NotAllowed, ...] = tuple(faults)
        super().__init__(Reason.CLIENT, "; ".join(str(fault) for fault in self.faults))


class NotAllowed(Refused):
    """A request that breaks one rule, in words; `path` names the field as in JSON ("approvers.0")."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.rule = path, text
        super().__init__((self,))

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}"


def without_answer(text: str) -> str:
    """A text with a failure in it, without the server's words: of a mail that it refused they may repeat
    anything."""
    before, said, words = text.partition(_SAID)
    _, ended, cure = words.rpartition(f"){_CURE}")
    return before + (_CURE + cure if ended else "") if said else text


def printable(text: str) -> str:
    """The text on one line, without control, format and surrogate characters (log and terminal injection)."""
    if text.isprintable():  # as it nearly always is: 0.1 us in place of 4
        return text.strip()
    return "".join(c if c.isprintable() else " " for c in text).strip()
