"""What is kept of persons after a request has ended, by a clock that is moved: each part goes in its time,
what happened stays known, and the event log still holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import programs
from tests.support.daemon import Daemon, until
from tests.support.in_process import DaemonInProcess

ALICE, BOB = "alice@corp.test", "bob@corp.test"
COMMENT = "looks splendid to me"
TITLE, WORDS = "Deploy of the payroll", "Ask Erika whether she agrees."
DAY = 86400.0


def begun(daemon: Daemon, **retention: str) -> None:
    daemon.write_settings({"retention": retention, "incoming": {"keep_raw": "0s"}})
    daemon.start()


def purge(daemon: Daemon, days: float) -> None:
    assert isinstance(daemon, DaemonInProcess)
    daemon.advance(days * DAY)
    daemon.prune()


def approved(daemon: Daemon, text: str = f"Approve {COMMENT}") -> dict[str, Any]:
    asked = daemon.request(ALICE, title=TITLE, text=WORDS, metadata={"for": "payroll"}, requester=BOB)
    daemon.answer(
        daemon.mail(ALICE, "approval_request", len(daemon.mails(ALICE, "approval_request")) or 1), text
    )
    daemon.process_replies()
    found = daemon.decided(asked["id"])
    daemon.mail(ALICE, "accepted")
    return found


def in_files(daemon: Daemon, *words: str) -> list[str]:
    files: list[Path] = [*(daemon.root / "state").iterdir()]
    return [word for word in words if any(word.encode() in file.read_bytes() for file in files)]


def test_after_each_time_its_part_is_gone_and_what_happened_is_still_told(daemon: Daemon) -> None:
    begun(daemon, sent_mails="1d", comments="10d", addresses="20d")
    identifier = approved(daemon)["id"]
    purge(daemon, 0.5)
    assert daemon.show(identifier)["verdicts"][0]["comment"] == COMMENT
    assert daemon.show(identifier)["mails"]
    purge(daemon, 1)
    shown = daemon.show(identifier)
    assert shown["verdicts"][0]["comment"] == COMMENT
    assert (shown["mails"], shown["metadata"], shown["title"]) == ([], {}, TITLE)
    purge(daemon, 10)
    shown = daemon.show(identifier)
    assert shown["verdicts"][0]["comment"] == ""
    assert shown["decided_by"] == [ALICE]
    assert COMMENT not in json.dumps(shown)  # nor does its history say it
    assert ALICE in json.dumps(shown["history"])
    purge(daemon, 10)
    shown = daemon.show(identifier)
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
    purge(daemon, 1)  # once is enough
    assert len(daemon.show(identifier)["history"]) == len(shown["history"])
    told = programs.run(
        "flexmailctl", "--socket", daemon.root / "control.sock", "approval", "show", identifier
    )
    assert told.returncode == 0
    assert "purged sent_mails, comments, addresses" in " ".join(told.stdout.split())
    verified = programs.run("flexmailctl", "--socket", daemon.root / "control.sock", "audit", "verify")
    assert verified.returncode == 0
    assert daemon.stop() == 0
    assert in_files(daemon, COMMENT, ALICE, TITLE, WORDS, "payroll", BOB) == []


def test_of_an_open_request_nothing_is_purged(daemon: Daemon) -> None:
    begun(daemon, sent_mails="0s", comments="0s", addresses="0s")
    asked = daemon.request(ALICE, BOB, quorum="all", expires_in="90d", remind_after=[], title=TITLE)
    first, second = daemon.mail(ALICE), daemon.mail(BOB)
    daemon.answer(first, f"Approve {COMMENT}")
    daemon.process_replies()
    purge(daemon, 80)
    shown = daemon.show(asked["id"])
    assert shown["verdicts"][0]["comment"] == COMMENT
    assert shown["title"] == TITLE
    daemon.answer(second, "Approve")
    daemon.process_replies()
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_a_decision_that_waits_for_its_sink_is_delivered_whole(daemon: Daemon) -> None:
    begun(daemon, sent_mails="0s", comments="0s", addresses="0s")
    daemon.decisions.rename(daemon.root / "away")
    identifier = approved(daemon)["id"]
    purge(daemon, 2)
    shown = daemon.show(identifier)
    assert shown["decided_by"] == [ALICE]  # something is still to be told of it
    assert ALICE in json.dumps(shown["history"]) and ALICE in json.dumps(shown["replies"])
    (daemon.root / "away").rename(daemon.decisions)
    daemon.call("deliveries.retry_all")
    (file,) = _decisions(daemon)
    assert ALICE in file.read_text()
    assert COMMENT in file.read_text()
    purge(daemon, 1)
    assert ALICE not in json.dumps(daemon.show(identifier))


def _decisions(daemon: Daemon) -> list[Path]:
    return until(lambda: list(daemon.decisions.glob("*.json")), "the decision file")


@pytest.mark.parametrize("part", ["words", "addresses"])
def test_a_late_reply_is_still_told_rightly(daemon: Daemon, part: str) -> None:
    kept = "400d" if part == "words" else "1d"
    begun(daemon, sent_mails="1d", comments="1d", addresses=kept)
    identifier = approved(daemon)["id"]
    mail = daemon.mails(ALICE, "approval_request")[0]
    purge(daemon, 2)
    daemon.answer(mail, "Reject I changed my mind")
    assert daemon.process_replies()["outcomes"] == {"late": 1}
    shown = daemon.show(identifier)
    assert shown["state"] == "approved"
    assert shown["replies_total"] == 2
    if part == "words":
        told = daemon.mail(ALICE, "already_decided")
        assert ALICE in str(told)
        assert shown["last_reply"]["from"] == ALICE
    else:
        assert not daemon.mails(ALICE, "already_decided")
        assert shown["last_reply"]["reason"] == "forgotten"
        purge(daemon, 2)  # what came later goes by its own time
        assert daemon.show(identifier)["last_reply"]["from"] == ""
        assert ALICE not in json.dumps(daemon.show(identifier))


def test_what_a_key_is_answered_again_says_no_more_than_the_request_does(daemon: Daemon) -> None:
    """An Idempotency-Key outlives what is kept of persons: nothing is asked twice, and nobody is named."""
    begun(daemon, sent_mails="0s", comments="0s", addresses="0s")
    body = {"title": TITLE, "text": WORDS, "approvers": [ALICE], "metadata": {"for": "payroll"}}
    asked = {"body": body | {"requester": BOB}, "idempotency_key": "ask"}
    first = daemon.call("approval.request", **asked)
    daemon.mail(ALICE)
    path = {"id": first["id"]}
    withdrawn = {"path": path, "body": {"reason": COMMENT}, "idempotency_key": "cancel"}
    daemon.call("approval.cancel", **withdrawn)
    mails = daemon.kinds()
    assert daemon.call("approval.request", **asked) == first
    until(lambda: not daemon.call("outbox.list", query={"state": "queued"})["items"], "mails that are sent")
    purge(daemon, 2)
    again, cancelled = daemon.call("approval.request", **asked), daemon.call("approval.cancel", **withdrawn)
    assert (again["id"], again["title"], again["warnings"]) == (first["id"], "", [])
    assert (cancelled["id"], cancelled["state"]) == (first["id"], "cancelled")
    assert set(again) == set(first)
    assert [approver["address"] for approver in again["approvers"]] == ["approver 1"]
    assert daemon.kinds()[: len(mails)] == mails
    assert not daemon.mails(ALICE, "approval_request")[1:]
    assert daemon.stop() == 0
    assert in_files(daemon, COMMENT, ALICE, TITLE, WORDS, "payroll", BOB) == []


@pytest.mark.parametrize("first", ["comments", "addresses"])
def test_what_mails_were_made_of_goes_with_the_first_of_the_three(daemon: Daemon, first: str) -> None:
    begun(daemon, **{"sent_mails": "10d", "comments": "10d", "addresses": "10d", first: "1d"})
    identifier = approved(daemon)["id"]
    purge(daemon, 2)
    shown = daemon.show(identifier)
    assert (shown["mails"], shown["metadata"]) == ([], {})
    assert daemon.stop() == 0
    assert in_files(daemon, WORDS, "payroll") == ([] if first == "addresses" else ["payroll"])  # the title


def test_raw_mails_that_are_kept_longer_than_what_is_in_them_are_a_warning(daemon: Daemon) -> None:
    daemon.write_settings({"retention": {"comments": "1d"}})
    warned = programs.run("flexmaild", "check", "--config", daemon.config)
    assert warned.returncode == 0
    assert "retention.comments" in warned.stderr
    assert "incoming.keep_raw" in warned.stderr
