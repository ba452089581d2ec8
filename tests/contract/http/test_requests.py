"""Requests that are in order, or odd and allowed: each has a definite answer on both listeners, and the
connection goes on or ends as it says.
"""

import gzip

import pytest

from tests.contract.http.conftest import MAIL, Doors
from tests.contract.http.talk import PROBLEM, Answer, Door, answers, is_problem, next_answer, request, rest
from tests.support.daemon import Daemon

CLOSE = b"Connection: close"
MIB = 1024 * 1024
ZIPPED = gzip.compress(MAIL, mtime=0)


@pytest.fixture
def control(shared: tuple[Daemon, Doors]) -> Door:
    return shared[1]["socket"]


@pytest.fixture(autouse=True)
def unharmed(shared: tuple[Daemon, Doors]) -> object:
    """After each test the next caller is served, and nothing was raised."""
    yield
    daemon, doors = shared
    assert all(one.serves() for one in doors.values())
    assert "Traceback" not in daemon.log.read_text()


def only(came: bytes, *, without_body: bool = False) -> Answer:
    (answer,) = answers(came, without_body=without_body)
    return answer


# Connections.


def test_a_connection_is_kept_and_its_requests_are_answered_one_by_one(control: Door) -> None:
    with control.connect() as connection:
        for _ in range(3):
            connection.sendall(request(control.look))
            assert next_answer(connection).status == 200
        connection.sendall(request(control.look, None, CLOSE))
        assert next_answer(connection).fields["connection"] == "close"
        assert rest(connection) == b""


def test_pipelined_requests_are_answered_in_their_order(control: Door) -> None:
    first, second = request(control.look), request(control.start, control.body)
    third = request(b"GET /v1/nothing")
    came = control.talk(first + second + third + request(control.look, None, CLOSE))
    assert [answer.status for answer in answers(came)] == [200, 202, 404, 200]


def test_a_thousand_pipelined_requests_are_all_answered(control: Door) -> None:
    came = control.talk(request(b"GET /v1/approvals/none") * 999 + request(control.look, None, CLOSE))
    assert [answer.status for answer in answers(came)] == [404] * 999 + [200]


def test_a_request_that_comes_byte_by_byte_is_one(door: Door) -> None:
    with door.connect() as connection:
        for byte in request(door.look, None, CLOSE):
            connection.sendall(bytes([byte]))
        assert only(rest(connection)).status == 200


def test_who_has_finished_sending_still_gets_the_answer(door: Door) -> None:
    """`nc -N` and others close their half behind the request."""
    assert only(door.talk(request(door.look, None, CLOSE), ends=True)).status == 200


@pytest.mark.parametrize(
    "sent", [b"", b"GET", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"]
)
def test_who_leaves_in_the_middle_costs_nothing(door: Door, sent: bytes) -> None:
    for _ in range(20):
        with door.connect() as connection:
            connection.sendall(sent)


def test_http_1_0_is_answered_and_closed(door: Door) -> None:
    came = only(door.talk(door.look + b" HTTP/1.0\r\n\r\n"))
    assert came.status == 200


def test_empty_lines_before_a_request_are_ignored(door: Door) -> None:
    """RFC 9112 section 2.2."""
    assert only(door.talk(b"\r\n\r\n" + request(door.look, None, CLOSE))).status == 200


# Hosts and targets.


@pytest.mark.parametrize("hosts", [b"", b"Host: x\r\nHost: y\r\n", b"Host:\r\n", b"Host: a b\r\n"])
def test_a_strange_host_is_answered_or_refused(door: Door, hosts: bytes) -> None:
    """None is right for a Unix socket; no answer depends on it."""
    answer = only(door.talk(door.look + b" HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n"))
    assert answer.status == 200 or is_problem(answer, 400)


def test_a_target_may_be_a_whole_address(door: Door) -> None:
    """RFC 9112 section 3.2.2: a server must take it."""
    method, path = door.look.split(b" ")
    assert door.ask(method + b" http://example.org" + path).status == 200


@pytest.mark.parametrize(
    "target",
    [
        *(b"*", b"/v1/approvals/a%2Fwait", b"/v1/%2e%2e/v1/status", b"/v1/../v1/status", b"/v1//status"),
        *(b"//v1/status", b"/v1/status/", b"/v1/status%00", b"/v1/status%0d%0aX:y", b"/v1/status;a"),
        *(b"/V1/STATUS", b"/v1/%ff%fe", b"/v1/%zz", b"/" + b"a/" * 5000, b"/metrics/../-/healthy"),
        *(b"/-/healthy/", b"/-/%2e%2e/metrics"),
    ],
)
def test_a_target_is_taken_as_it_stands_and_leads_nowhere_else(door: Door, target: bytes) -> None:
    answer = door.ask(b"GET " + target)
    assert answer.status in (400, 404, 405, 414), answer
    if door.name == "socket":
        assert is_problem(answer)


# Methods.


@pytest.mark.parametrize(
    "method", [b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"PROPFIND", b"PURGE", b"FLY", b"get"]
)
def test_a_method_that_is_not_taken_is_refused(door: Door, method: bytes) -> None:
    answer = door.ask(method + b" " + door.look.split(b" ")[1], None, b"X-Own: hunter2")
    assert answer.status in (400, 405, 501)
    assert b"hunter2" not in answer.body
    if answer.status == 405:
        assert "GET" in answer.fields["allow"]
    if door.name == "socket":
        assert answer.fields["content-type"] == PROBLEM


@pytest.mark.parametrize("target", [b"example.org:443", b"/v1/status", b"*"])
def test_no_tunnel_is_made(door: Door, target: bytes) -> None:
    """CONNECT is refused (RFC 9110 section 9.3.6: who does not proxy has no 2xx for it)."""
    with door.connect() as connection:
        connection.sendall(b"CONNECT " + target + b" HTTP/1.1\r\nHost: example.org:443\r\n\r\n")
        assert next_answer(connection).status in (400, 404, 405, 501)


def test_options_of_everything_is_answered(door: Door) -> None:
    assert door.ask(b"OPTIONS *").status in (200, 204, 400, 404, 405)


def test_head_has_no_body(door: Door) -> None:
    answer = door.ask(b"HEAD " + door.look.split(b" ")[1])
    assert answer.status in ((200,) if door.name == "metrics" else (200, 405)) and answer.body == b""


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"TLS/1.3"])
def test_no_other_protocol_is_spoken(door: Door, protocol: bytes) -> None:
    """An offer to change is ignored (RFC 9110 section 7.8), or refused."""
    fields = b"Connection: Upgrade, close", b"Upgrade: " + protocol, b"HTTP2-Settings: AAMAAABk"
    answer = only(door.talk(request(door.look, None, *fields)))
    assert answer.status in (200, 400, 426, 501)


