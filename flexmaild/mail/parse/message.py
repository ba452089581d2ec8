"""Bytes to a bounded, parsed mail: header, the tree of parts, and every way to read its text.

Called by `understand.reply`. Own code because the standard parser neither says what was ambiguous nor
stays within bounds: `policy.default` takes 2.5 GB for one header, `compat32` overflows the stack at 3,000
levels and loses "base64 x" silently (tests compare the two on every well-formed mail). Splitting is by
`bytes.find`, depth and count are capped. A fault is what could change From, a text's bytes or their decoding
between two programs; what is merely careless is none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flexmaild.core.parsed_reply import MailNature
from flexmaild.mail.parse.header import Header, content_type, parse_header
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.part import Part, Text, walk
from flexmaild.mail.parse.smime import KINDS as SMIME_KINDS
from flexmaild.mail.parse.smime import signed_content
from flexmaild.mail.parse.texts import mark_texts, texts
from flexmaild.mail.parse.transfer import encoding_name, is_identity, transferred

__all__ = ["Mail", "Part", "Text", "TooMuch", "read", "split_header"]

_EMPTY_LINE = re.compile(rb"\n\r?\n")
_MARK = b"\xef\xbb\xbf"


class TooMuch(Exception):
    """A mail beyond a limit: `nature` says whether by size or by structure, the text says which."""

    def __init__(self, nature: MailNature, text: str) -> None:
        super().__init__(text)
        self.nature = nature


@dataclass(frozen=True, slots=True)
class Mail:
    header: Header
    root: Part
    texts: tuple[Text, ...]

    def walk(self) -> Iterator[Part]:
        return walk(self.root)


def read(data: bytes, limits: Limits, partial: bool = False) -> Mail:
    """The mail in these bytes. partial: parts may be cut off. Raises TooMuch and nothing else."""
    if len(data) > limits.mail:
        raise TooMuch(MailNature.OVERSIZE, f"larger than {limits.mail} bytes")
    head, body = split_header(_stripped(data))
    if len(head) > limits.header:
        raise TooMuch(MailNature.OVERSIZE, f"a header larger than {limits.header} bytes")
    header = parse_header(head)
    if len(header.order) > limits.fields:
        raise TooMuch(MailNature.UNPARSABLE, f"more than {limits.fields} header fields")
    if not header.order:
        raise TooMuch(MailNature.UNPARSABLE, "no header")
    return read_as(header, body, limits, partial)


def read_as(header: Header, body: bytes, limits: Limits, partial: bool = False) -> Mail:
    """The same body under this header. Raises TooMuch."""
    root = mark_texts(_Reader(limits).part(header, body, 0, "text/plain", is_end=not partial))
    return Mail(header, root, texts(root, limits))


def body_of(data: bytes) -> bytes:
    """What stands below the header of a mail."""
    return split_header(_stripped(data))[1]


def _stripped(data: bytes) -> bytes:
    """The mail without a byte order mark, and with one CR where a gateway wrote two at each line's end."""
    data = data.removeprefix(_MARK)
    first = data.find(b"\n")
    return data.replace(b"\r\r\n", b"\r\n") if data[max(0, first - 2) : first] == b"\r\r" else data


def split_header(data: bytes) -> tuple[bytes, bytes]:
    """The header block and the body, at the first empty line whatever the line ends are."""
    if data[:1] == b"\n":
        return b"", data[1:]
    if data[:2] == b"\r\n":
        return b"", data[2:]
    empty = _EMPTY_LINE.search(data)
    return (data[: empty.start()], data[empty.end() :]) if empty else (data, b"")


