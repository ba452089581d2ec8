"""What the person typed is told from what was there before, whoever's mail program it was."""

from __future__ import annotations

import pytest

from flexmaild.mail.understand.trim import trim
from tests.unit.mail.mails import MARKER, OWN, REFERENCE, RULES

STARS = "******* Please DO NOT modify below this line. *******"


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Approve", "Approve"),
        (f"Approve\n{MARKER}\nx", "Approve"),
        (f"Approve\n\n{STARS}\nReference {REFERENCE}", "Approve"),
        (f"Approve  ******* You may add {STARS} Reference {REFERENCE}", "Approve"),
        (f"Approve Reference {REFERENCE}", "Approve"),
        (f"Approve<mailto:x?body={REFERENCE}>", ""),
        (f"Approve\nReference {REFERENCE}", "Approve"),
        ("Approve\n-- \nAnn", "Approve"),
        ("Approve\n--\nAnn", "Approve"),
        ("Approve\n\nKind regards,\nAnn", "Approve"),
        ("Approve\n\nMit freundlichen Grüßen\nAnn", "Approve"),
        ("Approve\nRegards\nAnn\nPS: only the database", "Approve\nPS: only the database"),
        ("Approve\n\nSent from my iPhone", "Approve"),
        ("Approve\nSent from my desk, it is easier.", "Approve\nSent from my desk, it is easier."),
        ("Approve\n-- is a dash\nx", "Approve\n-- is a dash\nx"),
        ("Approve\n* one\n* two", "Approve\n* one\n* two"),
        ("Approve\n-----Original Message-----\nx", "Approve"),
        ("Approve\n----- Ursprüngliche Nachricht -----\nx", "Approve"),
        ("Approve\n________________________________\nx", "Approve"),
        ("Approve\nOn Friday we tested it", "Approve\nOn Friday we tested it"),
        ("Approve\nOn Friday, 20 Nov 2026, Bob <b@x.test> wrote:\nx", "Approve"),
        ("Approve\nOn Friday, 20 Nov 2026,\nBob <b@x.test>\nwrote:\n> x", "Approve"),
        ('Approve\n20.11.2026, 10:15, "Bob" <b@x.test>:\nx', "Approve"),
        (f"Approve\nblah flexmaild <{OWN}> blubb 20/11/26:\nx", "Approve"),
        (f"Approve\nplease tell {OWN} about it", f"Approve\nplease tell {OWN} about it"),
        ("Approve\nFrom: Bob\nSent: now\nTo: x\n\ny", "Approve"),
        ("Approve\n*From:* Bob\n*Sent:* now\n*To:* x\n\ny", "Approve"),
        ("Approve\nNote: it is fine", "Approve\nNote: it is fine"),
        ("Approve\n> quoted\n> more", "Approve"),
        ("On 20 Nov 2026, at 10:15, Bob <b@x.test> wrote:\n> x\n> y\n\nApprove\nfine", "Approve\nfine"),
        ("> x\n\nApprove", "Approve"),
        ("\n\n", ""),
        ("", ""),
    ],
)
def test_the_typed_lines_are_what_is_left(text: str, typed: str) -> None:
    assert "\n".join(trim([("plain", text)], RULES).lines).strip() == typed


def test_an_answer_in_the_midst_of_a_quote_is_marked_as_such() -> None:
    assert trim([("plain", "> one\nReject\n> two\n\nApprove")], RULES).between
    assert not trim([("plain", "> one\n> two\n\nApprove")], RULES).between


def test_an_afterthought_is_kept_apart() -> None:
    typed = trim([("plain", "Approve\n\n> one\n> two\n\nwait, no")], RULES)
    assert [line for line in typed.lines if line] == ["Approve"]
    assert [line for line in typed.afterthought if line] == ["wait, no"]


def test_a_broken_wrap_of_the_quote_is_no_answer() -> None:
    """A program that wraps quoted lines badly leaves their ends unquoted; they must not decide."""
    assert trim([("plain", "> To answer, begin with the word\nApprove\n> or the other")], RULES).lines == ()


def test_what_is_typed_beneath_a_phone_s_signature_can_still_contradict() -> None:
    typed = trim([("plain", f"Approve\n\nSent from my iPhone\n\nonly if green\n\n{MARKER}")], RULES)
    assert "only if green" in typed.afterthought
    assert "only if green" not in typed.lines
