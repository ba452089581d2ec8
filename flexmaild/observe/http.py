"""The small HTTP server for those who watch: /metrics, /-/healthy and /-/ready.

`daemon.listeners` starts it for `metrics.listen` and a reload may close it and start another. It only reads:
GET and HEAD, one request for each connection (HTTP/1.0), a bounded number of them, each with a deadline.
It needs no password, changes nothing that is kept, and shows nothing that names a person.
"""

from __future__ import annotations

import io
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO, cast
from urllib.parse import urlsplit

import structlog

from flexmaild.core.documents import as_json
from flexmaild.core.errors import GiveUp, Reason
from flexmaild.observe.incidents import Incident, not_ready, readiness
from flexmaild.observe.metrics import Metrics
from flexmaild.system import http_head
from flexmaild.system.serving import StopsAtOnce

# A scrape takes milliseconds and Prometheus gives up after 10 s by default (scrape_timeout).
DEADLINE_SECONDS = 10.0
CONNECTIONS = 8
# For how long each piece of what follows a refused head is waited for, seconds.
LINGER = 1.0
COMPONENT = "metrics"
_ADDRESS = re.compile(r"[^\s@<>()\[\]\"',;:]+@(?=\S)")
PLAIN, JSON = "text/plain; charset=utf-8", "application/json"
BUSY = b"HTTP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\ntoo many connections\n"


class ObserveServer:
    """A running server; `address` is "host:port" as bound (the real port where 0 was asked for)."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        host, self.port = str(server.server_address[0]), server.server_address[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.2,), name="metrics-http", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop answering and give the address back; a request under way is cut."""
        self._server.shutdown()
        self._thread.join()
        self._server.cut(older_than=0.0)
        self._server.server_close()


def start(
    listen: str,
    metrics: Metrics,
    look: Callable[[], Sequence[Incident]],
    *,
    deadline: float = DEADLINE_SECONDS,
) -> ObserveServer | None:
    """Listen on "host:port" ("[::1]:9642", ":9642" for every address, port 0 for any); "" means off: None.

    look: the incidents that are open now.
    deadline: seconds after which a connection is cut, whatever it is doing.
    Raises GiveUp, naming the address and the cure, when the address cannot be had.
    """
    if not listen:
        return None
    try:
        family, address = _resolve(listen)
        return ObserveServer(_Server(family, address, metrics, look, deadline))
    except (OSError, ValueError) as error:
        raise GiveUp(
            Reason.CLIENT,
            f"metrics.listen cannot be bound: {getattr(error, 'strerror', None) or error}",
            step="bind",
            server=listen,
            cure="Give metrics.listen a free port of an address of this machine (host:port), or '' for none.",
        ) from error


def _resolve(listen: str) -> tuple[socket.AddressFamily, tuple[str, int]]:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError("that is not host:port")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError("an IPv6 address needs brackets, as in [::1]:9642")
    found = socket.getaddrinfo(
        host.strip("[]") or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, _, _, _, address = found[0]
    return family, (str(address[0]), int(address[1]))


def _without_people(incident: Incident) -> Incident:
    """A server's words may hold an address: of it only the domain is shown to who has given no name."""
    said = _ADDRESS.sub("***@", incident.condition.said)
    return replace(incident, condition=replace(incident.condition, said=said))


class _Server(StopsAtOnce, ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a thread in a cut connection ends by itself

    def __init__(
        self,
        family: socket.AddressFamily,
        address: tuple[str, int],
        metrics: Metrics,
        look: Callable[[], Sequence[Incident]],
        deadline: float,
    ) -> None:
        self.address_family = family
        self.metrics = metrics
        self.look = look
        self._deadline = deadline
        self._since: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own looks up the host's name in the DNS here, which may take half a minute.
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        with self._lock:
            full = len(self._since) >= CONNECTIONS
            if not full:
                self._since[request] = time.monotonic()
        if full:
            request.setblocking(False)
            with suppress(OSError):
                request.send(BUSY)
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        with self._lock:
            self._since.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Called a few times a second by `serve_forever`: the deadline is for the whole connection, since
        a time-out for each read would let a client that drips bytes stay for ever."""
        self.cut(older_than=self._deadline)

    def cut(self, older_than: float) -> None:
        now = time.monotonic()
        with self._lock:
            late = [request for request, since in self._since.items() if now - since >= older_than]
        for request in late:
            with suppress(OSError):  # it may have ended meanwhile
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away in mid-answer is no event; anything else is a bug, and is counted."""
        if not isinstance(sys.exc_info()[1], OSError):
            self.metrics.unhandled(COMPONENT)
            structlog.get_logger(COMPONENT).error("metrics_request_failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    raw_requestline: bytes
    server_version = "flexmaild"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.input = cast(BinaryIO, self.rfile)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class found wrong with the head; its own page repeats what was sent."""
        self._refuse(HTTPStatus(code), "The head of the request is not HTTP/1.1 as it should be.")

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        """What is still coming is thrown away, else the answer may be lost with it."""
        self.close_connection, self.request_version = True, "HTTP/1.0"
        self.command = self.requestline = ""
        self._answer(status, f"{text}\n".encode())
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(LINGER)
        with suppress(OSError):
            while self.connection.recv(1 << 16):
                pass

    def parse_request(self) -> bool:
        try:
            self.rfile = io.BytesIO(http_head.fields_of(self.raw_requestline, self.input))
        except http_head.Malformed as fault:
            self._refuse(HTTPStatus.BAD_REQUEST, str(fault))
            return False
        if not super().parse_request():
            return False
        self.close_connection = True
        if self.command not in ("GET", "HEAD"):
            self._answer(HTTPStatus.METHOD_NOT_ALLOWED, b"GET and HEAD only\n")
            return False
        return True

    def do_GET(self) -> None:
        route = urlsplit(self.path).path
        if route == "/metrics":
            self.server.look()  # the gauge of incidents shows what is so now
            body, content_type = self.server.metrics.exposition(self.headers.get("Accept", ""))
            self._answer(HTTPStatus.OK, body, content_type)
        elif route == "/-/healthy":
            self._answer(HTTPStatus.OK, b"healthy\n")
        elif route == "/-/ready":
            self._answer_ready(self.server.look())
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"here are /metrics, /-/healthy and /-/ready\n")

    do_HEAD = do_GET

    def _answer_ready(self, incidents: Sequence[Incident]) -> None:
        """The reasons line by line; as JSON, where that is asked for, every incident that is open."""
        shown = readiness([_without_people(one) for one in incidents])
        reasons = not_ready([_without_people(one) for one in incidents])
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        if JSON in self.headers.get("Accept", ""):
            self._answer(status, json.dumps(as_json(shown)).encode(), JSON)
        else:
            self._answer(status, "".join(f"{line}\n" for line in reasons or ("ready",)).encode())

    def _answer(self, status: HTTPStatus, body: bytes, content_type: str = PLAIN) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are not events."""
