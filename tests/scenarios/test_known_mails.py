"""A mail is known by what it is: a name that was used before says nothing, and what was judged is not judged
again."""

import os
from pathlib import Path
from typing import Any

from tests.support.daemon import Daemon, reply_bytes
from tests.support.older_store import back_to

ANNA = "anna@corp.test"


def replied(daemon: Daemon, title: str, **header: str) -> tuple[dict[str, Any], bytes]:
    asked = daemon.request(ANNA, title=title)
    daemon.mail(ANNA, "approval_request", count=len(daemon.call("approval.list")["items"]))
    mail = next(m for m in daemon.mails(ANNA, "approval_request") if title in str(m["Subject"]))
    return asked, reply_bytes(mail, "Approve", **header)


def put(daemon: Daemon, data: bytes, *, at: int) -> Path:
    """Always under the same name, as after a restore of the mailbox; at: when it came there."""
    file = daemon.replies / "new" / "1764200000.M1P1.host"
    file.write_bytes(data)
    os.utime(file, (at, at))
    return file


def incidents(daemon: Daemon) -> list[str]:
    return [one["kind"] for one in daemon.call("status")["incidents"]]


def test_another_reply_under_a_known_name_decides_and_a_known_one_is_removed(daemon: Daemon) -> None:
    daemon.start()
    one, first = replied(daemon, "one")
    two, second = replied(daemon, "two")
    put(daemon, first, at=1)
    assert daemon.process_replies()["outcomes"] == {"decision": 1}

    put(daemon, first, at=1)  # its deletion was lost by a crash
    assert daemon.process_replies()["outcomes"] == {} and daemon.waiting() == 0
    assert incidents(daemon) == []

    put(daemon, second, at=2)
    assert daemon.process_replies()["outcomes"] == {"decision": 1} and daemon.waiting() == 0
    assert daemon.decided(two["id"])["state"] == "approved"
    assert incidents(daemon) == ["uids_went_back"]

    put(daemon, first, at=3)  # by a restore of a copy: judged before, whatever it is called now
    assert daemon.process_replies()["outcomes"] == {"duplicate": 1} and daemon.waiting() == 0
    assert daemon.show(one["id"])["replies_total"] == 1
    assert daemon.process_replies()["outcomes"] == {} and incidents(daemon) == []


def test_what_an_older_version_left_is_known_by_its_message_id(daemon: Daemon) -> None:
    daemon.start()
    one, first = replied(daemon, "one")
    two, second = replied(daemon, "two")
    put(daemon, first, at=1)
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    daemon.stop()
    back_to(daemon.root / "state" / "flexmaild.db", "0008")
    daemon.start()
    put(daemon, first, at=1)
    assert daemon.process_replies()["outcomes"] == {} and daemon.waiting() == 0
    put(daemon, second, at=1)
    assert daemon.process_replies()["outcomes"] == {"decision": 1} and daemon.waiting() == 0
    assert daemon.decided(two["id"])["state"] == "approved"
    assert daemon.show(one["id"])["replies_total"] == 1


def test_a_mail_of_which_nothing_is_there_waits_for_an_operator_and_holds_up_none(daemon: Daemon) -> None:
    daemon.start()
    one, first = replied(daemon, "one")
    two, second = replied(daemon, "two")
    empty = put(daemon, b"", at=1)
    daemon.deliver(second)
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.decided(two["id"])["state"] == "approved"
    assert empty.exists() and incidents(daemon) == ["mail_unreadable"]
    empty.write_bytes(first)
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.decided(one["id"])["state"] == "approved" and incidents(daemon) == []
