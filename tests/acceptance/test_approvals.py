"""The main job from outside: a request, the mail, replies of every shape, the decision and what follows."""

import base64
import json
import re
import urllib.parse
from datetime import datetime
from typing import Any

import pytest

from tests.acceptance.service import GUARD, Service, reference_of, reply, text_of, until

ALICE, BOB, CAROL, DAVE = (f"{name}@corp.example" for name in ("alice", "bob", "carol", "dave"))


def outcome(processed: dict[str, Any]) -> str:
    assert len(processed["outcomes"]) == 1, processed
    return next(iter(processed["outcomes"]))


def layout_same_line(word: str, comment: str, reference: str) -> str:
    first = f"{word} {comment}".strip()
    hint = f"******* You may add a comment after the word [{word}] on the line above. *******"
    return f"{first}\n\n{hint}\n{GUARD}\nReference {reference}\n"


def layout_second_line(word: str, comment: str, reference: str) -> str:
    hint = "******* You may add a comment on the second line above. *******"
    return f"{word}\n{comment}\n{hint}\n{GUARD}\nReference {reference}\n"


def test_each_approver_gets_a_mail_with_a_reference_of_their_own(shared: Service) -> None:
    asked = shared.request(ALICE, {"address": BOB, "name": "Bob B"}, title="Own references")
    mails = [shared.mail(person, "Own references") for person in (ALICE, BOB)]
    references = [reference_of(mail) for mail in mails]
    assert references[0] != references[1]
    for mail, reference in zip(mails, references, strict=True):
        assert mail["Reply-To"] == "approvals@corp.example"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert reference.lower() in mail["Message-ID"]
        assert GUARD in text_of(mail)
        page = mail.get_body(("html",))
        assert page is not None
        links = re.findall(r'href="(mailto:[^"]+)"', page.get_content())
        assert len(links) == 2
        for link, word in zip(links, ("Approve", "Reject"), strict=True):
            address, _, query = link.removeprefix("mailto:").replace("&amp;", "&").partition("?")
            fields = urllib.parse.parse_qs(query)
            assert urllib.parse.unquote(address) == "approvals@corp.example"
            assert fields["body"][0].startswith(word)
            assert fields["body"][0].rstrip().endswith(f"Reference {reference}")
            assert GUARD in fields["body"][0]
    assert shared.shown(asked["id"])["state"] == "pending"


@pytest.mark.parametrize("which", ["approve", "reject"])
def test_the_prefilled_reply_of_a_mailto_link_decides_untouched(shared: Service, which: str) -> None:
    asked = shared.request(ALICE, title=f"Link {which}")
    mail = shared.mail(ALICE, f"Link {which}")
    page = mail.get_body(("html",))
    assert page is not None
    links = re.findall(r'href="(mailto:[^"]+)"', page.get_content())
    query = links[which == "reject"].replace("&amp;", "&").partition("?")[2]
    fields = urllib.parse.parse_qs(query)
    shared.deliver(reply(mail, fields["body"][0], Subject=fields["subject"][0], In_Reply_To=""))
    assert outcome(shared.process_now()) == "decision"
    shown = shared.shown(asked["id"])
    assert shown["state"] == {"approve": "approved", "reject": "rejected"}[which]
    assert shown["verdicts"][0]["comment"] == ""


@pytest.mark.parametrize("layout", [layout_same_line, layout_second_line])
@pytest.mark.parametrize("word", ["Approve", "Approved", "Reject", "Rejected", "APPROVE"])
def test_both_of_flexdeploy_s_layouts_are_read(shared: Service, layout: Any, word: str) -> None:
    asked = shared.request(ALICE, title=f"{layout.__name__} {word}")
    mail = shared.mail(ALICE, f"{layout.__name__} {word}")
    body = layout(word, "looks good to me", reference_of(mail))
    shared.deliver(reply(mail, body, In_Reply_To=""))
    assert outcome(shared.process_now()) == "decision"
    (verdict,) = shared.shown(asked["id"])["verdicts"]
    assert verdict["answer"] == ("approve" if word[0] == "A" else "reject")
    assert verdict["comment"] == "looks good to me"
    assert verdict["by"] == ALICE


def wrapped(reference: str) -> str:
    return f"{reference[:20]}\n{reference[20:]}"


