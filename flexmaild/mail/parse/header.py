"""The header of a mail or of a part: fields as bytes, unfolded, with everything odd about them noted.

For `parse.message` and, for returned headers, by `bounce`. A mail with a fault decides nothing. What could
make two programs see another From, another text or another decoding of it is a fault; what can do neither (a
second Subject, a malformed field of a scanner, a parameter twice the same) is none.
One pass over the lines; no regular expression touches them.
"""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from flexmaild.mail.parse.charset import decode_known
from flexmaild.mail.parse.limits import Limits

# RFC 5322 section 3.6: at most one of each. Two of them are read as the first by some programs and as
# the last by others (DKIM signs the last), which is how a forged From passes a filter. A second one of other
# fields says nothing about who wrote what; those of MIME are compared where they are read.
_SINGLE = (b"from", b"sender")
# A blank before the colon is read over by some programs, and by others the field; here that would matter.
_EXACT = frozenset((*_SINGLE, b"content-type", b"content-transfer-encoding", b"content-disposition"))
# One of these below a line that is no field shows that the header went on, and that it was not the text's
# first line, of a mail whose empty line was lost.
_USUAL = frozenset(
    b"from to cc subject date message-id mime-version content-type content-transfer-encoding received "
    b"in-reply-to references reply-to return-path sender dkim-signature authentication-results".split()
)
_NAME = frozenset(range(33, 127)) - {ord(":")}


@dataclass(frozen=True, slots=True)
class Header:
    """Fields by lower-case name in order of appearance, as they were but for the line breaks.

    order: every field's name, from the top. faults: sentences about what is ambiguous. misspelled: names
    that have a blank before their colon somewhere, and for some programs are others or none.
    """

    fields: Mapping[bytes, list[bytes]]
    order: tuple[bytes, ...]
    faults: tuple[str, ...]
    misspelled: frozenset[bytes] = frozenset()

    def has(self, name: bytes) -> bool:
        return name in self.fields

    def all(self, name: bytes) -> list[bytes]:
        return self.fields.get(name, [])

    def first(self, name: bytes) -> bytes:
        """The topmost field of that name, empty where there is none."""
        values = self.fields.get(name)
        return values[0] if values else b""


def parse_header(block: bytes) -> Header:
    """The header in these bytes, line ends as they came. Linear; never raises."""
    faults: list[str] = []
    if b"\r" in block:
        block = block.removesuffix(b"\r").replace(b"\r\n", b"\n")
        if b"\r" in block:
            faults.append("a bare CR in the header")
    if b"\0" in block:
        faults.append("a NUL in the header")
    fields, odd_faults, misspelled = _fields(block)
    return _collected(fields, [*faults, *odd_faults], misspelled)


def _fields(block: bytes) -> tuple[list[tuple[bytes, list[bytes]]], list[str], frozenset[bytes]]:
    """The name and lines of each field, the faults, and the misspelled names. A line that is no field is left
    out with its continuation lines."""
    faults: list[str] = []
    misspelled: set[bytes] = set()
    pieces: list[tuple[bytes, list[bytes]]] = []
    is_odd = is_unsure = False
    for line in block.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if line.strip() and not is_odd:
                if pieces:
                    pieces[-1][1].append(line)
                else:
                    faults.append("the header begins with a continuation line")
            continue
        name, colon, value = line.partition(b":")
        key = name.strip().lower()
        if key != name.lower():
            misspelled.add(key)
            if key in _EXACT:
                faults.append("a header field whose name is malformed")
        is_odd = not colon or not (key.replace(b"-", b"").isalnum() or (key and _NAME.issuperset(key)))
        if not is_odd:
            is_unsure = is_unsure and key not in _USUAL
            pieces.append((key, [value]))
        elif pieces or not line.startswith((b"From ", b">From ")):  # RFC 4155: the line that divides an mbox
            is_unsure = is_unsure or bool(line.strip() and not line.startswith((b"X-", b"x-")))
            if key.split()[:1] == [b"from"]:
                faults.append("a From line that is no field")
    if is_unsure:
        faults.append("a line that is no field at the end of the header")
    return pieces, faults, frozenset(misspelled)


def _collected(
    pieces: list[tuple[bytes, list[bytes]]], faults: list[str], misspelled: frozenset[bytes]
) -> Header:
    fields: dict[bytes, list[bytes]] = {}
    for key, lines in pieces:
        value = lines[0] if len(lines) == 1 else b"".join(lines)
        fields.setdefault(key, []).append(value.strip())
    for name in _SINGLE:
        if len(fields.get(name, ())) > 1:
            faults.append(f"more than one {name.decode()} field")
    return Header(fields, tuple(key for key, _ in pieces), tuple(faults), misspelled)


def raw_text(value: bytes) -> tuple[str, bool]:
    """The field's text, encoded-words as they are, and whether its bytes were ASCII or UTF-8 (RFC 6532)."""
    try:
        return value.decode("utf-8"), True
    except UnicodeDecodeError:
        return value.decode("latin-1"), False


def clean(text: str) -> str:
    """One line without control, format and surrogate characters: what may be logged, stored or mailed."""
    if text.isascii() and text.isprintable():
        return text
    kept = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(kept.split())


def decoded(value: bytes, limits: Limits) -> str:
    """What a person sees in a field such as Subject: encoded-words decoded (RFC 2047), cut, one line.

    More encoded-words than the limit stay as they are: CPython's decoder takes 7 s and 2.5 GB for 20,000.
    """
    text, _ = raw_text(value[: limits.field])
    if "=?" in text and text.count("=?") <= limits.encoded_words:
        text = _decode_words(text)
    return clean(text)


