"""The stage of the figures: private servers, a daemon as its users run it, and a folder full of replies.

`servers` gives Dovecot and Postfix; `seeded` a state directory with open requests and a reply to each;
`Daemon` is the kit's daemon without its clock of tests and with the log level of a usual installation.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from pathlib import Path
from typing import Any

from tests.support.daemon import REPLIES, ROOT, Daemon, merged, text_of, until
from tests.support.dovecot import Dovecot, User
from tests.support.pki import make_pki
from tests.support.postfix import Postfix
from tests.support.servers_settings import PLAIN_IMAP

# Postfix swallows what goes to this domain, so sending to it costs what sending costs and nothing else.
SWALLOWED = "discard.test"
# Replies as mail programs send them, with history in text and HTML (bytes; testbeds of others use the same).
REPLY_BYTES = 6000
IN_MEMORY = Path("/dev/shm")
_names = itertools.count()


class BenchmarkDaemon(Daemon):
    """`flexmaild` itself; `start` waits for an answer on the control socket."""

    def write_settings(self, settings: Mapping[str, Any]) -> None:
        usual = {"log": {"level": "info"}, "approvals": {"max_pending": 100_000}}
        super().write_settings(merged(usual, settings))

    def start(self, env: Mapping[str, str] | None = None) -> BenchmarkDaemon:
        command = [sys.executable, "-m", "flexmaild", "--config", str(self.config)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, **(env or {})}
            )
        until(self._answers, f"an answer of the daemon; its log: {self.log.read_text()[-2000:]}")
        return self

    def messages(self) -> dict[str, int]:
        """How many mails of the outbox are in each state."""
        counted: dict[str, int] = self.call("status")["outgoing"]["messages"]
        return counted

    def settled(self) -> BenchmarkDaemon:
        """Wait until the outbox holds nothing that is due."""
        until(lambda: not self.messages()["queued"], "an empty outbox", 300)
        return self


@dataclass(frozen=True)
class Servers:
    """mail: where Dovecot keeps the users' folders."""

    dovecot: Dovecot
    postfix: Postfix
    mail: Path

    def outgoing(self, port: int = 0) -> dict[str, Any]:
        """Settings for sending through Postfix, or to another port."""
        port = port or self.postfix.smtp
        return {"transport": "smtp", "host": "localhost", "port": port, "starttls": False, "path": None}

    def incoming(self, user: User, port: int = 0, count: int = 10_000) -> dict[str, Any]:
        """Settings for reading this user's INBOX, unencrypted as the peers read it."""
        return {
            "transport": "imap",
            "host": "localhost",
            "port": port or self.dovecot.imap,
            "username": user.name,
            "password": user.password,
            "properties": PLAIN_IMAP,
            "starttls": False,
            "process_count": count,
            "path": None,
        }

    def fill(self, user: User, mails: Sequence[bytes]) -> None:
        """Put mails into the Maildir as a delivering server would, much faster."""
        folder = self.mail / user.name / "mails"
        for sub in ("cur", "new", "tmp"):
            (folder / sub).mkdir(parents=True, exist_ok=True)
        for number, mail in enumerate(mails):
            (folder / "new" / f"{1_700_000_000 + number}.M{number}P1.bench").write_bytes(mail)
        subprocess.run(["chown", "-R", "5000:5000", str(folder.parent)], check=True)
        os.sync()


@contextmanager
def servers(kind: str = "maildir") -> Iterator[Servers]:
    """Dovecot with folders of that kind, and Postfix; gone with everything in them at the end.

    The folders lie in memory where the machine has such a place, so that a slow disk behind Dovecot does
    not make all programs look alike.
    """
    with directory() as root, directory(IN_MEMORY if IN_MEMORY.is_dir() else None) as mail:
        pki = make_pki(root)
        mail.chmod(0o777)
        dovecot = Dovecot(pki, f"mail_location = {kind}:{mail}/%n/mails\n")
        postfix = Postfix(pki, dovecot)
        try:
            yield Servers(dovecot.start(), postfix.start(), mail)
        finally:
            postfix.remove()
            dovecot.remove()


@contextmanager
def directory(below: Path | None = None) -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="fm-bench-", dir=below))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def running(root: Path, settings: Mapping[str, Any], state: Path | None = None) -> Iterator[BenchmarkDaemon]:
    """A daemon in a new directory below `root`, on a copy of `state` where one is given."""
    home = root / f"daemon{next(_names)}"
    home.mkdir()
    if state is not None:
        shutil.copytree(state, home / "state")
    os.sync()
    daemon = BenchmarkDaemon(home, settings)
    try:
        yield daemon.start()
        daemon.stop()
    finally:
        daemon.close()


@dataclass(frozen=True)
class Seed:
    """state: a stopped daemon's state directory. replies: one to each of its open requests."""

    state: Path
    replies: list[bytes]


def seeded(root: Path, count: int, padding: int = 0) -> Seed:
    """`count` open requests, asked for over the socket, and what their approvers answer.

    padding: bytes of an attachment that each reply carries.
    """
    daemon = BenchmarkDaemon(root / "seed", {"incoming": {"enabled": False}})
    daemon.start()
    try:
        for number in range(count):
            daemon.request(f"approver{number}@{SWALLOWED}", title=f"Deploy service {number}")
        daemon.settled()
        mails = daemon.mails(kind="approval_request")
        daemon.stop()
    finally:
        daemon.close()
    assert len(mails) == count, f"{len(mails)} requests were mailed, not {count}"
    return Seed(daemon.root / "state", [reply_to(mail, padding) for mail in mails])


def reply_to(mail: EmailMessage, padding: int = 0) -> bytes:
    """Approve, in text and HTML above the quoted mail, about REPLY_BYTES long."""
    quoted = text_of(mail)
    reply = EmailMessage()
    reply["From"], reply["To"] = str(mail["To"]), str(mail["Reply-To"])
    reply["Subject"] = f"Re: {mail['Subject']}"
    reply["Date"], reply["Message-ID"] = format_datetime(localtime()), make_msgid(domain=SWALLOWED)
    reply["In-Reply-To"] = reply["References"] = str(mail["Message-ID"])
    said = "Approve\n\nLooks good to me, go ahead tonight.\n\n"
    intro = f"On Sat, 21 Nov 2026 at 10:15, {REPLIES} wrote:\n"
    reply.set_content(said + intro + "".join(f"> {line}\n" for line in quoted.splitlines()))
    rows = "".join(f"<p>{line}</p>\n" for line in (said + intro + quoted).splitlines() if line)
    reply.add_alternative(f"<html><body>{rows}</body></html>", subtype="html")
    lacking = max(0, REPLY_BYTES - len(bytes(reply)))
    page = f"<html><body>{rows}<p>{'as quoted above ' * (lacking // 16)}</p></body></html>"
    reply.get_payload(1).set_content(page, subtype="html")  # type: ignore[union-attr]
    if padding:
        reply.add_attachment(os.urandom(padding), "application", "zip", filename="log.zip")
    return reply.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def end_of(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and wait."""
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def seconds_of(work: Any, *arguments: Any) -> float:
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began
