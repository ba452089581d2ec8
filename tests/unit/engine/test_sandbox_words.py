"""The reading child learns what was sent; a mail that makes it ask for what it may not harms itself only."""

import base64
import hashlib
import os
import pickle
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import lying_child
import psutil
import pytest

from flexmaild.core import references
from flexmaild.core.errors import Reason, TryLater
from flexmaild.core.model import Answer
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.work import SentMail
from flexmaild.engine.sandbox import framing as frames
from flexmaild.engine.sandbox.child import Connection
from flexmaild.engine.sandbox.parent import WALL_SECONDS, RawMail, Sandbox
from flexmaild.mail.understand.words.rules import Rules

pytestmark = pytest.mark.slow

RULES = Rules.of("approvals@corp.test", "approvals@corp.test")
WORDS = (SentMail(b"Subject: x\r\n\r\nwhat we sent\r\n", ("a comment",)),)
References = tuple[str, ...]


def reference(number: int) -> str:
    """Genuine in form; whose it is does not matter here."""
    return references.PREFIX + base64.b32encode(hashlib.sha224(b"%d" % number).digest()).decode().rstrip("=")


def raw_mail(in_reply_to: str = "", text: str = "", coded: bool = False) -> RawMail:
    body = f"Approve\r\n\r\n{text}\r\n"
    head = "From: alice@corp.test\r\nSubject: Re: x\r\n"
    if in_reply_to:
        head += f"In-Reply-To: <{in_reply_to.lower()}.approval_request.0@corp.test>\r\n"
    if coded:  # no reference can be seen without taking the mail apart
        head += "Content-Transfer-Encoding: quoted-printable\r\n"
        body = body.replace("FM1-", "FM=31-")
    data = f"{head}\r\n{body}".encode()
    return RawMail(data, len(data))


class Asked:
    """What the reader asks the daemon, and what it hears."""

    def __init__(self, answer: Callable[[References], tuple[SentMail, ...] | None] = lambda _: WORDS) -> None:
        self.asked: list[References] = []
        self._answer = answer

    def __call__(self, references: References) -> tuple[SentMail, ...] | None:
        self.asked.append(references)
        return self._answer(references)


def read(raw_mails: list[RawMail], asked: Asked) -> tuple[list[ParsedReply], list[str]]:
    deaths: list[str] = []
    reader = Sandbox(RULES, deaths.append, asked)
    try:
        return list(reader.read(raw_mails)), deaths
    finally:
        reader.close()


ONE, TWO = reference(1), reference(2)


def test_a_reference_in_the_header_is_looked_up_once_and_not_asked_for() -> None:
    asked = Asked()
    (reading,), deaths = read([raw_mail(in_reply_to=ONE)], asked)
    assert (asked.asked, deaths) == ([(ONE,)], [])
    assert reading.answer is Answer.APPROVE


def test_a_reference_that_only_the_child_can_see_is_asked_for() -> None:
    asked = Asked()
    _, deaths = read([raw_mail(text=f"> Reference {ONE}", coded=True)], asked)
    assert (asked.asked, deaths) == ([(ONE,)], [])


def test_a_mail_that_holds_more_than_was_seen_is_asked_for_as_a_whole() -> None:
    asked = Asked()
    _, deaths = read([raw_mail(in_reply_to=ONE, text=f"> Reference {TWO}", coded=True)], asked)
    assert deaths == []
    assert [set(references) for references in asked.asked] == [{ONE}, {ONE, TWO}]


def test_many_mails_get_each_their_own_words() -> None:
    """Whether they were told or have to ask, and however many are on the way."""
    raw_mails = [
        raw_mail(reference(n)) if n % 3 else raw_mail("", reference(n), coded=True) for n in range(50)
    ]
    asked = Asked(lambda references: None if references == (reference(7),) else WORDS)
    readings, deaths = read(raw_mails, asked)
    assert deaths == []
    assert sorted(asked.asked) == sorted((reference(n),) for n in range(50))
    assert {reading.answer for reading in readings} == {Answer.APPROVE}


@pytest.mark.parametrize(
    "mail",
    [
        raw_mail(),
        raw_mail(text=ONE[:-1] + " and no more", coded=True),
        RawMail(b"From: a@b.test\r\nAuto-Submitted: auto-replied\r\n\r\n" + b"FM=31-", 60),
        raw_mail(reference(99), " ".join(map(reference, range(frames.MOST_REFERENCES)))),
    ],
    ids=["no reference", "a cut one", "no person", "too many"],
)
def test_where_there_is_nothing_to_know_nobody_is_asked(mail: RawMail) -> None:
    asked = Asked()
    (reading,), deaths = read([mail], asked)
    assert (asked.asked, deaths) == ([], [])
    assert reading.nature is not MailNature.UNPARSABLE


