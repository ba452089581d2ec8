"""The one connection to SQLite: how it is opened, how a transaction begins, what its failures mean.

Called by `open_store` and by every method of `Store`. ONE connection that writes: SQLite before 3.51.3 can
damage a WAL file when two connections write or checkpoint at the same instant, and Debian 12 has 3.40.1. So
the pool holds one connection and never waits; others may read the file (`store.read_only`, `.backup` and
`sqlite3 -readonly`), and must not write it. `synchronous=FULL` since a mail is deleted on the server after
the commit.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from flexmaild.store.errors import StoreBroken, StoreFault
from flexmaild.store.faults import translated
from flexmaild.store.place import Place

PRAGMAS = (
    "busy_timeout=10000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    # The -wal file is cut back to this after a burst (bytes).
    "journal_size_limit=16777216",
)

# quick_check reads the whole file: about 0.1 s here for 64 MiB in the page cache.
CHECKED_BYTES = 64 * 1024 * 1024


class Database:
    """Transactions on the one connection. After a StoreBroken every further call raises it again."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._engine = create_engine(
            URL.create("sqlite", database=str(place.path)),
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            pool_timeout=0,
            hide_parameters=True,
        )
        self._writer = self._engine.execution_options(writes=True)
        self._broken: StoreBroken | None = None
        self._closed = False
        self._thread: int | None = None
        event.listen(self._engine, "connect", _connected)
        event.listen(self._engine, "begin", _begin)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database."""
        with self._guarded(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on stable storage when this returns, or has left no trace when it raises."""
        with self._guarded():
            self._place.check()
            with self._writer.begin() as connection:
                self._place.check_wal()
                yield connection

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        if self._broken is not None:
            raise self._broken
        self._thread = self._thread or threading.get_ident()
        assert self._thread == threading.get_ident(), "the store belongs to one thread"
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._remembered(translated(error, self._place.path)) from error
        except StoreBroken as fault:
            self._remembered(fault)
            raise

    def _remembered(self, fault: StoreFault) -> StoreFault:
        if isinstance(fault, StoreBroken):
            self._broken = fault
        return fault

    def examine(self) -> None:
        """Look through the whole file after a crash (a -wal file was left), and when it is small enough to
        cost nothing; a damaged page met later raises StoreBroken then. Raises StoreBroken."""
        path = self._place.path
        crashed = path.with_name(path.name + "-wal").exists()
        if not crashed and path.stat().st_size > CHECKED_BYTES:
            return
        with self.reading() as connection:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if verdict != "ok":
                raise sqlite_corrupt(str(verdict))

    def close(self) -> None:
        """Fold the -wal file into the database and let go of file and lock. Raises nothing of its own: the
        data is safe without, the next start reads the -wal file."""
        if self._closed:
            return
        healthy, self._closed = self._broken is None, True
        self._broken = StoreBroken(f"{self._place.path}: the store is closed.")
        try:
            if healthy:
                with self._engine.connect() as connection:
                    connection.rollback()
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        except (SQLAlchemyError, sqlite3.Error):
            pass
        finally:
            self._engine.dispose()
            self._place.release()

    def release_thread(self) -> None:
        """The next caller's thread becomes the owner: the daemon opens the store before its loop runs."""
        self._thread = None


def sqlite_corrupt(words: str) -> sqlite3.DatabaseError:
    """What SQLite itself would raise on meeting the damage that quick_check has described."""
    error = sqlite3.DatabaseError(words[:200])
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    error.sqlite_errorname = "SQLITE_CORRUPT"
    return error


def _connected(connection: sqlite3.Connection, _record: Any) -> None:
    # None: the driver shall not begin transactions by itself, late and deferred; `_begin` does.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """IMMEDIATE for writers: a transaction that reads first and then writes would else fail at once with
    "database is locked", whatever the timeout."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
