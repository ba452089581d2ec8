"""Which borders of the settings the last mails show to be wrong."""

import pytest

from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.authentication.unmatched import unmatched
from flexmaild.mail.parse.header import Header, parse_header

MX = "Received: from out.test (out.test [203.0.113.9]) by mx.test; x"
INNER = "Received: from gw.test (gw.test [203.0.113.24]) by inner.test (Postfix); x"
PAST = "Received: from evil.test (evil.test [192.0.2.1]) by inner.test; x"
GW = "Received: from out.test (out.test [203.0.113.9]) by gw.test; x"
BORDER = Border("mx.test")


def results(name: str) -> str:
    return f"Authentication-Results: {name}; dmarc=pass"


def headers(*mails: list[str]) -> list[Header]:
    return [parse_header("\n".join(lines).encode()) for lines in mails]


def told(border: Border, *mails: list[str], beside: tuple[Border, ...] = ()) -> tuple[bool, str] | None:
    found = [one for one in unmatched(headers(*mails), (border, *beside)) if one.border == border]
    return (found[0].is_wrong, found[0].said) if found else None


@pytest.mark.parametrize(
    ("border", "mails"),
    [
        (BORDER, [[results("mx.test"), MX]]),
        (BORDER, [[results("mx.test"), MX], [results("other.test"), MX], [MX]]),
        (Border("mx.test", results="below"), [[MX, results("mx.test")]]),
        (Border("gw.test", "gw.test"), [[INNER, results("gw.test"), GW]]),
        (BORDER, []),
        (BORDER, [["From: a@b"]]),
        (BORDER, [["Received: from localhost (localhost [127.0.0.1]) by mx.test; x"]]),
    ],
)
def test_a_border_that_fits_or_that_no_mail_can_show_is_not_named(
    border: Border, mails: list[list[str]]
) -> None:
    assert told(border, *mails) is None


@pytest.mark.parametrize(
    ("border", "mails", "said"),
    [
        (
            Border("a.test"),
            [[results("mx.test"), MX]] * 3,
            "a.test is configured, the mails carry mx.test (3)",
        ),
        (
            Border("a.test", results="below"),
            [[MX, results("mx.test")]],
            "a.test is configured, the mails carry mx.test (1)",
        ),
        (
            Border("a.test"),
            [[MX, results("mx.test")]] * 2,
            "a.test is configured, the mails carry mx.test (2), below the Received",
        ),
        (
            BORDER,
            [[MX, results("mx.test")]],
            "mx.test is configured with results: above; its fields stand below the Received",
        ),
        (
            Border("mx.test", results="below"),
            [[results("mx.test"), MX]],
            "mx.test is configured with results: below; its fields stand above the Received",
        ),
        (
            Border("mx.test", "gone.test"),
            [[results("mx.test"), MX]] * 2,
            "the host gone.test of mx.test took over none of the last 2 mails; they were by mx.test (2)",
        ),
        (
            Border("gw.test", "gw.test"),
            [[PAST, results("gw.test"), GW]],
            "the host gw.test of gw.test is in the last mail, but nobody above it had the mail from there by "
            "a name or address in parentheses (via names addresses)",
        ),
    ],
)
def test_a_wrong_border_is_named_with_what_the_mails_carry(
    border: Border, mails: list[list[str]], said: str
) -> None:
    assert told(border, *mails) == (True, said)


@pytest.mark.parametrize(
    ("mails", "beside"),
    [
        # A milter that writes nothing into unsigned mails, and a stranger who sends what he likes below.
        ([[MX]] * 20, ()),
        ([[MX], [MX, "X: y", results("evil.test")], [MX, GW, results("evil.test")]], ()),
        ([[MX, results("evil.test")], [MX], [MX]], ()),
        ([[MX, "X-Spam: no", results("evil.test"), GW]] * 20, ()),
        # One for users who log in, beside that for the others.
        ([[results("other.test"), MX]] * 20, (Border("other.test"),)),
        ([["Authentication-Results: ; dmarc=pass", MX]], ()),
    ],
)
def test_a_border_that_had_nothing_to_say_is_not_called_wrong(
    mails: list[list[str]], beside: tuple[Border, ...]
) -> None:
    found = told(BORDER, *mails, beside=beside)
    assert found is not None
    assert not found[0]
    assert found[1].startswith("no field of mx.test counts in the last")
