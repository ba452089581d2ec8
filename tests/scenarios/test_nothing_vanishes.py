"""A mail that names a request and cannot decide it is seen there, whatever sent, rewrote or damaged it."""

import base64
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon import REPLIES, Daemon, reply_bytes, text_of
from tests.support.in_process import DaemonInProcess

ALICE, BOB, EVE = "alice@corp.test", "bob@corp.test", "eve@evil.test"
GROUP = "approvers@groups.test"
ANOTHER = "FM1-" + base64.b32encode(hashlib.sha224(b"another").digest()).decode().rstrip("=")
Made = Callable[[EmailMessage], bytes]


def reference_of(mail: EmailMessage) -> str:
    return str(mail["Message-ID"]).strip("<>").split(".")[0].upper()


def said(text: str = "Approve", **header: str) -> Made:
    return lambda mail: reply_bytes(mail, text, **header)


def headed(*fields: str, **header: str) -> Made:
    block = "".join(f"{field}\r\n" for field in fields).encode()
    return lambda mail: block + reply_bytes(mail, "Approve", **header)


def bare(body: Callable[[str], str], sender: str = ALICE, head: str = "") -> Made:
    """A mail that only its text, or a field of its own, ties to the request."""

    def make(mail: EmailMessage) -> bytes:
        reference = reference_of(mail)
        fields = f"From: {sender}\r\nTo: {REPLIES}\r\n{head.format(ref=reference)}"
        return f"{fields}\r\n{body(reference)}\r\n".encode("utf-8", "surrogatepass")

    return make


def forwarded(sender: str) -> Made:
    """The request as an attachment, which is all that names it."""
    kind = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n'

    def make(mail: EmailMessage) -> bytes:
        inside = f"--x\r\nContent-Type: message/rfc822\r\n\r\n{mail.as_string()}\r\n--x--"
        text = f"--x\r\nContent-Type: text/plain\r\n\r\nApprove\r\n{inside}"
        return bare(lambda _: text, sender, kind)(mail)

    return make


def broken(mail: EmailMessage) -> bytes:
    """More parts than are taken apart."""
    kind = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n"
    return bare(lambda ref: "--a\r\n\r\nApprove\r\n" * 200 + ref, head=kind)(mail)


VIA = f'"Alice via Approvers" <{GROUP}>'

# ruff: noqa: E501 (a mail and what becomes of it are easier to read on one line)

