"""Answers that can be changed for a while, on the daemon as a process."""

import json
import re
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.kit.house import House, reply_bytes, text_of, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"
# Longer than a request settles, shorter than the interval at which the folder is read.
AWHILE = 1000


def settling(house: House, *approvers: str, **body: object) -> str:
    return str(house.request(*approvers, **{"settle_for": "15m", **body})["id"])


def says(house: House, who: str, text: str, kind: str = "approval_request") -> None:
    house.answer(house.mail(who, kind), text)
    house.process_replies()


def test_the_answer_is_confirmed_at_once_and_decides_when_nobody_changed_it(house: House) -> None:
    house.start()
    asked = settling(house, ALICE)
    says(house, ALICE, "Approve\nthe plan is fine, thanks")
    shown = house.show(asked)
    assert (shown["state"], shown["settle_for"]) == ("pending", 900.0)
    told = text_of(house.mail(ALICE, "settling"))
    assert "the plan is fine, thanks" in told
    assert "Counts from: " + re.sub(r"T(\d\d:\d\d).*", r" \1 UTC", shown["settles_at"]) in told
    assert not list(house.decisions.glob("*.json"))
    house.advance(AWHILE)
    decided = house.decided(asked)
    assert (decided["state"], decided["settles_at"]) == ("approved", None)
    house.mail(ALICE, "accepted")
    file = until(lambda: next(house.decisions.glob("*.json"), None), "decision file")
    assert json.loads(file.read_text())["data"]["decided_by"] == [ALICE]
    assert house.kinds(ALICE) == ["approval_request", "settling", "accepted"]


def test_a_change_of_mind_in_the_folder_is_read_before_anything_is_decided(house: House) -> None:
    """Also by a daemon that was away when the moment came."""
    house.start()
    asked = settling(house, ALICE)
    request = house.mail(ALICE)
    says(house, ALICE, "Approve")
    house.stop()
    house.deliver(reply_bytes(request, "Reject the backup failed"))
    house.advance(AWHILE)
    house.start()
    until(lambda: house.show(asked)["verdicts"][-1]["answer"] == "reject", "the rejection")
    assert house.show(asked)["state"] == "pending"
    house.advance(AWHILE)
    assert house.decided(asked)["state"] == "rejected"
    until(lambda: len(list(house.decisions.glob("*.json"))) == 1, "the one decision file")


def test_an_unclear_answer_takes_it_back_and_says_so_with_the_words(house: House) -> None:
    house.start()
    asked = settling(house, ALICE)
    says(house, ALICE, "Approve")
    says(house, ALICE, "Approve but wait for the backup")
    shown = house.show(asked)
    assert (shown["settles_at"], shown["progress"]["approvals"]) == (None, 0)
    told = text_of(house.mail(ALICE, "unclear"))
    assert "no longer counts" in told
    assert "You wrote: Approve but wait for the backup" in told
    assert "Unclear because of: but" in told
    house.advance(AWHILE)
    assert house.show(asked)["state"] == "pending"
    says(house, ALICE, "Approve", "unclear")
    house.advance(AWHILE)
    assert house.decided(asked)["state"] == "approved"


def test_each_taking_back_is_told_and_whose_answer_counted_hears_of_the_end(house: House) -> None:
    house.start()
    asked = settling(house, ALICE, BOB, quorum="all", expires_in="2h")
    says(house, BOB, "Approve")
    says(house, ALICE, "Approve")
    assert "Counts from: " in text_of(house.mail(ALICE, "settling"))
    for count in (1, 2):
        says(house, BOB, "Approve but wait")
        told = text_of(house.mail(BOB, "unclear", count))
        assert "no longer counts" in told
        if count == 1:
            says(house, BOB, "Approve")
    house.advance(7300)
    assert house.decided(asked)["state"] == "expired"
    house.mail(BOB, "expired")
    house.mail(ALICE, "expired")
    assert house.kinds(ALICE) == ["approval_request", "settling", "expired"]


def test_a_rejection_without_its_reason_takes_it_back_and_says_so(house: House) -> None:
    house.start()
    asked = settling(house, ALICE, comment_on_reject=True)
    says(house, ALICE, "Approve")
    says(house, ALICE, "Reject")
    told = text_of(house.mail(ALICE, "comment_needed"))
    assert "no longer counts" in told
    assert house.show(asked)["settles_at"] is None


