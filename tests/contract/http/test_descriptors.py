"""Callers never take the descriptors that mail and store need: with few of them, connections are refused or
wait, and replies are read, decided and handed over.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psutil
import pytest

from tests.contract.http.conftest import socket_of, with_metrics
from tests.contract.http.talk import Door, request
from tests.support.daemon import Daemon, until

ALICE = "alice@corp.test"
DESCRIPTORS = 256

pytestmark = pytest.mark.process


@pytest.fixture
def crowd() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def press(door: Door, held: ExitStack, raw: bytes) -> list[socket.socket]:
    """Twice as many connections as the daemon has descriptors, as far as they are taken."""
    found: list[socket.socket] = []
    while len(found) < 2 * DESCRIPTORS:
        connection = held.enter_context(socket.socket(_family(door)))
        connection.settimeout(1)
        try:
            connection.connect(_address(door))
            connection.sendall(raw)
        except TimeoutError:
            break  # no more are taken, for now
        except OSError:
            pass  # refused
        found.append(connection)
    return found


def _family(door: Door) -> socket.AddressFamily:
    return socket.AF_INET if isinstance(door.address, int) else socket.AF_UNIX


def _address(door: Door) -> str | tuple[str, int]:
    return ("127.0.0.1", door.address) if isinstance(door.address, int) else str(door.address)


@pytest.mark.parametrize("kind", ["waits", "idle", "half a head", "half a body", "metrics"])
def test_a_crowd_leaves_mail_its_descriptors(daemon: Daemon, crowd: ExitStack, kind: str) -> None:
    """The reply is read by a new child, and its decision written to a file, while the crowd stands there."""
    metrics = with_metrics(daemon, incoming={"process_interval": "1s"})
    daemon.before = ("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}")
    daemon.start()
    door, asked = socket_of(daemon), daemon.request(ALICE)
    mail = daemon.mail(ALICE)
    raw = {
        "waits": request(f"GET /v1/approvals/{asked['id']}/wait?timeout=600".encode()),
        "half a head": b"GET / HTTP/1.1\r\nHost: x",
        "half a body": request(door.start, door.body)[:-1],
    }
    assert press(metrics if kind == "metrics" else door, crowd, raw.get(kind, b""))
    assert daemon.process is not None
    for child in psutil.Process(daemon.process.pid).children():
        child.kill()  # a new one needs descriptors
    daemon.answer(mail, "Approve")
    until(lambda: list(daemon.decisions.iterdir()), "the decision")
    assert len(os.listdir(f"/proc/{daemon.process.pid}/fd")) < DESCRIPTORS
    said = daemon.log.read_text()
    assert "Too many open files" not in said and "Traceback" not in said
    crowd.close()
    until(lambda: _serves(door), "an answer once the crowd is gone")
    assert daemon.show(asked["id"])["state"] == "approved"


def _serves(door: Door) -> bool:
    with suppress(OSError, ValueError):  # no connection, or one without an answer
        return door.serves()
    return False
