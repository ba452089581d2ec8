"""What people write in the languages that came after the first nine, and what their mail programs add."""

from __future__ import annotations

from collections import Counter

import pytest

from flexmaild.core.model import MailNature
from flexmaild.mail.understand.doubt import doubts_in
from flexmaild.mail.understand.label import Labelled
from flexmaild.mail.understand.rules import Rules, normal_word
from flexmaild.mail.understand.verdict import WHY, decide
from tests.unit.mail.lines import AUTOMATIC, BELOW, ENDINGS, LINES, QUOTES
from tests.unit.mail.mails import OWN, REQUEST, mail, read

RULES = Rules.of("approvals@corp.test")


def say(text: str) -> tuple[str, str]:
    """What the text says ("a", "r" or why nothing), and its language."""
    decision = decide(Labelled((), tuple(text.split("\n")), (), ()), RULES)
    return (decision.answer.value[0] if decision.answer else decision.unclear), decision.language


@pytest.mark.parametrize(("language", "meant", "line"), LINES)
def test_every_line_means_what_it_says(language: str, meant: str, line: str) -> None:
    said, spoken = say(line)
    assert (said, spoken) == (meant, language) if meant != "?" else said in WHY


def test_each_language_has_at_least_thirty_lines_of_every_kind() -> None:
    count = Counter(language for language, _, _ in LINES)
    assert min(count.values()) >= 30
    assert all({meant for tag, meant, _ in LINES if tag == language} >= {"a", "r", "?"} for language in count)


@pytest.mark.parametrize(("language", "header"), QUOTES)
def test_an_answer_above_a_quote_decides_and_a_condition_below_it_is_found(
    language: str, header: str
) -> None:
    approve, condition = BELOW[language]
    head = header.format(own=OWN)
    # Below a block of headers a quote has no marks, below an attribution each line has one.
    marked = "\n".join(line if "\n" in head else f"> {line}" for line in REQUEST)
    for below, answer in (("", True), (f"\n{condition}\n", False)):
        reading = read(mail(body=f"{approve}\n\n{head}\n{marked}\n{below}"))
        assert (reading.answer is not None) is answer, reading
        assert reading.comment == ""


@pytest.mark.parametrize(("language", "ending"), ENDINGS)
def test_what_stands_below_everybodys_mail_is_no_comment(language: str, ending: str) -> None:
    reading = read(mail(body=f"{BELOW[language][0]}\n\n{ending}\n"))
    assert (reading.answer is not None, reading.comment) == (True, "")


@pytest.mark.parametrize("subject", AUTOMATIC)
def test_an_automatic_reply_is_known_by_its_subject(subject: str) -> None:
    assert read(mail(f"Subject: {subject}")).nature is MailNature.AUTO_REPLY
    assert read(mail(f"Subject: Re: {subject}")).nature is MailNature.HUMAN


@pytest.mark.parametrize(
    "line",
    [
        "Approuvé, tout est prêt et en ordre",
        "Aprobado, mi equipo ya lo revisó en producción",
        "Goedgekeurd, en bedankt",
        "Approved, the new network is needed",
        "Approve, we do course and reverse tests on the universe",
        "Approvato, la versione è diversa ed è testata",
        "Hi Jen,\nApproved",
    ],
)
def test_a_word_of_one_language_raises_no_doubt_in_another(line: str) -> None:
    assert say(line)[0] == "a"


def test_an_ending_doubts_in_a_line_of_its_language_and_nowhere_else() -> None:
    assert doubts_in("yedek alındıysa ve testler geçtiyse") == {"alindiysa", "geçtiyse"}
    assert doubts_in("the nurse on course") == set()
    assert doubts_in("testy nejlepší verze") == set()
    assert doubts_in("v této verzi neztrácí data") == {"neztrácí"}


def test_turkish_capitals_are_the_same_letters() -> None:
    assert normal_word("REDDEDİLDİ") == normal_word("Reddedildi") == "reddedildi"
    assert say("ONAYLIYORUM")[0] == say("onaylıyorum")[0] == say("onayliyorum")[0] == "a"
    assert say("ONAYLIYORUM, İPTAL")[0] == "condition"


def test_a_comma_may_stand_in_a_phrase_that_has_one() -> None:
    assert say("Schváleno, dejte mi vědět, až to bude hotové")[0] == "a"
    assert say("Schváleno, až to bude hotové")[0] == "condition"
