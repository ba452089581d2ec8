"""Incidents: problems that need an operator, from when they are found until they are over.

`observe.conditions` finds what is wrong now; `Incidents.look` compares that with the open incidents. Used
by `engine.reports`, which reports to log and metrics what has begun, changed and ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from flexmaild.core.documents import diagnosis
from flexmaild.core.errors import without_answer
from flexmaild.core.masking import masked, without_people


class Kind(StrEnum):
    """Also the metric label `kind` (all children exist from the start)."""

    MAILBOX_UNREADABLE = "mailbox_unreadable"
    MAILBOX_NOT_DELETABLE = "mailbox_not_deletable"
    MAIL_UNREADABLE = "mail_unreadable"
    UIDS_WENT_BACK = "uids_went_back"
    LOGIN_REFUSED = "login_refused"
    OUTGOING_FAILED = "outgoing_failed"
    SINK_FAILED = "sink_failed"
    SINK_HUNG = "sink_hung"
    STORE_LOCKED = "store_locked"
    STORE_OLDER = "store_older"
    FOREIGN_REPLIES = "foreign_replies"
    REPLIES_REFUSED = "replies_refused"
    REPLY_UNKNOWN = "reply_unknown"
    CLOCK = "clock"
    RELOAD_REFUSED = "reload_refused"
    SETTINGS_AT_RISK = "settings_at_risk"
    BORDER_UNMATCHED = "border_unmatched"
    SOCKET_GONE = "socket_gone"
    DAMAGED_ROW = "damaged_row"
    TRANSACTION_HUNG = "transaction_hung"
    BUG = "bug"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Condition:
    """A problem that is present now.

    kind and subject (what it is about, such as a sink's name) make two of them the same incident. said: one
    sentence. count: how often it was seen since it began. cause: what distinguishes problems of the same
    kind, such as the reason of a failure; stops: the daemon does not do its job.
    """

    kind: Kind
    subject: str
    said: str
    cure: str = ""
    count: int = 1
    cause: str = ""
    stops: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """A condition, from its beginning (since) to when it was last found."""

    condition: Condition
    since: datetime
    last: datetime

    def without_people(self) -> Incident:
        """The incident for callers who may not see everything: neither a server's words about a mail, nor
        more of an address than its domain."""
        said = without_people(without_answer(self.condition.said))
        return replace(self, condition=replace(self.condition, said=said))

    def document(self) -> diagnosis.Incident:
        return diagnosis.Incident(
            kind=self.condition.kind.value,
            subject=self.condition.subject,
            since=self.since,
            last=self.last,
            count=self.condition.count,
            said=masked(self.condition.said),
            cure=self.condition.cure,
        )


def not_ready(incidents: Iterable[Incident]) -> list[str]:
    """Why the daemon is not ready; empty when it is."""
    return [masked(one.condition.said) for one in incidents if one.condition.stops]


def readiness(incidents: Sequence[Incident]) -> diagnosis.Readiness:
    return diagnosis.Readiness(
        ready=not not_ready(incidents),
        issues=[masked(one.condition.said) for one in incidents],
        incidents=[one.document() for one in incidents],
    )


@dataclass(frozen=True, slots=True)
class News:
    """The difference between two looks. changed: still open, with another cause."""

    began: tuple[Incident, ...] = ()
    changed: tuple[Incident, ...] = ()
    ended: tuple[Incident, ...] = ()


class Incidents:
    """The open incidents, oldest first."""

    def __init__(self) -> None:
        self._open: dict[tuple[Kind, str], Incident] = {}

    def open(self) -> tuple[Incident, ...]:
        return tuple(self._open.values())

    def look(self, conditions: Iterable[Condition], now: datetime) -> News:
        """Replace the open incidents by those of these conditions; returns what has changed."""
        before, there = self._open, dict[tuple[Kind, str], Incident]()
        began, changed = list[Incident](), list[Incident]()
        found: dict[tuple[Kind, str], Condition] = {}
        for condition in conditions:
            known_as = (condition.kind, condition.subject)
            if known_as not in found or condition.stops:
                found[known_as] = condition
        for key, condition in found.items():
            known = before.get(key)
            there[key] = Incident(condition, now, now) if known is None else _continued(known, condition, now)
            if known is None:
                began.append(there[key])
            elif known.condition.cause != condition.cause:
                changed.append(there[key])
        self._open = dict(sorted(there.items(), key=lambda item: item[1].since))
        ended = tuple(one for key, one in before.items() if key not in there)
        return News(tuple(began), tuple(changed), ended)


def _continued(known: Incident, condition: Condition, now: datetime) -> Incident:
    return replace(known, condition=condition, last=now)
