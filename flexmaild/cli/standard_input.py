"""Standard input for the commands that take "-": unreadable input is an error and never counts as empty.

Apart, since `flexmaild explain` reads it without the arguments of flexmailctl.
"""

import errno
import select
import sys

import click

_PIECE = 1 << 16
_READ = f"{__name__}.read"


def read(limit: int) -> bytes:
    """Its first `limit` bytes; once for a command line. Raises OSError with a `strerror` for people."""
    if sys.stdin is None:  # closed by the parent process; its descriptor may be reused by now
        raise OSError(errno.EBADF, "it is closed")
    meta = click.get_current_context().meta
    if meta.get(_READ):
        raise OSError(errno.EBUSY, "it can be read only once")
    meta[_READ] = True
    # Unbuffered: on a terminal the buffer would want the end of input twice.
    source = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
    found = bytearray()
    while len(found) < limit:
        piece = source.read(_PIECE)
        if piece is None:  # shared with a program that made it non-blocking
            select.select([source], [], [])
        elif piece:
            found += piece
        else:
            break
    return bytes(found[:limit])
