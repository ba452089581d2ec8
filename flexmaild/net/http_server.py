"""Our HTTP servers: an event loop in a thread of its own, and uvicorn with httptools on each socket.

`daemon.listeners` starts the loop and the servers; what they answer are ASGI applications of `flexmaild.api`.
Nothing in the loop's thread may block.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import resource
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import uvicorn

from flexmaild import __version__
from flexmaild.net.http_connection import Connection, ConnectionHooks, ConnectionLimits
from flexmaild.net.listen import BACKLOG
from flexmaild.system.peer_credentials import Credentials

_R = TypeVar("_R")

# asyncio accepts as many connections at once as the backlog it is given; each takes a descriptor before it
# can be refused.
TAKEN_AT_ONCE = 64
# Descriptors kept for the store, the mail servers, the sandbox and the sinks.
RESERVED_FILES = 256

# Seconds for requests that were cancelled at the end of a stop.
_CLEANING_SECONDS = 1.0

_log = logging.getLogger("uvicorn.error")


@dataclass(frozen=True, slots=True)
class Room:
    """How many connections may be open at a time: of all, and of one user."""

    connections: int
    per_user: int

    def within_files(self) -> Room:
        """The same, or less where the process may not open as many files (RLIMIT_NOFILE)."""
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        left = max(8, soft - RESERVED_FILES)
        return Room(min(self.connections, left), min(self.per_user, max(4, left * 3 // 4)))


class EventLoop:
    """A thread that runs asyncio's loop. on_crash: called with an exception that no application caught."""

    def __init__(self, name: str, on_crash: Callable[[BaseException], None]) -> None:
        self._on_crash = on_crash
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._on_exception)
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, _R]) -> Future[_R]:
        """Run the coroutine in the loop; for other threads."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """Cancel the tasks that still run, and end."""
        if self._thread.is_alive():
            self.run(_cancel_the_rest()).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def _on_exception(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None and not isinstance(error, OSError):  # accept(2) out of files is tried again
            self._on_crash(error)


async def _cancel_the_rest() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class HttpServer:
    """Serves an application on a socket that listens already.

    room, limits: of its clients' connections. refused: see `ConnectionHooks`.
    """

    def __init__(
        self,
        loop: EventLoop,
        listener: socket.socket,
        application: Callable[..., Awaitable[None]],
        *,
        room: Room,
        limits: ConnectionLimits,
        refused: Callable[[Credentials, str], None],
    ) -> None:
        self._loop = loop
        self._listener = listener.dup()  # uvicorn closes what it is given
        self._room = room.within_files()
        self._open: Counter[int] = Counter()
        hooks = ConnectionHooks(self._enter, self._leave, refused)
        config = uvicorn.Config(
            application,
            http=functools.partial(Connection, limits=limits, hooks=hooks),  # type: ignore[arg-type]
            ws="none",
            loop="none",
            lifespan="off",
            interface="asgi3",
            backlog=TAKEN_AT_ONCE,
            headers=[("Server", f"flexmaild/{__version__}")],
            server_header=False,
            proxy_headers=False,
            access_log=False,
            log_config=None,
        )
        self._server = _Server(config)
        self._served: Future[None] | None = None

    def start(self) -> None:
        """Serve from now on."""
        # The application and `refused` report what goes wrong; uvicorn's lines would repeat what was sent.
        _log.disabled = True
        self._served = self._loop.run(self._server.serve([self._listener]))
        self._loop.run(self._server.is_up()).result()
        self._listener.listen(BACKLOG)

    def listen_at(self, listener: socket.socket) -> None:
        """Accept connections on another socket, after `stop_accepting`."""
        self._loop.run(self._server.startup([listener.dup()])).result()
        listener.listen(BACKLOG)

    def stop_accepting(self) -> None:
        """Accept no more connections; those that are open go on."""
        if self._served is not None:
            self._loop.run(self._server.stop_accepting()).result()

    def close(self, grace: float) -> None:
        """Accept no more, end idle connections, let requests finish for at most `grace` seconds."""
        if self._served is None:
            return
        self._loop.run(self._server.stop(grace)).result()
        with suppress(asyncio.CancelledError):
            self._served.result()

    def _enter(self, caller: Credentials) -> bool:
        if self._open.total() >= self._room.connections or self._open[caller.uid] >= self._room.per_user:
            return False
        self._open[caller.uid] += 1
        return True

    def _leave(self, caller: Credentials) -> None:
        self._open[caller.uid] -= 1
        if not self._open[caller.uid]:
            del self._open[caller.uid]


class _Server(uvicorn.Server):
    """uvicorn's server, woken by an event instead of polling ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._up = asyncio.Event()
        self._to_stop = asyncio.Event()

    async def is_up(self) -> None:
        await self._up.wait()

    async def stop_accepting(self) -> None:
        for server in self.servers:
            server.close()

    async def stop(self, grace: float) -> None:
        self.config.timeout_graceful_shutdown = grace  # type: ignore[assignment]
        self.should_exit = True
        self._to_stop.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # renews the Date field
            with suppress(TimeoutError):
                await asyncio.wait_for(self._to_stop.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self.server_state.tasks:  # cancelled; they clean up
            await asyncio.wait(self.server_state.tasks, timeout=_CLEANING_SECONDS)
