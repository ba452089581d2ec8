"""A server that is down costs a line when it goes and one when it is back, however many mails wait."""

import json
import socket
from typing import Any

from flexmaild.client import Refused
from tests.support.daemon import Daemon, until

ALICE = "alice@corp.test"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def loud(daemon: Daemon, text: str = "") -> list[dict[str, Any]]:
    """What an operator who reads warnings and errors would see of it."""
    found = [json.loads(line) for line in daemon.log.read_text().splitlines() if line.startswith("{")]
    return [
        one
        for one in found
        if one["level"] in ("warning", "error")
        and one["event"] != "settings"
        and text in json.dumps(one)
        # Time that a test moves makes every thread look silent until its next heartbeat.
        and "heartbeat" not in one.get("said", "")
    ]


def test_an_hour_without_mail_servers_is_two_lines(daemon: Daemon) -> None:
    port = closed_port()
    place = {"host": "127.0.0.1", "port": port}
    daemon.write_settings(
        {
            "outgoing": {"transport": "smtp", "path": None, "auth_type": "none", "starttls": False, **place},
            "incoming": {"transport": "imap", "path": None, "username": "u", "password": "p" * 12, **place},
        }
    )
    text = daemon.config.read_text().replace("  path: null\n", "")
    daemon.config.write_text(text)
    daemon.start()
    for number in range(30):
        daemon.request(ALICE, key=str(number))
    for _ in range(12):
        daemon.advance(300)
        until(lambda: daemon.call("status")["outgoing"]["last_fault"], "the fault of the way out")
        _try_process(daemon)
    told = [(one["event"], one["kind"], one["subject"]) for one in loud(daemon)]
    assert sorted(told) == [
        ("incident", "mailbox_unreadable", "replies"),
        ("incident", "outgoing_failed", "outgoing"),
    ]
    shown = daemon.call("status")
    assert sum(shown["outgoing"]["messages"][state] for state in ("queued", "deferred")) == 30
    daemon.write_settings({})
    daemon.call("reload")
    daemon.request("bob@corp.test")  # it passes at once, and takes the others with it
    until(lambda: len(daemon.mails(ALICE)) == 30, "every mail")
    daemon.process_replies()
    until(lambda: daemon.call("status")["incidents"] == [], "the end of both")


def _try_process(daemon: Daemon) -> None:
    try:
        daemon.process_replies()
    except Refused as refused:
        assert "connect" in str(refused)
