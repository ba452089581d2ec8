"""The file of an SQLite store: its directory, its mode 0600, and the lock that keeps other processes out.

Called by `open_store` and `adopt`. The lock is a `flock` on `<file>.lock`, held as long as the process lives;
the kernel releases it however the process ends, and the file itself is never removed (removing it would let
two processes lock two different files of the same name). The state directory is locked as well: the mark in
it (`store_mark`) is of one store, whichever store.url names.
"""

import errno
import fcntl
import os
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from flexmaild.store.errors import CLEAR, StoreBroken, StoreError, StoreFault, StoreFull
from flexmaild.system.deadline import Deadline
from flexmaild.system.files import NO_ROOM

# A forked child of a daemon that was killed may outlive it for a moment, and holds the same lock.
_PATIENCE_SECONDS = 2.0

_HELD = "stop it, or give this one a store.url and state_directory of its own."

# File systems on which locks and shared memory of two machines do not see each other
# (https://www.sqlite.org/wal.html: "WAL does not work over a network filesystem").
NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "fuse.sshfs"})


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """An opened database file: its path, its identity (device, inode), and the descriptors of its locks."""

    path: Path
    identity: tuple[int, int]
    locks: tuple[int, ...]

    def check(self) -> None:
        """Raises StoreBroken where the file was deleted or replaced under the running daemon: what is
        committed to an unlinked file is lost at the next start."""
        insist_on(self.path, self.identity)

    def check_wal(self) -> None:
        """The same for the -wal file, which is there while a transaction is open. Raises StoreBroken."""
        wal = self.path.with_name(self.path.name + "-wal")
        if not wal.exists():
            raise StoreBroken(
                f"{wal}: the file was deleted while the daemon was using it.",
                "what was committed last may be lost: restore a backup while the daemon is stopped.",
            )

    def release(self) -> None:
        for lock in self.locks:
            os.close(lock)


def insist_on(path: Path, known: tuple[int, int]) -> None:
    """Raises StoreBroken unless the file is the one that it was."""
    try:
        found = identity(path)
    except OSError:
        found = None
    if found != known:
        raise StoreBroken(
            f"{path}: the database file was deleted or replaced while the daemon was using it.",
            "put the file back (or restore a backup) while the daemon is stopped.",
        )


def prepare(path: Path, state_directory: Path) -> DatabaseFile:
    """Create what is missing, take the lock. Raises StoreError with the path and the cure."""
    with ExitStack() as held:
        try:
            for directory in (state_directory, path.parent):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _refuse_network(path)
            locks = _locked_file(path, held), _locked_directory(state_directory, held)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            database_file = DatabaseFile(path, identity(path), locks)
        except OSError as error:
            raise unusable(path, error) from error
        held.pop_all()
    return database_file


def unusable(path: Path, error: OSError) -> StoreFault:
    if error.errno in NO_ROOM:
        return StoreFull(f"{error.filename or path}: no space left for the store ({error.strerror}).", CLEAR)
    if error.errno == errno.EROFS:
        return StoreError(
            f"{error.filename or path}: the store cannot be written: {error.strerror}.",
            "mount it writable (journalctl -k tells why it is not), or, under systemd, name the directory in "
            "ReadWritePaths=.",
        )
    return StoreError(
        f"{error.filename or path}: the store cannot be opened: {error.strerror}.",
        "store.url must name a file in a directory that the daemon's user may write "
        "(state_directory; under systemd StateDirectory=).",
    )


def identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _locked_file(path: Path, held: ExitStack) -> int:
    lock = path.with_name(path.name + ".lock")
    descriptor = _opened(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, held)
    if not _is_locked(descriptor):
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        raise StoreError(f"{lock}: another flexmaild (pid {holder or 'unknown'}) is using this store.", _HELD)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _locked_directory(path: Path, held: ExitStack) -> int:
    descriptor = _opened(path, os.O_RDONLY | os.O_DIRECTORY, held)
    if not _is_locked(descriptor):
        raise StoreError(f"{path}: another flexmaild is using this state directory.", _HELD)
    return descriptor


def _opened(path: Path, flags: int, held: ExitStack) -> int:
    """The descriptor to lock; closed with `held`, or this process would lock itself out at its next try."""
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    held.callback(os.close, descriptor)
    return descriptor


def _is_locked(descriptor: int) -> bool:
    """Whether the lock was acquired; waits a little for a process that is ending."""
    deadline = Deadline.after(_PATIENCE_SECONDS)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if deadline.is_over:
                return False
            time.sleep(0.05)
        else:
            return True


def _refuse_network(path: Path) -> None:
    kind = _file_system(path.parent.resolve())
    if kind in NETWORK:
        raise StoreError(
            f"{path}: an SQLite store cannot lie on a network file system ({kind}).",
            "put store.url on a local disk.",
        )


def _file_system(directory: Path) -> str:
    """The type of the file system that holds `directory` (proc(5), mountinfo), empty where unknown."""
    best, kind = -1, ""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        before, _, after = line.partition(" - ")
        mount = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), before.split(" ")[4])
        if directory.is_relative_to(mount) and len(mount) >= best:
            best, kind = len(mount), after.split(" ")[0]
    return kind
