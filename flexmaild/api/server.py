"""The control socket as a whole: its application, served at a Unix socket that may be bound anew."""

from __future__ import annotations

from collections.abc import Callable

from flexmaild.api import routes
from flexmaild.api.app import Application, OnRefused, OnRequest
from flexmaild.api.call import Handlers
from flexmaild.api.limits import Limits
from flexmaild.core.access import Access
from flexmaild.net.http_server import EventLoop, HttpServer
from flexmaild.net.listen import Listening
from flexmaild.system.peer_credentials import Credentials


class ControlServer:
    """For the arguments see `Application`."""

    def __init__(
        self,
        loop: EventLoop,
        listening: Listening,
        handlers: Handlers,
        *,
        access: Access | None = None,
        on_request: OnRequest,
        on_refused: OnRefused,
        on_crash: Callable[[BaseException], None],
        limits: Limits | None = None,
    ) -> None:
        self.listening = listening
        self._loop = loop
        self._limits = limits or Limits()
        self._on_refused = on_refused
        self._application = Application(
            handlers,
            access=access or Access(),
            on_request=on_request,
            on_refused=on_refused,
            on_crash=on_crash,
            limits=self._limits,
        )
        self._servers = [self._server(listening)]

    def _server(self, listening: Listening) -> HttpServer:
        return HttpServer(
            self._loop,
            listening.socket,
            self._application,
            room=self._limits.room,
            limits=self._limits.connection,
            refused=self._refused,
        )

    def start(self) -> None:
        self._servers[-1].start()

    def listen_at(self, listen: Callable[[], Listening]) -> None:
        """Take new connections there, and none at the old place; those in work go on. Raises what `listen`
        does; then none are taken any more, until it is called again."""
        self._servers[-1].stop_accepting()
        # First: a new file may get the number of the old one, which is removed by its number.
        self.listening.close()
        self.listening = listen()
        self._servers.append(self._server(self.listening))
        self.start()

    def set_access(self, access: Access) -> None:
        """Who may do what from the next request on (a reload)."""
        self._application.access = access

    def close(self, grace: float = 5.0) -> None:
        """Take no more; let those in work finish for at most `grace` seconds; remove the socket we made.

        Callers who wait are answered 503 at once, idle connections are ended.
        """
        self._loop.run(self._application.stop()).result()
        for server in self._servers:
            server.close(grace)
        self.listening.close()

    def _refused(self, caller: Credentials, why: str) -> None:
        self._on_refused(routes.UNKNOWN_COMMAND, why, caller.uid)
