"""Threads and memory of the daemon while callers wait for a decision, and what a short request takes then.

Of one user a thousand may wait; run as root, a second user makes it two thousand.
"""

import os
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.memory import resident
from tests.benchmarks.stage import BenchmarkDaemon, directory, end_of
from tests.benchmarks.table import compared, show
from tests.support.daemon import until

CROWDS = (0, 200, 2000)
ONE_USERS, ANOTHER = 1000, 54321
ASKED = 50


def main() -> None:
    threads, memory, seconds = {}, {}, {}
    with directory() as root:
        daemon = BenchmarkDaemon(root / "waiting", {"control": {"mode": "0666"}}).start()
        for directory_of_all in (root, daemon.root):
            directory_of_all.chmod(0o755)
        try:
            identifier = daemon.request("alice@corp.test")["id"]
            for size in CROWDS:
                with _waiting(daemon, identifier, size) as crowd:
                    assert daemon.process
                    name = f"{len(crowd)} callers wait"
                    threads[name] = [float(len(os.listdir(f"/proc/{daemon.process.pid}/task")))]
                    memory[name] = [resident(daemon.process.pid)]
                    seconds[name] = [_seconds_of_a_look(daemon) for _ in range(ASKED)]
        finally:
            if daemon.process:
                end_of(daemon.process)
    show("Threads", "", threads, digits=0)
    show("Memory of the daemon and its child (RSS)", "MB", memory, digits=1)
    show("GET /v1/approvals meanwhile", "s", seconds, digits=4)
    none, *_, most = threads
    compared("threads for those who wait", threads[most][0] - threads[none][0], "", "0")
    ratio = statistics.median(seconds[most]) / statistics.median(seconds[none])
    compared("a look, with and without them", ratio, "", "<= 2")


@contextmanager
def _waiting(daemon: BenchmarkDaemon, identifier: str, size: int) -> Iterator[list[socket.socket]]:
    head = f"GET /v1/approvals/{identifier}/wait?timeout=3600 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    crowd: list[socket.socket] = []
    before = _open_files(daemon)
    try:
        for number in range(size):
            if number >= ONE_USERS and os.geteuid() != 0:
                break
            crowd.append(_connected(daemon.client.path, number >= ONE_USERS))
            crowd[-1].sendall(head)
        until(lambda: _open_files(daemon) >= before + len(crowd), "all of the crowd")
        yield crowd
    finally:
        for connection in crowd:
            connection.close()
        until(lambda: _looks(daemon), "an answer behind the crowd")


def _open_files(daemon: BenchmarkDaemon) -> int:
    assert daemon.process
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def _connected(path: Path, by_another: bool) -> socket.socket:
    """The kernel remembers who connects (SO_PEERCRED), so it is enough to be another for that moment."""
    connection = socket.socket(socket.AF_UNIX)
    if by_another:
        os.seteuid(ANOTHER)
    try:
        connection.connect(str(path))
    finally:
        if by_another:
            os.seteuid(0)
    return connection


def _looks(daemon: BenchmarkDaemon) -> bool:
    return bool(daemon.call("approval.list"))


def _seconds_of_a_look(daemon: BenchmarkDaemon) -> float:
    began = time.perf_counter()
    _looks(daemon)
    return time.perf_counter() - began
