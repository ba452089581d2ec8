"""Doubt beside what nobody typed: below a signature or disclaimer, before an attribution; and its cost."""

import textwrap
from functools import partial

import pytest

from flexmaild.core.model import Answer
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.costs import grows_with_size, seconds
from tests.unit.mail.mails import OWN, REQUEST, mail, read, said, sent

_QUOTE = "\n".join(f"> {line}" for line in REQUEST)
_WROTE = f"On Sat, Nov 21, 2026 at 3:30 PM flexmaild <{OWN}> wrote:\n{_QUOTE}"
_DISCLAIMER = (
    "This e-mail and any attachments are confidential and intended solely for the addressee. "
    "If you are not the intended recipient, please delete it and notify the sender."
)


@pytest.mark.parametrize("doubt", ["Scratch that", "On second thought", "Changed my mind", "👎", "🛑"])
@pytest.mark.parametrize("above", ["Ann", "-- \nAnn", "Kind regards,\nAnn", "Ann\nT: +49 30 1234567"])
def test_a_change_of_mind_is_no_part_of_a_signature(doubt: str, above: str) -> None:
    assert said(mail(body=f"Approve\n\n{above}\n{doubt}\n\n{_WROTE}")) != "approve"


def test_a_word_that_decides_is_no_part_of_a_title() -> None:
    assert said(mail(body=f"Approve\n\nAnn\nHead of Operations Reject\n\n{_WROTE}")) != "approve"


@pytest.mark.parametrize("doubt", ["but not before Monday", "only after the backup", "wait", "not yet"])
def test_a_small_letter_below_a_disclaimer_is_no_part_of_it(doubt: str) -> None:
    assert said(mail(body=f"Approve\n\n{_DISCLAIMER}\n{doubt}")) != "approve"


@pytest.mark.parametrize("doubt", ["Approve, -1", "Approve\n-1"])
def test_a_vote_against_counts_on_its_own(doubt: str) -> None:
    assert said(mail(body=doubt)) != "approve"


@pytest.mark.slow
def test_what_says_little_of_a_disclaimer_line_by_line_is_soon_read() -> None:
    """Four times the text costs hardly more than four times."""
    line = "This e-mail and any attachments are confidential and intended.\n"
    few, many = (mail(body="Approve\n\n" + line * count) for count in (4_000, 16_000))
    assert said(few) == said(many) == "too_long"
    assert grows_with_size(*(seconds(partial(said, data)) for data in (few, many)))


@pytest.mark.parametrize("added", ["really?", "？", "؟", "❓", "Reject", "👎", "on second thought"])
def test_what_was_added_to_the_subject_counts(added: str) -> None:
    subject = f"Subject: Re: Approval needed: Deploy billing 2.3.1 to production - {added}"
    assert said(mail(subject, body=f"Approve\n\n{_WROTE}")) != "approve"


@pytest.mark.parametrize("k", range(len(REQUEST)))
def test_a_thumb_down_beside_a_quoted_line_counts(k: int) -> None:
    quoted = [f"> {line} 👎" if i == k else f"> {line}" for i, line in enumerate(REQUEST)]
    body = "\n".join(("Approve", "", f"On Sat, Nov 21, 2026 flexmaild <{OWN}> wrote:", *quoted))
    assert said(mail(body=body)) != "approve"


@pytest.mark.parametrize("value", ["really?", "Reject", "👎", "on second thought"])
def test_a_header_field_that_answers_was_typed(value: str) -> None:
    block = f"From: flexmaild <{OWN}>\nSent: {value}\nTo: Ann <ann@corp.test>\nSubject: Approval needed"
    assert said(mail(body="\n".join(("Approve", "", block, "", *REQUEST)))) != "approve"


def test_a_date_in_front_of_an_attribution_belongs_to_what_was_typed() -> None:
    assert said(mail(body=f"Approve\n\nMonday, 30 Nov 2026, not earlier {_WROTE}")) != "approve"


