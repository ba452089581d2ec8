"""A receiver of webhooks: real HTTP/1.1 over real TLS, which answers as a test says and keeps what it got."""

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.pki import Pki


@dataclass(frozen=True, slots=True)
class Got:
    """One request as it came. certificate: the client's, where it showed one."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    certificate: Mapping[str, Any] | None = None


# Writes the answer itself: hangs, drips, cuts. `over` is set when the test ends.
Behaviour = Callable[[BaseHTTPRequestHandler, threading.Event], None]


@dataclass(slots=True)
class Receiver:
    """answers: what comes next, a status, a status with header fields and body, or a behaviour; then 204."""

    address: str
    received: list[Got] = field(default_factory=list)
    answers: list[int | tuple[int, Mapping[str, str], bytes] | Behaviour] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def bodies(self) -> list[bytes]:
        return [got.body for got in self.received]

    def next_answer(self) -> int | tuple[int, Mapping[str, str], bytes] | Behaviour:
        return self.answers.pop(0) if self.answers else 204


def started(context: ssl.SSLContext | None = None) -> tuple[Receiver, ThreadingHTTPServer]:
    receiver = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            shown = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
            receiver.received.append(Got(self.command, self.path, dict(self.headers), body, shown))
            answer = receiver.next_answer()
            if callable(answer):
                answer(self, receiver.over)
                self.close_connection = True
                return
            code, headers, content = (answer, {}, b"") if isinstance(answer, int) else answer
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            if code != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_PATCH = do_GET = _take

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https" if context else "http"
    receiver.address = f"{scheme}://localhost:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), name="receiver", daemon=True).start()
    return receiver, server


@pytest.fixture
def receiver(pki: Pki) -> Iterator[Receiver]:
    """With TLS, by a certificate of the tests' authority."""
    made, server = started(pki.context())
    yield made
    made.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def plain_receiver() -> Iterator[Receiver]:
    made, server = started()
    yield made
    made.over.set()
    server.shutdown()
    server.server_close()


@dataclass(slots=True)
class ForwardProxy:
    """An HTTP proxy that passes CONNECT on and keeps where callers wanted to."""

    address: str = ""
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def forward_proxy() -> Iterator[ForwardProxy]:
    proxy = ForwardProxy()

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            proxy.asked.append(self.path)
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port))) as upstream:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _pass_on(self.connection, upstream)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), name="forward proxy", daemon=True).start()
    yield proxy
    server.shutdown()
    server.server_close()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    while True:
        for readable in select.select((one, other), (), ())[0]:
            data = readable.recv(1 << 16)
            if not data:
                return
            (other if readable is one else one).sendall(data)
