"""Whose a reply is: installations that share a mailbox, and a store that is older than its mails."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from flexmaild.client import Refused
from flexmaild.core import references
from flexmaild.store.records import left_mails
from tests.support.daemon import Daemon, reply_bytes
from tests.support.dovecot import Dovecot
from tests.support.in_process import DaemonInProcess
from tests.support.stores import opened, prune

ANNA = "anna@corp.test"
OTHER_KEY = b"another installation's key"


def incidents(daemon: Daemon) -> dict[str, Any]:
    return {one["kind"]: one for one in daemon.call("status")["incidents"]}


def of_another(daemon: Daemon, number: int, text: str = "Approve", **header: str) -> bytes:
    """A reply of an approver of this daemon to another's request."""
    asked = daemon.mail(ANNA, "approval_request")
    data = reply_bytes(asked, text, **header)
    own = references.named_by(references.bare(str(asked["Message-ID"]))).encode()
    foreign = (
        references.request_id(OTHER_KEY, hashlib.sha256(bytes([number])).digest()[:6])
        .removeprefix("ap-")
        .encode()
    )
    for one, other in ((own, foreign), (own.upper(), foreign.upper())):
        data = data.replace(one, one[:4] + other + one[20:])
    return data


@pytest.fixture
def asked(daemon: Daemon) -> Daemon:
    daemon.start()
    daemon.request(ANNA)
    daemon.mail(ANNA, "approval_request")
    return daemon


def test_what_is_anothers_stays_and_keeps_no_mail_from_being_read(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"process_count": 2}})
    daemon.start()
    request = daemon.request(ANNA)["id"]
    for number in range(7):
        daemon.deliver(of_another(daemon, number))
    daemon.answer(daemon.mail(ANNA, "approval_request"), "Approve mine")
    daemon.deliver(of_another(daemon, 7))
    ended = daemon.process_replies()
    assert ended["outcomes"] == {"foreign": 8, "decision": 1}
    assert daemon.decided(request)["state"] == "approved" and daemon.waiting() == 8
    told = incidents(daemon)
    assert list(told) == ["foreign_replies"] and told["foreign_replies"]["count"] == 8
    assert daemon.call("quarantine.list")["items"] == []
    assert daemon.process_replies()["outcomes"] == {} and daemon.waiting() == 8


def test_what_was_left_is_known_after_a_start_and_the_incident_ends_with_the_mails(asked: Daemon) -> None:
    for number in range(3):
        asked.deliver(of_another(asked, number))
    assert asked.process_replies()["outcomes"] == {"foreign": 3}
    asked.stop()
    asked.start()
    assert asked.process_replies()["outcomes"] == {}
    assert incidents(asked)["foreign_replies"]["count"] == 3
    for file in (asked.replies / "new").iterdir():  # its owner has read them
        file.unlink()
    assert asked.process_replies()["outcomes"] == {} and incidents(asked) == {}


def test_beyond_so_many_no_more_are_marked_and_none_is_fetched_again(
    asked: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_mails, "MOST", 2)
    for number in range(4):
        asked.deliver(of_another(asked, number))
    assert asked.process_replies()["outcomes"] == {"foreign": 4}
    assert "no more of them are marked" in incidents(asked)["foreign_replies"]["said"]
    assert asked.process_replies()["outcomes"] == {} and asked.waiting() == 4


def test_another_mail_under_the_name_of_one_that_was_left_is_read(asked: Daemon) -> None:
    asked.deliver(of_another(asked, 1))
    assert asked.process_replies()["outcomes"] == {"foreign": 1}
    (file,) = (asked.replies / "new").iterdir()
    file.write_bytes(reply_bytes(asked.mail(ANNA, "approval_request"), "Approve"))
    assert asked.process_replies()["outcomes"] == {"decision": 1} and asked.waiting() == 0
    assert incidents(asked).keys() <= {"uids_went_back"}


def test_an_automatic_answer_to_anothers_request_is_anothers(asked: Daemon) -> None:
    asked.deliver(of_another(asked, 1, "I am away", Auto_Submitted="auto-replied"))
    assert asked.process_replies()["outcomes"] == {"foreign": 1} and asked.waiting() == 1


def test_an_altered_reference_of_ours_is_set_aside_and_seen(asked: Daemon) -> None:
    (request,) = (one["id"] for one in asked.call("approval.list")["items"])
    mail = asked.mail(ANNA, "approval_request")
    data = reply_bytes(mail, "Approve", In_Reply_To="")
    own = references.named_by(references.bare(str(mail["Message-ID"]))).upper().encode()
    changed = own[:8] + (b"B" if own[8:9] != b"B" else b"C") + own[9:]
    asked.deliver(data.replace(own, changed))
    assert asked.process_replies()["outcomes"] == {"unauthenticated": 1} and asked.waiting() == 0
    assert [one["reason"] for one in asked.show(request)["replies"]] == ["reference_altered"]
    assert len(asked.call("quarantine.list")["items"]) == 1


def test_an_unknown_reference_of_an_approver_of_ours_is_set_aside_seen_and_left_for_who_knows_it(
    asked: Daemon,
) -> None:
    """Who asks the same people from the same mailbox reads it."""
    (request,) = (one["id"] for one in asked.call("approval.list")["items"])
    asked.deliver(of_another(asked, 1, In_Reply_To=""))
    assert asked.process_replies()["outcomes"] == {"unauthenticated": 1} and asked.waiting() == 1
    assert [one["reason"] for one in asked.show(request)["replies"]] == ["reference_altered"]
    assert len(asked.call("quarantine.list")["items"]) == 1
    assert list(incidents(asked)) == ["foreign_replies"]
    for _ in range(2):
        assert asked.process_replies()["outcomes"] == {} and asked.waiting() == 1
        asked.stop()
        asked.start()


