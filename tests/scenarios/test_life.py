"""The life of a request with nobody watching: reminders, escalation, expiry, over restarts and time jumps."""

import pytest

from tests.support.daemon import Daemon, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"
HOUR = 3600.0


def test_the_silent_are_reminded_and_at_the_end_the_request_expires(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all", expires_in="4h", remind_after=["1h"])
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    daemon.advance(1.5 * HOUR)
    daemon.advance(0)
    daemon.mail(BOB, "reminder")
    assert "reminder" not in daemon.kinds(ALICE)
    daemon.advance(3 * HOUR)
    assert daemon.decided(asked["id"])["state"] == "expired"
    daemon.mail(BOB, "expired")
    daemon.answer(daemon.mail(BOB, "approval_request"), "Approve")
    assert daemon.process_replies()["outcomes"] == {"expired": 1}


@pytest.mark.process
def test_due_times_survive_a_restart(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, expires_in="4h", remind_after=["1h", "2h"])
    daemon.mail(ALICE)
    daemon.kill()
    daemon.advance(3 * HOUR)
    daemon.start()
    daemon.mail(ALICE, "reminder")
    daemon.kill()
    daemon.advance(2 * HOUR)
    daemon.start()
    assert daemon.decided(asked["id"])["state"] == "expired"
    # Killed between sending and noting it, a mail goes out again, as the same mail.
    assert len({str(mail["Message-ID"]) for mail in daemon.mails(ALICE, "reminder")}) == 1


def test_escalation_asks_the_next_who_can_then_decide(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, escalate_after="1h", escalate_to=[BOB], expires_in="8h", remind_after=[])
    daemon.mail(ALICE)
    assert daemon.kinds(BOB) == []
    daemon.advance(1.5 * HOUR)
    daemon.answer(daemon.mail(BOB, "approval_request"), "Approve")
    daemon.process_replies()
    decided = daemon.decided(asked["id"])
    assert (decided["state"], decided["decided_by"]) == ("approved", [BOB])
    daemon.mail(ALICE, "no_longer_needed")


def test_on_expiry_reject_rejects(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, expires_in="1h", on_expiry="reject", remind_after=[])
    daemon.advance(2 * HOUR)
    assert daemon.decided(asked["id"])["state"] == "rejected"


def test_a_delegate_of_today_is_asked_too(daemon: Daemon) -> None:
    daemon.write_settings({"approvals": {"delegations": [{"from": ALICE, "to": BOB}]}})
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(BOB), "Approve")
    daemon.process_replies()
    decided = daemon.decided(asked["id"])
    assert decided["verdicts"][0]["approver"] == ALICE
    assert decided["verdicts"][0]["by"] == BOB


def test_a_resend_makes_the_old_mail_worthless(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    old = daemon.mail(ALICE)
    daemon.call("approval.resend", path={"id": asked["id"]}, body={"approver": ALICE})
    new = daemon.mail(ALICE, "approval_request", count=2)
    daemon.answer(old, "Approve")
    daemon.process_replies()
    assert daemon.show(asked["id"])["state"] == "pending"
    daemon.answer(new, "Approve")
    daemon.process_replies()
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_two_daemons_that_mail_each_other_settle(daemon: Daemon) -> None:
    """An explanation of ours that comes back is our own mail; answering it would never end."""
    daemon.start()
    daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "What is this?")
    daemon.process_replies()
    daemon.deliver(daemon.mail(ALICE, "unclear").as_bytes())
    assert daemon.process_replies()["outcomes"] == {"loop": 1}
    assert daemon.kinds(ALICE) == ["approval_request", "unclear"]


def test_a_bounce_makes_the_approver_unreachable_and_says_so(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    mail = daemon.mail(ALICE)
    daemon.deliver(_bounce(str(mail["Message-ID"])))
    assert daemon.process_replies()["outcomes"] == {"bounce": 1}
    shown = until(lambda: daemon.show(asked["id"]), "the request")
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


def test_each_reminder_that_is_asked_for_is_sent(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    for _ in range(3):
        daemon.call("approval.remind", path={"id": asked["id"]})
    daemon.mail(ALICE, "reminder", count=3)
    history = [entry["event"] for entry in daemon.show(asked["id"])["history"]]
    assert history == ["requested", "reminded", "reminded", "reminded"]
    assert len({str(mail["Message-ID"]) for mail in daemon.mails(ALICE, "reminder")}) == 3
