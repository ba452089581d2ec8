"""No caller holds a connection for longer than its limits: to send a head, a body or nothing, and to take
the answer.

The daemon of each test has the limit in question shortened, all others as they are: they would keep the
connection open for longer than the test waits. What takes the daemon long is no fault of the caller.
"""

import json
import select
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

from flexmaild.api.limits import Limits
from flexmaild.api.routes import BODY_WITH_FILES
from tests.contract.http.conftest import MAIL, Doors
from tests.contract.http.talk import Door, answers, dripping, is_problem, next_answer, request, rest
from tests.support.daemon import Daemon, until

SHORT = 0.4
# So long that a test that depends on it does not end.
LONG = 600.0
DOORS = pytest.mark.parametrize("name", ["socket", "metrics"])
Start = Callable[..., Doors]
ALICE = "alice@corp.test"


def timed_out(connection: socket.socket) -> bool:
    (answer,) = answers(rest(connection))
    return is_problem(answer, 408) and answer.fields["connection"] == "close"


def test_the_limits_are_those_of_the_contract() -> None:
    limits = Limits()
    each = limits.connection
    assert (each.head_bytes, each.head_seconds, each.idle_seconds) == (64 * 1024, 10, 30)
    assert (limits.body_silent_seconds, limits.body_seconds, BODY_WITH_FILES) == (10, 60, 35 * 1024 * 1024)
    assert (limits.file_silent_seconds, limits.file_seconds) == (30, 900)
    assert each.write_seconds == 30
    assert (limits.in_work_per_user, limits.waiting, limits.waiting_per_user) == (32, 2000, 1000)


# Heads.


@DOORS
def test_a_head_that_drips_is_given_up_on(limited: Start, name: str) -> None:
    """The time is for the whole of it: a byte now and then does not buy more."""
    door = limited(head_seconds=SHORT)[name]
    with door.connect() as connection:
        connection.sendall(door.look + b" HTTP/1.1\r\nX-A: ")
        with dripping(connection):
            assert timed_out(connection)
    assert door.serves()


@DOORS
@pytest.mark.parametrize("sent", [b"G", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\n\r"])
def test_a_head_that_stops_is_given_up_on(limited: Start, name: str, sent: bytes) -> None:
    door = limited(head_seconds=SHORT, idle_seconds=LONG)[name]
    with door.connect() as connection:
        connection.sendall(sent)
        assert timed_out(connection)
    assert door.serves()


@DOORS
def test_the_time_of_a_head_begins_anew_with_each_request(limited: Start, name: str) -> None:
    door = limited(head_seconds=SHORT, idle_seconds=LONG)[name]
    with door.connect() as connection:
        for _ in range(2):
            connection.sendall(request(door.look))
            assert next_answer(connection).status == 200
        connection.sendall(request(door.look)[:-2])
        assert timed_out(connection)


@DOORS
def test_empty_lines_buy_no_time(limited: Start, name: str) -> None:
    door = limited(head_seconds=SHORT, idle_seconds=SHORT)[name]
    with door.connect() as connection, dripping(connection, b"\r\n"):
        assert all(is_problem(answer, 408) for answer in answers(rest(connection)))
    assert door.serves()


# Nothing.


@DOORS
def test_a_caller_who_says_nothing_is_let_go(limited: Start, name: str) -> None:
    door = limited(head_seconds=SHORT, idle_seconds=SHORT)[name]
    with door.connect() as connection:
        assert all(is_problem(answer, 408) for answer in answers(rest(connection)))
    assert door.serves()


@DOORS
def test_a_connection_that_is_idle_after_an_answer_is_closed_without_a_word(
    limited: Start, name: str
) -> None:
    door = limited(idle_seconds=SHORT)[name]
    with door.connect() as connection:
        connection.sendall(request(door.look))
        assert next_answer(connection).status == 200
        assert rest(connection) == b""


# Bodies.


def begun(door: Door, connection: socket.socket) -> None:
    connection.sendall(request(door.start, MAIL)[: -len(MAIL)] + MAIL[:1])


def test_a_body_that_stops_is_given_up_on(limited: Start) -> None:
    door = limited(body_silent_seconds=SHORT)["socket"]
    with door.connect() as connection:
        begun(door, connection)
        assert timed_out(connection)
    assert door.serves()


def test_a_body_of_which_nothing_comes_is_given_up_on(limited: Start) -> None:
    door = limited(body_silent_seconds=SHORT)["socket"]
    with door.connect() as connection:
        connection.sendall(request(door.start, MAIL, b"Expect: 100-continue")[: -len(MAIL)])
        assert next_answer(connection).status == 100
        assert timed_out(connection)


def test_a_body_that_drips_is_given_up_on_after_its_whole_time(limited: Start) -> None:
    door = limited(body_silent_seconds=LONG, body_seconds=SHORT)["socket"]
    with door.connect() as connection:
        connection.sendall(request(door.start, b" " * 60_000)[:-60_000])
        with dripping(connection):
            assert timed_out(connection)
    assert door.serves()


def test_the_time_of_a_head_is_not_that_of_its_body(limited: Start) -> None:
    door = limited(head_seconds=SHORT, idle_seconds=SHORT, write_seconds=SHORT)["socket"]
    with door.connect() as connection, door.connect() as other:
        begun(door, connection)
        assert rest(other) is not None  # its time is over, which began later
        connection.sendall(MAIL[1:])
        assert next_answer(connection).status == 202


def test_nothing_of_a_body_that_was_given_up_on_is_the_next_request(limited: Start) -> None:
    door = limited(body_silent_seconds=SHORT)["socket"]
    with door.connect() as connection:
        begun(door, connection)
        until(lambda: select.select([connection], [], [], 0)[0], "an answer")
        with suppress(OSError):
            connection.sendall(MAIL[1:] + request(door.look))
        assert len(answers(rest(connection))) <= 1


# Answers.


@DOORS
def test_a_reader_who_does_not_take_its_answers_is_dropped(limited: Start, name: str) -> None:
    door = limited(write_seconds=SHORT)[name]
    large = b"GET /openapi.json" if name == "socket" else b"GET /metrics"
    pending = request(large) * 5000
    with door.connect() as connection:
        connection.setblocking(False)
        poll = select.poll()
        poll.register(connection, select.POLLRDHUP)

        def dropped() -> bool:
            nonlocal pending
            # Of a TCP connection that was closed behind much that is unread, only who sends on is told.
            pending = pending or request(large)
            try:
                while pending:
                    pending = pending[connection.send(pending) :]
            except BlockingIOError:
                pass  # it reads no more, for now
            except ConnectionError:
                return True
            return bool(poll.poll(0))

        until(dropped, "the end of the connection")
    assert door.serves()


# The daemon's own time.


def test_who_waits_is_not_timed_out_by_any_of_them(daemon: Daemon, limited: Start) -> None:
    """Neither idle nor late with a head: it is the daemon's turn, for as long as the caller asked."""
    door = limited(
        head_seconds=SHORT,
        idle_seconds=SHORT,
        body_silent_seconds=SHORT,
        body_seconds=SHORT,
        write_seconds=SHORT,
    )["socket"]
    asked = daemon.request(ALICE)
    with door.connect() as waiting:
        waiting.sendall(request(f"GET /v1/approvals/{asked['id']}/wait?timeout=600".encode()))
        for _ in range(3):
            with door.connect() as silent:
                rest(silent)  # each limit is over meanwhile
        daemon.answer(daemon.mail(ALICE), "Approve")
        daemon.process_replies()
        answer = next_answer(waiting)
    assert (answer.status, json.loads(answer.body)["state"]) == (200, "approved")