# What comes: what is seen of it (outcome, reason, sender), and whether Alice is told how to answer.
SEEN: dict[str, tuple[Made, str, str, str, bool]] = {
    "unclear": (said("Approve?"), "undecided", "question", ALICE, True),
    "by a group": (said(From=VIA, Reply_To=ALICE), "unauthenticated", "via_group", GROUP, False),
    "by a list": (headed("List-Id: <x.groups.test>", From=VIA, Reply_To=ALICE), "auto_reply", "mailing_list", GROUP, False),
    "an absence": (headed("Auto-Submitted: auto-replied"), "auto_reply", "automatic", ALICE, False),
    "no From": (said(From=""), "unauthenticated", "no_from", "", False),
    "two From": (headed(f"From: {EVE}"), "unauthenticated", "several_from", "", False),
    "another person": (said(From=EVE), "unauthenticated", "wrong_person", EVE, False),
    "sent on by another": (headed(f"Resent-From: {EVE}", f"Resent-To: {REPLIES}"), "unauthenticated", "redirected", ALICE, False),
    "another's, sent on by them": (headed(f"Resent-From: {EVE}", From=EVE), "unauthenticated", "redirected", EVE, False),
    "cannot be parsed": (broken, "unparsable", "cannot_be_parsed", "", False),
    "attached": (forwarded(ALICE), "undecided", "reference_attached", ALICE, True),
    "attached by another": (forwarded(EVE), "unauthenticated", "wrong_person", EVE, False),
    "glued": (bare(lambda ref: f"Approve\r\n{ref}REGARDS"), "undecided", "reference_attached", ALICE, True),
    "no dash": (bare(lambda ref: f"Approve\r\n{ref.replace('-', '')}"), "undecided", "reference_attached", ALICE, True),
    "in the subject": (bare(lambda ref: "Approve", head="Subject: {ref}\r\n"), "undecided", "reference_attached", ALICE, True),
    "cut": (bare(lambda ref: f"Approve\r\n{ref[:30]}"), "unauthenticated", "reference_altered", ALICE, False),
    "damaged beside the whole": (lambda m: reply_bytes(m, "Approve") + f"\r\n{ANOTHER}".encode(), "undecided", "reference_damaged", ALICE, True),
    "to somebody else": (said(In_Reply_To="<bobs@corp.test>", To=BOB, Cc=REPLIES), "undecided", "other_mail", ALICE, True),
    "text that must not be told": (said("Approve unless Meyer resigns"), "undecided", "condition", ALICE, True),
}  # fmt: skip


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Each for a request of its own, all in one batch."""
    with closing(DaemonInProcess(tmp_path_factory.mktemp("seen"))) as daemon:
        daemon.start()
        asked, mails = {}, {}
        for name in SEEN:
            asked[name] = daemon.request(ALICE, title=f"{name}: pfm1-web for FM1-1234 (FM1-ABCDEFGH)")["id"]
            want = f"{name}:"
            daemon.mail(ALICE, "approval_request", count=len(asked))
            mails[name] = next(m for m in daemon.mails(ALICE) if want in str(m["Subject"]))
        raw = {name: SEEN[name][0](mail) for name, mail in mails.items()}
        for data in raw.values():
            daemon.deliver(data)
        daemon.process_replies()
        yield daemon, {name: daemon.show(i) for name, i in asked.items()}, raw


@pytest.mark.parametrize("name", SEEN)
def test_it_is_seen_with_its_reason_and_none_of_its_text(name: str, seen: Any) -> None:
    _, shown, raw = seen
    _, outcome, reason, sender, _ = SEEN[name]
    one = shown[name]
    assert (one["state"], one["verdicts"], one["replies_total"]) == ("pending", [], 1)
    (row,) = one["replies"]
    assert (row["outcome"], row["reason"], row["from"]) == (outcome, reason, sender)
    assert row["sha256"] == hashlib.sha256(raw[name]).hexdigest()
    assert one["last_reply"] == row
    assert "Meyer" not in json.dumps(row)
    reference = reference_of_shown(one)
    assert reference[:12] in json.dumps(one["mails"]), "the beginning is what others see, too"
    assert reference not in json.dumps(one["replies"]).lower()


def reference_of_shown(one: dict[str, Any]) -> str:
    return str(one["mails"][0]["message_id"]).split(".")[0]


def test_only_the_asked_are_told_how_to_answer(seen: Any) -> None:
    daemon, _, _ = seen
    told = sum(1 for *_, is_told in SEEN.values() if is_told)
    daemon.mail(ALICE, "unclear", count=told)
    assert {str(mail["To"]) for mail in daemon.mails()} == {ALICE}
    assert daemon.kinds(ALICE).count("unclear") == told


def test_via_is_named_and_proves_nothing(seen: Any) -> None:
    assert seen[1]["by a group"]["replies"][0]["via"] == ALICE
    assert seen[1]["unclear"]["replies"][0]["via"] == ""


def test_list_tells_how_many_and_the_last(seen: Any) -> None:
    daemon, shown, _ = seen
    items = {item["id"]: item for item in daemon.call("approval.list")["items"]}
    for one in shown.values():
        assert items[one["id"]]["replies_total"] == 1
        assert items[one["id"]]["last_reply"] == one["replies"][0]


def test_the_raw_mail_is_served_where_it_is_seen(seen: Any) -> None:
    daemon, shown, raw = seen
    for name in ("by a group", "cannot be parsed", "an absence"):
        path = {"id": shown[name]["id"], "sha256": shown[name]["replies"][0]["sha256"]}
        assert daemon.client.call("approval.reply", path=path).body == raw[name]


def test_a_replaced_message_id_is_recognised_by_references(daemon: Daemon) -> None:
    """As Amazon SES does; References that we wrote come back before the service's own id."""
    daemon.start()
    asked = daemon.request(ALICE)
    mail = daemon.mail(ALICE)
    assert str(mail["References"]).split() == [mail["Message-ID"]]
    theirs = "<0100018f@eu-west-1.amazonses.com>"
    head = f"In-Reply-To: {theirs}\r\nReferences: {mail['References']}\r\n\t{theirs}\r\n"
    daemon.deliver(f"From: {ALICE}\r\nTo: {REPLIES}\r\n{head}\r\nApprove\r\n".encode())
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_a_title_like_a_ticket_sets_no_reply_aside(daemon: Daemon) -> None:
    daemon.start()
    titles = ["pfm1-web for FM1-1234", "FM1-1234567890123456", "xfm1-" + "abcdefghijklmnopqrstuvwxyzabcd"]
    daemon.canary.harmless |= set(titles)
    for number, title in enumerate(titles, 1):
        asked = daemon.request(ALICE, title=title)
        daemon.answer(daemon.mail(ALICE, "approval_request", count=number), f"Approve, see {title}")
        daemon.process_replies()
        assert daemon.decided(asked["id"])["state"] == "approved"
    daemon.deliver(f"From: {EVE}\r\nTo: {REPLIES}\r\n\r\nBuy FM1-1234567890123456\r\n".encode())
    assert daemon.process_replies()["outcomes"] == {"unknown_reference": 1}
    assert daemon.call("quarantine.list")["items"] == []


