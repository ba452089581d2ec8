"""Opening a file that an operator has named: at once, whatever lies there.

Used for the settings file, for secrets, for templates and for the mail of `explain`. A plain open() of a
named pipe waits for somebody to write into it, and the daemon with it; a device may have no end. Never
follows up: what is read is what was checked, by one descriptor.
"""

from __future__ import annotations

import errno
import os
import stat

# What a shell hands over (`check --config <(...)`) is a pipe, but somebody writes into it.
_HANDED_OVER = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def read_at_most(path: str | os.PathLike[str], limit: int) -> tuple[int, bytes]:
    """The file's mode and its first `limit` bytes. Raises OSError, also for what is not a regular file."""
    name = os.fspath(path)
    descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) and not name.startswith(_HANDED_OVER):
            raise OSError(errno.EINVAL, "it is not a regular file", name)
        os.set_blocking(descriptor, True)
        return mode, file.read(limit)
