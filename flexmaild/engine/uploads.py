"""Files that callers upload before a request or a notification names them.

A directory for each user, in which a file is called by its SHA-256 and its time is when it was last sent or
named: the directory is all there is to know, so nothing has to be kept in step with it. A file that was named
is moved aside, where it counts no more. Callable from any thread.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MIB = 1024 * 1024
# Of one user, what was sent and not named yet.
MOST_BYTES, MOST_FILES = 2048 * MIB, 100
# What is left of the disk for the store, which decisions need.
RESERVE = 256 * MIB
# Kept after it was last sent or named, seconds; longer than any upload may take.
KEPT = 3600.0

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PART = ".part"
_NAMED = "named"


class NoRoom(Exception):
    """The user's share, or the disk, is full; str() says which."""


class Unusable(Exception):
    """The directory cannot be written or read, or what came was removed; str() says where and why."""


class Uploads:
    """directory: is made where it is needed. reserve: so many bytes of its disk are left."""

    def __init__(self, directory: Path, reserve: int = RESERVE) -> None:
        self._directory = directory
        self._reserve = reserve
        self._lock = threading.Lock()
        self._coming: Counter[int] = Counter()

    def begin(self, uid: int) -> Upload:
        """Begin an upload of this user. Raises NoRoom, Unusable."""
        place = self._directory / str(uid)
        with _faults(), self._lock:
            for directory in (self._directory, place, place / _NAMED):
                directory.mkdir(mode=0o700, exist_ok=True)
            if sum(1 for _ in _files(place)) >= MOST_FILES:
                raise NoRoom(f"{MOST_FILES} files were sent and are not named by any request yet")
            return Upload(self, uid, place)

    def read(self, uid: int, digest: str, most: int) -> bytes | None:
        """The file that this user uploaded with that SHA-256; None where there is none, or it is larger
        than `most` bytes. Raises Unusable."""
        if not _DIGEST.fullmatch(digest):
            return None
        place = self._directory / str(uid)
        for path in (place / digest, place / _NAMED / digest):
            with _faults(), suppress(FileNotFoundError):
                if path.stat().st_size > most:
                    return None
                return path.read_bytes()
        return None

    def name(self, uid: int, digests: Iterable[str]) -> None:
        """An accepted request of this user names these files: they no longer count, and are kept for
        another hour."""
        place = self._directory / str(uid)
        for digest in digests:
            for path in (place / digest, place / _NAMED / digest):
                with suppress(OSError):
                    os.utime(path)
                    path.replace(place / _NAMED / digest)

    def size(self, uid: int, digest: str) -> int | None:
        """The size in bytes; None where this user uploaded no such file. Raises Unusable."""
        if not _DIGEST.fullmatch(digest):
            return None
        place = self._directory / str(uid)
        for path in (place / digest, place / _NAMED / digest):
            with _faults(), suppress(FileNotFoundError):
                return path.stat().st_size
        return None

    def begin_anew(self) -> None:
        """Delete partial uploads of an earlier daemon."""
        for part in self._directory.glob(f"*/*{_PART}"):
            with suppress(OSError):
                part.unlink()

    def prune(self, now: float) -> None:
        """Delete files that were not uploaded or named for an hour, by the wall clock."""
        with suppress(FileNotFoundError):
            for place in list(self._directory.iterdir()):
                for path in [*_files(place), *_files(place / _NAMED)]:
                    with suppress(FileNotFoundError):
                        if abs(now - path.stat().st_mtime) > KEPT:
                            path.unlink()

    def grow(self, uid: int, size: int) -> None:
        """Reserve so many more bytes for this user. Raises NoRoom, Unusable."""
        with _faults(), self._lock:
            whole = (path for path in _files(self._directory / str(uid)) if not _is_part(path))
            at_rest = sum(map(_size, whole))
            if at_rest + self._coming[uid] + size > MOST_BYTES:
                raise NoRoom(f"{MOST_BYTES // MIB} MiB were sent and are not named by any request yet")
            if shutil.disk_usage(self._directory).free - size < self._reserve:
                raise NoRoom(f"the disk of the daemon has {self._reserve // MIB} MiB left, which it needs")
            self._coming[uid] += size

    def came(self, uid: int, size: int) -> None:
        """Release reserved bytes: they were written, or the upload was abandoned."""
        with self._lock:
            self._coming[uid] -= size


class Upload:
    """One upload, in pieces. Either `finish` or `abandon` ends it."""

    def __init__(self, uploads: Uploads, uid: int, place: Path) -> None:
        self._uploads = uploads
        self._uid = uid
        self._place = place
        self._path = place / f"{secrets.token_hex(8)}{_PART}"
        self._digest = hashlib.sha256()
        self.size = 0
        self._is_over = False
        self._file = self._path.open("xb")

    def write(self, piece: bytes) -> None:
        """Raises NoRoom, Unusable."""
        self._uploads.grow(self._uid, len(piece))
        self.size += len(piece)
        self._digest.update(piece)
        with _faults():
            self._file.write(piece)

    def finish(self) -> str:
        """Make the file durable; returns its SHA-256 (hex). Raises NoRoom, Unusable."""
        digest = self._digest.hexdigest()
        named = self._place / _NAMED / digest
        with _faults():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._path.replace(named if named.exists() else self._place / digest)
        self._end()
        return digest

    def abandon(self) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink()
        self._end()

    def _end(self) -> None:
        """Release the reserved bytes, once: a stop may abandon what another thread finishes."""
        if not self._is_over:
            self._is_over = True
            self._uploads.came(self._uid, self.size)


def _files(place: Path) -> Iterator[Path]:
    try:
        yield from (path for path in place.iterdir() if path.is_file())
    except FileNotFoundError:
        return


def _size(path: Path) -> int:
    """The size; 0 where the file was moved or deleted meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_part(path: Path) -> bool:
    return path.suffix == _PART


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise NoRoom(f"the disk of the daemon is full ({error.strerror})") from error
        raise Unusable(f"{error.filename or 'a file'}: {error.strerror or error}") from error
