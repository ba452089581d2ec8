"""Deletes personal data, a bounded slice at a time, while the facts stay.

Called by `Transaction.purge`. What is left of a request is said by `core.purging`. Of an open request nothing
is purged, nor of one of which something is still to be told. The chain of the event log holds: what an entry
says of persons lies beside its row, which has the digest alone, and that a request was purged is an entry.
"""

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from itertools import islice, takewhile

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    not_,
    or_,
    select,
    text,
    update,
)

from flexmaild.core import purging
from flexmaild.core.documents import as_json
from flexmaild.core.documents.approvals import approval
from flexmaild.core.model import Part, Request
from flexmaild.core.work import AuditEntry, JobState
from flexmaild.store.records import audit as chain
from flexmaild.store.records import requests as request_rows
from flexmaild.store.records.codec import IDEMPOTENCY, REQUESTS, json_text
from flexmaild.store.records.tables import (
    PURGEABLE,
    SAYS_SOMETHING,
    SHOWS_SOMEBODY,
    approvers,
    audit,
    audit_personal,
    headers,
    idempotency,
    jobs,
    processed,
    replies,
    requests,
)

# Rows per table and call: a request is read and written anew, so fewer than in `store.records.prune`.
SLICE = 200
_FINISHED = (JobState.DONE.value, JobState.DROPPED.value)
_ANSWER = update(idempotency).where(idempotency.c.key == bindparam("of")).values(answer=bindparam("new"))

Before = Mapping[Part, datetime]


def purge(connection: Connection, before: Before, now: datetime) -> int:
    """Purge one slice, return of how many rows; call again while that is not 0."""
    addresses = before[Part.ADDRESSES]
    return (
        _requests(connection, before, now)
        + _mails(connection, addresses)
        + _replies(connection, addresses)
        + _entries(connection, before)
        + connection.execute(delete(headers).where(headers.c.at < addresses)).rowcount
        + connection.execute(delete(approvers).where(approvers.c.at < addresses)).rowcount
    )


def _requests(connection: Connection, before: Before, now: datetime) -> int:
    waits = select(jobs.c.seq).where(jobs.c.approval_id == requests.c.id, jobs.c.state.not_in(_FINISHED))
    old = or_(*(_is_due(part, moment) for part, moment in before.items()))
    query = select(requests.c.id, requests.c.body).where(text(PURGEABLE), old, ~waits.exists()).limit(SLICE)
    found = [(request, purging.due(request, before)) for request in REQUESTS.read(connection, query)]
    found = [(request, parts) for request, parts in found if parts]
    left = [purging.without(request, parts) for request, parts in found]
    request_rows.write(connection, left)
    noted = [
        AuditEntry(now, r.id, "purged", {"purged": [part.value for part in Part if part in parts]})
        for r, parts in found
    ]
    chain.append(connection, noted)
    _answers(connection, {request.id: request for request in left}, now)
    said = [request.id for request, parts in found if Part.COMMENTS in parts]
    for part in request_rows.slices(said):
        connection.execute(
            update(processed).where(processed.c.approval_id.in_(part)).values(unknown_lines=None)
        )
    return len(found)


def _answers(connection: Connection, purged: Mapping[str, Request], now: datetime) -> None:
    """What is answered again for an Idempotency-Key shows of these requests what is left of them. Nothing is
    answered for a key before a request is opened nor after it has ended."""
    opened = [request.created_at for request in purged.values()]
    ended = [request.decided_at for request in purged.values() if request.decided_at]
    if not ended:
        return
    query = select(idempotency).where(idempotency.c.at.between(min(opened), max(ended)))
    changed = []
    for record in IDEMPOTENCY.read(connection, query):
        body = record.answer.get("body") or {}
        if request := purged.get(body.get("id", "")):
            left = as_json(approval(request, now)) | ({"warnings": []} if "warnings" in body else {})
            changed.append({"of": record.key, "new": json_text({**record.answer, "body": left})})
    if changed:
        connection.execute(_ANSWER, changed)


def _is_due(part: Part, moment: datetime) -> ColumnElement[bool]:
    return and_(requests.c.decided_at < moment, requests.c.purged.op("&")(part.bit) == 0)


def _is_purged(approval_id: ColumnElement[str], part: Part) -> ColumnElement[bool]:
    """Whether this part of the request is purged, or the request is gone: related rows are purged too."""
    kept = requests.c.purged.op("&")(part.bit) == 0
    return not_(exists().where(requests.c.id == approval_id, kept))


def _mails(connection: Connection, moment: datetime) -> int:
    """Purge outcomes; Message-ID, time, size and digest stay, so that a mail is still recognised."""
    old = (
        processed.c.at < moment,
        or_(processed.c.approval_id.is_(None), _is_purged(processed.c.approval_id, Part.ADDRESSES)),
    )
    chosen = select(processed.c.seq).where(text(f"({SHOWS_SOMEBODY})"), *old).limit(SLICE)
    said = {"sender": "", "subject": "", "because": purging.PURGED}
    decided = processed.c.outcome == "decision"  # it is the answer
    rows = list(connection.scalars(chosen))
    for part in request_rows.slices(rows):
        there = processed.c.seq.in_(part)
        connection.execute(update(processed).where(there, ~decided).values(said))
        connection.execute(update(processed).where(there, decided).values(sender="", subject=""))
    return len(rows)


def _replies(connection: Connection, moment: datetime) -> int:
    shows = or_(replies.c.sender != "", replies.c.via != "")
    old = and_(replies.c.at < moment, shows, _is_purged(replies.c.approval_id, Part.ADDRESSES))
    return connection.execute(update(replies).where(old).values(sender="", via="")).rowcount


def _entries(connection: Connection, before: Before) -> int:
    """Purge audit entries; those about no request by their own age."""
    gone = _personal(connection, Part.ADDRESSES, before)
    if before[Part.COMMENTS] > before[Part.ADDRESSES]:
        words = (audit_personal.c.data.contains(f'"{key}":') for key in purging.WORDS_OF_PERSONS)
        gone += _personal(connection, Part.COMMENTS, before, or_(*words))
    return gone


def _personal(connection: Connection, part: Part, before: Before, *which: ColumnElement[bool]) -> int:
    """Times never run backwards in the event log: what stands behind a younger row is younger."""
    moment, is_purged = before[part], _is_purged(audit.c.approval_id, part).label("is_purged")
    query = select(audit.c.seq, audit.c.at, is_purged).join(
        audit_personal, audit_personal.c.seq == audit.c.seq
    )
    query = query.where(text(SAYS_SOMETHING), *which).order_by(audit_personal.c.seq)
    with closing(connection.execute(query)) as rows:
        old = takewhile(lambda row: not isinstance(row.at, datetime) or row.at < moment, rows)
        gone = list(islice((row.seq for row in old if row.is_purged), SLICE))
    for rows_gone in request_rows.slices(gone):
        there = audit_personal.c.seq.in_(rows_gone)
        connection.execute(update(audit_personal).where(there).values(data=chain.FORGOTTEN, salt=b""))
    return len(gone)
