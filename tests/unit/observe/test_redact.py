"""What is logged shows no whole reference, and no text can lie about lines or terminals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.observe.formatter import clean, escape, is_secret
from flexmaild.system.redaction import Redactor


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ref FM1-ABCDEFGHIJKLMNOP.", "ref FM1-ABCD...."),
        ("fm1-abcdefghijklmnopqrstuvwxyz234567abcdefghijkl2", "fm1-abcd..."),
        ("approvals+FM1-ABCDEFGHIJKLMNOP@corp.test", "approvals+FM1-ABCD...@corp.test"),
    ],
)
def test_a_reference_shows_its_first_8_characters(text: str, shown: str) -> None:
    """Enough to find a request by, not enough to answer for somebody."""
    assert clean(text, Redactor()) == shown


@given(st.text())
def test_an_escaped_text_is_one_printable_line(text: str) -> None:
    """No control, no bidi and no separator character is left, and it can be encoded."""
    escaped = escape(text)
    assert escaped.isprintable()
    escaped.encode()


@pytest.mark.parametrize(
    "hostile", ["\n", "\r", "\x1b[2J", "\x9b", "\u202e", "\u2028", "\u200b", "\x00", "\ud800"]
)
def test_what_could_forge_a_line_is_escaped(hostile: str) -> None:
    """Line ends, terminal controls and direction marks are shown, not obeyed."""
    assert escape(f"a{hostile}b").isprintable() and "\\" in escape(f"a{hostile}b")


@pytest.mark.parametrize(
    "key", ["password", "smtp_password", "client_secret", "Authorization", "refresh_token", "body"]
)
def test_a_telling_key_hides_its_value(key: str) -> None:
    """Where the key says that it is a secret or a mail, the value needs no shape."""
    assert is_secret(key)


@pytest.mark.parametrize(
    "key", ["token_expiry", "passed", "password_file", "subject", "secretary", "somebody"]
)
def test_another_key_does_not(key: str) -> None:
    """Keys that only sound like one keep their values."""
    assert not is_secret(key)
