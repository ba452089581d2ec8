"""Lines are known as a whole: each that programs write is, none that a person goes on with is."""

import random
import re
from collections.abc import Iterable, Iterator
from itertools import islice

import pytest

from flexmaild.languages.load import EVERY, Language
from flexmaild.mail.understand.labels import banners, disclaimers, signatures
from flexmaild.mail.understand.labels.known import KnownLines
from flexmaild.mail.understand.words.doubt import CONDITIONS, NEGATIONS
from tests.unit.mail.understand import known_lines

# What people go on with, in each language we write.
GOES_ON = (
    " - do not deploy before Monday",
    " - bitte nicht vor Montag ausrollen",
    " - mais pas avant lundi",
    " - pero no antes del lunes",
    " - ma non prima di lunedì",
    " - mas não antes de segunda",
    " - maar niet voor maandag",
    " - ale nie przed poniedziałkiem",
    "、ただし月曜日まで待ってください",
    ". Wait for Bob",
    ". Reject",
    " 👎",
    "?",
)
SAMPLES = {"device": "iPhone", "terms": "typos", "name": "Acme", "number": "12", "words": "ops list"}
# What writers of signatures ask to be excused for; anywhere else these words are a doubt.
EXCUSED = {"error", "errore", "erreur", "mistake", "falta", "atención"}
LISTS = {
    "signature.devices": lambda language: language.signature.devices,
    "signature.lines": lambda language: language.signature.lines,
    "notice.footers": lambda language: language.notice.footers,
    "notice.lists": lambda language: language.notice.lists,
    "notice.disclaimers": lambda language: language.notice.disclaimers,
    "notice.banner_tags": lambda language: language.notice.banner_tags,
    "notice.classifications": lambda language: language.notice.classifications,
}


def is_known(line: str) -> bool:
    """Whether any list knows it."""
    return (
        signatures.is_device_line(line)
        or disclaimers.is_footer_line(line)
        or banners.is_classification(line)
        or banners._TAGS.has(line)
        or signatures._SIGNATURE_LINES.has(line)
    )


def examples(pattern: str) -> Iterator[str]:
    """Lines that fit this pattern: with the first of each choice, the last, and two by chance."""
    for choose in (lambda c: c[0], lambda c: c[-1], random.Random(1).choice, random.Random(2).choice):
        text = pattern
        while choice := re.search(r"\(([^()]*)\)", text):
            text = text.replace(choice[0], choose(choice[1].split("|")), 1)
        text = re.sub(r"\{(\w+)\}", lambda place: SAMPLES[place[1]], text)
        yield " ".join(text.split())


PATTERNS = [pytest.param(name, language, id=f"{name}-{language.tag}") for name in LISTS for language in EVERY]


@pytest.mark.parametrize(("name", "language"), PATTERNS)
def test_a_pattern_knows_its_lines(name: str, language: Language) -> None:
    for pattern in LISTS[name](language):
        known = KnownLines([pattern])
        for line in examples(pattern):
            assert known.has(line), (pattern, line)
            assert known.has(line.upper()) or "{" in pattern or "ß" in line or "ı" in line, (pattern, line)


