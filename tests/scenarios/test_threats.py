"""Hostile mail against a whole daemon: no decision, one outcome, an empty folder, a reason.

One daemon is given all of them in one batch, each for a request of its own, with honest answers between
them, which must all count. A border that says what it found out about senders stands before the mailbox.
"""

# ruff: noqa: E501 (a threat is easier to read on one line)

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import pytest

from tests.support.daemon import REPLIES, Daemon, reply_bytes, until

ALICE, BOB, EVE = "alice@corp.test", "bob@corp.test", "eve@evil.test"
BORDER = "mx.corp.test"
Mail = EmailMessage


def border(data: bytes, verdict: str = "dmarc=pass header.from=corp.test", by: str = BORDER) -> bytes:
    """The mail as the border hands it on."""
    trace = f"Received: from out.test by {by}; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    return f"Authentication-Results: {by}; {verdict}\r\n{trace}".encode() + data


def said(text: str = "Approve", **header: str) -> Callable[[Mail], bytes]:
    return lambda mail: border(reply_bytes(mail, text, **header))


def added(*fields: str, text: str = "Approve") -> Callable[[Mail], bytes]:
    """An approval with further header fields below those of the border."""
    block = "".join(f"{field}\r\n" for field in fields).encode("utf-8", "surrogateescape")
    return lambda mail: border(block + reply_bytes(mail, text))


def replaced(old: bytes, new: bytes, text: str = "Approve") -> Callable[[Mail], bytes]:
    def make(mail: Mail) -> bytes:
        data = reply_bytes(mail, text)
        assert old in data, old
        return border(data.replace(old, new, 1))

    return make


def unproven(*fields: str) -> Callable[[Mail], bytes]:
    """An approval that did not come by the border; the fields are the sender's invention."""
    block = "".join(f"{field}\r\n" for field in fields).encode()
    return lambda mail: block + reply_bytes(mail, "Approve")


def whole(head: str, body: bytes | str) -> Callable[[Mail], bytes]:
    """A mail made by hand; `{ref}` in the body is the reference."""

    def make(mail: Mail) -> bytes:
        content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        content = content.replace(
            b"{ref}", str(mail["Message-ID"]).strip("<>").split(".")[0].upper().encode()
        )
        fields = f"From: {ALICE}\r\nTo: {REPLIES}\r\nIn-Reply-To: {mail['Message-ID']}\r\n{head}\r\n\r\n"
        return border(fields.encode() + content)

    return make


def page(html: str) -> Callable[[Mail], bytes]:
    return whole("MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8", html)


def two(kind: str, first: str, second: str) -> Callable[[Mail], bytes]:
    body = f"--x\r\n{first}\r\n--x\r\n{second}\r\n--x--\r\n"
    return whole(f'MIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary="x"', body)


def bounce(about: str, recipient: str = ALICE) -> Callable[[Mail], bytes]:
    def make(mail: Mail) -> bytes:
        identifier = about or str(mail["Message-ID"])
        return (
            f"From: MAILER-DAEMON@{BORDER}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
            f'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            f"--b\r\nContent-Type: text/plain\r\n\r\nApprove\r\n--b\r\nContent-Type: message/delivery-status\r\n"
            f"\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: failed\r\n"
            f"Status: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
            f"Message-ID: {identifier}\r\n\r\n--b--\r\n"
        ).encode()

    return make


PLAIN, PAGE = "Content-Type: text/plain\r\n\r\n", "Content-Type: text/html\r\n\r\n"
FORGED = f"Authentication-Results: {BORDER}; dmarc=pass header.from=corp.test"
NOBODY = "unauthenticated"
# A reference like ours that nobody was given.
ANOTHER = "FM1-" + base64.b32encode(hashlib.sha224(b"another").digest()).decode().rstrip("=")

