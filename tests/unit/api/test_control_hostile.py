"""Garbage, slowness and greed: the server answers or hangs up, and goes on serving the others."""

import asyncio
import json
import os
import re
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from flexmaild.api.call import Answer, CommandRequest
from flexmaild.api.limits import Limits, Quota
from flexmaild.api.problems import Problem
from flexmaild.net import http_connection
from tests.support.examples import examples
from tests.unit.api.control_support import BODIES, Bench, drain
from tests.unit.api.malformed import MALFORMED, raw

heads = st.builds(
    lambda method, path, version, fields, body: (
        b"%s %s %s\r\n%s\r\n%s" % (method, path, version, fields, body)
    ),
    st.sampled_from([b"GET", b"POST", b"PUT", b"get", b"\x00", b""]) | st.binary(max_size=8),
    st.sampled_from(
        [b"/v1/status", b"/v1/approvals", b"/v1/approvals/x/wait?timeout=0", b"*", b"//", b"/%00"]
    )
    | st.binary(max_size=20),
    st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/9.9", b"HTTP/", b""]),
    st.lists(
        st.sampled_from(
            [
                b"Content-Length: 5\r\n",
                b"Content-Length: 99999999999999999999\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Content-Type: application/json\r\n",
                b"Connection: keep-alive\r\n",
                b"Expect: 100-continue\r\n",
                b": \r\n",
                b"no colon\r\n",
                b"Idempotency-Key: \xff\r\n",
            ]
        ),
        max_size=4,
    ).map(b"".join),
    st.binary(max_size=30),
)


@examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200) | heads)
@example(raw=b"GET /v1/status HTTP/0.9\n\n")
def test_whatever_bytes_come_each_answer_is_http_and_the_next_caller_is_served(
    raw: bytes, bench: Bench
) -> None:
    answer = bench.talk(raw)
    assert answer == b"" or re.match(rb"HTTP/1\.1 [1-5][0-9][0-9] ", answer)
    assert bench.http("GET", "/v1/status")[0] == 200
    assert not bench.crashes


