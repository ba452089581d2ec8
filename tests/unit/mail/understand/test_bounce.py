"""A delivery report says which of our mails failed, for whom, and whether for good."""

import pytest

from flexmaild.core.parsed_reply import Bounce, MailNature
from tests.unit.mail.mails import REFERENCE, mail, read

OUR_ID = f"{REFERENCE.lower()}.approval_request.1@corp.test"
RETURNED = f"From: approvals@corp.test\nMessage-ID: <{OUR_ID}>\nSubject: x\n\nApprove\n"


def report(status: str, returned: str = RETURNED, kind: str = "message/rfc822", *fields: str) -> bytes:
    return mail(
        "Return-Path: <>",
        *fields,
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"',
        body=f"--x\n\nApprove: delivery failed\n--x\nContent-Type: message/delivery-status\n\n{status}\n"
        f"--x\nContent-Type: {kind}\n\n{returned}\n--x--\n",
        sender="Mail Delivery System <MAILER-DAEMON@mx.corp.test>",
    )


FAILED = (
    "Reporting-MTA: dns; mx.corp.test\n\nFinal-Recipient: rfc822; Ann@Corp.Test\nAction: failed\n"
    "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"
)


def test_a_failure_names_recipient_status_and_our_mail() -> None:
    reading = read(report(FAILED))
    assert reading.nature is MailNature.BOUNCE and reading.answer is None
    assert reading.bounces == (
        Bounce("ann@corp.test", True, "5.1.1", "smtp; 550 5.1.1 no such user", OUR_ID),
    )


def test_a_delay_is_not_permanent_and_a_success_is_no_bounce() -> None:
    assert [b.permanent for b in read(report(FAILED.replace("failed", "delayed"))).bounces] == [False]
    assert read(report(FAILED.replace("failed", "delivered"))).bounces == ()
    assert read(report(FAILED.replace("failed", "delivered"))).nature is MailNature.BOUNCE


def test_the_returned_header_alone_tells_which_mail_it_was() -> None:
    assert read(report(FAILED, RETURNED, "text/rfc822-headers")).bounces[0].message_id == OUR_ID


def test_without_the_returned_mail_the_envelope_id_or_the_thread_tells() -> None:
    status = FAILED.replace("Reporting-MTA", f"Original-Envelope-Id: {OUR_ID}\nReporting-MTA")
    assert read(report(status, "x", "text/plain")).bounces[0].message_id == OUR_ID
    answered = report(FAILED, "x", "text/plain", f"In-Reply-To: <{OUR_ID}>")
    assert read(answered).bounces[0].message_id == OUR_ID
    assert read(answered).thread_references == (REFERENCE,)


def test_the_recipient_we_wrote_to_is_named_rather_than_where_it_was_forwarded() -> None:
    status = FAILED.replace("Final", "Original-Recipient: rfc822; ann@corp.test\nFinal").replace(
        "Ann@C", "x@c"
    )
    assert read(report(status)).bounces[0].recipient == "ann@corp.test"


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (("X-Failed-Recipients: ann@corp.test",), "Approve\nA message that you sent could not be delivered"),
        (
            ("Subject: Undeliverable: x",),
            "Your message did not reach some or all of the intended recipients.\n\n"
            "The following recipient(s) cannot be reached:\n\n  'ann@corp.test' on 20.11.2026 10:15\n",
        ),
        (
            ("Subject: Undeliverable: x",),
            "Delivery has failed to these recipients or groups:\n\nann@corp.test<mailto:ann@corp.test>\n",
        ),
        (
            ("Subject: failure notice",),
            "Hi. This is the qmail-send program at mx.corp.test.\n"
            "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
            "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
            "<ann@corp.test>:\nSorry, no mailbox here by that name.\n\n"
            "--- Below this line is a copy of the message.\n\n"
            "Return-Path: <x@y.test>\n",
        ),
    ],
)
def test_notes_without_a_report_are_read_too(fields: tuple[str, ...], body: str) -> None:
    reading = read(mail("Return-Path: <>", *fields, body=body, sender="postmaster@mx.corp.test"))
    assert reading.nature is MailNature.BOUNCE
    assert [(b.recipient, b.permanent) for b in reading.bounces] == [("ann@corp.test", True)]


def test_a_person_who_quotes_a_report_is_still_a_person() -> None:
    assert read(mail(body="Approve\n\n> Action: failed\n> Status: 5.1.1\n")).nature is MailNature.HUMAN
