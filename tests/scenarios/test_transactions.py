"""While the store does not answer, what does not need it goes on; what was refused never happens."""

import base64
import random
import socket
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from flexmaild.client import Refused, Unreachable
from tests.support.daemon import Daemon, until
from tests.support.scripted import Hold, Serving, SmtpServer
from tests.support.servers_settings import by_smtp
from tests.support.service_manager import Manager, environment

ANNA = "anna@corp.test"


@pytest.fixture
def daemon(impatient: None, daemon: Daemon) -> Daemon:
    return daemon.start()


@contextmanager
def held(daemon: Daemon) -> Iterator[None]:
    """Another program has the database, as a backup tool or a curious admin may."""
    other = sqlite3.connect(daemon.root / "state" / "flexmaild.db", isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def test_a_request_that_was_refused_is_not_carried_out_later_and_nobody_else_is_held_up(
    daemon: Daemon,
) -> None:
    one = daemon.request(ANNA)["id"]
    with ThreadPoolExecutor(1) as pool, held(daemon):
        asked = pool.submit(daemon.request, ANNA, key="again")
        while not asked.done():
            assert daemon.call("status")["approvals"]["pending"] == 1
            assert daemon.show(one)["state"] == "pending"
        with pytest.raises(Refused) as refused:
            asked.result()
        assert refused.value.status == 503 and "another" in str(refused.value.document)
        assert not daemon.call("status")["ready"]
    until(lambda: daemon.call("status")["ready"] or None, "a store that can be written again")
    assert [r["id"] for r in daemon.call("approval.list")["items"]] == [one]
    assert daemon.request(ANNA, key="again")["state"] == "pending"


@pytest.mark.process
def test_a_lock_of_minutes_stops_neither_status_metrics_the_mails_under_way_nor_the_watchdog(
    daemon: Daemon, serving: Serving, manager: Manager
) -> None:
    """A mail whose claim is recorded goes out, each once; the fault is an incident, and ends by itself."""
    hold = Hold("250 taken")
    server = serving(SmtpServer({"content": hold}))
    daemon.stop()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        metrics = f"127.0.0.1:{probe.getsockname()[1]}"
    daemon.write_settings(by_smtp(server.port) | {"metrics": {"listen": metrics}})
    daemon.start(environment(manager, WATCHDOG_USEC="1000000"))
    daemon.request(*(f"a{number}@corp.test" for number in range(8)))
    assert hold.reached.wait(30)
    with held(daemon):
        hold.let_go.set()
        until(lambda: len(server.mails) == 8, "the mails that were claimed")
        for _ in range(5):
            daemon.advance(60)
            while not manager.heard.empty():
                manager.heard.get()
            manager.hears("WATCHDOG=1")
            with urllib.request.urlopen(f"http://{metrics}/metrics", timeout=10) as page:
                assert b"flexmaild_incidents" in page.read()
            daemon.call("status")
        told = until(lambda: _told(daemon, "store_locked"), "the incident")
        assert told["cure"]
    until(lambda: daemon.call("status")["ready"] or None, "a store that can be written again")
    until(lambda: daemon.call("status")["outgoing"]["messages"]["queued"] == 0, "the record of what was sent")
    daemon.advance(300)
    daemon.request(ANNA)
    until(lambda: len(server.mails) == 9, "the next mail")
    assert daemon.process is not None and daemon.process.poll() is None


def _told(daemon: Daemon, kind: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = daemon.call("status")["incidents"]
    return next((one for one in found if one["kind"] == kind), {})


def test_the_daemon_ends_in_order_while_a_transaction_hangs(daemon: Daemon) -> None:
    with ThreadPoolExecutor(1) as pool, held(daemon):
        asked = pool.submit(daemon.request, ANNA)
        assert daemon.stop() == 0
        with pytest.raises((Refused, Unreachable)):  # as the race will have it
            asked.result()
    assert daemon.start().call("approval.list")["items"] == []


@pytest.mark.process
def test_the_logs_of_one_caller_hold_up_no_other(daemon: Daemon) -> None:
    """Others are answered while the logs are read, packed and kept, not after it."""
    log = base64.b64encode(random.Random(1).randbytes(22 * 1024 * 1024)).decode()
    body: dict[str, Any] = {"to": [ANNA], "subject": "Logs", "text": "See the logs.", "outcome": "failure"}
    body["logs"] = [{"filename": "deploy.log", "failed": True, "content": log}]
    one, waits = daemon.request(ANNA)["id"], []
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        sent = pool.submit(daemon.call, "notification.send", body=body)
        while not sent.done():
            since = time.monotonic()
            daemon.request(ANNA)
            assert daemon.show(one)["state"] == "pending"
            waits.append(time.monotonic() - since)
        whole = time.monotonic() - began
        assert sent.result()["state"] == "queued"
    assert max(waits) < 0.75 * whole, (whole, waits)
