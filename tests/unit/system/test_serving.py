"""A server answers until it is told to stop, and then needs no look at the clock to do so."""

from __future__ import annotations

import os
import socket
import socketserver
import threading

import pytest

from flexmaild.system.serving import StopsAtOnce


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(self.rfile.readline())


class Server(StopsAtOnce, socketserver.ThreadingTCPServer):
    looks = 0

    def service_actions(self) -> None:
        self.looks += 1


def answer(server: Server) -> bytes:
    with socket.create_connection(server.server_address, timeout=30) as caller:  # type: ignore[arg-type]
        caller.sendall(b"here\n")
        return caller.recv(100)


@pytest.mark.parametrize("interval", [None, 3600.0])
def test_it_answers_one_after_the_other_and_stops_when_it_is_told(interval: float | None) -> None:
    before = len(os.listdir("/proc/self/fd"))
    server = Server(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(interval,), daemon=True)
    thread.start()
    assert [answer(server), answer(server)] == [b"here\n", b"here\n"]
    server.shutdown()
    thread.join(30)
    assert not thread.is_alive()
    server.server_close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert server.looks == 2


def test_what_was_told_before_it_began_is_heard() -> None:
    server = Server(("127.0.0.1", 0), Echo)
    stop = threading.Thread(target=server.shutdown, daemon=True)
    stop.start()
    server.serve_forever()
    stop.join(30)
    assert not stop.is_alive()
    server.server_close()
