"""What is kept of a mail's header, so that it can be looked at under other settings later: where its results
fields stand, and whose Received stand around them.

Other fields keep their name, since it matters that something stands between, and lose what they say. What is
too much is left away from the bottom: there the oldest hops are, and what a sender brought along. Pure.
"""

from flexmaild.mail.parse.header import Header, parse_header

# Bytes of all, of a name, and of a value: longer Received fields say nothing to `received.hop` anyway.
MOST, _NAME, _VALUE = 16_384, 40, 4_097
_WHOLE = (b"received", b"authentication-results")


def kept(header: Header) -> str:
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
    """The header again, without what was left away."""
    return parse_header(text.encode("latin-1", "replace"))
