"""The other ways to read a body whose signature leaves open how it is read. For `reply`.

Where Content-Type or Content-Transfer-Encoding is outside `h=` (Google's and opendkim's lists), anyone who
has a signed mail can change them: "Approve <only staging>" is a condition as text and none as HTML. So the
body must say the same in each way in which its author may have meant it. Mostly the body shows what it is: no
person types base64, or a part's header as the first line. Where it shows, there is no second way; else an
honest mail, whose source is no answer, would not count. MIME-Version plays no part: nothing here asks for it.
Pure.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from flexmaild.core.model import Answer
from flexmaild.mail.parse.header import Header
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import Mail, TooMuch, read_as
from flexmaild.mail.parse.smime import KINDS as SMIME_KINDS
from flexmaild.mail.parse.transfer import encoding_name, is_identity, transferred
from flexmaild.mail.understand.identification import references
from flexmaild.mail.understand.lines import fold_case
from flexmaild.mail.understand.verdict import Decision

_TYPE, _ENCODING = b"content-type", b"content-transfer-encoding"

# Elements without which no program writes a page.
_ELEMENTS = (
    r"!doctype|html|head|body|meta|title|style|div|p|br|span|table|tr|td|font|blockquote|pre|center|h[1-6]"
    r"|b|i|u|strong|em|a|img|ul|ol|li|o:p"
)
_TAG = re.compile(rf"<(?:{_ELEMENTS})(?=[\s/>])".encode(), re.IGNORECASE)
_MARKUP = re.compile(rf"</?(?:{_ELEMENTS})(?=[\s/>])|&#?\w{{2,31}};", re.IGNORECASE)
# A delimiter (RFC 2046 section 5.1.1) with a part's header at once below it.
_FIRST_PART = re.compile(
    rb"(?:\A|\n)--([^\s][^\r\n]{0,199}?)[ \t]*\r?\n(?=content-|mime-version)", re.IGNORECASE
)
# What stands above the first part is a remark on MIME, or nothing.
_LONGEST_REMARK = 500
_CODE = re.compile(rb"[A-Za-z0-9+/]+={0,2}!?")
_ESCAPED = re.compile(rb"=(?:[0-9A-F]{2}|[ \t]*\r?\n|[ \t]*\Z)")
# What has to be escaped, or is as a precaution; "?id=47" in a link is no escaped "G".
_NEEDED = re.compile(rb"=(?:3D|[89A-F][0-9A-F]|2[1-9A-F]|3[A-F]|40|5[B-F]|60|7[B-F]|(?:20|09)?[ \t]*\r?\n)")
# A line that goes on in the next one (RFC 3676), cut within a language without blanks.
_CUT_WORD = re.compile(rb"[\x80-\xff] \r?\n")
# How the 8-bit texts of the languages that we know are written, where it is not as UTF-8.
_CHARSETS = ("cp1252", "iso-8859-2", "cp1250", "cp1254", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr")
_ISO_2022 = re.compile(rb"\x1b[$(]")
# What is unclear about an answer that there is, and not whether there is one.
_DOUBTS = ("both_words", "negated", "question", "condition")
_WIDE_MARK = "？"
_NOT_NAMED = re.compile(rb"[^A-Za-z0-9._:-]")


@dataclass(frozen=True, slots=True)
class OtherReading:
    """Another way to read a mail; None for one that cannot be read. is_guess: one at a character set, and so
    mostly wrong; it counts only where it shows an opposite answer, or words that doubt."""

    mail: Mail | None
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    kind: bytes
    encoding: bytes
    is_guess: bool = False


def other_readings(
    mail: Mail, body: bytes, covered: Collection[bytes], typed: Iterable[str], limits: Limits, partial: bool
) -> Iterator[OtherReading]:
    """The readings that show another text than this one. covered: the fields that are signed; typed: the
    lines that its author typed, in this reading."""
    is_type_open = _TYPE not in covered
    if not is_type_open and _ENCODING in covered:
        return
    given = mail.header.first(_ENCODING)
    shown = {mail.texts}
    for encoding in _encodings(mail, body, given) if _ENCODING not in covered else [given]:
        content = transferred(body, encoding.decode("latin-1")).readings[0]
        ways = [] if encoding == given else [_Way(mail.header.first(_TYPE), encoding)]
        if is_type_open:
            ways += _types(mail, body, content, encoding, typed)
        for way in ways:
            other = _read(mail.header, body, way, limits, partial)
            if other.mail is None or other.mail.texts not in shown:
                yield other
            if other.mail is not None:
                shown.add(other.mail.texts)


def reads_differently(
    others: Iterable[OtherReading], mail: Mail, answer: Answer, read: Callable[[Mail], Decision]
) -> bool:
    """Whether one of these ways to read this mail, which gives this answer, says something else."""
    original = _content(mail)
    known = set(references.in_text([original]))
    for other in others:
        if other.mail is None:
            return True
        decision, other_text = read(other.mail), _content(other.mail)
        if decision.answer is not answer and not (
            other.is_guess and _is_guessed_wrong(decision, original, other_text)
        ):
            return True
        if any(references.is_whole(text) and text not in known for text in references.in_text([other_text])):
            return True
    return False


def _content(mail: Mail) -> str:
    return "\n".join(text for one in mail.texts for _, text in one.segments)


def _is_guessed_wrong(decision: Decision, original: str, other_text: str) -> bool:
    """Whether what keeps this guess from being the same answer is nothing that a person wrote: no doubt, or
    a sign among letters that are none, or a word that stands in the mail as it came, too."""
    if decision.answer is not None:
        return False
    is_word = any(map(str.isalpha, decision.word)) and fold_case(decision.word) not in fold_case(original)
    is_question = _WIDE_MARK in other_text and _WIDE_MARK not in original
    return decision.unclear not in _DOUBTS or not (is_word or is_question)


def _read(header: Header, body: bytes, way: _Way, limits: Limits, partial: bool) -> OtherReading:
    fields = {**header.fields, _TYPE: [way.kind], _ENCODING: [way.encoding]}
    try:
        return OtherReading(read_as(replace(header, fields=fields), body, limits, partial), way.is_guess)
    except TooMuch:
        return OtherReading(None)


def _encodings(mail: Mail, body: bytes, given: bytes) -> Iterator[bytes]:
    """The transfer encodings in which the body may have been sent, the given one first."""
    yield given
    name = encoding_name(given.decode("latin-1"))
    if mail.root.parts and mail.root.kind.startswith("multipart/"):
        return
    if is_identity(given.decode("latin-1")):
        if _is_quoted_printable(body) and _NEEDED.search(body):
            yield b"quoted-printable"
    elif not (_is_base64(body) if "64" in name else _is_quoted_printable(body)):
        yield b"8bit"


def _is_base64(body: bytes) -> bool:
    """Whether it is base64 and nothing else, as careless programs write it too: words have blanks between."""
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    return bool(lines) and all(map(_CODE.fullmatch, lines))


def _is_quoted_printable(body: bytes) -> bool:
    """Whether each "=" in it is that of an escape, and there is one."""
    return 0 < body.count(b"=") == len(_ESCAPED.findall(body))


def _types(mail: Mail, body: bytes, content: bytes, encoding: bytes, typed: Iterable[str]) -> Iterator[_Way]:
    """The content types with which the body may have been sent besides. content: the body, decoded."""
    kind, params = mail.root.kind, mail.root.params
    charset = _NOT_NAMED.sub(b"", params.get("charset", "").encode())
    boundary = _own_boundary(body)
    is_page = kind in ("text/enriched", "text/richtext") or "html" in kind
    if kind.startswith("multipart/"):
        if boundary != params.get("boundary", "").encode():
            yield _Way(_plain(charset), encoding)
        elif kind == "multipart/digest":  # in which a part without a header is a mail and no text
            yield _Way(_mixed(boundary), encoding)
        return
    if kind in SMIME_KINDS:
        if not _is_base64(body):
            yield _Way(_plain(charset), encoding)
        return
    if boundary:
        yield _Way(_mixed(boundary), b"7bit")
    if is_page and not _begins_as_page(content):
        yield _Way(_plain(charset), encoding)
    elif not is_page and any(map(_MARKUP.search, typed)):
        yield _Way(b"text/html; charset=" + (charset or b"utf-8"), encoding)
    flow = {name: params.get(name, "").lower() for name in ("format", "delsp")}
    for name, is_guess in _charsets(content):
        other = b"text/html; charset=" + name.encode() if is_page else _plain(name.encode(), **flow)
        yield _Way(other, encoding, is_guess)
    if kind == "text/plain" and flow["delsp"] == "yes":
        yield _Way(_plain(charset, "flowed"), encoding)
    elif kind == "text/plain" and _CUT_WORD.search(content):
        yield _Way(_plain(charset, "flowed", "yes"), encoding)


def _plain(charset: bytes, format: str = "", delsp: str = "") -> bytes:
    flow = b"; format=flowed" if format == "flowed" else b""
    return (
        b"text/plain; charset=" + (charset or b"utf-8") + flow + (b"; delsp=yes" if delsp == "yes" else b"")
    )


def _mixed(boundary: bytes) -> bytes:
    return b'multipart/mixed; boundary="%s"' % boundary.replace(b'"', b"")


def _own_boundary(body: bytes) -> bytes:
    """The boundary of a body that is a multipart by itself, from its first line on; else nothing."""
    found = _FIRST_PART.search(body[: _LONGEST_REMARK + 300])
    if found is None:
        return b""
    remark = body[: found.start()].strip()
    is_remark = not remark or (len(remark) <= _LONGEST_REMARK and b"mime" in remark.lower())
    return found[1] if is_remark else b""


def _begins_as_page(content: bytes) -> bool:
    """Whether its first line has a page's tag: below it may be what the answer quotes, which others wrote."""
    first = content.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
    return _TAG.search(first) is not None


def _charsets(content: bytes) -> Iterator[tuple[str, bool]]:
    """The character sets that these bytes may be in, and whether that is a guess."""
    if _ISO_2022.search(content):
        yield "iso-2022-kr" if content.find(b"\x1b$)C") >= 0 else "iso-2022-jp", False
        return
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        yield from ((name, True) for name in _CHARSETS)
    else:
        yield "utf-8", False
