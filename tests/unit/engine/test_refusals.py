"""Several refused replies without one that is believed in between are a trouble; one may be a forgery."""

from datetime import UTC, datetime

import pytest

from flexmaild.core.model import MailFacts, Outcome
from flexmaild.core.reasons import BELIEVED, NOT_BELIEVED, ReplyReason
from flexmaild.core.work import Reply
from flexmaild.engine.refusals import refused_in_a_row

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LETTERS = {
    "n": ReplyReason.NOT_PROVEN,
    "f": ReplyReason.DMARC_FAILED,
    "y": ReplyReason.APPROVE,
    "u": ReplyReason.NEGATED,
    "w": ReplyReason.WRONG_PERSON,
    "a": ReplyReason.AUTOMATIC,
}


def row(letters: str) -> tuple[int, str, str]:
    """The newest first."""
    return refused_in_a_row(
        (Reply("A", NOW, Outcome.DECISION, LETTERS[c], MailFacts("a@x", "0")), f"{c}: bob@corp.test")
        for c in letters
    )


@pytest.mark.parametrize(
    ("letters", "number"),
    [
        ("", 0),
        ("nn", 0),
        ("nnn", 3),
        ("nfnn", 4),
        ("nnyn", 0),
        ("ynnn", 0),
        ("unnn", 0),
        ("nannwy", 3),
        ("www", 0),
    ],
)
def test_how_many_were_refused_since_one_was_believed(letters: str, number: int) -> None:
    found, reason, read = row(letters)
    assert found == number
    assert (reason, read) == (
        (LETTERS[letters[0]].value, f"{letters[0]}: ***@corp.test") if number else ("", "")
    )


def test_no_reason_is_both() -> None:
    assert not BELIEVED & NOT_BELIEVED
    assert ReplyReason.APPROVE in BELIEVED and ReplyReason.COMMENT_NEEDED in BELIEVED
