"""By what a sender was proven is said wherever a decision is shown; nobody is asked about it at a request."""

import json
import socket
import sys
from typing import Any

import pytest

from tests.support.daemon import Daemon, reply_bytes, until
from tests.support.programs import run

ALICE, NORA = "alice@corp.test", "nora@partner.test"
FROM_OUTSIDE = b"Received: from out (out [192.0.2.7]) by mx.corp.test (Postfix) with ESMTPS id A; now\r\n"
FROM_A_USER = b"Received: from pc (pc [192.0.2.9]) by mx.corp.test (Postfix) with ESMTPSA id B; now\r\n"
OF = b"Authentication-Results: mx.corp.test; "
INTERNAL = b"X-MS-Exchange-Organization-AuthAs: Internal\r\n"
SIGNED = b"DKIM-Signature: v=1; a=rsa-sha256; d=corp.test; s=a; h=from:subject:date; b=QUJD\r\n"
BORDER = {"borders": [{"id": "mx.corp.test", "results": "above"}]}
EXCHANGE = {"exchange_online": True}


def requiring(require: str, **more: Any) -> dict[str, Any]:
    return {"incoming": {"sender_authentication": {"require": require, **more}}}


@pytest.mark.parametrize(
    ("proof", "settings", "above"),
    [
        ("dmarc", BORDER, OF + b"dmarc=pass header.from=corp.test\r\n" + FROM_OUTSIDE),
        ("dkim", BORDER, OF + b"dkim=pass header.d=corp.test\r\n" + FROM_OUTSIDE + SIGNED),
        ("auth", BORDER, OF + b"auth=pass smtp.auth=alice@corp.test\r\n" + FROM_A_USER),
        ("internal", EXCHANGE, INTERNAL + FROM_OUTSIDE),
    ],
)
def test_a_decision_names_its_proof_everywhere(
    daemon: Daemon, proof: str, settings: dict[str, Any], above: bytes
) -> None:
    daemon.write_settings(requiring("dmarc", **settings))
    daemon.start()
    identifier = daemon.request(ALICE)["id"]
    daemon.deliver(above + reply_bytes(daemon.mail(ALICE), "Approve"))
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    shown = daemon.decided(identifier)
    assert [verdict["proof"] for verdict in shown["verdicts"]] == [proof]
    assert [e["data"]["proof"] for e in shown["history"] if e["event"] == "verdict"] == [proof]
    file = until(lambda: next(daemon.decisions.glob("*.json"), None), "decision file")
    assert [verdict["proof"] for verdict in json.loads(file.read_text())["data"]["verdicts"]] == [proof]
    printed = run(
        "flexmailctl", "--socket", str(daemon.root / "control.sock"), "approval", "show", identifier
    )
    assert f" proof {proof} " in printed.stdout


def test_internal_mail_of_exchange_proves_users_of_the_own_domains_alone(daemon: Daemon) -> None:
    aliases = ["approvals@second.test"]
    daemon.write_settings(requiring("dmarc", **EXCHANGE))
    daemon.write_settings(
        {"incoming": {"reply_aliases": aliases, **requiring("dmarc", **EXCHANGE)["incoming"]}}
    )
    daemon.start()
    for address, outcome in {"x@second.test": "decision", NORA: "unauthenticated"}.items():
        daemon.request(address)
        reply = reply_bytes(daemon.mail(address), "Approve")
        daemon.deliver(FROM_OUTSIDE + reply)
        assert daemon.process_replies()["outcomes"] == {"unauthenticated": 1}
        daemon.deliver(INTERNAL + FROM_OUTSIDE + reply_bytes(daemon.mail(address), "Approve"))
        assert daemon.process_replies()["outcomes"] == {outcome: 1}


ASKED: list[tuple[str, str]] = []
"""Which names were looked up, and what was sent, while `IS_WATCHED` holds something."""
IS_WATCHED: list[bool] = []
_LOOKING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.connect")


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook (PEP 578): no question to DNS, by the C library or by dnspython, goes past it."""
    if IS_WATCHED and event in _LOOKING:
        ASKED.append((event, repr(arguments[-1] if event in _LOOKING[2:] else arguments[0])))


def test_a_request_looks_nothing_up(daemon: Daemon) -> None:
    """So a domain whose DNS says nothing holds up no request, whatever it warns of."""
    daemon.write_settings(requiring("dmarc", **BORDER, verify_dkim=True))
    daemon.start()
    sys.addaudithook(_watch)
    IS_WATCHED.append(True)
    try:
        asked = daemon.request(NORA, "x@hangs.invalid", require="dkim")
        socket.getaddrinfo("127.0.0.1", None)
    finally:
        IS_WATCHED.clear()
    assert [one["code"] for one in asked["warnings"]] == ["never_proven", "never_proven"]
    itself = ("socket.connect", repr(str(daemon.root / "control.sock")))
    assert [one for one in ASKED if one != itself] == [("socket.getaddrinfo", repr("127.0.0.1"))]
    assert itself in ASKED
