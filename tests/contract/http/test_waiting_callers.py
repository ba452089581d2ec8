"""Callers who wait for a decision cost no thread each, and hold up neither mail nor others; they hear of the
decision, of a stop and of nothing else.
"""

import json
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from tests.contract.http.conftest import socket_of
from tests.contract.http.others import connected_as_other, open_directory
from tests.contract.http.talk import Door, answers, is_problem, next_answer, request, rest, taken
from tests.support.daemon import Daemon, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"
# The commands' and the probes' executors have twelve threads, made when they are needed.
EXECUTORS = 12


@pytest.fixture
def connections() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def waiting(door: Door, held: ExitStack, identifier: str, count: int = 1) -> list[socket.socket]:
    """So many who wait, and of whom the daemon knows."""
    found = [held.enter_context(door.connect()) for _ in range(count)]
    for one in found:
        one.sendall(wait_for(identifier))
    taken(found)
    assert door.serves()
    return found


def wait_for(identifier: str) -> bytes:
    return request(f"GET /v1/approvals/{identifier}/wait?timeout=600".encode())


def approve(daemon: Daemon, address: str = ALICE) -> None:
    daemon.answer(daemon.mail(address), "Approve")
    daemon.process_replies()


def states(connections: list[socket.socket]) -> set[tuple[int, str]]:
    found = [next_answer(one) for one in connections]
    return {(answer.status, json.loads(answer.body)["state"]) for answer in found}


def test_two_hundred_callers_wait_without_a_thread_each(daemon: Daemon, connections: ExitStack) -> None:
    daemon.start()
    door, asked = socket_of(daemon), daemon.request(ALICE)
    other = daemon.request(BOB)
    before = threading.active_count()
    callers = waiting(door, connections, asked["id"], 200)
    assert threading.active_count() <= before + EXECUTORS
    approve(daemon, BOB)
    assert daemon.decided(other["id"])["state"] == "approved"
    assert door.serves()
    approve(daemon)
    assert states(callers) == {(200, "approved")}
    assert threading.active_count() <= before + EXECUTORS


def test_callers_who_come_and_go_leave_nothing_behind(daemon: Daemon) -> None:
    daemon.start()
    door, asked = socket_of(daemon), daemon.request(ALICE)
    own = psutil.Process()
    before = own.num_fds()
    for _ in range(5):
        with ExitStack() as held:
            waiting(door, held, asked["id"], 100)
    # What the executors' threads have opened of the store stays.
    until(lambda: own.num_fds() <= before + 4 * EXECUTORS, "closed connections")
    approve(daemon)
    with door.connect() as late:
        late.sendall(wait_for(asked["id"]))
        assert states([late]) == {(200, "approved")}
    assert "Traceback" not in daemon.log.read_text()


def test_a_decision_that_comes_as_callers_go_away_reaches_those_who_stay(
    daemon: Daemon, connections: ExitStack
) -> None:
    daemon.start()
    door, asked = socket_of(daemon), daemon.request(ALICE)
    callers = waiting(door, connections, asked["id"], 40)
    for one in callers[::2]:
        one.close()
    approve(daemon)
    assert states(callers[1::2]) == {(200, "approved")}
    assert "Traceback" not in daemon.log.read_text()


def test_a_stop_answers_who_waits_and_closes_who_is_idle(daemon: Daemon, connections: ExitStack) -> None:
    daemon.start()
    door, asked = socket_of(daemon), daemon.request(ALICE)
    callers = waiting(door, connections, asked["id"], 20)
    idle = connections.enter_context(door.connect())
    idle.sendall(request(door.look))
    assert next_answer(idle).status == 200
    assert daemon.stop() == 0
    for one in callers:
        (answer,) = answers(rest(one))
        assert is_problem(answer, 503) and int(answer.fields["retry-after"]) > 0
        assert answer.fields["connection"] == "close"
    assert rest(idle) == b""
    assert "Traceback" not in daemon.log.read_text()


