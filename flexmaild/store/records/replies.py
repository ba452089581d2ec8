"""The mails that named a request, as the request shows them: the last 50, and their total.

Written by `store.records.mails` with the outcome of the mail, in the same transaction. They are numbered from
1 within their request and the newest is never removed, so its number is the total, whatever else is
forgotten.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Select, and_, delete, func, insert, select, update

from flexmaild.core.work import Reply
from flexmaild.store.records.codec import REPLIES, reply_row
from flexmaild.store.records.requests import slices
from flexmaild.store.records.tables import replies, requests

KEPT = 50


def add(connection: Connection, new: Sequence[Reply]) -> None:
    """Number and write these, and delete the oldest beyond KEPT. Skips requests that do not exist."""
    if not new:
        return
    ids = {reply.approval_id for reply in new}
    there = _existing(connection, ids)
    counts = _totals(connection, ids)
    rows = []
    for reply in new:
        if reply.approval_id in there:
            counts[reply.approval_id] += 1
            rows.append(reply_row(reply, counts[reply.approval_id]))
    if rows:
        connection.execute(insert(replies), rows)
    _forget(connection, [(id_, counts[id_] - KEPT) for id_ in there if counts[id_] > KEPT])


def read_again(connection: Connection, again: Sequence[Reply]) -> None:
    """Update the replies of a mail that was read before with its new outcome. It is added only to a request
    that did not show it."""
    totals = _totals(connection, {reply.approval_id for reply in again})
    for reply in again:
        same = and_(replies.c.approval_id == reply.approval_id, replies.c.sha256 == reply.mail.sha256)
        now = {"outcome": reply.outcome.value, "reason": reply.reason.value}
        changed = connection.execute(update(replies).where(same).values(**now)).rowcount
        if not changed and totals[reply.approval_id] <= KEPT:
            add(connection, [reply])


def of_request(connection: Connection, approval_id: str) -> list[Reply]:
    """Those that are kept, the oldest first."""
    query = select(replies).where(replies.c.approval_id == approval_id).order_by(replies.c.number)
    return [*REPLIES.read(connection, query)]


def newest(connection: Connection, ids: Iterable[str]) -> dict[str, Reply]:
    """The last reply to each of these, whose number is the total."""
    found: dict[str, Reply] = {}
    for part in slices(ids):
        last = _totals_of(part).subquery()
        same = and_(replies.c.approval_id == last.c.approval_id, replies.c.number == last.c.total)
        rows = REPLIES.read(connection, select(replies).join(last, same))
        found.update((reply.approval_id, reply) for reply in rows)
    return found


def _totals(connection: Connection, ids: Iterable[str]) -> Counter[str]:
    """How many replies named each of these so far."""
    found: Counter[str] = Counter()
    for part in slices(ids):
        found.update({row.approval_id: row.total for row in connection.execute(_totals_of(part))})
    return found


def _totals_of(ids: Sequence[str]) -> Select[tuple[str, int]]:
    query = select(replies.c.approval_id, func.max(replies.c.number).label("total"))
    return query.where(replies.c.approval_id.in_(ids)).group_by(replies.c.approval_id)


def _existing(connection: Connection, ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for part in slices(ids):
        found.update(connection.scalars(select(requests.c.id).where(requests.c.id.in_(part))))
    return found


def _forget(connection: Connection, up_to: Iterable[tuple[str, int]]) -> None:
    for approval_id, number in up_to:
        old = and_(replies.c.approval_id == approval_id, replies.c.number <= number)
        connection.execute(delete(replies).where(old))
