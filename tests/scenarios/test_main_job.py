"""The main job and its promises, on the daemon as a process: each test is one path through the house."""

import contextlib
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from flexmaild.api.handlers import approvals
from flexmaild.client import Refused
from flexmaild.store.engine import KEPT_READERS
from tests.kit.house import House, reply_bytes, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"


@pytest.mark.process
def test_a_request_becomes_a_decision_a_file_a_confirmation_and_an_empty_folder(house: House) -> None:
    house.start()
    asked = house.request(ALICE, metadata={"build": 7})
    house.answer(house.mail(ALICE), "Approve looks good")
    assert house.process_replies()["messages"] == 1
    decided = house.decided(asked["id"])
    assert (decided["state"], decided["decided_by"]) == ("approved", [ALICE])
    assert decided["verdicts"][0]["comment"] == "looks good"
    house.mail(ALICE, "accepted")
    file = until(lambda: next(house.decisions.glob("*.json"), None), "decision file")
    event = json.loads(file.read_text())
    assert (event["data"]["state"], event["data"]["metadata"]) == ("approved", {"build": 7})
    assert house.waiting() == 0
    assert house.stop() == 0


def test_the_same_mail_again_counts_once(house: House) -> None:
    house.start()
    asked = house.request(ALICE, BOB, quorum="all")
    data = house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    house.deliver(data)
    house.deliver(b"Received: from elsewhere\r\n" + data)
    assert house.process_replies()["outcomes"] == {"duplicate": 2}
    assert len(house.show(asked["id"])["verdicts"]) == 1


