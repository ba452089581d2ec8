"""The daemon in adversity: bad reloads, wrong clocks, full and broken disks, blocked pipes, files that are traps.

Each test sets one thing wrong and holds the daemon to its promises: nothing lost, nothing doubled, nothing
silent, and work goes on by itself when the thing is right again.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flexmaild.control.client import Refused, Unreachable
from tests.kit.house import House, merged, until
from tests.kit.scripted import ImapServer, SmtpServer, Talk

ALICE, BOB = "alice@corp.test", "bob@corp.test"
HOUR = 3600.0

Serving = Callable[[Any], Any]


def by_smtp(port: int, **more: Any) -> dict[str, Any]:
    """The outgoing section for a scripted server, in place of the kit's Maildir."""
    outgoing = {
        "transport": "smtp",
        "path": None,
        "host": "127.0.0.1",
        "port": port,
        "starttls": False,
        "properties": "PROTOCOL=smtp\n"
        "mail.smtp.host=${{SMTP_HOST_NAME}}\nmail.smtp.port=${{SMTP_HOST_PORT}}\n"
        "mail.smtp.timeout=20000\n",
    }
    return {"outgoing": merged(outgoing, more)}


def by_imap(port: int, **more: Any) -> dict[str, Any]:
    incoming = {
        "transport": "imap",
        "path": None,
        "host": "127.0.0.1",
        "port": port,
        "username": "approvals",
        "password": "secret",
        "properties": "PROTOCOL=imap\n"
        "mail.imap.host=${{IMAP_HOST_NAME}}\nmail.imap.port=${{IMAP_HOST_PORT}}\n"
        "mail.imap.timeout=20000\n",
    }
    return {"incoming": merged(incoming, more)}


