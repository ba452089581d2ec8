"""How much of what there is: for metrics and `status`. Read from covering indexes, never from the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from flexmaild.core.model import State
from flexmaild.core.work import JobState, Queue
from flexmaild.store.codec import HELD
from flexmaild.store.tables import jobs, requests, seen

_JOBS = select(jobs.c.queue, jobs.c.target, jobs.c.state, func.count(), func.min(jobs.c.due_at)).group_by(
    jobs.c.queue, jobs.c.state, jobs.c.target
)
_REQUESTS = select(requests.c.state, func.count()).group_by(requests.c.state)
_QUARANTINED = select(func.count()).select_from(seen).where(seen.c.quarantine == HELD)


@dataclass(frozen=True, slots=True)
class Counts:
    """jobs: by queue, target and state. oldest_due: of the jobs that wait (queued or deferred), by queue and
    target; a time long past means that nobody works on them. Absent keys mean none."""

    jobs: Mapping[tuple[Queue, str, JobState], int]
    requests: Mapping[State, int]
    quarantined: int
    oldest_due: Mapping[tuple[Queue, str], datetime]


def count(connection: Connection) -> Counts:
    numbers: dict[tuple[Queue, str, JobState], int] = {}
    oldest: dict[tuple[Queue, str], datetime] = {}
    for queue, target, state, number, due in connection.execute(_JOBS):
        numbers[Queue(queue), target, JobState(state)] = number
        if state in (JobState.QUEUED, JobState.DEFERRED):
            place = (Queue(queue), target)
            oldest[place] = min(due, oldest.get(place, due))
    states = {State(state): number for state, number in connection.execute(_REQUESTS)}
    return Counts(numbers, states, connection.execute(_QUARANTINED).scalar_one(), oldest)
