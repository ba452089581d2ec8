"""Bounded reads of files that an operator has named, and atomic replacement of files of our own.

`read_at_most` is for the settings file, secrets, templates and the mail of `explain`: a plain open() of a
named pipe waits for a writer, and the daemon with it; a device may have no end. What is read
is what was checked, by one descriptor.
"""

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path

# No space, quota or file size left: what passes once there is room again.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# What a shell hands over (`check --config <(...)`) is a pipe, but it has a writer.
_HANDED_OVER = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def read_at_most(path: str | os.PathLike[str], limit: int) -> tuple[int, bytes]:
    """The file's mode and its first `limit` bytes. Raises OSError, also for what is not a regular file."""
    name = os.fspath(path)
    if "\0" in name:
        raise OSError(errno.EINVAL, "its name holds a NUL", name)
    descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) and not name.startswith(_HANDED_OVER):
            raise OSError(errno.EINVAL, "it is not a regular file", name)
        os.set_blocking(descriptor, True)
        return mode, file.read(limit)


def replace_file(path: Path, data: bytes, *, keep: bool = False) -> None:
    """Put the data in the file's place (mode 0600): whole or not at all, and on stable storage on return.

    keep: leave the file alone where there is one by now. Raises OSError.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if keep:
            with contextlib.suppress(FileExistsError):
                os.link(name, path)
            Path(name).unlink()
        else:
            Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(directory: Path) -> None:
    """A new name is on stable storage only when its directory is (fsync(2))."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
