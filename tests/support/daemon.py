"""A whole daemon as a process on a temporary directory, with Maildirs on both sides and a clock of our own.

Plays the people around it: reads the mails it sends, answers as mail programs do, moves time on.
"""

from __future__ import annotations

import email
import email.policy
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from flexmaild.client import Client, Refused, Reply, Unreachable
from tests.support.canary import Canary, of_file

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
REPLIES = "approvals@corp.test"


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`, sections deep."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else value
    return result


def until(look: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """Wait for what `look` finds; an AssertionError names what never came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"never came: {what}")


class _Heard(Client):
    """Every answer is looked at when the daemon is closed."""

    def __init__(self, path: Path, canary: Canary) -> None:
        super().__init__(path)
        self._canary = canary

    def call(self, command: str, **parts: Any) -> Reply:
        try:
            reply = super().call(command, **parts)
        except Refused as refused:
            self._canary.answered(command, refused.document)
            raise
        self._canary.answered(command, reply.body)
        return reply


class Daemon:
    """The daemon and its surroundings. `start` may be called again after `kill` or `stop`."""

    def __init__(self, root: Path, settings: Mapping[str, Any] | None = None) -> None:
        self.root = root
        self.sent, self.replies = root / "sent", root / "replies"
        self.decisions, self.config = root / "decisions", root / "flexmaild.yaml"
        for folder in (self.sent, self.replies):
            for sub in ("tmp", "new", "cur"):
                (folder / sub).mkdir(parents=True, exist_ok=True)
        self.decisions.mkdir(exist_ok=True)
        self._clock = root / "clock"
        self._ahead = self._wrong = 0.0
        self._is_kept = True
        self.canary = Canary()
        self.write_settings(settings or {})
        self.client: Client = _Heard(root / "control.sock", self.canary)
        # Put in front of the daemon's command.
        self.before: tuple[str, ...] = ()
        self.process: subprocess.Popen[bytes] | None = None
        self.log = root / "log"
        self._delivered = 0

    def write_settings(self, settings: Mapping[str, Any]) -> None:
        base = {
            "outgoing": {"transport": "maildir", "path": str(self.sent), "from_address": REPLIES},
            "incoming": {
                "enabled": True,
                "transport": "maildir",
                "path": str(self.replies),
                "process_interval": "1h",
                "process_count": 100,
            },
            "sinks": {"folder": {"kind": "dropfile", "path": str(self.decisions)}},
            "control": {"socket": str(self.root / "control.sock")},
            "metrics": {"listen": ""},
            "state_directory": str(self.root / "state"),
            "log": {"level": "debug", "format": "json"},
        }
        self.config.write_text(yaml.safe_dump(merged(base, settings)))
        self.config.chmod(0o600)

    def start(self, env: Mapping[str, str] | None = None) -> Daemon:
        self.canary.know_settings(of_file(self.config))
        self.begin(env)
        until(self._answers, f"an answer of the daemon; its log: {self.log.read_text()[-2000:]}")
        return self

    def begin(self, env: Mapping[str, str] | None = None) -> None:
        """Start it and do not wait for it."""
        command = [sys.executable, "-m", "tests.support.clocked", str(self.config), str(self._clock)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.before, *command],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
            )

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        try:
            return bool(self.client.call("status").body)
        except (Unreachable, Refused):
            return False

    def hang_up(self) -> None:
        """SIGHUP: a reload whose end nobody waits for."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def ended(self) -> int:
        """With which code it ended by itself."""
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.look_for_leaks()

    def look_for_leaks(self) -> None:
        """See `tests.support.canary`."""
        self.canary.know_settings(of_file(self.config))
        for mail in self.raw_mails():
            self.canary.know_mail(mail)
        self.canary.look(self.log, self.decisions, self.root / "state")

    def raw_mails(self) -> list[bytes]:
        """All that was sent."""
        new = self.sent / "new"
        return [file.read_bytes() for file in new.iterdir()] if new.is_dir() else []

    # What callers do.

    def call(self, command: str, **parts: Any) -> Any:
        return self.client.call(command, **parts).body

    def request(self, *approvers: Any, key: str = "", **body: Any) -> dict[str, Any]:
        asked = {"title": "Deploy 4.2", "text": "Tests passed.", "approvers": list(approvers)} | body
        return cast(dict[str, Any], self.call("approval.request", body=asked, idempotency_key=key))

    def show(self, identifier: str) -> dict[str, Any]:
        return cast(dict[str, Any], self.call("approval.show", path={"id": identifier}))

    def process_replies(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.call("process"))

    def advance(self, seconds: float) -> None:
        """Move both clocks on, and wait until the daemon has looked at them."""
        self._ahead += seconds
        self._write_clock()

    def jump(self, seconds: float) -> None:
        """Set the wall clock wrong by so much; the steady one goes on."""
        self._wrong = seconds
        self._write_clock()

    def keep_clock(self, is_kept: bool) -> None:
        """Whether the kernel says that something keeps the wall clock right, as it does at first."""
        self._is_kept = is_kept
        self._write_clock()

    def _write_clock(self) -> None:
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(f"{self._ahead} {self._wrong} {int(self._is_kept)}")
        fresh.replace(self._clock)

    # What people see and do.

    def mails(self, to: str = "", kind: str = "") -> list[EmailMessage]:
        """What was sent, oldest first."""
        files = sorted((self.sent / "new").iterdir(), key=lambda f: f.name)
        found = [cast(EmailMessage, _parse(f.read_bytes())) for f in files]
        return [m for m in found if to in str(m["To"]) and kind in (m["Flexmaild-Mail"] or "")]

    def mail(self, to: str, kind: str = "", count: int = 1) -> EmailMessage:
        """The newest mail to this address, once there are `count` of that kind."""

        def look() -> EmailMessage | None:
            found = self.mails(to, kind)
            return found[-1] if len(found) >= count else None

        return until(look, f"mail {kind or '(any)'} number {count} to {to}; there: {self.kinds(to)}")

    def kinds(self, to: str = "") -> list[str]:
        return [str(m["Flexmaild-Mail"]) for m in self.mails(to)]

    def answer(self, mail: EmailMessage, text: str, **header: str) -> bytes:
        """Reply to a mail as its recipient would, with history; returns the bytes put into the folder."""
        data = reply_bytes(mail, text, **header)
        self.deliver(data)
        return data

    def deliver(self, data: bytes) -> None:
        self._delivered += 1
        name = f"{time.time_ns()}.{self._delivered}.test"
        (self.replies / "tmp" / name).write_bytes(data)
        (self.replies / "tmp" / name).rename(self.replies / "new" / name)

    def waiting(self) -> int:
        return sum(1 for sub in ("new", "cur") for _ in (self.replies / sub).iterdir())

    def decided(self, identifier: str) -> dict[str, Any]:
        """The request once it is closed."""
        query = {"timeout": PATIENCE}
        shown = self.call("approval.wait", path={"id": identifier}, query=query)
        assert shown["state"] != "pending", shown
        return cast(dict[str, Any], shown)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return cast(str, cast(EmailMessage, part).get_content())


def reply_bytes(mail: EmailMessage, text: str, **header: str) -> bytes:
    """The answer above the quoted mail. `header` replaces fields (_ for -); "" leaves one out."""
    quoted = "".join(f"> {line}\n" for line in text_of(mail).splitlines())
    fields = {
        "From": str(mail["To"]),
        "To": str(mail["Reply-To"]),
        "Subject": f"Re: {mail['Subject']}",
        "Date": email.utils.format_datetime(email.utils.localtime()),
        "Message-ID": email.utils.make_msgid(domain="corp.test"),
        "In-Reply-To": str(mail["Message-ID"]),
    }
    fields |= {name.replace("_", "-"): value for name, value in header.items()}
    reply = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=998))
    for name, value in fields.items():
        if value:
            reply[name] = value
    reply.set_content(f"{text}\n\nOn Sat, 21 Nov 2026 at 10:15, {mail['From']} wrote:\n{quoted}")
    return reply.as_bytes()


def _parse(data: bytes) -> Any:
    return email.message_from_bytes(data, policy=email.policy.default)
