"""What an administrator sees of borders and senders: self-test, doctor, quarantine show, status, warnings."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scenarios.test_life import _bounce
from tests.scenarios.test_threats import ALICE, BOB, BORDER, border
from tests.support.daemon import Daemon, reply_bytes, until

DMARC = "dmarc=pass header.from=corp.test"
ENTRY = f"- {{id: {BORDER}, results: above}}"
_RESULTS = re.compile(
    rb"^(?:\S*authentication-results) ?:.*\r?\n(?:[ \t].*\r?\n)*", re.IGNORECASE | re.MULTILINE
)


def trusting(*ids: str, **more: Any) -> dict[str, Any]:
    proof = {"require": "dmarc", "trusted_authserv_ids": list(ids)} | more
    return {"incoming": {"sender_authentication": proof}}


def self_tested(daemon: Daemon, relay: Callable[[bytes], bytes | None], pace: float = 0.0) -> dict[str, Any]:
    """The self-test, with a mail server between that makes this of each mail; None loses it. pace: seconds
    that pass between two looks at what was sent."""
    done: set[Path] = set()

    def carry() -> bool:
        for path in sorted((daemon.sent / "new").iterdir()):
            data = path.read_bytes()
            if path not in done and b"Subject: Self-test" in data:
                done.add(path)
                if (made := relay(data)) is not None:
                    daemon.deliver(made)
        daemon.advance(pace)
        return asked.done()

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(daemon.call, "self_test")
        until(carry, "the end of the self-test", 120)
        found: dict[str, Any] = asked.result()
        return found


def step(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["steps"] if one["name"] == name)


def fates(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["result"] for one in found["spellings"]}


def stripped(data: bytes) -> bytes:
    """As a border removes what senders bring along: every spelling of the field, and false hops."""
    return _RESULTS.sub(b"", re.sub(rb"^Received:.*\r?\n(?:[ \t].*\r?\n)*", b"", data, flags=re.MULTILINE))


@pytest.fixture
def checked(daemon: Daemon) -> Iterator[Daemon]:
    """A daemon that believes the border."""
    daemon.write_settings(trusting(BORDER))
    daemon.start()
    yield daemon


# self-test


def test_a_border_that_removes_nothing_is_told_which_spellings_count(checked: Daemon) -> None:
    checked.write_settings(trusting(BORDER) | {"outgoing": {"path": str(checked.replies)}})
    checked.call("reload")
    found = checked.call("self_test")
    assert (found["healthy"], step(found, "border")["result"]) == (False, "failed")
    assert "RFC 8601" in step(found, "border")["cure"]
    named = fates(found)
    assert len(named) == 20
    # Past every server a false hop is the only one, and nobody can tell.
    assert {name for name, fate in named.items() if fate == "counted"} == {"above a false Received"}
    assert (named["plain"], named["a dot behind the id"]) == ("set_aside", "set_aside")
    assert named["as ARC-Authentication-Results"] == "ignored"
    assert checked.waiting() == 0


def test_a_border_that_does_its_duty_passes_with_what_only_an_outside_mail_shows(checked: Daemon) -> None:
    def relay(data: bytes) -> bytes:
        data = re.sub(rb"Message-ID: .*", b"Message-ID: <0100018f@eu-west-1.amazonses.com>", stripped(data))
        return border(data)

    found = self_tested(checked, relay)
    assert found["healthy"], found
    assert set(fates(found).values()) == {"removed"}
    names = ["send", "arrival", "border", "authentication", "message_id", "outside"]
    assert [one["name"] for one in found["steps"]] == names
    assert "dmarc=pass (corp.test)" in step(found, "authentication")["answer"]
    assert "plus_address" in step(found, "message_id")["cure"]
    assert "only a mail from outside shows" in step(found, "outside")["answer"]
    assert f"Authentication-Results: {BORDER}" in step(found, "outside")["cure"]
    assert (
        found["fields"][0]["text"]
        == f"id {BORDER} by host {BORDER}, above its Received, dmarc=pass, trusted: yes"
    )
    assert checked.call("doctor")["steps"][-1]["answer"] == step(found, "message_id")["answer"]
    assert checked.mails(kind="unclear") == []
    checked.deliver(border(b"From: bob@partner.test\r\nSubject: hello\r\n\r\nhello\r\n"))
    checked.process_replies()
    later = step(self_tested(checked, relay), "outside")
    assert (later["result"], "the last that was checked came on" in later["answer"]) == ("ok", True)


def test_a_border_that_knows_some_spellings_only_is_told_the_others(checked: Daemon) -> None:
    exact = f"Authentication-Results: {BORDER}; ".encode()

    def relay(data: bytes) -> bytes:
        return border(b"".join(line for line in data.splitlines(True) if not line.startswith(exact)))

    found = self_tested(checked, relay)
    assert step(found, "border")["result"] == "warning"
    named = fates(found)
    assert (named["plain"], named["30 copies"], named["in capitals"]) == ("removed", "removed", "set_aside")


def test_a_spelling_that_a_server_throws_away_holds_up_nobody(checked: Daemon) -> None:
    checked.write_settings(
        trusting(BORDER) | {"incoming": trusting(BORDER)["incoming"] | {"process_count": 7}}
    )
    checked.call("reload")
    found = self_tested(checked, lambda data: None if b"\0" in data else border(stripped(data)), pace=0.5)
    named = fates(found)
    assert named.pop("a NUL behind the id") == "missing"
    assert set(named.values()) == {"removed"}
    assert (found["healthy"], step(found, "border")["result"]) == (True, "warning")


def test_a_wrong_id_is_named_as_wrong_also_where_nothing_is_removed(checked: Daemon) -> None:
    checked.write_settings(trusting("mx.wrong.test"))
    checked.call("reload")
    found = self_tested(checked, border)
    left, wrong = (one for one in found["steps"] if one["name"] == "border")
    assert left["cure"].startswith("First correct mx.wrong.test, which is wrong")
    assert wrong["answer"] == f"mx.wrong.test is configured, the mails carry {BORDER} (1)"
    assert [one["settings"] for one in found["proposals"]] == [ENTRY]
    # Also where only others' mails show it.
    checked.deliver(border(b"From: bob@partner.test\r\nSubject: x\r\n\r\nx\r\n", DMARC, "mx.other.test"))
    checked.process_replies()
    found = self_tested(checked, lambda data: data)
    _, wrong = (one for one in found["steps"] if one["name"] == "border")
    assert wrong["answer"] == "mx.wrong.test is configured, the mails carry mx.other.test (1)"
    assert [one["settings"] for one in found["proposals"]] == ["- {id: mx.other.test, results: above}"]


def test_without_a_border_the_self_test_proposes_the_one_it_saw(daemon: Daemon) -> None:
    daemon.start()
    found = self_tested(daemon, border)
    assert found["healthy"]
    assert (step(found, "border")["result"], found["spellings"]) == ("warning", [])
    assert [one["settings"] for one in found["proposals"]] == [ENTRY]


# doctor, quarantine show


def test_the_doctor_lists_what_arrived_and_its_proposal_works(daemon: Daemon) -> None:
    daemon.start()
    daemon.deliver(border(b"From: bob@partner.test\r\nSubject: hello\r\n\r\nhello\r\n", DMARC))
    daemon.deliver(b"From: eve@evil.test\r\nSubject: hello\r\n\r\nhello\r\n")
    daemon.process_replies()
    found = daemon.call("doctor")
    nothing, listed = found["mails"]
    assert (nothing["domain"], nothing["fields"], nothing["has_received"]) == ("evil.test", [], False)
    line = f"id {BORDER} by host {BORDER}, above its Received, dmarc=pass, trusted: no"
    assert [field["text"] for field in listed["fields"]] == [line]
    (proposal,) = found["proposals"]
    assert (proposal["settings"], proposal["note"]) == (ENTRY, "")
    borders = yaml.safe_load(proposal["settings"])
    daemon.write_settings({"incoming": {"sender_authentication": {"require": "dmarc", "borders": borders}}})
    daemon.call("reload")
    found = daemon.call("doctor")
    assert (found["mails"][1]["fields"][0]["trusted"], found["proposals"]) == (True, [])
    daemon.stop()
    daemon.start()
    assert daemon.call("doctor")["mails"] == found["mails"]


def test_no_reference_is_shown_and_no_strangers_syntax_is_proposed(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    reference = re.search(r"FM1-[A-Z2-7]+", str(daemon.mail(ALICE)))
    assert reference is not None
    hostile = (
        f"Authentication-Results: {reference[0]}; x={reference[0]}\r\n"
        "Authentication-Results: a}}\x1b[2J{{; dmarc=pass\r\n"
    )
    daemon.deliver(hostile.encode() + border(reply_bytes(daemon.mail(ALICE), "Approve", From=BOB)))
    daemon.process_replies()
    (aside,) = daemon.call("quarantine.list")["items"]
    for shown in (daemon.call("doctor"), daemon.call("quarantine.show", path={"id": aside["id"]})):
        assert reference[0].lower() not in str(shown).lower()
        assert "\x1b" not in str(shown)
        for proposal in shown["proposals"]:
            (entry,) = yaml.safe_load(proposal["settings"])
            assert set(entry) <= {"id", "host", "results", "submission"}
    assert daemon.show(asked["id"])["state"] == "pending"


def test_a_mail_set_aside_shows_its_fields_and_why_by_the_settings_of_now(checked: Daemon) -> None:
    checked.request(ALICE)
    checked.deliver(border(reply_bytes(checked.mail(ALICE), "Approve"), DMARC, "mail.other.test"))
    checked.process_replies()
    (aside,) = checked.call("quarantine.list")["items"]
    assert aside["because"] == (
        "the sender is not proven (dmarc is required): no field of a border; fields of mail.other.test (1)"
    )
    shown = checked.call("quarantine.show", path={"id": aside["id"]})
    assert [field["trusted"] for field in shown["results"]] == [False]
    assert [one["settings"] for one in shown["proposals"]] == ["- {id: mail.other.test, results: above}"]
    checked.write_settings(trusting(BORDER, "mail.other.test"))
    checked.call("reload")
    shown = checked.call("quarantine.show", path={"id": aside["id"]})
    assert ([field["trusted"] for field in shown["results"]], shown["proposals"]) == ([True], [])
    assert checked.call("quarantine.release", path={"id": aside["id"]})["outcome_now"] == "decision"


# border_unmatched


def test_a_border_that_no_mail_fits_is_an_incident_until_it_is_corrected(checked: Daemon) -> None:
    for number in range(20):
        assert checked.call("status")["incidents"] == []
        mail = f"From: x{number}@partner.test\r\nSubject: hello\r\n\r\nhello\r\n".encode()
        checked.deliver(border(mail, DMARC, "mail.other.test"))
        if number == 18:
            checked.process_replies()
    checked.process_replies()
    status = checked.call("status")
    (incident,) = status["incidents"]
    assert (incident["kind"], incident["subject"]) == ("border_unmatched", BORDER)
    assert incident["said"] == f"{BORDER} is configured, the mails carry mail.other.test (20)"
    assert (incident["said"] in status["issues"], status["healthy"]) == (True, False)
    doctor = checked.call("doctor")
    wrong = step(doctor, "border")
    assert (wrong["result"], wrong["answer"]) == ("failed", incident["said"])
    checked.write_settings(trusting("mail.other.test"))
    checked.call("reload")
    assert checked.call("status")["incidents"] == []


def test_strangers_fields_and_self_tests_make_no_incident(checked: Daemon) -> None:
    """A border that writes nothing into unsigned mails, and somebody who sends twenty of those."""
    received = f"Received: from out.test by {BORDER}; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    brought = "Authentication-Results: evil.test; dmarc=pass\r\n"
    for number in range(25):
        there = brought if number % 3 else ""
        lower = "Received: from a by evil.test; Sat, 21 Nov 2026 10:00:00 +0000\r\n" + brought
        mail = f"{received}X-Spam: no\r\n{there}{lower}From: x{number}@evil.test\r\nSubject: x\r\n\r\nx\r\n"
        checked.deliver(mail.encode())
    checked.process_replies()
    assert checked.call("status")["incidents"] == []


# Warnings at a request.


def codes(asked: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["code"], one["approver"]) for one in asked["warnings"]]


def test_a_request_warns_of_those_who_were_never_proven(checked: Daemon) -> None:
    first = checked.request(ALICE)
    assert codes(first) == [("never_proven", ALICE)]
    assert "no reply of theirs has come yet" in first["warnings"][0]["detail"]
    checked.deliver(reply_bytes(checked.mail(ALICE), "Approve"))
    checked.process_replies()
    again = checked.request(ALICE)
    assert codes(again) == [("never_proven", ALICE)]
    assert "their one reply was not proven by it" in again["warnings"][0]["detail"]
    checked.deliver(border(reply_bytes(checked.mail(ALICE, count=2), "Approve")))
    checked.process_replies()
    checked.stop()
    checked.start()
    assert codes(checked.request(ALICE)) == []
    assert codes(checked.request(ALICE, require="dkim")) == [("never_proven", ALICE)]
    assert codes(checked.request(ALICE, "x@partner.test", require="auth")) == [
        ("never_proven", ALICE),
        ("cannot_be_proven", "x@partner.test"),
    ]


def test_a_repeated_call_gets_the_same_warnings_and_reference_alone_none(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    assert asked["warnings"] == []
    daemon.write_settings(trusting(BORDER))
    daemon.call("reload")
    first = daemon.request(BOB, key="one")
    assert codes(first) == [("never_proven", BOB)]
    assert daemon.request(BOB, key="one") == first


def test_a_request_warns_of_a_mail_that_came_back_until_there_is_an_answer(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, BOB)
    sent = daemon.mail(ALICE)
    report = _bounce(str(sent["Message-ID"])).replace(b"no such user\n\n", b"no such user secret-words\n\n")
    daemon.deliver(report)
    assert daemon.process_replies()["outcomes"] == {"bounce": 1}
    warned = daemon.request(ALICE, BOB)
    assert codes(warned) == [("bounced_before", ALICE)]
    detail = warned["warnings"][0]["detail"]
    assert ("5.1.1" in detail, "secret-words" in detail) == (True, False)
    daemon.answer(daemon.mail(ALICE, count=2), "Approve")
    daemon.process_replies()
    assert daemon.request(ALICE)["warnings"] == []
    assert daemon.show(asked["id"])["unreachable"] == [ALICE]


# flexmaild doctor


def doctor(daemon: Daemon) -> dict[str, Any]:
    command = [sys.executable, "-m", "flexmaild", "doctor", "--json", "--config", str(daemon.config)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.stderr == b""
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if found["healthy"] else 1)
    return found


def files(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_without_a_daemon_the_doctor_lists_what_was_read_and_what_waits(checked: Daemon) -> None:
    checked.deliver(border(b"From: bob@partner.test\r\nSubject: x\r\n\r\nx\r\n", DMARC, "mail.other.test"))
    checked.process_replies()
    assert checked.stop() == 0
    checked.deliver(border(b"From: nora@partner.test\r\nSubject: x\r\n\r\nx\r\n", DMARC, "mail.other.test"))
    before = files(checked.root)
    found = doctor(checked)
    assert files(checked.root) == before
    assert [mail["outcome"] for mail in found["mails"]] == ["", "unknown_reference"]
    assert step(found, "border")["answer"] == f"{BORDER} is configured, the mails carry mail.other.test (2)"
    assert [one["mails"] for one in found["proposals"]] == [2]
    assert not found["healthy"]


def test_before_the_first_start_the_doctor_makes_nothing(daemon: Daemon) -> None:
    for part in ("new", "cur", "tmp"):
        (daemon.sent / part).rmdir()
    before = sorted(daemon.root.rglob("*"))
    found = doctor(daemon)
    assert sorted(daemon.root.rglob("*")) == before
    assert step(found, "folder")["result"] == "skipped"
    assert (step(found, "store")["result"], found["mails"]) == ("warning", [])