# threat: (outcome, a part of the reason, the mail)
THREATS: dict[str, tuple[str, str, Callable[[Mail], bytes]]] = {
    # who it is from
    "from another": (NOBODY, "not who was asked", said(From=BOB)),
    "from two addresses": (NOBODY, "sender not readable", replaced(b"From: alice@corp.test", b"From: alice@corp.test, <eve@evil.test>")),
    "from unquoted": (NOBODY, "sender not readable", replaced(b"From: alice@corp.test", b"From: alice@corp.test <eve@evil.test>")),
    "from with a comment": (NOBODY, "sender not readable", replaced(b"From: alice@corp.test", b"From: alice@corp.test(<eve@evil.test>)")),
    "from a group": (NOBODY, "sender not readable", replaced(b"From: alice@corp.test", b"From: g: alice@corp.test;")),
    "from encoded": (NOBODY, "sender not readable", replaced(b"From: alice@corp.test", b"From: =?utf-8?q?alice?=@corp.test")),
    "from routed": (NOBODY, "sender not readable", replaced(b"From: alice@corp.test", b"From: <@evil.test:alice@corp.test>")),
    "from with a zero-width letter": (NOBODY, "sender not readable", replaced(b"From: alice", "From: al\u200bice".encode())),
    "from with a cyrillic letter": (NOBODY, "", replaced(b"From: alice", "From: \u0430lice".encode())),
    "from with a cyrillic domain": (NOBODY, "not proven", replaced(b"alice@corp", "alice@c\u043erp".encode())),
    "from with a NUL": (NOBODY, "sender not readable", replaced(b"From: alice@corp.test", b"From: alice@corp.test\0@evil.test")),
    "two from fields": (NOBODY, "more than one From field", added(f"From: {EVE}")),
    "from with a blank": (NOBODY, "more than one From field", added(f"From : {EVE}")),
    "no from": (NOBODY, "no From field", replaced(b"From: alice@corp.test\r\n", b"")),
    "her reply-to": (NOBODY, "not proven", said(From=EVE, Reply_To=ALICE)),
    "resent": (NOBODY, "sent on", said(From=EVE, Reply_To=ALICE, Resent_From=ALICE)),
    "hers, resent": (NOBODY, "sent on", added(f"Resent-From: {EVE}", f"Resent-To: {REPLIES}")),
    "hers to another": (NOBODY, "none of our addresses", said(To=BOB)),
    "a sender in her name": (NOBODY, "Sender differs", added(f"Sender: {BOB}")),
    "two senders": (NOBODY, "Sender differs", added(f"Sender: {ALICE}", f"Sender: {BOB}")),
    # 2.2: who says that it is from her
    "no border": (NOBODY, "not proven", unproven()),
    "own word without a server": (NOBODY, "did not write", unproven(FORGED)),
    "another server's word": (NOBODY, "not proven", lambda m: border(reply_bytes(m, "Approve"), by="mx.evil.test")),
    "failed at the border": (NOBODY, "DMARC failed", lambda m: border(reply_bytes(m, "Approve"), "dmarc=fail header.from=corp.test")),
    "forged below a failure": (NOBODY, "did not write", lambda m: border(FORGED.encode() + b"\r\n" + reply_bytes(m, "Approve"), "dmarc=fail header.from=corp.test")),
    "forged below silence": (NOBODY, "did not write", lambda m: border(FORGED.encode() + b"\r\n" + reply_bytes(m, "Approve"), "none")),
    "pass for another domain": (NOBODY, "not proven", lambda m: border(reply_bytes(m, "Approve"), "dmarc=pass header.from=evil.test")),
    "pass and fail": (NOBODY, "", lambda m: border(reply_bytes(m, "Approve"), "dmarc=pass header.from=corp.test; dmarc=fail header.from=corp.test")),
    "pass in a comment": (NOBODY, "not proven", lambda m: border(reply_bytes(m, "Approve"), "spf=none (dmarc=pass header.from=corp.test)")),
    "pass in a reason": (NOBODY, "not proven", lambda m: border(reply_bytes(m, "Approve"), 'spf=none reason="; dmarc=pass header.from=corp.test"')),
    "spf alone": (NOBODY, "not proven", lambda m: border(reply_bytes(m, "Approve"), "spf=pass smtp.mailfrom=corp.test")),
    "sealed by somebody": (NOBODY, "not proven", unproven("Received: by x", f"ARC-Authentication-Results: i=1; {BORDER}; dmarc=pass header.from=corp.test", "ARC-Seal: i=1; cv=none; d=corp.test")),
    "exchange's word": (NOBODY, "not proven", unproven("Received: by x", "X-MS-Exchange-Organization-AuthAs: Internal")),
    # the reference
    "no reference": ("unknown_reference", "no reference", lambda m: border(f"From: {ALICE}\r\n\r\nApprove\r\n".encode())),
    "an altered reference": (NOBODY, "altered reference", lambda m: border(f"From: {ALICE}\r\nIn-Reply-To: <{ANOTHER[:30].lower()}.x@corp.test>\r\n\r\nApprove\r\n".encode())),
    "a made-up reference": (NOBODY, "altered reference", lambda m: border(f"From: {ALICE}\r\n\r\nApprove\r\n{ANOTHER}\r\n".encode())),
    "two references": ("undecided", "a damaged reference", lambda m: border(reply_bytes(m, "Approve") + f"\r\n{ANOTHER}\r\n".encode())),
    "one in the address": ("undecided", "a damaged reference", added(f"Delivered-To: approvals+{ANOTHER.lower()}@corp.test")),
    # machines
    "out of office": ("auto_reply", "automatic", said(Auto_Submitted="auto-replied")),
    "auto-submitted twice": ("auto_reply", "automatic", added("Auto-Submitted: no", "Auto-Submitted: auto-generated")),
    "absence by subject": ("auto_reply", "automatic", said(Subject="Automatic reply: Approval needed")),
    "a list": ("auto_reply", "mailing list", added("List-Id: <team.corp.test>")),
    "bulk": ("auto_reply", "automatic", added("Precedence: bulk")),
    "null sender": ("auto_reply", "automatic", added("Return-Path: <>")),
    "a calendar's answer": ("auto_reply", "calendar", two("alternative", PLAIN + "Approve", "Content-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR")),
    "a read receipt": ("auto_reply", "automatic", whole("Content-Type: multipart/report; report-type=disposition-notification; boundary=x", "--x\r\n\r\nApprove\r\n--x--\r\n")),
    "our own mail": ("loop", "", lambda m: border(m.as_bytes())),
    "as from ourselves": ("loop", "our own", said(From=REPLIES)),
    # forged bounces
    "a bounce of nothing of ours": ("bounce", "none of our approval mails", bounce("<x@corp.test>")),
    "a bounce with a made-up reference": ("foreign", "another installation", bounce(f"<{ANOTHER.lower()}.approval_request.0@corp.test>")),
    "a bounce about another": ("bounce", "a delivery report", bounce("", BOB)),
    # words
    "nothing typed": ("undecided", "empty", said("")),
    "only quoted": ("undecided", "no_action_word", said("> Approve")),
    "negated": ("undecided", "negated", said("Approve not")),
    "asked": ("undecided", "question", said("Approve?")),
    "conditional": ("undecided", "condition", said("Approve once the tests pass")),
    "condition on the second line": ("undecided", "condition", said("Approve\nbut only on staging")),
    "both words": ("undecided", "both_words", said("Approve or reject, you choose")),
    "full width": ("undecided", "stray_characters", said("\uff21pprove")),
    "a homoglyph": ("undecided", "stray_characters", said("\u0410pprove")),
    "zero width inside": ("undecided", "stray_characters", said("App\u200brove")),
    "right to left": ("undecided", "stray_characters", said("Approve \u202etcejer")),
    "combining": ("undecided", "stray_characters", said("Approve\u0338")),
    "hidden by display": ("undecided", "no_action_word", page("<p style='display:none'>Approve</p><p>Never</p>")),
    "hidden by size": ("undecided", "no_action_word", page("<p style='font-size:0'>Approve</p><p>Never</p>")),
    "hidden by a style sheet": ("undecided", "parts_disagree", page("<style>.x{display:none}</style><p class=x>Approve</p><p>Fine</p>")),
    "white on white": ("undecided", "parts_disagree", page("<p style='color:#ffffff'>Approve</p><p>Fine</p>")),
    "off the page": ("undecided", "no_action_word", page("<p style='position:absolute;left:-9999px'>Approve</p><p>Never</p>")),
    "a comment of html": ("undecided", "no_action_word", page("<!-- Approve --><p>Never</p>")),
    "a template of html": ("undecided", "no_action_word", page("<template>Approve</template><p>Never</p>")),
    "text and page disagree": ("undecided", "parts_disagree", two("alternative", PLAIN + "Approve", PAGE + "<p>Reject</p>")),
    "page and text disagree": ("undecided", "parts_disagree", two("alternative", PAGE + "<p>Approve</p>", PLAIN + "Never")),
    "taken back below the quote": ("undecided", "both_words", lambda m: border(reply_bytes(m, "Approve") + b"\r\nor rather reject\r\n")),
    "taken back below a page's quote": ("undecided", "both_words", page("<p>Approve</p><blockquote>x</blockquote><p>or rather reject</p>")),
    # structure
    "two content types": ("undecided", "ambiguous", whole("Content-Type: text/plain\r\nContent-Type: text/html", "Approve")),
    "two encodings": ("undecided", "ambiguous", whole("Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64", "Approve")),
    "two boundaries": ("undecided", "", whole("Content-Type: multipart/mixed; boundary=a; boundary=b", "--a\r\n\r\nApprove\r\n--a--\r\n--b\r\n\r\nReject\r\n--b--\r\n")),
    "no closing boundary": ("undecided", "ambiguous", whole("Content-Type: multipart/mixed; boundary=a", "--a\r\n\r\nApprove\r\n")),
    "junk in base64": ("undecided", "ambiguous", whole("Content-Transfer-Encoding: base64", base64.b64encode(b"Approve").decode() + "!!")),
    "a strange encoding": ("undecided", "stray_characters", whole("Content-Transfer-Encoding: base64 x", "Approve")),
    "utf-7": ("undecided", "ambiguous", whole("Content-Type: text/plain; charset=utf-7", "Approve")),
    "a bare CR": ("undecided", "ambiguous", whole("X-A: b\rFrom: alice@corp.test", "Approve")),
    "a NUL in the header": ("undecided", "ambiguous", whole("X-A: b\0c", "Approve")),
    "a NUL in the text": ("undecided", "stray_characters", whole("X-A: b", b"Approve\0")),
    "inside a forwarded mail": ("undecided", "", two("mixed", PLAIN + "fyi", "Content-Type: message/rfc822\r\n\r\nFrom: a@b.c\r\n\r\nApprove")),
    "only a forwarded mail": ("undecided", "empty", whole("Content-Type: message/rfc822", "From: a@b.c\r\n\r\nApprove {ref}")),
    "in an attachment": ("undecided", "no_action_word", two("mixed", PLAIN + "see the file", "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nApprove")),
    "forwarded inline": ("undecided", "no_action_word", said("---------- Forwarded message ---------\nFrom: Alice\n\nApprove")),
    # bombs and poison
    "too many parts": ("unparsable", "cannot be parsed", whole("Content-Type: multipart/mixed; boundary=a", "--a\r\n\r\nApprove\r\n" * 200)),
    "too many fields": ("unparsable", "cannot be parsed", added(*["X-A: b"] * 600)),
    "a header too large": ("oversize", "over a limit", added("X-A: " + "b" * 200_000)),
    "too large": ("oversize", "bytes", lambda m: border(reply_bytes(m, "Approve") + b"x" * (11 << 20))),
    "encoded words": (NOBODY, "", lambda m: border(b"Subject: " + b"=?utf-8?q?a?= " * 2000 + b"\r\n" + reply_bytes(m, "Approve", From=EVE, Subject=""))),
    "parentheses": (NOBODY, "", replaced(b"From: alice", b"From: " + b"(" * 900 + b"alice")),
    "poison in every field": (NOBODY, "", lambda m: border(reply_bytes(m, "Approve", From=EVE, Subject="", Message_ID="") .replace(b"\r\n\r\n", b"\r\nSubject: =?utf-8?q?a=0D=0ABcc:_x=1B[2J=00?= \xe2\x80\xae\xff\r\nMessage-ID: <x\"\\A1 UID STORE 1:* +FLAGS \xed\xa0\x80>\r\n\r\n", 1))),
    "html without end": ("undecided", "", page("<p>Never</p>" + "<!--<a " * 40_000)),
}  # fmt: skip


