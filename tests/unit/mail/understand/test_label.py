"""Each line of a reply gets its label, whoever's mail program made it; nothing is cut."""

# ruff: noqa: E501

from typing import Any

import pytest

from flexmaild.core.model import Answer
from flexmaild.core.work import SentMail
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.plain import plain_lines
from flexmaild.mail.understand.labels.label import IGNORED, Labelled, label
from flexmaild.mail.understand.labels.sent import SentText, sent_text
from flexmaild.mail.understand.labels.signatures import Writer
from flexmaild.mail.understand.lines import Label, lines_of
from flexmaild.mail.understand.verdict import decide
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.mails import MARKER, OWN, REFERENCE, REQUEST, RULES, SENT, sent

GUARD = "******* Please DO NOT modify below this line. *******"
WRITER = Writer.of("Ann Approver", "ann.approver@corp.test")
QUOTED = "\n".join(f"> {line}".rstrip() for line in REQUEST)
UNMARKED = "\n".join(REQUEST)


def known(*mails: SentMail) -> SentText:
    return sent_text(mails or (SENT,), Limits(), RULES.own_addresses)


def labelled(
    text: str, sent_before: SentText | None = None, rules: Rules = RULES, style: str = "plain"
) -> Labelled:
    return label(lines_of(plain_lines(text, style)), sent_before or known(), rules, WRITER)


