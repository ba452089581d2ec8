"""Answers that can be changed for a while, on the daemon as a process."""

import json
import re
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.support.daemon import Daemon, reply_bytes, text_of, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"
# Longer than a request settles, shorter than the interval at which the folder is read.
AWHILE = 1000


def settling(daemon: Daemon, *approvers: str, **body: object) -> str:
    return str(daemon.request(*approvers, **{"settle_for": "15m", **body})["id"])


def says(daemon: Daemon, who: str, text: str, kind: str = "approval_request") -> None:
    daemon.answer(daemon.mail(who, kind), text)
    daemon.process_replies()


def test_the_answer_is_confirmed_at_once_and_decides_when_nobody_changed_it(daemon: Daemon) -> None:
    daemon.start()
    asked = settling(daemon, ALICE)
    says(daemon, ALICE, "Approve\nthe plan is fine, thanks")
    shown = daemon.show(asked)
    assert (shown["state"], shown["settle_for"]) == ("pending", 900.0)
    told = text_of(daemon.mail(ALICE, "settling"))
    assert "the plan is fine, thanks" in told
    assert "Counts from: " + re.sub(r"T(\d\d:\d\d).*", r" \1 UTC", shown["settles_at"]) in told
    assert not list(daemon.decisions.glob("*.json"))
    daemon.advance(AWHILE)
    decided = daemon.decided(asked)
    assert (decided["state"], decided["settles_at"]) == ("approved", None)
    daemon.mail(ALICE, "accepted")
    file = until(lambda: next(daemon.decisions.glob("*.json"), None), "decision file")
    assert json.loads(file.read_text())["data"]["decided_by"] == [ALICE]
    assert daemon.kinds(ALICE) == ["approval_request", "settling", "accepted"]


def test_a_change_of_mind_in_the_folder_is_read_before_anything_is_decided(daemon: Daemon) -> None:
    """Also by a daemon that was away when the moment came."""
    daemon.start()
    asked = settling(daemon, ALICE)
    request = daemon.mail(ALICE)
    says(daemon, ALICE, "Approve")
    daemon.stop()
    daemon.deliver(reply_bytes(request, "Reject the backup failed"))
    daemon.advance(AWHILE)
    daemon.start()
    until(lambda: daemon.show(asked)["verdicts"][-1]["answer"] == "reject", "the rejection")
    assert daemon.show(asked)["state"] == "pending"
    daemon.advance(AWHILE)
    assert daemon.decided(asked)["state"] == "rejected"
    until(lambda: len(list(daemon.decisions.glob("*.json"))) == 1, "the one decision file")


def test_an_unclear_answer_takes_it_back_and_says_so_with_the_words(daemon: Daemon) -> None:
    daemon.start()
    asked = settling(daemon, ALICE)
    says(daemon, ALICE, "Approve")
    says(daemon, ALICE, "Approve but wait for the backup")
    shown = daemon.show(asked)
    assert (shown["settles_at"], shown["progress"]["approvals"]) == (None, 0)
    told = text_of(daemon.mail(ALICE, "unclear"))
    assert "no longer counts" in told
    assert "You wrote: Approve but wait for the backup" in told
    assert "Unclear because of: but" in told
    daemon.advance(AWHILE)
    assert daemon.show(asked)["state"] == "pending"
    says(daemon, ALICE, "Approve", "unclear")
    daemon.advance(AWHILE)
    assert daemon.decided(asked)["state"] == "approved"


def test_each_taking_back_is_told_and_whose_answer_counted_hears_of_the_end(daemon: Daemon) -> None:
    daemon.start()
    asked = settling(daemon, ALICE, BOB, quorum="all", expires_in="2h")
    says(daemon, BOB, "Approve")
    says(daemon, ALICE, "Approve")
    assert "Counts from: " in text_of(daemon.mail(ALICE, "settling"))
    for count in (1, 2):
        says(daemon, BOB, "Approve but wait")
        told = text_of(daemon.mail(BOB, "unclear", count))
        assert "no longer counts" in told
        if count == 1:
            says(daemon, BOB, "Approve")
    daemon.advance(7300)
    assert daemon.decided(asked)["state"] == "expired"
    daemon.mail(BOB, "expired")
    daemon.mail(ALICE, "expired")
    assert daemon.kinds(ALICE) == ["approval_request", "settling", "expired"]


def test_a_rejection_without_its_reason_takes_it_back_and_says_so(daemon: Daemon) -> None:
    daemon.start()
    asked = settling(daemon, ALICE, comment_on_reject=True)
    says(daemon, ALICE, "Approve")
    says(daemon, ALICE, "Reject")
    told = text_of(daemon.mail(ALICE, "comment_needed"))
    assert "no longer counts" in told
    assert daemon.show(asked)["settles_at"] is None


