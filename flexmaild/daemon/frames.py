"""Length-prefixed frames on a stream socket, between the daemon and its reading child."""

from __future__ import annotations

import socket
import struct

_LENGTH = struct.Struct("!I")
MAX_FRAME = 64 * 1024 * 1024
# The child's first frame: from now on a failure is the mail's, not the machine's.
READY = b"ready"


class FrameError(Exception):
    """The other end closed the line, or spoke nonsense."""


def send(line: socket.socket, data: bytes) -> None:
    line.sendall(_LENGTH.pack(len(data)))
    line.sendall(data)


def receive(line: socket.socket) -> bytes:
    """One frame. Raises FrameError at the end of the stream, OSError (TimeoutError) from the socket."""
    (length,) = _LENGTH.unpack(_exactly(line, _LENGTH.size))
    if length > MAX_FRAME:
        raise FrameError(f"a frame of {length} bytes")
    return _exactly(line, length)


def _exactly(line: socket.socket, count: int) -> bytes:
    parts: list[bytes] = []
    while count:
        part = line.recv(min(count, 1 << 20))
        if not part:
            raise FrameError("the line was closed")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
