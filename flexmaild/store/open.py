"""Opens a store: parses the URL, creates and locks the file, checks it, and migrates the schema.

Called once by the daemon, before it says READY. Never repairs, recreates or guesses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from flexmaild.store import store_mark
from flexmaild.store.database_file import prepare
from flexmaild.store.engine import Database
from flexmaild.store.errors import StoreDamaged, StoreError, StoreRefused
from flexmaild.store.faults import RESTORE
from flexmaild.store.migrate import migrate, schema_of
from flexmaild.store.store import Store
from flexmaild.system.clock import TrustedClock


def open_store(url: str, *, state_directory: Path, clock: TrustedClock, was_there: bool = False) -> Store:
    """Open the store, creating it where there never was one. Blocks others until `Store.close`.

    clock: tells the time in its transactions.
    was_there: there has been a store, even where its mark is gone too; an empty one is refused.

    url: "sqlite:////absolute/file"; a relative file lies in `state_directory`.
    Raises StoreRefused where it is not the one that was there, StoreError (or StoreBroken) with the path and
    the cure, StoreBusy and StoreFull as any call does.
    """
    path = database_file(url, state_directory)
    if not path.exists() and (was_there or store_mark.is_kept(state_directory)):
        raise StoreRefused(f"{path}: the store is gone.", store_mark.CURE)
    place = prepare(path, state_directory)
    database = Database(place)
    try:
        mark = store_mark.read(state_directory)
        with decoded(path):
            database.examine()
            with database.writing() as connection:
                if mark:
                    store_mark.insist(connection, path, mark)
                elif was_there and schema_of(connection, str(path)) is None:
                    raise StoreRefused(f"{path}: the store is empty, and there was one.", store_mark.CURE)
                migrate(connection, str(path))
                store_mark.name_installation(connection)
        store = Store(database, clock, state_directory)
        store.keep_mark()
    except BaseException:
        database.close()
        raise
    return store


@contextmanager
def decoded(path: Path) -> Iterator[None]:
    """A damaged schema makes `sqlite3` quote bytes that are no text."""
    try:
        yield
    except UnicodeDecodeError:
        raise StoreDamaged(f"{path}: the database file is damaged (its schema).", RESTORE) from None


def database_file(url: str, state_directory: Path) -> Path:
    """The file that a store.url names. Raises StoreError."""
    cure = f"write store.url like sqlite:///{state_directory / 'flexmaild.db'}."
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("store.url is not a database URL.", cure) from None
    if parsed.drivername != "sqlite":
        raise StoreError(f"store.url: {parsed.drivername} is not a kind of store.", cure)
    if not parsed.database or parsed.database == ":memory:" or parsed.query:
        raise StoreError("store.url must name a file, without options.", cure)
    return state_directory / parsed.database
