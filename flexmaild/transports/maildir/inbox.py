"""Replies read from a directory (Maildir, cr.yp.to/proto/maildir.html): the oldest first; deleted on request.

For the demo, and for a host whose own MTA delivers locally. File names come from the directory only, never
from a mail; nothing but regular files is opened.
"""

import errno
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flexmaild.core.defaults import LARGEST_MAIL
from flexmaild.core.errors import GiveUp, Reason
from flexmaild.core.identity import Identity, is_same
from flexmaild.core.ports import (
    Fetched,
    FolderPosition,
    FolderState,
    IsKnown,
    MessageUid,
    Unreadable,
)
from flexmaild.mail.parse.message_id import name_of
from flexmaild.transports.maildir.directory import folder_in, make, move, sync, translated
from flexmaild.transports.withheld import Withheld

# Nothing but a regular file: a symbolic link is refused, a FIFO does not block.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# "seconds.M123P…" as delivery agents name their files; other names have no microseconds.
_TIME = re.compile(r"([0-9]{1,11})\.(?:M([0-9]{1,6})(?![0-9]))?")
# Mails looked up in the store at a time.
_STEP = 500


@dataclass(frozen=True, slots=True, order=True)
class _File:
    """A mail in the directory. A change of flags or from new to cur leaves its unique name as it is."""

    delivered_at: tuple[int, int]
    unique: str
    path: Path


