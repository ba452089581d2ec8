"""Whether a mail that was rebuilt from pieces may lack text that the one on the server has.

Called by `fetch`. The server parsed the mail's MIME in its way, our parser does in its own; both trees are
compared. A part that only one of them takes for text, a piece that reached its limit and a missing end are
doubts, and a doubtful mail decides nothing, as when it is small and fetched whole. Pure; the parser has its
own limits of time and memory.
"""

from collections.abc import Mapping

from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import Part, TooMuch, read
from flexmaild.transports.imap.structure import HEADER, Node, Section, sections

# Bytes before the end that must contain the last boundary. Some servers return an estimated size, and lists
# append lines of their own; as many bytes beyond the size are searched as well.
_END = 4 << 10


def is_cut(root: Node, pieces: Mapping[str, bytes], data: bytes) -> bool:
    """Whether text may be missing. `data` is what `rebuild` made of these pieces."""
    full = {section.name for section in sections(root) if len(pieces[section.name]) >= section.longest}
    if any(name == HEADER or name.endswith(".MIME") for name in full):
        return True
    try:
        mail = read(data, Limits(), partial=True)
    except TooMuch:
        return True
    return _says_less(root, mail.root, full)


def ending(root: Node, size: int) -> Section | None:
    """The piece at the end of a mail of this size on the server; None where no end can be checked."""
    return Section("", 2 * _END, max(0, size - _END)) if root.children else None


def has_ended(root: Node, piece: bytes) -> bool:
    """Whether the last boundary is there: a truncated mail has lost what followed. True also where the piece
    is not the end, since the server's size was a guess."""
    return not 0 < len(piece) < 2 * _END or b"--" + root.boundary + b"--" in piece


def _says_less(node: Node, part: Part, full: set[str]) -> bool:
    """full: the sections that reached their limits."""
    if node.is_lost or len(node.children) != len(part.parts):
        return True
    if node.children:
        pairs = zip(node.children, part.parts, strict=True)
        return any(_says_less(child, ours, full) for child, ours in pairs)
    if node.content:
        return node.content.name in full and part.is_text
    return part.is_text or part.kind.startswith("multipart/")
