"""The connections to SQLite: one that writes, some that read, and the translation of their failures.

Called by `open_store` and by every method of `Store`. ONE connection writes: SQLite before 3.51.3 can damage
a WAL file when two connections write or checkpoint at the same instant, and Debian 12 has 3.40.1. A lock
hands it to one transaction after the other. Those that read open the file for reading only (`mode=ro`), so
they neither write nor checkpoint, and do not wait for writers; other processes may do the same
(`store.read_only`, `.backup`, `sqlite3 -readonly`). `synchronous=FULL` since a mail is deleted on the server
after the commit.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from flexmaild.store.database_file import DatabaseFile
from flexmaild.store.errors import StoreBroken, StoreBusy, StoreFault
from flexmaild.store.faults import translated
from flexmaild.store.lock import FirstComeLock
from flexmaild.store.records.rows import MEMORY, DamagedRows, text_of

PRAGMAS = (
    "busy_timeout=10000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    # What was purged is overwritten in the file, too.
    "secure_delete=ON",
    # The -wal file is cut back to this after a burst (bytes).
    "journal_size_limit=16777216",
)

# quick_check reads the whole file: about 0.1 s here for 64 MiB in the page cache.
_CHECKED_BYTES = 64 * 1024 * 1024


# A reader waits only for a recovery after a crash, which the start has done.
READ_SECONDS = 2.0
# How long the end waits for a transaction that still runs, seconds.
CLOSE_SECONDS = 5.0
# How long a transaction waits for its turn, seconds: each takes milliseconds, unless the disk hangs.
TURN_SECONDS = 10.0
# Connections for reading that are kept open; more are opened when there are more readers at once.
KEPT_READERS = 4


class Database:
    """Transactions, from any thread. After a StoreBroken every further call raises it again."""

    def __init__(self, opened: DatabaseFile) -> None:
        self._file = opened
        memory = {MEMORY: DamagedRows()}
        self._writer = _writer(opened).execution_options(**memory)
        self._readers = _readers(opened).execution_options(**memory)
        self._lock = FirstComeLock()
        self._transaction_since: float | None = None
        self._broken: StoreBroken | None = None
        self._busy: StoreBusy | None = None  # why the last one did not begin: who waits behind it hears that
        self._closed = False

    @property
    def path(self) -> Path:
        return self._file.path

    @property
    def busy_since(self) -> float | None:
        """When the transaction began that runs now (CLOCK_MONOTONIC, seconds); None when none does."""
        return self._transaction_since

    @property
    def broken(self) -> StoreBroken | None:
        """Why the store refuses all further work."""
        return self._broken

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database; never waits for a writer."""
        with self._guarded():
            self._file.check()
            with self._readers.begin() as connection:
                yield connection

    @contextmanager
    def writing(self, seconds: float = TURN_SECONDS) -> Iterator[Connection]:
        """A transaction that is on stable storage when this returns, or has left no trace when it raises.

        They run one after the other, in the order in which they were asked for. Raises StoreBusy when its
        turn did not come in so many seconds; then nothing of it is carried out.
        """
        if not self._lock.acquire(seconds):
            raise self._busy or StoreBusy(
                f"{self._file.path}: another transaction has not ended for {seconds:g} seconds.",
                "look whether the disk answers (journalctl -k).",
            )
        self._transaction_since = time.monotonic()
        try:
            with self._guarded():
                self._file.check()
                with self._writer.begin() as connection:
                    self._busy = None
                    self._file.check_wal()
                    yield connection
        finally:
            self._transaction_since = None
            self._lock.release()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        if self._broken is not None:
            raise self._broken
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._noted_fault(translated(error, self._file.path)) from error
        except StoreBroken as fault:
            self._noted_fault(fault)
            raise

    def _noted_fault(self, fault: StoreFault) -> StoreFault:
        if isinstance(fault, StoreBroken):
            self._broken = fault
        if isinstance(fault, StoreBusy):
            self._busy = fault
        return fault

    def examine(self) -> None:
        """Check the whole file after a crash (a -wal file was left), and when it is small. Raises
        StoreBroken; a damaged page that is found later raises it then."""
        path = self._file.path
        crashed = path.with_name(path.name + "-wal").exists()
        if not crashed and path.stat().st_size > _CHECKED_BYTES:
            return
        with self.writing() as connection:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if verdict != "ok":
                raise _sqlite_corrupt(str(verdict))

    def close(self) -> None:
        """Fold the -wal file into the database and release file and lock; never raises. Without this no
        data is lost: the next start reads the -wal file. A hanging transaction is left alone."""
        if self._closed:
            return
        self._closed = True
        healthy, idle = self._broken is None, self._lock.acquire(CLOSE_SECONDS)
        self._broken = StoreBroken(f"{self._file.path}: the store is closed.")
        try:
            self._readers.dispose()
            if healthy and idle:
                with self._writer.connect() as connection:
                    connection.rollback()
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        except (SQLAlchemyError, sqlite3.Error, UnicodeDecodeError):  # the last by a damaged schema
            pass
        finally:
            if idle:
                self._writer.dispose()
                self._lock.release()
                self._file.release()


def _sqlite_corrupt(words: str) -> sqlite3.DatabaseError:
    """What SQLite itself would raise on meeting the damage that quick_check has described."""
    error = sqlite3.DatabaseError(words[:200])
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    error.sqlite_errorname = "SQLITE_CORRUPT"
    return error


def _writer(opened: DatabaseFile) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(opened.path)),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=0,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _connected)
    # IMMEDIATE: a transaction that reads first and then writes would else fail at once with "database is
    # locked" when another process has it, whatever the timeout.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _connected(connection: sqlite3.Connection, _record: Any) -> None:
    # None: the driver shall not begin transactions by itself, late and deferred; the engine does.
    connection.isolation_level = None
    connection.text_factory = text_of
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _readers(opened: DatabaseFile) -> Engine:
    def connected() -> sqlite3.Connection:
        opened.check()
        file = f"file:{quote(str(opened.path))}?mode=ro"
        connection = sqlite3.connect(
            file, uri=True, timeout=READ_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = text_of
        for pragma in ("query_only=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine(
        "sqlite://",
        creator=connected,
        poolclass=QueuePool,
        pool_size=KEPT_READERS,
        max_overflow=-1,
        hide_parameters=True,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine
