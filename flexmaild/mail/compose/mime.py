"""A mail as bytes (RFC 5322, CRLF only), from headers and parts that may hold any string at all.

Called by `compose.write`. Field names come from our code, never from data; every value leaves here as
printable ASCII (RFC 2047 where needed), except addresses with a UTF-8 local part (RFC 6532). Own
code because `email.policy` folds long In-Reply-To fields into encoded-words (cpython#100991) and
takes 1.5 ms a mail; tests read everything back with `email`. Never looks at what a mail means.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flexmaild.core.addresses import MAX_WRITTEN, normal_domain
from flexmaild.core.errors import NotAllowed

# RFC 5322 section 2.1.1: a line should have at most 78 characters and must have at most 998.
_LINE = 78
# RFC 2047 section 2: an encoded-word has at most 75 characters; 12 of them are "=?utf-8?b?" and "?=".
_WORD_BYTES = 45
# One emoji takes twelve characters of header (RFC 2231): 60 of them stay on one line of 998.
_MAX_FILENAME, _MAX_UTF8_FILENAME = 200, 60

# Each reader would decode plain text with this in it, line breaks and all.
_ENCODED = "=?"

_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*\Z")
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*\Z")

# C0 and C1 controls but tab and newline, surrogates (not encodable), line separators, byte order mark,
# and the bidirectional controls with which text can be made to read backwards (CVE-2021-42574).
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

# The line above a signature (RFC 3676 section 4.3), give or take what typing aids and transports make of it.
_DELIMITER = re.compile(r"^([^\S\n]*)(?:--|[\u2013-\u2015])[^\S\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment with its bytes."""

    filename: str
    content_type: str
    data: bytes


def tidy(text: str) -> str:
    """The text with newlines as LF and without the characters no mail should carry."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def without_delimiters(text: str) -> str:
    """The text with no line below which programs see a signature, which they leave out of answers.

    A blank goes between the dashes: what is put around them, some programs trim.
    """
    return _DELIMITER.sub(r"\1- -", text)


def one_line(text: str, limit: int = 200) -> str:
    """The text as a header or a title can hold it: one line, single spaces, at most `limit` characters."""
    line = " ".join(tidy(text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def address(spec: str, name: str = "") -> str:
    """A mailbox for From, To or Reply-To; the name is quoted or encoded. NotAllowed if `spec` is none."""
    spec = addr_spec(spec)
    name = one_line(name, 100)
    if not name:
        return spec
    if _ENCODED in name:
        return f"{encoded_words(name)} <{spec}>"
    if _ATOM.match(name):
        return f"{name} <{spec}>"
    if name.isascii():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{spec}>'
    return f"{encoded_words(name)} <{spec}>"


def addresses(specs: Iterable[str]) -> str:
    """Several mailboxes for To or Cc, one on each line. NotAllowed if one of them is none."""
    return ",\r\n ".join(addr_spec(spec) for spec in dict.fromkeys(specs))


def addr_spec(spec: str) -> str:
    """local@domain with the domain as A-labels (RFC 5890); NotAllowed if it is not of that form."""
    local, _, domain = spec.rpartition("@")
    if len(spec) > MAX_WRITTEN or not _LOCAL.match(local):
        raise NotAllowed("to.address", f"{one_line(spec)!r} is not an address of the form name@domain")
    try:
        return f"{local}@{normal_domain(domain)}"
    except ValueError as fault:
        raise NotAllowed("to.address", str(fault)) from None


def unstructured(text: str) -> str:
    """A Subject or a comment, folded; encoded (RFC 2047) when a plain form would be misread."""
    text = one_line(text, 250)
    if not text.isascii() or _ENCODED in text or any(len(word) > _LINE - 20 for word in text.split(" ")):
        return encoded_words(text)
    return _folded(text.split(" "))


def encoded_words(text: str) -> str:
    """The text as RFC 2047 encoded-words, cut between characters, one to a line."""
    words, chunk = [], b""
    for char in text:
        piece = char.encode("utf-8")
        if len(chunk) + len(piece) > _WORD_BYTES:
            words.append(chunk)
            chunk = b""
        chunk += piece
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def build(headers: Sequence[tuple[str, str]], text: str, html: str, files: Sequence[File] = ()) -> bytes:
    """The whole mail: headers as made by the functions above (empty ones are left out), then the parts.

    The same arguments give the same bytes, boundaries included.
    """
    head = "".join(f"{name}: {value}\r\n" for name, value in headers if value)
    body = _leaf("text/plain; charset=utf-8", text)
    if html:
        body = _multipart("alternative", [body, _leaf("text/html; charset=utf-8", html)])
    if files:
        body = _multipart("mixed", [body, *(_attached(file) for file in files)])
    return head.encode("utf-8") + b"MIME-Version: 1.0\r\n" + body


def _folded(words: Sequence[str]) -> str:
    lines, line = [], ""
    for word in words:
        if line and len(line) + 1 + len(word) > _LINE - 20:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


def _leaf(content_type: str, text: str) -> bytes:
    data = tidy(text).strip("\n").replace("\n", "\r\n").encode("utf-8") + b"\r\n"
    lines = data.split(b"\r\n")
    if data.isascii() and max(map(len, lines)) <= _LINE and not any(n.startswith(b"From ") for n in lines):
        return f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: 7bit\r\n\r\n".encode() + data
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + _quoted_printable(data)


def _quoted_printable(data: bytes) -> bytes:
    """The data as quoted-printable, with the F of each "From " encoded: a soft line break may come before any
    (RFC 2049 section 3).

    A control character, of which `tidy` leaves none, holds its place, so that the encoder counts it.
    """
    return binascii.b2a_qp(data.replace(b"From ", b"\x01rom ")).replace(b"=01", b"=46")


def _attached(file: File) -> bytes:
    kind = file.content_type.lower()
    if not _CONTENT_TYPE.match(kind) or kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"  # RFC 2046: those may not be base64
    head = (
        f"Content-Type: {kind}\r\nContent-Disposition: attachment;\r\n {_filename(file.filename)}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(file.data).replace(b"\n", b"\r\n")


def _filename(name: str) -> str:
    """The parameter by RFC 6266: plain, or percent-encoded (RFC 2231); never a path."""
    name = one_line(name.replace("/", "_").replace("\\", "_"), 1000).strip(". ") or "attachment"
    limit = _MAX_FILENAME if name.isascii() else _MAX_UTF8_FILENAME
    if len(name) > limit:
        stem, dot, suffix = name.rpartition(".")
        suffix = (dot + suffix)[:12] if stem else ""
        name = name[: limit - len(suffix)] + suffix
    if name.isascii() and _ENCODED not in name:
        return 'filename="{}"'.format(name.replace('"', "'"))
    return f"filename*=utf-8''{quote(name, safe='')}"


def _multipart(subtype: str, parts: Sequence[bytes]) -> bytes:
    # "=_" cannot occur in quoted-printable or base64 text (RFC 2045 section 6.7), and the digest of the
    # parts not in the parts themselves.
    boundary = "=_" + hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    mark = f"--{boundary}\r\n".encode()
    # The line break before a boundary belongs to it (RFC 2046 section 5.1.1); each part ends with its own.
    body = b"\r\n".join(mark + part for part in parts)
    return head + body + f"\r\n--{boundary}--\r\n".encode()
