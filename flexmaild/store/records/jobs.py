"""The job queues: mails to send and decisions to deliver, each at least once.

Called by `Transaction`. A claim says that a thread carries a job out; it has a number and a lease, which
expires. The end of a try names its claim, and is refused when another one has followed. Whether and
when a try is repeated is decided by `core.retry`, never here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, bindparam, case, or_, select, update

from flexmaild.core.work import Claim, Job, JobEnd, JobState, Queue
from flexmaild.store.records.codec import JOBS, REQUESTS, job_row, json_text
from flexmaild.store.records.dialect import insert_new
from flexmaild.store.records.requests import slices
from flexmaild.store.records.tables import WAITING, jobs

_ADD = insert_new(jobs, "key")
_UNLEASED: dict[str, Any] = {"lease_owner": None, "lease_until": None}
# It was claimed, and its end was not recorded.
_lapsed = jobs.c.lease_owner.is_not(None)


def add(connection: Connection, new: Sequence[Job]) -> None:
    """Insert those whose key is new; a job is not made twice, whatever is committed again."""
    if new:
        connection.execute(_ADD, [job_row(job) for job in new])


# How a try ends.

_state = jobs.c.state


def _end_statement(**values: Any) -> Update:
    return (
        update(jobs)
        .where(
            jobs.c.id == bindparam("job"),
            jobs.c.claim == bindparam("number"),
            _state != JobState.DONE.value,
        )
        .values(
            attempt=jobs.c.attempt + 1,
            last_reason=bindparam("reason"),
            last_error=bindparam("error"),
            uncertain=bindparam("unsure"),
            **_UNLEASED,
            **values,
        )
    )


def _state_unless(*kept: JobState, otherwise: JobState) -> ColumnElement[str]:
    # Not in_(): its list cannot stand in a statement that is executed for many rows at once.
    return case((or_(*(_state == state.value for state in kept)), _state), else_=otherwise.value)


_ENDINGS = {
    "ok": _end_statement(
        state=JobState.DONE.value, receipt=bindparam("words"), done_at=bindparam("ended_at")
    ),
    "later": _end_statement(
        state=_state_unless(JobState.HELD, JobState.DROPPED, otherwise=JobState.DEFERRED),
        due_at=bindparam("again"),
        recipients=case(
            (bindparam("remaining", type_=jobs.c.recipients.type) == "[]", jobs.c.recipients),
            else_=bindparam("remaining", type_=jobs.c.recipients.type),
        ),
    ),
    "give_up": _end_statement(state=_state_unless(JobState.DROPPED, otherwise=JobState.FAILED)),
    "overtaken": _end_statement(state=JobState.DROPPED.value, done_at=bindparam("ended_at")),
}


def end(connection: Connection, ended: Sequence[JobEnd]) -> None:
    """Record the ends of tries, in the order given."""
    for result, statement in _ENDINGS.items():
        rows = [_end_row(item) for item in ended if item.result == result]
        if rows:
            connection.execute(statement, rows)


def _end_row(item: JobEnd) -> dict[str, Any]:
    refused = "; ".join(f"{recipient}: {answer}" for recipient, answer in item.refused)
    row: dict[str, Any] = {
        "job": item.job_id,
        "number": item.claim,
        "reason": item.reason,
        "error": item.error or refused,
        "unsure": item.uncertain,
    }
    if item.result in ("ok", "overtaken"):
        row["ended_at"] = item.at
    if item.result == "ok":
        row["words"] = item.receipt
    if item.result == "later":
        row |= {"again": item.again_at or item.at, "remaining": json_text(item.left)}
    return row


def claim(
    connection: Connection,
    queue: Queue,
    target: str | None,
    now: datetime,
    limit: int,
    owner: str,
    until: datetime,
) -> list[Job]:
    """Claim jobs that are due for `owner`, the longest due first."""
    chosen = select(jobs.c.seq).where(jobs.c.queue == queue.value, WAITING, jobs.c.due_at <= now, _free(now))
    chosen = chosen.where(*_readable(connection))
    if target is not None:
        chosen = chosen.where(jobs.c.target == target)
    chosen = chosen.order_by(jobs.c.due_at, jobs.c.seq).limit(limit)
    lease = (
        update(jobs)
        .where(jobs.c.seq.in_(chosen))
        .values(
            claim=jobs.c.claim + 1,
            lease_owner=owner,
            lease_until=until,
            uncertain=or_(jobs.c.uncertain, _lapsed),
        )
        .returning(*jobs.c)
    )
    rows = connection.execute(lease).all()
    claimed = [(row, JOBS.of(connection, row)) for row in rows]
    damaged = [{"job": row.id, "number": row.claim} for row, job in claimed if job is None]
    if damaged:
        connection.execute(_UNCLAIM, damaged)
    sound = sorted((job.due_at, row.seq, job) for row, job in claimed if job is not None)
    return [job for _, _, job in sound]


def _readable(connection: Connection) -> list[ColumnElement[bool]]:
    """Conditions that exclude damaged jobs, and mails about damaged requests."""
    found: list[ColumnElement[bool]] = []
    if ids := JOBS.known_damaged(connection):
        found.append(jobs.c.id.not_in(ids))
    if ids := REQUESTS.known_damaged(connection):
        is_other = or_(jobs.c.approval_id.is_(None), jobs.c.approval_id.not_in(ids))
        found.append(or_(jobs.c.queue == Queue.DELIVERY.value, is_other))
    return found


def release(connection: Connection, owner: str) -> int:
    """Release all claims but those of `owner`: a store with one process has no other living owner. Their
    jobs become uncertain."""
    leased = jobs.c.lease_owner.is_not(None) & (jobs.c.lease_owner != owner)
    return connection.execute(update(jobs).where(leased).values(uncertain=True, **_UNLEASED)).rowcount


def renew(connection: Connection, claims: Iterable[Claim], until: datetime) -> None:
    _execute_for_claims(connection, _RENEW, claims, until=until)


def unclaim(connection: Connection, claims: Iterable[Claim]) -> None:
    _execute_for_claims(connection, _UNCLAIM, claims)


_held = (
    (jobs.c.id == bindparam("job")) & (jobs.c.claim == bindparam("number")) & jobs.c.lease_owner.is_not(None)
)
_RENEW = update(jobs).where(_held).values(lease_until=bindparam("until"))
_UNCLAIM = update(jobs).where(_held).values(**_UNLEASED)


def _execute_for_claims(
    connection: Connection, statement: Update, claims: Iterable[Claim], **values: Any
) -> None:
    rows = [{"job": claim.job_id, "number": claim.number, **values} for claim in claims]
    if rows:
        connection.execute(statement, rows)


def next_due(connection: Connection, queue: Queue, target: str, now: datetime) -> datetime | None:
    waiting = select(jobs.c.due_at).where(jobs.c.queue == queue.value, jobs.c.target == target, WAITING)
    waiting = waiting.where(_free(now), *_readable(connection))
    due = connection.scalar(waiting.order_by(jobs.c.due_at).limit(1))
    return due if isinstance(due, datetime) else None


def _free(now: datetime) -> ColumnElement[bool]:
    """The job has no lease, or an expired one."""
    return or_(jobs.c.lease_until.is_(None), jobs.c.lease_until <= now)


def find(connection: Connection, condition: ColumnElement[bool]) -> Job | None:
    return JOBS.first(connection, select(jobs).where(condition).order_by(jobs.c.seq.desc()))


def by_ids(connection: Connection, ids: Iterable[str]) -> dict[str, Job]:
    found: dict[str, Job] = {}
    for part in slices(ids):
        found.update((job.id, job) for job in JOBS.read(connection, select(jobs).where(jobs.c.id.in_(part))))
    return found


def newest(
    connection: Connection,
    queue: Queue | None,
    states: Iterable[JobState] | None,
    limit: int,
    approval_id: str | None,
    before: str | None,
) -> list[Job]:
    """Newest first; `before` is the id of the last job of the page before."""
    query = select(jobs)
    if before is not None:
        query = query.where(jobs.c.seq < select(jobs.c.seq).where(jobs.c.id == before).scalar_subquery())
    if queue is not None:
        query = query.where(jobs.c.queue == queue.value)
    if states is not None:
        query = query.where(_state.in_([state.value for state in states]))
    if approval_id is not None:
        query = query.where(jobs.c.approval_id == approval_id)
    return [*JOBS.read(connection, query.order_by(jobs.c.seq.desc()), limit)]


# Operators' actions. Each returns how many jobs it changed; ids in other states are left alone.


def _move(
    connection: Connection,
    queue: Queue,
    ids: Sequence[str] | None,
    states: Sequence[JobState],
    values: dict[str, Any],
) -> int:
    statement = update(jobs).where(jobs.c.queue == queue.value, _state.in_([state.value for state in states]))
    if ids is None:
        return connection.execute(statement.values(**values)).rowcount
    parts = slices(dict.fromkeys(ids))
    return sum(
        connection.execute(statement.where(jobs.c.id.in_(part)).values(**values)).rowcount for part in parts
    )


def retry(connection: Connection, queue: Queue, ids: Sequence[str] | None, now: datetime) -> int:
    """Due now, with a fresh count of tries."""
    fresh = {"state": JobState.QUEUED.value, "due_at": now, "attempt": 0}
    return _move(connection, queue, ids, [JobState.FAILED, JobState.DEFERRED, JobState.QUEUED], fresh)


def hold(connection: Connection, queue: Queue, ids: Sequence[str] | None) -> int:
    held = {"state": JobState.HELD.value}
    return _move(connection, queue, ids, [JobState.QUEUED, JobState.DEFERRED], held)


def unhold(connection: Connection, queue: Queue, ids: Sequence[str] | None) -> int:
    waiting = case((jobs.c.attempt == 0, JobState.QUEUED.value), else_=JobState.DEFERRED.value)
    return _move(connection, queue, ids, [JobState.HELD], {"state": waiting})


def drop(connection: Connection, queue: Queue, ids: Sequence[str], now: datetime) -> int:
    dropped = {"state": JobState.DROPPED.value, "done_at": now}
    states = [JobState.QUEUED, JobState.DEFERRED, JobState.HELD, JobState.FAILED]
    return _move(connection, queue, ids, states, dropped)
