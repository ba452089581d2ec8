"""Handlers that answer every command with something plausible, and a bench to try a server on.

`Bench.talk` speaks raw bytes, for what no HTTP client would send.
"""

import hashlib
import http.client
import json
import socket
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flexmaild.api import openapi
from flexmaild.api.call import Answer, CommandRequest, Peer, Run
from flexmaild.api.routes import BY_COMMAND
from flexmaild.api.server import ControlServer
from flexmaild.client import Client

NOW = "2026-03-01T10:00:00Z"
APPROVAL = {
    "id": "ap-one",
    "state": "pending",
    "title": "Release 4.2",
    "created_at": NOW,
    "expires_at": NOW,
    "approvers": [{"address": "anna@example.org", "invited_at": NOW}],
    "verdicts": [
        {
            "approver": "anna@example.org",
            "by": "anna@example.org",
            "answer": "approve",
            "comment": "fine",
            "at": NOW,
            "proof": "reference",
            "sha256": "0" * 64,
        }
    ],
}
JOB = {"id": "job-1", "state": "failed", "kind": "approval_request", "target": "outgoing", "created_at": NOW}
SET_ASIDE = {"id": "q1", "at": NOW, "outcome": "unparsable", "because": "x", "size": 9, "sha256": "0" * 64}
ANSWERS: Mapping[str, Any] = {
    "events": b"id: 1\nevent: requested\ndata: {}\n\n",
    "test_email": {"to": "a@example.org", "answer": "250 Ok", "tls": "TLSv1.3", "seconds": 0.2},
    "test_incoming": {"folder": "INBOX", "messages": 3, "can_delete": True, "seconds": 0.1},
    "doctor": {"healthy": True, "steps": [{"name": "dns", "result": "ok"}]},
    "self_test": {"healthy": True, "steps": [{"name": "border", "result": "ok"}]},
    "status": {"healthy": True, "version": "1", "issues": []},
    "reload": {"reloaded": True},
    "process": {"messages": 2, "outcomes": {"decision": 2}},
    "log_level": {"level": "debug"},
    "notification.send": {"id": "job-1", "state": "queued"},
    "notification.show": JOB,
    "approval.list": {"items": [APPROVAL]},
    "quarantine.list": {"items": [SET_ASIDE]},
    "quarantine.show": SET_ASIDE,
    "approval.reply": b"From: x\r\n\r\nhello\r\n",
    "quarantine.raw": b"From: x\r\n\r\nhello\r\n",
    "quarantine.release": SET_ASIDE,
    "quarantine.drop": SET_ASIDE,
    "clock.accept": {"doubted": "it was", "before": NOW, "now": NOW},
    "audit.verify": {"ok": True, "entries": 7},
    "oauth.status": {"applications": [{"name": "m", "provider": "p", "flow": "device_code", "state": "ok"}]},
    "oauth.authorize": {"id": "f1", "flow": "device_code", "message": "Go there.", "expires_in": 900},
    "oauth.progress": {"state": "pending", "id": "f1"},
    "oauth.forget": {"forgotten": True},
    "approval.request": {**APPROVAL, "warnings": []},
    **{f"approval.{verb}": APPROVAL for verb in ("show", "wait", "cancel", "remind", "resend")},
    **{f"{q}.list": {"items": [JOB]} for q in ("outbox", "deliveries")},
    **{f"{q}.retry_all": {"retried": 1} for q in ("outbox", "deliveries")},
    **{
        f"{q}.{verb}": JOB
        for q in ("outbox", "deliveries")
        for verb in ("show", "retry", "hold", "release", "drop")
    },
}

# The smallest body each command that needs one takes.
BODIES: Mapping[str, Any] = {
    "test_email": {"to": "a@example.org"},
    "log_level": {"level": "debug", "for": "10m"},
    "notification.send": {"to": ["a@example.org"], "subject": "s", "text": "t"},
    "approval.request": {"title": "Release 4.2", "approvers": ["anna@example.org"]},
    "approval.resend": {"approver": "anna@example.org"},
}


