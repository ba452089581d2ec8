"""flexmaild as its users have it: two programs, a settings file, the socket, Maildirs, a metrics port.

Nothing of the package is imported here: what these tests hold on to is what pipelines and operators hold
on to. The daemon is a process; what is called once and ends is called in this one.
"""

from __future__ import annotations

import email
import email.policy
import http.client
import json
import re
import socket
import subprocess
import sysconfig
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tests.support.canary import Canary, of_file
from tests.support.process import free_ports
from tests.support.programs import run

T = TypeVar("T")
PATIENCE = 30.0
BIN = Path(sysconfig.get_path("scripts"))
REPLIES = "approvals@corp.example"
GUARD = "******* Please DO NOT modify below this line. *******"
REFERENCE = re.compile(r"^Reference (FM1-[A-Z2-7]{45})$", re.MULTILINE)


def until(look: Callable[[], T | None], what: str) -> T:
    """What `look` finds, once it finds something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"never came: {what}")


def flexmaild(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return run("flexmaild", *arguments, **more)


def as_process(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [BIN / program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)


@dataclass(frozen=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))


class Service:
    """A daemon with a mailbox of its own; settings are laid over the least that works, section by section."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sent, self.inbox, self.decisions = root / "sent", root / "inbox", root / "decisions"
        self.socket, self.config, self.log = root / "control.sock", root / "flexmaild.yaml", root / "log"
        (self.metrics_port,) = free_ports(1)
        self.decisions.mkdir()
        for part in ("tmp", "new", "cur"):
            (self.inbox / part).mkdir(parents=True)
        self.process: subprocess.Popen[bytes] | None = None
        self.canary = Canary()
        self._delivered = 0

    def write(self, **sections: Any) -> None:
        settings: dict[str, Any] = {
            "outgoing": {"transport": "maildir", "path": str(self.sent), "from_address": REPLIES},
            "incoming": {
                "enabled": True, "transport": "maildir", "path": str(self.inbox), "process_interval": 60,
            },
            "notifications": {},
            "approvals": {},
            "sinks": {"folder": {"kind": "dropfile", "path": str(self.decisions)}},
            "control": {"socket": str(self.socket)},
            "metrics": {"listen": f"127.0.0.1:{self.metrics_port}"},
            "state_directory": str(self.root / "state"),
            "log": {"level": "debug", "format": "json"},
        }  # fmt: skip
        for name, section in sections.items():
            both = isinstance(section, dict) and isinstance(settings.get(name), dict)
            settings[name] = {**settings[name], **section} if both else section
        self.config.write_text(yaml.safe_dump(settings))
        self.config.chmod(0o600)
        self.canary.know_settings(of_file(self.config))

    def start(self, **sections: Any) -> Service:
        """With these settings; where it runs already, by a reload."""
        self.write(**sections)
        if self.process is not None:
            answered = self.post("/v1/reload")
            assert answered.status == 200, answered.raw
            return self
        with self.log.open("ab") as log:
            command = [BIN / "flexmaild", "--config", self.config]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._answers, "an answer on the socket")
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        try:
            return self.get("/v1/status").status == 200
        except OSError:
            return False

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        for mail in self.mails():
            self.canary.know_mail(mail.as_bytes())
        self.canary.look(self.log, self.decisions, self.root / "state")

    # What programs do.

    def ctl(self, *arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
        ran = run("flexmailctl", "--socket", self.socket, *arguments, **more)
        self.canary.shown(f"flexmailctl {' '.join(map(str, arguments[:2]))}", ran.stderr)
        return ran

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answered:
        """`body` as JSON, or as it is where it is bytes; _ in names of headers stands for -."""
        connection = _UnixConnection(self.socket)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            fields = {"Content-Type": "application/json"} if data is not None else {}
            fields |= {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, data, fields)
            response = connection.getresponse()
            fields = {k.lower(): v for k, v in response.getheaders()}
            answered = Answered(response.status, fields, response.read())
            if "json" in fields.get("content-type", ""):
                self.canary.answered(f"{method} {path}", answered.body)
            return answered
        finally:
            connection.close()

    def get(self, path: str) -> Answered:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> Answered:
        return self.ask("POST", path, body, **headers)

    def request(self, *approvers: Any, **more: Any) -> dict[str, Any]:
        body = {
            "title": "Deploy billing 4.2",
            "text": "All tests passed.",
            "approvers": list(approvers),
        } | more
        answered = self.post("/v1/approvals", body)
        assert answered.status == 201, answered.raw
        found: dict[str, Any] = answered.body
        return found

    def shown(self, identifier: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/v1/approvals/{identifier}").body
        return found

    def process_now(self) -> dict[str, Any]:
        answered = self.post("/v1/process")
        assert answered.status == 200, answered.raw
        found: dict[str, Any] = answered.body
        return found

    def metrics(self) -> str:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=PATIENCE
        ) as page:
            text: str = page.read().decode()
        self.canary.shown("metrics", text)
        return text

    # What people see and do.

    def mails(self) -> list[EmailMessage]:
        new = self.sent / "new"
        files = sorted(new.iterdir()) if new.is_dir() else []
        return [_parsed(file.read_bytes()) for file in files]

    def mail(self, to: str, subject: str = "", count: int = 1) -> EmailMessage:
        """The newest mail that was put into this person's hands, once there are `count` of them."""

        def look() -> EmailMessage | None:
            found = [m for m in self.mails() if m["Delivered-To"] == to and subject in str(m["Subject"])]
            return found[-1] if len(found) >= count else None

        return until(look, f"mail number {count} {subject!r} to {to}")

    def deliver(self, data: bytes) -> None:
        self._delivered += 1
        name = f"{time.time_ns() // 10**9}.M{self._delivered:06}P1.test"
        (self.inbox / "tmp" / name).write_bytes(data)
        (self.inbox / "tmp" / name).rename(self.inbox / "new" / name)

    def waiting(self) -> int:
        return sum(1 for part in ("new", "cur") for _ in (self.inbox / part).iterdir())

    def answer(self, mail: EmailMessage, text: str, **headers: str) -> dict[str, Any]:
        """Reply with history, have it read, and what was made of it."""
        quoted = "".join(f"> {line}\r\n" for line in text_of(mail).splitlines())
        self.deliver(
            reply(mail, f"{text}\r\n\r\nOn Sat, 21 Nov 2026, {mail['From']} wrote:\r\n{quoted}", **headers)
        )
        return self.process_now()


def reply(mail: EmailMessage, body: str, **headers: str) -> bytes:
    """An answer to a mail with exactly this body; `headers` replace fields, "" leaves one out."""
    fields = {
        "From": str(mail["Delivered-To"]),
        "To": str(mail["Reply-To"]),
        "Subject": f"Re: {mail['Subject']}",
        "Date": email.utils.formatdate(),
        "Message-ID": email.utils.make_msgid(domain="corp.example"),
        "In-Reply-To": str(mail["Message-ID"]),
        "Content-Type": "text/plain; charset=utf-8",
        "MIME-Version": "1.0",
    }
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return (head + "\r\n" + body.replace("\r\n", "\n").replace("\n", "\r\n")).encode()


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def reference_of(mail: EmailMessage) -> str:
    found = REFERENCE.search(text_of(mail))
    assert found, text_of(mail)
    return found[1]


def _parsed(data: bytes) -> EmailMessage:
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail
