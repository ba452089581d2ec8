"""Whether a mail that was put together from pieces may say less than the one on the server.

Called by `imap_fetch`. The server took the mail apart by its reading of MIME, our parser will by its own; the
two trees are walked side by side. What only one of them calls text, what reached its limit and a mail whose
end is not there are doubt, and a doubtful mail decides nothing, as when it is small and fetched whole. Pure;
the parser keeps within its own bounds of time and memory whatever the bytes are.
"""

from collections.abc import Mapping

from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import Part, TooMuch, read
from flexmaild.transports.imap.structure import HEADER, Node, Section, sections

# Bytes before the end in which the last boundary must stand. Some servers tell a size that is only estimated,
# and lists put lines of their own below the end; behind the size we look as far again.
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
    """The piece with which a mail of this size on the server ends; None where there is no end to look for."""
    return Section("", 2 * _END, max(0, size - _END)) if root.children else None


def has_ended(root: Node, piece: bytes) -> bool:
    """Whether the last boundary is there: a mail that was torn on its way has lost what stood behind. Where
    the piece is not the end, since the server's size was a guess, nothing is known."""
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
