"""Bytes to a bounded, parsed mail: header, the tree of parts, and every reading of its text.

Called by `understand.reply`. Written by hand because the standard parser neither says what was ambiguous nor
stays within bounds: `policy.default` takes 2.5 GB for one header, `compat32` overflows the stack at 3,000
levels and loses "base64 x" silently (tests compare the two on every well-formed mail). Splitting is by
`bytes.find`, depth and count are capped, and whatever two programs could read in two ways is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flexmaild.core.model import MailNature
from flexmaild.mail.parse.charset import decode_known, transferred
from flexmaild.mail.parse.header import Header, parameters, parse_header
from flexmaild.mail.parse.limits import Limits

# Kinds of text that some program shows to its reader. All but the first are read as HTML, also those that
# only look like it: what one of them says more than the others is doubt.
_SHOWN = frozenset(
    f"text/{kind}" for kind in ("plain", "html", "x-amp-html", "watch-html", "enriched", "richtext")
)


class TooMuch(Exception):
    """A mail beyond a limit: `nature` says whether by size or by structure, the text says which."""

    def __init__(self, nature: MailNature, text: str) -> None:
        super().__init__(text)
        self.nature = nature


@dataclass(frozen=True, slots=True)
class Part:
    """One MIME entity. `parts` is filled for multiparts, `body` (still encoded) for all others."""

    header: Header
    kind: str
    params: dict[str, str]
    body: bytes
    parts: tuple[Part, ...]
    faults: tuple[str, ...]
    is_root: bool = False

    @property
    def is_attachment(self) -> bool:
        """Whether a mail client would show it as a file and not as text."""
        disposition = self.header.first(b"content-disposition").lower()
        named = "name" in self.params and not self.is_root
        return disposition.startswith(b"attachment") or b"filename" in disposition or named


@dataclass(frozen=True, slots=True)
class Text:
    """One way to read the mail: its segments in order, each ("plain" | "flowed" | "delsp" | "html", text).

    is_cut: a segment was longer than the limit, and what is beyond it is missing here.
    """

    segments: tuple[tuple[str, str], ...]
    faults: tuple[str, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    header: Header
    root: Part
    texts: tuple[Text, ...]

    def walk(self) -> Iterator[Part]:
        return _walk(self.root)


def read(data: bytes, limits: Limits, partial: bool = False) -> Mail:
    """The mail in these bytes. partial: parts may be cut off. Raises TooMuch and nothing else."""
    if len(data) > limits.mail:
        raise TooMuch(MailNature.OVERSIZE, f"larger than {limits.mail} bytes")
    head, body = split_header(data)
    if len(head) > limits.header:
        raise TooMuch(MailNature.OVERSIZE, f"a header larger than {limits.header} bytes")
    header = parse_header(head)
    if len(header.order) > limits.fields:
        raise TooMuch(MailNature.UNPARSABLE, f"more than {limits.fields} header fields")
    if not header.order:
        raise TooMuch(MailNature.UNPARSABLE, "no header")
    root = _Reader(limits, partial).part(header, body, 0, "text/plain")
    return Mail(header, root, _readings(root, limits))


def split_header(data: bytes) -> tuple[bytes, bytes]:
    """The header block and the body, at the first empty line whatever the line ends are."""
    if data[:1] == b"\n":
        return b"", data[1:]
    if data[:2] == b"\r\n":
        return b"", data[2:]
    lf = data.find(b"\n\n")
    crlf = data.find(b"\n\r\n", 0, lf + 2 if lf >= 0 else len(data))
    if crlf >= 0:
        return data[:crlf], data[crlf + 3 :]
    return (data[:lf], data[lf + 2 :]) if lf >= 0 else (data, b"")


class _Reader:
    """Takes a mail apart, counting parts; one object per mail."""

    def __init__(self, limits: Limits, partial: bool) -> None:
        self.limits = limits
        self.partial = partial
        self.count = 0

    def part(self, header: Header, body: bytes, depth: int, default: str) -> Part:
        self.count += 1
        if self.count > self.limits.parts:
            raise TooMuch(MailNature.UNPARSABLE, f"more than {self.limits.parts} MIME parts")
        if depth > self.limits.depth:
            raise TooMuch(MailNature.UNPARSABLE, f"MIME parts nested deeper than {self.limits.depth}")
        kind, params, faults = parameters(header.first(b"content-type"), self.limits)
        if not kind:
            kind = default
        elif kind.count("/") != 1 or not kind.isascii() or any(c.isspace() for c in kind):
            faults = (*faults, "a malformed Content-Type")
            kind = "text/plain"
        leaf = Part(header, kind, params, body, (), (*header.faults, *faults), depth == 0)
        if not kind.startswith("multipart/"):
            return leaf
        return self._multipart(leaf, depth)

    def _multipart(self, leaf: Part, depth: int) -> Part:
        encoding = leaf.header.first(b"content-transfer-encoding").strip().lower()
        faults = [] if encoding in (b"", b"7bit", b"8bit", b"binary") else ["an encoded multipart"]
        boundary = leaf.params.get("boundary", "")
        if not boundary or len(boundary) > self.limits.boundary:
            return replace(leaf, faults=(*leaf.faults, "a multipart without a usable boundary"))
        bodies, closed = _split_body(leaf.body, boundary.encode("utf-8"), self.limits.parts)
        if not bodies:
            faults.append("a multipart in which its boundary never occurs")
        elif not closed and not self.partial:
            faults.append("a multipart that does not end")
        default = "message/rfc822" if leaf.kind == "multipart/digest" else "text/plain"
        parts = []
        for body in bodies:
            head, rest = split_header(body)
            if len(head) > self.limits.header:
                raise TooMuch(MailNature.OVERSIZE, "a part with a header beyond the limit")
            parts.append(self.part(parse_header(head), rest, depth + 1, default))
        return replace(leaf, body=b"", parts=tuple(parts), faults=(*leaf.faults, *faults))


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


def _walk(part: Part) -> Iterator[Part]:
    yield part
    for child in part.parts:
        yield from _walk(child)


def is_shown(part: Part) -> bool:
    """Whether its text is read as the person's words and not left alone as a file."""
    return part.kind in _SHOWN and not part.is_attachment


