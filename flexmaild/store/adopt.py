"""Adopts a store that is not the recorded one; the operator decides, and is shown what is lost.

Called by `flexmaild store adopt`, never by the daemon. Without the time since which something is missing it
only reports; with it, the event log records the adoption, and the store gets a mark.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from flexmaild.core.work import AuditEntry
from flexmaild.store import store_mark
from flexmaild.store.database_file import prepare, unusable
from flexmaild.store.engine import Database
from flexmaild.store.errors import StoreError, StoreRefused
from flexmaild.store.migrate import migrate
from flexmaild.store.open import database_file, decoded
from flexmaild.store.records import audit
from flexmaild.store.records.tables import audit as events
from flexmaild.store.store_mark import StoreMark

_ACT = "store.adopt"
_GONE, _NONE = "the store is gone", "there is no store"


@dataclass(frozen=True, slots=True)
class Finding:
    """difference: what is wrong with the store; empty where it is the one that was there. kept: what its
    mark says; held: what it holds. last: the time of its last event but for adoptions."""

    path: Path
    difference: str
    kept: StoreMark | None
    held: StoreMark | None
    last: datetime | None


class TooEarly(Exception):
    """The store holds something from after the given time of loss."""


def adopt(url: str, *, state_directory: Path, now: datetime, lost_since: datetime | None, by: str) -> Finding:
    """Report the store, and adopt it where lost_since is given and there is a difference.

    now: goes into the event log, with by, the operator. Raises TooEarly and the faults of the store; a daemon
    that runs with this state directory is one.
    """
    path = database_file(url, state_directory)
    try:
        has_directory, has_store = state_directory.is_dir(), path.exists()
    except OSError as error:
        raise unusable(path, error) from error
    if not has_directory:
        cure = "Correct state_directory. A daemon that never ran makes it, and needs nothing to be adopted."
        raise StoreError(f"{state_directory}: there is no such directory.", cure)
    kept, fault = _kept(state_directory)
    if lost_since is None and not has_store:
        return Finding(path, fault or (_GONE if kept else _NONE), kept, None, None)
    opened = prepare(path, state_directory)
    database = Database(opened)
    try:
        with decoded(path):
            database.examine()
            with database.writing() as connection:
                found = _finding(connection, path, kept, fault)
                if not found.difference or lost_since is None:
                    return found
                mark = _taken(connection, found, now, lost_since, by)
        store_mark.write(state_directory, mark)
        return found
    finally:
        database.close()


def _taken(connection: Connection, found: Finding, now: datetime, lost_since: datetime, by: str) -> StoreMark:
    # As it is shown, and not after now: a clock that was wrong once must not stand in the way for ever.
    if found.last and lost_since < min(found.last.replace(microsecond=0), now):
        raise TooEarly(found.last.isoformat(timespec="seconds"))
    migrate(connection, str(found.path))
    store_mark.name_installation(connection)
    data = {"by": by, "lost_since": lost_since.isoformat(), "difference": found.difference}
    audit.append(connection, [AuditEntry(now, "", _ACT, data)])
    mark = store_mark.of(connection, found.path)
    assert mark
    return mark


def _kept(directory: Path) -> tuple[StoreMark | None, str]:
    try:
        return store_mark.read(directory), ""
    except StoreRefused as fault:
        return None, fault.text.removesuffix(".")


def _finding(connection: Connection, path: Path, kept: StoreMark | None, fault: str) -> Finding:
    held = store_mark.of(connection, path)
    if kept:
        fault = store_mark.difference(connection, kept, held)
    elif held is None:
        fault = fault or "the store is empty"
    # Adopting is no work of the store: where its mark could not be written, it is done once more.
    work = select(events.c.at).where(events.c.event != _ACT).order_by(events.c.seq.desc()).limit(1)
    last = connection.scalar(work) if held else None
    return Finding(path, fault, kept, held, last)
