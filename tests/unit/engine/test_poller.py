"""A folder is read by one poller at a time, and nothing is deleted before it is committed."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from running import Running, running
from sent_samples import Post

from flexmaild.core import retry
from flexmaild.core.errors import GiveUp, Reason, TryLater
from flexmaild.core.left_in_folder import Committed
from flexmaild.core.model import Outcome
from flexmaild.core.ports import Fetched, FolderPosition, FolderState, IsKnown, MessageUid, Unreadable
from flexmaild.engine import incoming
from flexmaild.engine.polling import poller
from flexmaild.engine.polling.poller import Poller
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.store import StoreFull
from tests.support.daemon import until
from tests.support.in_process import ReadHere
from tests.support.manual_clock import ManualClock

PATIENCE = 20.0
MAIL = b"From: a@b.test\r\nSubject: x\r\n\r\nApprove\r\n"


@dataclass
class Folder:
    """An inbox with some mails, which waits at the gate before it hands out any."""

    mails: int = 1
    asked: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)
    deleted: list[MessageUid] = field(default_factory=list)

    def open(self) -> FolderState:
        return FolderState(self.mails, True)

    def fetch(self, limit: int, is_known: IsKnown) -> list[Fetched]:
        self.asked.set()
        assert self.gate.wait(PATIENCE)
        marks = [MessageUid("folder", "1", str(n)) for n in range(self.mails)]
        new = [mark for mark in marks if mark not in is_known(marks)]
        return [Fetched(mark, len(MAIL), MAIL, arrived="now") for mark in new[:limit]]

    def unreadable(self) -> Unreadable | None:
        return None

    def newest(self) -> FolderPosition | None:
        return None

    def delete(self, marks: Sequence[MessageUid]) -> int:
        self.deleted += marks
        return len(marks)

    def rest(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def office(post: Post) -> Running:
    return running(post.store)


def made(
    office: Running,
    folder: Folder,
    commit: Callable[[poller.Read], Committed] | None = None,
    count: int = 100,
) -> Poller:
    work = poller.Work(
        known=office.store.known,
        highest=office.store.highest,
        keep_mark=office.store.keep_mark,
        left=office.store.left_in,
        commit=commit
        or (lambda read: incoming.commit(office.transactions, office.context, office.metrics, read)),
        ended=lambda ended: None,
        priority=office.priority,
        clock=office.clock,
        beat=office.health.beat,
        died=lambda component, text: office.bugs.append((component, text)),
    )
    reader = ReadHere(Rules.of("approvals@corp.test"), lambda fault: None, lambda references: ())
    return Poller(work, "maildir", count, folder, reader)


def test_what_takes_a_pollers_place_begins_when_that_one_has_ended(office: Running) -> None:
    old_folder, new_folder = Folder(), Folder()
    new_folder.gate.set()
    old, new = made(office, old_folder), made(office, new_folder)
    old.start()
    old.poll()
    assert old_folder.asked.wait(PATIENCE)
    old.stop()
    new.start(after=old)
    asked = new.poll()
    assert not new_folder.asked.wait(0.2) and old.is_alive
    old_folder.gate.set()
    assert asked.result(PATIENCE).fault == ""
    assert not old.is_alive and new_folder.asked.is_set()
    new.stop()
    assert new.join(PATIENCE) and office.bugs == []


def test_a_mail_is_deleted_after_its_outcome_is_committed_and_never_before(office: Running) -> None:
    folder, full = Folder(mails=3), [True]

    def commit(read: poller.Read) -> Committed:
        assert folder.deleted == []
        if full.pop():
            raise StoreFull("no space left")
        full.append(False)
        return incoming.commit(office.transactions, office.context, office.metrics, read)

    folder.gate.set()
    one = made(office, folder, commit)
    one.start()
    failed = one.poll().result(PATIENCE)
    assert "no space left" in failed.fault and folder.deleted == []
    full.append(False)
    ended = one.poll().result(PATIENCE)
    assert (ended.fault, ended.read, ended.deleted) == ("", 3, 3)
    assert ended.outcomes == {Outcome.UNKNOWN_REFERENCE: 3}
    one.stop()
    assert one.join(PATIENCE) and office.bugs == []


@dataclass
class Watched(Folder):
    """Notes what is done in it, in order. can_delete: what it says when it is opened."""

    can_delete: bool = True
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    def open(self) -> FolderState:
        return FolderState(self.mails, self.can_delete)

    def delete(self, marks: Sequence[MessageUid]) -> int:
        self.done.append(f"dispose {len(marks)}")
        return super().delete(marks)


@pytest.mark.parametrize("mails", [0, 3])
@pytest.mark.parametrize("can_delete", [True, False])
def test_nothing_is_removed_without_the_stores_mark_and_leftovers_at_every_poll(
    office: Running, monkeypatch: pytest.MonkeyPatch, mails: int, can_delete: bool
) -> None:
    """Leftovers may lie behind as many new mails as a poll reads."""
    folder = Watched(mails, can_delete=can_delete)
    monkeypatch.setattr(office.store, "keep_mark", lambda: folder.done.append("mark"))
    one = made(office, folder, count=max(1, mails))
    one.start()
    assert one.poll().result(PATIENCE).fault == ""
    one.stop()
    assert one.join(PATIENCE)
    read = ["mark", f"dispose {mails}"] if mails else []
    assert folder.done == ([*read, "mark", "dispose 0"] if can_delete else [])


def test_a_refused_login_is_repeated_by_itself_less_and_less_and_at_once_for_an_operator(
    post: Post,
) -> None:
    """A wrong password at every poll locks the account."""
    hands, folder = ManualClock(), Refusing()
    office = running(post.store, hands)
    one = made(office, folder)
    one.start()
    assert one.poll().result(PATIENCE).reason == "auth"
    for refused in (1, 2):
        one.poll_when_due()
        hands.pass_(retry.login_pause(refused) - 1)
        one.poll_when_due()
        assert folder.logins == refused
        hands.pass_(1)
        one.poll_when_due()
        until(lambda n=refused: folder.logins == n + 1, "the next login")
    assert [retry.login_pause(n) for n in (1, 2, 3, 9)] == [300, 600, 1200, 3600]
    assert one.poll().result(PATIENCE).reason == "auth", "who asks is answered"
    one.poll_when_due()
    folder.is_right = True
    one.retry_login()
    assert one.poll().result(PATIENCE).fault == ""
    logins = folder.logins
    one.poll_when_due()
    one.poll().result(PATIENCE)
    assert folder.logins > logins
    one.stop()
    one.join(PATIENCE)


@dataclass
class Refusing(Folder):
    """A server that refuses the login until the password is right."""

    mails: int = 0
    logins: int = 0
    is_right: bool = False

    def __post_init__(self) -> None:
        self.gate.set()

    def open(self) -> FolderState:
        self.logins += 1
        if not self.is_right:
            raise GiveUp(Reason.AUTH, "authentication failed", step="login")
        return super().open()


@dataclass
class Breaking(Folder):
    """Full at first; in the second poll a mail is withheld, and the server breaks off after some mails."""

    polls: int = 0

    def open(self) -> FolderState:
        self.polls += 1
        return FolderState(9, True)

    def fetch(self, limit: int, is_known: IsKnown) -> list[Fetched]:
        if self.polls == 2 and self.asked.is_set():
            raise TryLater(Reason.NETWORK, "broke off", step="fetch")
        if self.polls == 2:
            self.asked.set()
        mark, place = MessageUid("folder", "1", str(self.polls)), FolderPosition("1", (self.polls * 10,))
        return [Fetched(mark, len(MAIL), MAIL, position=place, arrived="now")] * limit

    def unreadable(self) -> Unreadable | None:
        return Unreadable(1, "folder", "withheld", is_recent=True)

    def newest(self) -> FolderPosition | None:
        return FolderPosition("1", (15,))


def test_a_poll_that_breaks_off_has_not_read_what_a_server_withheld_in_it(office: Running) -> None:
    folder = Breaking()
    one = made(office, folder, lambda read: Committed({}), count=400)
    one.start()
    assert one.poll().result(PATIENCE).read_to is None
    ended = one.poll().result(PATIENCE)
    one.stop()
    assert one.join(PATIENCE)
    assert (ended.fault != "", ended.read_to) == (True, None)