@dataclass
class Played:
    """What became of it all: the request of each threat, the outcomes by its Message-ID or request."""

    daemon: Daemon
    requests: dict[str, dict[str, Any]]
    outcomes: dict[str, int]
    strangers: list[str]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    daemon = Daemon(tmp_path_factory.mktemp("threats"), SETTINGS)
    daemon.start()
    try:
        asked = {name: daemon.request(ALICE)["id"] for name in (*THREATS, *HONEST)}
        mails = _mails_by_request(daemon, set(asked.values()))
        for name, identifier in asked.items():
            make = THREATS[name][2] if name in THREATS else HONEST[name]
            daemon.deliver(make(mails[identifier]))
        processed = daemon.process_replies()
        assert processed["messages"] == len(asked)
        shown = {name: daemon.show(identifier) for name, identifier in asked.items()}
        yield Played(daemon, shown, processed["outcomes"], daemon.kinds("eve"))
    finally:
        daemon.close()


SETTINGS = {
    "incoming": {
        "process_count": 500,
        "sender_authentication": {"require": "dmarc", "trusted_authserv_ids": [BORDER]},
    },
    "log": {"level": "debug", "format": "json"},
}
HONEST = {
    f"honest {n}": said(text)
    for n, text in enumerate(
        ("Approve", "approve fine", "*Approved*", "Genehmigt, danke", "承認", "Approve 👍")
    )
}


