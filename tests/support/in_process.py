"""The daemon of `tests.support.daemon` in threads of the test's own process: the same parts, threads and
socket, a tenth of the time. What it cannot do is what makes a process: signals, kill -9, limits, the child
that reads.

Mails are read in the poller's thread, by the function that the child calls.
"""

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest

from flexmaild.api.limits import Limits
from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.core.work import MailsSent
from flexmaild.daemon import main, wiring
from flexmaild.engine import due
from flexmaild.engine.sandbox.child import reply_json
from flexmaild.engine.sandbox.framing import REPLY
from flexmaild.engine.sandbox.parent import RawMail, parsed_reply
from flexmaild.mail.understand.evidence import Evidence
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.observe import logs
from flexmaild.store import engine
from flexmaild.system import redaction
from flexmaild.system.clock import TrustedClock
from tests.support import programs
from tests.support.canary import of_file
from tests.support.daemon import PATIENCE, Daemon, until

# How long the poll of a start is waited for, seconds.
FIRST_POLL = 2.0


class HandClock:
    """Both clocks of the machine, moved by hand: seconds ahead, and how many more the wall clock is wrong;
    whether something keeps it right."""

    def __init__(self) -> None:
        self.ahead = self.wrong = 0.0
        self.is_kept = True

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead + self.wrong)

    def steady(self) -> float:
        return time.monotonic() + self.ahead

    def synchronised(self) -> bool:
        return self.is_kept


class ReadHere:
    """Takes the place of `engine.sandbox.parent.Sandbox`: what the child does, without the child."""

    def __init__(self, rules: Rules, on_death: Callable[[str], None], mails_sent: MailsSent) -> None:
        self._rules, self._mails_sent = rules, mails_sent

    def read(self, mails: Sequence[RawMail], beat: Callable[[], None] = lambda: None) -> list[ParsedReply]:
        readings = []
        for mail in mails:
            readings.append(self._read(mail, None))
            beat()
        return readings

    def read_with_evidence(self, mail: RawMail) -> tuple[ParsedReply, Evidence]:
        evidence = Evidence()
        return self._read(mail, evidence), evidence

    def _read(self, mail: RawMail, evidence: Evidence | None) -> ParsedReply:
        """By the way of bytes that the child's answer goes."""
        facts = mail.data, mail.size, mail.partial, mail.is_cut
        return parsed_reply(REPLY + reply_json(*facts, self._rules, self._mails_sent, evidence), mail)

    def prepare(self) -> None:
        """There is nothing to start."""

    def close(self) -> None:
        """Nor to end."""


@contextmanager
def utc() -> Iterator[None]:
    """What the daemon sets for its process."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


_patched, _entered = pytest.MonkeyPatch(), list[int]()


@contextmanager
def mails_read_here() -> Iterator[None]:
    """By the daemon and the commands that run in this process, until all who entered have left."""
    if not _entered:
        for user in ("daemon.wiring", "api.handlers.queues", "engine.replay.explain", "engine.replay.replay"):
            _patched.setattr(f"flexmaild.{user}.Sandbox", ReadHere)
    _entered.append(1)
    try:
        yield
    finally:
        _entered.pop()
        if not _entered:
            _patched.undo()


class DaemonInProcess(Daemon):
    """See the head of the file."""

    def __init__(self, root: Path, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(root, settings)
        self._hand = HandClock()
        self._running: tuple[main.Daemon, threading.Thread, queue.SimpleQueue[int]] | None = None
        self._status = 0
        self._here = ExitStack()
        # What callers of its listeners may take; None: what the daemon grants by itself.
        self.limits: Limits | None = None

    def start(self, env: Mapping[str, str] | None = None) -> Daemon:
        assert env is None, "a daemon with an environment of its own is a process"
        self._here.enter_context(mails_read_here())
        self._here.enter_context(utc())
        settings = wiring.load_settings(self.config)
        self.canary.know_settings(of_file(self.config))
        signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        file = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        known = redaction.THIS_PROCESS
        journal = logs.start(settings.log.level, settings.log.format, known, descriptor=file)
        try:
            clock = TrustedClock(self._hand)
            given = {} if self.limits is None else {"limits": self.limits}
            running = main.opened(self.config, settings, clock, signals, journal, **given)
        except BaseException:
            journal.close()
            raise

        def serve() -> None:
            self._status = running.serve()
            journal.close()
            os.close(file)

        thread = threading.Thread(target=serve, name="daemon", daemon=True)
        thread.start()
        self._running = running, thread, signals
        self.call("status")
        # The poll of the start would take a part of what the test delivers next; a server may let it hang.
        box = running.services.health.mailbox
        with suppress(AssertionError):
            until(lambda: box is None or box.last is not None, "the first poll", FIRST_POLL)
        return self

    def _write_clock(self) -> None:
        """The daemon looks at the clock before this returns."""
        self._hand.ahead, self._hand.wrong = self._ahead, self._wrong
        self._hand.is_kept = self._is_kept
        if self._running is None:
            return
        running, looked = self._running[0], threading.Event()
        running.timers.soon(lambda: due.pass_time(running.services))
        running.timers.soon(looked.set)
        assert looked.wait(PATIENCE), "the timers do not look at the clock"
        running.services.components.wake()

    def hang_up(self) -> None:
        assert self._running is not None
        self._running[2].put(signal.SIGHUP)

    def prune(self) -> None:
        """What the timers do each hour."""
        assert self._running is not None, "it does not run here"
        due.prune(self._running[0].services)

    def kill(self) -> None:
        raise AssertionError("only a process can be killed")

    def stop(self) -> int:
        assert self._running is not None, "it does not run here"
        running, _, signals = self._running
        self.canary.shown("metrics", running.services.metrics.exposition()[0].decode())
        signals.put(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        assert self._running is not None, "it does not run here"
        thread = self._running[1]
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the daemon does not stop"
        self._running = None
        self._here.close()
        return self._status

    def close(self) -> None:
        if self._running is not None:
            self.stop()
        self._here.close()  # also where a start failed
        super().close()
        assert self.process is None, "a test that starts a process is marked so"


def failed_start(config: Path) -> tuple[int, str]:
    """How a daemon ends that cannot start, and what it said: the program by its entry point, here."""
    handlers = {number: signal.getsignal(number) for number in main.ENDING_OR_RELOAD}
    shown = os.dup(2)
    with utc(), TemporaryFile() as journal:
        os.dup2(journal.fileno(), 2)
        try:
            done = programs.run("flexmaild", "--config", config, env={"NOTIFY_SOCKET": ""})
        finally:
            os.dup2(shown, 2)
            os.close(shown)
            for number, handler in handlers.items():
                signal.signal(number, handler)
        journal.seek(0)
        return done.returncode, done.stderr + journal.read().decode()


@pytest.fixture
def daemon(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Daemon]:
    """A daemon for the test, ended with it; not started yet, so that the test can write its own settings. As
    a process where the test is marked so."""
    if request.node.get_closest_marker("process"):
        made = Daemon(tmp_path)
        yield made
        made.close()
    else:
        with mails_read_here():
            made = DaemonInProcess(tmp_path)
            yield made
            made.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock of another program is waited for half a second in place of ten, by a daemon started then."""
    pragmas = [p for p in engine.PRAGMAS if not p.startswith("busy_timeout")]
    monkeypatch.setattr(engine, "PRAGMAS", (*pragmas, "busy_timeout=500"))
