"""The main job and its promises, on the daemon as a process: each test is one path through the daemon."""

import contextlib
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from flexmaild.api.handlers import approvals
from flexmaild.client import Refused
from flexmaild.store.engine import KEPT_READERS
from tests.support.daemon import Daemon, reply_bytes, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"


@pytest.mark.process
def test_a_request_becomes_a_decision_a_file_a_confirmation_and_an_empty_folder(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, metadata={"build": 7})
    daemon.answer(daemon.mail(ALICE), "Approve looks good")
    assert daemon.process_replies()["messages"] == 1
    decided = daemon.decided(asked["id"])
    assert (decided["state"], decided["decided_by"]) == ("approved", [ALICE])
    assert decided["verdicts"][0]["comment"] == "looks good"
    daemon.mail(ALICE, "accepted")
    file = until(lambda: next(daemon.decisions.glob("*.json"), None), "decision file")
    event = json.loads(file.read_text())
    assert (event["data"]["state"], event["data"]["metadata"]) == ("approved", {"build": 7})
    assert daemon.waiting() == 0
    assert daemon.stop() == 0


def test_the_same_mail_again_counts_once(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all")
    data = daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    daemon.deliver(data)
    daemon.deliver(b"Received: from elsewhere\r\n" + data)
    assert daemon.process_replies()["outcomes"] == {"duplicate": 2}
    assert len(daemon.show(asked["id"])["verdicts"]) == 1


def test_a_stranger_with_the_reference_decides_nothing_and_hears_nothing(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve", From="eve@corp.test")
    assert daemon.process_replies()["outcomes"] == {"unauthenticated": 1}
    assert daemon.show(asked["id"])["state"] == "pending"
    (aside,) = daemon.call("quarantine.list")["items"]
    assert aside["because"] == "the sender is not who was asked"
    assert daemon.call("quarantine.raw", path={"id": aside["id"]}).startswith(b"From: eve@corp.test")
    assert (daemon.waiting(), daemon.kinds("eve")) == (0, [])


def test_an_unclear_answer_is_explained_and_a_clear_one_then_counts(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve once the tests pass")
    assert daemon.process_replies()["outcomes"] == {"undecided": 1}
    daemon.answer(daemon.mail(ALICE, "unclear"), "Reject too risky today")
    daemon.process_replies()
    assert daemon.decided(asked["id"])["state"] == "rejected"


def test_a_machine_s_answer_decides_nothing_and_is_not_answered(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve", Auto_Submitted="auto-replied")
    assert daemon.process_replies()["outcomes"] == {"auto_reply": 1}
    assert daemon.show(asked["id"])["state"] == "pending"
    assert daemon.kinds(ALICE) == ["approval_request"]


def test_the_same_idempotency_key_never_mails_twice(daemon: Daemon) -> None:
    daemon.start()
    first = daemon.request(ALICE, key="build-7")
    assert daemon.request(ALICE, key="build-7")["id"] == first["id"]
    with pytest.raises(Refused) as refused:
        daemon.request(ALICE, key="build-7", title="Another")
    assert refused.value.status == 422
    daemon.mail(ALICE)
    assert daemon.call("approval.list", query={"limit": 10})["items"][0]["id"] == first["id"]
    assert len(daemon.call("approval.list", query={"limit": 10})["items"]) == 1


def test_each_poll_takes_at_most_process_count_oldest_first(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"process_count": 2}})
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all")
    daemon.answer(daemon.mail(ALICE), "Approve")
    for n in range(3):
        daemon.deliver(f"From: spam{n}@x.test\r\nSubject: hi\r\n\r\nApprove\r\n".encode())
    assert daemon.process_replies()["messages"] == 2
    assert len(daemon.show(asked["id"])["verdicts"]) == 1
    assert daemon.waiting() == 2


def test_a_mail_that_cannot_be_read_is_set_aside_and_stops_nothing(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    bomb = b"From: a@b.test\r\nSubject: " + b"=?utf-8?q?a?= " * 20_000 + b"\r\n\r\nx\r\n"
    daemon.deliver(bomb)
    daemon.deliver(b"\x00\xff" * 1000)
    daemon.answer(daemon.mail(ALICE), "Approve")
    processed = daemon.process_replies()
    assert processed["messages"] == 3
    assert daemon.decided(asked["id"])["state"] == "approved"
    assert daemon.waiting() == 0


def test_a_cancelled_request_tells_its_approvers(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    mail = daemon.mail(ALICE)
    daemon.call("approval.cancel", path={"id": asked["id"]}, body={"reason": "superseded"})
    daemon.mail(ALICE, "cancelled")
    daemon.answer(mail, "Approve")
    assert daemon.process_replies()["outcomes"] == {"late": 1}
    assert daemon.show(asked["id"])["state"] == "cancelled"


def test_a_request_with_faults_sends_nothing_and_names_them_all(daemon: Daemon) -> None:
    daemon.start()
    with pytest.raises(Refused) as refused:
        daemon.request(ALICE, "Alice@Corp.test", quorum=5, sinks=["nowhere"])
    document = refused.value.document
    assert document["status"] == 422
    assert {e["path"] for e in document["errors"]} == {"approvers.1", "quorum", "sinks.0"}
    assert daemon.call("outbox.list", query={"limit": 10})["items"] == []


def test_a_good_reload_takes_effect_and_a_bad_one_changes_nothing(daemon: Daemon) -> None:
    daemon.start()
    daemon.write_settings({"incoming": {"process_interval": "2h"}, "approvals": {"expire_after": "2h"}})
    assert "approvals.expire_after" in daemon.call("reload")["changed"]
    daemon.config.write_text(daemon.config.read_text() + "\nnonsense: 1\n")
    with pytest.raises(Refused) as refused:
        daemon.call("reload")
    assert "nonsense" in str(refused.value)
    status = daemon.call("status")
    assert status["settings"]["last_reload"] == "failed"
    assert status["incoming"]["interval_seconds"] == 7200
    assert not status["healthy"]


@pytest.mark.process
def test_a_hundred_reloads_leak_no_thread_and_no_descriptor(daemon: Daemon) -> None:
    daemon.start()
    assert daemon.process is not None
    process = Path(f"/proc/{daemon.process.pid}")
    daemon.call("reload")

    def threads() -> int:
        return len(os.listdir(process / "task"))

    def descriptors() -> Counter[str]:
        """How many are open on the database's files, and on all else: an idle reader of the database is
        kept for the next, so that one more may be there whenever two looks fell together."""
        opened = Counter({"database": 0, "other": 0})
        for number in os.listdir(process / "fd"):
            with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                target = os.readlink(process / "fd" / number)
                opened["database" if ".db" in target and not target.endswith(".lock") else "other"] += 1
        return opened

    threads_before, before = threads(), descriptors()
    for _ in range(100):
        daemon.call("reload")
    until(lambda: threads() <= threads_before, f"as few threads as before ({threads_before})")
    until(lambda: descriptors()["other"] <= before["other"], f"as few descriptors as before ({before})")
    writer, reader = 3, 2  # the database, its -wal file, and the writer has the -shm file mapped
    assert descriptors()["database"] <= writer + (KEPT_READERS + 1) * reader


def test_a_mail_released_from_quarantine_is_judged_anew_by_the_settings_of_now(daemon: Daemon) -> None:
    border = {"sender_authentication": {"trusted_authserv_ids": ["mx.corp.test"]}}
    daemon.write_settings({"incoming": border})
    daemon.start()
    asked = daemon.request(ALICE)
    data = reply_bytes(daemon.mail(ALICE), "Approve")
    verdict = "Authentication-Results: mx.corp.test; dmarc=fail header.from=corp.test"
    border_fields = f"{verdict}\r\nReceived: from x by mx.corp.test; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    daemon.deliver(border_fields.encode() + data)
    assert daemon.process_replies()["outcomes"] == {"unauthenticated": 1}
    (aside,) = daemon.call("quarantine.list")["items"]
    daemon.write_settings({})  # the operator learns that mx.corp.test is not to be trusted
    daemon.call("reload")
    released = daemon.call("quarantine.release", path={"id": aside["id"]})
    assert (released["outcome"], released["outcome_now"]) == ("unauthenticated", "decision")
    assert daemon.decided(asked["id"])["state"] == "approved"
    assert daemon.call("quarantine.list")["items"] == []
    with pytest.raises(Refused) as refused:
        daemon.call("quarantine.release", path={"id": aside["id"]})
    assert refused.value.status == 404


def test_a_released_mail_that_is_refused_again_is_back_in_quarantine(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve", From="eve@corp.test")
    daemon.process_replies()
    (aside,) = daemon.call("quarantine.list")["items"]
    released = daemon.call("quarantine.release", path={"id": aside["id"]})
    assert released["outcome_now"] == "unauthenticated"
    (again,) = daemon.call("quarantine.list")["items"]
    assert again["id"] != aside["id"]
    assert daemon.show(asked["id"])["state"] == "pending"


def test_of_two_equal_requests_at_once_both_are_told_of_the_one_that_was_made(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found no answer to their key when they began; the second finds it in its transaction."""
    daemon.start()
    body = {"title": "Release 4.2", "approvers": [ALICE]}
    first = daemon.client.call("approval.request", body=body, idempotency_key="k")
    monkeypatch.setattr(approvals, "refuse_repeated", lambda store, call: None)
    second = daemon.client.call("approval.request", body=body, idempotency_key="k")
    assert second.body["id"] == first.body["id"]
    assert second.headers["idempotent-replayed"] == "true"
    place = f"/v1/approvals/{first.body['id']}"
    assert {r.headers.get("location", place) for r in (first, second)} == {place}