def test_a_head_without_end_is_cut_off(bench: Bench) -> None:
    assert bench.talk(b"GET /" + b"a" * 200_000).startswith(b"HTTP/1.1 431 ")
    fields = b"".join(b"F%d: %s\r\n" % (i, b"x" * 1000) for i in range(99))
    assert bench.talk(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n" + fields).startswith(b"HTTP/1.1 431 ")
    many = b"".join(b"F%d: x\r\n" % i for i in range(500))
    assert bench.talk(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n").startswith(b"HTTP/1.1 431 ")


def test_the_refusal_of_a_head_does_not_repeat_it(bench: Bench) -> None:
    assert b"hunter2" not in bench.talk(b"GET /v1/status hunter2\r\n\r\n")


def test_a_request_that_drips_is_given_up_on(make_bench: Callable[..., Bench]) -> None:
    """The time is for the whole request: a byte now and then does not buy more of it."""
    bench = make_bench(Limits(body_seconds=0.3))
    stop = threading.Event()
    with bench.connect() as connection:

        def drip() -> None:
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"a")
                except OSError:
                    return

        connection.sendall(b"POST /v1/test-email HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        dripping = threading.Thread(target=drip)
        dripping.start()
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
        stop.set()
        dripping.join()


def test_a_connection_on_which_nothing_comes_is_ended(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(Limits(connection=http_connection.ConnectionLimits(idle_seconds=0.05)))
    with bench.connect() as connection:
        assert drain(connection) == b""


def test_a_user_with_too_many_connections_is_turned_away(make_bench: Callable[..., Bench]) -> None:
    limits = Limits(in_work=1, in_work_per_user=1, waiting=4, waiting_per_user=2)
    bench = make_bench(limits)
    held = [bench.connect() for _ in range(limits.room.per_user)]
    for connection in held:
        connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    for _ in range(3):
        assert bench.talk(b"").startswith(b"HTTP/1.1 503 ")
    told = ("unknown", "There are too many connections.", os.geteuid())
    assert bench.refused == [told] * 3
    for connection in held:
        connection.close()


def test_those_who_find_no_place_in_time_are_told_so(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(Limits(in_work_per_user=1, place_seconds=0.05))
    entered, go_on = threading.Event(), threading.Event()

    def act(call: CommandRequest) -> Answer:
        entered.set()
        return Answer(body={"reloaded": go_on.wait(20)})

    bench.handlers.then["reload"] = act
    with bench.connect() as first:
        first.sendall(b"POST /v1/reload HTTP/1.1\r\nHost: x\r\n\r\n")
        assert entered.wait(20)
        status, _, problem = bench.http("POST", "/v1/test-email", BODIES["test_email"])
        assert (status, problem["title"]) == (503, "Busy")
        go_on.set()
        assert first.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_large_bodies_take_turns_and_ordinary_ones_do_not_wait_for_them(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(Limits(bodies_bytes=150_000, place_seconds=0.05))
    large = BODIES["approval.request"] | {"text": "x" * 100_000}
    with bench.connect() as slow:
        slow.sendall(
            b"POST /v1/approvals HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\nExpect: 100-continue\r\n\r\n"
        )
        assert slow.recv(100).startswith(b"HTTP/1.1 100 ")
        assert bench.http("POST", "/v1/approvals", large)[0] == 503
        assert bench.http("POST", "/v1/approvals", BODIES["approval.request"])[0] == 201
    bench.wait_for_report("approval.request")


def test_many_at_once_are_all_served(bench: Bench) -> None:
    """More than one user's places at a time: they take turns, none is refused."""
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(bench.http("GET", "/v1/status")[0])) for _ in range(60)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [200] * 60


@pytest.mark.parametrize(("total", "per_uid"), [(3, 2), (2, 5)])
def test_places_count_everybody_and_each_user(total: int, per_uid: int) -> None:
    most = min(total, per_uid)

    async def go() -> None:
        places = Quota("requests", total, per_uid)
        async with AsyncExitStack() as held:
            for _ in range(most):
                await held.enter_async_context(places.taken(1))
            with pytest.raises(Problem, match="Too many requests"):
                await held.enter_async_context(places.taken(1))
            if total > most:
                await held.enter_async_context(places.taken(2))
            else:
                with pytest.raises(Problem):
                    await held.enter_async_context(places.taken(2))
        assert len(places) == 0
        async with places.taken(1):
            assert len(places) == 1

    asyncio.run(go())


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_head_is_400_and_nothing_is_carried_out(bench: Bench, name: str) -> None:
    answer = bench.talk(raw(name, b"/v1/status"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and b"connection: close" in head
    assert json.loads(body)["status"] == 400
    assert (bench.handlers.calls, bench.crashes) == ([], [])


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", 411),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        (b"Transfer-Encoding:\r\n\r\n", 400),
        (b"Transfer-Encoding: gzip\r\n\r\n", 411),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        (b"Content-Length: +2\r\n\r\n{}", 400),
        (b"Content-Length: 50\r\n\r\n{", 400),
        (b"Content-Length: 2\r\n\r\n{\xff", 400),
    ],
)
def test_a_body_that_is_not_what_its_head_says_is_refused(bench: Bench, fields: bytes, status: int) -> None:
    answer = bench.talk(b"POST /v1/test-email HTTP/1.1\r\nHost: x\r\n" + fields)
    assert answer.startswith(b"HTTP/1.1 %d " % status) and answer.count(b"HTTP/1.1 4") == 1
    assert (bench.handlers.calls, bench.crashes) == ([], [])


def test_what_follows_a_refused_head_is_no_request(bench: Bench) -> None:
    behind = b"POST /v1/process HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    for first in (b"PRI * HTTP/2.0\r\n\r\n", b"GET /v1/status HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n"):
        assert bench.talk(first + behind).count(b"\r\n\r\n") == 1
    assert bench.handlers.calls == []
