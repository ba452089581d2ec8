"""What people write in the languages that came after the first nine, and what their mail programs add."""

from collections import Counter

import pytest

from flexmaild.core.model import Answer
from flexmaild.core.parsed_reply import MailNature
from flexmaild.mail.understand.labels.label import Labelled
from flexmaild.mail.understand.verdict import WHY, decide
from flexmaild.mail.understand.words.doubt import doubts_in
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.mail.understand.words.spelling import normal_word
from tests.unit.mail.lines import DATA, LINES, each, zh
from tests.unit.mail.mails import OWN, REQUEST, mail, read, said

RULES = Rules.of("approvals@corp.test")
SUBJECT = "Approval needed: Deploy billing 2.3.1 to production"
ANN = "Ann Approver <ann@corp.test>"
# Their words that decide are in part the same.
NORTH, EAST = ("da", "nb", "sv"), ("ko", "zh")
QUOTES = [
    pytest.param(tag, header, mark, id=f"{tag} {program}, {'marked' if mark else 'unmarked'}")
    for tag, data in DATA.items()
    for program, header in data.QUOTES.items()
    for mark in ("", "> ")
]
NATURAL = [[line for tag in EAST for line in DATA[tag].NATURAL[which]] for which in (0, 1)]


def say(text: str) -> tuple[str, str]:
    """What the text says ("a", "r" or why nothing), and its language."""
    decision = decide(Labelled((), tuple(text.split("\n")), (), ()), RULES)
    return (decision.answer.value[0] if decision.answer else decision.unclear), decision.language


def comment_of(answer: str) -> str:
    return answer.partition(", ")[2]


def quote(header: str, mark: str) -> str:
    """Our request as this mail program quotes it."""
    lines = "\n".join(f"{mark}{line}".rstrip() for line in REQUEST)
    return f"{header.format(own=OWN, subject=SUBJECT)}\n{lines}"


def a_quote(tag: str) -> str:
    return quote(next(iter(DATA[tag].QUOTES.values())), "> ")


@pytest.mark.parametrize("language", sorted({language for language, _, _ in LINES}))
def test_every_line_means_what_it_says(language: str) -> None:
    said = [(meant, line, *say(line)) for tag, meant, line in LINES if tag == language]
    assert [one for one in said if (one[2] not in WHY if one[0] == "?" else one[2] != one[0])] == []
    if language not in NORTH + EAST:
        assert [one for one in said if one[0] in ("a", "r") and one[3] != language] == []


def test_each_language_has_at_least_thirty_lines_and_some_of_every_kind() -> None:
    count = Counter(language for language, _, _ in LINES)
    assert min(count.values()) >= 30
    assert all({meant for tag, meant, _ in LINES if tag == language} > {"a", "r"} for language in count)


@pytest.mark.parametrize("tag", NORTH)
def test_there_are_many_nordic_lines_of_every_kind(tag: str) -> None:
    assert min(map(len, DATA[tag].LINES.values())) >= 10
    assert len(DATA[tag].LINES["?"]) >= 30


@pytest.mark.parametrize(("tag", "header", "mark"), QUOTES)
def test_an_answer_above_a_quote_decides(tag: str, header: str, mark: str) -> None:
    approval, rejection = DATA[tag].ANSWERS
    below = quote(header, mark)
    for fields in ((), (f"Subject: Re: {SUBJECT}",)):
        reading = read(mail(*fields, body=f"{approval}\n\n{below}\n", sender=ANN))
        assert (reading.answer, reading.comment) == (Answer.APPROVE, comment_of(approval))
    assert said(mail(f"Subject: SV: {SUBJECT}", body=f"{rejection}\n\n{below}\n", sender=ANN)) == "reject"


@pytest.mark.parametrize(("tag", "header", "mark"), QUOTES)
def test_a_condition_above_or_below_a_quote_is_found(tag: str, header: str, mark: str) -> None:
    approval, below = DATA[tag].ANSWERS[0], quote(header, mark)
    for doubt in DATA[tag].DOUBTS:
        for body in (f"{approval}\n\n{below}\n\n{doubt}\n", f"{approval}\n\n{doubt}\n\n{below}\n"):
            unclear = said(mail(f"Subject: Re: {SUBJECT}", body=body, sender=ANN))
            assert unclear == "condition" or (unclear == "negated" and tag in EAST)


@pytest.mark.parametrize(("tag", "ending"), each(lambda data: data.ENDINGS))
def test_what_stands_below_everybodys_mail_is_no_comment(tag: str, ending: str) -> None:
    assert_approves(tag, f"{DATA[tag].ANSWERS[0]}\n\n{ending}\n")


@pytest.mark.parametrize(("tag", "banner"), each(lambda data: data.BANNERS))
def test_a_banner_above_the_answer_is_not_the_answer(tag: str, banner: str) -> None:
    assert_approves(tag, f"{banner}\n\n{DATA[tag].ANSWERS[0]}\n")


def assert_approves(tag: str, text: str) -> None:
    """Alone and above a quote, with the comment of the approval and no other."""
    for below in ("", f"\n{a_quote(tag)}\n"):
        reading = read(mail(body=text + below, sender=ANN))
        assert (reading.answer, reading.comment) == (Answer.APPROVE, comment_of(DATA[tag].ANSWERS[0]))


@pytest.mark.parametrize(("tag", "subject"), each(lambda data: data.AUTOMATIC))
def test_an_automatic_reply_is_known_by_its_subject(tag: str, subject: str) -> None:
    body = f"{DATA[tag].ANSWERS[0]}\n\n{a_quote(tag)}\n"
    assert read(mail(f"Subject: {subject}")).nature is MailNature.AUTO_REPLY
    assert read(mail(f"Subject: {subject}", body=body)).nature is MailNature.AUTO_REPLY
    assert read(mail(f"Subject: Re: {subject}")).nature is MailNature.HUMAN


@pytest.mark.parametrize("tag", DATA)
@pytest.mark.parametrize("signature", ["{}", "Ann Approver\n{}", "-- \nAnn Approver\n{}"])
def test_a_doubt_within_a_signature_is_a_doubt(tag: str, signature: str) -> None:
    for doubt in DATA[tag].DOUBTS:
        body = f"{DATA[tag].ANSWERS[0]}\n\n{signature.format(doubt)}"
        assert said(mail(body=body, sender=ANN)) in ("condition", "negated")


def test_an_innocent_comment_lets_an_approval_decide() -> None:
    assert [(line, say(line)) for line in NATURAL[0] if say(line)[0] != "a"] == []


def test_a_doubtful_comment_keeps_an_approval_from_deciding() -> None:
    doubts = ("condition", "negated", "question", "both_words")
    assert [(line, say(line)) for line in NATURAL[1] if say(line)[0] not in doubts] == []


@pytest.mark.parametrize(
    ("meant", "line"), [(meant, line) for meant, lines in zh.BESIDE_JAPANESE.items() for line in lines]
)
def test_chinese_and_japanese_do_not_disturb_each_other(meant: str, line: str) -> None:
    assert say(line)[0] == meant


@pytest.mark.parametrize(
    "line",
    [
        "Approve. Two men checked it, the dock is fast and the nightly run was fine",
        "Approved, the new men's shop is live in the test system",
        "Genehmigt, fast alle Prüfungen sind längst gelaufen",
        "Goedgekeurd, om tien uur gaan we live",
        "Aprobado, el paso de la oro fue revisado",
        "Approvato, il test è andato bene da me e da Anna",
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
