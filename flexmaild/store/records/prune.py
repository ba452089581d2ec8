"""Deletes what has exceeded its retention, a bounded slice at a time, so that no transaction is long.

Called by `Transaction.prune`. Nothing that is still open is ever removed: pending requests with all their
jobs (what was sent is needed to understand the reply), jobs that wait or are held, and the attachments that
these or a failed job need. The sent mails go with their jobs. Of a request its id, its state and its time
stay: a late reply is still known as one to a request of ours.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, or_, select

from flexmaild.core.model import State
from flexmaild.core.work import JobState
from flexmaild.store.records import audit as chain
from flexmaild.store.records.dialect import insert_new
from flexmaild.store.records.tables import (
    approvers,
    audit,
    audit_personal,
    blobs,
    headers,
    idempotency,
    jobs,
    past_requests,
    processed,
    raws,
    requests,
    spent,
)

# Rows per table and call: some 20 ms with 10 kB rows.
SLICE = 1000

_REMEMBER = insert_new(past_requests, "id")
_FINISHED = (JobState.DONE.value, JobState.DROPPED.value)


def prune(
    connection: Connection,
    *,
    raw_before: datetime,
    outcomes_before: datetime,
    done_before: datetime,
    sent_before: datetime,
) -> int:
    """Remove one slice of what is older, return how many rows went; call again while that is not 0.

    raw_before: raw bytes of mails. done_before: answers to Idempotency-Keys. sent_before: finished jobs,
    those of a request when it had ended by then, and attachments. outcomes_before: outcomes of mails, what
    those that decided are known by, decided requests, jobs given up on, audit entries.
    """
    finished = and_(jobs.c.done_at < sent_before, jobs.c.state.in_(_FINISHED))
    given_up = and_(jobs.c.created_at < outcomes_before, jobs.c.state == JobState.FAILED.value)
    decided = and_(requests.c.created_at < outcomes_before, requests.c.state != State.PENDING.value)
    old = and_(or_(finished, given_up), ~_belongs_to_kept_request(sent_before))
    return (
        _slice(connection, raws, raws.c.sha256, raws.c.at < raw_before)
        + _slice(connection, processed, processed.c.seq, processed.c.at < outcomes_before)
        + _slice(connection, headers, headers.c.seq, headers.c.at < outcomes_before)
        + _slice(connection, approvers, approvers.c.address, approvers.c.at < outcomes_before)
        + _slice(connection, spent, spent.c.name, spent.c.at < outcomes_before)
        + _slice(connection, jobs, jobs.c.seq, old)
        + _slice(connection, idempotency, idempotency.c.key, idempotency.c.at < done_before)
        + _requests(connection, decided)
        + _slice(connection, blobs, blobs.c.sha256, and_(blobs.c.at < sent_before, ~_needed()))
        + _audit(connection, outcomes_before)
    )


def _slice(connection: Connection, table: Table, key: ColumnElement[str], old: ColumnElement[bool]) -> int:
    chosen = select(key).where(old).limit(SLICE)
    return connection.execute(delete(table).where(key.in_(chosen))).rowcount


def _requests(connection: Connection, old: ColumnElement[bool]) -> int:
    at = func.coalesce(requests.c.decided_at, requests.c.created_at)
    rows = connection.execute(
        select(requests.c.id, requests.c.state, at.label("at")).where(old).limit(SLICE)
    ).all()
    if not rows:
        return 0
    connection.execute(_REMEMBER, [{"id": row.id, "state": row.state, "at": row.at} for row in rows])
    return connection.execute(delete(requests).where(requests.c.id.in_([row.id for row in rows]))).rowcount


def _belongs_to_kept_request(moment: datetime) -> ColumnElement[bool]:
    """The job belongs to a request that is open, or has ended since."""
    kept = or_(requests.c.state == State.PENDING.value, requests.c.decided_at >= moment)
    return select(requests.c.id).where(requests.c.id == jobs.c.approval_id, kept).exists()


def _needed() -> ColumnElement[bool]:
    """An open job or request names the blob by its SHA-256."""
    by_job = select(jobs.c.seq).where(jobs.c.state.not_in(_FINISHED), jobs.c.payload.contains(blobs.c.sha256))
    by_request = select(requests.c.id).where(
        requests.c.state == State.PENDING.value, requests.c.body.contains(blobs.c.sha256)
    )
    return or_(by_job.exists(), by_request.exists())


def _audit(connection: Connection, before: datetime) -> int:
    """The chain is shortened from its beginning only, up to the first row that is young enough."""
    oldest = connection.execute(
        select(audit.c.seq, audit.c.hash, audit.c.at).order_by(audit.c.seq).limit(SLICE)
    ).all()
    gone = None
    for row in oldest:
        if not isinstance(row.at, datetime) or row.at >= before:
            break
        gone = chain.Link(row.seq, row.hash)
    if gone is None:
        return 0
    chain.rebase(connection, gone)
    connection.execute(delete(audit_personal).where(audit_personal.c.seq <= gone.seq))
    return connection.execute(delete(audit).where(audit.c.seq <= gone.seq)).rowcount
