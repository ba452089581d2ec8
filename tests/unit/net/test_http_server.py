"""Our servers with an application of the test's own: what of a connection is not the application's matter."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from flexmaild.net.http_connection import ConnectionLimits
from flexmaild.net.http_server import EventLoop, HttpServer, Room

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
LARGE = 3 * 1024 * 1024
PIECE = 64 * 1024


def answering(size: int) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        fields = [(b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b"x" * size, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return application


@contextmanager
def serving(application: Any, **limits: float) -> Iterator[Any]:
    """A function that connects to it."""
    crashes: list[BaseException] = []
    loop = EventLoop("http", crashes.append)
    loop.start()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(b"")  # a name of the kernel's choice (autobind, unix(7))
        server = HttpServer(
            loop,
            listener,
            application,
            room=Room(20, 20),
            limits=ConnectionLimits(**limits),  # type: ignore[arg-type]
            refused=lambda *_: None,
        )
        server.start()

        def connect() -> socket.socket:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(20)
            connection.connect(listener.getsockname())
            return connection

        try:
            yield connect
        finally:
            server.close(0)
            loop.close()
    assert crashes == []


def read(connection: socket.socket, pause: float = 0.0) -> int:
    """How many bytes come until the other side closes."""
    never, size = threading.Event(), 0
    while piece := connection.recv(PIECE):
        size += len(piece)
        never.wait(pause)
    return size


def test_who_takes_an_answer_slowly_but_steadily_gets_all_of_it() -> None:
    with serving(answering(LARGE), write_seconds=1.0) as connect, connect() as connection:
        connection.sendall(CLOSE)
        assert read(connection, 0.06) > LARGE


@pytest.mark.parametrize("size", range(120_000, 320_000, 20_000))
def test_who_takes_nothing_of_the_last_answer_is_dropped(size: int) -> None:
    """However little of it waits, and where a request came behind the one that ends the connection."""
    limits = {"write_seconds": 0.2, "idle_seconds": 600}
    with serving(answering(size), **limits) as connect, connect() as connection:
        connection.sendall(CLOSE + GET)
        poll = select.poll()
        poll.register(connection, select.POLLRDHUP)
        assert poll.poll(20_000), "the connection stays open"
