"""One connection of the control socket: HTTP/1.1 in, a `Call` to its handler, JSON or a problem out.

Made by `control.server`, one per connection and thread. Never logs what was sent, never lets a caller hold
its thread for longer than the limits say, and answers garbage with a problem where it can be answered.
"""

from __future__ import annotations

import difflib
import http.server
import io
import json
import select
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json

from flexmaild import __version__
from flexmaild.control import openapi, problems, reading, routes
from flexmaild.control.call import Answer, Call, CallerGone, caller_of
from flexmaild.control.hub import Hub
from flexmaild.control.problems import Problem
from flexmaild.control.routes import Route
from flexmaild.core.access import permits
from flexmaild.core.documents import as_json
from flexmaild.system import http_head
from flexmaild.system.deadline import Deadline
from flexmaild.system.peer_credentials import Peer, peer_of

# How often a waiting thread looks whether its caller has hung up; the event itself wakes it at once.
LOOK = 0.5
# After refusing a body unread, how long what is still coming is thrown away, so that the caller gets to
# read the answer instead of a broken pipe (what nginx calls a lingering close).
LINGER = 2.0


class Handler(http.server.BaseHTTPRequestHandler):
    """See the head of the file. `hub` comes first so that `functools.partial` can give it."""

    protocol_version = "HTTP/1.1"
    server_version = f"flexmaild/{__version__}"
    connection: socket.socket
    route: Route | None
    unread: bool
    begun: bool
    started: float

    def __init__(self, hub: Hub, *rest: Any) -> None:
        self.hub = hub
        super().__init__(*rest)

    def setup(self) -> None:
        super().setup()
        self.peer = peer_of(self.connection)
        self.reader = reading.Reader(self.connection)
        self.rfile.close()
        self.input = io.BufferedReader(self.reader)
        self.rfile = self.input

    def version_string(self) -> str:
        return self.server_version

    def address_string(self) -> str:
        return self.peer.user

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: what is worth a line is told to `on_request`."""

    def handle_expect_100(self) -> bool:
        """Not yet: the body is asked for once its length is known to be allowed (`_read_body`)."""
        return True

    def handle_one_request(self) -> None:
        self.route, self.unread, self.begun = None, False, False
        self.close_connection = True
        if not self._something_comes():
            return
        self.started = time.monotonic()
        self.gate = self.hub.clients
        if not self.gate.enter(self.peer.uid, self.hub.limits.wait_for_place):
            self.unread = self.begun = True
            self._fail(problems.busy("clients"))
            return
        try:
            self._serve()
        finally:
            self.gate.leave(self.peer.uid)

    def _report(self, result: str) -> None:
        """Tell once what became of the request, before its caller knows: then a count is never behind."""
        if self.begun:
            self.begun = False
            command = self.route.command if self.route else routes.UNKNOWN_COMMAND
            self.hub.on_request(command, result, self.peer, time.monotonic() - self.started)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class found wrong with the head, as a problem; its own text repeats the input."""
        del message, explain
        self._fail(Problem(code, detail="The head of the request is not HTTP/1.1 as it should be."))

    def _something_comes(self) -> bool:
        """Wait for the first byte of a request; False when the daemon stops or nothing came for long."""
        self.reader.take_what_is_there()
        if self.input.peek(1):
            return True
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        self.hub.idle.add(self.connection)
        try:
            return not self.hub.stopping.is_set() and bool(poll.poll(self.hub.limits.idle_seconds * 1000))
        finally:
            self.hub.idle.discard(self.connection)

    def _serve(self) -> None:
        """One request from its first byte to the answer's last."""
        try:
            self.reader.allow(self.hub.limits.request_seconds, self.hub.limits.head_bytes)
            if self._read_head():
                self._send(self._carry_out())
        except Problem as problem:
            self._fail(problem)
        except reading.TooMuch:
            self._fail(Problem(431, detail="The head of the request is too large."))
        except TimeoutError:
            seconds = self.hub.limits.request_seconds
            self._fail(Problem(408, detail=f"The request was not complete after {seconds:g} seconds."))
        except (CallerGone, ConnectionError):
            self._report("ok" if self.route and self.route.waits else "refused")
            self.close_connection = True

    def _read_head(self) -> bool:
        """Request line and fields; False where there is nothing to answer, or it was answered already."""
        self.raw_requestline = self.input.readline(self.hub.limits.head_bytes)
        while self.raw_requestline in http_head.ENDS:  # RFC 9112 section 2.2: to be ignored
            self.raw_requestline = self.input.readline(self.hub.limits.head_bytes)
        if not self.raw_requestline:
            return False
        if len(self.raw_requestline) >= self.hub.limits.head_bytes:
            raise reading.TooMuch
        self.begun = self.unread = True  # should it be refused, nobody knows where the next one begins
        try:
            fields = http_head.fields_of(self.raw_requestline, self.input)
        except http_head.Malformed as fault:
            raise Problem(400, detail=str(fault)) from None
        self.rfile = io.BytesIO(fields)
        return self.parse_request()

    def _carry_out(self) -> Answer:
        """The answer to the request whose head was read. Raises Problem, CallerGone."""
        self.unread = bool(
            self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers
        )
        if self.hub.stopping.is_set():
            raise problems.stopping()
        target = urllib.parse.urlsplit(self.path)
        route, path, allowed = routes.find(self.command, target.path)
        if route is None:
            raise _no_route(target.path, allowed)
        self.route = route
        role = self.hub.access.role(caller_of(self.peer))
        if role is None or not permits(role, route.role):
            raise _not_permitted(self.peer, route)
        query = reading.query_of(route, target.query)
        key = reading.idempotency_key(self.headers)
        length = reading.declared_length(self.headers, route)
        with self._turn_of(length):
            document = self._read_body(length) if length else None
            fingerprint = reading.fingerprint(route, path, document)
            body = reading.checked(route, document)
            del document
        call = Call(self.peer, path, query, body, key, fingerprint, self._wait, role)
        return self._handle(route, call)

    @contextmanager
    def _turn_of(self, length: int) -> Iterator[None]:
        """Large bodies take turns: while one is read and checked it takes several times its size."""
        if length <= routes.ORDINARY_BODY:
            yield
            return
        if not self.hub.large.enter(self.peer.uid, self.hub.limits.wait_for_place):
            raise problems.busy("large requests")
        try:
            yield
        finally:
            self.hub.large.leave(self.peer.uid)

    def _read_body(self, length: int) -> Any:
        """The JSON document, None where there is nothing but blanks."""
        reading.check_media_type(self.headers)
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(HTTPStatus.CONTINUE)
            self.end_headers()
        self.reader.allow(self.hub.limits.request_seconds, length)
        raw = self.input.read(length)
        if len(raw) < length:
            raise Problem(400, detail=f"The body ended after {len(raw)} of {length} bytes.")
        self.unread = False
        return reading.parsed(raw) if raw.strip() else None

    def _handle(self, route: Route, call: Call) -> Answer:
        if route.command == "openapi":
            return Answer(200, openapi.document())
        if route.waits:
            self._become_waiter()
        try:
            return self.hub.handlers.handle(route.command, call)
        except CallerGone:
            raise
        except Exception as error:  # the top of the thread: a bug costs this request, not the daemon
            problem = problems.of_error(error)
            if problem is None:
                self.hub.on_crash(error)
                cure = "The journal says more: journalctl -u flexmaild"
                problem = Problem(500, detail="flexmaild made a mistake.", cure=cure, kind="bug")
            raise problem from error

    def _become_waiter(self) -> None:
        """Give the place of a client back and take one of a waiter: those who wait need no work done."""
        if not self.hub.waiters.enter(self.peer.uid):
            raise problems.busy("waiters")
        self.gate.leave(self.peer.uid)
        self.gate = self.hub.waiters

    def _wait(self, event: threading.Event, seconds: float) -> bool:
        """`Call.wait`: see there."""
        deadline = Deadline.after(seconds)
        while not event.wait(min(LOOK, deadline.left)):
            if self.hub.stopping.is_set():
                raise problems.stopping()
            if self._hung_up():
                raise CallerGone
            if deadline.is_over:
                return False
        return True

    def _hung_up(self) -> bool:
        """Whether the other end is closed altogether; one that only finished sending still listens."""
        poll = select.poll()
        poll.register(self.connection, 0)
        return bool(poll.poll(0))

    def _send(self, answer: Answer) -> None:
        assert self.route is not None
        kind, data = _encoded(answer, self.route)
        self.close_connection |= self.hub.stopping.is_set()
        self._report("ok")
        self._write(answer.status or self.route.status, kind, data, answer.headers)

    def _fail(self, problem: Problem) -> None:
        """Answer with a problem; a body left unread ends the connection."""
        self.close_connection |= self.unread or self.hub.stopping.is_set()
        self.request_version = "HTTP/1.1"
        self._report("refused" if problem.status < 500 else "failed")
        data = json.dumps(problem.document(), ensure_ascii=False, default=str).encode() + b"\n"
        try:
            self._write(problem.status, problems.MEDIA_TYPE, data, problem.headers)
            if self.unread:
                self._linger()
        except (OSError, reading.TooMuch):
            self.close_connection = True

    def _write(self, status: int, kind: str, data: bytes, headers: Mapping[str, str]) -> None:
        self.connection.settimeout(self.hub.limits.write_seconds)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _linger(self) -> None:
        """Throw away what is still coming, for a moment and without keeping any of it."""
        self.connection.shutdown(socket.SHUT_WR)
        self.reader.allow(LINGER, 1 << 40)
        while self.input.read1(1 << 16):
            pass


def _no_route(path: str, allowed: tuple[str, ...]) -> Problem:
    if allowed:
        detail = f"This path takes {', '.join(allowed)}."
        return Problem(405, detail=detail, headers={"Allow": ", ".join(allowed)})
    known = difflib.get_close_matches(path, [route.path for route in routes.ROUTES], 1, 0.75)
    cure = f"Did you mean {known[0]}? " if known else ""
    return Problem(404, detail="There is no such path.", cure=f"{cure}GET /openapi.json lists all.")


def _not_permitted(peer: Peer, route: Route) -> Problem:
    detail = f"User {peer.user} may not do {route.command}; it needs the role {route.role!r}."
    cure = "Ask the operator to name the user or one of its groups in control.admins."
    return Problem(403, "Not permitted", detail, cure=cure, kind="not-permitted")


def _encoded(answer: Answer, route: Route) -> tuple[str, bytes]:
    """The answer's media type and bytes."""
    if isinstance(answer.body, bytes):
        return route.media_type, answer.body
    return "application/json", to_json(as_json(answer.body)) + b"\n"
