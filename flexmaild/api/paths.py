"""Which path of the control socket is whose: the table of routes as an ASGI application."""

from collections.abc import Mapping

from starlette.routing import Route as PathRoute
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from flexmaild.api import routes
from flexmaild.api.app import Application
from flexmaild.api.request import Request
from flexmaild.api.routes import Route


def router(application: Application) -> Router:
    by_path: dict[str, dict[str, Route]] = {}
    for route in routes.ROUTES:
        by_path.setdefault(route.path, {})[route.method] = route
    paths = [PathRoute(path, _Path(application, methods)) for path, methods in by_path.items()]
    return Router(paths, redirect_slashes=False, default=_Path(application, {}))


class _Path:
    """An ASGI application for one path of the table."""

    def __init__(self, application: Application, methods: Mapping[str, Route]) -> None:
        self._application = application
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Request(self._application, self._methods, scope, receive, send).serve()
