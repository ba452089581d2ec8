"""Length-prefixed frames on a stream socket between the daemon and its child process.

The daemon sends the rules, and the child says that it is ready; every later frame begins with a tag of one
letter. The daemon sends mails, a few ahead, each with its size on the server and whether files or text of it
are missing; before a mail with references that are easily seen, what was sent with these. The child answers
each mail in order with a parsed reply. Before that it may, once, ask for the mails sent with the references
that it has found, and waits: frames in between are for later mails. A mail may ask for evidence: then the
reply is followed by it.
"""

import socket
import struct

from flexmaild.system.deadline import Deadline

_LENGTH = struct.Struct("!I")
_MAX_FRAME = 64 * 1024 * 1024
# The child's first frame: from now on a failure is the mail's, not the machine's.
READY = b"ready"
# The tags of the frames to the child, and of those from it.
MAIL, MAIL_WITH_EVIDENCE, SENT_AHEAD, SENT_MAILS = b"M", b"E", b"P", b"W"
REPLY, EVIDENCE, QUERY = b"R", b"L", b"A"
# References in one question.
MOST_REFERENCES = 50


class FrameError(Exception):
    """The other end closed the channel, or violated the protocol."""


def send(channel: socket.socket, data: bytes, deadline: Deadline | None = None) -> None:
    if deadline:
        deadline.arm(channel)  # sendall counts it down by itself
    channel.sendall(_LENGTH.pack(len(data)))
    channel.sendall(data)


def receive(channel: socket.socket, deadline: Deadline | None = None) -> bytes:
    """One frame, all of it before the deadline. Raises FrameError at the end of the stream, OSError
    (TimeoutError) from the socket."""
    (length,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size, deadline))
    if length > _MAX_FRAME:
        raise FrameError(f"a frame of {length} bytes")
    return _exactly(channel, length, deadline)


def _exactly(channel: socket.socket, count: int, deadline: Deadline | None) -> bytes:
    parts: list[bytes] = []
    while count:
        if deadline:
            deadline.arm(channel)
        part = channel.recv(min(count, 1 << 20))
        if not part:
            raise FrameError("the line was closed")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
