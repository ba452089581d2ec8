"""The store mark: a file next to the database that records how far the store has come and which store it is.

Written after a commit and before what was committed is deleted on a mail server (`Store.keep_mark`), so that
the store may be ahead of its mark and never behind: a store that is behind has forgotten replies that are
nowhere else. `open_store` compares the two before it changes anything, and `adopt` is the way out.
"""

import errno
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from flexmaild.settings import directories
from flexmaild.store.database_file import unusable
from flexmaild.store.errors import StoreRefused
from flexmaild.store.migrate import schema_of
from flexmaild.store.records import audit, meta
from flexmaild.store.records.audit import GENESIS, Link
from flexmaild.store.records.tables import audit as events
from flexmaild.system.files import read_at_most, replace_file

MARK_FILE = directories.STORE_MARK
_INSTALLATION = "installation"
# Bytes of the file, and the largest number that SQLite counts to.
_LARGEST, _MOST = 4096, 2**63 - 1
# What is in its place is no file of ours: a link that leads nowhere or to itself, a pipe, a directory.
_NO_FILE = frozenset({errno.ENOENT, errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.EISDIR})
CURE = (
    "Put the newest copy of the store there, or let store.url name it. Where it is lost, "
    "`flexmaild store adopt --lost-since TIME` says what is forgotten and takes the one that is there."
)


@dataclass(frozen=True, slots=True)
class StoreMark:
    """installation: made with the store, of no other one. schema: the number of its step. event, hash: the
    end of the event log. mails: how many were committed since the store was made."""

    installation: str
    schema: str
    event: int
    hash: str
    mails: int


def of(connection: Connection, path: Path) -> StoreMark | None:
    """How far the store in this file has come; None for one that is empty. Raises StoreRefused."""
    schema = schema_of(connection, str(path))
    if schema is None:
        return None
    end = audit.head(connection)
    installation = meta.get(connection, _INSTALLATION) or ""
    return StoreMark(installation, schema, end.seq, end.hash, meta.count(connection, meta.MAILS))


def name_installation(connection: Connection) -> None:
    """Give a store that has none the name of a new installation."""
    if not meta.get(connection, _INSTALLATION):
        meta.put(connection, _INSTALLATION, secrets.token_hex(8))


def read(directory: Path) -> StoreMark | None:
    """The mark in this state directory, None where there is none. Raises StoreFault."""
    path = directory / MARK_FILE
    if not is_kept(directory):
        return None
    try:
        mark = _parsed(read_at_most(path, _LARGEST)[1])
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise unusable(path, error) from error
        mark = None
    if mark is None:
        raise StoreRefused(
            f"{path}: the mark of the store is damaged.",
            "`flexmaild store adopt --lost-since TIME` writes a new one for the store that is there.",
        )
    return mark


def is_kept(directory: Path) -> bool:
    """Whether there is something in the mark's place, even what leads nowhere."""
    return os.path.lexists(directory / MARK_FILE)


def _parsed(data: bytes) -> StoreMark | None:
    try:
        mark = StoreMark(**json.loads(data))
    except (ValueError, TypeError, RecursionError):
        return None
    texts, numbers = (mark.installation, mark.schema, mark.hash), (mark.event, mark.mails)
    is_typed = all(type(text) is str for text in texts) and all(type(number) is int for number in numbers)
    return mark if is_typed and all(0 <= number <= _MOST for number in numbers) else None


def write(directory: Path, mark: StoreMark) -> None:
    """On stable storage when it returns. Raises StoreFault."""
    path = directory / MARK_FILE
    try:
        replace_file(path, f"{json.dumps(asdict(mark))}\n".encode())
    except OSError as error:
        raise unusable(path, error) from error


def insist(connection: Connection, path: Path, kept: StoreMark) -> None:
    """Raises StoreRefused unless the store in this file is the one that the mark was made of, as it was then
    or later."""
    if why := difference(connection, kept, of(connection, path)):
        raise StoreRefused(f"{path}: {why}; no mail is read with it.", CURE)


def difference(connection: Connection, kept: StoreMark, found: StoreMark | None) -> str:
    """What tells the store from the one that the mark was made of; empty where it is that one."""
    if found is None:
        return f"the store is empty, and there were {_extent(kept)} in it"
    if found.installation != kept.installation:
        return "this is the store of another installation"
    if found.event < kept.event or found.mails < kept.mails:
        return f"the store is older than the mails it has read: it holds {_extent(found)} of {_extent(kept)}"
    if found.schema < kept.schema:
        return f"the store is from before an upgrade (schema {found.schema} and not {kept.schema})"
    if not _holds(connection, Link(kept.event, kept.hash)):
        return f"the store is an older copy that was used since: its event {kept.event} is another one"
    return ""


def _holds(connection: Connection, link: Link) -> bool:
    """Whether the event log goes through this place, as far as it still reaches back."""
    base = audit.base(connection)
    if link.seq < base.seq or link in (GENESIS, base):
        return True
    return connection.scalar(select(events.c.hash).where(events.c.seq == link.seq)) == link.hash


def _extent(mark: StoreMark) -> str:
    return f"{mark.event} events and {mark.mails} mails"
