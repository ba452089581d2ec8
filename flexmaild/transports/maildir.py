"""Mail in a directory (Maildir, cr.yp.to/proto/maildir.html), in both directions.

Built by `transports`. The way out hands mails to whoever reads the directory, as a delivery agent does; the
way in takes the oldest first and removes them only when told to. For the demo, and for a host whose own MTA
delivers locally. File names come from the directory only, never from a mail; nothing but regular files is
opened.
"""

from __future__ import annotations

import errno
import os
import secrets
import socket
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.ports import Envelope, Fetched, FolderState, Mark, Receipt
from flexmaild.core.steps import Step
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.types import AbsolutePath
from flexmaild.transports.probe import examine_folder
from flexmaild.transports.smtp_envelope import wire_address
from flexmaild.transports.tools import Tools

_PARTS = ("tmp", "new", "cur")
# Nothing but a regular file: a symbolic link is refused, a FIFO does not block.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class MaildirOutgoing(Outgoing):
    """Mail goes into a directory."""

    path: AbsolutePath
    """The Maildir that mails are put into; it is made if it is not there."""

    def outbox(self, tools: Tools) -> MaildirOutbox:
        return MaildirOutbox(self.path)

    def examine(self, tools: Tools) -> list[Step]:
        return examine_folder(MaildirInbox(self.path), f"open {self.path}")


class MaildirIncoming(Incoming):
    """Replies are read from a directory that this machine's mail server delivers into."""

    path: AbsolutePath
    """The Maildir that replies are read from; `reply_folder` other than INBOX is a Maildir++ folder in it."""

    def inbox(self, tools: Tools) -> MaildirInbox:
        return MaildirInbox(
            self.path,
            folder=self.reply_folder,
            move_to=self.after_processing.move,
            most=self.max_message_size,
        )

    def examine(self, tools: Tools) -> list[Step]:
        return examine_folder(self.inbox(tools), f"open {self.path}")


