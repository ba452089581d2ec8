"""A settled answer and a folder that is full, switched off, or was read by a clock that then jumped."""

import pytest

from tests.support.daemon import Daemon, reply_bytes, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"
# Mails a poll may read, in the tests of a folder that is never empty.
FEW = 5


def settling(daemon: Daemon, **body: object) -> str:
    return str(daemon.request(ALICE, **{"settle_for": "5m", **body})["id"])


def says(daemon: Daemon, text: str) -> None:
    daemon.answer(daemon.mail(ALICE), text)
    daemon.process_replies()


def spam(daemon: Daemon, count: int) -> None:
    for number in range(count):
        daemon.deliver(f"From: s@spam.test\r\nSubject: offer {number}\r\n\r\nhi\r\n".encode())


def issues(daemon: Daemon) -> str:
    return " / ".join(daemon.call("status")["issues"])


def is_ready(daemon: Daemon) -> bool:
    return bool(daemon.call("status")["ready"])


@pytest.fixture
def crowded(daemon: Daemon) -> Daemon:
    daemon.write_settings({"incoming": {"process_count": FEW}})
    return daemon.start()


def test_mails_that_keep_coming_do_not_keep_a_settled_answer_from_deciding(crowded: Daemon) -> None:
    asked = settling(crowded)
    says(crowded, "Approve")
    spam(crowded, FEW + 2)
    crowded.advance(400)
    for _ in range(4):
        spam(crowded, FEW)
        crowded.process_replies()
    assert crowded.decided(asked)["state"] == "approved"
    assert crowded.waiting() > 0


def test_a_change_of_mind_behind_other_mails_is_read_before_anything_is_decided(crowded: Daemon) -> None:
    asked = settling(crowded)
    request = crowded.mail(ALICE)
    says(crowded, "Approve")
    spam(crowded, 2 * FEW)
    crowded.deliver(reply_bytes(request, "Reject the backup failed"))
    crowded.advance(400)
    for _ in range(3):
        assert crowded.show(asked)["state"] == "pending"
        spam(crowded, FEW)
        crowded.process_replies()
    assert crowded.show(asked)["verdicts"][-1]["answer"] == "reject"
    assert crowded.show(asked)["state"] == "pending"


def test_a_folder_that_one_poll_empties_was_read_however_many_mails_it_takes(crowded: Daemon) -> None:
    asked = settling(crowded)
    says(crowded, "Approve")
    spam(crowded, FEW)
    crowded.advance(400)
    assert crowded.decided(asked)["state"] == "approved"
    assert crowded.waiting() == 0


def test_switched_off_is_an_incident_and_decides_nothing_while_a_request_is_open(daemon: Daemon) -> None:
    daemon.start()
    asked = settling(daemon)
    request = daemon.mail(ALICE)
    later = str(daemon.request(BOB, expires_in="6m", remind_after=[])["id"])
    says(daemon, "Approve")
    daemon.deliver(reply_bytes(request, "Reject the backup failed"))
    daemon.write_settings({"incoming": {"enabled": False}})
    daemon.call("reload")
    assert "incoming.enabled" in issues(daemon)
    assert not is_ready(daemon)
    daemon.advance(400)
    assert daemon.decided(later)["state"] == "expired"  # so the loop has looked at the settled one, too
    assert (daemon.show(asked)["state"], daemon.waiting()) == ("pending", 1)
    daemon.stop()
    daemon.start()
    assert "incoming.enabled" in issues(daemon)
    daemon.write_settings({})
    daemon.call("reload")
    until(lambda: daemon.show(asked)["verdicts"][-1]["answer"] == "reject", "the rejection")
    assert "incoming.enabled" not in issues(daemon)


def test_switched_off_is_no_incident_when_nothing_is_open(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"enabled": False}})
    daemon.start()
    assert is_ready(daemon)
    daemon.request(ALICE)
    assert "incoming.enabled" in issues(daemon)


def test_a_poll_before_the_clock_jumped_is_none_after_it(daemon: Daemon) -> None:
    """A machine that slept: the wall clock has moved and the steady one has not."""
    daemon.start()
    asked = settling(daemon)
    request = daemon.mail(ALICE)
    says(daemon, "Approve")
    daemon.process_replies()
    daemon.deliver(reply_bytes(request, "Reject the backup failed"))
    daemon.jump(700)
    daemon.call("status")  # the jump is seen, and held back
    daemon.advance(61)
    until(lambda: daemon.waiting() == 0, "a look into the folder")
    assert daemon.show(asked)["verdicts"][-1]["answer"] == "reject"
    assert daemon.show(asked)["state"] == "pending"


def test_a_mail_that_cannot_be_read_may_be_a_change_of_mind_and_is_waited_for(daemon: Daemon) -> None:
    """What a full disk left of a reply: an empty file."""
    daemon.start()
    asked = settling(daemon)
    request = daemon.mail(ALICE)
    says(daemon, "Approve")
    torn = daemon.replies / "new" / "1764200000.M1P1.host"
    torn.write_bytes(b"")
    daemon.process_replies()
    daemon.advance(400)
    daemon.process_replies()
    assert daemon.show(asked)["state"] == "pending"
    torn.write_bytes(reply_bytes(request, "Reject the backup failed"))
    until(lambda: daemon.process_replies() and daemon.show(asked)["verdicts"][-1]["answer"] == "reject", "it")