_CAUTION = (
    "CAUTION: This email originated from outside of the organization. Do not click links or open attachments "
    "unless you recognize the sender and know the content is safe."
)
_BLOCK = (f"From: flexmaild <{OWN}>", "Sent: Friday, 20 November 2026 10:15", "To: Ann Approver")
_OUTLOOK = "\n".join((*_BLOCK, "Subject: Approval needed: Deploy billing 2.3.1 to production", "", *REQUEST))


@pytest.mark.parametrize(
    "typed",
    [
        f"wait {_DISCLAIMER}",
        f"{_DISCLAIMER}, wait",
        f"{_DISCLAIMER} wait",
        f"{_DISCLAIMER[:-1]}, wait",
        f"{_DISCLAIMER}\nConfidential until Monday",
        f"Confidential until Monday\n{_DISCLAIMER}",
        f"{_DISCLAIMER}\nFrom: Monday 30.11.2026 on",
        f"{_CAUTION}\nStop",
        f"Stop\n{_CAUTION}",
        "Ann\n-1",
        "Ann -1",
        "Ann Lee\nHead of Operations 👎",
        ":thumbsdown:",
    ],
)
def test_a_doubt_glued_to_what_is_known_counts(typed: str) -> None:
    assert said(mail(body=f"Approve\n\n{typed}\n\n{_WROTE}")) != "approve"


@pytest.mark.parametrize("field", ["From: Monday 30.11.2026 on", "Subject: subject to QA"])
@pytest.mark.parametrize("place", range(4))
def test_a_field_that_a_header_block_has_already_was_typed(field: str, place: int) -> None:
    lines = _OUTLOOK.split("\n")
    lines.insert(place, field)
    assert said(mail(body="\n".join(("Approve", "", *lines)))) != "approve"


def test_a_question_mark_or_a_term_put_into_our_words_counts() -> None:
    asked = _WROTE.replace("> Deploy billing 2.3.1 to production", "> Deploy billing 2.3.1 to production?")
    assert asked != _WROTE
    assert said(mail(body=f"Approve\n\n{asked}")) in ("question", "quote_changed")
    meant = _WROTE.replace(" flexmaild <", " but not before Monday flexmaild <")
    assert said(mail(body=f"Approve\n\n{meant}")) != "approve"
    subject = "Subject: Re: Approval needed: Deploy billing 2.3.1 to production - subject to QA"
    assert said(mail(subject, body=f"Approve\n\n{_WROTE}")) == "condition"


_MVH = "Mvh\nAnn\n{}"
_PLACES = (_MVH, "-- \nAnn Smith\n{}", "Kind regards,\nAnn\n\n{}", "Ann\n{}\n+49 30 1234567")
# Doubts that are no word of another language, below names and amid a disclaimer.
_OWN_DOUBTS = (
    "kun frontend",
    "Kun Frontend",
    "vent",
    "jen frontend",
    "dur",
    "paus",
    "måske",
    "mangler test",
    "hm",
)
_EASTERN_DOUBTS = ("하지마", "배포하지마", "프론트만")


@pytest.mark.parametrize("doubt", _OWN_DOUBTS + _EASTERN_DOUBTS)
@pytest.mark.parametrize("place", _PLACES)
def test_a_doubt_of_any_language_is_no_part_of_a_signature(place: str, doubt: str) -> None:
    assert said(mail(body=f"Approve\n\n{place.format(doubt)}\n\n{_WROTE}")) in ("condition", "negated")


@pytest.mark.parametrize("doubt", _OWN_DOUBTS)
def test_a_doubt_of_any_language_is_no_part_of_a_disclaimer_or_the_subject(doubt: str) -> None:
    first, *others = textwrap.wrap(_DISCLAIMER, 76)
    assert said(mail(body="\n".join(("Approve", "", first, doubt, *others)))) in ("condition", "negated")
    subject = f"Subject: Re: Approval needed: Deploy billing 2.3.1 to production - {doubt}"
    assert said(mail(subject, body=f"Approve\n\n{_WROTE}")) == "condition"


@pytest.mark.parametrize(
    "sender", ["Jen Novak <jen@corp.test>", "Jennifer Men <jm@corp.test>", "Kai Ken <k@corp.test>"]
)
@pytest.mark.parametrize(
    "line",
    ["Jen", "Jen\nDetroit, MI 48226", "Novak et al", "Ingénieur en chef", "Fast Lane Ltd"],
)
def test_a_name_or_an_address_that_holds_a_doubt_of_another_language_is_a_signature(
    sender: str, line: str
) -> None:
    name = sender.split(" <")[0]
    for above in (f"Thanks,\n{name}", "Kind regards,", f"-- \n{name}", name):
        assert said(mail(body=f"Approve\n\n{above}\n{line}\n\n{_WROTE}", sender=sender)) == "approve"


@pytest.mark.parametrize(
    "doubt", ["Servers 3 not 17", "Steps 11 except 14", "Hosts 10 without 12", "Not 3, 2026"]
)
@pytest.mark.parametrize("place", _PLACES)
def test_a_word_between_numbers_is_a_date_only_where_it_is_a_month(place: str, doubt: str) -> None:
    assert said(mail(body=f"Approve\n\n{place.format(doubt)}\n\n{_WROTE}")) in ("condition", "negated")


@pytest.mark.parametrize("date", ["15. Mai 2026", "15 mai 2026", "16 de nov. de 2026", "3 prosince 26"])
def test_a_month_of_a_date_doubts_nothing(date: str) -> None:
    assert said(mail(body=f"Approve\n\nMvh\nAnn\n{date}\n\n{_WROTE}")) == "approve"


_HEAD, _QUOTED = f"Approve\n\nOn Fri, 15 May 2026 at 10:00, flexmaild <{OWN}> wrote:", _QUOTE.split("\n")


@pytest.mark.parametrize("sign", [":-(", ":(", ":/", "):", ":'(", "⁇", "؟", "‽", "> :-(", "> ⁇"])
def test_a_frown_or_a_question_mark_of_any_script_is_not_lost(sign: str) -> None:
    for at in range(len(_QUOTED) + 1):
        body = "\n".join((_HEAD, *_QUOTED[:at], sign, *_QUOTED[at:]))
        assert said(mail(body=body)) in ("negated", "question"), at
    if sign[0] != ">":
        for above in ("Best regards,\nAnn", "-- \nAnn Smith", "Ann\n+49 30 1234567"):
            assert said(mail(body=f"Approve\n\n{above}\n{sign}\n\n{_WROTE}")) in ("negated", "question")


def test_a_question_mark_of_any_script_put_into_our_words_counts() -> None:
    for mark in "⁇؟‽？":
        asked = _WROTE.replace("to production", f"to production{mark}")
        assert said(mail(body=f"Approve\n\n{asked}")) in ("question", "quote_changed")


@pytest.mark.parametrize("doubt", ["not", "do not", "or", "Not!", "please do not"])
@pytest.mark.parametrize("at", range(len(_QUOTED) + 1))
def test_few_words_of_ours_typed_behind_a_quote_mark_are_typed(doubt: str, at: int) -> None:
    asked = sent(*REQUEST, "Please do not modify below this line, or wait for Bob.")
    quoted = [f"> {line}" for line in (*REQUEST, "Please do not modify below this line, or wait for Bob.")]
    body = "\n".join((_HEAD, *quoted[:at], f"> {doubt}", *quoted[at:]))
    assert read(mail(body=body), mails_sent=lambda _: (asked,)).answer is None


def test_few_words_of_ours_wrapped_or_on_a_line_of_their_own_are_ours() -> None:
    asked = sent(*REQUEST, "Downtime:", "no", "Nobody will notice it, and if so we roll back, or not.")
    quoted = "> Downtime:\n> no\n> Nobody will notice it, and if so we roll back, or\n> not."
    body = "\n".join((_HEAD, *_QUOTED, quoted))
    assert read(mail(body=body), mails_sent=lambda _: (asked,)).answer is not None


