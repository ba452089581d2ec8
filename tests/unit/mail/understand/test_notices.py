"""Banners, classifications, footers and disclaimers: known as a whole, never over a person's line."""

import textwrap

import pytest

from flexmaild.core.model import Answer
from flexmaild.mail.understand.labels import banners, disclaimers
from flexmaild.mail.understand.lines import Line, with_derived_fields
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.mails import mail, read
from tests.unit.mail.understand import known_lines

RULES = Rules.of("approvals@corp.test")


def lines(text: str) -> list[Line]:
    return [with_derived_fields(Line(line)) for line in text.split("\n")]


def footer_length(text: str) -> int:
    """How many lines from the top are notices, one after the other, blank ones between them included."""
    all_lines = lines(text)
    at = 0
    while at < len(all_lines):
        if all_lines[at].is_blank or not all_lines[at].bare.strip("-"):
            at += 1
        elif more := disclaimers.notice_length(all_lines[at:], RULES):
            at += more
        else:
            break
    return at


def below_banners(text: str) -> list[str]:
    """The lines that are left below the banners."""
    all_lines = lines(text)
    banners.label_banners(all_lines, 0, len(all_lines), RULES)
    return [
        line.typed or line.text for line in all_lines if not line.is_blank and (not line.label or line.typed)
    ]


def test_every_footer_is_known() -> None:
    assert [entry for entry in known_lines.FOOTERS if footer_length(entry) != len(lines(entry))] == []


@pytest.mark.parametrize("entry", known_lines.FOOTERS)
def test_what_a_person_writes_below_or_behind_a_footer_stays(entry: str) -> None:
    for own in ("please wait for Bob", "Reject", "erst nach dem Backup"):
        assert footer_length(f"{entry}\n\n{own}") < len(lines(f"{entry}\n\n{own}"))
        assert footer_length(f"{entry} - {own}") < len(lines(entry))


@pytest.mark.parametrize("entry", known_lines.BANNERS)
def test_a_banner_is_known_and_the_answer_below_it_stays(entry: str) -> None:
    assert below_banners(f"{entry}\n\nApprove\nok") == ["Approve", "ok"]


@pytest.mark.parametrize("entry", known_lines.BANNERS)
def test_what_a_person_adds_to_a_banner_stays(entry: str) -> None:
    first, *_ = entry.split("\n")
    for own in ("Do not deploy it!", "please wait for Bob", "Reject"):
        assert own in below_banners(f"{entry}\n\n{own}\nApprove"), own
    assert below_banners(f"{first} - but wait for Bob\n\nApprove")[0] != "Approve"


def test_every_classification_is_known() -> None:
    for line in known_lines.CLASSIFICATIONS:
        assert banners.is_classification(line), line
        assert below_banners(f"{line}\nApprove\nok") == ["Approve", "ok"], line


def test_a_classification_that_goes_on_is_none() -> None:
    ends = (": hold until Monday", " - not before the CAB", " until Bob agrees", "?", " 👎")
    lines = [line + end for line in known_lines.CLASSIFICATIONS for end in ends]
    assert [line for line in lines if banners.is_classification(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "Classification: major change, needs the CAB",
        "Classification: not before CAB",
        "Klassifizierung: erst testen",
        "Sensitivity: do not deploy before Monday",
        "Public use starts Monday, not today",
        "Internal use only until the CAB agrees",
        "TLP: hold until the CVE is out",
        "TLP: wait for Bob",
        "only internal",
        "internal systems",
        "all green",
        "Access restricted",
        "This mail came from outside, deploy slowly",
        "External mail: do not deploy before Monday",
        "External users first, then the rest",
        "Approve Internal",
        "社外から送信されたファイルは配布しないでください、明日まで待って",
    ],
)
def test_a_persons_first_line_is_no_banner(line: str) -> None:
    assert below_banners(f"{line}\n\nApprove")[0] == line


@pytest.mark.parametrize("text", known_lines.DISCLAIMERS)
def test_a_disclaimer_is_known(text: str) -> None:
    assert disclaimers.notice_length(lines(text), RULES) == len(lines(text))


@pytest.mark.parametrize("text", known_lines.DISCLAIMERS)
def test_what_stands_around_a_disclaimer_stays(text: str) -> None:
    count = len(lines(text))
    for own in ("Please wait for Bob.", "Not before Monday", "Reject", "Bitte nicht ausrollen."):
        assert disclaimers.notice_length(lines(f"{own}\n{text}"), RULES) == 0
        assert disclaimers.notice_length(lines(f"{text} {own}"), RULES) < count
        assert disclaimers.notice_length(lines(f"{text}\n\n{own}"), RULES) <= count
        assert disclaimers.notice_length(lines(f"{text}\n{own}"), RULES) <= count


