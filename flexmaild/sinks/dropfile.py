"""The sink `dropfile`: one JSON file for each decision, in a directory that another program watches.

Used by the one thread that delivers to it. A file appears whole or not at all, under a name made of the
delivery's key only; a repeated delivery writes the same file. No text of a mail or a request becomes part of
a name.
"""

import errno
import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.steps import Step
from flexmaild.settings.faults import Finding
from flexmaild.settings.schema import SinkSettings, unknown_group
from flexmaild.settings.types import AbsolutePath, Line
from flexmaild.system import users

# NAME_MAX of Linux file systems is 255 bytes; ".json" and the temporary name take 15 of them.
LONGEST_KEY = 200
# Readable for the file's group only: a decision holds addresses and comments.
_MODE = 0o640
_ABANDONED_SECONDS = 3600.0

_SAFE_KEY = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_KEY - 1}}}")
_TEMPORARY = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9._-]*\.json\.[0-9a-f]{8}")
_GRANT = "Let the daemon's user write there; under systemd the unit also needs ReadWritePaths= for it."
_CREATE = "Create the directory (or mount what holds it), writable for the daemon's user."
_ROOM = "Make room on that file system."
_CURES = {
    errno.ENOENT: (Reason.CLIENT, _CREATE),
    errno.ESTALE: (Reason.CLIENT, _CREATE),
    errno.EACCES: (Reason.CLIENT, _GRANT),
    errno.EPERM: (Reason.CLIENT, _GRANT),
    errno.EROFS: (Reason.CLIENT, _GRANT),
    errno.ENOSPC: (Reason.SERVER, _ROOM),
    errno.EDQUOT: (Reason.SERVER, _ROOM),
}


class DropfileSettings(SinkSettings):
    """Writes one JSON file for each decision into a directory."""

    kind: Literal["dropfile"] = "dropfile"
    path: AbsolutePath
    """Directory for the files; it must exist and be writable by the daemon."""
    group: Line = ""
    """Group that may read the files; other users may not. Empty: the group of the directory if that has the
    setgid bit, else the group of the daemon (under the systemd unit `flexmail`, whose members may use the
    control socket)."""

    def findings(self) -> Iterator[Finding]:
        yield from super().findings()
        yield from unknown_group(self.group)
        if obstacle := _obstacle(self.path):
            yield Finding(("path",), obstacle, grave=False)  # what holds it may be mounted later


class Dropfile:
    """See `core.ports.Sink`. The program that watches the directory may remove any `*.json`."""

    def __init__(self, settings: DropfileSettings) -> None:
        self._path: Path = settings.path
        self._group = settings.group
        self._swept = False

    def deliver(self, key: str, event: bytes) -> str:
        """Returns the file's name. Raises TryLater, or GiveUp where only another setting can help."""
        name, gid = file_name(key), self._gid()
        try:
            with _opened(self._path) as directory:
                if not self._swept:
                    _sweep(directory)
                    self._swept = True
                if _content(directory, name, len(event), gid) != event:
                    self._put(directory, name, event, gid)
                # Even where the file is there: the process that wrote it may have died before this.
                os.fsync(directory)
        except OSError as error:
            raise _failure(error, self._path) from error
        return name

    def _gid(self) -> int | None:
        """The id of the group in the settings; looked up each time, since it may be created later."""
        if not self._group:
            return None
        gid = users.gid_of(self._group)
        if gid is None:
            text, cure = f"there is no group {self._group} on this machine", users.cure_for(self._group)
            raise TryLater(Reason.CLIENT, text, step="write", cure=f"On this machine {cure} as its group.")
        return gid

    def _put(self, directory: int, name: str, event: bytes, gid: int | None) -> None:
        # The leading dot hides it from programs that watch for *.json; the random part keeps daemons apart.
        temporary = f".{name}.{secrets.token_hex(4)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            # Only the daemon can read it until its group is right.
            with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=directory), "wb") as file:
                file.write(event)
                file.flush()
                self._give(file.fileno(), gid)
                os.fchmod(file.fileno(), _MODE)  # the unit's umask would take the group's right away
                os.fsync(file.fileno())
            os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=directory)
            raise

    def _give(self, file: int, gid: int | None) -> None:
        if gid is None or os.fstat(file).st_gid == gid:  # as in a directory with the setgid bit
            return
        try:
            os.fchown(file, -1, gid)
        except PermissionError as error:
            text = f"{self._path}: its files cannot be given to the group {self._group}: {error.strerror}"
            raise TryLater(
                Reason.CLIENT, text, step="write", cure=_member(self._group, self._path)
            ) from error

    def retry_now(self) -> None:
        """No failure is remembered."""

    def examine(self) -> Step:
        obstacle = _obstacle(self._path)
        tried = f"look whether files can be put into {self._path}"
        return Step("sink", not obstacle, tried, obstacle or "they can", _GRANT if obstacle else "")

    def close(self) -> None:
        """Nothing is held between deliveries."""


def _obstacle(path: Path) -> str:
    """Why nothing can be put there now; empty where it can."""
    if not path.is_dir():
        return f"is not a directory. {_CREATE}"
    return "" if os.access(path, os.W_OK | os.X_OK) else f"cannot be written to. {_GRANT}"


def file_name(key: str) -> str:
    """The key itself where it is safe as a name, else a digest of it; never hidden, never with a slash."""
    if _SAFE_KEY.fullmatch(key):
        return f"{key}.json"
    return f"sha256-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}.json"


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The directory as a descriptor, so that it stays the same one if it is renamed meanwhile."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _member(group: str, path: Path) -> str:
    return (
        f"Make the daemon's user a member of {group} (under systemd SupplementaryGroups={group} and"
        f" SystemCallFilter=@chown in a drop-in, then a restart), or let the directory give it:"
        f" chgrp {group} {path} && chmod g+s {path}."
    )


def _content(directory: int, name: str, size: int, gid: int | None) -> bytes | None:
    """The file's content, if it is a regular file of that size and group."""
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode) or status.st_size != size:
            return None
        if gid not in (None, status.st_gid):
            return None
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, dir_fd=directory), "rb") as file:
            return file.read()
    except (FileNotFoundError, PermissionError):
        return None


def _sweep(directory: int) -> None:
    """Remove the temporary files of deliveries that were killed; a younger one may be in progress."""
    old = time.time() - _ABANDONED_SECONDS
    for name in filter(_TEMPORARY.fullmatch, os.listdir(directory)):
        with suppress(OSError):
            if os.stat(name, dir_fd=directory, follow_symlinks=False).st_mtime < old:
                os.unlink(name, dir_fd=directory)


def _failure(error: OSError, path: Path) -> Failure:
    """The failure for an error. Most pass once an administrator follows the cure, without new settings."""
    text = f"{path}: {error.strerror or error}"
    if error.errno == errno.ENOTDIR:
        return GiveUp(Reason.CLIENT, text, step="write", cure="Name a directory as the sink's path.")
    reason, cure = _CURES.get(error.errno or 0, (Reason.SERVER, "See the kernel's log on that file system."))
    return TryLater(reason, text, step="write", cure=cure)
