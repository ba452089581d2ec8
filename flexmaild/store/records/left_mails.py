"""The mails that are left in the folder, since this store cannot decide about them.

Called by `Transaction` and `Queries` and by `Queries`. Unlike an outcome in `processed` a row goes
when its mail is no longer in the folder, so that the rows are what lies there now; nothing else is kept of
the mail.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select

from flexmaild.core.identity import Identity
from flexmaild.core.left_in_folder import LeftMail, LeftMails
from flexmaild.core.model import Outcome
from flexmaild.core.ports import MessageUid
from flexmaild.core.references import bare
from flexmaild.store.records.dialect import insert_new
from flexmaild.store.records.requests import slices
from flexmaild.store.records.tables import left_mails, processed

# The most mails that are recorded, so that a flooded mailbox does not fill the store.
MOST = 1000
# So many ids that the store does not know are named to an operator.
_MOST_NAMED = 5

_UID = (left_mails.c.mailbox, left_mails.c.validity, left_mails.c.uid)
_ADD = insert_new(left_mails, *(column.name for column in _UID))


def add(connection: Connection, mails: Sequence[LeftMail], recorded: Collection[MessageUid] = ()) -> None:
    """Record these, as far as there is room. A mail about a request of ours replaces one of another
    installation.

    recorded: mails that have an outcome here too. They are recorded in any case: by the outcome alone such
    a mail would be deleted.
    """
    if not mails:
        return
    forget(connection, [mail.uid for mail in mails])
    kept = [mail for mail in mails if mail.uid in recorded]
    ours = [mail for mail in mails if mail.outcome is Outcome.STORE_OLDER and mail.uid not in recorded]
    others = [mail for mail in mails if mail.outcome is not Outcome.STORE_OLDER and mail.uid not in recorded]
    _make_room(connection, len(kept) + len(ours) - _free(connection))
    room = max(0, _free(connection) - len(kept))
    rows = [_row(mail) for mail in [*kept, *[*ours, *others][:room]]]
    if rows:
        connection.execute(_ADD, rows)


def _free(connection: Connection) -> int:
    return MOST - (connection.scalar(select(func.count()).select_from(left_mails)) or 0)


def _make_room(connection: Connection, wanted: int) -> None:
    if wanted <= 0:
        return
    foreign = left_mails.c.outcome == Outcome.FOREIGN.value
    is_recorded = exists().where(*(processed.c[column.name] == column for column in _UID))
    movable = select(*_UID).where(foreign, ~is_recorded)
    newest = connection.execute(movable.order_by(left_mails.c.at.desc()).limit(wanted))
    _forget(connection, [_uid_of(row) for row in newest])


def by_folder(uids: Iterable[MessageUid]) -> Mapping[tuple[str, str], set[str]]:
    """The uids by mailbox and validity."""
    folders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for uid in uids:
        folders[uid.mailbox, uid.validity].add(uid.uid)
    return folders


def known(connection: Connection, uids: Iterable[MessageUid]) -> dict[MessageUid, Identity]:
    """Those of these UIDs that are recorded here, and which mails they are."""
    found: dict[MessageUid, Identity] = {}
    for (mailbox, validity), numbers in by_folder(uids).items():
        folder = (left_mails.c.mailbox == mailbox) & (left_mails.c.validity == validity)
        for part in slices(numbers):
            rows = connection.execute(select(left_mails).where(folder, left_mails.c.uid.in_(part)))
            found |= {_uid_of(row): _identity(row) for row in rows}
    return found


def all_of(connection: Connection) -> LeftMails:
    """The summary for operators."""
    rows = connection.execute(select(left_mails).order_by(left_mails.c.at)).all()
    foreign = [row.at for row in rows if row.outcome == Outcome.FOREIGN.value]
    ours = [row for row in rows if row.outcome == Outcome.STORE_OLDER.value]
    return LeftMails(
        foreign=len(foreign),
        newest=foreign[-1] if foreign else None,
        unknown=len(ours),
        since=ours[0].at if ours else None,
        named=tuple(dict.fromkeys(row.named for row in ours))[:_MOST_NAMED],
        is_full=len(rows) >= MOST,
    )


def forget_others(connection: Connection, there: Collection[MessageUid]) -> None:
    """Delete the records of all mails but these, which are still in the folder."""
    uids = [_uid_of(row) for row in connection.execute(select(*_UID))]
    _forget(connection, [uid for uid in uids if uid not in there])


def forget(connection: Connection, uids: Iterable[MessageUid]) -> None:
    """Delete the records of these UIDs, which belong to other mails now."""
    _forget(connection, list(known(connection, uids)))


def _forget(connection: Connection, uids: Sequence[MessageUid]) -> None:
    for (mailbox, validity), numbers in by_folder(uids).items():
        folder = (left_mails.c.mailbox == mailbox) & (left_mails.c.validity == validity)
        for part in slices(numbers):
            connection.execute(delete(left_mails).where(folder, left_mails.c.uid.in_(part)))


def _uid_of(row: Any) -> MessageUid:
    return MessageUid(row.mailbox, row.validity, row.uid)


def _identity(row: Any) -> Identity:
    return Identity(row.size, row.arrived, bare(row.name), is_left=True)


def _row(mail: LeftMail) -> dict[str, Any]:
    return {
        "mailbox": mail.uid.mailbox,
        "validity": mail.uid.validity,
        "uid": mail.uid.uid,
        "size": mail.identity.size,
        "arrived": mail.identity.arrived,
        "name": mail.identity.name,
        "outcome": mail.outcome.value,
        "named": mail.named,
        "at": mail.at,
    }
