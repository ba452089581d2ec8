"""Character sets by every name that mails give them, and nothing that is none."""

import encodings.aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.mail.parse.charset import REPLACEMENT, decode_known
from tests.unit.mail.mails import MARKER, REFERENCE, mail, read, said

# Names of the WHATWG Encoding standard, of IANA and of programs, with a text and its bytes.
NAMED = [
    ("windows-1252 cp1252 x-cp1252 latin1 l1 iso-8859-1 ISO_8859-1:1987 iso88591", "é", b"\xe9"),
    ("csISOLatin1 latin-1 IBM819 iso-ir-100 iso8859_1", "é", b"\xe9"),
    ("latin2 l2 iso-8859-2 ISO_8859-2:1987 iso-ir-101 csisolatin2", "ł", b"\xb3"),
    ("latin5 iso-8859-9 windows-1254 cp1254", "ğ", b"\xf0"),
    ("latin-9 iso-8859-15 l9", "€", b"\xa4"),
    ("windows-1250 cp1250 win-1250 x-cp1250", "ž", b"\x9e"),
    ("windows-1251 cp1251 win1251", "да", b"\xe4\xe0"),
    ("iso-8859-8-i iso-8859-8-e iso-8859-8 hebrew logical visual csISO88598I", "תודה", b"\xfa\xe5\xe3\xe4"),
    ("windows-1255 cp1255", "תודה", b"\xfa\xe5\xe3\xe4"),
    ("windows-874 tis-620 iso-8859-11 dos-874 x-windows-874 cp874", "ขอบคุณ", b"\xa2\xcd\xba\xa4\xd8\xb3"),
    ("macintosh mac x-mac-roman csMacintosh MacRoman", "é", b"\x8e"),
    ("x-mac-cyrillic x-mac-ukrainian", "да", b"\xe4\xe0"),
    ("cp850 ibm850 cp-850 850", "é", b"\x82"),
    ("cp437 ibm437 IBM-437 437", "é", b"\x82"),
    ("ibm866 cp866 866 csIBM866", "да", b"\xa4\xa0"),
    ("koi8-r koi8r KOI8_R koi8 cskoi8r", "да", b"\xc4\xc1"),
    ("koi8-u koi8-ru", "ї", b"\xa7"),
    ("utf-8 UTF8 unicode-1-1-utf-8 x-unicode20utf8 utf-8; 'utf-8' utf_8 utf8mb4", "é", b"\xc3\xa9"),
    ("gb2312 gbk GB_2312-80 x-gbk ms936 cp936 csgb2312 chinese gb18030 euc-cn", "同意", "同意".encode("gbk")),
    ("gb2312", "镕", "镕".encode("gbk")),
    ("big5 cn-big5 x-x-big5 csbig5 big5-hkscs cp950", "同意", "同意".encode("big5")),
    ("big5", "╔", "╔".encode("cp950")),
    ("shift_jis shift-jis sjis x-sjis ms932 ms_kanji csShiftJIS cp932", "㈱①", "㈱①".encode("cp932")),
    ("euc-kr ks_c_5601-1987 ksc5601 korean windows-949 cp949 csksc56011987", "똠방", "똠방".encode("cp949")),
    ("johab", "승인", "승인".encode("johab")),
    ("iso-2022-kr csISO2022KR", "승인", "승인".encode("iso2022_kr")),
    ("hz-gb-2312 hz", "同意", "同意".encode("hz")),
    ("euc-jp x-euc-jp ujis", "承認", "承認".encode("euc_jp")),
    ("euc-jp", "①確認 ㈱", b"\xad\xa1\xb3\xce\xc7\xa7 \xad\xea"),
    ("euc-jp", "ｱ①", b"\x8e\xb1\xad\xa1"),
    ("iso-2022-jp csISO2022JP iso-2022-jp-2", "承認", "承認".encode("iso2022_jp")),
    ("iso-2022-jp iso-2022-jp-ms cp50220", "①㈱℡Ⅱ", b"\x1b$B-!-j-d-6\x1b(B"),
    ("iso-2022-jp", "ｱｲ①", b"\x1b(I12\x1b$B-!\x1b(B"),
    ("utf-16", "Zé\n", b"\xff\xfeZ\0\xe9\0\n\0"),
    ("utf-16 utf-16be unicodefffe", "Zé\n", b"\0Z\0\xe9\0\n"),
    ("utf-16 utf-16le ucs-2", "Zé\n", b"Z\0\xe9\0\n\0"),
    ("us-ascii ascii ANSI_X3.4-1968 unknown-8bit x-unknown default", "é", b"\xc3\xa9"),
    ("us-ascii ascii unknown-8bit x-user-defined", "’é", b"\x92\xe9"),
    ("iso-8859-1 utf-16 gbk", "é", b"\xef\xbb\xbf\xc3\xa9"),
    ("iso-8859-1 utf-8", "Z\n", b"\xff\xfeZ\0\n\0"),
    ("iso-2022-jp", "ok\n承認\n", b"ok\n\x1b$B>5G'\n"),
    ("iso-8859-1", "“ok” …", b"\x93ok\x94 \x85"),
    ("no-such-charset", "é", b"\xc3\xa9"),
]  # fmt: skip


