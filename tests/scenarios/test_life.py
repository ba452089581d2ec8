"""The life of a request with nobody watching: reminders, escalation, expiry, over restarts and time jumps."""

import pytest

from tests.kit.house import House, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"
HOUR = 3600.0


def test_the_silent_are_reminded_and_at_the_end_the_request_expires(house: House) -> None:
    house.start()
    asked = house.request(ALICE, BOB, quorum="all", expires_in="4h", remind_after=["1h"])
    house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    house.advance(1.5 * HOUR)
    house.advance(0)
    house.mail(BOB, "reminder")
    assert "reminder" not in house.kinds(ALICE)
    house.advance(3 * HOUR)
    assert house.decided(asked["id"])["state"] == "expired"
    house.mail(BOB, "expired")
    house.answer(house.mail(BOB, "approval_request"), "Approve")
    assert house.process_replies()["outcomes"] == {"expired": 1}


@pytest.mark.process
def test_due_times_survive_a_restart(house: House) -> None:
    house.start()
    asked = house.request(ALICE, expires_in="4h", remind_after=["1h", "2h"])
    house.mail(ALICE)
    house.kill()
    house.advance(3 * HOUR)
    house.start()
    house.mail(ALICE, "reminder")
    house.kill()
    house.advance(2 * HOUR)
    house.start()
    assert house.decided(asked["id"])["state"] == "expired"
    # Killed between sending and noting it, a mail goes out again, as the same mail.
    assert len({str(mail["Message-ID"]) for mail in house.mails(ALICE, "reminder")}) == 1


def test_escalation_asks_the_next_who_can_then_decide(house: House) -> None:
    house.start()
    asked = house.request(ALICE, escalate_after="1h", escalate_to=[BOB], expires_in="8h", remind_after=[])
    house.mail(ALICE)
    assert house.kinds(BOB) == []
    house.advance(1.5 * HOUR)
    house.answer(house.mail(BOB, "approval_request"), "Approve")
    house.process_replies()
    decided = house.decided(asked["id"])
    assert (decided["state"], decided["decided_by"]) == ("approved", [BOB])
    house.mail(ALICE, "no_longer_needed")


def test_on_expiry_reject_rejects(house: House) -> None:
    house.start()
    asked = house.request(ALICE, expires_in="1h", on_expiry="reject", remind_after=[])
    house.advance(2 * HOUR)
    assert house.decided(asked["id"])["state"] == "rejected"


def test_a_delegate_of_today_is_asked_too(house: House) -> None:
    house.write_settings({"approvals": {"delegations": [{"from": ALICE, "to": BOB}]}})
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(BOB), "Approve")
    house.process_replies()
    decided = house.decided(asked["id"])
    assert decided["verdicts"][0]["approver"] == ALICE
    assert decided["verdicts"][0]["by"] == BOB


def test_a_resend_makes_the_old_mail_worthless(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    old = house.mail(ALICE)
    house.call("approval.resend", path={"id": asked["id"]}, body={"approver": ALICE})
    new = house.mail(ALICE, "approval_request", count=2)
    house.answer(old, "Approve")
    house.process_replies()
    assert house.show(asked["id"])["state"] == "pending"
    house.answer(new, "Approve")
    house.process_replies()
    assert house.decided(asked["id"])["state"] == "approved"


def test_two_daemons_that_mail_each_other_settle(house: House) -> None:
    """An explanation of ours that comes back is our own mail; answering it would never end."""
    house.start()
    house.request(ALICE)
    house.answer(house.mail(ALICE), "What is this?")
    house.process_replies()
    house.deliver(house.mail(ALICE, "unclear").as_bytes())
    assert house.process_replies()["outcomes"] == {"loop": 1}
    assert house.kinds(ALICE) == ["approval_request", "unclear"]


def test_a_bounce_makes_the_approver_unreachable_and_says_so(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    mail = house.mail(ALICE)
    house.deliver(_bounce(str(mail["Message-ID"])))
    assert house.process_replies()["outcomes"] == {"bounce": 1}
    shown = until(lambda: house.show(asked["id"]), "the request")
    assert shown["unreachable"] == [ALICE]
    assert shown["quorum_reachable"] is False
    assert "5.1.1" in shown["approvers"][0]["bounced"]


def _bounce(message_id: str) -> bytes:
    return f"""From: MAILER-DAEMON@mx.corp.test
To: approvals@corp.test
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <b1@mx.corp.test>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<{ALICE}>: no such user
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.corp.test

Final-Recipient: rfc822; {ALICE}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: Approval needed

--b--
""".replace("\n", "\r\n").encode()


def test_each_reminder_that_is_asked_for_is_sent(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    for _ in range(3):
        house.call("approval.remind", path={"id": asked["id"]})
    house.mail(ALICE, "reminder", count=3)
    history = [entry["event"] for entry in house.show(asked["id"])["history"]]
    assert history == ["requested", "reminded", "reminded", "reminded"]
    assert len({str(mail["Message-ID"]) for mail in house.mails(ALICE, "reminder")}) == 3
