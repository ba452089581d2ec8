"""Reads answers from the control socket, and checks them while they arrive.

Anything may listen where flexmaild should: an SSH server, a web server, a program that never stops talking.
What is not flexmaild's is known by its first bytes or by its head, and nothing more of it is read. All of an
answer is read within one deadline and up to a limit.
"""

import http.client
import io
import json
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flexmaild.client.calls import Call
from flexmaild.system.deadline import Deadline

PROBLEM = "application/problem+json"
LARGEST_HEAD = 64 * 1024
# A page of the longest list with the most metadata is smaller.
_LARGEST_BODY = 256 * 1024 * 1024
PIECE = 1 << 16
# How much of what came is told.
_LONGEST_QUOTE = 80

_PROTOCOL = b"HTTP/1."
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([245][0-9]{2})(?: ([^\r\n]*))?\r\n")
_END = b"\r\n\r\n"


# Makes the exception that says of what came that it is not flexmaild's, in a stranger's characters.
Strange = Callable[[str], Exception]


class BrokenOff(Exception):
    """The answer ended before it was whole."""


class Document(dict[str, Any]):
    """A JSON object of an answer; if a needed member is missing, it does not come from this version."""

    def __init__(self, members: Mapping[str, Any], strange: Strange) -> None:
        super().__init__(members)
        self._strange = strange

    def __missing__(self, name: str) -> Any:
        raise self._strange(f"its answer has no {name!r}")


@dataclass(frozen=True, slots=True)
class Received:
    """A whole answer: `body` is parsed JSON, or bytes where the route says so; None where it was empty."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: Any


def receive(connection: socket.socket, deadline: Deadline, route: Call, strange: Strange) -> Received:
    """The answer to a request that was sent. Raises what `strange` makes, BrokenOff, OSError; TimeoutError
    when the time is over."""
    incoming = _Incoming(connection, deadline, strange)
    head = incoming.head()
    status_line = _STATUS_LINE.match(head)
    if status_line is None:
        raise strange(f"it sent {_quoted(head)}")
    status, reason = int(status_line[1]), (status_line[2] or b"").decode("latin-1")
    try:
        fields = http.client.parse_headers(io.BytesIO(head[status_line.end() :]))
    except http.client.HTTPException as fault:
        raise strange(f"it answered {_quoted(head)} and {fault}") from None
    server = fields.get("Server", "")
    if not server.startswith("flexmaild/"):
        raise strange(f"it answered {_quoted(head)}" + (f" as {server[:_LONGEST_QUOTE]}" if server else ""))
    length = fields.get("Content-Length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 20 and int(length) <= _LARGEST_BODY):
        declared = f"a body of {length[:_LONGEST_QUOTE]} bytes" if length else "a body of no declared length"
        raise strange(f"it answered with {declared}")
    raw = incoming.body(int(length))
    if status >= 400 and not raw:  # turned away before the request was read
        body = None
    else:
        expected = route.media_type if status < 400 else PROBLEM
        body = _body(fields.get_content_type(), expected, raw, strange)
    errors = body.get("errors", []) if status >= 400 and body else []
    if not isinstance(errors, list) or not all(isinstance(fault, dict) for fault in errors):
        raise strange("the errors it names are no JSON objects")
    return Received(status, reason, dict(fields.items()), body)


def _body(kind: str, expected: str, raw: bytes, strange: Strange) -> Any:
    if kind != expected:
        raise strange(f"it answered with {kind} in place of {expected}")
    if not kind.endswith("json"):
        return raw
    try:
        body = json.loads(raw, object_hook=lambda members: Document(members, strange))
    except (ValueError, RecursionError):
        raise strange(f"its answer is not JSON: {_quoted(raw)}") from None
    if not isinstance(body, dict):
        raise strange(f"its answer is not a JSON object: {_quoted(raw)}")
    return body


class _Incoming:
    """What comes in, a piece at a time; `_rest` came and is not taken yet."""

    def __init__(self, connection: socket.socket, deadline: Deadline, strange: Strange) -> None:
        self._strange = strange
        self._connection = connection
        self._deadline = deadline
        self._rest = b""

    def _more(self) -> bytes:
        self._deadline.arm(self._connection)
        return self._connection.recv(PIECE)

    def head(self) -> bytes:
        """Status line and fields with the empty line behind them; of what cannot be one, what came of it."""
        came = b""
        while (end := came.find(_END)) < 0:
            if not came.startswith(_PROTOCOL[: len(came)]):
                return came
            if len(came) > LARGEST_HEAD:
                raise self._strange(
                    f"it answered {_quoted(came)} and a head of more than {LARGEST_HEAD} bytes"
                )
            piece = self._more()
            if not piece:
                raise BrokenOff("it sent nothing" if not came else f"it sent {_quoted(came)} and no more")
            came += piece
        self._rest = came[end + len(_END) :]
        return came[: end + len(_END)]

    def body(self, length: int) -> bytes:
        found = bytearray(self._rest[:length])
        while len(found) < length:
            piece = self._more()
            if not piece:
                raise BrokenOff(f"{len(found)} of {length} bytes came")
            found += piece[: length - len(found)]
        return bytes(found)


def _quoted(raw: bytes) -> str:
    """The beginning of its first line, quoted."""
    line = raw.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
    text = line[:_LONGEST_QUOTE].decode("utf-8", "backslashreplace")
    return f'"{text}…"' if len(line) > _LONGEST_QUOTE else f'"{text}"'
