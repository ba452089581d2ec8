"""The self-test and the doctor of a whole daemon behind a real Postfix with opendkim."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.borders.border import HOST, REPLIES
from tests.borders.kinds import settings as docs_of
from tests.borders.loopback import Loopback
from tests.borders.machine import MAIL_UID
from tests.support.daemon import Daemon

pytestmark = pytest.mark.servers

HARMLESS = {"as ARC-Authentication-Results", "as X-Original-Authentication-Results"}


@pytest.fixture(params=[True, False], ids=["strips", "bare"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Loopback]:
    border = Loopback(strips=request.param)
    try:
        border.start()
        # Before the daemon makes it, which runs as root here.
        for part in ("", "new", "cur", "tmp"):
            folder = border.folder / part
            folder.mkdir(exist_ok=True)
            os.chown(folder, MAIL_UID, MAIL_UID)
        yield border
    finally:
        border.remove()


@pytest.fixture
def daemon(server: Loopback, tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(tmp_path, behind(server, docs_of(server.border)))
    try:
        yield made.start()
    finally:
        made.close()


def behind(server: Loopback, proof: dict[str, Any]) -> dict[str, Any]:
    return {
        "outgoing": {
            "transport": "smtp",
            "path": None,
            "host": "127.0.0.1",
            "port": server.smtp,
            "from_address": REPLIES,
            "starttls": False,
        },
        "incoming": {"path": str(server.folder), "sender_authentication": proof},
    }


def test_what_the_self_test_says_of_each_spelling(server: Loopback, daemon: Daemon) -> None:
    found = daemon.call("self_test")
    fates = {one["name"]: one["result"] for one in found["spellings"]}
    assert len(fates) == 20
    assert {name for name, fate in fates.items() if fate == "ignored"} >= HARMLESS
    outside = found["steps"][-1]
    assert "it was handed in on the server itself (localhost)" in outside["answer"]
    if server.border.shown["/etc/postfix/main.cf"].startswith("header_checks"):
        assert {fates[name] for name in set(fates) - HARMLESS} <= {"removed", "refused"}, found
        assert found["healthy"], found
    else:
        # opendkim removes none that holds no DKIM result, and a program on the server can bring a whole hop.
        assert fates["plain"] == "set_aside", found
        assert fates["above a false Received"] == "counted", found
        assert not found["healthy"]


def test_the_doctor_names_a_wrong_id_and_proposes_what_the_docs_say(server: Loopback, daemon: Daemon) -> None:
    wrong = {"require": "dkim", "trusted_authserv_ids": ["mx.example.test"]}
    daemon.write_settings(behind(server, wrong))
    daemon.call("reload")
    for mail in server.sent:
        if mail.name in ("honest-bob", "honest-nora"):
            assert server.send(mail) == ""
    server.came(2)
    daemon.process_replies()
    found = daemon.call("doctor")
    steps = [one for one in found["steps"] if one["name"] == "border"]
    assert [one["answer"] for one in steps] == [f"mx.example.test is configured, the mails carry {HOST} (2)"]
    (proposal,) = found["proposals"]
    assert (proposal["settings"], proposal["note"]) == (f"- {{id: {HOST}, results: above}}", "")
    daemon.write_settings(behind(server, docs_of(server.border)))
    daemon.call("reload")
    found = daemon.call("doctor")
    assert [field["trusted"] for mail in found["mails"] for field in mail["fields"]] == [True, True]
