"""The addresses in a field that holds a list of them (RFC 5322 section 3.4): To, Cc, the Resent fields.

For `understand.identification.addressees` and `understand.identification.mailing_lists`. Names, comments and
the names of groups are read over, and an encoded-word is never looked into (RFC 2047 section 5 allows none in
an address): a name is no address. `understand.identification.sender` says whether an entry is a valid one.
Linear.
"""

import re
from collections.abc import Iterator
from itertools import chain

# One that never ends takes the rest with it: its end would be looked for again at each quote in it.
_QUOTED = r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'
QUOTED = re.compile(_QUOTED, re.DOTALL)
_OUTSIDE_COMMENTS = re.compile(rf'{_QUOTED}|[^("]+', re.DOTALL)
_IN_COMMENT = re.compile(r"\\.|[()]", re.DOTALL)
# A whole address in angle brackets, a domain literal, what divides, or text.
_PIECE = re.compile(rf'{_QUOTED}|<[^<>]*>|\[[^\[\]]*\]|[,;:]|[^",;:<\[]+|.', re.DOTALL)


def entries(text: str) -> Iterator[str]:
    """The address of each entry as spelt, without blanks; "" for an unreadable one. A semicolon divides too:
    it ends a group, and Outlook's users type it."""
    text, is_whole = without_comments(text)
    bare, found, is_broken = "", list[str](), False
    for piece in chain((match[0] for match in _PIECE.finditer(text)), ","):
        if piece == ":":  # what stood before it is a group's name
            bare, found, is_broken = "", [], False
        elif piece in ",;":
            if found or is_broken or bare.strip():
                yield "" if is_broken else _unspaced(found[0] if found else bare)
            bare, found, is_broken = "", [], False
        elif piece[0] == "<":
            is_broken = is_broken or bool(found) or len(piece) == 1
            found.append(piece[1:-1])
        else:
            is_broken = is_broken or bool(found and piece.strip())
            bare += piece
    if not is_whole:
        yield ""


def without_comments(text: str) -> tuple[str, bool]:
    """The text with a blank for each comment, which may be nested; False where one never ends, and with it
    everything behind its beginning is left out."""
    if "(" not in text:
        return text, True
    out: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "(":
            at = _comment_end(text, at)
            if at < 0:
                return "".join(out), False
            out.append(" ")
        elif match := _OUTSIDE_COMMENTS.match(text, at):
            out.append(match[0])
            at = match.end()
    return "".join(out), True


def _comment_end(text: str, start: int) -> int:
    depth = 0
    for mark in _IN_COMMENT.finditer(text, start):
        depth += (mark[0] == "(") - (mark[0] == ")")
        if depth == 0:
            return mark.end()
    return -1


def _unspaced(address: str) -> str:
    """The address without the blanks that may stand around its "@"."""
    return "@".join(half.strip() for half in address.split("@"))