@pytest.mark.parametrize("change", [str.lower, wrapped])
def test_letter_case_and_line_wraps_in_a_reference_do_not_matter(shared: Service, change: Any) -> None:
    asked = shared.request(ALICE, title=f"Spelt {change.__name__}")
    mail = shared.mail(ALICE, f"Spelt {change.__name__}")
    shared.deliver(reply(mail, layout_same_line("Approve", "", change(reference_of(mail))), In_Reply_To=""))
    assert outcome(shared.process_now()) == "decision"
    assert shared.shown(asked["id"])["state"] == "approved"


@pytest.mark.parametrize(
    "said",
    [
        "", "Yes", "ok", "approve?", "not approved", "I can't approve", "approve once tests pass",
        "approve if the backup is done", "approve except billing", "Approve Reject", "Sounds good",
    ],
)  # fmt: skip
def test_what_is_not_clear_decides_nothing_and_is_answered_with_how_to(shared: Service, said: str) -> None:
    asked = shared.request(ALICE, title=f"Unclear {said!r}")
    mail = shared.mail(ALICE, f"Unclear {said!r}")
    assert outcome(shared.answer(mail, said)) == "undecided"
    assert shared.shown(asked["id"])["state"] == "pending"
    help_mail = shared.mail(ALICE, f"Unclear {said!r}", count=2)
    assert help_mail["Auto-Submitted"] == "auto-replied"
    assert "Approve" in text_of(help_mail)
    assert outcome(shared.answer(help_mail, "Approve then")) == "decision"


def test_what_does_not_come_from_the_asked_person_decides_nothing_and_is_answered_to_nobody(
    shared: Service,
) -> None:
    asked = shared.request(ALICE, BOB, title="Forgeries")
    mail, other = shared.mail(ALICE, "Forgeries"), shared.mail(BOB, "Forgeries")
    forged = reference_of(mail)[:-4] + "AAAA"
    assert outcome(shared.answer(mail, "Approve", From="eve@corp.example")) == "unauthenticated"
    assert outcome(shared.answer(mail, "Approve", From=BOB)) == "unauthenticated"
    assert outcome(shared.answer(mail, "Approve", In_Reply_To=str(other["Message-ID"]))) == "unauthenticated"
    assert outcome(shared.answer(mail, "Approve", From=f"{ALICE}, {BOB}")) == "unauthenticated"
    shared.deliver(reply(mail, layout_same_line("Approve", "", forged), In_Reply_To=""))
    assert outcome(shared.process_now()) == "unauthenticated"
    assert outcome(shared.answer(mail, "Approve", Auto_Submitted="auto-replied")) == "auto_reply"
    shared.deliver(reply(mail, "Approve", In_Reply_To="", Subject="hello"))
    assert outcome(shared.process_now()) == "unknown_reference"
    shown = shared.shown(asked["id"])
    assert (shown["state"], shown["verdicts"]) == ("pending", [])
    assert len([m for m in shared.mails() if "Forgeries" in str(m["Subject"])]) == 2
    set_aside = shared.get("/v1/quarantine").body["items"]
    assert [q["outcome"] for q in set_aside] == ["unauthenticated"] * 5
    assert len(shown["replies"]) >= 4
    assert shared.waiting() == 0


def test_the_first_decision_stands_and_latecomers_are_told(shared: Service) -> None:
    asked = shared.request(ALICE, BOB, title="Late")
    first, second = shared.mail(ALICE, "Late"), shared.mail(BOB, "Late")
    shared.answer(first, "Approve go ahead")
    assert "Your approval is recorded" in text_of(shared.mail(ALICE, "Late", count=2))
    assert outcome(shared.answer(second, "Reject no")) == "late"
    told = text_of(until(lambda: _with(shared, BOB, "already decided"), "the answer to the late one"))
    assert ALICE in told
    shown = shared.shown(asked["id"])
    assert (shown["state"], shown["decided_by"]) == ("approved", [ALICE])
    # The same mail a second time makes no second verdict.
    assert len(shown["verdicts"]) == 1


def _with(service: Service, to: str, words: str) -> Any:
    return next((m for m in service.mails() if m["Delivered-To"] == to and words in text_of(m)), None)


def test_one_mail_makes_one_verdict_however_often_it_comes(shared: Service) -> None:
    asked = shared.request(ALICE, BOB, title="Replay", quorum="all")
    again = reply(
        shared.mail(ALICE, "Replay"),
        layout_same_line("Approve", "", reference_of(shared.mail(ALICE, "Replay"))),
    )
    shared.deliver(again)
    assert outcome(shared.process_now()) == "decision"
    shared.deliver(again)
    assert outcome(shared.process_now()) == "duplicate"
    assert len(shared.shown(asked["id"])["verdicts"]) == 1


