"""What is left of a reference where people are shown it: enough to find it by, too little to answer with."""

from urllib.parse import quote

import pytest

from flexmaild.core import references
from flexmaild.core.masking import Mask, masked, without_people
from flexmaild.observe.formatter import clean
from flexmaild.system.redaction import Redactor

LETTERS = "GAYTEMZUGU3DOOBZAAAGOHB2BUQ7VFJQAWUCIGO2OVSSG"
DASHES = ["-", *references.DASHES]
ENCODED = [
    *(quote(dash, safe="").replace("-", "%2D") for dash in DASHES),
    *(quote(dash, safe="").replace("-", "%2D").replace("%", "%25").lower() for dash in DASHES),
    *(quote(dash, safe="").replace("-", "%2D").replace("%", "=") for dash in DASHES),
    *(f"&#{ord(dash)};" for dash in DASHES),
    *(f"&#x{ord(dash):04X};" for dash in DASHES),
    *("&hyphen;", "&dash;", "&minus;"),
]


@pytest.mark.parametrize("letters", [LETTERS, LETTERS.lower(), LETTERS[:16]])
def test_of_a_reference_the_beginning_is_shown_however_its_dash_is_written(letters: str) -> None:
    for dash in (*DASHES, *ENCODED):
        text = f"<FM1{dash}{letters}.m-1@corp.test>"
        assert masked(text) == f"<FM1{dash}{letters[:4]}….m-1@corp.test>"
        assert Mask([]).text(text) == masked(text)
        assert clean(text, Redactor()) == masked(text, "...")


@pytest.mark.parametrize("text", ["see FM1-PAYMENTS and FM1-1234", "pfm1-web.corp.test", "FM1-", ""])
def test_a_ticket_or_a_host_that_begins_like_a_reference_is_shown(text: str) -> None:
    assert masked(text) == text == clean(text, Redactor())


def test_a_known_reference_is_hidden_in_every_piece_of_it() -> None:
    assert Mask([f"FM1-{LETTERS}"]).text(f"{LETTERS[:20]}\n{LETTERS[20:]}") == f"{LETTERS[:9]}…\n…"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("smtp.mailfrom=bounces+anna=corp.test@list.test", "smtp.mailfrom=***@list.test"),
        ("header.from=anna@corp.test (p=none)", "header.from=***@corp.test (p=none)"),
        ('550 <"anna.k"@corp.test> is unknown', "550 <***@corp.test> is unknown"),
        ("no mailbox 'anna@corp.test' here", "no mailbox ***@corp.test' here"),
        ("user=anna@corp.test", "***@corp.test"),
        ("at 10:00 nobody @ home", "at 10:00 nobody @ home"),
    ],
)
def test_of_an_address_the_domain_is_left_however_it_is_written(said: str, shown: str) -> None:
    assert without_people(said) == shown