def _decode_words(text: str) -> str:
    """Every `=?charset?B|Q?…?=` decoded; blanks between two of them go (RFC 2047 section 6.2)."""
    out: list[str] = []
    at, after_word = 0, False
    while (start := text.find("=?", at)) >= 0:
        word, end = _encoded_word(text, start)
        if word is None:
            out.append(text[at : start + 2])
            at, after_word = start + 2, False
            continue
        between = text[at:start]
        if not (after_word and between.isspace()):
            out.append(between)
        out.append(word)
        at, after_word = end, True
    out.append(text[at:])
    return "".join(out)


def _encoded_word(text: str, start: int) -> tuple[str | None, int]:
    # RFC 2047 section 2 allows 75 characters; real senders write longer ones, hence the wider window.
    piece = text[start + 2 : start + 1000].split("?", 2)
    if len(piece) < 3 or piece[1].upper() not in ("B", "Q"):
        return None, start
    stop = piece[2].find("?=")
    if stop < 0 or " " in piece[0]:
        return None, start
    data = piece[2][:stop].encode("ascii", "replace")
    end = start + 2 + len(piece[0]) + len(piece[1]) + 2 + stop + 2
    try:
        if piece[1].upper() == "B":
            raw = binascii.a2b_base64(data + b"=" * (-len(data) % 4))
        else:
            raw = binascii.a2b_qp(data, header=True)
    except binascii.Error:
        return None, start
    return decode_known(raw, piece[0].partition("*")[0]).text, end


# What of a Content-Type decides how a part is taken apart and read.
_READING = ("boundary", "charset", "format", "delsp")


def content_type(header: Header, default: str, limits: Limits) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """A part's type, its parameters and its faults: those that could show another text to another program."""
    kind, params, faults = parameters(header.first(b"content-type"), limits)
    main, *rest = kind.replace(",", " ").split() or [default]
    if rest:  # "text/plain, charset=utf-8": a comma or a blank where a semicolon belongs
        _, more, _ = parameters(b";" + b";".join(piece.encode() for piece in rest), limits)
        params = more | params
    for value in header.all(b"content-type")[1:]:
        other, others, _ = parameters(value, limits)
        if other != kind or any(not _is_same(n, others.get(n, ""), params.get(n, "")) for n in _READING):
            faults = (*faults, "two Content-Type fields that differ")
    if main in ("text", "plain"):
        main = "text/plain"
    elif main.count("/") != 1 or not main.isascii():
        return "text/plain", params, (*faults, "a malformed Content-Type")
    return main, params, faults


def parameters(value: bytes, limits: Limits) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """A Content-Type or Content-Disposition: its main word in lower case, its parameters, its faults.

    RFC 2045 section 5.1, with quoted strings; of two equal names the first is returned. Only what may change
    boundary, character set or format is a fault; a file's name may be as malformed as it likes.
    """
    text, known = raw_text(value[: limits.field])
    faults: list[str] = []
    pieces = _split_quoted(text)
    found: dict[str, str] = {}
    if len(pieces) > limits.parameters:
        faults.append("too many parameters of a content field")
    for piece in pieces[1 : limits.parameters]:
        name, equals, content = piece.partition("=")
        name, content = name.strip().lower(), content.strip()
        plain_name = name.partition("*")[0]
        if not equals:
            if plain_name.startswith("boundary"):
                faults.append("a content field with a malformed parameter")
            continue
        if content.startswith('"'):
            content, faulty = _unquoted(content)
            hidden = piece.partition("=")[2].lower()
            if faulty and (plain_name == "boundary" or any(f"{n}=" in hidden for n in _READING)):
                faults.append("a content field with a malformed quoted string")
        if plain_name in _READING and (
            "*" in name
            or (name in found and not _is_same(name, found[name], content))
            or not (known or content.isascii())
        ):
            faults.append(f"the parameter {clean(name)[:40]} twice, in parts, or in raw 8-bit characters")
        found.setdefault(name, content)
    return pieces[0].strip().lower(), found, tuple(faults)


def _is_same(name: str, one: str, other: str) -> bool:
    """Whether these two values of a parameter mean the same; only boundaries differ by case."""
    if name == "boundary":
        return one == other
    return [c for c in one.lower() if c.isalnum()] == [c for c in other.lower() if c.isalnum()]


def _split_quoted(text: str) -> list[str]:
    """The pieces between semicolons that stand outside quoted strings."""
    if '"' not in text:
        return text.split(";")
    pieces, current, quoted = [], [], False
    for chunk in text.split(";"):
        current.append(chunk)
        marks = chunk.count('"') - chunk.count('\\"')
        quoted ^= marks % 2 == 1
        if not quoted:
            pieces.append(";".join(current))
            current = []
    return [*pieces, ";".join(current)] if current else pieces


def _unquoted(text: str) -> tuple[str, bool]:
    """The content of a quoted string, and whether its end is missing or something follows it."""
    if "\\" not in text:
        content, end, rest = text[1:].partition('"')
        return content, bool(rest.strip()) or not end
    out: list[str] = []
    at = 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\":
            at += 1
        out.append(text[at : at + 1])
        at += 1
    return "".join(out), bool(text[at + 1 :].strip()) or at >= len(text)
