"""What no person wrote decides nothing, whatever words it begins with."""

import base64

import pytest

from flexmaild.core.model import Answer
from flexmaild.core.parsed_reply import MailNature
from flexmaild.mail.format import OWN_MAIL_HEADER
from tests.unit.mail.mails import OWN, mail, parts, read

AUTO, LIST, OWNMAIL, HUMAN = MailNature.AUTO_REPLY, MailNature.LIST, MailNature.OWN, MailNature.HUMAN
FIELDS = [
    ("Auto-Submitted: auto-replied", AUTO),
    ("Auto-Submitted: auto-generated; owner=x", AUTO),
    ("Auto-Submitted: auto-replied (vacation)", AUTO),
    ("AUTO-SUBMITTED: AUTO-NOTIFIED", AUTO),
    ("X-Autoreply: yes", AUTO),
    ("X-Autorespond: out", AUTO),
    ("X-Auto-Reply-From: ann@corp.test", AUTO),
    ("X-MS-Exchange-Inbox-Rules-Loop: ann@corp.test", HUMAN),
    ("X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent", AUTO),
    ("X-FC-MachineGenerated: true", AUTO),
    ("Precedence: bulk", AUTO),
    ("Precedence: junk", AUTO),
    ("Precedence: auto_reply", AUTO),
    ("Return-Path: <>", AUTO),
    ("Precedence: list", LIST),
    ("List-Id: <all.corp.test>", LIST),
    ("List-Post: <mailto:all@corp.test>", LIST),
    ("Mailing-List: contact all@corp.test", LIST),
    (f"{OWN_MAIL_HEADER}: approval_request", OWNMAIL),
    ("List-Unsubscribe: <https://x.test/u>", LIST),
    ("Feedback-ID: 1:2:campaign:esp", AUTO),
    ("Feedback-ID: 1.eu-west-1.aBc=:AmazonSES", HUMAN),
    ("Auto-Submitted: no\nFeedback-ID: 1:2:campaign:esp", HUMAN),
    ("Auto-Submitted: no", HUMAN),
    ("Auto-Submitted: No", HUMAN),
    ("X-Autoreply: no", HUMAN),
    ("Precedence: normal", HUMAN),
    ("Return-Path: <ann@corp.test>", HUMAN),
    ("X-Auto-Response-Suppress: All", HUMAN),
    ("X-Failed-Recipients: ann@corp.test", AUTO),
    ("X-Precedence: bulk", AUTO),
    ("Preference: junk", AUTO),
    ("Content-Class: urn:content-classes:calendarmessage", MailNature.CALENDAR),
    ("Content-class: URN:content-classes:mdn", AUTO),
    ("Content-Class: urn:content-classes:dsn", AUTO),
    ("Content-Class: urn:content-classes:recallmessage", AUTO),
    ("Content-Class: urn:content-classes:message", HUMAN),
    ("Feedback-ID: ::1.eu-west-1.aBc=:AmazonSES\nFeedback-ID: 1:2:campaign:esp", AUTO),
    ("Disposition-Notification-To: ann@corp.test", HUMAN),
    ("Return-Receipt-To: ann@corp.test", HUMAN),
    ("Auto-Submitted:", AUTO),
]
SUBJECTS = [
    *(
        "Automatic reply: Approval needed",
        "Out of Office: Approval",
        "Auto: x",
        "Automatische Antwort: Freigabe",
    ),
    *("Abwesenheitsnotiz: x", "Réponse automatique : x", "Absence : x", "Respuesta automática: x"),
    *("Fuera de la oficina: x", "Risposta automatica: x", "Fuori sede: x", "Resposta automática: x"),
    *("Automatisch antwoord: x", "Afwezig: x", "Odpowiedź automatyczna: x", "自動応答: x", "不在: x"),
    *("=?utf-8?q?R=C3=A9ponse_automatique?=: x", "=?iso-2022-jp?B?GyRCPCtGMDF+RXobKEI=?=: x"),
]


@pytest.mark.parametrize(("field", "nature"), FIELDS)
def test_the_header_tells_a_machine_from_a_person(field: str, nature: MailNature) -> None:
    reading = read(mail(field))
    assert reading.nature is nature
    assert (reading.answer is not None) == (nature is HUMAN)
    assert bool(reading.nature_because) == (nature is not HUMAN)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_absence_note_is_known_by_its_subject_but_not_an_answer_to_one(subject: str) -> None:
    assert read(mail(f"Subject: {subject}")).nature is AUTO
    assert read(mail(f"Subject: Re: {subject}")).nature is HUMAN


@pytest.mark.parametrize(
    "tag", ["[External] ", "[EXTERN]", "{Spam?} ", "***EXTERNAL*** ", "EXT: ", "[A] [B] "]
)
def test_a_border_s_tag_before_the_subject_hides_no_absence_note(tag: str) -> None:
    assert read(mail(f"Subject: {tag}Automatic reply: Approval needed")).nature is AUTO
    assert read(mail(f"Subject: {tag}Re: Automatic reply: Approval needed")).nature is HUMAN
    assert read(mail(f"Subject: {tag}Approval needed")).nature is HUMAN


