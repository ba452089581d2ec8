"""Incidents: what an operator has to do something about, open until it is seen to be over.

Kept by `Health`; written by the loop, read by `status` and the metrics of any thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

Kind = Literal["border_unmatched"]


@dataclass(frozen=True, slots=True)
class Incident:
    """subject: what it is about, such as a border's id. count: how often it was seen since it began."""

    kind: Kind
    subject: str
    since: datetime
    last: datetime
    count: int
    said: str
    cure: str


class Incidents:
    """Those that are open, the oldest first."""

    def __init__(self) -> None:
        self._open: tuple[Incident, ...] = ()

    def open(self) -> tuple[Incident, ...]:
        return self._open

    def see(self, kind: Kind, now: datetime, seen: Iterable[tuple[str, str, str]]) -> list[Incident]:
        """What there is of this kind now, as subject, sentence and cure; others of the kind are over. Returns
        those that are new."""
        before = {one.subject: one for one in self._open if one.kind == kind}
        there: list[Incident] = []
        for subject, said, cure in seen:
            fresh = Incident(kind, subject, now, now, 1, said, cure)
            known = before.get(subject)
            count = known.count + 1 if known else 1
            there.append(replace(fresh, since=known.since, count=count) if known else fresh)
        others = [one for one in self._open if one.kind != kind]
        self._open = tuple(sorted((*others, *there), key=lambda one: one.since))
        return [one for one in there if one.subject not in before]