_BY_NAME = Rules.of(OWN, names=("flexmaild",))
_WRITES = (f"flexmaild <{OWN}> writes:", f"<{OWN}> wrote:", f"flexmaild <{OWN}>:", "flexmaild wrote:")


@pytest.mark.parametrize("writes", _WRITES)
@pytest.mark.parametrize(
    "typed",
    [
        *("2026-05-16 reject", "Go 2026-05-16, Bob?", "Prod 2026-05-16 👎", "2026-05-16 fingers crossed"),
        *("Reject 2.3.10", "not 2.3.10", "10:30 if ready", "only 15.05.2026", "15 May 2026: wait"),
    ],
)
def test_a_line_with_a_number_above_an_attribution_is_no_part_of_it(typed: str, writes: str) -> None:
    assert said(mail(body=f"Approve\n{typed}\n{writes}\n{_QUOTE}"), _BY_NAME) != "approve"


@pytest.mark.parametrize("writes", _WRITES)
@pytest.mark.parametrize("comment", ["2.3.10", "billing 2.3.10", "Window 2026-05-16."])
def test_an_answer_with_a_number_at_once_above_an_attribution_decides(comment: str, writes: str) -> None:
    reading = read(mail(body=f"Approve {comment}\n{writes}\n{_QUOTE}"), _BY_NAME)
    assert (reading.answer, reading.comment) == (Answer.APPROVE, comment)


@pytest.mark.parametrize(
    "above",
    [
        *(
            "On Fri, 15 May 2026 10:00:00 +0200",
            "Le vendredi 15 mai 2026 à 10:00:00 UTC+2,",
            "15.05.2026 10:00",
        ),
        *(
            "Am Freitag, 15. Mai 2026, 10:00:00 MESZ",
            "Dne 15. května 2026 v 10:00",
            "15 Mayıs 2026 Cuma 10:00",
        ),
        *(
            "2026年5月15日(金) 10:00",
            "2026년 5월 15일 금요일 오전 10:00",
            "El vie, 15 de may. de 2026 a las 10:00,",
        ),
    ],
)
def test_a_date_alone_above_an_attribution_is_a_part_of_it(above: str) -> None:
    reading = read(mail(body=f"Approve\n\n{above}\n{_WRITES[0]}\n{_QUOTE}"), _BY_NAME)
    assert (reading.answer, reading.comment) == (Answer.APPROVE, "")


def test_a_line_with_our_name_and_a_date_is_an_attribution_only_where_it_says_nothing_else() -> None:
    ours = "\n".join(REQUEST)
    assert said(mail(body=f"Approve\n\nok? flexmaild 2026-05-16\n\n{ours}"), _BY_NAME) == "question"
    deploy = "Deploy with flexmaild on 2026-05-16"
    assert read(mail(body=f"Approve\n\n{deploy}\n\n{ours}"), _BY_NAME).comment == deploy
    for line in ("# flexmaild | Fri, Nov 20, 2026 at 10:00", "flexmaild wrote on 2026-05-15 10:00"):
        reading = read(mail(body=f"Approve\n\n{line}\n\n{ours}"), _BY_NAME)
        assert (reading.answer, reading.comment) == (Answer.APPROVE, "")


@pytest.mark.parametrize("doubt", ["👎", "only after the backup", "ok?", "not yet"])
def test_a_doubt_in_front_of_a_field_counts(doubt: str) -> None:
    block = _OUTLOOK.replace("To: Ann Approver", f"{doubt} To: Ann Approver <ann@corp.test>")
    assert said(mail(body=f"Approve\n\n{block}")) != "approve"
    assert said(mail(body=f"Approve\n\n{_OUTLOOK.replace('Sent:', f'{doubt} Sent:')}")) != "approve"


@pytest.mark.parametrize("sign", ["👎", "🛑", "-1"])
def test_a_sign_that_refuses_is_no_part_of_a_disclaimer(sign: str) -> None:
    words = _DISCLAIMER.split()
    for at in range(1, len(words) + 1):
        body = " ".join((*words[:at], sign, *words[at:]))
        assert said(mail(body=f"Approve\n\n{body}")) != "approve", at
