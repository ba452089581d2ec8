"""The HTTPS ground under the fake: a private CA, a threaded server, faults by script, a log of requests.

Every fault a real service shows can be asked for by test code: an error answer, an HTML page, silence, a cut
connection, a truncated or dripping answer. A fault is taken by the next request that matches, so that tests
need no clock.
"""

import contextlib
import email.utils
import http.server
import json
import re
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(self.body.decode()))

    def json(self) -> dict[str, Any]:
        return json.loads(self.body) if self.body else {}


@dataclass
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def raw(self) -> tuple[bytes, str]:
        if isinstance(self.body, bytes):
            return self.body, self.headers.pop("Content-Type", "text/plain")
        if self.body is None:
            return b"", ""
        return json.dumps(self.body).encode(), self.headers.pop("Content-Type", "application/json")


@dataclass
class Fault:
    """What happens to the next `times` requests whose "METHOD /path" the pattern finds.

    kind: answer (the one given), hang (until the fake is closed), drop (cut without an answer, before the
    work is done), lose (the work is done, the answer is not sent), mute (the same, and the connection
    stays), truncate, drip (a byte every 0.2 s).
    """

    pattern: str
    kind: str = "answer"
    answer: Answer | None = None
    times: int = 1


HTML = Answer(200, b"<html><body>Sign in to the guest network</body></html>", {"Content-Type": "text/html"})


class HttpsServer:
    """Serves `handle(request)` on https://localhost:PORT until closed."""

    def __init__(self, context: ssl.SSLContext, handle: Callable[[Request], Answer], port: int = 0) -> None:
        self.faults: list[Fault] = []
        self.log: list[Request] = []
        self.latency = 0.0
        self.clock_skew = 0.0
        self.closed = threading.Event()
        self._lock = threading.Lock()
        self._handle = handle
        self._sockets: set[socket.socket] = set()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60
            wbufsize = 64 * 1024  # One write an answer: headers alone would wait for a delayed ACK.

            def setup(self) -> None:
                with owner._lock:
                    owner._sockets.add(self.request)
                super().setup()

            def finish(self) -> None:
                with owner._lock:
                    owner._sockets.discard(self.request)
                with contextlib.suppress(OSError):
                    super().finish()

            def serve_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                target = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(target.query, keep_blank_values=True))
                head = {k.lower(): v for k, v in self.headers.items()}
                path = urllib.parse.unquote(target.path)
                owner._serve(self, Request(self.command, path, query, head, self.rfile.read(length)))

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve_one

            def date_time_string(self, timestamp: float | None = None) -> str:
                return email.utils.formatdate(time.time() + owner.clock_skew, usegmt=True)

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def get_request(self) -> tuple[socket.socket, Any]:
                plain, address = super().get_request()
                # The handshake happens at the first read, in the connection's own thread.
                return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, *_: object) -> None:
                """Clients that hang up are part of the tests."""

        self._httpd = Server(("127.0.0.1", port), Handler)
        self.port = self._httpd.server_port
        self.url = f"https://localhost:{self.port}"
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def fail(
        self,
        pattern: str,
        status: int = 0,
        body: Any = None,
        *,
        kind: str = "answer",
        times: int = 1,
        **headers: str,
    ) -> None:
        """Scripts a fault; header names are written with _ for - ("Retry_After")."""
        answer = (
            Answer(status, body, {k.replace("_", "-"): v for k, v in headers.items()}) if status else None
        )
        with self._lock:
            self.faults.append(Fault(pattern, kind, answer, times))

    def html(self, pattern: str, times: int = 1) -> None:
        with self._lock:
            self.faults.append(Fault(pattern, "answer", HTML, times))

    def count(self, pattern: str = "") -> int:
        """How many requests came in whose "METHOD /path" the pattern finds."""
        return sum(bool(re.search(pattern, f"{r.method} {r.path}")) for r in list(self.log))

    def close(self) -> None:
        self.closed.set()
        self._httpd.shutdown()
        with self._lock:
            sockets = list(self._sockets)
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._httpd.server_close()
        self._thread.join()

    def _serve(self, handler: http.server.BaseHTTPRequestHandler, request: Request) -> None:
        with self._lock:
            self.log.append(request)
            fault = self._take(request)
        if self.latency:
            self.closed.wait(self.latency)
        kind = fault.kind if fault else ""
        if kind == "hang":
            self.closed.wait()
        if kind in ("hang", "drop"):
            handler.close_connection = True
            return
        answer = fault.answer if fault and fault.answer else self._handle(request)
        if kind == "mute":
            self.closed.wait()
        if kind in ("lose", "mute"):
            handler.close_connection = True
            return
        self._send(handler, answer, kind)

    def _take(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if re.search(fault.pattern, f"{request.method} {request.path}"):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def _send(self, handler: http.server.BaseHTTPRequestHandler, answer: Answer, kind: str) -> None:
        headers = dict(answer.headers)
        data, media = Answer(answer.status, answer.body, headers).raw()
        media = media or headers.pop("Content-Type", "")
        headers.pop("Content-Type", None)
        handler.send_response(answer.status)
        if media:
            handler.send_header("Content-Type", media)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        if kind == "truncate":
            handler.wfile.write(data[: len(data) // 2])
            handler.close_connection = True
        elif kind == "drip":
            for number in range(len(data)):
                if self.closed.wait(0.2):
                    break
                handler.wfile.write(data[number : number + 1])
                handler.wfile.flush()
        else:
            handler.wfile.write(data)