QUORUMS: list[tuple[dict[str, Any], list[tuple[str, str]], str]] = [
    ({}, [(ALICE, "Approve")], "approved"),
    ({"quorum": "any"}, [(BOB, "Reject")], "rejected"),
    ({"quorum": "all"}, [(ALICE, "Approve")], "pending"),
    ({"quorum": "all"}, [(ALICE, "Approve"), (BOB, "Approve"), (CAROL, "Approve")], "approved"),
    ({"quorum": "all"}, [(ALICE, "Approve"), (BOB, "Reject")], "rejected"),
    ({"quorum": 2}, [(ALICE, "Approve"), (BOB, "Reject")], "pending"),
    ({"quorum": 2}, [(ALICE, "Approve"), (BOB, "Reject"), (CAROL, "Approve")], "approved"),
    ({"quorum": 2}, [(ALICE, "Reject"), (BOB, "Reject")], "rejected"),
    ({"quorum": "any", "any_reject": False}, [(ALICE, "Reject")], "pending"),
    ({"quorum": "any", "any_reject": False}, [(ALICE, "Reject"), (BOB, "Approve")], "approved"),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "answers", "state"), QUORUMS)
def test_a_quorum_decides(
    shared: Service, terms: dict[str, Any], answers: list[tuple[str, str]], state: str
) -> None:
    title = f"Quorum {QUORUMS.index((terms, answers, state))}"
    asked = shared.request(ALICE, BOB, CAROL, title=title, **terms)
    for person, said in answers:
        shared.answer(shared.mail(person, title), said)
    assert shared.shown(asked["id"])["state"] == state


def test_each_group_needs_a_voice_of_each(shared: Service) -> None:
    groups = [
        {"group": "dev", "members": [ALICE, {"address": BOB, "name": "Bob"}]},
        {"group": "ops", "members": [CAROL, DAVE]},
    ]
    asked = shared.request(*groups, title="Groups", quorum="each_group")
    shared.answer(shared.mail(BOB, "Groups"), "Approve")
    assert shared.shown(asked["id"])["state"] == "pending"
    shared.answer(shared.mail(DAVE, "Groups"), "Approve")
    assert shared.shown(asked["id"])["state"] == "approved"


def test_an_alias_speaks_for_its_approver(shared: Service) -> None:
    asked = shared.request({"address": ALICE, "aliases": ["a.smith@corp.example"]}, title="Alias")
    shared.answer(shared.mail(ALICE, "Alias"), "Approve", From="a.smith@corp.example")
    (verdict,) = shared.shown(asked["id"])["verdicts"]
    assert (verdict["approver"], verdict["by"]) == (ALICE, "a.smith@corp.example")


def test_a_requester_may_be_kept_from_approving(shared: Service) -> None:
    asked = shared.request(ALICE, BOB, title="Own request", requester=ALICE, allow_requester=False)
    assert [a["address"] for a in asked["approvers"]] == [BOB]
    alone = shared.post("/v1/approvals", {"title": "x", "approvers": [ALICE], "requester": ALICE,
                                          "allow_requester": False})  # fmt: skip
    assert alone.status == 422


def test_a_decision_is_a_cloudevent_with_all_that_led_to_it(shared: Service) -> None:
    metadata = {"build": "1742", "nested": {"list": [1, None, True]}}
    asked = shared.request(ALICE, title="Event", requester="jenkins", metadata=metadata)
    shared.answer(shared.mail(ALICE, "Event"), "Approve looks good")
    event = json.loads(until(lambda: _decision(shared, asked["id"]), "the decision in the sink's directory"))
    assert event["specversion"] == "1.0"
    assert event["type"] == "flexmaild.approval.decided.v1"
    assert event["subject"] == asked["id"]
    assert {"id", "source", "time", "datacontenttype"} <= set(event)
    data = event["data"]
    assert (data["id"], data["state"], data["metadata"]) == (asked["id"], "approved", metadata)
    (verdict,) = data["verdicts"]
    assert (verdict["by"], verdict["answer"], verdict["comment"]) == (ALICE, "approve", "looks good")
    assert verdict["proof"] == "reference"
    assert re.fullmatch(r"[0-9a-f]{64}", verdict["sha256"])
    assert verdict["at"].endswith("Z")
    assert shared.shown(asked["id"])["metadata"] == metadata


def _decision(service: Service, identifier: str) -> str:
    return next((f.read_text() for f in service.decisions.glob("*.json") if identifier in f.name), "")


