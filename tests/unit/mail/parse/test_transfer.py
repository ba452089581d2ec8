"""Transfer encodings, careless ones too: what programs show, or all that they might."""

import base64
import binascii
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.mail.parse.transfer import transferred
from tests.unit.mail.mails import mail, said

LETTER = b"Approve\r\nok\r\n"
CODE = base64.b64encode(LETTER)  # 20 characters, one "="


@pytest.mark.parametrize(
    "name",
    [
        *(
            "7bit",
            "8bit",
            "8BIT",
            "binary",
            "",
            "8-bit",
            "7-bit",
            '8bit"',
            "8bit;",
            "'8bit'",
            "8 bit",
            "8bit (x)",
        ),
        *("none", "text", "us-ascii", "utf-8", "UTF8", "x-7bit", "x-8bit", "plain", "unknown"),
    ],
)
def test_a_name_that_encodes_nothing_leaves_the_bytes(name: str) -> None:
    assert transferred(LETTER, name).readings == (LETTER,)
    assert not transferred(LETTER, name).fault


@pytest.mark.parametrize(
    ("name", "body", "readings"),
    [
        ("none", b"sch=C3=B6n", [b"sch=C3=B6n", b"sch\xc3\xb6n"]),
        ("text", b"un=\nless", [b"un=\nless", b"unless"]),
        ("utf-8", b"a=b, c = d", [b"a=b, c = d"]),
        ("quoted printable", b"sch=C3=B6n", [b"sch\xc3\xb6n", b"sch=C3=B6n"]),
        ('"quoted-printable"', b"Approve", [b"Approve"]),
        ("base64;", CODE, [LETTER]),
        ("BASE-64", CODE, [LETTER]),
    ],
)
def test_an_odd_name_is_read_in_each_way_it_could_mean(name: str, body: bytes, readings: list[bytes]) -> None:
    found = transferred(body, name)
    assert (list(found.readings), found.fault) == (readings, "")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("none", CODE),
        ("base64 x", b"Approve"),
        ("base64;", CODE.rstrip(b"=") + b"\n\n-- scanned"),
        *((name, LETTER) for name in ("x-uuencode", "uue", "yEnc", "binhex", "x-gzip", "quoted", "base85")),
    ],
)
def test_an_encoding_that_cannot_be_undone_is_a_fault(name: str, body: bytes) -> None:
    assert transferred(body, name).fault


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"a=\nb", b"ab"),
        (b"a=\r\nb", b"ab"),
        (b"a=  \r\nb", b"ab"),
        (b"a=\t \nb", b"ab"),
        (b"a=\r\r\nb", b"ab"),
        (b"a\n=", b"a\n"),
        (b"page=zz", b"page=zz"),
        (b"a == b =", b"a == b "),
        (b"a=\rb\nc", b"a=\rb\nc"),
        (b"=c3=B6 \xf6", b"\xc3\xb6 \xf6"),
        (b"a=3D3D", b"a=3D"),
        (b"=0D\r\n", b"\r\r\n"),
    ],
)
def test_quoted_printable_loses_nothing(body: bytes, text: bytes) -> None:
    found = transferred(body, "quoted-printable")
    assert (found.readings, found.fault) == ((text,), "")


FOOTER = b"\r\n\r\n--\r\nScanned by a gateway.\r\nhttps://lists.test/mailman/listinfo/approvals/options"


@pytest.mark.parametrize(
    ("body", "readings"),
    [
        (CODE, [LETTER]),
        (CODE[:8] + b"\r\n\r\n  " + CODE[8:], [LETTER]),
        (CODE.rstrip(b"="), [LETTER]),
        (base64.b64encode(b"Approve")[:-1], [b"Approve"]),
        (CODE[:8] + b"!\r\n" + CODE[8:], [LETTER]),
        (CODE[:8] + b"! \n" + CODE[8:], [LETTER]),
        (CODE + b"\r\n" + CODE, [LETTER + LETTER, LETTER]),
        (CODE + FOOTER, [LETTER, LETTER + b"\n\n" + FOOTER.lstrip()]),
        (CODE[:8] + FOOTER, [b"Approv", b"Approv\n\n" + FOOTER.lstrip()]),
    ],
)
def test_careless_base64_is_read(body: bytes, readings: list[bytes]) -> None:
    found = transferred(body, "base64")
    assert ([r.replace(b"\r\n\r\n\n\n", b"\n\n") for r in found.readings], found.fault) == (readings, "")


@pytest.mark.parametrize(
    "body",
    [
        b"QXBw!cm92ZQ==",
        b"QXBwcm92ZQ==QXBw",
        b"QXBwcm9",  # cut: the last letter holds bits of one that is gone
        b"QXBwc",
        CODE.rstrip(b"=") + FOOTER,
        CODE + b"\n--\n" + base64.b64encode(b"but only if it rains").replace(b"c", b"*", 1),
        CODE + b"\n" + CODE.replace(b"c", b"*", 1) + b"\n" + CODE * 2,
        b"Approve, all is well",
        b"Approve",
    ],
)
def test_damaged_base64_is_a_fault(body: bytes) -> None:
    assert transferred(body, "base64").fault


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        (b"\n\nThis mail was scanned.", "approve"),
        (b"\n\nDo not deploy it", "parts_disagree"),
        (b"\n" + base64.b64encode(b"but only if it rains\n"), "parts_disagree"),
        (b"\n" + base64.b64encode(b"thanks\n"), "approve"),
    ],
)
def test_what_stands_behind_the_padding_may_not_change_the_answer(below: bytes, expected: str) -> None:
    data = mail("Content-Transfer-Encoding: base64", body=(CODE + below).decode())
    assert said(data) == expected


@given(st.binary(max_size=300))
def test_what_is_well_encoded_is_read_as_the_standard_library_does(data: bytes) -> None:
    assert transferred(base64.encodebytes(data), "base64").readings == (data,)
    assert transferred(binascii.b2a_qp(data, istext=False), "quoted-printable").readings == (data,)


@given(st.binary(max_size=300), st.sampled_from(["base64", "base64;", "quoted-printable", "qp", "none", "x"]))
def test_any_bytes_are_read_somehow(data: bytes, name: str) -> None:
    found = transferred(data, name)
    assert found.readings and all(isinstance(reading, bytes) for reading in found.readings)


def test_a_well_formed_quoted_text_agrees_with_quopri() -> None:
    data = quopri.encodestring("Grüße = ok\n".encode())
    assert transferred(data, "quoted-printable").readings[0] == quopri.decodestring(data)
