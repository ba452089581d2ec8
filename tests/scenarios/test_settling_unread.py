"""A settled answer and a folder that is full, switched off, or was read by a clock that then jumped."""

import pytest

from tests.kit.house import House, reply_bytes, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"
# Mails a poll may read, in the tests of a folder that is never empty.
FEW = 5


def settling(house: House, **body: object) -> str:
    return str(house.request(ALICE, **{"settle_for": "5m", **body})["id"])


def says(house: House, text: str) -> None:
    house.answer(house.mail(ALICE), text)
    house.process_replies()


def spam(house: House, count: int) -> None:
    for number in range(count):
        house.deliver(f"From: s@spam.test\r\nSubject: offer {number}\r\n\r\nhi\r\n".encode())


def issues(house: House) -> str:
    return " / ".join(house.call("status")["issues"])


def is_ready(house: House) -> bool:
    return bool(house.call("status")["ready"])


@pytest.fixture
def crowded(house: House) -> House:
    house.write_settings({"incoming": {"process_count": FEW}})
    return house.start()


def test_mails_that_keep_coming_do_not_keep_a_settled_answer_from_deciding(crowded: House) -> None:
    asked = settling(crowded)
    says(crowded, "Approve")
    spam(crowded, FEW + 2)
    crowded.advance(400)
    for _ in range(4):
        spam(crowded, FEW)
        crowded.process_replies()
    assert crowded.decided(asked)["state"] == "approved"
    assert crowded.waiting() > 0


def test_a_change_of_mind_behind_other_mails_is_read_before_anything_is_decided(crowded: House) -> None:
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


def test_a_folder_that_one_poll_empties_was_read_however_many_mails_it_takes(crowded: House) -> None:
    asked = settling(crowded)
    says(crowded, "Approve")
    spam(crowded, FEW)
    crowded.advance(400)
    assert crowded.decided(asked)["state"] == "approved"
    assert crowded.waiting() == 0


def test_switched_off_is_an_incident_and_decides_nothing_while_a_request_is_open(house: House) -> None:
    house.start()
    asked = settling(house)
    request = house.mail(ALICE)
    later = str(house.request(BOB, expires_in="6m", remind_after=[])["id"])
    says(house, "Approve")
    house.deliver(reply_bytes(request, "Reject the backup failed"))
    house.write_settings({"incoming": {"enabled": False}})
    house.call("reload")
    assert "incoming.enabled" in issues(house)
    assert not is_ready(house)
    house.advance(400)
    assert house.decided(later)["state"] == "expired"  # so the loop has looked at the settled one, too
    assert (house.show(asked)["state"], house.waiting()) == ("pending", 1)
    house.stop()
    house.start()
    assert "incoming.enabled" in issues(house)
    house.write_settings({})
    house.call("reload")
    until(lambda: house.show(asked)["verdicts"][-1]["answer"] == "reject", "the rejection")
    assert "incoming.enabled" not in issues(house)


def test_switched_off_is_no_incident_when_nothing_is_open(house: House) -> None:
    house.write_settings({"incoming": {"enabled": False}})
    house.start()
    assert is_ready(house)
    house.request(ALICE)
    assert "incoming.enabled" in issues(house)


def test_a_poll_before_the_clock_jumped_is_none_after_it(house: House) -> None:
    """A machine that slept: the wall clock has moved and the steady one has not."""
    house.start()
    asked = settling(house)
    request = house.mail(ALICE)
    says(house, "Approve")
    house.process_replies()
    house.deliver(reply_bytes(request, "Reject the backup failed"))
    house.jump(700)
    house.call("status")  # the jump is seen, and held back
    house.advance(61)
    until(lambda: house.waiting() == 0, "a look into the folder")
    assert house.show(asked)["verdicts"][-1]["answer"] == "reject"
    assert house.show(asked)["state"] == "pending"


def test_a_mail_that_cannot_be_read_may_be_a_change_of_mind_and_is_waited_for(house: House) -> None:
    """What a full disk left of a reply: an empty file."""
    house.start()
    asked = settling(house)
    request = house.mail(ALICE)
    says(house, "Approve")
    torn = house.replies / "new" / "1764200000.M1P1.host"
    torn.write_bytes(b"")
    house.process_replies()
    house.advance(400)
    house.process_replies()
    assert house.show(asked)["state"] == "pending"
    torn.write_bytes(reply_bytes(request, "Reject the backup failed"))
    until(lambda: house.process_replies() and house.show(asked)["verdicts"][-1]["answer"] == "reject", "it")