def _mails_by_request(daemon: Daemon, wanted: set[str]) -> dict[str, Mail]:
    daemon.mail(ALICE, "approval_request", count=len(wanted))
    found = {}
    for identifier in wanted:
        part = identifier.removeprefix("ap-")
        found[identifier] = part
    by_start = {str(m["Message-ID"]).strip("<>")[4:20]: m for m in daemon.mails(ALICE, "approval_request")}
    return {identifier: by_start[part] for identifier, part in found.items()}


@pytest.mark.parametrize("name", THREATS)
def test_a_hostile_mail_decides_nothing_and_has_one_outcome_with_a_reason(name: str, played: Played) -> None:
    outcome, because, _ = THREATS[name]
    shown = played.requests[name]
    assert (shown["state"], shown["verdicts"]) == ("pending", [])
    about = shown["replies"]
    assert len(about) <= 1
    if about:
        assert (about[0]["outcome"], because in about[0]["because"]) == (outcome, True), about
    else:
        assert outcome in played.outcomes


@pytest.mark.parametrize("name", HONEST)
def test_the_honest_answers_between_them_count(name: str, played: Played) -> None:
    assert played.requests[name]["state"] == "approved"
    assert played.requests[name]["verdicts"][0]["proof"] == "dmarc"


# They hold a reference that may be another installation's, and are left for it.
LEFT = ("an altered reference", "a made-up reference", "a bounce with a made-up reference")


