"""Counts for metrics and `status`. `count` reads covering indexes, never the rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from flexmaild.core.model import State
from flexmaild.core.work import JobState, Queue
from flexmaild.store.records.codec import HELD, JOBS, REQUESTS
from flexmaild.store.records.tables import jobs, processed, requests

_JOBS = select(jobs.c.queue, jobs.c.target, jobs.c.state, func.count()).group_by(
    jobs.c.queue, jobs.c.state, jobs.c.target
)
_REQUESTS = select(requests.c.state, func.count()).group_by(requests.c.state)
_QUARANTINED = select(func.count()).select_from(processed).where(processed.c.quarantine == HELD)
_BY_SINK = text(
    "SELECT sink.value, count(*) FROM requests,"
    " json_each(CASE WHEN json_valid(requests.body) THEN requests.body ELSE '{}' END, '$.terms.sinks')"
    " AS sink"
    " WHERE requests.state = 'pending' GROUP BY sink.value"
)
_OF_OWNER = text(
    "SELECT count(*) FROM requests WHERE state = 'pending' AND :owner = coalesce(json_extract("
    "CASE WHEN json_valid(body) THEN body ELSE '{}' END, '$.terms.belonging.owner'), '')"
)

_QUEUES, _JOB_STATES, _STATES = frozenset(Queue), frozenset(JobState), frozenset(State)


@dataclass(frozen=True, slots=True)
class Counts:
    """jobs: by queue, target and state. Absent keys mean none."""

    jobs: Mapping[tuple[Queue, str, JobState], int]
    requests: Mapping[State, int]
    quarantined: int


def count(connection: Connection) -> Counts:
    numbers: dict[tuple[Queue, str, JobState], int] = {}
    for queue, target, state, number in connection.execute(_JOBS).all():
        if queue in _QUEUES and state in _JOB_STATES:
            numbers[Queue(queue), target, JobState(state)] = number
        else:
            where = jobs.c.queue == queue, jobs.c.target == target, jobs.c.state == state
            list(JOBS.read(connection, select(jobs).where(*where)))  # that they are damaged is remembered
    states = {}
    for state, number in connection.execute(_REQUESTS).all():
        if state in _STATES:
            states[State(state)] = number
        else:
            list(REQUESTS.read(connection, select(requests).where(requests.c.state == state)))
    return Counts(numbers, states, connection.execute(_QUARANTINED).scalar_one())


def open_by_sink(connection: Connection) -> dict[str, int]:
    """For each sink, how many open requests name it. Reads each of them."""
    return {str(sink): number for sink, number in connection.execute(_BY_SINK)}


def open_of(connection: Connection, owner: str) -> int:
    """How many open requests belong to this user. Reads each that is open."""
    return int(connection.execute(_OF_OWNER, {"owner": owner}).scalar_one())