@pytest.mark.parametrize("end", ["cancel", "change"])
def test_a_confirmation_that_was_overtaken_while_the_server_was_away_is_not_sent(
    house: House, end: str
) -> None:
    house.start()
    asked = settling(house, ALICE)
    request = house.mail(ALICE)
    away = house.sent.rename(house.root / "away")
    house.sent.write_text("no folder")
    house.answer(request, "Approve")
    house.process_replies()
    until(lambda: outbox(house, asked)["settling"]["attempt"], "a try of the confirmation")
    if end == "cancel":
        house.call("approval.cancel", path={"id": asked}, body={"reason": "superseded"})
        newest = "cancelled"
    else:
        house.answer(request, "Approve but wait")
        house.process_replies()
        newest = "unclear"
    house.sent.unlink()
    away.rename(house.sent)
    house.call("outbox.retry_all")
    house.mail(ALICE, newest)
    dropped = until(lambda: ended(outbox(house, asked)["settling"]), "the end of the confirmation")
    assert dropped["state"] == "dropped"
    assert house.kinds(ALICE) == ["approval_request", newest]


def outbox(house: House, asked: str) -> dict[str, dict[str, Any]]:
    return {mail["kind"]: mail for mail in house.call("outbox.list")["items"] if mail["approval_id"] == asked}


def ended(mail: dict[str, Any]) -> dict[str, Any] | None:
    return mail if mail["done_at"] else None


def test_requests_that_cannot_settle_keep_no_other_from_its_end(house: House) -> None:
    """More of them than are looked at together, while the folder is away and their reminders are due."""
    house.start()
    ask = {"expires_in": "10h", "remind_after": ["20m"]}
    waiting = [settling(house, ALICE, **ask) for _ in range(101)]
    other = house.request(BOB, expires_in="30m")["id"]
    house.mail(ALICE, "approval_request", len(waiting))
    for request in house.mails(ALICE, "approval_request"):
        house.answer(request, "Approve")
    while house.waiting():
        house.process_replies()
    away = house.replies.rename(house.root / "away")
    house.replies.write_text("no folder")
    house.advance(1500)
    until(lambda: house.call("status")["incoming"]["last_fault"], "the fault of the folder")
    house.advance(1500)
    assert house.decided(other)["state"] == "expired"
    assert {house.show(asked)["state"] for asked in waiting} == {"pending"}
    house.replies.unlink()
    away.rename(house.replies)
    house.process_replies()
    house.advance(60)
    for asked in waiting:
        assert house.decided(asked)["state"] == "approved"
    assert "reminder" not in house.kinds(ALICE)


def test_the_confirmation_can_be_answered_though_it_repeats_a_comment(house: House) -> None:
    house.start()
    asked = settling(house, ALICE)
    says(house, ALICE, "Approve\nlooks good on all hosts, tests are green")
    says(house, ALICE, "Reject", "settling")
    assert [v["answer"] for v in house.show(asked)["verdicts"]] == ["approve", "reject"]


def test_a_mail_that_fails_its_checks_or_comes_again_changes_nothing(house: House) -> None:
    house.start()
    asked = settling(house, ALICE)
    request = house.mail(ALICE)
    first = house.answer(request, "Approve")
    house.process_replies()
    says(house, ALICE, "Reject too early")
    before = house.show(asked)
    house.answer(request, "Approve?", From="eve@corp.test")
    house.answer(request, "Out of office", Auto_Submitted="auto-replied")
    house.deliver(first)
    house.deliver(b"Received: from elsewhere\r\n" + first)
    outcomes = house.process_replies()["outcomes"]
    assert outcomes == {"unauthenticated": 1, "auto_reply": 1, "duplicate": 2}
    after = house.show(asked)
    assert (after["settles_at"], after["verdicts"]) == (before["settles_at"], before["verdicts"])


def test_what_was_promised_holds_after_a_reload_and_cancelling_wins(house: House) -> None:
    house.start()
    asked = settling(house, ALICE)
    says(house, ALICE, "Approve")
    before = house.show(asked)["settles_at"]
    house.write_settings({"approvals": {"settle_for": "24h"}})
    house.call("reload")
    assert house.show(asked)["settles_at"] == before
    other = house.request(BOB)["id"]
    assert house.show(other)["settle_for"] == 86400.0
    house.call("approval.cancel", path={"id": asked}, body={"reason": "superseded"})
    assert house.show(asked)["state"] == "cancelled"
    house.mail(ALICE, "cancelled")
    house.advance(AWHILE)
    assert house.show(asked)["state"] == "cancelled"
    assert "accepted" not in house.kinds(ALICE)


@pytest.mark.parametrize("wrong", ["25h", "-1s", "soon", {}])
def test_a_wrong_time_is_refused_by_name(house: House, wrong: object) -> None:
    house.start()
    with pytest.raises(Refused, match="settle_for") as refused:
        house.request(ALICE, settle_for=wrong)
    assert refused.value.status == 422
