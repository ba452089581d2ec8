"""Bytes to text: the character sets of mail, by all the names that programs give them.

Called by `parse.texts` and `parse.header`. Names and supersets are those of the WHATWG Encoding standard and
IANA's aliases, as far as Python has them. Python's codec registry holds many things that are no character set
of mail (punycode, unicode_escape) or deceive (utf-7): what is not listed is never decoded by it. Where all
bytes are ASCII the name means nothing. A byte that cannot be read is U+FFFD, which only counts where a person
typed it; only in a set with shifts, where it would change what follows, is it a fault. Never raises.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flexmaild.mail.parse.shown import words

REPLACEMENT = "\ufffd"

# Python's codec, and the names for it without punctuation; "x" and "cs" in front need no entry.
# Sets that browsers and mail programs read as a superset are under that (WHATWG Encoding 4.2).
_NAMES: Mapping[str, str] = {
    "utf-8": "utf8 unicode11utf8 unicode20utf8 utf8mb4 utf8mb3 utf8bom utf8sig cp65001 65001",
    "cp1252": "latin1 isolatin1 l1 isoir100 ibm819 cp819 819 westerneuropean ansi",
    "cp1254": "latin5 isolatin5 l5 isoir148",
    "iso8859_2": "latin2 isolatin2 l2 isoir101",
    "iso8859_3": "latin3 isolatin3 l3 isoir109",
    "iso8859_4": "latin4 isolatin4 l4 isoir110",
    "iso8859_5": "cyrillic isolatincyrillic isoir144",
    "iso8859_6": "arabic isolatinarabic isoir127 asmo708 ecma114 iso88596e iso88596i",
    "iso8859_7": "greek greek8 isolatingreek isoir126 elot928 ecma118 suneugreek",
    "iso8859_8": "hebrew isolatinhebrew isoir138 iso88598e iso88598i logical visual",
    "iso8859_10": "latin6 isolatin6 l6 isoir157",
    "iso8859_13": "latin7 l7 isoir179 isobaltic",
    "iso8859_14": "latin8 l8 isoceltic isoir199",
    "iso8859_15": "latin9 isolatin9 l9 latin0 isoir203",
    "iso8859_16": "latin10 l10 isoir226",
    "cp874": "tis620 tis62025291 iso885911 isoir166 dos874 thai",
    "koi8_r": "koi8r koi8 koi cp20866 20866",
    "koi8_u": "koi8u koi8ru cp21866 21866",
    "cp866": "ibm866 866 dos866",
    "mac_roman": "macintosh mac macroman",
    "mac_cyrillic": "maccyrillic macukrainian",
    "mac_latin2": "macce maccentraleurope maccentraleurroman maclatin2",
    "mac_greek": "macgreek",
    "mac_turkish": "macturkish",
    "mac_iceland": "maciceland",
    "kz1048": "kz1048 rk1048 strk10482002",
    "gb18030": "gb18030 gbk gb2312 gb231280 gb23121980 iso58gb231280 isoir58 chinese euccn cngb ms936 cp936",
    "big5hkscs": "big5 big5hkscs cnbig5 big5eten cp950 ms950 xbig5",
    "cp932": "shiftjis sjis mskanji ms932 windows31j cp932 cp943",
    "euc_jp": "eucjp eucpkdfmtjapanese eucjpms eucjpwin ujis cp51932",
    "cp949": "euckr ksc56011987 ksc56011989 ksc5601 isoir149 korean ms949 uhc cp51949 kscp949",
    "johab": "johab cp1361 ms1361",
    "iso2022_jp": "iso2022jp iso2022jp1 iso2022jp2 iso2022jpms cp50220 cp50221 cp50222 jis",
    "iso2022_kr": "iso2022kr",
    "hz": "hz hzgb2312 hzgb",
    "utf-16": "utf16 utf16le utf16be unicode ucs2 iso10646ucs2 unicodefeff unicodefffe",
}
# What says nothing about bytes beyond ASCII: they are UTF-8 (RFC 6532 systems do not say so), else Windows'.
_SILENT = frozenset(
    words(
        "ascii usascii ansix341968 ansix341986 iso646us isoir6 iso646irv1991 us ibm367 cp367 default none "
        "unknown unknown8bit 8bit 7bit binary autodetect autodetectall userdefined text plain"
    )
)
_IN_NAMES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# In these a byte changes what later ones mean (RFC 1468, RFC 1557, RFC 1843).
_SHIFTING = ("iso2022_jp", "iso2022_kr", "hz")


def _by_name() -> Mapping[str, str]:
    known = {name: codec for codec, names in _NAMES.items() for name in names.split()}
    for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16):
        known[f"iso8859{n}"] = known[f"8859{n}"] = f"iso8859_{n}"
    known |= {"iso88591": "cp1252", "88591": "cp1252", "iso88599": "cp1254", "88599": "cp1254"}
    for name in [n for n in known if n.startswith("iso8859")]:  # ISO_8859-1:1987
        known |= {f"{name}{year}": known[name] for year in range(1985, 2004)}
    for n in (874, 932, 936, 949, 950, *range(1250, 1259)):
        codec = known.get(f"cp{n}", f"cp{n}")
        known |= {f"{way}{n}": codec for way in ("windows", "cp", "win", "ms", "microsoftcp")}
    for n in (437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869, 1125):
        known |= {f"{way}{n}": f"cp{n}" for way in ("cp", "ibm", "dos", "ccsid", "")}
    return known


_CODECS = _by_name()
# How Python hands over a byte it cannot read. A Windows set shows its undefined bytes as nothing (WHATWG).
_UNREAD = {0xDC00 + byte: REPLACEMENT for byte in range(0x80, 0x100)}
_UNREAD_WINDOWS = _UNREAD | {0xDC00 + byte: chr(byte) for byte in range(0x80, 0xA0)}


@dataclass(frozen=True, slots=True)
class Decoded:
    """other: a second way to read it, empty where there is none. is_damaged: U+FFFD stands for lost bytes."""

    text: str
    fault: str = ""
    is_damaged: bool = False
    other: str = ""


def decode_known(data: bytes, name: str) -> Decoded:
    """The text of these bytes in the named character set."""
    key = "".join(filter(_IN_NAMES.__contains__, name.lower()))
    codec = _CODECS.get(key) or _CODECS.get(key.removeprefix("x").removeprefix("cs"))
    if codec in _SHIFTING:
        return _shifting(data, codec)
    if "utf7" in key:  # "+AD8-" is "?" in it and text for everybody else
        return Decoded(data.decode("latin-1"), "a character set that is not known")
    if data.isascii() and b"\0" not in data:
        return Decoded(data.decode("ascii"))
    if data.startswith(b"\xef\xbb\xbf"):  # WHATWG Encoding section 6: it says more than the name
        return _first_that_fits(data[3:], "utf-8")
    if codec == "utf-16" or (data[:2] in _UTF_16_MARKS and b"\0" in data):
        return _utf_16(data, key)
    if codec is None:
        return _unnamed(data, is_silent=key in _SILENT or key.removeprefix("x") in _SILENT or not key)
    found = _first_that_fits(data, codec)
    if codec != "utf-8" and not found.is_damaged and len(found.text) == len(data):
        # One byte, one character: any bytes fit such a set. If they are UTF-8 as well, the name may be wrong.
        return Decoded(found.text, other=_as_utf_8(data))
    return found


def _as_utf_8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _unnamed(data: bytes, *, is_silent: bool) -> Decoded:
    text = _as_utf_8(data)
    if text and b"\0" not in data:
        return Decoded(text)
    if is_silent:
        return _first_that_fits(data, "cp1252")
    if any(byte in data for byte in b"\0\x1b\x0e\x0f"):
        return Decoded(data.decode("latin-1"), "a character set that is not known")
    return Decoded(data.decode("ascii", "replace"), is_damaged=True)


def _first_that_fits(data: bytes, codec: str) -> Decoded:
    """The text by this codec, else by its superset, else with unreadable bytes replaced."""
    for relative in (codec, "cp950") if codec == "big5hkscs" else (codec,):
        try:
            return Decoded(data.decode(relative))
        except UnicodeDecodeError:
            continue
    if codec == "euc_jp":
        return _marked(_PAIRS.sub(_pair_of_euc, data).decode("cp932", "surrogateescape"), _UNREAD)
    windows = codec == "cp874" or codec.startswith("cp125")
    return _marked(data.decode(codec, "surrogateescape"), _UNREAD_WINDOWS if windows else _UNREAD)


def _marked(text: str, unread: Mapping[int, str]) -> Decoded:
    text = text.translate(unread)
    return Decoded(text, is_damaged=REPLACEMENT in text)


def _utf_16(data: bytes, key: str) -> Decoded:
    """The text by its byte order mark, else as named, else by the place of the zero bytes of ASCII."""
    is_big = key.endswith(("be", "fffe"))
    if not is_big and not key.endswith(("le", "feff")):
        is_big = data[::2].count(0) > data[1::2].count(0)
    order = "utf-16-be" if is_big else "utf-16-le"
    if data[:2] in _UTF_16_MARKS:
        order = "utf-16"
    return _marked(data.decode(order, "replace"), {})


# --- Japanese: what Windows programs send under the old names (NEC's row 13: ㈱ ① ℡, and half-width kana)

_PAIRS = re.compile(rb"[\xa1-\xfe]{2}|\x8e[\xa1-\xdf]")
_ESCAPE = re.compile(rb"\x1b(\([BJI]|\$[@B])")


def _pair_of_euc(match: re.Match[bytes]) -> bytes:
    """EUC-JP's two bytes as Shift_JIS."""
    pair = match[0]
    return pair[1:] if pair[0] == 0x8E else _shift_jis(pair[0] & 0x7F, pair[1] & 0x7F)


