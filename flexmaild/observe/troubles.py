"""Troubles that last, so that the journal has a line when one begins, changes or ends, and none for each try.

A way is whatever mail or decisions pass through: the outbox, a sink, the reply folder. Asked by
`engine.reports` before it writes a line; what is not worth one is still there at `debug`. Never logs.
"""

from __future__ import annotations

from dataclasses import dataclass

from flexmaild.net.grants import ApplicationState, ApplicationStatus


@dataclass(slots=True)
class Trouble:
    """kind: what makes two failures the same trouble. since: steady clock, seconds. tries: failed so far.
    closed: nothing at all could pass, as opposed to single mails that were refused."""

    kind: str
    since: float
    tries: int = 1
    closed: bool = False


class Troubles:
    """By way and by OAuth application."""

    def __init__(self) -> None:
        self._ways: dict[str, Trouble] = {}
        self._applications: dict[str, tuple[ApplicationState, str]] = {}

    def failed(self, way: str, kind: str, now: float, *, closed: bool = False) -> bool:
        """Counts a failed try; True when this is news."""
        known = self._ways.get(way)
        if known is not None and known.kind == kind:
            known.tries += 1
            return False
        since, tries = (known.since, known.tries + 1) if known else (now, 1)
        self._ways[way] = Trouble(kind, since, tries, closed or bool(known and known.closed))
        return True

    def over(self, way: str) -> Trouble | None:
        """The way was passed: the trouble there was, None without."""
        return self._ways.pop(way, None)

    def changed(self, status: ApplicationStatus) -> ApplicationState | None:
        """The former state of an application that has changed since it was last asked about, else None.

        A new reason for being in trouble is a change too. At first an application counts as ready.
        """
        now = (status.state, status.error_code)
        before = self._applications.get(status.application, (ApplicationState.READY, ""))
        self._applications[status.application] = now
        return None if now == before else before[0]
