"""A server that is down costs a line when it goes and one when it is back, however many mails wait."""

import json
import socket
from typing import Any

from flexmaild.client import Refused
from tests.kit.house import House, until

ALICE = "alice@corp.test"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def loud(house: House, text: str = "") -> list[dict[str, Any]]:
    """What an operator who reads warnings and errors would see of it."""
    found = [json.loads(line) for line in house.log.read_text().splitlines() if line.startswith("{")]
    return [
        one
        for one in found
        if one["level"] in ("warning", "error")
        and one["event"] != "settings"
        and text in json.dumps(one)
        # Time that a test moves makes every thread look silent until its next sign of life.
        and "sign of life" not in one.get("said", "")
    ]


def test_an_hour_without_mail_servers_is_two_lines(house: House) -> None:
    port = closed_port()
    place = {"host": "127.0.0.1", "port": port}
    house.write_settings(
        {
            "outgoing": {"transport": "smtp", "path": None, "auth_type": "none", "starttls": False, **place},
            "incoming": {"transport": "imap", "path": None, "username": "u", "password": "p" * 12, **place},
        }
    )
    text = house.config.read_text().replace("  path: null\n", "")
    house.config.write_text(text)
    house.start()
    for number in range(30):
        house.request(ALICE, key=str(number))
    for _ in range(12):
        house.advance(300)
        until(lambda: house.call("status")["outgoing"]["last_fault"], "the fault of the way out")
        _try_process(house)
    told = [(one["event"], one["kind"], one["subject"]) for one in loud(house)]
    assert sorted(told) == [
        ("incident", "mailbox_unreadable", "replies"),
        ("incident", "outgoing_failed", "outgoing"),
    ]
    shown = house.call("status")
    assert sum(shown["outgoing"]["messages"][state] for state in ("queued", "deferred")) == 30
    house.write_settings({})
    house.call("reload")
    house.request("bob@corp.test")  # it passes at once, and takes the others with it
    until(lambda: len(house.mails(ALICE)) == 30, "every mail")
    house.process_replies()
    until(lambda: house.call("status")["incidents"] == [], "the end of both")


def _try_process(house: House) -> None:
    try:
        house.process_replies()
    except Refused as refused:
        assert "connect" in str(refused)
