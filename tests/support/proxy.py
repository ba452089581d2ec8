"""A TCP proxy that delays, cuts and counts, between a client that is tested and a real server."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest


class Proxy:
    """Listens on `port`. Knobs may be turned at any time:

    one_way: seconds each chunk is held back in each direction (the round trip takes twice that).
    cut_before: reset the connection instead of passing on a request that holds this text.
    cut_after: pass such a request on, let the server act, and reset before its answer.
    cut_at: reset after so many bytes from the server.
    Each of the cuts happens once. `down` and `up` count bytes, `trips` how often the client spoke after
    the server.
    """

    def __init__(self, upstream: int) -> None:
        self.one_way = 0.0
        self.cut_before = b""
        self.cut_after = b""
        self.cut_at: int | None = None
        self.down = self.up = self.trips = self.connections = self.cuts = 0
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            _Pair(self, client, socket.create_connection(("127.0.0.1", self._upstream)))

    def takes(self, knob: str) -> None:
        """This cut has happened."""
        setattr(self, knob, None if knob == "cut_at" else b"")
        self.cuts += 1


class _Pair:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.speaker = ""
        self.doomed = False
        for held in (client, server):
            held.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._pump, args=(client, server, self._upwards), daemon=True).start()
        threading.Thread(target=self._pump, args=(server, client, self._downwards), daemon=True).start()

    def _pump(
        self, source: socket.socket, target: socket.socket, judge: Callable[[bytes], bytes | None]
    ) -> None:
        try:
            while data := source.recv(1 << 16):
                if self.proxy.one_way:
                    time.sleep(self.proxy.one_way)
                passed = judge(data)
                if passed is None:
                    self._reset()
                    return
                target.sendall(passed)
        except OSError:
            pass
        for held in (source, target):
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

    def _upwards(self, data: bytes) -> bytes | None:
        proxy = self.proxy
        if proxy.cut_before and proxy.cut_before in data:
            proxy.takes("cut_before")
            return None
        if proxy.cut_after and proxy.cut_after in data:
            proxy.takes("cut_after")
            self.doomed = True
        proxy.up += len(data)
        proxy.trips += self.speaker != "client"
        self.speaker = "client"
        return data

    def _downwards(self, data: bytes) -> bytes | None:
        proxy = self.proxy
        if self.doomed:
            return None
        self.speaker = "server"
        proxy.down += len(data)
        if proxy.cut_at is not None and proxy.down >= proxy.cut_at:
            proxy.takes("cut_at")
            return None
        return data

    def _reset(self) -> None:
        for held in (self.client, self.server):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with suppress(OSError):
                held.shutdown(socket.SHUT_RD)  # wakes the other thread, whose recv would keep the connection
            held.close()


@pytest.fixture
def proxied() -> Iterator[Callable[[int], Proxy]]:
    """Puts a proxy before a port."""
    made: list[Proxy] = []

    def make(upstream: int) -> Proxy:
        made.append(Proxy(upstream))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()
