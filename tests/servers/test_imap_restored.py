"""A mailbox that was restored from a copy: the server gives numbers a second time, and no reply is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.dovecot import Dovecot
from tests.kit.house import House, reply_bytes
from tests.kit.servers_settings import PLAIN_IMAP

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

    def answer(self, house: House, asked: dict[str, object], text: str) -> Path:
        """The file of the answer: names do not sort by time (`M99999` comes after `M100000`)."""
        mail = next(m for m in house.mails(ANNA) if str(asked["title"]) in str(m["Subject"]))
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


def kinds(house: House) -> list[str]:
    return [one["kind"] for one in house.call("status")["incidents"]]


def test_new_replies_with_the_numbers_of_old_ones_are_read_and_decide(house: House, mailbox: Mailbox) -> None:
    """What came after the copy was made was read and deleted, and the copy knows nothing of it."""
    house.write_settings(mailbox.settings())
    house.start()
    first = house.request(ANNA, title="one")
    house.mail(ANNA, "approval_request", 1)
    mailbox.answer(house, first, "Approve")
    assert mailbox.uids() == [b"1"]
    mailbox.copy()
    second = house.request(ANNA, title="two")
    house.mail(ANNA, "approval_request", 2)
    mailbox.answer(house, second, "Approve")
    assert house.process_replies()["outcomes"] == {"decision": 2}
    assert mailbox.uids() == [] and kinds(house) == []

    mailbox.restore()
    assert mailbox.uids() == [b"1"]  # read and deleted long ago
    third, fourth = house.request(ANNA, title="three"), house.request(ANNA, title="four")
    house.mail(ANNA, "approval_request", 4)
    mailbox.answer(house, third, "Reject")
    assert mailbox.uids() == [b"1", b"2"]  # a number that another mail had
    assert house.process_replies()["outcomes"] == {"decision": 1}
    assert house.decided(str(third["id"]))["state"] == "rejected"
    assert mailbox.uids() == []
    assert kinds(house) == [UIDS_WENT_BACK]

    mailbox.answer(house, fourth, "Approve")  # the first number that no mail had
    assert house.process_replies()["outcomes"] == {"decision": 1}
    assert house.decided(str(fourth["id"]))["state"] == "approved"
    assert mailbox.uids() == [] and kinds(house) == []
    for asked in (first, second):
        shown = house.show(str(asked["id"]))
        assert (shown["state"], len(shown["verdicts"]), shown["replies_total"]) == ("approved", 1, 1)


def test_a_mail_that_the_server_cannot_read_holds_up_none_and_is_read_when_it_can(
    house: House, mailbox: Mailbox
) -> None:
    """Rights that a restore got wrong: Dovecot ends the connection at such a mail."""
    house.write_settings(mailbox.settings())
    house.start()
    asked = [house.request(ANNA, title=title) for title in ("one", "two", "three")]
    house.mail(ANNA, "approval_request", 3)
    unreadable, *_ = [mailbox.answer(house, one, "Approve") for one in asked]
    unreadable.chmod(0)
    assert house.process_replies()["outcomes"] == {"decision": 2}
    (told,) = house.call("status")["incidents"]
    assert (told["kind"], told["count"]) == ("mail_unreadable", 1) and "INBOX" in told["said"]
    assert house.process_replies()["outcomes"] == {} and kinds(house) == ["mail_unreadable"]
    assert house.show(str(asked[0]["id"]))["state"] == "pending"
    (left,) = mailbox.files()
    left.chmod(0o600)
    house.process_replies()  # it failed twice, so that one poll passes it over
    house.process_replies()
    assert house.decided(str(asked[0]["id"]))["state"] == "approved"
    assert mailbox.uids() == [] and kinds(house) == []


def test_numbers_that_went_back_are_told_before_any_is_used_again(house: House, mailbox: Mailbox) -> None:
    """Also after a restart, by what the store knows."""
    house.write_settings(mailbox.settings())
    house.start()
    house.process_replies()  # the poll of the start is over
    mailbox.dovecot.deliver(mailbox.user, [b"From: a@b.test\r\nSubject: x\r\n\r\nx\r\n"])
    mailbox.copy()
    mailbox.dovecot.deliver(mailbox.user, [b"From: a@b.test\r\nSubject: y\r\n\r\ny\r\n"])
    assert house.process_replies()["outcomes"] == {"unknown_reference": 2}
    house.stop()
    mailbox.restore()
    house.start()
    assert house.process_replies()["outcomes"] == {}
    (told,) = house.call("status")["incidents"]
    assert told["kind"] == UIDS_WENT_BACK and "number 2" in told["said"] and "2 was given" in told["said"]
    assert mailbox.uids() == []  # the one that was read and deleted before
