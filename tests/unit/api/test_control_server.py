"""The server as its callers see it: answers, refusals, waiting, stopping."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from flexmaild.api import validation
from flexmaild.api.call import Answer, CommandRequest
from flexmaild.api.limits import Limits
from flexmaild.api.problems import Fault, Problem
from flexmaild.api.routes import MIB, ROUTES, Route
from flexmaild.client import Client, Refused, Unreachable
from flexmaild.core.errors import GiveUp, NotAllowed, Reason
from tests.unit.api.control_support import ANSWERS, BODIES, Bench, drain

WAIT = "/v1/approvals/ap-one/wait"


def path_of(route: Route) -> str:
    return route.path.replace("{id}", "ap-one").replace("{name}", "m365").replace("{sha256}", "00")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.command)
def test_every_route_answers_with_what_its_model_describes(route: Route, bench: Bench) -> None:
    status, headers, body = bench.http(route.method, path_of(route), BODIES.get(route.command))
    assert status == route.status
    assert headers["Content-Type"] == route.media_type
    if route.answer:
        TypeAdapter(validation.answer(route.answer)).validate_json(json.dumps(body))
    elif route.media_type == "message/rfc822":
        assert body == ANSWERS[route.command]
    assert [r[:2] for r in bench.requests] == [(route.command, "ok")]


def test_the_handlers_gets_the_checked_request(bench: Bench) -> None:
    bench.http("POST", "/v1/approvals", BODIES["approval.request"], Idempotency_Key='"k-1"')
    bench.http("GET", "/v1/approvals?state=pending&limit=5")
    (_, request), (_, listing) = bench.handlers.calls
    assert request.idempotency_key == "k-1"
    assert request.body is not None
    assert request.body.model_dump()["title"] == "Release 4.2"
    assert dict(listing.query) == {"state": "pending", "limit": 5}
    assert request.peer.pid > 0


def test_equal_requests_have_equal_fingerprints_however_they_are_spelt(bench: Bench) -> None:
    bench.http("POST", "/v1/approvals", b'{"title":"a","approvers":["x@example.org"]}')
    bench.http("POST", "/v1/approvals", b'{ "approvers": ["x@example.org"], "title": "\\u0061" }')
    bench.http("POST", "/v1/approvals", b'{"title":"b","approvers":["x@example.org"]}')
    bench.http("POST", "/v1/approvals/ap-1/cancel")
    bench.http("POST", "/v1/approvals/ap-2/cancel")
    prints = [call.fingerprint for _, call in bench.handlers.calls]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 4


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "said"),
    [
        ("GET", "/v1/nothing", None, {}, 404, "no such path"),
        ("GET", "/v1/statsu", None, {}, 404, "/v1/status"),
        ("DELETE", "/v1/approvals/ap-one", None, {}, 405, "GET"),
        ("POST", "/v1/status", None, {}, 405, "GET"),
        ("POST", "/v1/test-email", b"{", {}, 400, "line 1, column 2"),
        ("POST", "/v1/test-email", b'{"to": 1,\n "to": 2}', {}, 400, "'to' stands twice"),
        ("POST", "/v1/test-email", b'{"to": NaN}', {}, 400, "NaN"),
        ("POST", "/v1/test-email", b'{"to": "\xff"}', {}, 400, "not UTF-8"),
        ("POST", "/v1/test-email", b'{"to": "\\ud800"}', {}, 400, "surrogate"),
        ("POST", "/v1/test-email", b'{"to": 1e999}', {}, 400, "too large"),
        ("POST", "/v1/test-email", b'{"to": ' + b"[" * 30_000, {}, 400, "nested"),
        ("POST", "/v1/test-email", b"9" * 5000, {}, 400, "not JSON"),
        ("POST", "/v1/test-email", None, {}, 400, "missing"),
        ("POST", "/v1/test-email", b"[]", {}, 422, "must be an object"),
        ("POST", "/v1/test-email", {"to": "a@example.org"}, {"Content_Type": "text/plain"}, 415, "JSON"),
        (
            "POST",
            "/v1/test-email",
            {"to": "a@b.c"},
            {"Content_Type": "application/json; charset=utf-16"},
            415,
            "",
        ),
        ("POST", "/v1/test-email", {"to": "nobody"}, {}, 422, "name@domain"),
        ("POST", "/v1/test-email", {"to": "a@example.org", "subject": "x"}, {}, 422, "subject"),
        ("POST", "/v1/test-email", b" " * (65 * 1024), {}, 413, "66560 bytes"),
        ("POST", "/v1/reload", {"force": True}, {}, 422, "takes no body"),
        ("GET", "/v1/approvals?state=maybe", None, {}, 422, "pending"),
        ("GET", "/v1/approvals?stat=pending", None, {}, 422, "state"),
        ("GET", "/v1/approvals?limit=0", None, {}, 422, "from 1 to 1000"),
        ("GET", f"{WAIT}?timeout=nan", None, {}, 422, "timeout"),
        ("GET", f"{WAIT}?timeout=1&timeout=2", None, {}, 422, "more than once"),
        ("POST", "/v1/approvals/a/remind", None, {"Idempotency_Key": "a b"}, 400, "Idempotency-Key"),
    ],
)
def test_bad_input_is_answered_with_a_problem_that_says_what_and_where(
    bench: Bench, method: str, path: str, body: Any, headers: dict[str, str], status: int, said: str
) -> None:
    got, fields, problem = bench.http(method, path, body, **headers)
    assert got == status
    assert fields["Content-Type"] == "application/problem+json"
    assert problem["status"] == status
    assert {"type", "title"} <= set(problem)
    assert said in str(problem)
    assert not bench.handlers.calls
    assert bench.http("GET", "/v1/status")[0] == 200


def test_a_method_that_is_not_taken_is_told_which_are(bench: Bench) -> None:
    assert bench.http("PUT", "/v1/approvals")[1]["Allow"] == "GET, POST"


def test_what_curl_sends_by_itself_is_taken_as_json(bench: Bench) -> None:
    """`curl --data` declares a form when told nothing."""
    kind = "application/x-www-form-urlencoded"
    assert bench.http("POST", "/v1/test-email", {"to": "a@example.org"}, Content_Type=kind)[0] == 200


def test_a_body_of_100_mb_is_refused_unread_and_the_answer_arrives(bench: Bench) -> None:
    status, _, problem = bench.http("POST", "/v1/approvals", b" " * (100 * 1000 * 1000))
    assert status == 413
    assert problem["limit"] == 35 * MIB


def test_a_body_of_very_many_small_values_is_refused_before_it_is_built(bench: Bench) -> None:
    raw = b'{"title": "t", "approvers": [' + b"[]," * 1_100_000 + b"[]]}"
    status, _, problem = bench.http("POST", "/v1/approvals", raw)
    assert (status, "values" in problem["detail"]) == (413, True)


def test_a_large_body_is_not_sent_at_all_by_those_who_ask_first(bench: Bench) -> None:
    head = (
        b"POST /v1/approvals HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\nExpect: 100-continue\r\n\r\n"
    )
    assert bench.talk(head).startswith(b"HTTP/1.1 413 ")


def test_those_who_ask_first_are_told_to_go_on(bench: Bench) -> None:
    body = b'{"to": "a@example.org"}'
    with bench.connect() as connection:
        connection.sendall(
            b"POST /v1/test-email HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n"
        )
        connection.sendall(b"Content-Length: %d\r\n\r\n" % len(body))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert drain(connection).startswith(b"HTTP/1.1 200 ")


def test_a_chunked_body_is_refused(bench: Bench) -> None:
    raw = b"POST /v1/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert bench.talk(raw).startswith(b"HTTP/1.1 411 ")


@pytest.mark.parametrize(
    "fields",
    [b"Content-Length: 2\r\nContent-Length: 3\r\n", b"Content-Length: -1\r\n", b"Content-Length: x\r\n"],
)
def test_a_length_that_cannot_be_trusted_is_refused(bench: Bench, fields: bytes) -> None:
    raw = b"POST /v1/reload HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n{}"
    answer = bench.talk(raw)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_connection_is_kept_for_further_requests_also_pipelined_ones(bench: Bench) -> None:
    one = b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"
    body = b'POST /v1/test-email HTTP/1.1\r\nHost: x\r\nContent-Length: 23\r\n\r\n{"to": "a@example.org"}'
    answer = bench.talk(one + body + b"\r\n" + one)
    assert answer.count(b"HTTP/1.1 200 ") == 3


def raising(error: Exception) -> Callable[[CommandRequest], Answer]:
    def act(call: CommandRequest) -> Answer:
        raise error

    return act


def test_what_the_desk_raises_reaches_the_caller_as_a_problem(bench: Bench) -> None:
    server_fault = GiveUp(
        Reason.AUTH,
        "login refused",
        step="login",
        server="mx:25",
        answer="535 no",
        cure="Check the password.",
    )
    for error, status, said in [
        (Problem(409, detail="decided already"), 409, "decided already"),
        (NotAllowed("approvers.0", "is named twice"), 422, "approvers.0"),
        (server_fault, 502, "535 no"),
        (TimeoutError(), 504, "in time"),
    ]:
        bench.handlers.then["reload"] = raising(error)
        got, _, problem = bench.http("POST", "/v1/reload")
        assert (got, said in str(problem)) == (status, True)
    assert not bench.crashes


def test_a_failed_test_mail_names_the_step_the_words_and_the_cure(bench: Bench) -> None:
    fault = GiveUp(Reason.TLS, "x", step="starttls", server="mx:25", answer="454 no", cure="Renew it.")
    bench.handlers.then["test_email"] = raising(fault)
    _, _, problem = bench.http("POST", "/v1/test-email", BODIES["test_email"])
    named = {key: problem[key] for key in ("step", "server", "answer", "cure", "reason")}
    assert named == {
        "step": "starttls",
        "server": "mx:25",
        "answer": "454 no",
        "cure": "Renew it.",
        "reason": "tls",
    }


def test_a_bug_costs_one_request_and_tells_the_caller_nothing_of_its_insides(bench: Bench) -> None:
    bench.handlers.then["status"] = raising(KeyError("hunter2"))
    status, _, problem = bench.http("GET", "/v1/status")
    assert status == 500
    assert "hunter2" not in str(problem)
    assert [type(error) for error in bench.crashes] == [KeyError]
    assert bench.http("POST", "/v1/reload")[0] == 200


def test_problems_carry_every_member_the_desk_gave(bench: Bench) -> None:
    faults = (Fault("a.b", "is wrong", "do this"),)
    bench.handlers.then["reload"] = raising(
        Problem(422, "Bad settings", "d", faults, "c", "bad-settings", {"file": "f"}, {"X-Y": "z"})
    )
    _, headers, problem = bench.http("POST", "/v1/reload")
    assert headers["X-Y"] == "z"
    assert problem["type"] == "urn:flexmaild:problem:bad-settings"
    assert problem["errors"] == [{"path": "a.b", "pointer": "#/a/b", "detail": "is wrong", "cure": "do this"}]
    assert (problem["file"], problem["cure"]) == ("f", "c")


def test_a_model_is_as_good_an_answer_as_a_mapping(bench: Bench) -> None:
    class Shown(BaseModel):
        healthy: bool = True

    bench.handlers.then["status"] = lambda call: Answer(body=Shown())
    assert bench.http("GET", "/v1/status")[2] == {"healthy": True}


class Held:
    """A handler that waits for `happens` to be called; `entered` counts those who wait."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._has_happened = False

    def happens(self) -> None:
        self._has_happened = True
        for loop, event in self._waiting:
            loop.call_soon_threadsafe(event.set)

    async def __call__(self, call: CommandRequest) -> Answer:
        event = asyncio.Event()
        self._waiting.append((asyncio.get_running_loop(), event))
        self.entered.release()
        if not self._has_happened:
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), call.query["timeout"])
        state = "approved" if self._has_happened else "pending"
        return Answer(body=dict(ANSWERS["approval.wait"]) | {"state": state})


