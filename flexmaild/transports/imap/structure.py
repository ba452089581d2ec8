"""The parts of a large mail that are fetched, and the mail rebuilt from them.

Reads a BODYSTRUCTURE (RFC 9051 section 7.5.2) as IMAPClient parses it. Every part keeps its header, a text
part also its content: the rebuilt mail has all parts, headers and boundaries, with empty attachments. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Limits, not below those of `mail`: bytes of one text part, text parts, parts in all, levels of nesting,
# bytes of the header, of a text's or a returned message's header, and of an attachment's header.
_LONGEST_TEXT = 256 << 10
_MOST_TEXTS, _MOST_PARTS = 16, 100
_DEEPEST = 20
_LONGEST_HEADER = 128 << 10
_LONGEST_RETURNED = 16 << 10
_LONGEST_OF_FILE = 4 << 10

HEADER = "HEADER"
_TEXT = "TEXT"
# Bytes before the first part of a multipart; a remark on MIME is shorter.
_LONGEST_PREAMBLE = 1024


@dataclass(frozen=True, slots=True)
class Section:
    """A piece to fetch: BODY[name], at most `longest` bytes of it (0: all), from `start` on."""

    name: str
    longest: int = 0
    start: int = 0

    def item(self, peek: bool, partial: bool) -> str:
        part = f"<{self.start}.{self.longest}>" if self.longest and partial else ""
        return f"BODY{'.PEEK' if peek else ''}[{self.name}]{part}"


@dataclass(frozen=True, slots=True)
class Node:
    """A part: a multipart with boundary and children, a text with its content's section, or an attachment.

    is_lost: beyond the limits or not understood; not even its header is fetched.
    """

    path: str
    boundary: bytes = b""
    children: tuple[Node, ...] = ()
    content: Section | None = None
    is_lost: bool = False


def prune(structure: Any) -> Node | None:
    """The tree of a mail's parts; None where the structure cannot be used to rebuild the mail."""
    node = _Pruner().node(structure, "", 0, in_report=False)
    return node if not node.is_lost and _is_sound(node) else None


def sections(root: Node) -> tuple[Section, ...]:
    """All pieces needed to rebuild the mail, the header first."""
    return (Section(HEADER, _LONGEST_HEADER), *_below(root))


def beginning(root: Node) -> Section | None:
    """The first bytes below the header of a multipart, which show whether it was sent as one. For servers
    that return parts of a section."""
    return Section(_TEXT, _LONGEST_PREAMBLE) if root.boundary else None


def rebuild(root: Node, pieces: Mapping[str, bytes]) -> bytes | None:
    """The mail of these pieces (by section name); None when one is missing."""
    needed = sections(root)
    if any(section.name not in pieces for section in needed):
        return None
    cut = {section.name: _whole_lines(pieces[section.name], section.longest) for section in needed}
    return _terminated(cut[HEADER]) + _preamble(root, pieces) + _content(root, cut)


def has_text(root: Node) -> bool:
    return root.content is not None or any(has_text(child) for child in root.children)


class _Pruner:
    """Makes nodes of one mail's structure, counting them."""

    def __init__(self) -> None:
        self._parts, self._texts = _MOST_PARTS, _MOST_TEXTS

    def node(self, part: Any, path: str, depth: int, in_report: bool) -> Node:
        self._parts -= 1
        if self._parts < 0 or depth > _DEEPEST or not isinstance(part, tuple) or len(part) < 2:
            return Node(path, is_lost=True)
        if isinstance(part[0], list):
            return self._multipart(part, path, depth)
        content = self._content(part, path, in_report) if self._texts else None
        self._texts -= content is not None
        return Node(path, content=content)

    def _multipart(self, part: tuple[Any, ...], path: str, depth: int) -> Node:
        report = _word(part[1]) == "report"
        boundary = _parameter(part[2] if len(part) > 2 else None, "boundary")
        children: list[Node] = []
        for number, child in enumerate(part[0], 1):
            name = f"{path}.{number}" if path else str(number)
            children.append(self.node(child, name, depth + 1, report))
            if self._parts < 0:
                break
        return Node(path, boundary, tuple(children), is_lost=not children)

    def _content(self, part: tuple[Any, ...], path: str, in_report: bool) -> Section | None:
        """The section to fetch of a text part; None for an attachment."""
        kind, subtype = _word(part[0]), _word(part[1])
        if _is_attached(part, kind, subtype):
            return None
        if kind == "text" or (kind, subtype) == ("message", "delivery-status"):
            return Section(path or _TEXT, _LONGEST_TEXT)
        if in_report and (kind, subtype) == ("message", "rfc822"):
            return Section(f"{path}.HEADER", _LONGEST_RETURNED)
        return None


def _is_attached(part: Sequence[Any], kind: str, subtype: str) -> bool:
    """Whether the sender marked it as an attachment (RFC 9051, body-ext-1part)."""
    at = 9 if kind == "text" else 11 if (kind, subtype) == ("message", "rfc822") else 8
    disposition = part[at] if len(part) > at else None
    return isinstance(disposition, tuple) and bool(disposition) and _word(disposition[0]) == "attachment"


def _is_sound(node: Node) -> bool:
    """Whether the mail can be rebuilt: the server returned the boundary of every multipart."""
    return (not node.children or bool(node.boundary)) and all(map(_is_sound, node.children))


def _below(node: Node) -> Iterator[Section]:
    if node.is_lost:
        return
    if node.path:
        longest = _LONGEST_RETURNED if node.content or node.children else _LONGEST_OF_FILE
        yield Section(f"{node.path}.MIME", longest)
    if node.content:
        yield node.content
    for child in node.children:
        yield from _below(child)


def _preamble(root: Node, pieces: Mapping[str, bytes]) -> bytes:
    first = pieces.get(_TEXT, b"") if root.boundary else b""
    if first.startswith(b"--" + root.boundary):
        return b""
    at = first.find(b"\n--" + root.boundary)
    return first[: (at if at >= 0 else first.rfind(b"\n")) + 1]


def _content(node: Node, pieces: Mapping[str, bytes]) -> bytes:
    if node.content:
        return pieces[node.content.name]
    if not node.boundary:
        return b""
    out = []
    for child in node.children:
        if child.is_lost:
            continue
        out += [
            b"--",
            node.boundary,
            b"\r\n",
            _terminated(pieces[f"{child.path}.MIME"]),
            _content(child, pieces),
            b"\r\n",
        ]
    return b"".join([*out, b"--", node.boundary, b"--\r\n"])


def _terminated(header: bytes) -> bytes:
    """The header with the empty line that ends it, also where it is truncated."""
    if header.endswith(b"\r\n\r\n") or header == b"\r\n":
        return header
    return header + (b"\r\n" if header.endswith(b"\r\n") or not header else b"\r\n\r\n")


def _whole_lines(data: bytes, longest: int) -> bytes:
    """The data without the incomplete last line of a piece that reached its limit."""
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