def test_a_stranger_with_the_reference_decides_nothing_and_hears_nothing(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve", From="eve@corp.test")
    assert house.process_replies()["outcomes"] == {"unauthenticated": 1}
    assert house.show(asked["id"])["state"] == "pending"
    (aside,) = house.call("quarantine.list")["items"]
    assert aside["because"] == "the sender is not who was asked"
    assert house.call("quarantine.raw", path={"id": aside["id"]}).startswith(b"From: eve@corp.test")
    assert (house.waiting(), house.kinds("eve")) == (0, [])


def test_an_unclear_answer_is_explained_and_a_clear_one_then_counts(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve once the tests pass")
    assert house.process_replies()["outcomes"] == {"undecided": 1}
    house.answer(house.mail(ALICE, "unclear"), "Reject too risky today")
    house.process_replies()
    assert house.decided(asked["id"])["state"] == "rejected"


def test_a_machine_s_answer_decides_nothing_and_is_not_answered(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve", Auto_Submitted="auto-replied")
    assert house.process_replies()["outcomes"] == {"auto_reply": 1}
    assert house.show(asked["id"])["state"] == "pending"
    assert house.kinds(ALICE) == ["approval_request"]


def test_the_same_idempotency_key_never_mails_twice(house: House) -> None:
    house.start()
    first = house.request(ALICE, key="build-7")
    assert house.request(ALICE, key="build-7")["id"] == first["id"]
    with pytest.raises(Refused) as refused:
        house.request(ALICE, key="build-7", title="Another")
    assert refused.value.status == 422
    house.mail(ALICE)
    assert house.call("approval.list", query={"limit": 10})["items"][0]["id"] == first["id"]
    assert len(house.call("approval.list", query={"limit": 10})["items"]) == 1


def test_each_poll_takes_at_most_process_count_oldest_first(house: House) -> None:
    house.write_settings({"incoming": {"process_count": 2}})
    house.start()
    asked = house.request(ALICE, BOB, quorum="all")
    house.answer(house.mail(ALICE), "Approve")
    for n in range(3):
        house.deliver(f"From: spam{n}@x.test\r\nSubject: hi\r\n\r\nApprove\r\n".encode())
    assert house.process_replies()["messages"] == 2
    assert len(house.show(asked["id"])["verdicts"]) == 1
    assert house.waiting() == 2


def test_a_mail_that_cannot_be_read_is_set_aside_and_stops_nothing(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    bomb = b"From: a@b.test\r\nSubject: " + b"=?utf-8?q?a?= " * 20_000 + b"\r\n\r\nx\r\n"
    house.deliver(bomb)
    house.deliver(b"\x00\xff" * 1000)
    house.answer(house.mail(ALICE), "Approve")
    processed = house.process_replies()
    assert processed["messages"] == 3
    assert house.decided(asked["id"])["state"] == "approved"
    assert house.waiting() == 0


def test_a_cancelled_request_tells_its_approvers(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    mail = house.mail(ALICE)
    house.call("approval.cancel", path={"id": asked["id"]}, body={"reason": "superseded"})
    house.mail(ALICE, "cancelled")
    house.answer(mail, "Approve")
    assert house.process_replies()["outcomes"] == {"late": 1}
    assert house.show(asked["id"])["state"] == "cancelled"


def test_a_request_with_faults_sends_nothing_and_names_them_all(house: House) -> None:
    house.start()
    with pytest.raises(Refused) as refused:
        house.request(ALICE, "Alice@Corp.test", quorum=5, sinks=["nowhere"])
    document = refused.value.document
    assert document["status"] == 422
    assert {e["path"] for e in document["errors"]} == {"approvers.1", "quorum", "sinks.0"}
    assert house.call("outbox.list", query={"limit": 10})["items"] == []


def test_a_good_reload_takes_effect_and_a_bad_one_changes_nothing(house: House) -> None:
    house.start()
    house.write_settings({"incoming": {"process_interval": "2h"}, "approvals": {"expire_after": "2h"}})
    assert "approvals.expire_after" in house.call("reload")["changed"]
    house.config.write_text(house.config.read_text() + "\nnonsense: 1\n")
    with pytest.raises(Refused) as refused:
        house.call("reload")
    assert "nonsense" in str(refused.value)
    status = house.call("status")
    assert status["settings"]["last_reload"] == "failed"
    assert status["incoming"]["interval_seconds"] == 7200
    assert not status["healthy"]


@pytest.mark.process
def test_a_hundred_reloads_leak_no_thread_and_no_descriptor(house: House) -> None:
    house.start()
    assert house.process is not None
    process = Path(f"/proc/{house.process.pid}")
    house.call("reload")

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
        house.call("reload")
    until(lambda: threads() <= threads_before, f"as few threads as before ({threads_before})")
    until(lambda: descriptors()["other"] <= before["other"], f"as few descriptors as before ({before})")
    writer, reader = 3, 2  # the database, its -wal file, and the writer has the -shm file mapped
    assert descriptors()["database"] <= writer + (KEPT_READERS + 1) * reader


def test_a_mail_released_from_quarantine_is_judged_anew_by_the_settings_of_now(house: House) -> None:
    border = {"sender_authentication": {"trusted_authserv_ids": ["mx.corp.test"]}}
    house.write_settings({"incoming": border})
    house.start()
    asked = house.request(ALICE)
    data = reply_bytes(house.mail(ALICE), "Approve")
    verdict = "Authentication-Results: mx.corp.test; dmarc=fail header.from=corp.test"
    border_fields = f"{verdict}\r\nReceived: from x by mx.corp.test; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    house.deliver(border_fields.encode() + data)
    assert house.process_replies()["outcomes"] == {"unauthenticated": 1}
    (aside,) = house.call("quarantine.list")["items"]
    house.write_settings({})  # the operator learns that mx.corp.test is not to be trusted
    house.call("reload")
    released = house.call("quarantine.release", path={"id": aside["id"]})
    assert (released["outcome"], released["outcome_now"]) == ("unauthenticated", "decision")
    assert house.decided(asked["id"])["state"] == "approved"
    assert house.call("quarantine.list")["items"] == []
    with pytest.raises(Refused) as refused:
        house.call("quarantine.release", path={"id": aside["id"]})
    assert refused.value.status == 404


def test_a_released_mail_that_is_refused_again_is_back_in_quarantine(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve", From="eve@corp.test")
    house.process_replies()
    (aside,) = house.call("quarantine.list")["items"]
    released = house.call("quarantine.release", path={"id": aside["id"]})
    assert released["outcome_now"] == "unauthenticated"
    (again,) = house.call("quarantine.list")["items"]
    assert again["id"] != aside["id"]
    assert house.show(asked["id"])["state"] == "pending"


def test_of_two_equal_requests_at_once_both_are_told_of_the_one_that_was_made(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found no answer to their key when they began; the second finds it in its transaction."""
    house.start()
    body = {"title": "Release 4.2", "approvers": [ALICE]}
    first = house.client.call("approval.request", body=body, idempotency_key="k")
    monkeypatch.setattr(approvals, "refuse_repeated", lambda store, call: None)
    second = house.client.call("approval.request", body=body, idempotency_key="k")
    assert second.body["id"] == first.body["id"]
    assert second.headers["idempotent-replayed"] == "true"
    place = f"/v1/approvals/{first.body['id']}"
    assert {r.headers.get("location", place) for r in (first, second)} == {place}