SERVERS = [
    "Rejected: your message to ann@corp.test was not delivered because it looks like spam.",
    "Approved: Your message to the list ops has been approved by a moderator",
    "Reject. Your mail could not be delivered.",
]


@pytest.mark.parametrize("sentence", SERVERS)
def test_a_server_s_sentence_is_no_person_s(sentence: str) -> None:
    assert read(mail(body=f"{sentence}\n")).nature is AUTO
    assert read(mail(body=f"Approve\n\nI wrote: {sentence}\n")).nature is HUMAN


@pytest.mark.parametrize("said", ["Rejected: your message was not clear", "Approved, your mail was fine"])
def test_a_person_may_speak_of_a_mail(said: str) -> None:
    assert read(mail(body=said)).nature is HUMAN


def test_a_person_who_says_so_is_one_whatever_the_subject() -> None:
    assert read(mail("Auto-Submitted: no", "Subject: Out of office system 2.0")).nature is HUMAN


def test_several_auto_submitted_fields_are_automatic_if_one_is() -> None:
    assert read(mail("Auto-Submitted: no", "Auto-Submitted: auto-replied")).nature is AUTO


def test_mail_from_our_own_address_is_our_own() -> None:
    assert read(mail(sender=f"flexmaild <{OWN.upper()}>")).nature is OWNMAIL


@pytest.mark.parametrize(
    ("fields", "nature"),
    [
        ((f"From: Ann via Ops <{OWN}>", "Reply-To: ann@corp.test"), HUMAN),
        ((f"From: Ann via Ops <{OWN}>", "X-Original-From: Ann <ann@corp.test>"), HUMAN),
        ((f"From: Ops <{OWN}>", "Sender: Ann <ann@corp.test>"), HUMAN),
        ((f"From: Ops <{OWN}>", f"Sender: <{OWN}>"), OWNMAIL),
        ((f"From: Ops <{OWN}>", "Sender: nobody"), OWNMAIL),
        ((f"From: Ann via Ops <{OWN}>", "Reply-To: ann@corp.test", f"{OWN_MAIL_HEADER}: x"), OWNMAIL),
        ((f"From: Ann via Ops <{OWN}>", "Reply-To: ann@corp.test", "Auto-Submitted: auto-replied"), AUTO),
    ],
)
def test_a_member_s_mail_under_our_own_address_is_seen(fields: tuple[str, ...], nature: MailNature) -> None:
    """A group that rewrites From, and a shared mailbox: it cannot decide, and it does not vanish as ours."""
    reading = read(mail(*fields, sender=""))
    assert reading.nature is nature
    assert nature is not HUMAN or not reading.sender or reading.delegate


def test_a_calendar_answer_is_one_and_an_attached_calendar_is_not() -> None:
    assert read(
        parts("alternative", ("text/plain", "Approve"), ("text/calendar; method=REPLY", "BEGIN"))
    ).nature is (MailNature.CALENDAR)
    attached = "text/calendar\nContent-Disposition: attachment; filename=a.ics"
    assert read(parts("mixed", ("text/plain", "Approve"), (attached, "BEGIN"))).nature is HUMAN


@pytest.mark.parametrize(
    "kind",
    [
        "text/calendar; method=REPLY; name=meeting.ics",
        "text/calendar; method=REPLY\nContent-Disposition: attachment; filename=a.ics",
        "application/ics; method=COUNTER; name=a.ics",
        "text/calendar; name=a.ics",
        "TEXT/Calendar; Method=Reply; charset=utf-8",
        "application/ics; method=refresh\nContent-Disposition: attachment; filename=a.ics",
    ],
)
def test_a_calendar_answer_with_a_file_s_name_is_one(kind: str) -> None:
    data = parts("mixed", ("text/plain", "Approve"), (kind, "BEGIN"))
    assert read(data).nature is MailNature.CALENDAR
    nested = (
        "multipart/alternative; boundary=y",
        f"--y\n\nApprove\n--y\nContent-Type: {kind}\n\nBEGIN\n--y--\n",
    )
    assert read(parts("mixed", nested, ("text/plain", "A footer."))).nature is MailNature.CALENDAR


def ics(method: str) -> str:
    event = "BEGIN:VEVENT\r\nSUMMARY:METHOD:REPLY\r\nEND:VEVENT\r\n"
    return f"BEGIN:VCALENDAR\r\nPRODID:x\r\n{method}\r\n{event}END:VCALENDAR\r\n"