class _Reader:
    """Takes a mail apart, counting parts; one object per mail."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.count = 0

    def part(self, header: Header, body: bytes, depth: int, default: str, *, is_end: bool) -> Part:
        """is_end: nothing of the mail stands behind this part, not even what should end it."""
        self.count += 1
        if self.count > self.limits.parts:
            raise TooMuch(MailNature.UNPARSABLE, f"more than {self.limits.parts} MIME parts")
        if depth > self.limits.depth:
            raise TooMuch(MailNature.UNPARSABLE, f"MIME parts nested deeper than {self.limits.depth}")
        kind, params, faults = content_type(header, default, self.limits)
        faults = (*header.faults, *faults, *_encoding_faults(header))
        leaf = Part(header, kind, params, body, (), faults, depth == 0, is_end and depth > 0)
        if kind.startswith("multipart/"):
            return self._multipart(leaf, depth, is_end=is_end)
        return self._opened(leaf, depth) if _is_smime(leaf) else leaf

    def _opened(self, leaf: Part, depth: int) -> Part:
        """An opaque S/MIME message with what is signed in it as its only part; any other as it was."""
        encoding = leaf.header.first(b"content-transfer-encoding").decode("latin-1")
        content = signed_content(transferred(leaf.body, encoding).readings[0])
        if content is None:
            return leaf
        head, body = split_header(content)
        inside = self.part(self._header(head), body, depth + 1, "text/plain", is_end=False)
        return replace(leaf, body=b"", parts=(inside,))

    def _multipart(self, leaf: Part, depth: int, *, is_end: bool) -> Part:
        faults = []
        if not is_identity(leaf.header.first(b"content-transfer-encoding").decode("latin-1")):
            faults.append("an encoded multipart")
        boundary = leaf.params.get("boundary", "")
        if not boundary or len(boundary) > self.limits.boundary:
            return replace(leaf, faults=(*leaf.faults, "a multipart without a usable boundary"))
        bodies, closed = _split_body(leaf.body, boundary.encode("utf-8"), self.limits.parts)
        if not bodies:
            faults.append("a multipart in which its boundary never occurs")
        default = "message/rfc822" if leaf.kind == "multipart/digest" else "text/plain"
        parts = []
        for i, body in enumerate(bodies):
            head, rest = split_header(body)
            is_last = i == len(bodies) - 1
            parts.append(
                self.part(
                    self._header(head), rest, depth + 1, default, is_end=is_end and is_last and not closed
                )
            )
        return replace(leaf, body=b"", parts=tuple(parts), faults=(*leaf.faults, *faults))

    def _header(self, head: bytes) -> Header:
        if len(head) > self.limits.header:
            raise TooMuch(MailNature.OVERSIZE, "a part with a header beyond the limit")
        return parse_header(head)


def _is_smime(part: Part) -> bool:
    """Whether it is S/MIME by its type, or by its file name where a gateway lost the type."""
    if part.kind in SMIME_KINDS:
        return True
    return part.kind == "application/octet-stream" and "smime.p7m" in part.params.get("name", "").lower()


def _encoding_faults(header: Header) -> tuple[str, ...]:
    """A fault for two transfer encodings that would decode the bytes differently."""
    names = {encoding_name(v.decode("latin-1")) for v in header.all(b"content-transfer-encoding")}
    if len(names) > 1 and not all(map(is_identity, names)):
        return ("two transfer encodings",)
    return ()


def _split_body(body: bytes, boundary: bytes, most: int) -> tuple[list[bytes], bool]:
    """What stands between the boundary lines, and whether the closing one was there (RFC 2046 5.1.1)."""
    mark = b"--" + boundary
    bodies: list[bytes] = []
    at = 0 if body.startswith(mark) else body.find(b"\n" + mark) + 1
    if at == 0 and not body.startswith(mark):
        return [], False
    start = -1
    while True:
        line_end = body.find(b"\n", at)
        line_end = len(body) if line_end < 0 else line_end
        rest = body[at + len(mark) : line_end]
        closing = rest.startswith(b"--")
        if not (rest[2:] if closing else rest).strip():
            if start >= 0:
                stop = at - 2 if body[at - 2 : at] == b"\r\n" else at - 1
                bodies.append(body[start : max(start, stop)])
            if closing:
                return bodies, True
            if len(bodies) > most:
                raise TooMuch(MailNature.UNPARSABLE, f"more than {most} MIME parts")
            start = line_end + 1
        following = body.find(b"\n" + mark, line_end)
        if following < 0:
            if 0 <= start <= len(body):
                bodies.append(body[start:])
            return bodies, False
        at = following + 1
