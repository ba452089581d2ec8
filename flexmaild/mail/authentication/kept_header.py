"""The part of a mail's header that is stored, so that it can be judged under other settings later: where its
results fields stand, and whose Received fields stand around them.

Other fields keep their name, since it matters that something stands between, and lose their value. Too long a
header is cut at the bottom, where the oldest hops are and what the sender wrote. Apart, since the daemon
writes and reads it without authenticating anything. Pure.
"""

from flexmaild.mail.parse.header import Header, parse_header

# Bytes of all, of a name, and of a value: longer Received fields say nothing to `received.hop` anyway.
MOST, _NAME, _VALUE = 16_384, 40, 4_097
_WHOLE = (b"received", b"authentication-results")


def stored_header(header: Header) -> str:
    """The header as one text, a character for each byte."""
    counts: dict[bytes, int] = {}
    lines: list[bytes] = []
    room = MOST
    for name in header.order:
        number = counts.get(name, 0)
        counts[name] = number + 1
        value = header.all(name)[number][:_VALUE] if name in _WHOLE else b""
        line = name[:_NAME] + b": " + value.replace(b"\r", b" ").replace(b"\n", b" ")
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    return b"\n".join(lines).decode("latin-1")


def header_of(text: str) -> Header:
    """The stored header, parsed again."""
    return parse_header(text.encode("latin-1", "replace"))