def whole(given: Any, name: str) -> Any:
    """The document of that name: what is given, and of the rest what says least."""
    return _whole(given, {"$ref": f"#/components/schemas/{name}"})


def _whole(given: Any, schema: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        schema = openapi.document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if given is LEFT_OUT:
        if {"type": "null"} in schema.get("anyOf", ()):
            return None
        if "anyOf" in schema:
            return _whole(LEFT_OUT, schema["anyOf"][0])
        if "enum" in schema:
            return schema["enum"][0]
        given = {"string": NOW, "array": [], "object": {}, "boolean": False}.get(schema.get("type", ""), 0)
    if "anyOf" in schema and isinstance(given, Mapping):  # all of it, before an outline
        return _whole(given, schema["anyOf"][0])
    if isinstance(given, Mapping) and "properties" in schema:
        named = {name: _whole(given.get(name, LEFT_OUT), of) for name, of in schema["properties"].items()}
        return {**given, **named}
    if isinstance(given, list) and "items" in schema:
        return [_whole(one, schema["items"]) for one in given]
    return given


LEFT_OUT = object()


@dataclass
class FakeFile:
    """One that a caller sends."""

    data: bytes = b""

    def write(self, piece: bytes) -> None:
        self.data += piece

    def finish(self) -> Answer:
        return Answer(body={"sha256": hashlib.sha256(self.data).hexdigest(), "size": len(self.data)})

    def abandon(self) -> None: ...


@dataclass
class FakeHandlers:
    """Answers from the table; remembers the calls. `then` takes the place of an answer."""

    calls: list[tuple[str, CommandRequest]] = field(default_factory=list)
    then: dict[str, Callable[[CommandRequest], Answer]] = field(default_factory=dict)
    waits: dict[str, Callable[[CommandRequest], Awaitable[Answer]]] = field(default_factory=dict)

    def handle(self, command: str, call: CommandRequest) -> Answer:
        self.calls.append((command, call))
        if command in self.then:
            return self.then[command](call)
        return self._plausible(command)

    def receive(self, call: CommandRequest, declared: int) -> FakeFile:
        self.calls.append(("file.send", call))
        return FakeFile()

    async def wait(self, command: str, call: CommandRequest, run: Run) -> Answer:
        self.calls.append((command, call))
        if command in self.waits:
            return await self.waits[command](call)
        return self._plausible(command)

    async def stream(self, command: str, call: CommandRequest, run: Run) -> AsyncGenerator[bytes]:
        self.calls.append((command, call))
        yield self.then[command](call).body if command in self.then else ANSWERS[command]

    def _plausible(self, command: str) -> Answer:
        route, given = BY_COMMAND[command], ANSWERS[command]
        return Answer(body=whole(given, route.answer) if route.answer else given)


@dataclass
class Bench:
    """A server and what it reported."""

    server: ControlServer
    handlers: FakeHandlers
    path: Path
    requests: list[tuple[str, str, Peer]]
    crashes: list[BaseException]
    refused: list[tuple[str, str, int]]
    reported: threading.Condition

    @property
    def client(self) -> Client:
        return Client(self.path)

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        connection.connect(str(self.path))
        return connection

    def talk(self, raw: bytes) -> bytes:
        """Send the bytes, say that no more will come, and read to the end."""
        with self.connect() as connection:
            with suppress(BrokenPipeError):
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
            return drain(connection)

    def http(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """One request by the standard library's client; the body goes as it is, or as JSON."""
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = self.connect()
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, data, named)
        response = connection.getresponse()
        raw = response.read()
        connection.close()
        kind = response.headers.get_content_type()
        fields = {name.title(): value for name, value in response.headers.items()}
        return response.status, fields, json.loads(raw) if kind.endswith("json") else raw

    def wait_for_report(self, command: str) -> None:
        with self.reported:
            assert self.reported.wait_for(lambda: any(r[0] == command for r in self.requests), 20)


def drain(connection: socket.socket) -> bytes:
    found = b""
    while True:
        try:
            chunk = connection.recv(65536)
        except ConnectionResetError:
            return found
        if not chunk:
            return found
        found += chunk