@pytest.mark.parametrize("mail", [raw_mail(ONE), raw_mail("", ONE, coded=True)], ids=["told", "asked"])
def test_words_that_cannot_be_looked_up_end_the_reading_and_condemn_no_mail(mail: RawMail) -> None:
    deaths: list[str] = []
    answers = [True, False]

    def answer(references: References) -> tuple[SentMail, ...] | None:
        if answers.pop():
            return WORDS
        raise TryLater(Reason.OTHER, "the store is busy", step="store")

    reader = Sandbox(RULES, deaths.append, answer)
    try:
        with pytest.raises(TryLater, match="busy"):
            reader.read([mail])
        (reading,) = reader.read([mail])
    finally:
        reader.close()
    assert (reading.answer, deaths) == (Answer.APPROVE, [])


def test_a_child_killed_while_it_waits_is_started_again_and_the_mail_tried_alone() -> None:
    deaths: list[str] = []

    def answer(references: References) -> tuple[SentMail, ...] | None:
        if not deaths:
            for child in psutil.Process().children():
                if "flexmaild.engine.sandbox.child" in child.cmdline():
                    os.kill(child.pid, signal.SIGKILL)
                    child.wait(10)
        return WORDS

    reader = Sandbox(RULES, deaths.append, answer)
    try:
        readings = reader.read([raw_mail(), raw_mail("", ONE, coded=True), raw_mail()])
    finally:
        reader.close()
    assert [r.answer for r in readings] == [Answer.APPROVE] * 3
    assert len(deaths) == 1


def test_a_slow_daemon_costs_the_child_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flexmaild.engine.sandbox.parent.WALL_SECONDS", 4.0)
    assert WALL_SECONDS > 4.0
    pause = threading.Event()
    asked = Asked(lambda references: WORDS if not pause.wait(4.5) else None)
    (reading,), deaths = read([raw_mail("", ONE, coded=True)], asked)
    assert (reading.answer, deaths) == (Answer.APPROVE, [])


GOOD = b"A" + ONE.encode()


@pytest.mark.parametrize(
    "questions",
    [
        [GOOD, GOOD],
        [b"A"],
        [GOOD + b" "],
        [b"A" + ONE[:-1].encode()],
        [b"A" + b" ".join(reference(n).encode() for n in range(frames.MOST_REFERENCES + 1))],
        [b"A\xff\xfe"],
        [b"A../../etc/passwd"],
        [b"X" + ONE.encode()],
    ],
    ids=["twice", "nothing", "empty", "cut", "too many", "no text", "a path", "unknown tag"],
)
def test_a_child_that_asks_what_it_may_not_makes_the_mail_unparsable(
    questions: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lying_child.in_its_place(tmp_path, monkeypatch, questions)
    asked = Asked(lambda references: (SentMail(b"confidential"),))
    (reading,), deaths = read([raw_mail()], asked)
    assert reading.nature is MailNature.UNPARSABLE
    assert len(deaths) == 2 and "confidential" not in "".join(deaths)
    assert asked.asked in ([], [(ONE,)] * 2), "one question a try is answered"


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, Connection]]:
    """The daemon's end, and the child's."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    theirs.settimeout(10)
    with ours, theirs:
        yield ours, Connection(theirs)


def known(tag: bytes, *references: str, words: object = WORDS) -> bytes:
    return tag + pickle.dumps((references, words))


def test_words_that_came_with_the_mail_are_taken_for_these_references_only(
    line: tuple[socket.socket, Connection],
) -> None:
    ours, child = line
    for frame in (known(frames.SENT_AHEAD, ONE, TWO), b"M 1 0 first", b"M 1 0 second"):
        frames.send(ours, frame)
    assert child.next_mail() == b"M 1 0 first"
    assert child.mails_sent((TWO, ONE)) == WORDS
    assert child.next_mail() == b"M 1 0 second"
    frames.send(ours, known(frames.SENT_MAILS, ONE, words=None))
    assert child.mails_sent((ONE,)) is None
    assert frames.receive(ours) == b"A" + ONE.encode()


def test_what_comes_while_the_child_waits_is_kept_in_order(line: tuple[socket.socket, Connection]) -> None:
    ours, child = line
    later = [b"M 1 0 second", known(frames.SENT_AHEAD, TWO, words=()), b"M 1 0 third"]
    for frame in (b"M 1 0 first", *later, known(frames.SENT_MAILS, ONE), b"M 1 0 fourth"):
        frames.send(ours, frame)
    assert child.next_mail() == b"M 1 0 first"
    assert child.mails_sent((ONE,)) == WORDS
    assert [child.next_mail(), child.next_mail()] == [b"M 1 0 second", b"M 1 0 third"]
    assert child.mails_sent((TWO,)) == ()
    assert child.next_mail() == b"M 1 0 fourth"
