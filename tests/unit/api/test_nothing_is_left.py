"""However a request ends, nothing of it stays taken: places, bytes, connections, threads and tasks."""

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

from flexmaild.api.call import Answer, CommandRequest
from flexmaild.api.limits import Limits
from flexmaild.api.problems import Problem
from flexmaild.api.routes import ORDINARY_BODY
from flexmaild.net import http_connection
from tests.support.daemon import until
from tests.unit.api.control_support import Bench

FEW = Limits(
    in_work=6,
    in_work_per_user=4,
    waiting=4,
    waiting_per_user=3,
    bodies_bytes=3 * ORDINARY_BODY,
    bodies_bytes_per_user=3 * ORDINARY_BODY,
    body_silent_seconds=0.1,
    body_seconds=0.3,
    file_silent_seconds=0.1,
    file_seconds=0.3,
    place_seconds=0.1,
    connection=http_connection.ConnectionLimits(head_seconds=0.2, idle_seconds=0.3, write_seconds=0.2),
)
WAIT = b"GET /v1/approvals/ap-one/wait"
SENT = [
    *(b"GET /v1/status", WAIT, WAIT, b"POST /v1/doctor", b"GET /v1/quarantine/q1/raw", b"HEAD /v1/status"),
    *(b"POST /v1/approvals", b"POST /v1/files", b"POST /v1/files", b"POST /v1/process", b"GET /nothing"),
]
FIELDS = [
    b"Connection: close",
    b"Expect: 100-continue",
    b"Connection: upgrade\r\nUpgrade: x",
    b"X: y",
    b"X: y",
]


def raw(chance: random.Random) -> bytes:
    """A request, whole or cut, with a body that is as long as it says, shorter, or broken."""
    start, body = chance.choice(SENT), b""
    lines = [start + b" HTTP/1.1", b"Host: x", chance.choice(FIELDS)]
    if start.startswith(b"POST"):
        size = chance.choice([2, 1000, ORDINARY_BODY + 1, 2 * ORDINARY_BODY])
        body = b"{}".ljust(size)
        if start.endswith(b"files") and chance.random() < 0.5:
            lines.append(b"Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n" % (size, body) + chance.choice([b"0\r\n\r\n", b"zz\r\n", b""])
        else:
            lines.append(b"Content-Length: %d" % size)
    whole = b"\r\n".join([*lines, b"", body])
    return whole if chance.random() < 0.6 else whole[: chance.randrange(len(whole))]


def attack(bench: Bench, chance: random.Random) -> None:
    """Many at once who send such things, and leave in every way there is."""
    crowd: list[socket.socket] = []
    for _ in range(120):
        if not crowd or chance.random() < 0.4:
            crowd.append(bench.connect())
            crowd[-1].settimeout(0.5)
        one = chance.choice(crowd)
        with suppress(OSError):
            match chance.randrange(6):
                case 0 | 1 | 2:
                    one.sendall(b"".join(raw(chance) for _ in range(chance.choice([1, 1, 1, 3]))))
                case 3:
                    one.shutdown(socket.SHUT_WR)
                case 4:
                    one.recv(chance.choice([1, 100_000]), socket.MSG_DONTWAIT)
                case 5:
                    crowd.remove(one)
                    one.close()
    for one in crowd:
        one.close()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_stopped", [False, True], ids=["runs on", "is stopped"])
def test_nothing_stays_taken(make_bench: Callable[..., Bench], seed: int, is_stopped: bool) -> None:
    chance = random.Random(seed)
    bench = make_bench(FEW)

    async def decided(call: CommandRequest) -> Answer:
        await asyncio.sleep(chance.choice([0, 0.05, 600]))
        return bench.handlers._plausible("approval.wait")

    def refused(call: CommandRequest) -> Answer:
        raise Problem(409, detail="no")

    bench.handlers.waits["approval.wait"] = decided
    bench.handlers.then["process"] = refused
    bench.handlers.then["doctor"] = lambda call: Answer(body={"over": call.is_over.wait(0.05)})
    bench.handlers.then["quarantine.raw"] = lambda call: Answer(body=b"x" * 500_000)
    attack(bench, chance)
    application, server = bench.server._application, bench.server._server
    if is_stopped:
        bench.server.close(grace=chance.choice([0.0, 0.2]))
    pools = [application.looking, application.changing, application.probing, application.naming]

    def taken() -> dict[str, int]:
        counted = {
            "work": len(application.work),
            "waiting": len(application.waiting),
            "bytes": len(application.body_bytes),
            "queued": sum(len(p._queue) for p in (application.work, application.waiting)),
            "connections": server._open.total() + len(server._server.server_state.connections),
            "tasks": len(server._server.server_state.tasks),
            "calls": sum(pool._unfinished for pool in pools),
        }
        return {name: count for name, count in counted.items() if count}

    with suppress(AssertionError):
        until(lambda: not taken(), "all given back", 10)
    assert taken() == {}
    assert bench.crashes == []
    if not is_stopped:
        assert bench.http("GET", "/v1/status")[0] == 200
