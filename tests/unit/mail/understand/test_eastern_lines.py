"""What people write in Chinese and Korean, and that Japanese keeps its meaning beside them."""

from __future__ import annotations

import pytest

from flexmaild.core.model import Answer, MailNature
from tests.unit.mail import eastern_lines
from tests.unit.mail.mails import OWN, REQUEST, mail, read, said
from tests.unit.mail.understand.test_verdict import say

SUBJECT = "Approval needed: Deploy billing 2.3.1 to production"
ANN = "Ann Approver <ann@corp.test>"
HEADERS = [
    *(
        pytest.param("批准", header, id=f"zh {name}")
        for name, header in eastern_lines.CHINESE_HEADERS.items()
    ),
    *(pytest.param("승인", header, id=f"ko {name}") for name, header in eastern_lines.KOREAN_HEADERS.items()),
]
DOUBTS = {"批准": eastern_lines.CHINESE_DOUBTS, "승인": eastern_lines.KOREAN_DOUBTS}
SURROUNDINGS = (*eastern_lines.CHINESE_SURROUNDINGS, *eastern_lines.KOREAN_SURROUNDINGS)
NATURAL = [
    (*chinese, *korean)
    for chinese, korean in zip(eastern_lines.CHINESE_NATURAL, eastern_lines.KOREAN_NATURAL, strict=True)
]
SUBJECTS = (*eastern_lines.CHINESE_SUBJECTS, *eastern_lines.KOREAN_SUBJECTS)


def lines(table: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(expected, line) for expected, found in table.items() for line in found]


@pytest.mark.parametrize(("expected", "line"), lines(eastern_lines.CHINESE))
def test_a_chinese_line_means_what_it_says(expected: str, line: str) -> None:
    assert say(line) == expected


@pytest.mark.parametrize(("expected", "line"), lines(eastern_lines.KOREAN))
def test_a_korean_line_means_what_it_says(expected: str, line: str) -> None:
    assert say(line) == expected


@pytest.mark.parametrize("line", NATURAL[0])
def test_an_innocent_comment_lets_an_approval_decide(line: str) -> None:
    assert say(line) == "a"


@pytest.mark.parametrize("line", NATURAL[1])
def test_a_doubtful_comment_keeps_an_approval_from_deciding(line: str) -> None:
    assert say(line) in ("condition", "negated", "question", "both_words")


@pytest.mark.parametrize(("expected", "line"), lines(eastern_lines.BESIDE_JAPANESE))
def test_chinese_and_japanese_do_not_disturb_each_other(expected: str, line: str) -> None:
    assert say(line) == expected


def under(header: str, typed: str, mark: str = "", below: str = "") -> bytes:
    """An answer above our request as this mail program quotes it."""
    quote = "\n".join(f"{mark}{line}".rstrip() for line in REQUEST)
    return mail(
        body=f"{typed}\n\n{header.format(own=OWN, subject=SUBJECT)}\n\n{quote}\n{below}\n", sender=ANN
    )


@pytest.mark.parametrize("mark", ["", "> "], ids=["unmarked", "marked"])
@pytest.mark.parametrize(("word", "header"), HEADERS)
def test_the_header_above_a_quote_is_no_comment(word: str, header: str, mark: str) -> None:
    reading = read(under(header, word, mark))
    assert (reading.answer, reading.comment) == (Answer.APPROVE, "")


@pytest.mark.parametrize(("word", "header"), HEADERS)
def test_a_condition_below_a_quote_is_found(word: str, header: str) -> None:
    for doubt in DOUBTS[word]:
        assert said(under(header, word, below=f"\n{doubt}")) in ("condition", "negated")


@pytest.mark.parametrize("body", SURROUNDINGS)
def test_a_signature_a_banner_and_a_disclaimer_are_no_comment(body: str) -> None:
    reading = read(mail(body=body, sender=ANN))
    assert (reading.answer, reading.comment) == (Answer.APPROVE, "")


@pytest.mark.parametrize("word", DOUBTS)
@pytest.mark.parametrize("signature", ["{}", "Ann Approver\n{}", "-- \nAnn Approver\n{}"])
def test_a_doubt_within_a_signature_is_a_doubt(word: str, signature: str) -> None:
    for doubt in DOUBTS[word]:
        assert said(mail(body=f"{word}\n\n{signature.format(doubt)}", sender=ANN)) in ("condition", "negated")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_absence_note_is_nobody_s_answer(subject: str) -> None:
    assert read(mail(f"Subject: {subject}")).nature is MailNature.AUTO_REPLY
