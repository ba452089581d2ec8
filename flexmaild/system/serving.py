"""Servers of the standard library that stop when they are told to.

`socketserver` only looks from time to time whether it should end, so that a stop or a reload waits for the
next look of each server, and one with nothing else to look after wakes for nothing.
"""

from __future__ import annotations

import selectors
import socket
import socketserver
import threading


class StopsAtOnce(socketserver.TCPServer):
    """Before the server class among the bases, also of one on a Unix socket."""

    timeout = 0  # who connects may be gone again before they are answered

    # Server classes of the standard library pass different things on to their base.
    def __init__(self, *args: object, **more: object) -> None:
        self._told, self._tell = socket.socketpair()
        self._ended = threading.Event()
        super().__init__(*args, **more)  # type: ignore[arg-type]

    def serve_forever(self, poll_interval: float | None = None) -> None:
        """Answer until `shutdown`. poll_interval: `service_actions` is called at least so often, seconds."""
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self, selectors.EVENT_READ)
                selector.register(self._told, selectors.EVENT_READ)
                while True:
                    ready = [key.fileobj for key, _ in selector.select(poll_interval)]
                    if self._told in ready:
                        break
                    if ready:
                        self.handle_request()
                    self.service_actions()
        finally:
            self._ended.set()

    def shutdown(self) -> None:
        """Returns when no more is accepted. For a server that was started."""
        self._tell.send(b"x")
        self._ended.wait()
        self._tell.close()
        self._told.close()