def test_every_mail_has_one_outcome_and_has_left_the_folder_if_it_is_ours(played: Played) -> None:
    assert played.daemon.waiting() == len(LEFT)
    assert sum(played.outcomes.values()) == len(THREATS) + len(HONEST)
    expected = [THREATS[name][0] for name in THREATS] + ["decision"] * len(HONEST)
    assert played.outcomes == {outcome: expected.count(outcome) for outcome in set(expected)}


def test_nobody_but_the_asked_was_written_to(played: Played) -> None:
    """No answer to machines, strangers or the unproven; at most a few explanations an hour to anybody."""
    daemon = played.daemon
    until(lambda: not daemon.call("outbox.list", query={"state": "queued"})["items"], "an empty outbox")
    assert {str(mail["To"]) for mail in daemon.mails()} == {ALICE, BOB}
    assert daemon.kinds(BOB) == ["not_entitled"]  # a colleague, proven by the border
    assert set(daemon.kinds(ALICE)) <= {"approval_request", "accepted", "unclear"}
    assert not [m for m in daemon.mails() if m["Bcc"] or len(m.get_all("Subject", [])) != 1]


def test_poison_reaches_neither_log_nor_answers_as_control_characters(played: Played) -> None:
    log = played.daemon.log.read_bytes()
    assert b"\x1b" not in log
    assert b"\x00" not in log
    assert b"Traceback" not in log
    assert b'"bug' not in log
    listed = played.daemon.call("quarantine.list", query={"limit": 1000})["items"]
    assert all((item["subject"] + item["message_id"] + item["sender"]).isprintable() for item in listed)