def test_what_is_set_aside_is_not_released_into_no_folder(asked: Daemon) -> None:
    test_an_altered_reference_of_ours_is_set_aside_and_seen(asked)
    (request,) = (one["id"] for one in asked.call("approval.list")["items"])
    asked.call("approval.cancel", path={"id": request})  # now it is no more near to one that is open
    (aside,) = asked.call("quarantine.list")["items"]
    with pytest.raises(Refused) as refused:
        asked.call("quarantine.release", path={"id": aside["id"]})
    assert refused.value.status == 409
    assert asked.call("quarantine.list")["items"] == [aside]


def database(daemon: Daemon) -> Path:
    return daemon.root / "state" / "flexmaild.db"


def copied(daemon: Daemon, name: str) -> Path:
    copy = daemon.root / name
    with closing(sqlite3.connect(database(daemon))) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def put_back(daemon: Daemon, copy: Path) -> None:
    daemon.stop()
    for file in database(daemon).parent.glob("flexmaild.db-*"):
        file.unlink()
    shutil.copy(copy, database(daemon))
    daemon.start()


def test_a_reply_that_an_older_store_cannot_know_is_read_when_the_newer_one_is_back(asked: Daemon) -> None:
    older = copied(asked, "older")
    request = asked.request(ANNA, title="later")["id"]
    mail = asked.mail(ANNA, "approval_request", count=2)
    newer = copied(asked, "newer")
    put_back(asked, older)
    asked.answer(mail, "Approve")
    assert asked.process_replies()["outcomes"] == {"store_older": 1} and asked.waiting() == 1
    told = incidents(asked)
    assert list(told) == ["store_older"] and request in told["store_older"]["said"]
    assert asked.process_replies()["outcomes"] == {} and asked.waiting() == 1
    put_back(asked, newer)
    assert asked.decided(request)["state"] == "approved"
    asked.process_replies()
    assert asked.waiting() == 0 and incidents(asked) == {}


def test_ids_of_a_former_key_are_ours(asked: Daemon) -> None:
    older = copied(asked, "older")
    asked.request(ANNA, title="later")
    mail = asked.mail(ANNA, "approval_request", count=2)
    (asked.root / "state" / "reference.key").write_bytes(bytes(32))
    put_back(asked, older)
    asked.answer(mail, "Approve")
    assert asked.process_replies()["outcomes"] == {"store_older": 1} and asked.waiting() == 1


def forget(daemon: Daemon) -> EmailMessage:
    """The one request is cancelled and long past; the mail that asked."""
    (request,) = (one["id"] for one in daemon.call("approval.list")["items"])
    mail = daemon.mail(ANNA, "approval_request")
    daemon.call("approval.cancel", path={"id": request})
    daemon.stop()
    kept = opened(daemon.root / "state")
    later = datetime.now(UTC) + timedelta(days=9999)
    while prune(kept, raw_before=later, outcomes_before=later, done_before=later):
        pass
    kept.close()
    daemon.start()
    return mail


def test_an_open_request_that_a_late_reply_names_beside_is_not_called_forgotten(asked: Daemon) -> None:
    mail = forget(asked)
    beside = asked.request("ben@corp.test")["id"]
    other = str(asked.mail("ben@corp.test", "approval_request")["Message-ID"])
    reference = references.named_by(references.bare(other)).upper()
    asked.deliver(reply_bytes(mail, "Approve", Subject=f"Re: {reference}"))
    assert asked.process_replies()["outcomes"] == {"late": 1}
    (seen,) = asked.show(beside)["replies"]
    assert (seen["outcome"], seen["reason"]) == ("undecided", "named_beside")


def test_a_late_reply_to_a_forgotten_request_is_late(asked: Daemon) -> None:
    asked.answer(forget(asked), "Approve")
    assert asked.process_replies()["outcomes"] == {"late": 1} and asked.waiting() == 0
    assert incidents(asked) == {} and asked.call("quarantine.list")["items"] == []


# Two on one mailbox.


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Daemon]:
    (tmp_path / "second").mkdir()
    made = DaemonInProcess(tmp_path / "second")
    yield made
    made.close()


def on_dovecot(daemon: Daemon, settings: dict[str, Any], count: int) -> None:
    daemon.write_settings({"incoming": settings | {"process_count": count, "path": None}})
    text = daemon.config.read_text().replace("  path: null\n", "")
    daemon.config.write_text(text)
    daemon.start()


def test_two_installations_on_one_mailbox_decide_each_its_own(
    daemon: Daemon, second: Daemon, dovecot: Dovecot
) -> None:
    user = dovecot.user()
    settings = {
        "transport": "imap",
        "host": "localhost",
        "port": dovecot.imap,
        "username": user.name,
        "password": user.password,
        "properties": "PROTOCOL=imap\nmail.imap.host=localhost\n",
    }
    for one in (daemon, second):
        on_dovecot(one, settings, 2)
    asked = {one: [one.request(ANNA, title=f"{n}")["id"] for n in range(5)] for one in (daemon, second)}
    mails = {}
    for one in (daemon, second):
        one.mail(ANNA, "approval_request", count=5)
        mails[one] = one.mails(ANNA, "approval_request")
    for mail in (mail for pair in zip(mails[daemon], mails[second], strict=True) for mail in pair):
        dovecot.deliver(user, [reply_bytes(mail, "Approve")])
    for _ in range(3):
        for one in (daemon, second):
            one.process_replies()
    for one in (daemon, second):
        assert {one.decided(i)["state"] for i in asked[one]} == {"approved"}
        assert one.call("quarantine.list")["items"] == []
    assert dovecot.subjects(user) == []
    daemon.process_replies()
    assert incidents(daemon) == {} and incidents(second) == {}