def gone_on_with(patterns: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each line of each pattern with each thing that people go on with."""
    for pattern in patterns:
        for line in examples(pattern):
            for more in GOES_ON:
                if not (line.endswith(("?", "?")) and more == "?"):
                    yield line, more


def assert_a_persons(goes_on: Iterable[tuple[str, str]]) -> None:
    for line, more in goes_on:
        assert not is_known(line + more), line + more
        assert not is_known(f"Do not deploy yet. {line}{more}"), line + more


@pytest.mark.slow
@pytest.mark.parametrize(("name", "language"), PATTERNS)
def test_a_pattern_knows_no_line_that_goes_on(name: str, language: Language) -> None:
    assert_a_persons(gone_on_with(LISTS[name](language)))


def test_a_sample_of_the_lines_that_go_on_is_not_known() -> None:
    """Every seventeenth of them; all are tried by the tests beside this one."""
    patterns = [pattern for language in EVERY for name in LISTS for pattern in LISTS[name](language)]
    assert_a_persons(islice(gone_on_with(patterns), 0, None, 17))
    assert [line for line in islice(ended_otherwise(patterns), 0, None, 17) if is_known(line)] == []


def ended_otherwise(patterns: Iterable[str]) -> Iterator[str]:
    """Each line of each pattern, with what a person writes in the place of its last word."""
    for pattern in patterns:
        for line in examples(pattern):
            for own in (
                "unless Bob agrees",
                "erst nach dem Backup",
                "pas avant lundi",
                "ただし明日まで待って",
            ):
                yield f"{' '.join(line.split()[:-1])} {own}"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "language"), PATTERNS)
def test_a_line_whose_end_is_a_persons_is_not_known(name: str, language: Language) -> None:
    assert [line for line in ended_otherwise(LISTS[name](language)) if is_known(line)] == []


def test_the_line_of_a_device_is_known() -> None:
    lines = [*known_lines.DEVICES, *(f"  {line.rstrip('.')}. " for line in known_lines.DEVICES)]
    assert [line for line in lines if not signatures.is_device_line(line)] == []


@pytest.mark.parametrize("line", known_lines.SIGNATURES)
def test_a_line_of_a_signature_with_a_doubt_is_known(line: str) -> None:
    assert signatures._SIGNATURE_LINES.has(line) or disclaimers.is_footer_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "Sent from QA: two tests are red, hold it",
        "Sent from QA: Bob Agrees Later",
        "Sent via Bob: keep the old version running until Monday",
        "Sent from staging to production only by Bob",
        "Sent from my boss",
        "Sent from my iPhone <do not deploy>",
        "Sent from my iPhone https://tb.test/を参照して明日まで待って",
        "Get Outlook for everybody migrated first",
        "Get Bob for Monday",
        "Please excuse Bob",
        "Please excuse the database part",
        "Von meinem Chef kommt die Zusage am Montag",
        "Von meinem Team ist die Hälfte dagegen",
        "Gesendet von QA, bitte warten",
        "Outlook für alle zuerst umstellen, dann ausrollen",
        "Envoyé de la QA : attendre lundi",
        "Enviado de QA: esperar al lunes",
        "Inviato da QA: aspettare lunedì",
        "Enviado do QA: aguardar segunda",
        "Verzonden vanaf QA: wacht tot maandag",
        "Wysłano z QA: czekać do poniedziałku",
        "发自我的老板：明天再部署",
        "来自测试的消息明天再说",
        "本番から送信しないでください",
        "Disclaimer: I have not looked at the database part.",
        "Important notice: do not start before 18:00",
        "Confidential: hold this until the press release is out",
        "The image was scanned by Trivy, all clean.",
        "The image was scanned by Trivy and 3 criticals are open, do not deploy yet",
        "Nothing has been scanned for secrets yet, so wait",
        "The upload was not scanned for viruses, please wait",
        "Das Paket ist nicht virenfrei, bitte nicht ausrollen",
        "Not virus-free. Stop it.",
        "before you print the labels, stop the old job",
        "flexible working hours apply, do not start before 10",
        "nur wenn die Geschäftsführung: Herr Maier zustimmt",
        "This message has not been scanned",
        "Internal only until Friday",
        "only internal",
        "all green",
        "Security first",
        "Database first",
        "Test first",
        "Not available on the production host",
        "I do not work on the database part",
        "Please inform the mailing list",
        "Access restricted",
        "RESTRICTED TO BERLIN",
        "Approve Internal",
        "Tested by Bob",
        "Checked by Ann",
        "Written by Ann",
        "Geprüft von Ann",
        "Vérifié par Bob",
        "Comprobado por QA",
        "Controllato da Ann",
        "Verificado por QA",
        "Gecontroleerd door QA",
        "Sprawdzone przez QA",
        "田中さんによる確認済み",
        "No Monday Release",
        "No. 5",
        "On Monday",
        "Part of Release 5",
        "Version 2.3.1",
        "Registered in Jira",
        "Vertreten durch Bob",
        "Sa version",
    ],
)
def test_a_persons_sentence_is_not_known(line: str) -> None:
    assert not is_known(line)


def test_lines_wrapped_by_a_program_are_known_together() -> None:
    known = KnownLines(["this message has been scanned and is clean", "checked by {name}"])
    assert known.length(["This message has been", "scanned and is", "clean.", "Checked by Acme", "ok"]) == 4
    assert known.length(["This message has been", "scanned and is", "ok"]) == 0
    assert known.length(["Checked by Acme", "https://tb.test/x", "Checked by nobody"]) == 2


def test_choices_within_choices_and_places() -> None:
    known = KnownLines(["(|please )send (a|the (big|small)) box to {name} (now|)"])
    assert known.has("Please send the small box to Acme Ltd now")
    assert known.has("send a box to Acme")
    assert not known.has("send the box to Acme")
    assert not known.has("send a box to acme")
    assert not known.has("send a box to Unless Acme")
    assert not known.has("send a box to Acme Reject")


@pytest.mark.parametrize("pattern", ["", "(a|)", "(a|b", "a) b", "sent by {nobody}"])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|bracket|place"):
        KnownLines([pattern]).has("a")


def test_words_that_may_stand_at_a_free_place_do_not_doubt() -> None:
    harmless = {word for language in EVERY for word in language.doubt.harmless_words}
    for language in EVERY:
        free = {*language.signature.device_words, *language.signature.title_words}
        free |= set(language.notice.classification_words)
        doubts = NEGATIONS.words | CONDITIONS.words
        assert not (free & doubts) - harmless - EXCUSED, language.tag
