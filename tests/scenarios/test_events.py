"""GET /v1/events: the event log as a stream that can be resumed, for each caller what that one may see."""

import asyncio
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from flexmaild.api.call import CommandRequest
from flexmaild.api.handlers import events as handler
from flexmaild.api.problems import Problem
from flexmaild.client import Refused
from flexmaild.client.stream import Event
from flexmaild.system.peer_credentials import Peer
from tests.support import programs
from tests.support.daemon import Daemon, until
from tests.support.in_process import DaemonInProcess

ANNA = "anna@corp.test"
FLEXMAILCTL = [sys.executable, "-c", "from flexmaild.cli.flexmailctl import main; main()"]


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    return daemon.start()


def all_events(daemon: Daemon, **query: Any) -> list[Event]:
    return list(daemon.client.events("0", follow="false", **query))


class Reader:
    """A thread that reads the stream."""

    def __init__(self, daemon: Daemon, last: str = "", **query: Any) -> None:
        self.found: list[Event] = []
        self.ended: Exception | None = None
        self.thread = threading.Thread(target=self._read, args=(daemon, last, query), daemon=True)
        self.thread.start()

    def _read(self, daemon: Daemon, last: str, query: dict[str, Any]) -> None:
        try:
            for event in daemon.client.events(last, **query):
                self.found.append(event)
        except Exception as error:
            self.ended = error

    def names(self) -> list[str]:
        return [event.name for event in self.found]


def test_the_log_from_its_start_is_numbered_without_gaps(running: Daemon) -> None:
    asked = running.request(ANNA, title="Deploy")
    running.answer(running.mail(ANNA), "Approve ok")
    running.process_replies()
    found = all_events(running)
    assert [int(event.number) for event in found] == list(range(1, len(found) + 1))
    about = [event for event in found if event.data["request"] == asked["id"]]
    assert about[0].name == "requested" and about[-1].name == "closed"
    shown = running.show(str(asked["id"]))["history"]
    assert [(e.name, e.data["data"]) for e in about] == [(h["event"], h["data"]) for h in shown]


def test_it_goes_on_behind_the_last_event_of_the_caller(running: Daemon) -> None:
    for title in ("one", "two", "three"):
        running.request(ANNA, title=title)
    found = all_events(running)
    for at, event in enumerate(found):
        rest = list(running.client.events(event.number, follow="false"))
        assert [one.number for one in rest] == [one.number for one in found[at + 1 :]]


def test_without_a_number_only_what_is_new_is_told(running: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    running.request(ANNA, title="old")
    reader = Reader(running)
    numbers = itertools.count()

    def told() -> bool:
        running.request(ANNA, title=f"new {next(numbers)}")
        return bool(reader.found)

    until(told, "a new event")
    assert all("old" not in json.dumps(event.data) for event in reader.found)


def test_one_that_follows_hears_of_everything_once_and_in_order(running: Daemon) -> None:
    reader = Reader(running, "0")
    for number in range(30):
        running.request(ANNA, title=f"request {number}")
    expected = [event.number for event in all_events(running)]
    until(lambda: len(reader.found) >= len(expected), "all events")
    assert [event.number for event in reader.found] == expected


def test_a_log_of_many_portions_comes_whole(running: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "PORTION", 3)
    asked = [running.request(ANNA, title=f"request {number}") for number in range(10)]
    found = all_events(running)
    assert [int(event.number) for event in found] == list(range(1, len(found) + 1))
    (only,) = [e for e in all_events(running, request=asked[7]["id"]) if e.name == "requested"]
    assert only.data["request"] == asked[7]["id"]
    assert {e.name for e in all_events(running, type="requested")} == {"requested"}
    assert len(all_events(running, type="requested")) == 10


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "9" * 30])
def test_what_is_no_number_is_refused(running: Daemon, given: str) -> None:
    with pytest.raises(Refused) as refused:
        next(running.client.events(given))
    assert refused.value.status == 400


def test_a_number_that_the_log_has_not_reached_is_gone(running: Daemon) -> None:
    """The store was restored from a copy: the reader must not take old numbers for new events."""
    with pytest.raises(Refused) as refused:
        next(running.client.events("99999"))
    assert refused.value.status == 410


def test_silence_is_broken_by_comments(running: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "SILENCE_SECONDS", 0.05)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(30)
        caller.connect(str(running.client.path))
        caller.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        came = b""
        while came.count(b":\n\n") < 3:
            came += caller.recv(4096)


def test_a_stop_ends_the_stream_and_not_the_stop(running: Daemon) -> None:
    readers = [Reader(running, "0") for _ in range(20)]
    until(lambda: all(reader.found for reader in readers) or running.request(ANNA) is None, "events")
    assert running.stop() == 0
    for reader in readers:
        reader.thread.join(10)
        assert not reader.thread.is_alive()


@pytest.mark.process
@pytest.mark.slow
def test_flexmailctl_follows_over_a_restart_and_misses_nothing(daemon: Daemon) -> None:
    daemon.start()
    command = [*FLEXMAILCTL, "--socket", str(daemon.client.path), "events", "--follow", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout
        daemon.request(ANNA, title="before")
        first = json.loads(following.stdout.readline())
        daemon.kill()
        daemon.start()
        daemon.request(ANNA, title="after")
        expected = [int(event.number) for event in all_events(daemon)]
        found = [first["number"]]
        while found[-1] < expected[-1]:
            found.append(json.loads(following.stdout.readline())["number"])
        following.terminate()
    assert found == expected


def test_flexmailctl_shows_the_log_on_a_terminal(running: Daemon) -> None:
    asked = running.request(ANNA, title="Deploy")
    command = ["--socket", running.client.path, "events", "--request", str(asked["id"])]
    done = programs.run("flexmailctl", *command)
    assert done.returncode == 0
    assert f" requested {asked['id']} " in done.stdout.splitlines()[0]


def test_a_reader_that_what_was_pruned_has_overtaken_is_ended(
    running: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes back with its number and hears of the gap (410), in place of events that miss some."""
    assert isinstance(running, DaemonInProcess) and running._running
    services = running._running[0].services
    monkeypatch.setattr(handler, "PORTION", 1)
    asked = running.request(ANNA)
    running.call("approval.cancel", path={"id": asked["id"]})
    running.decided(asked["id"])
    peer = Peer(os.getuid(), os.getgid(), os.getpid(), "root", frozenset())

    async def run(function: Callable[..., Any], *given: Any) -> Any:
        return function(*given)

    async def read(number: str) -> list[bytes]:
        call = CommandRequest(peer, query={"follow": "false"}, last_event_id=number)
        return [piece async for piece in handler.stream(services, call, run)]

    async def read_slowly() -> list[bytes]:
        call = CommandRequest(peer, query={"follow": "false"}, last_event_id="0")
        reading = handler.stream(services, call, run)
        assert await anext(reading) == b":\n\n"
        assert (await anext(reading)).startswith(b"id: 1\n")
        running.advance(4000 * 86400.0)
        running.prune()
        running.request(ANNA)
        return [piece async for piece in reading]

    assert asyncio.run(read_slowly()) == []
    with pytest.raises(Problem) as gone:
        asyncio.run(read("1"))
    assert gone.value.status == 410
