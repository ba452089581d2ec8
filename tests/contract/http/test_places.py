"""How much at once: requests in work, waiting callers and readers of events, bytes of bodies. Beyond it a
caller is refused with 503 and Retry-After before its body is read, others are served, the log has one line.
"""

import json
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from flexmaild.api.limits import Limits
from tests.contract.http.conftest import Doors, socket_of
from tests.contract.http.others import answer_of, as_other, open_directory
from tests.contract.http.talk import Answer, Door, is_problem, next_answer, request, rest, taken
from tests.support.daemon import Daemon, until
from tests.support.scripted import Hold, Serving, SmtpServer
from tests.support.servers_settings import by_smtp

MIB = 1024 * 1024
ALICE = "alice@corp.test"
Start = Callable[..., Doors]
TEST_MAIL = request(b"POST /v1/test-email", b'{"to": "ann@corp.test"}')
IN_WORK = 32


@pytest.fixture
def connections() -> Iterator[ExitStack]:
    """What a test leaves open is closed before its daemon is stopped."""
    with ExitStack() as held:
        yield held


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory() as found:
        yield found


def busy(answer: Answer) -> bool:
    return is_problem(answer, 503) and int(answer.fields["retry-after"]) > 0


def sent(door: Door, held: ExitStack, raw: bytes) -> socket.socket:
    connection = held.enter_context(door.connect())
    connection.sendall(raw)
    return connection


def all_but_one(connections: list[socket.socket]) -> list[socket.socket]:
    """Where one more asks than there are places, one is refused, whichever; the others."""
    (refused,) = until(lambda: select.select(connections, [], [], 0)[0], "a refusal")
    assert busy(next_answer(refused))
    return [one for one in connections if one is not refused]


# In work.


@pytest.fixture
def hold() -> Iterator[Hold]:
    """A mail server that takes a mail only when the test says so: who asks for a test mail is in work."""
    found = Hold("250 taken")
    yield found
    found.let_go.set()


def open_to_all(daemon: Daemon, directory: Path, settings: dict[str, Any]) -> Door:
    control = {"socket": str(directory / "control.sock"), "mode": "0666"}
    daemon.write_settings({**settings, "control": control})
    daemon.client.path = directory / "control.sock"
    daemon.start()
    return Door("socket", directory / "control.sock", b"", b"", b"GET /v1/status")


def test_a_user_has_32_requests_in_work_and_others_are_served(
    daemon: Daemon, serving: Serving, hold: Hold, directory: Path, connections: ExitStack
) -> None:
    door = open_to_all(daemon, directory, by_smtp(serving(SmtpServer({"content": hold})).port))
    working = all_but_one([sent(door, connections, TEST_MAIL) for _ in range(IN_WORK + 1)])
    assert busy(door.ask(door.look))
    assert answer_of(as_other(door, door.look)).status == 200
    hold.let_go.set()
    assert [next_answer(one).status for one in working] == [200] * IN_WORK
    assert door.serves()


def test_a_user_whose_probes_hang_holds_up_no_other_users(
    daemon: Daemon, serving: Serving, hold: Hold, directory: Path, connections: ExitStack
) -> None:
    door = open_to_all(daemon, directory, by_smtp(serving(SmtpServer({"content": hold})).port))
    hanging = [sent(door, connections, TEST_MAIL) for _ in range(IN_WORK)]
    until(hold.reached.is_set, "a test mail at the server")
    assert answer_of(as_other(door, b"GET /v1/audit/verify")).status == 200
    hold.let_go.set()
    assert [next_answer(one).status for one in hanging] == [200] * IN_WORK


def test_a_connection_that_was_told_busy_may_ask_again(
    daemon: Daemon, serving: Serving, hold: Hold, connections: ExitStack
) -> None:
    """What had no body is refused without an end; once there is a place it is taken."""
    daemon.write_settings(by_smtp(serving(SmtpServer({"content": hold})).port))
    daemon.start()
    door = socket_of(daemon)
    idle = connections.enter_context(door.connect())
    working = all_but_one([sent(door, connections, TEST_MAIL) for _ in range(IN_WORK + 1)])
    idle.sendall(request(door.look))
    answer = next_answer(idle)
    assert busy(answer)
    hold.let_go.set()
    assert [next_answer(one).status for one in working] == [200] * IN_WORK
    if answer.fields.get("connection") != "close":
        idle.sendall(request(door.look))
        assert next_answer(idle).status == 200


def test_many_refusals_are_one_line_of_the_log(
    daemon: Daemon, serving: Serving, hold: Hold, connections: ExitStack
) -> None:
    daemon.write_settings(by_smtp(serving(SmtpServer({"content": hold})).port))
    daemon.start()
    door = socket_of(daemon)
    before = len(daemon.log.read_text().splitlines())
    all_but_one([sent(door, connections, TEST_MAIL) for _ in range(IN_WORK + 1)])
    crowd = [sent(door, connections, request(door.look)) for _ in range(50)]
    assert all(busy(next_answer(one)) for one in crowd)
    written = [json.loads(line) for line in daemon.log.read_text().splitlines()[before:]]
    warnings = [line for line in written if line["level"] in ("warning", "error", "critical")]
    assert len(warnings) == 1, warnings
    assert len([line for line in written if line["level"] != "debug"]) < 40, "a line for each"


# Waiting.


def wait_for(daemon: Daemon) -> bytes:
    return f"GET /v1/approvals/{daemon.request(ALICE)['id']}/wait?timeout=600".encode()


