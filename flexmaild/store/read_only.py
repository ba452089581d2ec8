"""Read-only access to a store from another process than the daemon, whether that runs or not.

Used by `flexmaild explain`, `replay` and `doctor`. Nothing is written, made or removed, above all no -wal and
-shm file (made by root they would keep the daemon from starting), and each look is a connection of its own
that is closed at once: a lock held for long would keep the daemon's -wal file from being folded in.
"""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy import ColumnElement, Connection, and_, create_engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from flexmaild.core.model import Request
from flexmaild.core.references import as_written
from flexmaild.core.work import Job, KeptHeader, KeptMail, ProcessedMail
from flexmaild.settings.schema import Settings
from flexmaild.store.database_file import identity, insist_on
from flexmaild.store.errors import StoreBusy, StoreError, StoreFault
from flexmaild.store.faults import RESTORE, translated
from flexmaild.store.migrate import refuse_other_schema
from flexmaild.store.open import database_file
from flexmaild.store.records import headers, jobs, mails, requests, sent_mails
from flexmaild.store.records.codec import PROCESSED, processed_of
from flexmaild.store.records.rows import Rows
from flexmaild.store.records.tables import processed

T = TypeVar("T")

# A person waits for the answer.
_BUSY_SECONDS = 2.0
# How often a look is repeated because the daemon was started or stopped in the middle of it.
_TRIES = 5
# The two ways to open the file. Where there is no -wal file, no process has it open: SQLite is told that it
# does not change, and takes no lock and makes no file. Where there is one, a reader that may not write the
# -shm file reads it beside a daemon, and after a crash makes an index of its own in memory
# (https://www.sqlite.org/wal.html#readonly, since 3.22).
_IMMUTABLE, _SHARED = "mode=ro&immutable=1", "mode=ro&readonly_shm=1"


class StoreDenied(StoreError):
    """This user may not read the store."""


@dataclass(frozen=True, slots=True)
class RecordedMail:
    """A mail that was read, with its number in the order of reading."""

    seq: int
    processed: ProcessedMail


@dataclass(frozen=True, slots=True)
class MailRange:
    """The mails read within some time: how many, and the number of the last."""

    count: int
    last: int


KEPT = Rows(processed, lambda row: RecordedMail(row.seq, processed_of(row)), "seq")