# Bodies.


def test_an_allowed_body_is_asked_for(control: Door) -> None:
    with control.connect() as connection:
        head = request(control.start, MAIL, b"Expect: 100-continue", CLOSE)[: -len(MAIL)]
        connection.sendall(head)
        assert next_answer(connection).status == 100
        connection.sendall(MAIL)
        assert only(rest(connection)).status == 202


@pytest.mark.parametrize(
    ("start", "length", "status"),
    [(b"POST /v1/approvals", 36 * MIB, 413), (b"POST /v1/notifications", 36 * MIB, 413),
     (b"POST /v1/test-email", 65 * 1024, 413), (b"POST /v1/nothing", 9, 404), (b"POST /v1/status", 9, 405)],
)  # fmt: skip
@pytest.mark.parametrize("asks", [True, False])
def test_a_body_that_is_not_wanted_is_refused_before_it_comes(
    control: Door, start: bytes, length: int, status: int, asks: bool
) -> None:
    """No 100 comes, also to who does not ask for it: none of the body was sent."""
    fields = [b"Host: x", b"Content-Type: application/json", b"Content-Length: %d" % length]
    fields += [b"Expect: 100-continue"] if asks else []
    with control.connect() as connection:
        connection.sendall(b"\r\n".join([start + b" HTTP/1.1", *fields, b"", b""]))
        assert is_problem(next_answer(connection), status)


def test_an_unknown_expectation_is_answered(control: Door) -> None:
    answer = control.ask(control.start, MAIL, b"Expect: 200-maybe")
    assert answer.status == 202 or is_problem(answer, 417)


def test_a_chunked_body_is_taken_or_a_length_asked_for(control: Door) -> None:
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (MAIL[:10], MAIL[10:]))
    fields = b"Content-Type: application/json", b"Transfer-Encoding: chunked", CLOSE
    answer = only(control.talk(request(control.start, None, *fields) + chunked + b"0\r\n\r\n"))
    assert answer.status == 202 or is_problem(answer, 411)


def test_equal_lengths_twice_are_one_or_none(control: Door) -> None:
    """RFC 9112 section 6.3 allows both."""
    twice = b"Content-Length: %d" % len(MAIL)
    answer = control.ask(control.start, MAIL, twice)
    assert answer.status == 202 or is_problem(answer, 400)


@pytest.mark.parametrize(
    ("fields", "body", "statuses"),
    [
        ((b"Content-Type: text/plain",), MAIL, (415,)),
        ((b"Content-Type: application/json; charset=utf-16",), MAIL, (415,)),
        ((b"Content-Type: application/json", b"Content-Encoding: gzip"), ZIPPED, (400, 415)),
        ((b"Content-Type: application/json",), b"\xff", (400,)),
        ((b"Content-Type: application/json",), MAIL[:-1], (400,)),
        ((b"Content-Type: application/json",), MAIL + b"x", (400,)),
        ((b"Content-Type: application/json",), b"", (400,)),
    ],
)  # fmt: skip
def test_a_body_that_is_not_json_is_refused(
    control: Door, fields: tuple[bytes, ...], body: bytes, statuses: tuple[int, ...]
) -> None:
    length = b"Content-Length: %d" % len(body)
    answer = only(control.talk(request(control.start, None, *fields, length, CLOSE) + body))
    assert is_problem(answer, *statuses)


def test_a_refused_body_that_came_whole_does_not_end_the_connection(control: Door) -> None:
    with control.connect() as connection:
        connection.sendall(request(control.start, b"{}"))
        assert is_problem(next_answer(connection), 422)
        connection.sendall(request(control.look, None, CLOSE))
        assert only(rest(connection)).status == 200


def test_answers_of_the_socket_are_not_to_be_kept(control: Door) -> None:
    for start in (control.look, b"GET /v1/nothing"):
        assert control.ask(start).fields["cache-control"] == "no-store"
