"""One HTTP/1.1 connection of our servers: the limits and refusals that uvicorn and httptools leave open.

`net.http_server` makes one for each connection; all of it runs in the event loop's thread. It limits the
head, the pauses and the unread response, knows the peer of a Unix socket, and answers what is not HTTP with
problem+json, after the responses to the requests before it.
"""

import json
import select
import socket
from asyncio import TimerHandle, Transport
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from flexmaild.system.peer_credentials import Credentials, credentials

_PROBLEM_JSON = "application/problem+json"
# Seconds after a refusal in which further input is discarded, so that the client reads the response and not a
# reset (what nginx calls a lingering close).
LINGER = 2.0
# Seconds between checks whether a client that finished sending still waits for the response.
POLL_SECONDS = 1.0
# Bytes given to the parser at a time, so that not many requests begin before one of them is answered.
PIECE = 4096
# As many fields as Apache's LimitRequestFields and http.client take.
MOST_FIELDS = 100
# Of a connection over TCP, where the kernel knows no user.
_UNKNOWN = Credentials(-1, -1, -1)

_TOO_MANY = "There are too many connections."
_NOT_HTTP = 400, "The request cannot be read as HTTP (RFC 9112)."


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Of each connection: bytes of a head; seconds to send it, without a request, and without reading any
    byte of a response."""

    head_bytes: int = 64 * 1024
    head_seconds: float = 10.0
    idle_seconds: float = 30.0
    write_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class ConnectionHooks:
    """What a server does about its connections.

    enter: whether this user may have one more. leave: one that entered has ended. refused: why a connection
    or request was refused without the application.
    """

    enter: Callable[[Credentials], bool]
    leave: Callable[[Credentials], None]
    refused: Callable[[Credentials, str], None]


class Connection(HttpToolsProtocol):
    """The scope's state has `credentials`; `remembered`, a dict that lives as long as the connection; and
    `is_cut` where a body ended before its end."""

    def __init__(self, *, limits: ConnectionLimits, hooks: ConnectionHooks, **given: Any) -> None:
        super().__init__(**given)
        self._limits = limits
        self._hooks = hooks
        self._credentials = _UNKNOWN
        self._has_entered = self._has_finished_sending = self._is_refused = False
        self._is_in_head = self._is_watching = False
        # The request that is being handled; `cycle` is the newest, which may wait for it.
        self._current: RequestResponseCycle | None = None
        self._unparsed = b""
        self._head_size = self._fields_size = 0
        # Why the last input cannot be served; sent after the responses that are due before it.
        self._fault: tuple[int, str] | None = None
        self._timer: TimerHandle | None = None
        self._write_timer: TimerHandle | None = None

    # Called by asyncio.

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection.family == socket.AF_UNIX:
            self._credentials = credentials(connection)
        self.app_state = {**self.app_state, "credentials": self._credentials, "remembered": {}}
        self._has_entered = self._hooks.enter(self._credentials)
        if self._has_entered:
            self._after(self._limits.idle_seconds, transport.abort)
            return
        self._is_refused = True
        self._hooks.refused(self._credentials, _TOO_MANY)
        transport.write(self._problem(503, _TOO_MANY, b"retry-after: 5\r\n"))
        transport.close()

    def data_received(self, data: bytes) -> None:
        self._unparsed += data
        self._parse()
        if self._unparsed:  # the application reads on, to notice a hang-up: the rest stays in the kernel
            self.flow.pause_reading()

    def _parse(self) -> None:
        """Parse what was received, up to a request that has to wait for its turn."""
        rest = memoryview(self._unparsed)
        while rest and not self.pipeline and not self._discards_input:
            if self._is_answered and not self._is_in_head:
                self._begin_head()
            piece, rest = rest[:PIECE], rest[PIECE:]
            if self._is_in_head:
                self._head_size += len(piece)
            self._feed(piece)
        self._unparsed = b"" if self._discards_input else bytes(rest)

    def _feed(self, piece: memoryview) -> None:
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:  # RFC 9110 section 7.8: a server may ignore it
            self._has_finished_sending = True
            self.cycle.keep_alive = False
        except httptools.HttpParserError:
            self._refuse(*(self._fault or _NOT_HTTP))
        else:
            if self._is_in_head:
                self._count(0)
                if self._fault:
                    self._refuse(*self._fault)

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client finished sending and still gets the responses that are due. Returns whether any is."""
        self._has_finished_sending = True
        if self._is_in_head:
            self._refuse(400, "The request ended within its head.")
        elif not self._is_answered:
            self._cut_body()
            self._watch_for_hang_up()
        return not self._is_answered

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.pipeline.clear()
        if self._current is not None and not self._current.response_complete:
            self._current.disconnected = True
            self._current.message_event.set()
        self._after(0, None)
        self.resume_writing()
        if self._has_entered:
            self._has_entered = False
            self._hooks.leave(self._credentials)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._limit_unread()

    def _limit_unread(self) -> None:
        """End the connection only when the client reads nothing: how long a response takes depends on its
        size."""
        left = self.transport.get_write_buffer_size()

        def look() -> None:
            if self.transport.get_write_buffer_size() < left:
                self._limit_unread()
            else:
                self.transport.abort()

        self._write_timer = self.loop.call_later(self._limits.write_seconds, look)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    # Called by the parser; an exception raised here ends the parsing as a fault of the input.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self._is_in_head:
            self._begin_head()

    def _begin_head(self) -> None:
        """Empty lines before a request (RFC 9112 section 2.2) belong to its head."""
        self._is_in_head = True
        self._head_size = self._fields_size = 0
        late = f"The head of the request was not complete after {self._limits.head_seconds:g} seconds."
        self._after(self._limits.head_seconds, lambda: self._refuse(408, late))

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value) + len(": \r\n"))

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._after(0, None)
        version, hosts = self.parser.get_http_version(), sum(name == b"host" for name, _ in self.headers)
        if version not in ("1.0", "1.1"):
            self._fault = self._fault or _NOT_HTTP
        if hosts > 1 or (not hosts and version == "1.1"):
            self._fault = self._fault or (400, "A request has one Host field (RFC 9112 section 3.2).")
        if self._fault:
            raise ValueError(self._fault)  # ends the parsing; the request is not begun
        super().on_headers_complete()
        if self.pipeline:  # nothing more is read now, so a hang-up would not be noticed
            self._watch_for_hang_up()

    # The beginning and the end of a response, and of the server.

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._current = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._unset_keepalive_if_required()  # the timer here replaces it
        if self.transport.is_closing():  # input after a "Connection: close" is no request
            self._end()
            return
        self._parse()
        if not self._is_answered:
            return
        if self._fault:
            self._refuse(*self._fault)
        elif self._has_finished_sending:
            self._end()
        elif not self._is_in_head:
            self._after(self._limits.idle_seconds, self.transport.abort)

    def _end(self) -> None:
        """Close once the client has read the rest of the response."""
        self.pipeline.clear()
        self.transport.close()
        self._after(self._limits.write_seconds, self.transport.abort)

    def shutdown(self) -> None:
        if self._is_refused:
            self.transport.abort()
        else:
            super().shutdown()

    @property
    def _discards_input(self) -> bool:
        """Whether further input is discarded."""
        return self._is_refused or self._fault is not None or self._has_finished_sending

    @property
    def _is_answered(self) -> bool:
        """Whether no response is due; responses are sent in the order of the requests."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.disconnected

    def _count(self, size: int) -> None:
        """Count `size` more bytes of the head."""
        self._fields_size += size
        is_too_large = max(self._fields_size, self._head_size) > self._limits.head_bytes
        if is_too_large or len(self.headers or ()) > MOST_FIELDS:
            self._fault = self._fault or (431, "The head of the request is too large.")

    def _refuse(self, status: int, detail: str) -> None:
        """Answer with a problem and end, after the responses that are due."""
        self._is_in_head = False
        if self._cut_body():  # the application answers that
            self._has_finished_sending = True
            return
        if not self._is_answered:
            self._fault = status, detail
            return
        self._fault, self._is_refused = None, True
        self._hooks.refused(self._credentials, detail)
        self.transport.write(self._problem(status, detail))
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()
        self._after(LINGER, self.transport.abort)

    def _cut_body(self) -> bool:
        """End the wait for the rest of the newest request. Returns whether any of it is missing."""
        if self._is_answered or not self.cycle.more_body:
            return False
        self.scope["state"]["is_cut"] = True
        self.cycle.more_body = self.cycle.keep_alive = False
        self.cycle.message_event.set()
        return True

    def _problem(self, status: int, detail: str, fields: bytes = b"") -> bytes:
        title = HTTPStatus(status).phrase
        document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        body = json.dumps(document).encode() + b"\n"
        head = b"HTTP/1.1 %d %s\r\n" % (status, title.encode())
        head += b"".join(b"%s: %s\r\n" % field for field in self.server_state.default_headers)
        head += b"content-type: %s\r\ncontent-length: %d\r\n" % (_PROBLEM_JSON.encode(), len(body))
        return head + b"cache-control: no-store\r\nconnection: close\r\n" + fields + b"\r\n" + body

    def _after(self, seconds: float, act: Callable[[], object] | None) -> None:
        """Set the one timer, in place of what it was set to; None for nothing."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if act is None else self.loop.call_later(seconds, act)

    def _watch_for_hang_up(self) -> None:
        """Poll for a hang-up: asyncio does not report it once a client finished sending or is not read."""
        if self._is_watching:
            return
        self._is_watching = True
        self._poll_hang_up()

    def _poll_hang_up(self) -> None:
        if self.transport.is_closing() or self._is_answered:
            self._is_watching = False
            return
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket").fileno(), 0)
        if poll.poll(0):
            self.transport.abort()
        else:
            self.loop.call_later(POLL_SECONDS, self._poll_hang_up)