@pytest.mark.parametrize(
    "text",
    [
        "Disclaimer: I have not looked at the database part.",
        "IMPORTANT NOTICE - only the billing service",
        "The information contained in this request is incomplete, so wait for Bob",
        "The information in this request is wrong, do not deploy",
        "Please delete the confidential file that was sent in error before you deploy",
        "This email and any approval in it count only from Monday",
        "This communication is no approval for the database",
        "Ce message et l'accord ne valent qu'après les tests",
        "This message is confidential: do not deploy until Bob agrees",
        "I sent this mail by mistake, please do not deploy",
        "Confidential and privileged info for the addressee only: please delete the old build first, in "
        "error it was deployed",
        "Diese Nachricht ist vertraulich, bitte nicht vor Montag ausrollen",
    ],
)
def test_a_persons_sentence_is_no_disclaimer(text: str) -> None:
    assert disclaimers.notice_length(lines(text), RULES) == 0


@pytest.mark.parametrize("said", ["wait", "not yet", "👎", "only on Monday"])
def test_a_doubt_typed_between_the_lines_of_a_disclaimer_stays(said: str) -> None:
    above = "This e-mail and any attachments are confidential and solely for the addressee. If you are not"
    below = "the intended recipient, please delete this message and notify the sender."
    assert read(mail(body=f"Approve\n\n{above}\n{below}\n")).answer is Answer.APPROVE
    assert read(mail(body=f"Approve\n\n{above}\n{said}\n{below}\n")).answer is None


ENGLISH = (
    "This e-mail and any attachments are confidential and intended solely for the use of the individual or "
    "entity to whom they are addressed. If you have received this e-mail in error please notify the sender "
    "immediately and delete it from your system. Any unauthorised copying or disclosure is strictly "
    "forbidden and may be unlawful."
)
GERMAN = (
    "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, informieren "
    "Sie bitte sofort den Absender und vernichten Sie diese Mail. Das unerlaubte Kopieren ist nicht "
    "gestattet."
)
TYPED_ABOVE = [
    ("Approve", ENGLISH, "Only deploy the frontend, delete the rest"),
    ("Approve", ENGLISH, "Please delete the DB first"),
    ("Approve", ENGLISH, "Bob must be notified before you deploy."),
    ("Approve", ENGLISH, "Wait until the virus scan is finished"),
    ("Approve", ENGLISH, "Do not disclose the new password before Monday"),
    ("Approve", ENGLISH, "Please do not deploy before the attachments table was deleted by Bob and Ann"),
    ("Genehmigt", GERMAN, "Bitte erst die Daten löschen"),
]


@pytest.mark.parametrize(("word", "disclaimer", "own"), TYPED_ABOVE)
@pytest.mark.parametrize("width", [60, 72, 80, 1000])
def test_a_sentence_with_a_word_of_a_disclaimer_directly_above_one_stays(
    word: str, disclaimer: str, own: str, width: int
) -> None:
    wrapped = "\n".join(textwrap.wrap(disclaimer, width))
    for above in (f"{word}\n\n", f"{word}\n", f"{word}\n\nBest regards,\nAnn\n\n"):
        assert read(mail(body=f"{above}{wrapped}\n")).answer is Answer.APPROVE
        assert read(mail(body=f"{above}{own}\n{wrapped}\n")).answer is None
        assert read(mail(body=f"{above}{own} {wrapped}\n")).answer is None


@pytest.mark.parametrize(
    "own", ["But do not delete the attachments table until Bob is notified", "is Bob ok with it?"]
)
def test_a_sentence_below_a_disclaimer_stays(own: str) -> None:
    for wrapped in (ENGLISH, "\n".join(textwrap.wrap(ENGLISH, 76))):
        assert read(mail(body=f"Approve\n\n{wrapped}\n\n{own}\n")).answer is None
        assert read(mail(body=f"Approve\n\n{wrapped}\n{own}\n")).answer is None


@pytest.mark.parametrize("own", ["is Bob ok with it?", "really？", "agreed⁇", "wait"])
def test_a_question_typed_between_the_lines_of_a_disclaimer_stays(own: str) -> None:
    wrapped = textwrap.wrap(ENGLISH, 80)
    for at in range(1, len(wrapped)):
        body = "\n".join((*wrapped[:at], own, *wrapped[at:]))
        assert read(mail(body=f"Approve\n\n{body}\n")).answer is None
