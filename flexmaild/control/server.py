"""The control socket's server: accepts connections within limits and gives each to a thread of its own.

Made and closed by `daemon.listeners`. It is `http.server` on a Unix socket: the kernel says who connects, so
what makes that module unfit for an open network does not arise; it must never be bound to TCP.
"""

from __future__ import annotations

import errno
import functools
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flexmaild.control import problems
from flexmaild.control.call import Handlers
from flexmaild.control.gate import Gate
from flexmaild.control.handler import Handler
from flexmaild.control.hub import Hub, Limits, OnCrash, OnRequest
from flexmaild.control.listen import Listening
from flexmaild.core.access import Access
from flexmaild.system.deadline import Deadline
from flexmaild.system.peer_credentials import credentials
from flexmaild.system.serving import StopsAtOnce

# How long to pause when the process has no descriptor left for the next connection, seconds.
BREATH = 0.1


class ControlServer:
    """The running control socket.

    on_request(command, result, peer, seconds) is called after every request, from its thread; `command` is
    one of `routes.COMMANDS`, `result` one of `routes.RESULTS`. on_crash(error) is called for bugs.
    """

    def __init__(
        self,
        listening: Listening,
        handlers: Handlers,
        *,
        access: Access | None = None,
        on_request: OnRequest,
        on_crash: OnCrash,
        limits: Limits | None = None,
    ) -> None:
        limits = limits or Limits()
        self._hub = Hub(
            handlers=handlers,
            access=access or Access(),
            on_request=on_request,
            on_crash=on_crash,
            limits=limits,
            clients=Gate(limits.clients, limits.per_uid),
            waiters=Gate(limits.waiters, limits.waiters),
            large=Gate(limits.large, limits.large),
        )
        self._prepare(listening)

    def _prepare(self, listening: Listening) -> None:
        self.listening = listening
        self._server = _Server(listening.socket, self._hub)
        self._thread = threading.Thread(target=self._server.serve_forever, name="control")
        self._thread.daemon = True

    def start(self) -> None:
        self._thread.start()

    def listen_at(self, listen: Callable[[], Listening]) -> None:
        """Take new connections there, and none at the old place; those in work go on. Raises what `listen`
        does; then none are taken any more, until it is called again."""
        self._stop_accepting()
        # First: a new file may get the number of the old one, which is removed by its number.
        self.listening.close()
        self._prepare(listen())
        self.start()

    def _stop_accepting(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()

    def set_access(self, access: Access) -> None:
        """Who may do what from the next request on (a reload)."""
        self._hub.access = access

    def close(self, grace: float = 5.0) -> None:
        """Take no more; let those in work finish for at most `grace` seconds; remove the socket we made.

        Waiters are answered 503 at once, idle connections are ended.
        """
        self._hub.stopping.set()
        self._stop_accepting()
        for connection in list(self._hub.idle):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        deadline = Deadline.after(grace)
        self._hub.waiters.wait_empty(deadline.left)
        self._hub.clients.wait_empty(deadline.left)
        self.listening.close()


class _Server(StopsAtOnce, socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, hub: Hub) -> None:
        super().__init__("", functools.partial(Handler, hub), bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._hub = hub
        # Open connections, idle ones too. No user may have them all.
        total = hub.limits.clients + hub.limits.waiters
        self._connections = Gate(total, total - hub.limits.clients + hub.limits.per_uid)

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            connection, _ = self.socket.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                time.sleep(BREATH)
            raise
        return connection, ("unix", 0)

    def process_request(self, request: Any, client_address: Any) -> None:
        uid = credentials(request)[1]
        if not self._connections.enter(uid):
            _turn_away(request)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread to be had
            self._connections.leave(uid)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        uid = credentials(request)[1]
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.leave(uid)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self._hub.on_crash(error)


def _turn_away(connection: socket.socket) -> None:
    """503 without reading a byte and without waiting: this is the accepting thread."""
    problem = problems.busy("connections")
    head = (
        f"HTTP/1.1 503 {problem.title}\r\nServer: {Handler.server_version}\r\n"
        "Retry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    connection.setblocking(False)
    with suppress(OSError):
        connection.sendall(head.encode())
