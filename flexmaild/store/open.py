"""How a store is opened: the URL is understood, the place made, the file examined, the schema brought up.

Called once by the daemon, before it says READY. Never repairs, recreates or guesses.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from flexmaild.store.engine import Database
from flexmaild.store.errors import StoreError
from flexmaild.store.migrate import migrate
from flexmaild.store.place import prepare
from flexmaild.store.store import Store
from flexmaild.system.clock import TrustedClock


def open_store(url: str, *, state_directory: Path, clock: TrustedClock) -> Store:
    """Open the store, creating it where there is none. Blocks others until `Store.close`.

    clock: tells the time in its transactions.

    url: "sqlite:////absolute/file"; a relative file lies in `state_directory`.
    Raises StoreError (or StoreBroken) with the path and the cure, StoreBusy and StoreFull as any call does.
    """
    place = prepare(database_file(url, state_directory), state_directory)
    database = Database(place)
    try:
        database.examine()
        with database.writing() as connection:
            migrate(connection, str(place.path))
    except BaseException:
        database.close()
        raise
    return Store(database, clock)


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