# Sequences: what one mail cannot do alone.


def test_two_answers_of_one_batch_that_contradict_are_both_recorded_and_the_later_stands(
    daemon: Daemon,
) -> None:
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all")
    mail = daemon.mail(ALICE)
    for text in ("Approve", "Approve now with a comment", "Reject too risky"):
        daemon.answer(mail, text)
    assert daemon.process_replies()["outcomes"] == {"decision": 3}
    shown = daemon.decided(asked["id"])
    assert [(v["answer"], v["replaced"]) for v in shown["verdicts"]] == [
        ("approve", True),
        ("approve", True),
        ("reject", False),
    ]
    assert shown["state"] == "rejected"


def test_two_people_of_one_batch_who_contradict_make_one_decision(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, BOB)
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.answer(daemon.mail(BOB), "Reject")
    assert daemon.process_replies()["outcomes"] == {"decision": 1, "late": 1}
    assert daemon.decided(asked["id"])["decided_by"] == [ALICE]
    assert daemon.mail(BOB, "already_decided")["Auto-Submitted"] == "auto-replied"


def test_nobody_can_use_up_another_s_message_id_or_answer(daemon: Daemon) -> None:
    """The same Message-ID, date and words from somebody else, and then the real one."""
    daemon.start()
    asked = daemon.request(ALICE)
    data = reply_bytes(daemon.mail(ALICE), "Approve")
    daemon.deliver(data.replace(b"From: alice@corp.test", b"From: eve@evil.test"))
    daemon.deliver(data.replace(b"Approve", b"Approve?", 1))
    daemon.deliver(data)
    assert daemon.process_replies()["outcomes"] == {NOBODY: 1, "undecided": 1, "decision": 1}
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_an_old_approval_put_back_decides_nothing_ever_again(daemon: Daemon) -> None:
    """Under another name in the folder, with other trace fields, after a resend, after the expiry."""
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all", expires_in=3600)
    data = daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    daemon.call("approval.resend", path={"id": asked["id"]}, body={"approver": ALICE})
    daemon.deliver(data)
    daemon.deliver(b"Received: by elsewhere\r\n" + data)
    daemon.deliver(data.replace(b"Message-ID: <", b"Message-ID: <2."))
    assert daemon.process_replies()["outcomes"] == {"late": 3}
    daemon.answer(daemon.mail(BOB), "Approve", Message_ID="<late@corp.test>")
    daemon.advance(7200)
    daemon.process_replies()
    shown = daemon.decided(asked["id"])
    assert (shown["state"], len(shown["verdicts"])) == ("expired", 1)


