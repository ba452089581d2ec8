"""Mails to approvers as they went out, without attachments, so that a reply that quotes them is understood.

`keep` is called by `Store.commit` before a mail is sent, `of_invitation` by `store.read_only`. One row for
each content under which a job was tried: a mail that is tried again after its template has changed has two.
A row is removed with its job. What is in it never goes into a log, a metric or an error.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic_core import from_json
from sqlalchemy import Connection, bindparam, select

from flexmaild.core.work import KeptMail, Queue
from flexmaild.store.codec import json_text
from flexmaild.store.dialect import insert_new
from flexmaild.store.requests import slices
from flexmaild.store.tables import jobs, sent_mails

_ADD = insert_new(sent_mails, "job", "sha256")
# Asked for every reply: a statement that is made once costs a third of one that is made each time.
_OF_INVITATION = (
    select(sent_mails)
    .join(jobs, jobs.c.id == sent_mails.c.job)
    .where(jobs.c.approval_id == bindparam("approval"), jobs.c.invitation == bindparam("number"))
    .where(jobs.c.queue == Queue.OUTBOX.value)
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


def of_invitation(connection: Connection, approval_id: str, number: int) -> list[KeptMail]:
    """What went out, or may have gone out, with the reference of this invitation, newest job first."""
    rows = connection.execute(_OF_INVITATION, {"approval": approval_id, "number": number})
    return [KeptMail(row.job, row.sha256, row.data, tuple(from_json(row.quotes))) for row in rows]