def test_the_raw_reply_is_kept_and_served_by_its_digest(shared: Service) -> None:
    asked = shared.request(ALICE, title="Raw")
    sent = reply(shared.mail(ALICE, "Raw"), "Approve")
    shared.deliver(sent)
    shared.process_now()
    (seen,) = shared.shown(asked["id"])["replies"]
    raw = shared.get(f"/v1/approvals/{asked['id']}/replies/{seen['sha256']}/raw")
    assert (raw.status, raw.headers["content-type"]) == (200, "message/rfc822")
    assert raw.raw == sent
    other = shared.request(ALICE, title="Other")
    assert shared.get(f"/v1/approvals/{other['id']}/replies/{seen['sha256']}/raw").status == 404


def test_attachments_reach_the_approver_as_they_were(shared: Service) -> None:
    data = bytes(range(256)) * 50
    files = [
        {"filename": "plan.bin", "content": base64.b64encode(data).decode()},
        {
            "filename": "notes für alle.txt",
            "content": base64.b64encode(b"x").decode(),
            "content_type": "text/plain",
        },
    ]
    shared.request(ALICE, title="With files", attachments=files)
    parts = list(shared.mail(ALICE, "With files").iter_attachments())
    assert [p.get_filename() for p in parts] == ["plan.bin", "notes für alle.txt"]
    assert parts[0].get_payload(decode=True) == data


def test_cancelling_tells_those_asked_and_ends_it(shared: Service) -> None:
    asked = shared.request(ALICE, title="Cancelled one")
    mail = shared.mail(ALICE, "Cancelled one")
    cancelled = shared.post(f"/v1/approvals/{asked['id']}/cancel", {"reason": "built again"})
    assert (cancelled.status, cancelled.body["state"]) == (200, "cancelled")
    assert "built again" in text_of(shared.mail(ALICE, "Cancelled one", count=2))
    assert outcome(shared.answer(mail, "Approve")) == "late"
    assert shared.shown(asked["id"])["state"] == "cancelled"
    assert shared.post(f"/v1/approvals/{asked['id']}/cancel").status == 409


def test_a_reminder_can_be_asked_for_and_its_reference_counts(shared: Service) -> None:
    asked = shared.request(ALICE, title="Reminded")
    shared.mail(ALICE, "Reminded")
    assert shared.post(f"/v1/approvals/{asked['id']}/remind").status == 200
    shared.answer(shared.mail(ALICE, "Reminded", count=2), "Approve")
    assert shared.shown(asked["id"])["state"] == "approved"


def test_a_request_expires_and_its_answer_is_too_late(shared: Service) -> None:
    asked = shared.request(ALICE, title="Expiring", expires_in="1s")
    mail = shared.mail(ALICE, "Expiring")
    ended = shared.get(f"/v1/approvals/{asked['id']}/wait?timeout=30").body
    assert ended["state"] == "expired"
    assert outcome(shared.answer(mail, "Approve")) == "expired"
    assert (
        json.loads(until(lambda: _decision(shared, asked["id"]), "the event"))["data"]["state"] == "expired"
    )


@pytest.mark.parametrize(
    ("spelt", "seconds"), [("90s", 90), ("5m", 300), ("24h", 86400), ("7d", 604800), (3600, 3600)]
)
def test_an_expiry_may_be_spelt_in_each_unit(shared: Service, spelt: str | int, seconds: int) -> None:
    asked = shared.request(ALICE, expires_in=spelt)
    begin, end = (datetime.fromisoformat(asked[k]) for k in ("created_at", "expires_at"))
    assert (end - begin).total_seconds() == seconds


@pytest.mark.parametrize("spelt", ["1h", 3600, ["1h", 7200], []])
def test_reminders_may_be_one_or_several_or_none(shared: Service, spelt: Any) -> None:
    shared.request(ALICE, remind_after=spelt)


BAD: list[dict[str, Any]] = [
    {"approvers": []},
    {"approvers": [ALICE, ALICE.upper()]},
    {"approvers": [f"a{i}@corp.example" for i in range(10_000)]},
    {"approvers": ["nobody"]},
    {"approvers": ["a@corp.example\r\nBcc: b@corp.example"]},
    {"expires_in": "2020-01-01"},
    {"expires_in": -5},
    {"template": "nowhere"},
    {"quorum": 5},
    {"quorum": "most"},
    {"quorum": "each_group"},
    {"sinks": ["nowhere"]},
    {"title": "two\nlines"},
    {"bogus": 1},
    {"attachments": [{"filename": "x", "content": "§"}]},
    {"require": "nothing"},
]


