"""A running control server on a socket of its own."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flexmaild.control.hub import Limits
from flexmaild.control.listen import Place, listen
from flexmaild.control.server import ControlServer
from flexmaild.core.access import Access
from flexmaild.system.peer_credentials import Peer
from tests.unit.control.control_kit import Bench, FakeDesk


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a short name: a socket's path has at most 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="fm-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def make_bench(place: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(limits: Limits | None = None, access: Access | None = None) -> Bench:
        requests: list[tuple[str, str, Peer]] = []
        crashes: list[BaseException] = []
        reported = threading.Condition()

        def on_request(command: str, result: str, peer: Peer, seconds: float) -> None:
            with reported:
                requests.append((command, result, peer))
                reported.notify_all()

        desk, path = FakeDesk(), place / f"{len(made)}.sock"
        server = ControlServer(
            listen(Place(path), {}),
            desk,
            access=access,
            on_request=on_request,
            on_crash=crashes.append,
            limits=limits,
        )
        server.start()
        made.append(Bench(server, desk, path, requests, crashes, reported))
        return made[-1]

    yield make
    for bench in made:
        bench.server.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()