class MaildirInbox:
    """An Inbox (see `core.ports`). `folder` other than INBOX is a Maildir++ subfolder (`.Folder`).

    move_to: the folder for processed mails; empty deletes them. most: bytes a mail may have to be read.
    """

    def __init__(
        self, path: Path, *, folder: str = "INBOX", move_to: str = "", most: int = LARGEST_MAIL
    ) -> None:
        self._path = folder_in(path, folder)
        self._target = folder_in(path, move_to) if move_to else None
        if self._target == self._path:
            raise GiveUp(Reason.CLIENT, "mails would be moved to where they lie", step="select")
        self._most = most
        self._handed: set[str] = set()
        self._moved: set[str] = set()
        self._leftover: set[str] = set()
        self._files: dict[str, _File] = {}
        self._withheld: Withheld[str] = Withheld()

    def open(self) -> FolderState:
        self._handed.clear()
        self._moved.clear()
        self._leftover.clear()
        self._withheld.begin()
        with translated("select", self._path):
            make(self._path)
            if self._target:
                make(self._target)
            count = len(self._listed())
        may = all(os.access(self._path / part, os.W_OK | os.X_OK) for part in ("new", "cur"))
        return FolderState(count, may, "" if may else f"{self._path} cannot be written to")

    def fetch(self, limit: int, is_known: IsKnown) -> list[Fetched]:
        width = limit
        with translated("fetch", self._path):
            while chosen := self._oldest(width, is_known):
                found = []
                for unique in chosen:
                    if mail := self._read(unique):
                        found.append(mail)
                    if mail or unique in self._withheld or unique in self._moved:
                        self._handed.add(unique)
                    else:
                        self._moved.add(unique)  # another program renamed it: it is looked for once more
                    if len(found) == limit:
                        break
                if found:
                    return found
                width = _STEP  # none of these can be read: list many at once from now on
        return []

    def unreadable(self) -> Unreadable | None:
        return self._withheld.report(str(self._path))

    def newest(self) -> FolderPosition | None:
        with translated("fetch", self._path):
            files = self._listed()
        return FolderPosition("", files[-1].delivered_at) if files else None

    def delete(self, uids: Sequence[MessageUid]) -> int:
        gone = {one.uid for one in uids if one == self._message_uid(one.uid)} | self._leftover
        if not gone:
            return 0
        with translated("dispose", self._path):
            failed: list[OSError] = []
            missed = {unique for unique in gone if not self._remove(unique, failed)}
            if missed:  # renamed since they were read, or gone
                self._files = {file.unique: file for file in self._listed()}
                for unique in missed:
                    self._remove(unique, failed)
            for part in ("new", "cur"):
                sync(self._path / part)
            if failed:
                raise failed[0]
        self._leftover.clear()
        return len(gone)

    def rest(self) -> None:
        """Nothing is kept open."""

    def close(self) -> None:
        """Nothing is kept open."""

    def _message_uid(self, unique: str) -> MessageUid:
        return MessageUid(f"maildir:{self._path}", "", unique)

    def _oldest(self, limit: int, is_known: IsKnown) -> list[str]:
        """The unique names of the oldest mails that are not known and were not returned in this poll."""
        self._files = {file.unique: file for file in self._listed()}
        self._withheld.forget(lambda unique: unique not in self._files)
        waiting = [unique for unique in self._files if unique not in self._handed]
        chosen: list[str] = []
        for start in range(0, len(waiting), _STEP):
            step = waiting[start : start + _STEP]
            kept = is_known([self._message_uid(unique) for unique in step])
            left = set[str]()
            for unique in step:
                before = kept.get(self._message_uid(unique))
                if before and unique not in self._leftover and self._is_same_mail(unique, before):
                    (left if before.is_left else self._leftover).add(unique)
            ours = left | self._leftover
            chosen += [u for u in step if u not in ours and not self._withheld.waits(u)]
            if len(chosen) >= limit:
                break
        return chosen[:limit]

    def _listed(self) -> list[_File]:
        """Every mail, the oldest delivery first."""
        found = []
        for part in ("new", "cur"):
            for entry in os.scandir(self._path / part):
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                    unique = entry.name.partition(":")[0]
                    found.append(_File(_delivered_at(entry), unique, Path(entry.path)))
        return sorted(found)

    def _is_same_mail(self, unique: str, kept: Identity) -> bool:
        """Whether the file of this name is still the same mail, by size and time in nanoseconds. It is read
        only where an older version stored no time."""
        try:
            status = self._files[unique].path.stat(follow_symlinks=False)
        except OSError:
            return False
        if kept.arrived:
            return is_same(kept, Identity(status.st_size, str(status.st_mtime_ns)))
        found = self._read(unique)
        return found is not None and is_same(kept, found.identity)

    def _read(self, unique: str) -> Fetched | None:
        """The mail; None for one that has vanished meanwhile (it is looked for once more) or cannot be
        read."""
        try:
            found = self._opened(self._files[unique])
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ELOOP, errno.ENXIO}:
                return None
            if error.errno not in {errno.EACCES, errno.EPERM, errno.EIO}:
                raise
            self._note_failure(unique, error.strerror or "it cannot be read")
            return None
        if found is not None and not found.size:  # what a crash left of it, or a full disk
            self._note_failure(unique, "the file is empty")
            return None
        self._withheld.handed_out()
        self._withheld.forget(lambda other: other == unique)
        return found

    def _note_failure(self, unique: str, reason: str) -> None:
        listed = self._files[unique]
        self._withheld.failed(unique, f"{listed.path}: {reason}", float(listed.delivered_at[0]))

    def _opened(self, listed: _File) -> Fetched | None:
        with os.fdopen(os.open(listed.path, _READ), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return None
            data = file.read(self._most + 1)
        too_large = len(data) > self._most
        return Fetched(
            self._message_uid(listed.unique),
            max(status.st_size, len(data)),
            None if too_large else data,
            position=FolderPosition("", listed.delivered_at),
            arrived=str(status.st_mtime_ns),
            name="" if too_large else name_of(data),
        )

    def _remove(self, unique: str, failed: list[OSError]) -> bool:
        """Remove the file. Returns whether it was at its last known path; an error does not stop the
        others."""
        listed = self._files.pop(unique, None)
        if listed is None:
            return False
        path = listed.path
        try:
            if self._target:
                name = path.name if ":" in path.name else f"{path.name}:2,S"
                move(path, self._target / "cur" / name)
                sync(self._target / "cur")
            else:
                path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            failed.append(error)
        return True


def _delivered_at(entry: os.DirEntry[str]) -> tuple[int, int]:
    """Seconds and microseconds by the file's name (cr.yp.to/proto/maildir.html), else by the file itself."""
    match = _TIME.match(entry.name)
    if match:
        return int(match[1]), int(match[2] or 0)
    return divmod(entry.stat(follow_symlinks=False).st_mtime_ns // 1000, 10**6)
