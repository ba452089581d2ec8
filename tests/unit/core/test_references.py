"""References: one spelling each, bound to request, approver, question and expiry."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.core import references
from tests.unit.core.make import DAY, KEY, opened


def test_the_vector_of_the_wire_format_page_holds() -> None:
    request = opened("alice@corp.test")
    reference = references.issue(KEY, request, request.invitations[0])
    assert request.id == "ap-gaytemzugu3doobz"
    assert reference.startswith("FM1-GAYTEMZUGU3DOOBZAAA")
    assert len(reference) == 49


def test_a_reference_is_genuine_in_any_letter_case() -> None:
    request = opened()
    for invitation in request.invitations:
        text = references.issue(KEY, request, invitation)
        for spelling in (text, text.lower(), text.swapcase()):
            parsed = references.parse(spelling)
            assert parsed is not None
            assert references.is_genuine(KEY, parsed, request) == invitation


def test_each_approver_has_a_reference_of_their_own() -> None:
    request = opened()
    assert len({references.issue(KEY, request, i) for i in request.invitations}) == 3


@given(at=st.integers(4, 48), letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_one_changed_character_makes_it_worthless(at: int, letter: str) -> None:
    request = opened()
    text = references.issue(KEY, request, request.invitations[1])
    changed = text[:at] + letter + text[at + 1 :]
    parsed = references.parse(changed)
    assert changed == text or parsed is None or references.is_genuine(KEY, parsed, request) is None


@pytest.mark.parametrize("change", ["title", "text", "metadata", "expiry", "approver", "key"])
def test_a_reference_opens_nothing_but_what_it_was_issued_for(change: str) -> None:
    request, key = opened(), KEY
    parsed = references.parse(references.issue(key, request, request.invitations[0]))
    terms = request.terms
    other = {
        "title": replace(terms, title="Deploy 4.3"),
        "text": replace(terms, text="Tests failed."),
        "metadata": replace(terms, metadata={"build": 2}),
        "expiry": replace(terms, expires_at=terms.expires_at + DAY),
    }.get(change, terms)
    changed = replace(request, terms=other)
    if change == "approver":
        mallory = replace(request.invitations[0].approver, address="mallory@corp.test")
        changed = replace(request, invitations=(replace(request.invitations[0], approver=mallory),))
    if change == "key":
        key = bytes(32)
    assert parsed is not None
    assert references.is_genuine(key, parsed, changed) is None


@given(st.text(max_size=80))
def test_parsing_never_raises(text: str) -> None:
    assert references.parse(text) is None or references.parse("FM1-" + text) is None


def test_the_spare_bit_has_one_spelling() -> None:
    request = opened()
    text = references.issue(KEY, request, request.invitations[0])
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    twin = text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]
    assert references.parse(twin) is None
