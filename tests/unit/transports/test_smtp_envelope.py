"""Envelope and content as they are sent: nothing in them can end a line or a mail early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.core.errors import GiveUp
from flexmaild.core.ports import Envelope
from flexmaild.settings.javamail.session import SmtpSession
from flexmaild.transports.envelope import ascii_address, dot_stuffed, mail_line, prepare, rcpt_line

SESSION = SmtpSession("localhost", 25)


def unstuffed(content: bytes) -> bytes:
    """As a server reads it: up to the lone dot, one leading dot of each line taken away."""
    lines = []
    for line in content.split(b"\r\n"):
        if line == b".":
            return b"".join(line + b"\r\n" for line in lines)
        lines.append(line.removeprefix(b"."))
    raise AssertionError("no end")


@given(
    st.lists(
        st.binary(max_size=20).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")), min_size=1
    )
)
def test_a_server_reads_what_was_written(lines: list[bytes]) -> None:
    data = b"".join(line + b"\r\n" for line in lines)
    assert unstuffed(dot_stuffed(data)) == data


@given(st.lists(st.sampled_from([b".", b"..", b"a", b""]), min_size=1))
def test_the_lone_dot_comes_only_at_the_end(lines: list[bytes]) -> None:
    content = dot_stuffed(b"".join(line + b"\r\n" for line in lines))
    assert content.find(b"\r\n.\r\n") in {-1, len(content) - 5}


def test_content_without_a_line_end_gets_one() -> None:
    assert dot_stuffed(b"x") == b"x\r\n.\r\n"
    assert dot_stuffed(b"") == b".\r\n"


@given(st.text(max_size=40))
def test_an_address_line_is_one_line_with_one_path(text: str) -> None:
    """Whatever the text: it is refused, or stands between the only two brackets of a single line."""
    try:
        address = ascii_address(text)
    except GiveUp:
        return
    line = rcpt_line(address, SESSION, lambda extension: True)
    assert len(line.splitlines()) == 1
    assert (line.count("<"), line.count(">")) == (1, 1) and " " not in address


@given(st.binary(max_size=60))
def test_content_with_any_other_line_end_is_refused(data: bytes) -> None:
    is_clean = data.replace(b"\r\n", b"").count(b"\r") + data.replace(b"\r\n", b"").count(b"\n") == 0
    envelope = Envelope("m", "a@b.test", ("c@d.test",), data)
    if is_clean:
        prepare(envelope)
    else:
        with pytest.raises(GiveUp):
            prepare(envelope)


def test_a_domain_beyond_ascii_is_encoded_in_ascii() -> None:
    assert ascii_address("x@bücher.test") == "x@xn--bcher-kva.test"
    with pytest.raises(GiveUp):
        ascii_address("x@" + "ü" * 80 + ".test")


@pytest.mark.parametrize(
    ("data", "utf8"),
    [(b"Subject: s\r\n\r\n\xc3\xbc\r\n", False), (b"Subject: \xc3\xbc\r\n\r\nx\r\n", True), (b"\r\n", False)],
)
def test_smtputf8_is_asked_for_when_a_header_field_needs_it(data: bytes, utf8: bool) -> None:
    prepared = prepare(Envelope("m", "", ("c@d.test",), data))
    assert prepared.needs_utf8 is utf8
    assert ("SMTPUTF8" in mail_line(prepared, SESSION, lambda extension: True)) is utf8


def test_a_setting_cannot_end_the_line_either() -> None:
    session = SmtpSession("localhost", 25, mail_extension="X\r\nRSET")
    with pytest.raises(GiveUp):
        mail_line(prepare(Envelope("m", "", ("c@d.test",), b"")), session, lambda extension: False)