def test_a_held_answer_comes_when_it_happens_or_when_the_time_is_over(bench: Bench) -> None:
    held = bench.handlers.waits["approval.wait"] = Held()
    assert bench.http("GET", f"{WAIT}?timeout=0.01")[2]["state"] == "pending"
    held.happens()
    assert bench.http("GET", f"{WAIT}?timeout=60")[2]["state"] == "approved"


def test_a_caller_who_hangs_up_frees_the_place_of_who_waits(bench: Bench) -> None:
    held = bench.handlers.waits["approval.wait"] = Held()
    connection = bench.connect()
    connection.sendall(f"GET {WAIT}?timeout=3600 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert held.entered.acquire(timeout=20)
    connection.close()
    bench.wait_for_report("approval.wait")


def test_a_caller_who_finished_sending_and_then_hangs_up_frees_it_too(bench: Bench) -> None:
    held = bench.handlers.waits["approval.wait"] = Held()
    connection = bench.connect()
    connection.sendall(f"GET {WAIT}?timeout=3600 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    connection.shutdown(socket.SHUT_WR)
    assert held.entered.acquire(timeout=20)
    connection.close()
    bench.wait_for_report("approval.wait")


def test_a_caller_who_only_finished_sending_still_gets_the_answer(bench: Bench) -> None:
    """`nc -N` and others close their half after the request."""
    bench.handlers.waits["approval.wait"] = Held()
    assert b'"pending"' in bench.talk(f"GET {WAIT}?timeout=1.2 HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def test_many_may_wait_without_keeping_others_from_working(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(Limits(in_work=2, in_work_per_user=2, waiting=5, waiting_per_user=5, place_seconds=0))
    held = bench.handlers.waits["approval.wait"] = Held()
    before = threading.active_count()
    waiting = [bench.connect() for _ in range(5)]
    for connection in waiting:
        connection.sendall(f"GET {WAIT}?timeout=60 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert held.entered.acquire(timeout=20)
    assert bench.http("GET", "/v1/status")[0] == 200
    status, headers, problem = bench.http("GET", f"{WAIT}?timeout=60")
    assert (status, headers["Retry-After"], problem["title"]) == (503, "5", "Busy")
    assert threading.active_count() <= before + 4
    held.happens()
    for connection in waiting:
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.close()


def test_stopping_answers_those_who_wait_and_removes_the_socket(bench: Bench) -> None:
    held = bench.handlers.waits["approval.wait"] = Held()
    waiter, idle = bench.connect(), bench.connect()
    waiter.sendall(f"GET {WAIT}?timeout=3600 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert held.entered.acquire(timeout=20)
    bench.server.close(grace=20)
    answer = drain(waiter)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" in answer
    assert drain(idle) == b""
    assert not bench.path.exists()
    waiter.close()
    idle.close()
    with pytest.raises(Unreachable):
        bench.client.call("status")


def test_stopping_lets_work_in_hand_finish(bench: Bench) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def act(call: CommandRequest) -> Answer:
        entered.set()
        go_on.wait(20)
        return Answer(body=ANSWERS["reload"])

    bench.handlers.then["reload"] = act
    answers: list[int] = []
    caller = threading.Thread(target=lambda: answers.append(bench.http("POST", "/v1/reload")[0]))
    caller.start()
    assert entered.wait(20)
    closer = threading.Thread(target=bench.server.close, args=(20,))
    closer.start()
    go_on.set()
    closer.join(20)
    caller.join(20)
    assert answers == [200]


def test_the_client_says_what_is_wrong_and_what_to_do(bench: Bench) -> None:
    with pytest.raises(Refused) as refused:
        bench.client.call("test_email", body={"to": "x"})
    assert refused.value.status == 422
    assert refused.value.kind == "invalid-request"
    with pytest.raises(Unreachable, match="no socket") as gone:
        Client(bench.path.with_name("none")).call("status")
    assert "systemctl start" in gone.value.cure
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(bench.path.with_name("dead")))
    dead.close()
    with pytest.raises(Unreachable, match="nobody listens"):
        Client(bench.path.with_name("dead")).call("status")


def test_the_client_reads_the_refusal_of_a_body_it_could_not_send(bench: Bench) -> None:
    with pytest.raises(Refused) as refused:
        bench.client.call("approval.request", body={"title": "x" * 40 * MIB})
    assert refused.value.status == 413


def test_the_client_gives_up_on_a_daemon_that_does_not_answer(bench: Bench) -> None:
    go_on = threading.Event()
    bench.handlers.then["reload"] = lambda call: Answer(body={"reloaded": go_on.wait(20)})
    with pytest.raises(Unreachable, match="no answer") as silent:
        bench.client.call("reload", timeout=0.05)
    assert silent.value.sent
    go_on.set()


def test_a_connection_that_ends_in_the_middle_of_a_request_costs_nothing(bench: Bench) -> None:
    for raw in (b"", b"GET", b"POST /v1/test-email HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"):
        with bench.connect() as connection, suppress(BrokenPipeError):
            connection.sendall(raw)
    assert bench.http("GET", "/v1/status")[0] == 200
    assert not bench.crashes
    assert [command for command, _ in bench.handlers.calls] == ["status"]
