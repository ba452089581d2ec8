"""Undoes transfer encodings (RFC 2045 section 6), also if misnamed or malformed.

Called by `parse.texts`, `parse.message` and `understand.identification.bounce`. Where programs would show
different bytes, every way to read them is handed out and the answer has to be the same in all of them; where
not even that can be said, there is a fault. Linear; never raises.
"""

import binascii
import re
from dataclasses import dataclass

_HEX = {
    bytes((a, b)): bytes.fromhex(chr(a) + chr(b))
    for a in b"0123456789abcdefABCDEF"
    for b in b"0123456789abcdefABCDEF"
}
_IDENTITY = ("", "7bit", "8bit", "binary")
# Encodings there are, but not in mail as MIME has it: what they hold is not undone.
_OTHER = re.compile(r"uu|yenc|binhex|zip|deflate|compress|quoted|base(?!64)")
# RFC 2045 section 6.7 (3): blanks behind the "=" of a soft line break were added on the way.
_LONE_EQUALS = re.compile(rb"=(?![0-9A-Fa-f]{2})")
_SOFT_BREAK = re.compile(rb"=[ \t]*\r*\n")
_LOOKS_QUOTED = re.compile(rb"=(?:[0-9A-F]{2}|[ \t]*\r?\n)")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES = {code: value for value, code in enumerate(_ALPHABET)}
_NOT_ALPHABET = bytes(range(256)).translate(None, _ALPHABET)
# A line this long without a blank, and nearly all of it letters of base64, is a damaged one and no footer.
_LONG_CODE, _SHARE_OF_CODE = 20, 0.9
# More padded blocks than this are no footer.
_MOST_BLOCKS = 4
# What is shorter may be words.
_SHORTEST_BASE64 = 20


@dataclass(frozen=True, slots=True)
class Transferred:
    """Every way to read the bytes, the likeliest first, and a fault, if any."""

    readings: tuple[bytes, ...]
    fault: str = ""


def encoding_name(value: str) -> str:
    """The encoding as it is compared: no case, quotes, punctuation, comment or parameter."""
    word = value.lower().partition(";")[0].partition("(")[0]
    if (plain := word.strip().replace("-", "")).isalnum() and plain.isascii():
        return plain
    return "".join(c for c in word if c.isascii() and c.isalnum())


def is_identity(value: str) -> bool:
    """Whether the bytes are as they are, for everybody."""
    return encoding_name(value) in _IDENTITY


def transferred(body: bytes, encoding: str) -> Transferred:
    """The bytes as they were before the transfer encoding."""
    exact, name = encoding.strip().lower(), encoding_name(encoding)
    if name in _IDENTITY:
        return Transferred((body,))
    if name in ("quotedprintable", "qp"):
        plain = _unquoted(body)
        # Not every program knows an odd spelling: to the others it is no encoding.
        readings = (plain,) if exact == "quoted-printable" or plain == body else (plain, body)
        return Transferred(readings, "cut quoted-printable" if re.search(rb"=[0-9A-Fa-f]\Z", body) else "")
    if "base64" in name or name == "b64":
        found = _from_base64(body)
        is_odd = exact != "base64" and (found.fault or len(found.readings) > 1)
        return Transferred(found.readings, "malformed base64") if is_odd else found
    if _OTHER.search(name):
        return Transferred((body,), "a transfer encoding that is not known")
    return _unknown(body)


def _unknown(body: bytes) -> Transferred:
    """An invented name ("none", "utf-8"): the bytes as they are, unless they look encoded all the same."""
    packed = body.translate(None, b"\r\n")
    if len(packed) >= _SHORTEST_BASE64 and not packed.translate(None, _ALPHABET + b"="):
        return Transferred((body,), "a transfer encoding that is not known")
    if _LOOKS_QUOTED.search(body):
        return Transferred((body, _unquoted(body)))
    return Transferred((body,))


def _unquoted(body: bytes) -> bytes:
    """Quoted-printable undone; a "=" that begins nothing stays (RFC 2045 6.7, notes).

    `binascii.a2b_qp` loses the rest of a line behind such a "=" and CR, and one of two "=".
    """
    body = _SOFT_BREAK.sub(b"", body.removesuffix(b"="))
    if not _LONE_EQUALS.search(body):
        return binascii.a2b_qp(body)
    first, *pieces = body.split(b"=")
    return first + b"".join(
        _HEX[piece[:2]] + piece[2:] if piece[:2] in _HEX else b"=" + piece for piece in pieces
    )


# --- base64


def _from_base64(body: bytes) -> Transferred:
    try:
        return Transferred((binascii.a2b_base64(body.translate(None, b"\r\n \t"), strict_mode=True),))
    except binascii.Error:
        pass
    blocks, rest = _blocks(body)
    found = [_block(block, is_last=i == len(blocks) - 1 and not rest) for i, block in enumerate(blocks)]
    whole = [block for block in found if block is not None]
    if not found or len(whole) != len(found) or _has_code(rest):
        return Transferred((_salvaged(body),), "malformed base64")
    # RFC 2045 section 6.8: some programs stop at the first padding; and some show what follows as text.
    readings = [b"".join(whole), whole[0]]
    if rest:
        readings.append(b"".join(whole) + b"\n\n" + rest)
    return Transferred(tuple(dict.fromkeys(readings)))


def _blocks(body: bytes) -> tuple[list[bytes], bytes]:
    """The lines of base64 up to each padding, and what begins with the first line that is none."""
    blocks: list[list[bytes]] = [[]]
    at = 0
    for line in body.splitlines(keepends=True):
        # RFC 2045 section 6.8 has other characters ignored; a "!" ends a line that a server broke.
        code = line.strip().removesuffix(b"!")
        if code.rstrip(b"=").translate(None, _ALPHABET) or len(blocks) > _MOST_BLOCKS:
            return [b"".join(block) for block in blocks if block], body[at:]
        if code:
            blocks[-1].append(code)
        if code.endswith(b"="):
            blocks.append([])
        at += len(line)
    return [b"".join(block) for block in blocks if block], b""


def _block(code: bytes, *, is_last: bool) -> bytes | None:
    """One block's bytes. Only the last may lack its padding, and only where no bit of a cut byte is left."""
    bare = code.rstrip(b"=")
    missing = -len(bare) % 4
    if missing == 3 or (missing and not is_last and len(code) % 4):
        return None
    if missing and _VALUES[bare[-1]] & (0b1111 if missing == 2 else 0b11):
        return None
    return binascii.a2b_base64(bare + b"=" * missing)


def _has_code(rest: bytes) -> bool:
    """Whether damaged base64 stands where a footer should. One begins with a rule or with several words."""
    first = True
    for line in rest.splitlines():
        code = line.strip()
        if not code or b" " in code or b"://" in code:
            first = first and not code
            continue
        others = len(code.translate(None, _ALPHABET))
        if first and others < len(code):
            return True
        if len(code) >= _LONG_CODE and others <= (1 - _SHARE_OF_CODE) * len(code):
            return True
        first = False
    return False


def _salvaged(body: bytes) -> bytes:
    """What can be decoded, to look for references: nothing of it may decide."""
    packed = body.translate(None, _NOT_ALPHABET)
    packed = packed[: len(packed) - 1 if len(packed) % 4 == 1 else len(packed)]
    return binascii.a2b_base64(packed + b"=" * (-len(packed) % 4))
