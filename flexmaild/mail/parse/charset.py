"""From the bytes of a part to its text: transfer encodings and character sets, the known ones only.

Called by `parse.message` and `parse.header`. Python's codec registry holds many things that are no character
set of mail (utf-7, punycode, unicode_escape), so there is a list; anything else is read as
latin-1 and reported as a fault. Never raises.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping


def _charsets() -> Mapping[str, str]:
    """The name as mails write it (lower case, "_" as "-") to Python's codec of it or of its superset.

    Supersets where every client uses them: gb2312 and gbk as gb18030, shift_jis as cp932, euc-kr as cp949
    (WHATWG Encoding).
    """
    known = {
        "utf-8": "utf-8",
        "utf8": "utf-8",
        "us-ascii": "ascii",
        "ascii": "ascii",
        "ansi-x3.4-1968": "ascii",
        "latin1": "iso-8859-1",
        "gb18030": "gb18030",
        "gbk": "gb18030",
        "gb2312": "gb18030",
        "cp936": "gb18030",
        "big5": "big5hkscs",
        "big5-hkscs": "big5hkscs",
        "shift-jis": "cp932",
        "shift_jis": "cp932",
        "sjis": "cp932",
        "cp932": "cp932",
        "windows-31j": "cp932",
        "iso-2022-jp": "iso2022_jp",
        "iso-2022-jp-2": "iso2022_jp_2",
        "euc-jp": "euc_jp",
        "euc-kr": "cp949",
        "ks-c-5601-1987": "cp949",
        "koi8-r": "koi8_r",
        "koi8-u": "koi8_u",
    }
    for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16):
        known[f"iso-8859-{n}"] = known[f"iso8859-{n}"] = f"iso8859_{n}"
    for n in range(1250, 1259):
        known[f"windows-{n}"] = known[f"cp{n}"] = f"cp{n}"
    return known


_CHARSETS = _charsets()
_HEX = frozenset(bytes((a, b)) for a in b"0123456789abcdefABCDEF" for b in b"0123456789abcdefABCDEF")
_BASE64 = bytes(range(256)).translate(
    None, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
)


def decode_known(data: bytes, name: str) -> tuple[str, str]:
    """The text in the named character set and a fault, empty when all was well."""
    codec = _CHARSETS.get(name.strip().strip("\"'").lower().replace("_", "-"))
    if codec is None:
        return data.decode("latin-1"), "a character set that is not known"
    try:
        return data.decode(codec), ""
    except UnicodeDecodeError:
        pass
    if codec == "ascii":
        # RFC 6532 systems send UTF-8 without saying so; bytes that are valid UTF-8 are nothing else.
        try:
            return data.decode("utf-8"), ""
        except UnicodeDecodeError:
            return data.decode("latin-1"), "8-bit characters without a character set"
    return data.decode(codec, "replace"), "bytes that are not in the character set they claim"


def transferred(body: bytes, encoding: str) -> tuple[bytes, str]:
    """The bytes as they were before the transfer encoding (RFC 2045 section 6) and a fault, if any."""
    encoding = encoding.strip().lower()
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body), "" if _is_quoted_printable(body) else "malformed quoted-printable"
    if encoding == "base64":
        return _from_base64(body)
    if encoding in ("", "7bit", "8bit", "binary"):
        return body, ""
    return body, "a transfer encoding that is not known"


def _is_quoted_printable(body: bytes) -> bool:
    """Whether every "=" is followed by two hexadecimal digits or ends its line."""
    return all(
        piece[:2] in _HEX or piece[:1] in (b"\n", b"\r", b"") or piece.lstrip(b" \t")[:1] in (b"\n", b"\r")
        for piece in body.split(b"=")[1:]
    )


def _from_base64(body: bytes) -> tuple[bytes, str]:
    packed = body.translate(None, b"\r\n \t")
    try:
        return binascii.a2b_base64(packed, strict_mode=True), ""
    except binascii.Error:
        pass
    # Lenient only to have something to look for references in: nothing of it may decide.
    packed = packed.translate(None, _BASE64).rstrip(b"=")
    packed = packed[: len(packed) // 4 * 4 + (len(packed) % 4 if len(packed) % 4 > 1 else 0)]
    try:
        return binascii.a2b_base64(packed + b"=" * (-len(packed) % 4)), "malformed base64"
    except binascii.Error:
        return b"", "malformed base64"