@pytest.mark.parametrize("fault", BAD, ids=[str(b)[:40] for b in BAD])
def test_a_faulty_request_is_422_with_the_path_and_nothing_is_sent(
    shared: Service, fault: dict[str, Any]
) -> None:
    before = len(shared.get("/v1/outbox?limit=1000").body["items"])
    body = {"title": "t", "text": "x", "approvers": [ALICE]} | fault
    refused = shared.post("/v1/approvals", body)
    assert refused.status == 422
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.body
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert any(one["path"].startswith(next(iter(fault))) for one in problem["errors"]), problem
    assert len(shared.get("/v1/outbox?limit=1000").body["items"]) == before


def test_an_idempotency_key_mails_once(shared: Service) -> None:
    body = {"title": "Once", "text": "x", "approvers": [ALICE]}
    first = shared.post("/v1/approvals", body, Idempotency_Key="build-1742")
    second = shared.post("/v1/approvals", body, Idempotency_Key="build-1742")
    assert first.body["id"] == second.body["id"]
    assert shared.post("/v1/approvals", body | {"text": "y"}, Idempotency_Key="build-1742").status == 422
    shared.mail(ALICE, "Once")
    listed = shared.get("/v1/approvals?limit=1000").body["items"]
    assert [one["title"] for one in listed].count("Once") == 1


def test_waiting_ends_with_the_decision_or_the_time(shared: Service) -> None:
    asked = shared.request(ALICE, title="Awaited")
    assert shared.get(f"/v1/approvals/{asked['id']}/wait?timeout=0.2").body["state"] == "pending"
    shared.answer(shared.mail(ALICE, "Awaited"), "Reject")
    assert shared.get(f"/v1/approvals/{asked['id']}/wait?timeout=30").body["state"] == "rejected"


def bounce_of(service: Service, to: str, subject: str) -> bytes:
    """What a mail server writes when there is no such user (RFC 3464)."""
    asked = service.mail(to, subject)
    return f"""From: MAILER-DAEMON@corp.example
To: approvals@corp.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

Sorry.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.corp.example

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 no such user

--B
Content-Type: message/rfc822

Message-ID: {asked["Message-ID"]}
To: {to}

--B--
""".encode()


def test_an_approver_who_cannot_be_reached_is_told_of_by_sinks_and_status(shared: Service) -> None:
    asked = shared.request(ALICE, "gone@corp.example", title="Gone", quorum="all", metadata={"build": "7"})
    shared.deliver(bounce_of(shared, "gone@corp.example", "Gone"))
    assert outcome(shared.process_now()) == "bounce"
    shown = shared.shown(asked["id"])
    assert (shown["state"], shown["unreachable"]) == ("pending", ["gone@corp.example"])
    assert shown["quorum_reachable"] is False
    assert "5.1.1" in shown["approvers"][1]["bounced"]
    assert any(asked["id"] in warning for warning in shared.get("/v1/status").body["warnings"])
    event = json.loads(until(lambda: _decision(shared, asked["id"]), "the event in the sink's directory"))
    assert event["type"] == "flexmaild.approval.unreachable.v1"
    assert event["data"]["approver"] == "gone@corp.example"
    assert event["data"]["quorum_reachable"] is False
    assert event["data"]["metadata"] == {"build": "7"}
    assert len([m for m in shared.mails() if "Gone" in str(m["Subject"])]) == 2


def test_a_rejection_without_the_comment_it_needs_is_not_counted_as_a_decision(shared: Service) -> None:
    asked = shared.request(ALICE, title="Say why", comment_on_reject=True)
    mail = shared.mail(ALICE, "Say why")
    assert outcome(shared.answer(mail, "Reject")) == "undecided"
    assert shared.shown(asked["id"])["state"] == "pending"
    shared.mail(ALICE, "Say why", count=2)
    assert outcome(shared.answer(mail, "Reject the backup still runs")) == "decision"
    assert shared.shown(asked["id"])["state"] == "rejected"


def test_the_history_says_who_asked_and_which_rule_decided(shared: Service) -> None:
    asked = shared.request(ALICE, title="History", requester="jenkins")
    shared.answer(shared.mail(ALICE, "History"), "Approve")
    history = {entry["event"]: entry["data"] for entry in shared.shown(asked["id"])["history"]}
    assert history["requested"]["by"] == "jenkins"
    assert history["requested"]["caller"]
    assert history["verdict"]["proof"] == "reference"
    assert history["verdict"]["rule"] == "any"
    assert shared.get("/v1/audit/verify").body["ok"] is True
