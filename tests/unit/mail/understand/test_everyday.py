"""What people in companies really send is understood, and nobody's doubt is taken for a firm's footer."""

import pytest

from tests.unit.mail.everyday import (
    BANNERS,
    CONFIDENTIAL,
    DISCLAIMERS,
    DOUBTFUL,
    HTML_GMAIL,
    RULED,
    SIGNATURES,
    SPOKEN,
    Case,
)
from tests.unit.mail.mails import mail, parts, read, said

ANN = "Ann Approver <ann.approver@corp.test>"
TYPES = {"plain": "text/plain", "html": "text/html"}


def result(case: Case, **header: str) -> tuple[str, str]:
    _, kind, body, _, _ = case
    reading = read(mail(f"Content-Type: {TYPES[kind]}; charset=utf-8", body=body, sender=ANN))
    return (reading.answer.value if reading.answer else reading.unclear), reading.comment


@pytest.mark.parametrize("case", SIGNATURES, ids=lambda c: c[0])
def test_a_signature_is_neither_comment_nor_doubt(case: Case) -> None:
    assert result(case) == case[3:]


@pytest.mark.parametrize("line", DOUBTFUL)
@pytest.mark.parametrize("signature", ["{}", "Kind regards\n{}", "Ann Approver\n{}", "-- \nAnn Approver\n{}"])
def test_a_doubt_within_a_signature_is_a_doubt(signature: str, line: str) -> None:
    body = f"Approve\n\n{signature.format(line)}\n\n{RULED}"
    assert result(("", "plain", body, "", ""))[0] in ("condition", "negated")


@pytest.mark.parametrize("case", DISCLAIMERS, ids=lambda c: c[0])
def test_a_firm_s_disclaimer_makes_nobody_s_answer_undecided(case: Case) -> None:
    assert result(case) == case[3:]


@pytest.mark.parametrize("case", BANNERS, ids=lambda c: c[0])
def test_a_gateway_s_banner_is_not_the_first_line(case: Case) -> None:
    assert result(case) == case[3:]


@pytest.mark.parametrize("case", SPOKEN, ids=lambda c: c[0])
def test_what_a_person_said_is_never_taken_for_a_footer_or_a_banner(case: Case) -> None:
    assert result(case) == case[3:]


def test_a_page_and_a_text_of_one_answer_agree_although_only_one_has_the_banner() -> None:
    page = f"<table><tr><td>[EXTERNAL]</td></tr></table><div>Approve</div>{HTML_GMAIL}"
    both = parts("alternative", ("text/plain; charset=utf-8", "Approve"), ("text/html; charset=utf-8", page))
    assert said(both) == "approve"


def test_a_disclaimer_in_a_part_of_its_own_is_no_doubt() -> None:
    """Gateways add one to signed mail and to mail in two alternatives."""
    both = parts("mixed", ("text/plain; charset=utf-8", "Approve"), ("text/plain", f"\n{CONFIDENTIAL}\n"))
    assert said(both) == "approve"


@pytest.mark.parametrize("name", ["Will Grant", "Mark May", "No Body", "If Then", "Approve Reject", ""])
def test_no_name_hides_a_condition(name: str) -> None:
    """A person called like a word of the language does not lose what they said to their signature."""
    for line in (
        "will only after the tests",
        "may not",
        "mark: not yet",
        "if all is green",
        "grant if asked",
    ):
        body = f"Approve\n\n{line}\n"
        reading = read(mail(body=body, sender=f'"{name}" <a.b@corp.test>'))
        assert reading.answer is None, line
