"""References: one spelling each, bound to request, approver, question and expiry."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.core import references
from flexmaild.core.masking import masked
from flexmaild.core.model import MailKind
from flexmaild.core.references import ReferenceKeys
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


def test_the_message_id_of_a_mail_bears_its_reference_and_is_known_with_and_without_brackets() -> None:
    request = opened()
    reference = references.issue(KEY, request, request.invitations[0])
    one = references.message_id(reference, MailKind.REMINDER, 3, "example.org")
    (field,) = references.in_brackets([one])
    assert references.bare(field) == references.bare(one) == one
    parsed = references.parse(references.named_by(one))
    assert parsed is not None and references.is_genuine(KEY, parsed, request) == request.invitations[0]


@pytest.mark.parametrize(
    "text",
    [
        *("<a@b>", " <a@b>\t", "a@b", "x <a@b> (comment)", "<a@b", "<<a@b>>", "a@b>", "> <a@b>"),
        *("(a->b) <a@b>", "(in <x>) <a@b>", " < a@b >"),
    ],
)
def test_a_message_id_has_one_form_inside_however_it_was_written(text: str) -> None:
    assert references.bare(text) == references.bare(references.bare(text)) == "a@b"
    assert references.as_written("a@b") == "<a@b>"


def test_two_message_ids_stay_two() -> None:
    texts = ("(a->b) <1@c>", "(a->b) <2@c>", '<"a>1"@c>', '<"a>2"@c>', "<A@c>", "<a@c>")
    assert len({references.bare(text) for text in texts}) == len(texts)
    assert all(references.bare(references.bare(text)) == references.bare(text) for text in texts)


def test_what_names_no_mail_is_no_message_id() -> None:
    assert {references.bare(text) for text in ("", "<>", " ")} == {""} == {references.as_written("")}


def test_the_message_ids_of_a_domain_with_other_letters_are_ascii() -> None:
    made = [
        references.message_id("a job", MailKind.TEST, 0, "b\u00fccher.test"),
        references.plain_message_id("m-1", "b\u00fccher.test"),
    ]
    assert references.in_brackets(made) == [f"<{one}>" for one in made]
    assert all(one.endswith("@xn--bcher-kva.test") for one in made)


def test_what_no_field_may_carry_is_no_message_id() -> None:
    bad = ["", "a b@c", "a\r\nBcc: x@y", "ä@b", "a" * 901]
    assert references.in_brackets([*bad, "a@b", "a@b"]) == ["<a@b>"]


def test_ids_and_references_have_the_shapes_that_are_looked_for() -> None:
    request = opened()
    reference = references.issue(KEY, request, request.invitations[0]).lower()
    assert re.fullmatch(references.WHOLE, reference) and re.match(references.BEGINNING, reference)
    assert re.fullmatch(references.MAIL_ID, references.job_id("a key", is_mail=True))
    assert references.named_id(reference.removeprefix(references.PREFIX.lower())) == request.id


@pytest.mark.parametrize("dash", references.DASHES)
def test_a_reference_with_another_dash_is_masked_too(dash: str) -> None:
    request = opened()
    reference = references.issue(KEY, request, request.invitations[0])
    assert reference[8:] not in masked(reference.replace("-", dash))


def test_a_request_whose_id_shows_no_key_is_answered_by_the_key_that_it_was_made_with() -> None:
    """Ids of earlier versions show none; a new key must not make their open requests unanswerable."""
    request, former, current = opened(), KEY, b"a new key, long enough for that"
    assert not references.is_ours((former, current), request.id)
    invitation = request.invitations[0]
    keys = ReferenceKeys(current, (former,))
    for made_with in (former, current):
        parsed = references.parse(references.issue(made_with, request, invitation))
        assert parsed is not None and keys.is_genuine(parsed, request) == invitation
    forged = references.parse(references.issue(b"another's key", request, invitation))
    assert forged is not None and keys.is_genuine(forged, request) is None