def test_an_answer_to_any_mail_of_ours_about_the_request_counts(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all")
    daemon.answer(daemon.mail(ALICE), "Sure")
    daemon.process_replies()
    daemon.answer(daemon.mail(ALICE, "unclear"), "Approve")
    daemon.process_replies()
    daemon.answer(daemon.mail(ALICE, "noted"), "Reject changed my mind")
    daemon.process_replies()
    assert daemon.decided(asked["id"])["state"] == "rejected"


def test_a_forged_bounce_silences_nobody(daemon: Daemon) -> None:
    """Whoever holds the reference can write a delivery report; who answers is reachable all the same."""
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all")
    daemon.deliver(bounce("")(daemon.mail(ALICE)))
    daemon.process_replies()
    assert daemon.show(asked["id"])["unreachable"] == [ALICE]
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    shown = daemon.show(asked["id"])
    assert (shown["state"], shown["unreachable"], shown["quorum_reachable"]) == ("pending", [], True)
    assert shown["approvers"][0]["bounced"] == ""
    daemon.answer(daemon.mail(BOB), "Approve")
    daemon.process_replies()
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_a_flood_of_unclear_answers_is_explained_three_times_and_seen(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    mail = daemon.mail(ALICE)
    for n in range(60):
        daemon.answer(mail, f"What is number {n}")
    assert daemon.process_replies()["outcomes"] == {"undecided": 60}
    daemon.mail(ALICE, "unclear", count=3)
    daemon.answer(mail, "Approve")
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    shown = daemon.decided(asked["id"])
    assert (shown["state"], shown["replies_total"], len(shown["replies"])) == ("approved", 61, 50)
    assert [row["outcome"] for row in shown["replies"]] == ["undecided"] * 49 + ["decision"]
    daemon.mail(ALICE, "accepted")
    assert sorted(daemon.kinds(ALICE)) == ["accepted", "approval_request", *["unclear"] * 3]


def test_who_used_up_the_explanations_is_named_until_a_clear_answer_or_the_hour(daemon: Daemon) -> None:
    """Whatever happens to the daemon meanwhile; the same text again is neither explained nor counted."""
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all")
    mails = {who: daemon.mail(who) for who in (ALICE, BOB)}

    def silent() -> dict[str, bool]:
        shown = daemon.show(asked["id"])["approvers"]
        return {row["address"]: row["explanations_used_up_until"] is not None for row in shown}

    def asks(who: str, *texts: str) -> None:
        for text in texts:
            daemon.answer(mails[who], text)
        daemon.process_replies()

    asks(ALICE, "Why?", "What for?", "Why?", "And then?", "Why?")
    assert silent() == {ALICE: False, BOB: False}
    asks(ALICE, "Who asks?")
    asks(BOB, "1?", "2?", "3?", "4?")
    assert silent() == {ALICE: True, BOB: True}
    # A mail whose end is not written down would go out once more after the restart.
    until(lambda: daemon.call("status")["outgoing"]["messages"]["done"] == 8 or None, "eight sent mails")
    daemon.stop()
    daemon.start()
    assert silent() == {ALICE: True, BOB: True}
    asks(ALICE, "Approve")
    assert silent() == {ALICE: False, BOB: True}
    daemon.advance(3700)
    until(lambda: not silent()[BOB], "the end of the hour")
    assert [daemon.kinds(who).count("unclear") for who in (ALICE, BOB)] == [3, 3]


def test_a_clipped_quote_that_cuts_the_reference_loses_no_answer(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    data = reply_bytes(daemon.mail(ALICE), "Approve")
    daemon.deliver(data[: data.rindex(b"FM1-") + 20])
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_honest_mail_is_reached_behind_a_flood_of_junk(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"process_count": 150}})
    daemon.start()
    asked = daemon.request(ALICE)
    for n in range(200):
        daemon.deliver(f"From: spam{n}@x.test\r\nSubject: Approve\r\n\r\nApprove\r\n".encode())
    daemon.answer(daemon.mail(ALICE), "Approve")
    assert daemon.process_replies()["messages"] == 150
    assert daemon.process_replies()["messages"] == 51
    assert daemon.decided(asked["id"])["state"] == "approved"


# The border itself; what self-test and doctor say of it is in test_what_arrives.


def test_without_trusted_results_the_self_test_calls_the_proof_weak(daemon: Daemon) -> None:
    daemon.write_settings({"outgoing": {"path": str(daemon.replies)}})
    daemon.start()
    found = daemon.call("self_test")
    assert found["healthy"]
    border_step = next(step for step in found["steps"] if step["name"] == "border")
    assert (border_step["result"], "weakly" in border_step["answer"]) == ("warning", True)
    status = daemon.call("status")
    assert status["incoming"]["sender_authentication_strength"] == "weak"
