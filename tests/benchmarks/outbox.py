"""Mails per second through the durable outbox, beside one reused smtplib connection into the same Postfix.

The daemon composes each mail, sends it and commits how that ended; smtplib is given mails of the same size
that are composed already, and remembers nothing. Postfix throws all of them away.
"""

import smtplib
import time
from pathlib import Path

from tests.benchmarks.stage import SWALLOWED, Servers, directory, running, seconds_of, servers
from tests.benchmarks.table import ratio, show
from tests.support.daemon import REPLIES, until
from tests.support.process import free_ports

MAILS, ROUNDS = 1000, 5
TEXT = "Stage 4 of the release has finished on all hosts, its log is below.\n" * 50


def main() -> None:
    with directory() as root, servers() as hosts:
        sample = _sample(root)
        state = _accepted(hosts, root)
        rates: dict[str, list[float]] = {"flexmaild": [], "smtplib, one connection": []}
        for _ in range(ROUNDS):
            rates["smtplib, one connection"].append(MAILS / seconds_of(_smtplib, hosts, sample))
            rates["flexmaild"].append(MAILS / _flexmaild(hosts, root, state))
    show(f"{MAILS} mails of {len(sample)} bytes into Postfix", "/s", rates)
    ratio("flexmaild / smtplib", rates["flexmaild"], rates["smtplib, one connection"], ">= 1")


def _notification(number: int) -> dict[str, object]:
    to = [f"person{number}@{SWALLOWED}"]
    return {"to": to, "subject": f"Release 4.2 step {number} is done", "text": TEXT}


def _sample(root: Path) -> bytes:
    """One of the mails as it goes out."""
    with running(root, {"incoming": {"enabled": False}}) as daemon:
        daemon.call("notification.send", body=_notification(1))
        return bytes(daemon.mail(f"person1@{SWALLOWED}"))


def _accepted(hosts: Servers, root: Path) -> Path:
    """A state directory with all mails accepted and none sent: there is no server at that port yet."""
    (nobody,) = free_ports(1)
    settings = {"outgoing": hosts.outgoing(nobody), "incoming": {"enabled": False}}
    with running(root, settings) as daemon:
        for number in range(MAILS):
            daemon.call("notification.send", body=_notification(number))
    return daemon.root / "state"


def _flexmaild(hosts: Servers, root: Path, state: Path) -> float:
    """From the operator's "retry now" until the last end of a try is committed, which the journal tells; to
    ask the daemon again and again would cost half of its time."""
    settings = {"outgoing": hosts.outgoing(), "incoming": {"enabled": False}}
    with running(root, settings, state) as daemon:
        assert daemon.messages()["done"] == 0, "mails were sent before the start"
        began = time.perf_counter()
        daemon.call("outbox.retry_all")
        until(lambda: daemon.log.read_bytes().count(b'"job done"') == MAILS, "the last mail", 120)
        return time.perf_counter() - began


def _smtplib(hosts: Servers, sample: bytes) -> None:
    with smtplib.SMTP("localhost", hosts.postfix.smtp) as smtp:
        for number in range(MAILS):
            smtp.sendmail(REPLIES, [f"person{number}@{SWALLOWED}"], sample)
