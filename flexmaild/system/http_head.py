"""The head of an HTTP/1 request, line by line as RFC 9112 has it, before anything makes sense of it.

Used by both of our servers ahead of `http.server`, which takes a field that is none for the end of the head
(and what follows for a body, or the next request), and a head that was cut for a whole one.
"""

from __future__ import annotations

import re
from typing import BinaryIO
from urllib.parse import urlsplit

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST = re.compile(_TOKEN + rb" +([!-~\x80-\xff]+) +HTTP/[1-9]\.[0-9]\r?\n")
_FIELD = re.compile(_TOKEN + rb":[\t -~\x80-\xff]*\r?\n")
ENDS = (b"\r\n", b"\n")
# A longer line is refused by `http.server`, with the status for that.
LONGEST = 65536


class Malformed(ValueError):
    """It is not HTTP; str() says where and never what."""


def fields_of(request_line: bytes, rest: BinaryIO) -> bytes:
    """The lines that follow the request line, the empty one at the end included. Raises Malformed."""
    found = _REQUEST.fullmatch(request_line)
    if found is None:
        raise Malformed("The request line is not HTTP/1.1.")
    try:
        urlsplit(found[1].decode("latin-1"))
    except ValueError:
        raise Malformed("The target in the request line is not readable.") from None
    lines: list[bytes] = []
    while not lines or lines[-1] not in ENDS:
        line = rest.readline(LONGEST + 1)
        if not line:
            raise Malformed("The request ended within its head.")
        if line not in ENDS and len(line) <= LONGEST and not _FIELD.fullmatch(line):
            raise Malformed(f"Line {len(lines) + 2} of the head is not a field (name: value).")
        lines.append(line)
        if len(line) > LONGEST:
            break
    return b"".join(lines)
