"""Mails to approvers as they went out, without attachments, so that a reply that quotes them is understood.

`keep` is called by `Transaction.write` before a mail is sent, `of_invitation` by `Queries`, and
`of_invitation_before` by `store.read_only`. One row for each content under which a job was tried: a mail that
is tried again after its template has changed has two. A row is removed with its job. What is in it never
goes into a log, a metric or an error.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Row, bindparam, select

from flexmaild.core.model import MailKind, Request
from flexmaild.core.work import KeptMail, Queue
from flexmaild.store.records.codec import REQUESTS, json_text
from flexmaild.store.records.dialect import insert_new
from flexmaild.store.records.requests import slices
from flexmaild.store.records.rows import Rows
from flexmaild.store.records.tables import Timestamp, jobs, requests, sent_mails

_ADD = insert_new(sent_mails, "job", "sha256")
# Asked for every reply: made once and asked in one go, it costs a quarter of two statements made each time.
_OF_REQUEST = (
    (jobs.c.approval_id == requests.c.id)
    & (jobs.c.invitation == bindparam("number"))
    & (jobs.c.queue == Queue.OUTBOX.value)
)
_OF_INVITATION = (
    select(requests.c.id, requests.c.body, sent_mails)
    .select_from(requests.outerjoin(jobs, _OF_REQUEST).outerjoin(sent_mails, sent_mails.c.job == jobs.c.id))
    .where(requests.c.id == bindparam("request"))
    .order_by(jobs.c.seq.desc())
)

# The same of what had been ordered by a moment; asked by who reads old mails again.
_BEFORE = (
    select(requests.c.id, requests.c.body, jobs.c.kind, sent_mails)
    .select_from(
        requests.outerjoin(
            jobs, _OF_REQUEST & (jobs.c.created_at < bindparam("moment", type_=Timestamp()))
        ).outerjoin(sent_mails, sent_mails.c.job == jobs.c.id)
    )
    .where(requests.c.id == bindparam("request"))
    .order_by(jobs.c.seq.desc())
)


def keep(connection: Connection, mails: Sequence[KeptMail]) -> None:
    """Insert those that are not kept yet. A job that was removed meanwhile needs no words."""
    there: set[str] = set()
    for part in slices(mail.job_id for mail in mails):
        there.update(connection.execute(select(jobs.c.id).where(jobs.c.id.in_(part))).scalars())
    rows = [
        {
            "job": mail.job_id,
            "sha256": mail.sha256,
            "data": mail.deflated,
            "quotes": json_text(mail.quotes),
        }
        for mail in mails
        if mail.job_id in there
    ]
    if rows:
        connection.execute(_ADD, rows)


def of_invitation(connection: Connection, id_: str, number: int) -> tuple[Request, list[KeptMail]] | None:
    """The request, and what went out, or may have, with this invitation's reference, newest job first."""
    rows = connection.execute(_OF_INVITATION, {"request": id_, "number": number}).all()
    request = REQUESTS.of(connection, rows[0]) if rows else None
    return None if request is None else (request, _kept(connection, rows))


def of_invitation_before(
    connection: Connection, id_: str, number: int, moment: datetime
) -> tuple[Request, list[KeptMail], bool] | None:
    """The same of what was ordered before `moment`, and whether the mail that asks is among it: jobs that
    are over are forgotten after a while, and what was sent with them."""
    rows = connection.execute(_BEFORE, {"request": id_, "number": number, "moment": moment}).all()
    if not rows:
        return None
    is_whole = any(row.job is not None and row.kind == MailKind.APPROVAL_REQUEST.value for row in rows)
    request = REQUESTS.of(connection, rows[0])
    return None if request is None else (request, _kept(connection, rows), is_whole)


def _kept(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[KeptMail]:
    """Of a row that is damaged the words are not known, and so an answer to that mail decides nothing."""
    there = [row for row in rows if row.job is not None]
    return [SENT_MAILS.of(connection, row) or KeptMail(row.job, row.sha256, None, ()) for row in there]


def _kept_of(row: Row[*tuple[Any, ...]]) -> KeptMail:
    """Raises ValueError for a row that this program did not write."""
    if not isinstance(row.data, bytes | None):
        raise ValueError("no bytes")
    return KeptMail(row.job, row.sha256, row.data, tuple(from_json(row.quotes)))


SENT_MAILS = Rows(sent_mails, _kept_of, "job", "sha256")
