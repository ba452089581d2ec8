"""The file operations of a Maildir (cr.yp.to/proto/maildir.html): create, find, write, move, sync.

Used by inbox and outbox. What the file system says becomes *later* or *never*
here.
"""

import errno
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flexmaild.core.errors import GiveUp, Reason, TryLater

_PARTS = ("tmp", "new", "cur")


def deliver(path: Path, data: bytes) -> str:
    name = _unique_name()
    descriptor = os.open(path / "tmp" / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        (path / "tmp" / name).rename(path / "new" / name)
    except OSError:
        (path / "tmp" / name).unlink(missing_ok=True)
        raise
    sync(path / "new")
    return name


def _unique_name() -> str:
    host = socket.gethostname().replace("/", "\\057").replace(":", "\\072")
    now = time.time_ns()
    return f"{now // 10**9}.M{now // 1000 % 10**6:06}P{os.getpid()}R{secrets.token_hex(4)}.{host}"


def move(path: Path, target: Path) -> None:
    """Move the file without replacing another mail of that name."""
    if target.exists():
        _, colon, flags = target.name.partition(":")
        target = target.with_name(f"{_unique_name()}{colon}{flags}")
    path.rename(target)


def make(path: Path) -> None:
    for part in _PARTS:
        (path / part).mkdir(mode=0o700, parents=True, exist_ok=True)


def sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def folder_in(path: Path, name: str) -> Path:
    """INBOX is the directory itself; "a/b" and "a.b" are `.a.b` below it (Maildir++)."""
    if name.upper() == "INBOX":
        return path
    folder = "." + name.strip("/").replace("/", ".")
    if folder.endswith(".") or ".." in folder or any(c in folder for c in "\r\n\0"):
        raise GiveUp(Reason.CLIENT, f"{name!r:.80} cannot be the name of a folder", step="select")
    return path / folder


@contextmanager
def translated(step: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or path
        lasting = error.errno in {errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EROFS}
        kind = GiveUp if lasting else TryLater
        raise kind(
            Reason.OTHER,
            f"{where}: {error.strerror}",
            step=step,
            cure="Check the path, its owner and the space on its disk; under systemd also ReadWritePaths=.",
        ) from error
