"""The control socket: handed over by systemd, or bound here.

Called by `daemon.listeners`. Never removes a file that is not a dead socket, and never gives the socket wider
permissions than asked for, not even for an instant: the umask is set before the bind.
"""

import errno
import os
import socket
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flexmaild.core.errors import GiveUp, Reason
from flexmaild.system import users

# struct sockaddr_un holds 108 bytes, the last of them NUL (unix(7)).
MAX_PATH = 107
# sd_listen_fds(3): the first descriptor handed over.
FIRST_FD = 3
# Connections that wait to be accepted; curl and others fail at once when it is full. The same as systemd's
# Backlog=, which the kernel reduces to net.core.somaxconn.
BACKLOG = 4096

# In place of an inode where the file was removed before it was looked up: no file has this number.
_NO_FILE = (0, 0)


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where and how to bind. `group` empty: the daemon's own. An unknown group lets no one in, so it is only
    warned of."""

    path: Path
    mode: int = 0o660
    group: str = ""


@dataclass(frozen=True, slots=True)
class Listening:
    """A listening socket. inode: its file (device, number), None for an abstract name (unix(7)), which has
    none. is_ours: the file was made here and is removed at the end.

    warnings: what could not be done as asked, harmlessly.
    """

    socket: socket.socket
    path: Path
    inode: tuple[int, int] | None
    is_ours: bool = False
    warnings: tuple[str, ...] = ()

    def is_there(self) -> bool:
        """Whether clients can still connect. A closed socket's inode may belong to another file by now."""
        if self.socket.fileno() < 0:
            return False
        return self.inode is None or _inode(self.path) == self.inode

    def close(self) -> None:
        """Stop listening; remove the file if it is still the one made here."""
        if self.is_ours and self.is_there():
            with suppress(OSError):
                self.path.unlink()
        self.socket.close()


def listen(
    address: ListenAddress, environ: Mapping[str, str] = os.environ, name: str = "control"
) -> Listening:
    """The socket systemd handed over under `name`, or one bound here. Raises GiveUp with the cure."""
    handed = inherited(environ, name)
    return handed if handed is not None else bind(address)


def inherited(environ: Mapping[str, str], name: str = "control") -> Listening | None:
    """The listening Unix socket from systemd (sd_listen_fds(3)): the one called `name`, or the only one."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = environ.get("LISTEN_FDS", "")
    if not count.isascii() or not count.isdigit():
        return None
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    for i in range(int(count)):
        fd_name = names[i] if i < len(names) else ""
        if fd_name == name or int(count) == 1:
            return _adopt(FIRST_FD + i)
    return None


def bind(address: ListenAddress) -> Listening:
    """A new socket at the address. Raises GiveUp (the obstacle, and the cure)."""
    gid = _gid(address)
    _check_path(address.path)
    _clear(address.path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~address.mode)
    try:
        listener.bind(str(address.path))
    except OSError as error:
        listener.close()
        cure = "Check that the directory exists and that flexmaild's user may write in it."
        raise _fault(address.path, f"cannot be bound ({error.strerror})", cure) from error
    finally:
        os.umask(before)
    try:
        made = address.path.lstat()
        warnings = _set_group(address, gid, made.st_gid)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        cure = "Find out what removes or replaces files in that directory."
        raise _fault(address.path, f"cannot be listened at ({error.strerror})", cure) from error
    return Listening(listener, address.path, (made.st_dev, made.st_ino), True, warnings)


def _inode(path: Path) -> tuple[int, int] | None:
    """Device and number of the file, None where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _adopt(fd: int) -> Listening:
    os.set_inheritable(fd, False)
    listener = socket.socket(fileno=fd)
    listens = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if listener.family != socket.AF_UNIX or listener.type != socket.SOCK_STREAM or not listens:
        cure = "Use ListenStream= with an absolute path in the socket unit."
        raise _fault(Path(f"/proc/self/fd/{fd}"), "from systemd is not a listening Unix stream socket", cure)
    listener.setblocking(True)
    name = listener.getsockname()
    if isinstance(name, bytes):  # an abstract name, which begins with NUL
        return Listening(listener, Path(f"@{os.fsdecode(name[1:])}"), None)
    return Listening(listener, Path(name), _inode(Path(name)) or _NO_FILE)


def _gid(address: ListenAddress) -> int | None:
    return users.gid_of(address.group) if address.group else None


def _check_path(path: Path) -> None:
    length = len(os.fsencode(path))
    if length > MAX_PATH:
        cure = "Choose a shorter control.socket; the kernel's limit is 107 bytes (unix(7))."
        raise _fault(path, f"has {length} bytes, too long for a socket", cure)


def _clear(path: Path) -> None:
    """Remove a socket on which no process listens; any other file stays and is a fault."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _fault(path, f"cannot be examined ({error.strerror})", "Check the directory's mode.") from error
    if not stat.S_ISSOCK(found.st_mode):
        raise _fault(path, "exists and is not a socket", "Remove it, or choose another control.socket.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        result = probe.connect_ex(str(path))
    if result == errno.ECONNREFUSED:
        with suppress(FileNotFoundError):
            path.unlink()
    elif result in (0, errno.EAGAIN):
        cure = "Stop the other flexmaild, or give this one another control.socket."
        raise _fault(path, "another process listens here", cure)
    elif result != errno.ENOENT:
        raise _fault(path, f"cannot be probed ({os.strerror(result)})", "Check who owns it and its mode.")


def _set_group(address: ListenAddress, gid: int | None, has: int) -> tuple[str, ...]:
    """Give the socket to its group, unless it has it already (from a directory with setgid)."""
    missing = bool(address.group) and gid is None
    if missing:
        cure = f"create it (groupadd --system {address.group}) or change control.group"
        return (f"control.group: there is no group {address.group!r}, the socket keeps our own: {cure}",)
    if gid is None or gid == has:
        return ()
    try:
        os.chown(address.path, -1, gid)
    except PermissionError:
        cure = "add flexmaild's user to it, or let a socket unit make the socket"
        return (f"control.group: not a member of {address.group!r}, the socket keeps our own group: {cure}",)
    return ()


def _fault(path: Path, text: str, cure: str) -> GiveUp:
    return GiveUp(Reason.OTHER, text, step="control socket", server=str(path), cure=cure)