def test_a_reload_drops_no_waiting_caller_and_no_idle_connection(
    daemon: Daemon, connections: ExitStack
) -> None:
    daemon.start()
    door, asked = socket_of(daemon), daemon.request(ALICE)
    callers = waiting(door, connections, asked["id"], 20)
    idle = connections.enter_context(door.connect())
    for level in ("info", "debug"):
        daemon.write_settings({"log": {"level": level}})
        assert daemon.call("reload")["reloaded"]
    idle.sendall(request(door.look))
    assert next_answer(idle).status == 200
    approve(daemon)
    assert states(callers) == {(200, "approved")}


def test_a_request_behind_a_wait_is_answered_after_it(daemon: Daemon, connections: ExitStack) -> None:
    daemon.start()
    door, asked = socket_of(daemon), daemon.request(ALICE)
    connection = connections.enter_context(door.connect())
    connection.sendall(wait_for(asked["id"]) + request(door.look, None, b"Connection: close"))
    assert door.serves()
    approve(daemon)
    first, second = answers(rest(connection))
    assert (json.loads(first.body)["state"], second.status) == ("approved", 200)


def test_what_is_sent_behind_a_wait_is_left_with_its_sender(daemon: Daemon, connections: ExitStack) -> None:
    """Read and kept it would be the daemon's memory, for as long as the wait lasts."""
    daemon.start()
    door, asked = socket_of(daemon), daemon.request(ALICE)
    connection = connections.enter_context(door.connect())
    connection.sendall(wait_for(asked["id"]) + request(door.look))
    taken([connection])
    assert door.serves()
    connection.settimeout(1)
    with pytest.raises(TimeoutError):
        connection.sendall(request(door.look) * 100_000)
    approve(daemon)
    assert states([connection]) == {(200, "approved")}


def test_a_caller_who_leaves_much_behind_a_wait_is_not_waited_for(daemon: Daemon) -> None:
    daemon.start()
    door, asked = socket_of(daemon), daemon.request(ALICE)
    path = str(daemon.client.path)

    def taken() -> int:
        """Sockets of the daemon's, which is in this process, at its path."""
        return sum(one.laddr == path for one in psutil.Process().net_connections("unix"))

    with door.connect() as connection:
        connection.sendall(wait_for(asked["id"]) + request(door.look))
        assert door.serves()
        before = taken()
        connection.settimeout(1)
        with suppress(TimeoutError):
            connection.sendall(request(door.look) * 100_000)
    until(lambda: taken() < before, "the end of the connection")


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """A test with 2,000 connections of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory() as found:
        yield found


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.usefixtures("many_descriptors")
def test_two_thousand_callers_wait_half_of_them_one_users(
    daemon: Daemon, directory: Path, connections: ExitStack
) -> None:
    """One more of either user is refused; mail and short requests go on, within the unit's 128 tasks."""
    door = Door("socket", directory / "control.sock", b"", b"", b"GET /v1/status")
    daemon.write_settings({"control": {"socket": str(door.address), "mode": "0666"}})
    daemon.client.path = directory / "control.sock"
    daemon.start()
    assert daemon.process is not None
    process = psutil.Process(daemon.process.pid)
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    asked, other = daemon.request(ALICE), daemon.request(BOB)
    ours = waiting(door, connections, asked["id"], 1000)
    theirs = [connections.enter_context(one) for one in connected_as_other(door, 1000)]
    for one in theirs:
        one.sendall(wait_for(asked["id"]))
    taken(theirs)
    assert door.serves()
    tasks = process.num_threads() + sum(child.num_threads() for child in process.children(recursive=True))
    assert tasks < 100
    (more,) = connected_as_other(door, 1)
    for one in (connections.enter_context(more), connections.enter_context(door.connect())):
        one.sendall(wait_for(asked["id"]))
        assert is_problem(next_answer(one), 503)
    approve(daemon, BOB)
    assert daemon.show(other["id"])["state"] == "approved"
    approve(daemon)
    assert states(ours) == {(200, "approved")}
    assert {status for status, _ in states(theirs)} == {200}