def _readings(part: Part, limits: Limits) -> tuple[Text, ...]:
    """Every way a mail client could show this part: one per alternative."""
    if part.parts:
        return _multipart_readings(part, limits)
    if not is_shown(part):
        # A multipart that could not be taken apart shows nothing, but taints what it stands in.
        return (Text((), part.faults),) if part.kind.startswith("multipart/") else ()
    encoding = part.header.first(b"content-transfer-encoding").decode("latin-1")
    # Three times the limit: one character of quoted-printable takes three bytes.
    data, encoding_fault = transferred(part.body[: 3 * limits.text], encoding)
    is_cut = len(data) > limits.text or len(part.body) > 3 * limits.text
    text, charset_fault = decode_known(data[: limits.text], part.params.get("charset", "us-ascii"))
    if charset_fault and len(data) > limits.text:
        charset_fault = ""  # the cut fell inside a character
    faults = [*part.faults, *filter(None, (encoding_fault, charset_fault))]
    text = text.replace("\r\n", "\n")
    if "\r" in text:
        faults.append("a bare CR in the text")
        text = text.replace("\r", "\n")
    return (Text(((_style(part), text),), tuple(faults), is_cut),)


def _style(part: Part) -> str:
    if part.kind != "text/plain":
        return "html"
    if part.params.get("format", "").lower() != "flowed":
        return "plain"
    return "delsp" if part.params.get("delsp", "").lower() == "yes" else "flowed"


def _multipart_readings(part: Part, limits: Limits) -> tuple[Text, ...]:
    shown = part.parts[:1] if part.kind == "multipart/signed" else part.parts
    children = [readings for child in shown if (readings := _readings(child, limits))]
    if part.kind == "multipart/alternative":
        texts = [text for readings in children for text in readings]
    else:
        # One after the other; where a child has alternatives, each goes with its fellows of the same rank.
        rank = max((len(readings) for readings in children), default=0)
        texts = [_joined([r[min(i, len(r) - 1)] for r in children]) for i in range(rank)]
    if not part.faults:
        return tuple(texts)
    return tuple(replace(t, faults=(*part.faults, *t.faults)) for t in texts) or (Text((), part.faults),)


def _joined(texts: list[Text]) -> Text:
    if len(texts) == 1:
        return texts[0]
    return Text(
        tuple(segment for text in texts for segment in text.segments),
        tuple(fault for text in texts for fault in text.faults),
        any(text.is_cut for text in texts),
    )
