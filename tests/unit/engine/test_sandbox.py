"""The child that reads mails: what kills it is the mail's fault, what keeps it from starting is not."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flexmaild.core.errors import TryLater
from flexmaild.core.model import Answer
from flexmaild.core.parsed_reply import MailNature
from flexmaild.engine.sandbox import parent
from flexmaild.engine.sandbox.parent import RawMail, Sandbox
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.engine.lying_child import dying_in_its_place

pytestmark = pytest.mark.slow

MAIL = b"From: alice@corp.test\r\nSubject: Re: x\r\n\r\nApprove\r\n"
LETTER = RawMail(MAIL, len(MAIL))


@pytest.fixture
def reader() -> Iterator[Sandbox]:
    made = Sandbox(Rules.of("app@corp.test", "app@corp.test"), lambda fault: None, lambda references: None)
    yield made
    made.close()


@pytest.mark.parametrize("program", ["/bin/false", "/nowhere/python"])
def test_a_child_that_cannot_be_started_condemns_no_mail(
    reader: Sandbox, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """As while a package is being replaced, or without memory: the mails stay where they are."""
    with monkeypatch.context() as changed:
        changed.setattr(sys, "executable", program)
        reader.prepare()
        with pytest.raises(TryLater, match="stay in the folder"):
            reader.read([LETTER])
    (reading,) = reader.read([LETTER])
    assert reading.nature is not MailNature.UNPARSABLE


def test_no_letters_need_no_child(reader: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert reader.read([]) == []


def test_the_child_is_told_that_text_is_missing(reader: Sandbox) -> None:
    """Such a mail decides nothing, and the next one does."""
    cut = RawMail(MAIL, 300_000, partial=True, is_cut=True)
    whole = RawMail(MAIL, 300_000, partial=True)
    readings = reader.read([cut, whole, LETTER])
    assert [(r.answer, r.unclear, r.partial) for r in readings] == [
        (None, "too_long", True),
        (Answer.APPROVE, "", True),
        (Answer.APPROVE, "", False),
    ]
    assert [r.size for r in readings] == [300_000, 300_000, len(MAIL)]


def test_who_asks_is_told_what_the_same_reading_was_made_of(reader: Sandbox) -> None:
    """Before, between and after mails that are only read."""
    (plain,) = reader.read([LETTER])
    reading, evidence = reader.read_with_evidence(LETTER)
    assert reading == plain
    (look,) = evidence.renderings
    assert (look.of, look.answer, look.word) == ("text", Answer.APPROVE, "Approve")
    assert [(line.label, line.text) for line in look.lines] == [("typed", "Approve"), ("blank", "")]
    assert reader.read([LETTER]) == [plain]


def test_a_mail_that_kills_the_child_has_no_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    deaths: list[str] = []
    reader = Sandbox(Rules.of("app@corp.test"), deaths.append, lambda references: None)
    reader.read([LETTER])
    monkeypatch.setattr(parent, "receive", lambda line, deadline: b"no reading")
    reading, evidence = reader.read_with_evidence(LETTER)
    reader.close()
    assert (reading.nature, evidence.renderings) == (MailNature.UNPARSABLE, [])
    assert len(deaths) == 1


@pytest.mark.parametrize(("number", "starts"), [(signal.SIGXCPU, 2), (signal.SIGSEGV, 4)])
def test_a_mail_that_took_all_its_time_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, starts: int
) -> None:
    """Its CPU time is its own; of another death an earlier mail may be the cause, so it gets a second try."""
    started = dying_in_its_place(tmp_path, monkeypatch, number)
    deaths: list[str] = []
    reader = Sandbox(Rules.of("app@corp.test"), deaths.append, lambda references: None)
    readings = reader.read([LETTER, LETTER])
    reader.close()
    assert [reading.nature for reading in readings] == [MailNature.UNPARSABLE] * 2
    assert len(started.read_text().splitlines()) == len(deaths) == starts


def test_each_mail_is_progress(reader: Sandbox) -> None:
    """The watchdog is fed while mails are read, however long all of them take."""
    beats: list[int] = []
    reader.read([LETTER] * 5, lambda: beats.append(1))
    assert len(beats) == 5


def test_a_mail_that_kills_the_child_is_progress_at_each_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying_in_its_place(tmp_path, monkeypatch, signal.SIGSEGV)
    beats: list[int] = []
    reader = Sandbox(Rules.of("app@corp.test"), lambda fault: None, lambda references: None)
    reader.read([LETTER, LETTER], lambda: beats.append(1))
    reader.close()
    assert len(beats) == 4
