"""Translates exceptions of the database into the faults of `flexmaild.store.errors`.

Called by `engine` for everything that leaves a transaction. SQLite's result codes are those of
https://www.sqlite.org/rescode.html; Python gives the extended code as `sqlite_errorcode`.
Never looks at parameters: the engine hides them, and the texts here quote SQLite's words only.
"""

import os
import resource
import sqlite3
import tempfile
from pathlib import Path

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from flexmaild.store.errors import (
    CLEAR,
    StoreBroken,
    StoreBusy,
    StoreConflict,
    StoreDamaged,
    StoreError,
    StoreFault,
    StoreFull,
)
from flexmaild.system.files import NO_ROOM

RESTORE = (
    "stop the daemon, keep a copy of the file and of the files beside it that begin with its name, "
    "and restore the last backup; flexmaild never repairs or recreates a store by itself."
)


def translated(error: SQLAlchemyError | sqlite3.Error, path: Path) -> StoreFault:
    """The fault that `error` stands for; `path` is the database file, for the text."""
    origin = getattr(error, "orig", None) or error
    if isinstance(error, IntegrityError) or isinstance(origin, sqlite3.IntegrityError):
        return StoreConflict(f"{path}: a row that this change adds exists already ({origin}).")
    if not isinstance(origin, sqlite3.Error):
        return StoreError(f"{path}: the store was used wrongly ({type(error).__name__}: {origin}).")
    return _by_code(getattr(origin, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR, origin, path)


def _by_code(code: int, origin: sqlite3.Error, path: Path) -> StoreFault:
    name = getattr(origin, "sqlite_errorname", "")
    primary = code & 0xFF
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(f"{path}: another program holds the database ({origin}).", "close that program.")
    if primary == sqlite3.SQLITE_FULL:
        return StoreFull(f"{path}: no space left for the store.", CLEAR)
    if primary == sqlite3.SQLITE_IOERR:
        if _no_space(path):
            return StoreFull(f"{path}: no space left for the store ({name}).", CLEAR)
        return StoreBroken(
            f"{path}: the disk failed while the store was written or read ({name}).",
            "look for disk errors in the kernel log (journalctl -k); the daemon ends and starts anew.",
        )
    if primary == sqlite3.SQLITE_NOTADB:
        return StoreDamaged(f"{path}: this file is not an SQLite database.", RESTORE)
    if primary == sqlite3.SQLITE_CORRUPT:
        return StoreDamaged(f"{path}: the database file is damaged ({origin}).", RESTORE)
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return StoreError(
            f"{path}: the store cannot be written ({origin}).",
            "give the daemon's user the right to write the file and its directory, "
            "and look whether the file system is mounted read-only.",
        )
    return StoreError(f"{path}: {origin} ({name}).")


def _no_space(path: Path) -> bool:
    """Whether an I/O error came from a limit rather than from a failing disk.

    SQLite reports only ENOSPC in write() as SQLITE_FULL; a quota (EDQUOT), a file size limit (EFBIG) and a
    full disk met while the shared-memory file grows come out as SQLITE_IOERR.
    """
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if limit != resource.RLIM_INFINITY:
        sizes = [_size(path), _size(path.with_name(path.name + "-wal"))]
        if max(sizes) + 128 * 1024 > limit:
            return True
    return _probe_fails(path.parent)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _probe_fails(directory: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(bytes(128 * 1024))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno in NO_ROOM
    return False