def test_a_mail_that_names_two_requests_is_seen_at_both(daemon: Daemon) -> None:
    daemon.start()
    first, second = daemon.request(ALICE, title="One")["id"], daemon.request(BOB, title="Two")["id"]
    one, two = daemon.mail(ALICE), daemon.mail(BOB)
    daemon.deliver(reply_bytes(one, f"Approve\n\nas in\n{reference_of(two)}"))
    daemon.process_replies()
    for shown in (daemon.show(first), daemon.show(second)):
        assert (shown["state"], [r["reason"] for r in shown["replies"]]) == (
            "pending",
            ["references_disagree"],
        )
    daemon.deliver(reply_bytes(one, "Approve", References=f"{two['Message-ID']} {one['Message-ID']}"))
    daemon.process_replies()
    assert daemon.decided(first)["state"] == "approved"
    assert [r["reason"] for r in daemon.show(second)["replies"]] == ["references_disagree", "named_beside"]


def test_wait_tells_of_replies_and_goes_on_until_the_decision(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    mail = daemon.mail(ALICE)
    found: list[Any] = []
    query = {"timeout": 30}
    waiting = threading.Thread(
        target=lambda: found.append(daemon.call("approval.wait", path={"id": asked["id"]}, query=query))
    )
    waiting.start()
    daemon.deliver(reply_bytes(mail, "Approve", From=EVE))
    daemon.answer(mail, "Approve?")
    daemon.process_replies()
    assert waiting.is_alive()
    daemon.answer(mail, "Approve")
    daemon.process_replies()
    waiting.join(30)
    assert found[0]["state"] == "approved"
    reasons = ["wrong_person", "question", "approve"]
    assert [row["reason"] for row in found[0]["replies"]] == reasons
    command = [
        str(Path(sys.executable).with_name("flexmailctl")),
        "--socket",
        str(daemon.root / "control.sock"),
    ]
    done = subprocess.run([*command, "approval", "wait", asked["id"]], capture_output=True, text=True)
    assert done.returncode == 0
    assert "wrong_person" not in done.stdout and EVE in done.stdout and "not who was asked" in done.stdout


def test_what_was_sent_on_or_not_written_to_us_is_set_aside_and_seen_and_an_alias_is_ours(
    daemon: Daemon,
) -> None:
    border = "mx.corp.test"
    proof = {"require": "dmarc", "trusted_authserv_ids": [border]}
    daemon.write_settings({"incoming": {"sender_authentication": proof}})
    daemon.start()
    asked = daemon.request(ALICE)
    mail = daemon.mail(ALICE)

    def proven(*fields: str, **header: str) -> None:
        result = f"Authentication-Results: {border}; dmarc=pass header.from=corp.test"
        received = f"Received: from client by {border} with ESMTP; Sat, 21 Nov 2026 10:00:00 +0000"
        daemon.deliver(headed(result, received, *fields, **header)(mail))
        daemon.process_replies()

    proven(f"Resent-From: {BOB}", f"Resent-To: {REPLIES}")
    proven(To=BOB, Cc="carol@corp.test")
    proven(f"Delivered-To: {REPLIES}", f"X-Original-To: {REPLIES}", To=BOB)
    proven(From=BOB, To="carol@corp.test")
    proven(To="deploy@old.test")
    shown = daemon.show(asked["id"])
    reasons = ["redirected", *["misdirected"] * 4]
    assert [(row["outcome"], row["reason"]) for row in shown["replies"]] == [
        ("unauthenticated", reason) for reason in reasons
    ]
    assert shown["state"] == "pending"
    listed = daemon.call("approval.list", query={})["items"]
    assert listed[0]["last_reply"]["reason"] == "misdirected"
    set_aside = daemon.call("quarantine.list", query={"limit": 100})["items"]
    assert len(set_aside) == len(reasons)
    assert daemon.kinds() == ["approval_request"], "nobody was answered"
    aliases = ["Deploy@old.test"]
    daemon.write_settings({"incoming": {"sender_authentication": proof, "reply_aliases": aliases}})
    assert daemon.call("reload")["reloaded"]
    proven(From="deploy@old.test")
    assert daemon.show(asked["id"])["last_reply"]["reason"] == "own_mail"
    proven(To="deploy@old.test")
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_a_mail_released_again_and_again_is_one_reply(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, settle_for="15m")["id"]
    daemon.answer(daemon.mail(ALICE), "Approve", From="eve@evil.test")
    daemon.process_replies()
    for _ in range(3):
        (aside,) = daemon.call("quarantine.list")["items"]
        daemon.call("quarantine.release", path={"id": aside["id"]})
    shown = daemon.show(asked)
    assert (shown["replies_total"], len(shown["replies"])) == (1, 1)


def test_late_replies_and_a_second_delivery(daemon: Daemon) -> None:
    """What comes after the decision is seen and told; a second delivery of the same mail is no further reply."""
    daemon.start()
    asked = daemon.request(ALICE, BOB)
    mails = [daemon.mail(who) for who in (ALICE, BOB)]
    daemon.answer(mails[0], "Approve")
    late = daemon.answer(mails[1], "Reject")
    daemon.process_replies()
    daemon.deliver(late)
    daemon.deliver(late)
    assert daemon.process_replies()["outcomes"] == {"duplicate": 2}
    shown = daemon.show(asked["id"])
    assert [row["reason"] for row in shown["replies"]] == ["approve", "closed"]
    assert "decided" in text_of(daemon.mail(BOB, "already_decided"))