NAMED = [
    "text/calendar; charset=utf-8\nContent-Disposition: attachment; filename=a.ics",
    "application/ics; name=a.ics",
    "application/octet-stream; name=Invite.ICS",
    "application/octet-stream\nContent-Disposition: attachment; filename*=utf-8''a.ics",
]


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize(
    "method", ["METHOD:REPLY", "method: Counter", "METHOD;X-A=b:DECLINECOUNTER", "METHOD:REFRESH"]
)
def test_what_a_calendar_answers_with_is_known_by_its_content_too(kind: str, method: str) -> None:
    for encoding, body in (
        ("8bit", ics(method)),
        ("base64", base64.encodebytes(ics(method).encode()).decode()),
    ):
        attached = (f"{kind}\nContent-Transfer-Encoding: {encoding}", body)
        assert read(parts("mixed", ("text/plain", "Approve"), attached)).nature is MailNature.CALENDAR


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize(
    "method", ["METHOD:REQUEST", "METHOD:PUBLISH", "X-METHOD:REPLY", " METHOD:REPLY", ""]
)
def test_an_appointment_that_a_person_attached_is_no_calendar_s_answer(kind: str, method: str) -> None:
    data = parts("mixed", ("text/plain", "Approve"), (kind, ics(method)))
    assert (read(data).nature, read(data).answer) == (HUMAN, Answer.APPROVE)


def report(kind: str) -> str:
    return f"--y\n\nApprove\n--y\nContent-Type: message/{kind}\n\nA: b\n--y--\n"


@pytest.mark.parametrize(
    ("kind", "nature"), [("disposition-notification", AUTO), ("delivery-status", MailNature.BOUNCE)]
)
def test_a_report_that_a_gateway_wrapped_is_one(kind: str, nature: MailNature) -> None:
    nested = (f"multipart/report; report-type={kind}; boundary=y", report(kind))
    footer = ("text/plain", "Scanned by a gateway.")
    assert read(parts("mixed", nested, footer)).nature is nature
    mixed = ("multipart/mixed; boundary=y", report(kind))
    assert read(parts("mixed", mixed, footer)).nature is nature
    signature = ("application/pkcs7-signature; name=smime.p7s", "x")
    assert read(parts("signed", nested, signature)).nature is nature
    assert read(parts("mixed", ("multipart/signed; boundary=y", report(kind)), footer)).nature is nature


REPORTED = ("disposition-notification", "delivery-status", "global-delivery-status", "feedback-report")


@pytest.mark.parametrize("kind", REPORTED)
def test_a_report_below_a_gateway_s_banner_is_a_machine_s_too(kind: str) -> None:
    """And no bounce, which would say that an approver cannot be reached: it may have been sent on."""
    banner = ("text/plain", "Approve")
    nested = (f"multipart/report; report-type={kind}; boundary=y", report(kind))
    loose = (f"message/{kind}; name=details.txt", "A: b")
    for data in (
        parts("mixed", banner, nested),
        parts("mixed", banner, ("multipart/mixed; boundary=y", report(kind))),
        parts("mixed", banner, loose),
        parts("alternative", banner, nested),
        mail(f"Content-Type: message/{kind}", body="Approve"),
    ):
        reading = read(data)
        assert (reading.nature is HUMAN, reading.answer) == (False, None)
    for data in (parts("mixed", banner, nested), parts("mixed", banner, loose)):
        assert read(data).nature is AUTO


@pytest.mark.parametrize("kind", REPORTED)
def test_a_report_that_a_person_attached_makes_their_answer_no_machine_s(kind: str) -> None:
    whole = ("message/rfc822", f"Content-Type: multipart/report; boundary=y\n\n{report(kind)}")
    file = (f"message/{kind}; name=details.txt\nContent-Disposition: attachment", "A: b")
    for attached in (whole, file):
        reading = read(parts("mixed", ("text/plain", "Approve"), attached))
        assert (reading.nature, reading.answer) == (HUMAN, Answer.APPROVE)


@pytest.mark.parametrize("kind", ["disposition-notification", "feedback-report", "x"])
def test_a_report_of_another_kind_is_automatic(kind: str) -> None:
    data = mail(
        f'Content-Type: multipart/report; report-type={kind}; boundary="x"',
        body=f"--x\n\nApprove\n--x\nContent-Type: message/{kind}\n\nA: b\n--x--\n",
    )
    assert read(data).nature is AUTO


def test_the_reply_address_may_be_a_group_whose_mail_is_no_list_s() -> None:
    """FlexDeploy's page allows a distribution group as the reply address; Google writes list fields then."""
    own_list = OWN.replace("@", ".")
    fields = ("Precedence: list", f"List-Id: <{own_list}>", f"Mailing-List: list {OWN}; contact x@y.test")
    assert read(mail(*fields)).nature is HUMAN
    assert read(mail("Precedence: list", f"List-Post: <https://x.test/>, <mailto:{OWN}>")).nature is HUMAN
    assert read(mail("Precedence: list", f"List-Id: <not-{own_list}>")).nature is LIST