@pytest.mark.parametrize(("names", "text", "data"), NAMED)
def test_a_character_set_is_known_by_all_its_names(names: str, text: str, data: bytes) -> None:
    for name in names.split():
        found = decode_known(data, name)
        assert (found.text, found.fault, found.is_damaged) == (text, "", False), name


def test_where_all_bytes_are_ascii_the_name_does_not_matter() -> None:
    """A codec of Python that is no character set of mail is never used; only UTF-7 is no text of ASCII."""
    data = b"Approve \\u0041 &amp; =41 nccebir"
    for name in (*encodings.aliases.aliases, "x-foo", "ansi_x3.110-1983", "cp037", ""):
        expected = "" if "7" in name and "utf" in name else data.decode()
        found = decode_known(data, name)
        assert (found.text if not found.fault else "") == expected, name


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("utf-7", b"Approve"),
        ("unicode-1-1-utf-7", b"Approve +AD8-"),
        ("iso-2022-jp", b"Approve \x1b$B\x7f\x7f\x1b(B"),
        ("iso-2022-jp", b"Approve \x1b$B8!\nnot today\x1b(B"),
        ("iso-2022-jp", b"Approve \xff"),
        ("iso-2022-kr", b"Approve \xff"),
        ("hz", b"Approve ~{\xff\xff~}"),
        ("x-foo", b"Approve \x0e\xff"),
    ],
)
def test_what_could_change_the_letters_behind_it_is_a_fault(name: str, data: bytes) -> None:
    assert decode_known(data, name).fault


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("utf-8", b"M\xfcller", f"M{REPLACEMENT}ller"),
        ("utf-8", b"Gr\xc3", f"Gr{REPLACEMENT}"),
        ("x-foo", b"M\xfcller", f"M{REPLACEMENT}ller"),
        ("shift_jis", b"ok \x81.", f"ok {REPLACEMENT}."),
        ("iso-8859-8", b"ok \xbf.", f"ok {REPLACEMENT}."),
        ("windows-1252", b"ok \x81.", "ok \x81."),
        ("windows-1252", b"ok \xff.", "ok ÿ."),
    ],
)
def test_a_byte_that_cannot_be_read_is_marked(name: str, data: bytes, text: str) -> None:
    found = decode_known(data, name)
    assert (found.text, found.fault, found.is_damaged) == (text, "", REPLACEMENT in text)


def test_bytes_of_utf8_under_another_name_are_read_both_ways() -> None:
    assert decode_known("n’t".encode(), "iso-8859-1").other == "n’t"
    assert decode_known(b"sch\xf6n", "iso-8859-1").other == ""
    apostrophe = mail("Content-Type: text/plain; charset=iso-8859-1", body="Approve\ndon’t deploy it")
    assert said(apostrophe) == "parts_disagree"


@pytest.mark.parametrize("where", ["quote", "signature", "typed"])
def test_a_byte_that_cannot_be_read_matters_only_where_somebody_typed_it(where: str) -> None:
    places = {where: "M\udcfcller"}
    body = (
        f"Approve\nsee {places.get('typed', 'you')}\n\n> {MARKER}\n> Reference {REFERENCE}\n"
        f"> {places.get('quote', 'x')}\n\n-- \nAnn {places.get('signature', 'x')}\n"
    )
    assert said(mail(body=body)) == ("ambiguous" if where == "typed" else "approve")


@given(st.binary(max_size=200), st.sampled_from([n for names, _, _ in NAMED for n in names.split()]))
def test_any_bytes_in_any_set_are_some_text(data: bytes, name: str) -> None:
    found = decode_known(data, name)
    found.text.encode("utf-8")
    assert found.is_damaged == (REPLACEMENT in found.text) or found.fault or "utf" in name or "8bit" in name
    assert read(mail(f"Content-Type: text/plain; charset={name}")).sender