def _shift_jis(row: int, cell: int) -> bytes:
    """JIS X 0208's row and cell (0x21 to 0x7E) as Shift_JIS; also for the rows of Windows' own signs."""
    lead = (row - 0x21) // 2 + 0x81
    lead += 0x40 if lead > 0x9F else 0
    if row % 2 == 0:
        return bytes((lead, cell + 0x7E))
    return bytes((lead, cell + (0x20 if cell >= 0x60 else 0x1F)))


def _shifting(data: bytes, codec: str) -> Decoded:
    """The text in a set with shifts; strict, since one bad byte could change the meaning of all that
    follow."""
    if codec == "iso2022_jp" and not _ends_lines_in_ascii(data):
        return Decoded(data.decode("latin-1"), "a line that does not end in ASCII")
    for relative in ("iso2022_jp_2", "iso2022_jp_ext") if codec == "iso2022_jp" else (codec,):
        try:
            return Decoded(data.decode(relative))
        except UnicodeDecodeError:
            continue
    text = _windows_jis(data) if codec == "iso2022_jp" else None
    if text is None:
        return Decoded(data.decode("latin-1"), "bytes that are not in the character set they claim")
    return Decoded(text)


def _ends_lines_in_ascii(data: bytes) -> bool:
    """RFC 1468: each line ends in ASCII (or JIS-Roman). One that does not swallows the next one."""
    if b"\x1b$" not in data and b"\x1b(I" not in data:
        return True
    lines = data.rstrip().split(b"\n")[:-1]
    last = (line[at + 1 : at + 3] for line in lines if (at := line.rfind(b"\x1b")) >= 0)
    return all(escape in (b"(B", b"(J") or escape[:1] in (b".", b"N") for escape in last)


def _windows_jis(data: bytes) -> str | None:
    """ISO-2022-JP with the signs of Microsoft's cp50220, by way of Shift_JIS; None where it is neither."""
    out: list[bytes] = []
    state, at = b"(B", 0
    for escape in [*_ESCAPE.finditer(data), None]:
        stop = escape.start() if escape else len(data)
        piece = data[at:stop]
        if b"\x1b" in piece or not piece.isascii():
            return None
        if state[:1] == b"$":
            if len(piece) % 2 or not all(0x21 <= byte <= 0x7E for byte in piece):
                return None
            out += [_shift_jis(a, b) for a, b in zip(piece[::2], piece[1::2], strict=True)]
        else:
            out.append(bytes(byte | 0x80 for byte in piece) if state == b"(I" else piece)
        if escape:
            state, at = escape[1], escape.end()
    try:
        return b"".join(out).decode("cp932")
    except UnicodeDecodeError:
        return None
