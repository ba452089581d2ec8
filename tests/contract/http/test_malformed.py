"""What is not a request, or could be taken for two, is refused with a problem and its connection closed, on
the socket and on the metrics listener; nothing of it is carried out, and the next caller is served.

Among them are the inputs that a first server of its own parser took: bare line feeds, two lengths, a length
beside Transfer-Encoding, NUL in a name, folded fields.
"""

import json
import re
from collections.abc import Iterator

import pytest

from tests.contract.http.conftest import Doors
from tests.contract.http.inputs import BODY_CUT, BODY_TOO_LARGE, CUT, REFUSED, SECRET, TOO_LARGE, filled
from tests.contract.http.talk import Door, answers, is_problem, request, rest
from tests.support.daemon import Daemon

# What would follow, were the one before it shorter than its sender said.
BEHIND = request(b"POST /v1/reload", b"", b"Connection: close")


def carried_out(shared: tuple[Daemon, Doors]) -> dict[str, float]:
    """How many requests of each command but `status` succeeded, and the exceptions that nobody handled."""
    text = shared[1]["metrics"].ask(b"GET /metrics").body.decode()
    pattern = r'^(flexmaild_control_requests_total\{.*result="ok"\}|flexmaild_unhandled\S*) (\S+)$'
    found = re.findall(pattern, text, re.MULTILINE)
    return {name: float(value) for name, value in found if 'command="status"' not in name}


@pytest.fixture(autouse=True)
def unharmed(shared: tuple[Daemon, Doors]) -> Iterator[None]:
    """After each test: nothing was carried out, nothing raised, nothing repeated, the next is served."""
    daemon, doors = shared
    before, written = carried_out(shared), daemon.log.stat().st_size
    yield
    assert carried_out(shared) == before
    with daemon.log.open("rb") as log:
        log.seek(written)
        said = log.read()
    assert b"Traceback" not in said and SECRET not in said
    assert all(one.serves() for one in doors.values())


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_one_problem_and_the_connection_closed(door: Door, name: str) -> None:
    came = door.talk(filled(REFUSED[name], door) + BEHIND)
    (answer,) = answers(came)
    assert is_problem(answer, 400, 411, 413, 417, 501, 505)
    assert answer.fields["connection"] == "close" and SECRET not in came


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_is_refused_while_it_comes(door: Door, name: str) -> None:
    for answer in answers(door.talk(filled(TOO_LARGE[name], door) + BEHIND)):
        assert is_problem(answer, 400, 411, 413, 414, 431, 501)


@pytest.mark.parametrize("name", CUT)
def test_what_breaks_off_is_no_request(door: Door, name: str) -> None:
    for answer in answers(door.talk(filled(CUT[name], door), ends=True)):
        assert is_problem(answer, 400, 411)


@pytest.mark.parametrize("name", BODY_TOO_LARGE)
def test_a_body_too_large_is_refused_while_it_comes(shared: tuple[Daemon, Doors], name: str) -> None:
    socket = shared[1]["socket"]
    for answer in answers(socket.talk(filled(BODY_TOO_LARGE[name], socket) + BEHIND)):
        assert is_problem(answer, 400, 411, 413)


@pytest.mark.parametrize("name", BODY_CUT)
def test_a_body_that_breaks_off_is_not_carried_out(shared: tuple[Daemon, Doors], name: str) -> None:
    socket = shared[1]["socket"]
    for answer in answers(socket.talk(filled(BODY_CUT[name], socket), ends=True)):
        assert is_problem(answer, 400, 411)


@pytest.mark.parametrize("size", [63, 66])
def test_a_head_of_64_kib_is_the_largest(door: Door, size: int) -> None:
    """The answer comes although the sender was not done: it sends no more than the head."""
    line = b"X-A: " + b"a" * (size * 1024 // 8) + b"\r\n"
    raw = door.look + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + line * 8 + b"\r\n"
    came = answers(door.talk(raw))
    if size < 64:
        assert [answer.status for answer in came] == [200]
    else:
        assert all(is_problem(answer, 431) for answer in came)


def test_a_head_too_large_that_comes_in_pieces_is_told_so(door: Door) -> None:
    with door.connect() as connection:
        connection.sendall(door.look + b" HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 65_000)
        connection.sendall(b"a" * 1000)
        (answer,) = answers(rest(connection))
        assert is_problem(answer, 431) and answer.fields["connection"] == "close"


def test_garbage_behind_a_request_is_refused_and_what_follows_it_not_read(door: Door) -> None:
    *before, last = answers(door.talk(request(door.look) + b"garbage\r\n\r\n" + BEHIND))
    assert is_problem(last, 400)
    assert [answer.status for answer in before] in ([], [200])


def test_garbage_behind_a_body_is_no_part_of_it(door: Door) -> None:
    """A body that is longer than its length says; the request before it may be answered in any way."""
    came = answers(door.talk(request(b"POST /v1/approvals", b"{}") + b"{}\r\n\r\n" + BEHIND))
    assert 1 <= len(came) <= 2 and all(is_problem(answer, 400, 405, 404, 422) for answer in came)


def test_bad_requests_do_not_fill_the_log(shared: tuple[Daemon, Doors], door: Door) -> None:
    """Anybody who can connect may send them; on the metrics listener that takes no login."""
    daemon = shared[0]
    before = len(daemon.log.read_text().splitlines())
    for _ in range(50):
        door.talk(filled(REFUSED["NUL in a name"], door))
    written = [json.loads(line) for line in daemon.log.read_text().splitlines()[before:]]
    assert len([line for line in written if line["level"] in ("warning", "error", "critical")]) <= 1
