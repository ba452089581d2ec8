"""A round: a day of a few requests with one fault or several, then a quiet evening, and the promises."""

import random
from pathlib import Path
from typing import Any

from tests.support.daemon import Daemon
from tests.support.day import Day
from tests.support.dovecot import Dovecot, User
from tests.support.proxy import Proxy
from tests.support.servers_settings import PLAIN_IMAP
from tests.torture.faults import Fault

REQUESTS = 8
# Of what the daemon says to an IMAP server, where the connection may break.
_CUTS = (b"SELECT", b"FETCH", b"UID FETCH", b"UID STORE", b"UID EXPUNGE", b"LOGIN", b"CAPABILITY")


# A call that every thread or process makes fails in each of them: after so many refusals somebody mends it.
_MOST_REFUSALS = 15


class Restarted:
    """Starts the daemon again, without the fault, when it has ended, as systemd does; or when it refuses all.
    has_happened: whether it came to the fault."""

    def __init__(self, daemon: Daemon, log: Path) -> None:
        self._house, self._log = daemon, log
        self._refusals = 0
        self.has_happened = False

    def __call__(self) -> None:
        self._refusals += 1
        process = self._house.process
        if process is None or process.poll() is not None or self._refusals > _MOST_REFUSALS:
            self.again()

    def again(self) -> None:
        self.has_happened = self.has_happened or Fault.has_happened(self._log)
        self._refusals = 0
        self._house.kill()
        self._house.before = ()
        self._house.start()


def with_fault(root: Path, fault: Fault, seed: int) -> bool:
    """A day with this fault; whether it came to it. Raises AssertionError where a promise is broken."""
    daemon, log = Daemon(root), root / "strace"
    restarted = Restarted(daemon, log)
    day = Day(daemon, random.Random(seed), REQUESTS, restarted)
    daemon.before = fault.command(log)
    try:
        try:
            daemon.start()
        except AssertionError:  # the fault may end the start
            restarted.again()
        day.ask_and_answer()
        day.finish()
        restarted.again()  # the fault may come while it is asked, and what it says has to be on the disk
        day.check()
    finally:
        daemon.close()
    return restarted.has_happened


def with_kills(root: Path, seed: int) -> int:
    """A day with kills at random; how many."""
    daemon = Daemon(root)
    day = Day(daemon, random.Random(seed), 5 * REQUESTS)
    daemon.start()
    try:
        day.ask_and_answer_under_kills(most=20)
        day.finish()
        day.check()
    finally:
        daemon.close()
    return day.kills


class MailboxDaemon(Daemon):
    """A daemon whose replies lie on a Dovecot, behind a line that can be cut."""

    def __init__(self, root: Path, dovecot: Dovecot, user: User, proxy: Proxy) -> None:
        self._dovecot, self._user = dovecot, user
        login = {"username": user.name, "password": user.password, "properties": PLAIN_IMAP}
        where = {"transport": "imap", "host": "localhost", "port": proxy.port, "path": None}
        super().__init__(root, {"incoming": where | login})

    def deliver(self, data: bytes) -> None:
        self._dovecot.deliver(self._user, [data])

    def waiting(self) -> int:
        return len(self._dovecot.subjects(self._user))


def with_cuts(root: Path, dovecot: Dovecot, user: User, seed: int) -> int:
    """A day on an IMAP server whose connections break off, also after it did what was asked; how many did."""
    chance, proxy = random.Random(seed), Proxy(dovecot.imap)
    daemon = MailboxDaemon(root, dovecot, user, proxy)

    def cut() -> None:
        knob = chance.choice(("cut_before", "cut_after", "cut_at"))
        value: Any = chance.randint(1, 20_000) if knob == "cut_at" else chance.choice(_CUTS)
        setattr(proxy, knob, value)

    day = Day(daemon, chance, REQUESTS, cut)
    daemon.start()
    try:
        cut()
        day.ask_and_answer()
        proxy.cut_before = proxy.cut_after = b""
        proxy.cut_at = None
        day.finish()
        day.check()
    finally:
        daemon.close()
        proxy.close()
    return proxy.cuts
