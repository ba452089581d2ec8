"""Standard input for the commands that take "-": one that cannot be read is never taken for an empty one."""

import errno
import select
import sys

import click

_PIECE = 1 << 16
_READ = f"{__name__}.read"


def read(limit: int) -> bytes:
    """Its first `limit` bytes, once for a command line. Raises OSError, whose `strerror` says
    what is wrong."""
    if sys.stdin is None:  # closed by whoever started the program; by now its descriptor is another's
        raise OSError(errno.EBADF, "it is closed")
    meta = click.get_current_context().meta
    if meta.get(_READ):
        raise OSError(errno.EBUSY, "it can be read only once")
    meta[_READ] = True
    # Without the buffer, which on a terminal would ask for the end twice.
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
