"""The control socket as a whole: its application, served at a Unix socket that may be bound anew."""

from collections.abc import Callable, Mapping

from starlette.routing import Route as PathRoute
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from flexmaild.api import routes
from flexmaild.api.app import Application, OnRefused, OnRequest
from flexmaild.api.call import Handlers
from flexmaild.api.limits import Limits
from flexmaild.api.request import Request
from flexmaild.api.routes import Route
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
        limits = limits or Limits()
        self._on_refused = on_refused
        self._application = Application(
            handlers,
            access=access or Access(),
            on_request=on_request,
            on_refused=on_refused,
            on_crash=on_crash,
            limits=limits,
        )
        self._server = HttpServer(
            loop,
            listening.socket,
            _router(self._application),
            room=limits.room,
            limits=limits.connection,
            refused=self._refused,
        )

    def start(self) -> None:
        self._server.start()

    def listen_at(self, listen: Callable[[], Listening]) -> None:
        """Take new connections there, and none at the old place; those in work go on. Raises what `listen`
        does; then none are taken any more, until it is called again."""
        self._server.stop_accepting()
        # First: a new file may get the number of the old one, which is removed by its number.
        self.listening.close()
        self.listening = listen()
        self._server.listen_at(self.listening.socket)

    def set_access(self, access: Access) -> None:
        """Who may do what from the next request on (a reload)."""
        self._application.access = access

    def close(self, grace: float = 5.0) -> None:
        """Take no more and remove the socket we made; let those in work finish for at most `grace` seconds.

        Callers who wait are answered 503 at once, idle connections are ended.
        """
        self._server.stop_accepting()
        self.listening.close()
        self._loop.run(self._application.stop()).result()
        self._server.close(grace)
        self._application.close()

    def _refused(self, caller: Credentials, why: str) -> None:
        self._on_refused(routes.UNKNOWN_COMMAND, why, caller.uid)


def _router(application: Application) -> Router:
    """The route table as an ASGI application."""
    by_path: dict[str, dict[str, Route]] = {}
    for route in routes.ROUTES:
        by_path.setdefault(route.path, {})[route.method] = route
    paths = [PathRoute(path, _Path(application, methods)) for path, methods in by_path.items()]
    return Router(paths, redirect_slashes=False, default=_Path(application, {}))


class _Path:
    """An ASGI application for one path of the route table."""

    def __init__(self, application: Application, methods: Mapping[str, Route]) -> None:
        self._application = application
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Request(self._application, self._methods, scope, receive, send).serve()