class MaildirOutbox:
    """An Outbox (see `core.ports`): every recipient gets a copy of the mail in the one directory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, envelope: Envelope) -> Receipt:
        """Durable when it returns. Raises TryLater/GiveUp."""
        for address in (*envelope.recipients, *([envelope.sender] if envelope.sender else [])):
            wire_address(address)
        if not envelope.recipients:
            raise GiveUp(Reason.CLIENT, "the mail has no recipient", step="mail")
        with _translated("data", self._path):
            _make(self._path)
            names = [_deliver(self._path, _traced(envelope, to)) for to in envelope.recipients]
        return Receipt(f"delivered to {self._path} as {', '.join(names)}")

    def close(self) -> None:
        """Nothing is kept open."""


class MaildirInbox:
    """An Inbox (see `core.ports`). `folder` other than INBOX is a Maildir++ subfolder (`.Folder`).

    move_to: the folder for processed mails; empty deletes them. most: bytes a mail may have to be read.
    """

    def __init__(self, path: Path, *, folder: str = "INBOX", move_to: str = "", most: int = 10 << 20) -> None:
        self._path = _folder(path, folder)
        self._target = _folder(path, move_to) if move_to else None
        self._most = most
        self._handed: set[str] = set()
        self._leftover: dict[str, Mark] = {}

    def open(self) -> FolderState:
        self._handed.clear()
        with _translated("select", self._path):
            _make(self._path)
            if self._target:
                _make(self._target)
            count = sum(1 for _ in self._files())
        may = all(os.access(self._path / part, os.W_OK | os.X_OK) for part in ("new", "cur"))
        return FolderState(count, may, "" if may else f"{self._path} cannot be written to")

    def fetch(self, limit: int, is_known: Callable[[Sequence[Mark]], set[Mark]]) -> list[Fetched]:
        with _translated("fetch", self._path):
            waiting = [(unique, path) for unique, path in self._files() if unique not in self._handed]
            known = is_known([self._mark(unique) for unique, _ in waiting]) if waiting else set()
            self._leftover |= {mark.uid: mark for mark in known}
            fresh = [item for item in waiting if self._mark(item[0]) not in known][:limit]
            found = [self._read(unique, path) for unique, path in fresh]
        self._handed.update(unique for unique, _ in fresh)
        return [mail for mail in found if mail]

    def dispose(self, marks: Sequence[Mark]) -> int:
        wanted = {mark.uid for mark in marks if mark == self._mark(mark.uid)} | set(self._leftover)
        with _translated("dispose", self._path):
            files = dict(self._files())
            for unique in wanted:
                if unique in files:
                    self._remove(files[unique])
            for part in ("new", "cur"):
                _sync(self._path / part)
        self._leftover.clear()
        return len(wanted)

    def rest(self) -> None:
        """Deletes what an earlier poll could not; nothing is kept open."""
        if self._leftover:
            try:
                self.dispose(())
            except Failure:
                return

    def close(self) -> None:
        """Nothing is kept open."""

    def _mark(self, unique: str) -> Mark:
        return Mark(f"maildir:{self._path}", "", unique)

    def _files(self) -> Iterator[tuple[str, Path]]:
        """(unique name, path) of every mail, the oldest delivery first. A change of flags or from new to cur
        leaves the unique name as it is."""
        found = []
        for part in ("new", "cur"):
            for entry in os.scandir(self._path / part):
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                    found.append((*_age(entry), entry.name.partition(":")[0], Path(entry.path)))
        return ((unique, path) for _, _, unique, path in sorted(found))

    def _read(self, unique: str, path: Path) -> Fetched | None:
        """None for a mail that has vanished meanwhile: somebody moved it, the next poll finds it again."""
        try:
            descriptor = os.open(path, _READ)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ELOOP, errno.EACCES, errno.ENXIO}:
                return None
            raise
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return None
            data = file.read(self._most + 1)
        too_large = len(data) > self._most
        return Fetched(self._mark(unique), max(status.st_size, len(data)), None if too_large else data)

    def _remove(self, path: Path) -> None:
        try:
            if self._target:
                name = path.name if ":" in path.name else f"{path.name}:2,S"
                path.rename(self._target / "cur" / name)
                _sync(self._target / "cur")
            else:
                path.unlink()
        except FileNotFoundError:
            return  # somebody else was quicker, or it has another name now and the next poll sees it


def _age(entry: os.DirEntry[str]) -> tuple[float, int]:
    """Delivery time by the file's name, else by the file itself; within a second by the file."""
    seconds = entry.name.partition(".")[0]
    written = entry.stat(follow_symlinks=False).st_mtime_ns
    plausible = seconds.isascii() and seconds.isdigit() and len(seconds) < 12
    return (float(seconds) if plausible else written // 10**9, written)


def _traced(envelope: Envelope, recipient: str) -> bytes:
    """The mail with the two fields a delivery agent adds (RFC 5321 section 4.4), line ends as in files."""
    trace = f"Return-Path: <{envelope.sender}>\nDelivered-To: {recipient}\n"
    return trace.encode() + envelope.data.replace(b"\r\n", b"\n")


def _deliver(path: Path, data: bytes) -> str:
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
    _sync(path / "new")
    return name


def _unique_name() -> str:
    host = socket.gethostname().replace("/", "\\057").replace(":", "\\072")
    now = time.time_ns()
    return f"{now // 10**9}.M{now // 1000 % 10**6}P{os.getpid()}R{secrets.token_hex(4)}.{host}"


def _make(path: Path) -> None:
    for part in _PARTS:
        (path / part).mkdir(mode=0o700, parents=True, exist_ok=True)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _folder(path: Path, name: str) -> Path:
    """INBOX is the directory itself; "a/b" and "a.b" are `.a.b` below it (Maildir++)."""
    if name.upper() == "INBOX":
        return path
    folder = "." + name.strip("/.").replace("/", ".")
    if folder == "." or ".." in folder or any(c in folder for c in "\r\n\0"):
        raise GiveUp(Reason.CLIENT, f"{name!r:.80} cannot be the name of a folder", step="select")
    return path / folder


@contextmanager
def _translated(step: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename or path
        lasting = error.errno in {errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EROFS}
        kind = GiveUp if lasting else TryLater
        raise kind(
            Reason.OTHER,
            f"{place}: {error.strerror}",
            step=step,
            cure="Check the path, its owner and the space on its disk; under systemd also ReadWritePaths=.",
        ) from error
