"""Which parts of a large mail are worth fetching, and the mail put together from them.

Called by `imap_fetch`. Reads a BODYSTRUCTURE (RFC 9051 section 7.5.2) as IMAPClient parses it and prunes
everything that is not text. The pruned mail keeps the header and the boundaries it had, so that whoever
reads it sees the mail as it was written, without its attachments. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What a reader considers at most (the mail room's own limits are not larger): bytes of one text part, text
# parts, levels of nesting, bytes of the header and of a returned message's header in a bounce.
LONGEST_TEXT = 256 << 10
_MOST_TEXTS = 16
_DEEPEST = 20
_LONGEST_HEADER = 128 << 10
_LONGEST_RETURNED = 16 << 10

HEADER = "HEADER"


@dataclass(frozen=True, slots=True)
class Section:
    """A piece to fetch: `name` as in BODY[name], at most `longest` bytes of it (0: all)."""

    name: str
    longest: int = 0

    def item(self, peek: bool, partial: bool) -> str:
        part = f"<0.{self.longest}>" if self.longest and partial else ""
        return f"BODY{'.PEEK' if peek else ''}[{self.name}]{part}"


@dataclass(frozen=True, slots=True)
class Node:
    """A part that is kept: a multipart with boundary and children, or a leaf with its content's section."""

    path: str
    boundary: bytes = b""
    children: tuple[Node, ...] = ()
    content: Section | None = None


def prune(structure: Any) -> Node | None:
    """The tree of a mail's text parts; None where the structure cannot be used to rebuild the mail."""
    budget = [_MOST_TEXTS]
    node = _kept(structure, "", 0, in_report=False, budget=budget)
    return node if node is not None and _is_sound(node) else None


def sections(root: Node) -> tuple[Section, ...]:
    """All pieces needed to rebuild the mail, the header first."""
    return (Section(HEADER, _LONGEST_HEADER), *_below(root))


def rebuild(root: Node, pieces: Mapping[str, bytes]) -> bytes | None:
    """The mail of these pieces (by section name); None when the server left one out."""
    needed = sections(root)
    if any(section.name not in pieces for section in needed):
        return None
    cut = {section.name: _uncut(pieces[section.name], section.longest) for section in needed}
    return _closed(cut[HEADER]) + _content(root, cut)


def has_text(root: Node) -> bool:
    return root.content is not None or any(has_text(child) for child in root.children)


def _kept(part: Any, path: str, depth: int, in_report: bool, budget: list[int]) -> Node | None:
    if depth > _DEEPEST or not isinstance(part, tuple) or not part:
        return None
    if isinstance(part[0], list):
        return _multipart(part, path, depth, budget)
    kind, subtype = _word(part[0]), _word(part[1])
    name = path or "1"
    if budget[0] <= 0 or _is_attached(part, kind, subtype):
        return Node(path) if not path else None
    if kind == "text" or (kind, subtype) == ("message", "delivery-status"):
        budget[0] -= 1
        return Node(path, content=Section(name if path else "TEXT", LONGEST_TEXT))
    if in_report and (kind, subtype) == ("message", "rfc822"):
        budget[0] -= 1
        return Node(path, content=Section(f"{name}.HEADER", _LONGEST_RETURNED))
    return Node(path) if not path else None


def _multipart(part: tuple[Any, ...], path: str, depth: int, budget: list[int]) -> Node | None:
    report = _word(part[1]) == "report" if len(part) > 1 else False
    boundary = _parameter(part[2] if len(part) > 2 else None, "boundary")
    children = []
    for number, child in enumerate(part[0], 1):
        name = f"{path}.{number}" if path else str(number)
        node = _kept(child, name, depth + 1, report, budget)
        if node is not None and (node.content or node.children):
            children.append(node)
    return Node(path, boundary, tuple(children))


def _is_attached(part: Sequence[Any], kind: str, subtype: str) -> bool:
    """Whether the sender marked it as a file (RFC 9051, body-ext-1part: the place depends on the kind)."""
    at = 9 if kind == "text" else 11 if (kind, subtype) == ("message", "rfc822") else 8
    disposition = part[at] if len(part) > at else None
    return isinstance(disposition, tuple) and bool(disposition) and _word(disposition[0]) == "attachment"


def _is_sound(node: Node) -> bool:
    """A multipart whose boundary the server does not tell cannot be put together again."""
    return (not node.children or bool(node.boundary)) and all(map(_is_sound, node.children))


def _below(node: Node) -> Iterator[Section]:
    if node.path and (node.content or node.children):
        yield Section(f"{node.path}.MIME", _LONGEST_RETURNED)
    if node.content:
        yield node.content
    for child in node.children:
        yield from _below(child)


def _content(node: Node, pieces: Mapping[str, bytes]) -> bytes:
    if node.content:
        return pieces[node.content.name]
    if not node.boundary:
        return b""
    out = []
    for child in node.children:
        out += [
            b"--",
            node.boundary,
            b"\r\n",
            _closed(pieces[f"{child.path}.MIME"]),
            _content(child, pieces),
            b"\r\n",
        ]
    return b"".join([*out, b"--", node.boundary, b"--\r\n"])


def _closed(header: bytes) -> bytes:
    """The header with the empty line that ends it, also where it was cut."""
    if header.endswith(b"\r\n\r\n") or header == b"\r\n":
        return header
    return header + (b"\r\n" if header.endswith(b"\r\n") or not header else b"\r\n\r\n")


def _uncut(data: bytes, longest: int) -> bytes:
    """Without the torn last line of a piece that reached its limit."""
    if not longest or len(data) < longest:
        return data
    end = data.rfind(b"\r\n")
    return data[: end + 2] if end >= 0 else data


def _word(value: Any) -> str:
    return value.decode("ascii", "replace").lower() if isinstance(value, bytes) else ""


def _parameter(pairs: Any, name: str) -> bytes:
    if not isinstance(pairs, tuple):
        return b""
    for key, value in zip(pairs[::2], pairs[1::2], strict=False):
        if _word(key) == name:
            return str(value).encode() if isinstance(value, int) else bytes(value or b"")
    return b""
