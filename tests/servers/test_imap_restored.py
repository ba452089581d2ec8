"""A mailbox that was restored from a copy: the server gives numbers a second time, and no reply is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.daemon import Daemon, reply_bytes
from tests.support.dovecot import Dovecot
from tests.support.servers_settings import PLAIN_IMAP

ANNA = "anna@corp.test"
UIDS_WENT_BACK = "uids_went_back"


class Mailbox:
    """A user's Maildir on a Dovecot that is stopped while it is copied."""

    def __init__(self, dovecot: Dovecot, copies: Path) -> None:
        self.dovecot, self.user = dovecot, dovecot.user()
        self.folder = dovecot.root / "mail" / self.user.name
        self._copies = copies

    def settings(self) -> dict[str, object]:
        login = {"username": self.user.name, "password": self.user.password, "properties": PLAIN_IMAP}
        where = {"transport": "imap", "host": "localhost", "port": self.dovecot.imap, "path": None}
        return {"incoming": where | login}

    def answer(self, daemon: Daemon, asked: dict[str, object], text: str) -> Path:
        """The file of the answer: names do not sort by time (`M99999` comes after `M100000`)."""
        mail = next(m for m in daemon.mails(ANNA) if str(asked["title"]) in str(m["Subject"]))
        before = self.files()
        self.dovecot.deliver(self.user, [reply_bytes(mail, text)])
        (came,) = self.files() - before
        return came

    def copy(self) -> None:
        self._swap(self.folder, self._copies)

    def restore(self) -> None:
        self._swap(self._copies, self.folder)

    def _swap(self, source: Path, target: Path) -> None:
        """With its owner and times, as tar does."""
        self.dovecot.stop()
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
        for one in (source, *source.rglob("*")):
            there = target / one.relative_to(source)
            shutil.chown(there, one.stat().st_uid, one.stat().st_gid)
        self.dovecot.start()

    def files(self) -> set[Path]:
        folder = self.folder / "Maildir"
        return {file for part in ("new", "cur") for file in folder.glob(f"{part}/*")}

    def uids(self) -> list[bytes]:
        client = self.dovecot.client(self.user)
        found: list[bytes] = client.uid("SEARCH", "ALL")[1][0].split()
        client.logout()
        return found


@pytest.fixture
def mailbox(new_dovecot: Callable[..., Dovecot], tmp_path: Path) -> Mailbox:
    return Mailbox(new_dovecot(), tmp_path / "copy")


def kinds(daemon: Daemon) -> list[str]:
    return [one["kind"] for one in daemon.call("status")["incidents"]]


def test_new_replies_with_the_uids_of_old_ones_are_read_and_decide(daemon: Daemon, mailbox: Mailbox) -> None:
    """What came after the copy was made was read and deleted, and the copy knows nothing of it."""
    daemon.write_settings(mailbox.settings())
    daemon.start()
    first = daemon.request(ANNA, title="one")
    daemon.mail(ANNA, "approval_request", 1)
    mailbox.answer(daemon, first, "Approve")
    assert mailbox.uids() == [b"1"]
    mailbox.copy()
    second = daemon.request(ANNA, title="two")
    daemon.mail(ANNA, "approval_request", 2)
    mailbox.answer(daemon, second, "Approve")
    assert daemon.process_replies()["outcomes"] == {"decision": 2}
    assert mailbox.uids() == [] and kinds(daemon) == []

    mailbox.restore()
    assert mailbox.uids() == [b"1"]  # read and deleted long ago
    third, fourth = daemon.request(ANNA, title="three"), daemon.request(ANNA, title="four")
    daemon.mail(ANNA, "approval_request", 4)
    mailbox.answer(daemon, third, "Reject")
    assert mailbox.uids() == [b"1", b"2"]  # a number that another mail had
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.decided(str(third["id"]))["state"] == "rejected"
    assert mailbox.uids() == []
    assert kinds(daemon) == [UIDS_WENT_BACK]

    mailbox.answer(daemon, fourth, "Approve")  # the first number that no mail had
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.decided(str(fourth["id"]))["state"] == "approved"
    assert mailbox.uids() == [] and kinds(daemon) == []
    for asked in (first, second):
        shown = daemon.show(str(asked["id"]))
        assert (shown["state"], len(shown["verdicts"]), shown["replies_total"]) == ("approved", 1, 1)


def test_a_mail_that_the_server_cannot_read_holds_up_none_and_is_read_when_it_can(
    daemon: Daemon, mailbox: Mailbox
) -> None:
    """Rights that a restore got wrong: Dovecot ends the connection at such a mail."""
    daemon.write_settings(mailbox.settings())
    daemon.start()
    asked = [daemon.request(ANNA, title=title) for title in ("one", "two", "three")]
    daemon.mail(ANNA, "approval_request", 3)
    unreadable, *_ = [mailbox.answer(daemon, one, "Approve") for one in asked]
    unreadable.chmod(0)
    assert daemon.process_replies()["outcomes"] == {"decision": 2}
    (told,) = daemon.call("status")["incidents"]
    assert (told["kind"], told["count"]) == ("mail_unreadable", 1) and "INBOX" in told["said"]
    assert daemon.process_replies()["outcomes"] == {} and kinds(daemon) == ["mail_unreadable"]
    assert daemon.show(str(asked[0]["id"]))["state"] == "pending"
    (left,) = mailbox.files()
    left.chmod(0o600)
    daemon.process_replies()  # it failed twice, so that one poll passes it over
    daemon.process_replies()
    assert daemon.decided(str(asked[0]["id"]))["state"] == "approved"
    assert mailbox.uids() == [] and kinds(daemon) == []


def test_uids_that_went_back_are_reported_before_any_is_used_again(daemon: Daemon, mailbox: Mailbox) -> None:
    """Also after a restart, by what the store knows."""
    daemon.write_settings(mailbox.settings())
    daemon.start()
    daemon.process_replies()  # the poll of the start is over
    mailbox.dovecot.deliver(mailbox.user, [b"From: a@b.test\r\nSubject: x\r\n\r\nx\r\n"])
    mailbox.copy()
    mailbox.dovecot.deliver(mailbox.user, [b"From: a@b.test\r\nSubject: y\r\n\r\ny\r\n"])
    assert daemon.process_replies()["outcomes"] == {"unknown_reference": 2}
    daemon.stop()
    mailbox.restore()
    daemon.start()
    assert daemon.process_replies()["outcomes"] == {}
    (told,) = daemon.call("status")["incidents"]
    assert told["kind"] == UIDS_WENT_BACK and "number 2" in told["said"] and "2 was given" in told["said"]
    assert mailbox.uids() == []  # the one that was read and deleted before