def typed(text: str, **more: Any) -> str:
    found = labelled(text, **more)
    return "\n".join(
        line for part in (found.above, found.among, found.below) for line in part if line.strip()
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Approve", "Approve"),
        (f"Approve\n\n{GUARD}\nReference {REFERENCE}", "Approve"),
        (f"Approve  ******* You may {GUARD} Reference {REFERENCE}", "Approve  ******* You may"),
        (f"Approve Reference {REFERENCE}", "Approve"),
        (f"Approve\nReference {REFERENCE} but only after the backup", "Approve\nbut only after the backup"),
        (f"Approve\n{GUARD}\nReference {REFERENCE}\n\nReject, wrong version", "Approve\nReject, wrong version"),
        ("Approve\n-- \nAnn", "Approve"),
        ("Approve\n--\nAnn", "Approve"),
        ("Approve\n--\nonly the billing part", "Approve\n--\nonly the billing part"),
        ("Approve\n\nKind regards,\nAnn", "Approve"),
        ("Approve\n\nKind regards?\nAnn", "Approve\nKind regards?"),
        ("Approve\n\nKind regards, Ann ？", "Approve\nKind regards, Ann ？"),
        ("Approve\n\nThanks?\nAnn Approver", "Approve\nThanks?"),
        ("Approve\n\nMit freundlichen Grüßen\nAnn", "Approve"),
        ("Approve\nRegards\nAnn\nPS: only the database", "Approve\nPS: only the database"),
        ("Approve\n\nAnn Approver\n\nSorry, reject!", "Approve\nSorry, reject!"),
        ("Approve\n\nSent from my iPhone", "Approve"),
        ("Approve\nSent from my iPhone\n\nonly if green", "Approve\nonly if green"),
        ("Approve\nSent from QA: two tests are red, hold it", "Approve\nSent from QA: two tests are red, hold it"),
        ("Approve\n____\nonly the billing part", "Approve\n____\nonly the billing part"),
        ("Approve\n***** NOTE *****\nwait", "Approve\n***** NOTE *****\nwait"),
        ("Approve\n---- message to ops ----\nwait", "Approve\n---- message to ops ----\nwait"),
        ("Approve\nOn Friday we tested it", "Approve\nOn Friday we tested it"),
        ("Approve\n>95% load today, wait", "Approve\n>95% load today, wait"),
        ("Approve\nOne condition for flexmaild:\nnot before Tuesday", "Approve\nOne condition for flexmaild:\nnot before Tuesday"),
        (f"Approve\nplease tell {OWN} about it", f"Approve\nplease tell {OWN} about it"),
        ("Approve\nOutlook für alle zuerst umstellen", "Approve\nOutlook für alle zuerst umstellen"),
        ("\n\n", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_not_certainly_something_else_was_typed(text: str, expected: str) -> None:
    assert typed(text) == expected


@pytest.mark.parametrize(
    "quote",
    [
        f"On Friday, 20 Nov 2026, flexmaild <{OWN}> wrote:\n{QUOTED}",
        f"On Friday, 20 Nov 2026,\nflexmaild <{OWN}>\nwrote:\n{QUOTED}",
        f'20.11.2026, 10:15, "flexmaild" <{OWN}>:\n{UNMARKED}',
        f"From: flexmaild <{OWN}>\nSent: Friday, 20 November 2026 10:15\nTo: Ann\nSubject: Approval needed\n\n{UNMARKED}",
        f"________________________________\nVon: flexmaild <{OWN}>\nGesendet: Freitag\nAn: Ann\n\n{UNMARKED}",
        f"-----Original Message-----\nFrom: flexmaild <{OWN}>\nSent: x 2026\nTo: Ann\n\n{UNMARKED}",
        "\n".join(f"\t{line}" for line in REQUEST),
        "\n".join(f"FM> {line}" for line in REQUEST),
        "\n".join(f"| {line}" for line in REQUEST),
        "\n".join(f"    {line}" for line in REQUEST),
        UNMARKED,
    ],
    ids=["gmail", "wrapped", "date first", "outlook", "german outlook", "original message", "tab", "supercite", "bar", "blanks", "bare"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["above", "below", "among"])
def test_a_condition_is_found_wherever_it_stands_beside_the_quote(quote: str, place: str) -> None:
    assert typed(f"Approve\n\n{quote}\n") == "Approve"
    lines = quote.split("\n")
    middle = next(i for i, line in enumerate(lines) if "To decide" in line)
    with_condition = {
        "above": f"not before Tuesday\n{quote}",
        "below": f"{quote}\nnot before Tuesday",
        "among": "\n".join([*lines[:middle], "not before Tuesday", *lines[middle:]]),
    }[place]
    assert typed(f"Approve\n\n{with_condition}\n") == "Approve\nnot before Tuesday"


@pytest.mark.parametrize(
    "attribution",
    [
        "On Fri, 2026-11-27 at 01:28 +0000, flexmaild wrote:",
        f"Am 27.11.2026 um 01:28 schrieb flexmaild <{OWN}>:",
        f"Le 27/11/2026 à 01:28, flexmaild <{OWN}> a écrit :",
        f"El 27/11/26 a las 1:28, flexmaild <{OWN}> escribió:",
        "Quoting flexmaild <approvals@corp.test>:",
        '27.11.2026, 01:28, "flexmaild" <approvals@corp.test>:',
    ],
)
@pytest.mark.parametrize("glue", ["", " "])
def test_text_glued_to_an_attribution_is_split_from_it(attribution: str, glue: str) -> None:
    sentence = "stop, please wait for Bob"
    assert sentence in typed(f"Approve\n{sentence}{glue}{attribution}\n{QUOTED}")


def test_what_was_changed_inside_our_text_is_doubt_and_what_a_border_does_to_links_is_not() -> None:
    changed = UNMARKED.replace("billing 2.3.1", "billing 2.3.0")
    assert labelled(f"Approve\n\n{changed}").changed
    asked = sent(*REQUEST, "See https://build.corp.test/job?id=7 for more about it.")
    safe = "See https://safe.links.test/?url=https%3A%2F%2Fbuild.corp.test&data=05 for more about it."
    quote = "\n".join(f"> {line}" for line in (*REQUEST, safe))
    found = labelled(f"Approve\n\n{quote}", known(asked))
    assert not found.changed and not any(line.label is Label.TYPED for line in found.lines[1:])


def test_a_word_taken_out_of_our_text_or_put_into_it_is_a_change() -> None:
    for other in ("answer this mail and do not begin", "answer mail and begin"):
        quote = QUOTED.replace("answer this mail and begin", other)
        assert labelled(f"Approve\n\n{quote}").changed


def test_no_line_is_ours_more_often_than_we_sent_it() -> None:
    again = "Deploy billing 2.3.1 to production"
    assert typed(f"Approve\n\n{UNMARKED}\n{again}") == f"Approve\n{again}"
    assert typed(f"Approve\n\n{again}\n\n{UNMARKED}").startswith("Approve")


def test_a_request_that_holds_the_word_as_a_line_does_not_answer_itself() -> None:
    asked = sent(MARKER, "Approve", "means that the deployment starts at once, on all hosts.")
    found = labelled("Approve\nmeans that the deployment starts at once, on all hosts.", known(asked))
    assert found.lines[0].label is not Label.TYPED


def test_where_the_words_are_not_known_every_quoted_line_counts_as_typed() -> None:
    unknown = sent_text(None, Limits(), RULES.own_addresses)
    found = labelled(f"Approve\n\nOn 20 Nov 2026 flexmaild <{OWN}> wrote:\n{QUOTED}", unknown)
    assert found.has_quote and any("Deploy billing" in line for line in (*found.among, *found.below))


def test_what_a_confirmation_repeats_of_a_person_is_ours_only_behind_our_own_words() -> None:
    told = sent("Your approval is recorded", "Your comment: tested on staging by all of us")
    known_words = known(SENT, SentMail(told.data, ("tested on staging by all of us",)))
    quoted = "> Your approval is recorded\n> Your comment: tested on staging by all of us"
    assert typed(f"Reject\n\n{quoted}", sent_before=known_words) == "Reject"
    assert "tested on staging" in typed(
        f"Approve\n\n{QUOTED}\n\ntested on staging by all of us", sent_before=known_words
    )


def test_lines_that_the_settings_name_are_neither_comment_nor_doubt() -> None:
    rules = Rules.of(OWN, names=("flexmaild",), ignore_lines=["Checked by * - do not trust unknown senders"])
    found = labelled("Checked by GateKeeper 7 - do not trust  unknown SENDERS\nApprove", rules=rules)
    assert [line.label for line in found.lines] == [Label.DISCLAIMER, Label.TYPED]
    assert found.lines[0].rule == IGNORED


def test_text_around_clear_signed_openpgp_is_read_too() -> None:
    signed = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nApprove\n-----BEGIN PGP SIGNATURE-----\niQ\n-----END PGP SIGNATURE-----\n"
    assert typed(signed) == "Approve"
    assert typed(f"{signed}\nnot before Tuesday") == "Approve\nnot before Tuesday"


@pytest.mark.parametrize("text", ["a\nb\n\nc", f"Approve\n\n{QUOTED}\n-- \nAnn", "> x\n>\n\n", "\n" * 40])
def test_all_lines_in_are_all_lines_labelled(text: str) -> None:
    found = labelled(text)
    assert [line.text for line in found.lines] == text.split("\n")
    assert all(line.label and (line.rule or line.label is Label.BLANK) for line in found.lines)


@pytest.mark.parametrize("said", ["second line", "the line above", "comment after the word", "do not modify"])
def test_a_persons_words_that_a_prefilled_reply_has_too_are_the_persons(said: str) -> None:
    assert typed(f"Approve looks good\n{said}") == f"Approve looks good\n{said}"
    assert typed(f"Approve\n\n{UNMARKED}\n\n{said}").endswith(said)


# A whole request, and words that stand in it or in every prefilled reply, so that they could be taken for ours.
WHOLE = (
    *REQUEST[:-2],
    "You may add a comment after it.",
    "This mail is meant for you alone. Answers from other addresses do not count.",
    "",
    GUARD,
    REQUEST[-1],
)
HEADER = f"On 20 Nov 2026 flexmaild <{OWN}> wrote:"
OF_OURS = (
    "please do not",
    "do not modify",
    "the word Reject",
    "or the word Reject",
    "do not count",
    "please do not go",
)


@pytest.mark.parametrize("said", OF_OURS)
def test_few_words_of_ours_that_doubt_are_a_persons_wherever_they_stand(said: str) -> None:
    """Above, below and among the quote, marked as quoted, and at the end of one of its lines."""
    marked = [f"> {line}".rstrip() for line in WHOLE]
    title = next(i for i, line in enumerate(marked) if "Deploy billing" in line)
    places = {
        "nowhere": ("Approve", "", HEADER, *marked),
        "above": ("Approve", said, "", HEADER, *marked),
        "below": ("Approve", "", HEADER, *marked, said),
        "below, marked": ("Approve", "", HEADER, *marked, f"> {said}"),
        "among": ("Approve", "", HEADER, *marked[: title + 1], f"> {said}", *marked[title + 1 :]),
        "at the end": (
            "Approve",
            "",
            HEADER,
            *marked[:title],
            f"{marked[title]} {said}",
            *marked[title + 1 :],
        ),
    }
    asked = known(sent(*WHOLE))
    found = {p: decide(labelled("\n".join(text), asked), RULES).answer for p, text in places.items()}
    assert [place for place, answer in found.items() if answer is Answer.APPROVE] == ["nowhere"]


def test_the_word_typed_behind_a_line_of_ours_that_ends_with_it_is_typed() -> None:
    asked = [line.replace("or the word Reject", "or else the word Reject") for line in REQUEST]
    at = next(i for i, line in enumerate(asked) if line.endswith("Reject."))
    for header in (
        "-----Original Message-----",
        f"From: flexmaild <{OWN}>\nSent: Friday\nTo: Ann\nSubject: x",
    ):
        typed_there = "\n".join((*asked[: at + 1], "", "Reject", "", *asked[at + 1 :]))
        found = labelled(f"Approve\n\n{header}\n\n{typed_there}", sent_before=known(sent(*asked)))
        assert decide(found, RULES).unclear == "both_words"
        wrapped = "\n".join(asked).replace("else the word Reject.", "else the word\nReject.")
        found = labelled(f"Approve\n\n{header}\n\n{wrapped}", sent_before=known(sent(*asked)))
        assert decide(found, RULES).answer is Answer.APPROVE
