"""What is kept of persons after a request has ended, by a clock that is moved: each part goes in its time,
what happened stays known, and the event log still holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kit import programs
from tests.kit.house import House, until
from tests.kit.in_process import HouseInProcess

ALICE, BOB = "alice@corp.test", "bob@corp.test"
COMMENT = "looks splendid to me"
TITLE, WORDS = "Deploy of the payroll", "Ask Erika whether she agrees."
DAY = 86400.0


def begun(house: House, **retention: str) -> None:
    house.write_settings({"retention": retention, "incoming": {"keep_raw": "0s"}})
    house.start()


def purge(house: House, days: float) -> None:
    assert isinstance(house, HouseInProcess)
    house.advance(days * DAY)
    house.prune()


def approved(house: House, text: str = f"Approve {COMMENT}") -> dict[str, Any]:
    asked = house.request(ALICE, title=TITLE, text=WORDS, metadata={"for": "payroll"}, requester=BOB)
    house.answer(
        house.mail(ALICE, "approval_request", len(house.mails(ALICE, "approval_request")) or 1), text
    )
    house.process_replies()
    found = house.decided(asked["id"])
    house.mail(ALICE, "accepted")
    return found


def in_files(house: House, *words: str) -> list[str]:
    files: list[Path] = [*(house.root / "state").iterdir()]
    return [word for word in words if any(word.encode() in file.read_bytes() for file in files)]


def test_after_each_time_its_part_is_gone_and_what_happened_is_still_told(house: House) -> None:
    begun(house, sent_mails="1d", comments="10d", addresses="20d")
    identifier = approved(house)["id"]
    purge(house, 0.5)
    assert house.show(identifier)["verdicts"][0]["comment"] == COMMENT
    assert house.show(identifier)["mails"]
    purge(house, 1)
    shown = house.show(identifier)
    assert shown["verdicts"][0]["comment"] == COMMENT
    assert (shown["mails"], shown["metadata"], shown["title"]) == ([], {}, TITLE)
    purge(house, 10)
    shown = house.show(identifier)
    assert shown["verdicts"][0]["comment"] == ""
    assert shown["decided_by"] == [ALICE]
    assert COMMENT not in json.dumps(shown)  # nor does its history say it
    assert ALICE in json.dumps(shown["history"])
    purge(house, 10)
    shown = house.show(identifier)
    assert (shown["state"], shown["title"], shown["requester"]) == ("approved", "", "")
    assert shown["decided_by"] == ["approver 1"]
    assert [a["address"] for a in shown["approvers"]] == ["approver 1"]
    assert [(v["answer"], v["by"], v["proof"]) for v in shown["verdicts"]] == [
        ("approve", "approver 1", "reference")
    ]
    assert [e["data"] for e in shown["history"] if e["event"] == "purged"] == [
        {"purged": ["sent_mails"]},
        {"purged": ["comments"]},
        {"purged": ["addresses"]},
    ]
    assert ALICE not in json.dumps(shown)
    purge(house, 1)  # once is enough
    assert len(house.show(identifier)["history"]) == len(shown["history"])
    told = programs.run(
        "flexmailctl", "--socket", house.root / "control.sock", "approval", "show", identifier
    )
    assert told.returncode == 0
    assert "purged sent_mails, comments, addresses" in " ".join(told.stdout.split())
    verified = programs.run("flexmailctl", "--socket", house.root / "control.sock", "audit", "verify")
    assert verified.returncode == 0
    assert house.stop() == 0
    assert in_files(house, COMMENT, ALICE, TITLE, WORDS, "payroll", BOB) == []


def test_of_an_open_request_nothing_is_purged(house: House) -> None:
    begun(house, sent_mails="0s", comments="0s", addresses="0s")
    asked = house.request(ALICE, BOB, quorum="all", expires_in="90d", remind_after=[], title=TITLE)
    first, second = house.mail(ALICE), house.mail(BOB)
    house.answer(first, f"Approve {COMMENT}")
    house.process_replies()
    purge(house, 80)
    shown = house.show(asked["id"])
    assert shown["verdicts"][0]["comment"] == COMMENT
    assert shown["title"] == TITLE
    house.answer(second, "Approve")
    house.process_replies()
    assert house.decided(asked["id"])["state"] == "approved"


def test_a_decision_that_waits_for_its_sink_is_delivered_whole(house: House) -> None:
    begun(house, sent_mails="0s", comments="0s", addresses="0s")
    house.decisions.rename(house.root / "away")
    identifier = approved(house)["id"]
    purge(house, 2)
    shown = house.show(identifier)
    assert shown["decided_by"] == [ALICE]  # something is still to be told of it
    assert ALICE in json.dumps(shown["history"]) and ALICE in json.dumps(shown["replies"])
    (house.root / "away").rename(house.decisions)
    house.call("deliveries.retry_all")
    (file,) = _decisions(house)
    assert ALICE in file.read_text()
    assert COMMENT in file.read_text()
    purge(house, 1)
    assert ALICE not in json.dumps(house.show(identifier))


def _decisions(house: House) -> list[Path]:
    return until(lambda: list(house.decisions.glob("*.json")), "the decision file")


@pytest.mark.parametrize("part", ["words", "addresses"])
def test_a_late_reply_is_still_told_rightly(house: House, part: str) -> None:
    kept = "400d" if part == "words" else "1d"
    begun(house, sent_mails="1d", comments="1d", addresses=kept)
    identifier = approved(house)["id"]
    mail = house.mails(ALICE, "approval_request")[0]
    purge(house, 2)
    house.answer(mail, "Reject I changed my mind")
    assert house.process_replies()["outcomes"] == {"late": 1}
    shown = house.show(identifier)
    assert shown["state"] == "approved"
    assert shown["replies_total"] == 2
    if part == "words":
        told = house.mail(ALICE, "already_decided")
        assert ALICE in str(told)
        assert shown["last_reply"]["from"] == ALICE
    else:
        assert not house.mails(ALICE, "already_decided")
        assert shown["last_reply"]["reason"] == "forgotten"
        purge(house, 2)  # what came later goes by its own time
        assert house.show(identifier)["last_reply"]["from"] == ""
        assert ALICE not in json.dumps(house.show(identifier))


def test_what_a_key_is_answered_again_says_no_more_than_the_request_does(house: House) -> None:
    """An Idempotency-Key outlives what is kept of persons: nothing is asked twice, and nobody is named."""
    begun(house, sent_mails="0s", comments="0s", addresses="0s")
    body = {"title": TITLE, "text": WORDS, "approvers": [ALICE], "metadata": {"for": "payroll"}}
    asked = {"body": body | {"requester": BOB}, "idempotency_key": "ask"}
    first = house.call("approval.request", **asked)
    house.mail(ALICE)
    path = {"id": first["id"]}
    withdrawn = {"path": path, "body": {"reason": COMMENT}, "idempotency_key": "cancel"}
    house.call("approval.cancel", **withdrawn)
    mails = house.kinds()
    assert house.call("approval.request", **asked) == first
    until(lambda: not house.call("outbox.list", query={"state": "queued"})["items"], "mails that are sent")
    purge(house, 2)
    again, cancelled = house.call("approval.request", **asked), house.call("approval.cancel", **withdrawn)
    assert (again["id"], again["title"], again["warnings"]) == (first["id"], "", [])
    assert (cancelled["id"], cancelled["state"]) == (first["id"], "cancelled")
    assert set(again) == set(first)
    assert [approver["address"] for approver in again["approvers"]] == ["approver 1"]
    assert house.kinds()[: len(mails)] == mails
    assert not house.mails(ALICE, "approval_request")[1:]
    assert house.stop() == 0
    assert in_files(house, COMMENT, ALICE, TITLE, WORDS, "payroll", BOB) == []


@pytest.mark.parametrize("first", ["comments", "addresses"])
def test_what_mails_were_made_of_goes_with_the_first_of_the_three(house: House, first: str) -> None:
    begun(house, **{"sent_mails": "10d", "comments": "10d", "addresses": "10d", first: "1d"})
    identifier = approved(house)["id"]
    purge(house, 2)
    shown = house.show(identifier)
    assert (shown["mails"], shown["metadata"]) == ([], {})
    assert house.stop() == 0
    assert in_files(house, WORDS, "payroll") == ([] if first == "addresses" else ["payroll"])  # the title


def test_raw_mails_that_are_kept_longer_than_what_is_in_them_are_a_warning(house: House) -> None:
    house.write_settings({"retention": {"comments": "1d"}})
    warned = programs.run("flexmaild", "check", "--config", house.config)
    assert warned.returncode == 0
    assert "retention.comments" in warned.stderr
    assert "incoming.keep_raw" in warned.stderr