class ReadOnlyStore:
    """Raises the faults of `flexmaild.store.errors` and nothing else."""

    def __init__(self, url: str, *, state_directory: Path) -> None:
        """Raises StoreError where there is no store of this version, StoreDenied where it may not be read."""
        self._path = database_file(url, state_directory)
        self._mode = _IMMUTABLE
        self._identity = _examined(self._path)
        self._engine = create_engine(
            "sqlite://", creator=self._connected, poolclass=NullPool, hide_parameters=True
        )
        self._query(lambda connection: refuse_other_schema(connection, str(self._path)))

    def requests(self, ids: Iterable[str]) -> dict[str, Request]:
        wanted = list(ids)
        return self._query(lambda connection: requests.by_ids(connection, wanted))

    def past_requests(self, ids: Iterable[str]) -> set[str]:
        wanted = list(ids)
        return self._query(lambda connection: requests.past(connection, wanted))

    def open_requests(self) -> list[str]:
        return self._query(requests.open_ids)

    def open_request_for(self, address: str) -> str | None:
        return self._query(lambda connection: requests.open_for(connection, address))

    def jobs(self, ids: Iterable[str]) -> dict[str, Job]:
        wanted = list(ids)
        return self._query(lambda connection: jobs.by_ids(connection, wanted))

    def sent_before(
        self, approval_id: str, invitation: int, moment: datetime
    ) -> tuple[Request, list[KeptMail], bool] | None:
        """The request, what had been ordered with this invitation's reference before a moment, and whether
        the mail that asks is still among it; None where there is no such request."""
        return self._query(lambda c: sent_mails.of_invitation_before(c, approval_id, invitation, moment))

    def processed_with_digest(self, sha256: str) -> ProcessedMail | None:
        """The first outcome of the mail with these bytes."""
        return self._first(processed.c.sha256 == sha256)

    def processed_with_message_id(self, approval_ids: Iterable[str], message_id: str) -> ProcessedMail | None:
        """The first outcome of a mail with this Message-ID about these requests: an export changes the
        bytes."""
        is_it = processed.c.message_id.in_((message_id, as_written(message_id)))  # as versions before kept it
        return self._first(and_(processed.c.approval_id.in_(list(approval_ids)), is_it))

    def read_together(self, read: ProcessedMail) -> frozenset[str]:
        """SHA-256 of the mails that were read in one go with this one and before it."""
        own = select(func.min(processed.c.seq)).where(
            processed.c.sha256 == read.mail.sha256, processed.c.at == read.at
        )
        query = select(processed.c.sha256).where(
            processed.c.at == read.at, processed.c.seq < own.scalar_subquery()
        )
        return frozenset(self._query(lambda connection: connection.execute(query).scalars().all()))

    def _first(self, which: ColumnElement[bool]) -> ProcessedMail | None:
        query = select(processed).where(which).order_by(processed.c.seq).limit(1)

        def query_with(connection: Connection) -> ProcessedMail | None:
            row = connection.execute(query).first()
            return None if row is None else PROCESSED.of(connection, row)

        return self._query(query_with)

    def span(self, since: datetime) -> MailRange:
        """The range of mails read since then."""
        query = select(func.count(), func.max(processed.c.seq)).where(processed.c.at >= since)
        count, last = self._query(lambda connection: connection.execute(query).one())
        return MailRange(count, last or 0)

    def read_since(self, since: datetime, after: int, last: int, limit: int) -> list[RecordedMail]:
        """A slice of the mails read since then, in the order of reading, without their bytes."""
        query = select(processed).where(
            processed.c.at >= since, processed.c.seq > after, processed.c.seq <= last
        )
        query = query.order_by(processed.c.seq).limit(limit)
        return self._query(lambda c: [*KEPT.read(c, query)])

    def headers(self, limit: int) -> list[KeptHeader]:
        """Of the last mails that were read, the newest first."""
        return self._query(lambda connection: headers.newest(connection, limit))

    def raw(self, sha256: str) -> bytes | None:
        """The bytes of a mail, None when they are not kept; no bytes where they are damaged."""
        return self._query(lambda connection: mails.raw_or_empty(connection, sha256))

    def _query(self, query_with: Callable[[Connection], T]) -> T:
        """The result of a query, repeated where the file may have changed meanwhile. Rows are parsed here,
        since damaged ones can hold anything."""
        for _ in range(_TRIES):
            before = self._choose_mode()
            try:
                with self._engine.connect() as connection:
                    found = query_with(connection)
            except (SQLAlchemyError, sqlite3.Error, ValueError, TypeError, LookupError) as error:
                fault = self._fault(error)
                if isinstance(fault, StoreBusy) or _file_state(self._path) == before:
                    raise fault from error
                continue
            if self._mode == _SHARED or _file_state(self._path) == before:
                return found
        raise StoreBusy(f"{self._path}: the store is being opened and closed.", "try again in a moment.")

    def _choose_mode(self) -> tuple[int, int, int]:
        """Chooses how to open the file now. Raises StoreError where it cannot be read without writing."""
        insist_on(self._path, self._identity)
        trace = _file_state(self._path)
        log, index, journal = (
            self._path.with_name(self._path.name + e) for e in ("-wal", "-shm", "-journal")
        )
        if journal.exists():  # flexmaild makes none
            raise StoreBusy(f"{self._path}: another program is writing the store.", "close that program.")
        if trace[2] < 0 or (trace[2] == 0 and not index.exists()):
            self._mode = _IMMUTABLE
        elif index.exists():
            self._mode = _SHARED
        else:
            raise StoreError(
                f"{log}: it was left behind without its -shm file, and cannot be read without writing.",
                "start the daemon once: it puts its store in order.",
            )
        return trace

    def _connected(self) -> sqlite3.Connection:
        # isolation_level None: every SELECT is a transaction of its own.
        file = f"file:{quote(str(self._path))}?{self._mode}"
        connection = sqlite3.connect(file, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        for pragma in ("query_only=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _fault(self, error: Exception) -> StoreFault:
        if not isinstance(error, SQLAlchemyError | sqlite3.Error):
            return StoreError(f"{self._path}: a row of it is damaged ({type(error).__name__}).", RESTORE)
        origin = getattr(error, "orig", None) or error
        code = getattr(origin, "sqlite_errorcode", None) or 0
        if code & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return StoreError(f"{self._path}: the store cannot be read now ({origin}).", "try again later.")
        return translated(error, self._path)


def _file_state(path: Path) -> tuple[int, int, int]:
    """What changes when the store is written: the file's time and size, and the size of its -wal (-1:
    none)."""
    try:
        found = path.stat()
        log = path.with_name(path.name + "-wal")
        return found.st_mtime_ns, found.st_size, log.stat().st_size if log.exists() else -1
    except OSError:
        return 0, 0, -1


def _examined(path: Path) -> tuple[int, int]:
    """The identity of the file. Opening what is not a regular file could block."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{path}: this is no file, and so no store.", "correct store.url.")
        for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            if file.exists() and not os.access(file, os.R_OK, effective_ids=True):
                raise _denied(file)
        return identity(path)
    except PermissionError as error:
        raise _denied(Path(error.filename or path)) from error
    except FileNotFoundError as error:
        cure = "correct store.url or state_directory, or start the daemon, which makes it."
        raise StoreError(f"{path}: there is no store.", cure) from error
    except OSError as error:
        raise StoreError(
            f"{path}: the store cannot be read: {error.strerror}.", "correct store.url."
        ) from error


def _denied(path: Path) -> StoreDenied:
    return StoreDenied(f"{path}: you may not read it.", "run it as root or as the daemon's user.")


def open_read_only(settings: Settings) -> ReadOnlyStore:
    """The configured store, opened for reading by another process than the daemon. Raises StoreFault."""
    return ReadOnlyStore(settings.store.url, state_directory=settings.state_directory)