@pytest.mark.parametrize("end", ["cancel", "change"])
def test_a_confirmation_that_was_overtaken_while_the_server_was_away_is_not_sent(
    daemon: Daemon, end: str
) -> None:
    daemon.start()
    asked = settling(daemon, ALICE)
    request = daemon.mail(ALICE)
    away = daemon.sent.rename(daemon.root / "away")
    daemon.sent.write_text("no folder")
    daemon.answer(request, "Approve")
    daemon.process_replies()
    until(lambda: outbox(daemon, asked)["settling"]["attempt"], "a try of the confirmation")
    if end == "cancel":
        daemon.call("approval.cancel", path={"id": asked}, body={"reason": "superseded"})
        newest = "cancelled"
    else:
        daemon.answer(request, "Approve but wait")
        daemon.process_replies()
        newest = "unclear"
    daemon.sent.unlink()
    away.rename(daemon.sent)
    daemon.call("outbox.retry_all")
    daemon.mail(ALICE, newest)
    dropped = until(lambda: ended(outbox(daemon, asked)["settling"]), "the end of the confirmation")
    assert dropped["state"] == "dropped"
    assert daemon.kinds(ALICE) == ["approval_request", newest]


def outbox(daemon: Daemon, asked: str) -> dict[str, dict[str, Any]]:
    return {
        mail["kind"]: mail for mail in daemon.call("outbox.list")["items"] if mail["approval_id"] == asked
    }


def ended(mail: dict[str, Any]) -> dict[str, Any] | None:
    return mail if mail["done_at"] else None


def test_requests_that_cannot_settle_keep_no_other_from_its_end(daemon: Daemon) -> None:
    """More of them than are looked at together, while the folder is away and their reminders are due."""
    daemon.start()
    ask = {"expires_in": "10h", "remind_after": ["20m"]}
    waiting = [settling(daemon, ALICE, **ask) for _ in range(101)]
    other = daemon.request(BOB, expires_in="30m")["id"]
    daemon.mail(ALICE, "approval_request", len(waiting))
    for request in daemon.mails(ALICE, "approval_request"):
        daemon.answer(request, "Approve")
    while daemon.waiting():
        daemon.process_replies()
    away = daemon.replies.rename(daemon.root / "away")
    daemon.replies.write_text("no folder")
    daemon.advance(1500)
    until(lambda: daemon.call("status")["incoming"]["last_fault"], "the fault of the folder")
    daemon.advance(1500)
    assert daemon.decided(other)["state"] == "expired"
    assert {daemon.show(asked)["state"] for asked in waiting} == {"pending"}
    daemon.replies.unlink()
    away.rename(daemon.replies)
    daemon.process_replies()
    daemon.advance(60)
    for asked in waiting:
        assert daemon.decided(asked)["state"] == "approved"
    assert "reminder" not in daemon.kinds(ALICE)


def test_the_confirmation_can_be_answered_though_it_repeats_a_comment(daemon: Daemon) -> None:
    daemon.start()
    asked = settling(daemon, ALICE)
    says(daemon, ALICE, "Approve\nlooks good on all hosts, tests are green")
    says(daemon, ALICE, "Reject", "settling")
    assert [v["answer"] for v in daemon.show(asked)["verdicts"]] == ["approve", "reject"]


def test_a_mail_that_fails_its_checks_or_comes_again_changes_nothing(daemon: Daemon) -> None:
    daemon.start()
    asked = settling(daemon, ALICE)
    request = daemon.mail(ALICE)
    first = daemon.answer(request, "Approve")
    daemon.process_replies()
    says(daemon, ALICE, "Reject too early")
    before = daemon.show(asked)
    daemon.answer(request, "Approve?", From="eve@corp.test")
    daemon.answer(request, "Out of office", Auto_Submitted="auto-replied")
    daemon.deliver(first)
    daemon.deliver(b"Received: from elsewhere\r\n" + first)
    outcomes = daemon.process_replies()["outcomes"]
    assert outcomes == {"unauthenticated": 1, "auto_reply": 1, "duplicate": 2}
    after = daemon.show(asked)
    assert (after["settles_at"], after["verdicts"]) == (before["settles_at"], before["verdicts"])


def test_what_was_promised_holds_after_a_reload_and_cancelling_wins(daemon: Daemon) -> None:
    daemon.start()
    asked = settling(daemon, ALICE)
    says(daemon, ALICE, "Approve")
    before = daemon.show(asked)["settles_at"]
    daemon.write_settings({"approvals": {"settle_for": "24h"}})
    daemon.call("reload")
    assert daemon.show(asked)["settles_at"] == before
    other = daemon.request(BOB)["id"]
    assert daemon.show(other)["settle_for"] == 86400.0
    daemon.call("approval.cancel", path={"id": asked}, body={"reason": "superseded"})
    assert daemon.show(asked)["state"] == "cancelled"
    daemon.mail(ALICE, "cancelled")
    daemon.advance(AWHILE)
    assert daemon.show(asked)["state"] == "cancelled"
    assert "accepted" not in daemon.kinds(ALICE)


@pytest.mark.parametrize("wrong", ["25h", "-1s", "soon", {}])
def test_a_wrong_time_is_refused_by_name(daemon: Daemon, wrong: object) -> None:
    daemon.start()
    with pytest.raises(Refused, match="settle_for") as refused:
        daemon.request(ALICE, settle_for=wrong)
    assert refused.value.status == 422
