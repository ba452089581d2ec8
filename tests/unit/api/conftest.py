"""A running control server on a socket of its own."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flexmaild.api.limits import Limits
from flexmaild.api.server import ControlServer
from flexmaild.core.access import Access
from flexmaild.net.http_server import EventLoop
from flexmaild.net.listen import ListenAddress, listen
from flexmaild.system.peer_credentials import Peer
from tests.unit.api.control_support import Bench, FakeHandlers


@pytest.fixture
def make_bench(place: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []
    unexpected: list[BaseException] = []
    loop = EventLoop("http", unexpected.append)
    loop.start()

    def make(limits: Limits | None = None, access: Access | None = None) -> Bench:
        requests: list[tuple[str, str, Peer]] = []
        crashes: list[BaseException] = []
        refused: list[tuple[str, str, int]] = []
        reported = threading.Condition()

        def on_request(command: str, result: str, peer: Peer, seconds: float) -> None:
            with reported:
                requests.append((command, result, peer))
                reported.notify_all()

        handlers, path = FakeHandlers(), place / f"{len(made)}.sock"
        server = ControlServer(
            loop,
            listen(ListenAddress(path), {}),
            handlers,
            access=access,
            on_request=on_request,
            on_refused=lambda *told: refused.append(told),
            on_crash=crashes.append,
            limits=limits,
        )
        server.start()
        made.append(Bench(server, handlers, path, requests, crashes, refused, reported))
        return made[-1]

    yield make
    for bench in made:
        bench.server.close()
    loop.close()
    assert not unexpected


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()
