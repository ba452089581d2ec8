"""The lines that `approvals.ignore_lines` names: neither answer, comment nor doubt; whole ones only."""

import pytest

from flexmaild.core.model import Answer
from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.mails import OWN, REQUEST, mail, parts, read

STAMP = "Seen by GateKeeper 7 - not proved to be harmless"
RULES = Rules.of(OWN, names=("flexmaild",), ignore_lines=["Seen by * - not proved to be harmless"])
QUOTE = f"On Friday, 20 Nov 2026, flexmaild <{OWN}> wrote:\n" + "\n".join(f"> {line}" for line in REQUEST)


def said(text: str, rules: Rules = RULES) -> ParsedReply:
    return read(mail(body=text), rules)


@pytest.mark.parametrize(
    "text",
    [
        f"{STAMP}\n\nApprove\nall is green\n\n{QUOTE}",
        f"Approve\nall is green\n{STAMP}\n\n{QUOTE}",
        f"Approve\n{STAMP}\nall is green\n\n{QUOTE}",
        f"Approve\nall is green\n\n{QUOTE}\n\n{STAMP}\n",
        f"Approve\nall is green\n\n{QUOTE}\n> {STAMP}\n",
    ],
    ids=["on top", "above the quote", "amid the comment", "at the end", "quoted"],
)
def test_a_named_line_is_left_out_wherever_it_stands(text: str) -> None:
    reading = said(text)
    assert (reading.answer, reading.comment) == (Answer.APPROVE, "all is green")
    assert said(text, Rules.of(OWN, names=("flexmaild",))).answer is None


@pytest.mark.parametrize(
    "line", [f"{STAMP} or wait for Bob", f"Bob says: {STAMP}", STAMP.partition(" - ")[2], f"{STAMP}?"]
)
def test_a_line_that_is_more_or_less_than_the_named_one_is_read(line: str) -> None:
    assert said(f"Approve\n\n{line}\n\n{QUOTE}").answer is None


def test_a_sentence_wrapped_behind_a_named_line_is_read() -> None:
    assert said(f"Approve\n{STAMP}\nbut not before Tuesday\n\n{QUOTE}").unclear == "negated"


def test_a_named_line_alone_is_no_answer() -> None:
    assert said(f"{STAMP}\n\n{QUOTE}").unclear == "empty"


def test_a_named_line_is_left_out_of_a_page_as_well() -> None:
    page = f"<p>{STAMP.replace(' ', ' <b></b>')}</p><div>Approve</div><div>all is green</div>"
    plain = f"{STAMP}\nApprove\nall is green"
    for data in (
        mail("Content-Type: text/html", body=page),
        parts("alternative", ("text/plain", plain), ("text/html", page)),
    ):
        reading = read(data, RULES)
        assert (reading.answer, reading.comment) == (Answer.APPROVE, "all is green")
