"""The daemon itself is held to openapi.json: each of its answers, good or bad, is as described."""

from pathlib import Path
from typing import Any

import pytest

from flexmaild.api.openapi import document
from flexmaild.api.routes import BY_COMMAND, COMMANDS, UNKNOWN_COMMAND
from flexmaild.client import Refused
from tests.support.daemon import Daemon, until
from tests.unit.api.schema_check import check, further

ANNA = "anna@corp.test"


class Described:
    """The daemon, every answer of which is compared with the description on its way."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.spec = daemon.call("openapi")
        self.answered: set[str] = {"openapi"}
        self.faults: list[str] = []

    def ask(self, command: str, *, body: Any = None, query: Any = None, **path: str) -> Any:
        """The answer's body, or the problem it was refused with."""
        route = BY_COMMAND[command]
        responses = self.spec["paths"][route.path][route.method.lower()]["responses"]
        try:
            with Path(__file__).open("rb") as file:
                sent = file if command == "file.send" else None
                reply = self.daemon.client.call(command, path=path, query=query, body=body, file=sent)
            shown, response = reply.body, responses[str(reply.status)]
            self.answered.add(command)
        except Refused as refused:
            shown, response = dict(refused.document), responses["default"]
        for content in response["content"].values():
            schema = content["schema"]
            faults = check(schema, shown, self.spec)
            if response is not responses["default"]:  # a problem may say more (RFC 9457 section 3.2)
                faults += further(schema, shown, self.spec)
            self.faults += [f"{command}: {fault}" for fault in faults]
        return shown


@pytest.fixture
def described(daemon: Daemon) -> Described:
    return Described(daemon.start())


def test_every_answer_of_the_daemon_is_as_described(described: Described) -> None:
    daemon, ask = described.daemon, described.ask
    assert described.spec == document()
    body = {"title": "Release 4.2", "approvers": [ANNA, {"group": "ops", "members": ["bob@corp.test"]}]}
    one = ask("approval.request", body=body | {"text": "Tests passed.", "metadata": {"build": 7}})["id"]
    daemon.answer(daemon.mail(ANNA, "approval_request"), "Approve fine")
    daemon.deliver(b"From: a@corp.test\r\nSubject: x\r\nContent-Type: multipart/mixed\r\n\r\nno boundary\r\n")
    for command in (
        "status",
        "process",
        "reload",
        "test_incoming",
        "doctor",
        "audit.verify",
        "clock.accept",
        "oauth.status",
    ):
        ask(command)
    ask("test_email", body={"to": ANNA})
    ask("file.send")
    ask("log_level", body={"level": "debug", "for": "1m"})
    assert ask("approval.wait", id=one, query={"timeout": 30})["state"] == "approved"
    ask("approval.reply", id=one, sha256=ask("approval.show", id=one)["replies"][0]["sha256"])
    two = ask("approval.request", body=body)["id"]
    ask("approval.remind", id=two)
    ask("approval.resend", id=two, body={"approver": ANNA})
    ask("approval.cancel", id=two, body={"reason": "built again"})
    ask("approval.list", query={"limit": 1})
    sent = ask("notification.send", body={"to": ANNA, "subject": "s", "text": "t"})["id"]
    ask("notification.show", id=sent)
    for queue in ("outbox", "deliveries"):
        ask(f"{queue}.retry_all")
        job = until(lambda queue=queue: ask(f"{queue}.list")["items"], f"something in {queue}")[0]["id"]
        for verb in ("show", "retry", "hold", "release", "drop"):
            ask(f"{queue}.{verb}", id=job)
    for mail in ask("quarantine.list")["items"]:
        for verb in ("show", "raw", "release", "drop"):
            ask(f"quarantine.{verb}", id=mail["id"])
    for command in BY_COMMAND:
        if "{" in BY_COMMAND[command].path:
            ask(
                command,
                id="none",
                name="none",
                sha256="none",
                body={"approver": ANNA} if "resend" in command else None,
            )
    assert described.faults == []
    # What this daemon cannot answer well: it has no OAuth application, no job that waits or failed, and what
    # it sends does not come back to it. Events are a stream.
    states = {f"{q}.{v}" for q in ("outbox", "deliveries") for v in ("retry", "hold", "release", "drop")}
    others = {"oauth.authorize", "oauth.progress", "oauth.forget", "self_test", "events", UNKNOWN_COMMAND}
    assert set(COMMANDS) - described.answered - states - others <= {
        f"quarantine.{verb}" for verb in ("show", "raw", "release", "drop")
    }
