"""Replies in the Nordic languages: first lines, quotes as their mail programs write them, automatic ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from flexmaild.core.model import MailNature
from tests.unit.mail.mails import mail, read, said
from tests.unit.mail.nordic_lines import (
    ANSWERS,
    AUTOMATIC,
    BANNERS,
    LINES,
    QUOTED,
    QUOTES,
    SIGNATURES,
    SUBJECT,
)
from tests.unit.mail.understand.test_verdict import say


def by_language(table: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    return [(tag, entry) for tag, entries in table.items() for entry in entries]


@pytest.mark.parametrize(
    ("tag", "meant", "line"),
    [(tag, meant, line) for tag, lines in LINES.items() for meant, some in lines.items() for line in some],
)
def test_every_first_line_means_what_the_table_says(tag: str, meant: str, line: str) -> None:
    assert say(line) == meant if meant in "ar" else say(line) not in ("a", "r")


@pytest.mark.parametrize("tag", LINES)
def test_there_are_lines_of_every_kind(tag: str) -> None:
    assert min(map(len, LINES[tag].values())) >= 10
    assert len(LINES[tag]["?"]) >= 30


@pytest.mark.parametrize(("tag", "program"), by_language(QUOTES))
def test_an_answer_above_a_quote_decides_and_a_condition_below_it_is_found(tag: str, program: str) -> None:
    approval, rejection, condition = ANSWERS[tag]
    quote = QUOTES[tag][program]
    assert said(mail(f"Subject: Re: {SUBJECT}", body=f"{approval}\n\n{quote}\n")) == "approve"
    assert said(mail(f"Subject: SV: {SUBJECT}", body=f"{rejection}\n\n{quote}\n")) == "reject"
    reading = read(mail(f"Subject: Re: {SUBJECT}", body=f"{approval}\n\n{quote}\n"))
    assert reading.comment == approval.partition(", ")[2]
    for doubtful in (f"{approval}\n\n{quote}\n\n{condition}\n", f"{approval}\n\n{condition}\n\n{quote}\n"):
        assert said(mail(f"Subject: Re: {SUBJECT}", body=doubtful)) == "condition"


@pytest.mark.parametrize(("tag", "signature"), by_language(SIGNATURES))
def test_what_stands_below_everybodys_mail_is_no_comment(tag: str, signature: str) -> None:
    approval = ANSWERS[tag][0]
    quote = next(iter(QUOTES[tag].values()))
    reading = read(mail(f"Subject: Re: {SUBJECT}", body=f"{approval}\n\n{signature}\n\n{quote}\n"))
    assert (reading.unclear, reading.comment) == ("", approval.partition(", ")[2])


@pytest.mark.parametrize(("tag", "banner"), by_language(BANNERS))
def test_a_banner_above_the_answer_is_not_the_answer(tag: str, banner: str) -> None:
    quote = next(iter(QUOTES[tag].values()))
    assert (
        said(mail(f"Subject: Re: {SUBJECT}", body=f"{banner}\n\n{ANSWERS[tag][0]}\n\n{quote}\n")) == "approve"
    )


@pytest.mark.parametrize(("tag", "subject"), by_language(AUTOMATIC))
def test_an_automatic_reply_is_known_by_its_subject(tag: str, subject: str) -> None:
    body = f"{ANSWERS[tag][0]}\n\n{QUOTED}\n"
    assert read(mail(f"Subject: {subject.format(SUBJECT)}", body=body)).nature is MailNature.AUTO_REPLY


@pytest.mark.parametrize(
    "line",
    [
        "Approve. Two men checked it, the dock is fast and the nightly run was fine",
        "Approved, the new men's shop is live in the test system",
        "Genehmigt, fast alle Prüfungen sind längst gelaufen",
        "Goedgekeurd, om tien uur gaan we live",
        "Aprobado, el paso de la oro fue revisado",
        "Approvato, il test è andato bene da me e da Anna",
    ],
)
def test_words_of_these_languages_are_no_doubt_in_others(line: str) -> None:
    assert say(line) == "a"
