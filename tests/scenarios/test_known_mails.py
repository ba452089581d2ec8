"""A mail is known by what it is: a name that was used before says nothing, and what was judged is not judged
again."""

import os
from pathlib import Path
from typing import Any

from tests.kit.house import House, reply_bytes
from tests.kit.older_store import back_to

ANNA = "anna@corp.test"


def replied(house: House, title: str, **header: str) -> tuple[dict[str, Any], bytes]:
    asked = house.request(ANNA, title=title)
    house.mail(ANNA, "approval_request", count=len(house.call("approval.list")["items"]))
    mail = next(m for m in house.mails(ANNA, "approval_request") if title in str(m["Subject"]))
    return asked, reply_bytes(mail, "Approve", **header)


def put(house: House, data: bytes, *, at: int) -> Path:
    """Always under the same name, as after a restore of the mailbox; at: when it came there."""
    file = house.replies / "new" / "1764200000.M1P1.host"
    file.write_bytes(data)
    os.utime(file, (at, at))
    return file


def incidents(house: House) -> list[str]:
    return [one["kind"] for one in house.call("status")["incidents"]]


def test_another_reply_under_a_known_name_decides_and_a_known_one_is_removed(house: House) -> None:
    house.start()
    one, first = replied(house, "one")
    two, second = replied(house, "two")
    put(house, first, at=1)
    assert house.process_replies()["outcomes"] == {"decision": 1}

    put(house, first, at=1)  # its deletion was lost by a crash
    assert house.process_replies()["outcomes"] == {} and house.waiting() == 0
    assert incidents(house) == []

    put(house, second, at=2)
    assert house.process_replies()["outcomes"] == {"decision": 1} and house.waiting() == 0
    assert house.decided(two["id"])["state"] == "approved"
    assert incidents(house) == ["uids_went_back"]

    put(house, first, at=3)  # by a restore of a copy: judged before, whatever it is called now
    assert house.process_replies()["outcomes"] == {"duplicate": 1} and house.waiting() == 0
    assert house.show(one["id"])["replies_total"] == 1
    assert house.process_replies()["outcomes"] == {} and incidents(house) == []


def test_what_an_older_version_left_is_known_by_its_message_id(house: House) -> None:
    house.start()
    one, first = replied(house, "one")
    two, second = replied(house, "two")
    put(house, first, at=1)
    assert house.process_replies()["outcomes"] == {"decision": 1}
    house.stop()
    back_to(house.root / "state" / "flexmaild.db", "0008")
    house.start()
    put(house, first, at=1)
    assert house.process_replies()["outcomes"] == {} and house.waiting() == 0
    put(house, second, at=1)
    assert house.process_replies()["outcomes"] == {"decision": 1} and house.waiting() == 0
    assert house.decided(two["id"])["state"] == "approved"
    assert house.show(one["id"])["replies_total"] == 1


def test_a_mail_of_which_nothing_is_there_waits_for_an_operator_and_holds_up_none(house: House) -> None:
    house.start()
    one, first = replied(house, "one")
    two, second = replied(house, "two")
    empty = put(house, b"", at=1)
    house.deliver(second)
    assert house.process_replies()["outcomes"] == {"decision": 1}
    assert house.decided(two["id"])["state"] == "approved"
    assert empty.exists() and incidents(house) == ["mail_unreadable"]
    empty.write_bytes(first)
    assert house.process_replies()["outcomes"] == {"decision": 1}
    assert house.decided(one["id"])["state"] == "approved" and incidents(house) == []
