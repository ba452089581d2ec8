"""The links that open a prefilled answer."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.core.model import MailKind
from flexmaild.languages.load import LANGUAGES, WRITTEN
from flexmaild.mail.compose.context import ASKING
from flexmaild.mail.compose.links import LONGEST_LINK, answer_link, reply_address
from flexmaild.mail.format import GUARD_LINE, HINT_LINE

REFERENCE = "FM1-" + "A" * 45


@pytest.mark.parametrize("kind", sorted(ASKING))
@pytest.mark.parametrize("lang", WRITTEN)
def test_both_links_open_an_answer_in_the_wire_format(
    composer: Any, html_of: Any, kind: MailKind, lang: str
) -> None:
    html = html_of(composer.mail(kind, language=lang, settings={"plus_address": True}))
    found = [unescape(link) for link in re.findall(r'href="([^"]*)"', html)]
    words = (LANGUAGES[lang].decide.approve[0], LANGUAGES[lang].decide.reject[0])
    for link, word in zip(found, words, strict=True):
        parts = urlsplit(link)
        fields = parse_qs(parts.query, strict_parsing=True)
        assert parts.scheme == "mailto"
        assert unquote(parts.path) == f"approvals+{composer.reference.lower()}@example.org"
        asked = composer.mail(kind if kind is MailKind.REMINDER else MailKind.APPROVAL_REQUEST, language=lang)
        assert fields["subject"][0] == f"Re: {asked['Subject']}"
        assert fields["body"][0].split("\r\n") == [
            word, "", HINT_LINE.format(word=word), GUARD_LINE, f"Reference {composer.reference}", "", "",
        ]  # fmt: skip


@given(
    subject=st.text(),
    word=st.sampled_from([w for a in LANGUAGES.values() for w in (a.decide.approve[0], a.decide.reject[0])]),
)
def test_a_link_is_never_longer_than_mail_programs_take(subject: str, word: str) -> None:
    for title in (subject, "承認" * 400 + subject, "😀" * 400):
        link = answer_link(word, to="a+b@example.org", subject=title, reference=REFERENCE)
        assert len(link) <= LONGEST_LINK
        assert re.fullmatch(
            r"mailto:[A-Za-z0-9%.@_~-]+\?subject=[A-Za-z0-9%._~-]*&body=[A-Za-z0-9%._~*-]+", link
        )
        assert unquote(link).endswith(f"Reference {REFERENCE}\r\n\r\n")


@pytest.mark.parametrize(
    ("address", "plus", "expected"),
    [
        ("approvals@example.org", True, f"approvals+{REFERENCE.lower()}@example.org"),
        ("approvals@example.org", False, "approvals@example.org"),
        ("a" * 14 + "@example.org", True, f"{'a' * 14}+{REFERENCE.lower()}@example.org"),
        ("a" * 15 + "@example.org", True, "a" * 15 + "@example.org"),
        ("deploy+prod@example.org", True, "deploy+prod@example.org"),
    ],
)
def test_a_plus_address_keeps_to_64_octets(address: str, plus: bool, expected: str) -> None:
    assert reply_address(address, REFERENCE, plus_address=plus) == expected