def test_who_waits_is_not_in_work(daemon: Daemon, connections: ExitStack) -> None:
    daemon.start()
    door, wait = socket_of(daemon), request(wait_for(daemon))
    taken([sent(door, connections, wait) for _ in range(2 * IN_WORK)])
    assert door.serves()


def test_a_user_who_has_all_its_waits_is_told_so_and_may_still_work(
    limited: Start, daemon: Daemon, connections: ExitStack
) -> None:
    door = limited(waiting=4, waiting_per_user=2)["socket"]
    wait = wait_for(daemon)
    waiting = all_but_one([sent(door, connections, request(wait)) for _ in range(3)])
    assert door.serves()
    assert busy(door.ask(wait))
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    assert [next_answer(one).status for one in waiting] == [200] * 2


def test_half_of_the_waits_are_left_to_others(
    limited: Start, daemon: Daemon, directory: Path, connections: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket_file = directory / "control.sock"
    real = daemon.write_settings

    def written(settings: dict[str, Any]) -> None:
        real(settings | {"control": {"socket": str(socket_file), "mode": "0666"}})

    monkeypatch.setattr(daemon, "write_settings", written)
    daemon.client.path = socket_file
    limited(waiting=4, waiting_per_user=2)
    door = Door("socket", socket_file, b"", b"", b"GET /v1/status")
    wait = wait_for(daemon)
    ours = all_but_one([sent(door, connections, request(wait)) for _ in range(3)])
    others = [as_other(door, wait) for _ in range(3)]
    refused = until(lambda: next((one for one in others if one.poll() is not None), None), "a refusal")
    assert busy(answer_of(refused))
    assert answer_of(as_other(door, door.look)).status == 200
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    assert [next_answer(one).status for one in ours] == [200] * 2
    assert [answer_of(one).status for one in others if one is not refused] == [200] * 2


@pytest.mark.parametrize("behind", [b"", request(b"GET /v1/status")])
def test_a_caller_who_goes_away_frees_its_place(
    limited: Start, daemon: Daemon, connections: ExitStack, behind: bytes
) -> None:
    """Also one who had asked for more already."""
    door = limited(waiting=2, waiting_per_user=1)["socket"]
    wait = wait_for(daemon)
    (waiting,) = all_but_one([sent(door, connections, request(wait) + behind) for _ in range(2)])
    waiting.close()
    until(lambda: door.ask(wait.replace(b"600", b"0.1")).status == 200, "a place")


def test_a_wait_that_is_over_frees_its_place(limited: Start, daemon: Daemon) -> None:
    door = limited(waiting=2, waiting_per_user=1)["socket"]
    wait = wait_for(daemon).replace(b"600", b"0.01")
    assert [door.ask(wait).status for _ in range(5)] == [200] * 5


# Bytes of bodies.

LARGE = b'{"title": "t", "approvers": ["alice@corp.test"]' + b" " * 600_000 + b"}"


def begun(door: Door, held: ExitStack) -> socket.socket:
    """All but the last byte of a large body has come."""
    connection = sent(door, held, request(b"POST /v1/approvals", LARGE)[:-1])
    taken([connection])
    return connection


def test_bodies_have_a_budget_and_are_refused_unread_beyond_it(
    limited: Start, connections: ExitStack
) -> None:
    door = limited(bodies_bytes=1_000_000)["socket"]
    first = begun(door, connections)
    second = sent(door, connections, request(b"POST /v1/approvals", LARGE)[: -len(LARGE)])
    assert busy(next_answer(second)) and rest(second) == b""
    assert door.serves()
    small = b'{"title": "t", "approvers": ["alice@corp.test"]}'
    assert door.ask(b"POST /v1/approvals", small).status == 201
    first.sendall(LARGE[-1:])
    assert next_answer(first).status == 201
    assert door.ask(b"POST /v1/approvals", LARGE).status == 201


def test_five_bodies_of_20_mib_are_not_held_at_once(limited: Start, connections: ExitStack) -> None:
    """Each takes several times its size once it is read."""
    door, length = limited()["socket"], b"Content-Length: %d" % (20 * MIB)
    head = request(
        b"POST /v1/approvals", None, b"Content-Type: application/json", length, b"Expect: 100-continue"
    )
    told = [next_answer(sent(door, connections, head)) for _ in range(5)]
    places = Limits().bodies_bytes_per_user // (20 * MIB)
    assert [answer.status for answer in told] == [100] * places + [503] * (5 - places)
    assert busy(told[-1]) and places < 5


def test_a_body_whose_sender_went_away_gives_its_bytes_back(limited: Start, connections: ExitStack) -> None:
    door = limited(bodies_bytes=1_000_000)["socket"]
    first = begun(door, connections)
    assert busy(next_answer(sent(door, connections, request(b"POST /v1/approvals", LARGE)[: -len(LARGE)])))
    first.close()
    until(lambda: door.ask(b"POST /v1/approvals", LARGE).status == 201, "room for a body")


def test_a_body_without_a_length_does_not_get_around_the_budget(
    limited: Start, connections: ExitStack
) -> None:
    """Where chunked bodies are taken at all."""
    door = limited(bodies_bytes=1_000_000)["socket"]
    begun(door, connections)
    chunked = request(
        b"POST /v1/approvals", None, b"Content-Type: application/json", b"Transfer-Encoding: chunked"
    )
    second = sent(door, connections, chunked + b"%x\r\n" % len(LARGE))
    with suppress(OSError):  # it may be refused before it has come
        second.sendall(LARGE)
    assert is_problem(next_answer(second), 411, 503)
