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
from tests.kit.house import House, until
from tests.kit.scripted import Hold, Serving, SmtpServer
from tests.kit.servers_settings import by_smtp
from tests.kit.service_manager import Manager, environment

ANNA = "anna@corp.test"


@pytest.fixture
def house(impatient: None, house: House) -> House:
    return house.start()


@contextmanager
def held(house: House) -> Iterator[None]:
    """Another program has the database, as a backup tool or a curious admin may."""
    other = sqlite3.connect(house.root / "state" / "flexmaild.db", isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def test_a_request_that_was_refused_is_not_carried_out_later_and_nobody_else_is_held_up(house: House) -> None:
    one = house.request(ANNA)["id"]
    with ThreadPoolExecutor(1) as pool, held(house):
        asked = pool.submit(house.request, ANNA, key="again")
        while not asked.done():
            assert house.call("status")["approvals"]["pending"] == 1
            assert house.show(one)["state"] == "pending"
        with pytest.raises(Refused) as refused:
            asked.result()
        assert refused.value.status == 503 and "another" in str(refused.value.document)
        assert not house.call("status")["ready"]
    until(lambda: house.call("status")["ready"] or None, "a store that can be written again")
    assert [r["id"] for r in house.call("approval.list")["items"]] == [one]
    assert house.request(ANNA, key="again")["state"] == "pending"


@pytest.mark.process
def test_a_lock_of_minutes_stops_neither_status_metrics_the_mails_under_way_nor_the_watchdog(
    house: House, serving: Serving, manager: Manager
) -> None:
    """A mail whose claim is recorded goes out, each once; the fault is an incident, and ends by itself."""
    hold = Hold("250 taken")
    server = serving(SmtpServer({"content": hold}))
    house.stop()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        metrics = f"127.0.0.1:{probe.getsockname()[1]}"
    house.write_settings(by_smtp(server.port) | {"metrics": {"listen": metrics}})
    house.start(environment(manager, WATCHDOG_USEC="1000000"))
    house.request(*(f"a{number}@corp.test" for number in range(8)))
    assert hold.reached.wait(30)
    with held(house):
        hold.let_go.set()
        until(lambda: len(server.mails) == 8, "the mails that were claimed")
        for _ in range(5):
            house.advance(60)
            while not manager.heard.empty():
                manager.heard.get()
            manager.hears("WATCHDOG=1")
            with urllib.request.urlopen(f"http://{metrics}/metrics", timeout=10) as page:
                assert b"flexmaild_incidents" in page.read()
            house.call("status")
        told = until(lambda: _told(house, "store_locked"), "the incident")
        assert told["cure"]
    until(lambda: house.call("status")["ready"] or None, "a store that can be written again")
    until(lambda: house.call("status")["outgoing"]["messages"]["queued"] == 0, "the record of what was sent")
    house.advance(300)
    house.request(ANNA)
    until(lambda: len(server.mails) == 9, "the next mail")
    assert house.process is not None and house.process.poll() is None


def _told(house: House, kind: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = house.call("status")["incidents"]
    return next((one for one in found if one["kind"] == kind), {})


def test_the_daemon_ends_in_order_while_a_transaction_hangs(house: House) -> None:
    with ThreadPoolExecutor(1) as pool, held(house):
        asked = pool.submit(house.request, ANNA)
        assert house.stop() == 0
        with pytest.raises((Refused, Unreachable)):  # as the race will have it
            asked.result()
    assert house.start().call("approval.list")["items"] == []


@pytest.mark.process
def test_the_logs_of_one_caller_hold_up_no_other(house: House) -> None:
    """Others are answered while the logs are read, packed and kept, not after it."""
    log = base64.b64encode(random.Random(1).randbytes(22 * 1024 * 1024)).decode()
    body: dict[str, Any] = {"to": [ANNA], "subject": "Logs", "text": "See the logs.", "outcome": "failure"}
    body["logs"] = [{"filename": "deploy.log", "failed": True, "content": log}]
    one, waits = house.request(ANNA)["id"], []
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        sent = pool.submit(house.call, "notification.send", body=body)
        while not sent.done():
            since = time.monotonic()
            house.request(ANNA)
            assert house.show(one)["state"] == "pending"
            waits.append(time.monotonic() - since)
        whole = time.monotonic() - began
        assert sent.result()["state"] == "queued"
    assert max(waits) < 0.75 * whole, (whole, waits)