class Hold:
    """A behaviour that waits until the test lets go, then says its words."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.reached, self.let_go = threading.Event(), threading.Event()

    def __call__(self, talk: Talk) -> None:
        self.reached.set()
        while not self.let_go.is_set():
            talk.wait(0.01)
        talk.say(self.words)


# Reload at the worst moment.


def test_a_reload_in_the_middle_of_a_batch_sends_the_rest_at_once_by_the_new_way(
    house: House, serving: Serving
) -> None:
    """The old worker keeps only the mail in hand; what it had not begun must not wait for its lease."""
    hold = Hold("250 taken")
    old, new = serving(SmtpServer({"content": hold})), serving(SmtpServer({}))
    house.write_settings(by_smtp(old.port))
    house.start()
    house.request(*[f"a{n}@corp.test" for n in range(15)])
    assert hold.reached.wait(30)
    house.write_settings(by_smtp(new.port))
    assert house.call("reload")["reloaded"]
    hold.let_go.set()
    until(lambda: len(old.mails) + len(new.mails) >= 15 or None, "all fifteen mails")
    until(lambda: house.call("status")["outgoing"]["messages"]["done"] == 15 or None, "fifteen done jobs")
    assert len(old.mails) + len(new.mails) == 15


def test_a_part_that_a_reload_took_away_is_not_missed_by_the_watchdog(house: House, serving: Serving) -> None:
    """The old intake gives a last sign of life after it was forgotten; nobody may wait for the next."""
    hold = Hold("")
    server = serving(ImapServer({"UID FETCH": hold}, mails=(b"Subject: x\r\n\r\nx\r\n",)))
    house.write_settings(by_imap(server.port))
    house.start()
    assert hold.reached.wait(30)
    house.write_settings({"incoming": {"enabled": False, "transport": "maildir", "path": None}})
    house.call("reload")
    hold.let_go.set()
    until(lambda: any("LOGOUT" in line for line in server.heard) or None, "the end of the old intake")
    house.advance(700)
    status = house.call("status")
    assert "intake" not in status["components"]
    assert status["ready"], status["issues"]


def test_a_changed_state_directory_waits_for_the_restart_whole(house: House, tmp_path: Path) -> None:
    """Half of it (a new key for references, an old store) would make every open request worthless."""
    house.start()
    asked = house.request(ALICE)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    house.write_settings({"state_directory": str(elsewhere)})
    reloaded = house.call("reload")
    assert "state_directory" in reloaded["needs_restart"]
    house.answer(house.mail(ALICE), "Approve")
    assert house.process_replies()["outcomes"] == {"decision": 1}
    assert house.show(asked["id"])["state"] == "approved"
    assert list(elsewhere.iterdir()) == []
    assert "state_directory" in house.call("reload")["needs_restart"], "it is said as long as it is so"


def test_a_changed_log_format_is_named_as_needing_a_restart(house: House) -> None:
    house.start()
    house.write_settings({"log": {"format": "console"}})
    assert house.call("reload")["needs_restart"] == ["log.format"]


def test_reloads_more_often_than_the_interval_do_not_keep_replies_from_being_read(house: House) -> None:
    house.write_settings({"incoming": {"process_interval": "2s"}})
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve")

    def reload_and_look() -> bool:
        house.call("reload")
        return bool(house.show(asked["id"])["state"] == "approved")

    until(reload_and_look, "the decision")


@pytest.mark.parametrize("trap", ["directory", "fifo", "huge", "gone", "template", "template fifo"])
def test_a_reload_of_something_that_is_no_settings_file_is_refused_at_once(
    house: House, tmp_path: Path, trap: str
) -> None:
    house.start()
    if trap.startswith("template"):
        templates = tmp_path / "templates"
        templates.mkdir()
        house.write_settings({"notifications": {"templates": str(templates)}})
        if trap == "template":
            (templates / "approval_request.txt.j2").write_text("{% if")
        else:
            os.mkfifo(templates / "approval_request.txt.j2")
    else:
        house.config.unlink()
        if trap == "directory":
            house.config.mkdir()
        elif trap == "fifo":
            os.mkfifo(house.config)
        elif trap == "huge":
            house.config.write_text("#" * 2_000_000)
    with pytest.raises(Refused) as refused:
        house.client.call("reload", timeout=20)
    assert refused.value.status == 422
    assert "the old settings stay in force" in str(refused.value)
    assert house.call("status")["settings"]["last_reload"] == "failed"


def test_a_fifo_as_settings_file_ends_the_start_with_78(house: House) -> None:
    house.config.unlink()
    os.mkfifo(house.config)
    with pytest.raises(AssertionError, match="not a file"):
        house.start()
    assert house.process is not None
    assert house.process.wait(30) == 78


def test_a_fifo_as_secret_file_is_a_fault_and_hangs_nobody(house: House, tmp_path: Path) -> None:
    house.start()
    secret = tmp_path / "secret"
    os.mkfifo(secret, 0o600)
    settings = by_smtp(25)
    settings["outgoing"] |= {"username": "u", "password": {"file": str(secret)}}
    house.write_settings(settings)
    with pytest.raises(Refused) as refused:
        house.client.call("reload", timeout=20)
    assert str(secret) in str(refused.value)


def test_a_removed_sink_with_deliveries_waiting_is_named_and_served_when_it_is_back(house: House) -> None:
    sinks = {"sinks": {"folder": {"kind": "dropfile", "path": str(house.root / "missing")}}}
    house.write_settings(sinks)
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    until(lambda: house.call("status")["deliveries"]["folder"].get("deferred"), "a deferred delivery")
    text = house.config.read_text()
    house.config.write_text("\n".join(_without_sinks(text)))
    house.call("reload")
    issues = house.call("status")["issues"]
    assert any("folder" in issue and "no longer" in issue for issue in issues), issues
    (house.root / "missing").mkdir()
    house.write_settings(sinks)
    house.call("reload")
    house.call("deliveries.retry_all")
    until(lambda: list((house.root / "missing").glob("*.json")), "the decision file")
    assert house.call("status")["issues"] == []
    assert house.show(asked["id"])["state"] == "approved"


def _without_sinks(text: str) -> list[str]:
    import yaml

    data = yaml.safe_load(text)
    del data["sinks"]
    return [yaml.safe_dump(data)]


# Clocks.


def test_a_clock_set_back_does_not_make_a_deferred_mail_be_tried_all_the_time(
    house: House, serving: Serving
) -> None:
    server = serving(SmtpServer({"RCPT": "450 greylisted"}))
    house.write_settings(by_smtp(server.port))
    house.start()
    house.advance(6 * HOUR)
    until(lambda: "NTP" in "" or house.call("status")["ready"], "a status")
    house.advance(61)
    asked = house.request(ALICE)
    until(lambda: _tries(server) or None, "a first try")
    house.advance(-6 * HOUR)
    house.call("outbox.retry_all")
    until(lambda: _tries(server) >= 2 or None, "a try on the operator's word")
    for _ in range(60):
        house.call("status")
    jobs = house.call("outbox.list")["items"]
    assert [job["approval_id"] for job in jobs] == [asked["id"]]
    import time

    time.sleep(3)
    assert _tries(server) == 2


def _tries(server: SmtpServer) -> int:
    return sum(line.startswith("RCPT") for line in server.heard)


def test_a_clock_that_jumps_ahead_for_a_moment_gives_up_no_mail(house: House, serving: Serving) -> None:
    server = serving(SmtpServer({"RCPT": "450 greylisted"}))
    house.write_settings(by_smtp(server.port))
    house.start()
    house.request(ALICE)
    until(lambda: _tries(server) or None, "a first try")
    house.call("status")
    before = house.call("outbox.list")["items"][0]["attempt"]
    house.advance_wall(5 * 365 * 24 * HOUR)
    house.call("outbox.retry_all")
    until(lambda: _tries(server) >= 2 or None, "a second try")
    until(lambda: house.call("outbox.list")["items"][0]["attempt"] != before or None, "its end")
    assert house.call("outbox.list")["items"][0]["state"] == "deferred"
