"""One request to the control socket: who calls, what it may do, what it asks, the answer or a problem.

Made by `api.server` for each. Runs in the event loop; what may block is carried out by the application's
threads, and a caller who waits has none. Never logs what was sent.
"""

import asyncio
import difflib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import ParamSpec, TypeVar

from pydantic_core import to_json
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from flexmaild.api import exchange, openapi, problems, request_reader, routes, visibility
from flexmaild.api.app import Application
from flexmaild.api.call import Answer, CallerGone, CommandRequest, caller_of
from flexmaild.api.exchange import HttpAnswer
from flexmaild.api.problems import Problem
from flexmaild.api.routes import Route
from flexmaild.core.access import Viewer, permits
from flexmaild.core.documents import as_json
from flexmaild.core.masking import masked
from flexmaild.system.peer_credentials import Peer, peer_of, unnamed
from flexmaild.system.pool import Pool

# The user database may be on another machine.
NAMING_SECONDS = 10.0

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Request:
    """methods: the routes of its path by method, none where nothing is there."""

    def __init__(
        self,
        application: Application,
        methods: Mapping[str, Route],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._app = application
        self._methods = methods
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers = Headers(scope=scope)
        self._began = time.monotonic()
        self._route: Route | None = None
        self._is_unread = "content-length" in self._headers or "transfer-encoding" in self._headers

    async def serve(self) -> None:
        """Answer it."""
        peer = unnamed(self._scope["state"]["credentials"])
        async with AsyncExitStack() as places:  # kept until the caller has taken the answer
            try:
                with self._as_problems():
                    peer = await self._peer()
                    written = await self._answered(peer, places)
            except CallerGone:
                self._report("ok" if self._route and self._route.waits else "refused", peer)
                return
            except Problem as problem:
                written = exchange.of_problem(problem)
                if problem.kind == problems.BUSY:
                    self._app.on_refused(self._command, problem.detail, peer.uid)
                else:
                    self._report("refused" if problem.status < 500 else "failed", peer)
            else:
                self._report("ok", peer)
            if isinstance(written, AsyncGenerator):
                await self._stream(written)
                return
            await exchange.write(
                self._receive, self._send, written, unread=self._is_unread, closes=self._app.stopping.is_set()
            )

    async def _peer(self) -> Peer:
        """Who calls; asked once for a connection."""
        remembered: dict[str, Peer] = self._scope["state"]["remembered"]
        if "peer" not in remembered:
            credentials = self._scope["state"]["credentials"]
            try:
                async with asyncio.timeout(NAMING_SECONDS):
                    remembered["peer"] = await _in(self._app.naming, peer_of, credentials)
            except TimeoutError:  # it cannot be said what this caller may do
                cure = "Look whether `getent passwd` and `getent group` answer on this machine."
                detail = "The database of users did not say who calls."
                raise Problem(503, detail=detail, cure=cure, headers=problems.AGAIN_SOON) from None
        return remembered["peer"]

    def _report(self, result: str, peer: Peer) -> None:
        self._app.on_request(self._command, result, peer, time.monotonic() - self._began)

    @property
    def _command(self) -> str:
        return self._route.command if self._route else routes.UNKNOWN_COMMAND

    async def _stream(self, pieces: AsyncGenerator[bytes]) -> None:
        """A store that fails meanwhile ends it: the reader comes again with the number it has."""
        assert self._route
        with suppress(Problem), self._as_problems():
            await exchange.write_stream(
                self._receive, self._send, self._route.media_type, pieces, self._app.stopping
            )

    async def _answered(self, peer: Peer, places: AsyncExitStack) -> HttpAnswer | AsyncGenerator[bytes]:
        """Raises Problem, CallerGone."""
        if self._app.stopping.is_set():
            raise problems.stopping()
        names: dict[str, str] = self._scope.get("path_params", {})
        # A line end is not seen by the router, whose patterns end in "$".
        is_path = self._scope["path"].isprintable() and all(map(routes.NAME.fullmatch, names.values()))
        methods = self._methods if is_path else {}
        self._route = route = methods.get(self._scope["method"])
        if route is None:
            raise _no_route(self._scope["path"], tuple(sorted(methods)))
        role = self._app.access.role(caller_of(peer))
        if role is None or not permits(role, route.role):
            raise _not_permitted(peer, route)
        query = request_reader.query_of(route, self._scope["query_string"])
        key = request_reader.idempotency_key(self._headers)
        length = request_reader.declared_length(self._headers, route)
        self._is_unread = length > 0 or (route.is_file and "transfer-encoding" in self._headers)
        taken = self._app.waiting if route.waits or route.streams else self._app.work
        await places.enter_async_context(taken.taken(peer.uid, seconds=self._app.limits.place_seconds))
        call = CommandRequest(peer, names, query, idempotency_key=key, role=role)
        if route.is_file:
            return await self._file(route, call, length)
        if route.streams:
            return await self._begun(route, call)
        async with self._room_for(length, peer.uid):
            raw = await self._body() if length else b""
            return await self._carried_out(route, call, raw)

    @asynccontextmanager
    async def _room_for(self, length: int, uid: int) -> AsyncIterator[None]:
        """Of large bodies only so many bytes are read at a time, since each takes several times its size."""
        if length <= routes.ORDINARY_BODY:
            yield
            return
        async with self._app.body_bytes.taken(uid, length, seconds=self._app.limits.place_seconds):
            yield

    async def _body(self) -> bytes:
        request_reader.check_media_type(self._headers)
        limits = self._app.limits
        coming = exchange.pieces(
            self._scope, self._receive, silent_seconds=limits.body_silent_seconds, seconds=limits.body_seconds
        )
        raw = b"".join([piece async for piece in coming])
        self._is_unread = False
        return raw

    async def _carried_out(self, route: Route, call: CommandRequest, raw: bytes) -> HttpAnswer:
        if route.waits:
            return await self._waited(route, call)
        if route.takes_long:
            async with self._app.probes.taken(call.peer.uid, seconds=self._app.limits.probe_seconds):
                return await self._probed(route, call, raw)
        pool = self._app.looking if route.method == "GET" else self._app.changing
        return await _in(pool, self._handled, route, call, raw)

    async def _file(self, route: Route, call: CommandRequest, declared: int) -> HttpAnswer:
        """Written away as it comes."""
        limits, pool = self._app.limits, self._app.filing
        coming = exchange.pieces(
            self._scope, self._receive, silent_seconds=limits.file_silent_seconds, seconds=limits.file_seconds
        )
        file = await _in(pool, self._app.handlers.receive, call, declared)
        try:
            async for piece in coming:
                await _in(pool, file.write, piece)
            self._is_unread = False
            return _written(await _in(pool, file.finish), route, call.viewer)
        except BaseException:
            await asyncio.shield(_in(pool, file.abandon))
            raise

    async def _begun(self, route: Route, call: CommandRequest) -> AsyncGenerator[bytes]:
        """The answer from its first piece on: what is wrong with the request shows before that."""
        call = replace(call, last_event_id=self._headers.get("last-event-id", ""))
        pieces = self._app.handlers.stream(route.command, call, partial(_in, self._app.looking))
        first = await anext(pieces)

        async def whole() -> AsyncGenerator[bytes]:
            async with aclosing(pieces):
                yield first
                async for piece in pieces:
                    yield piece

        return whole()

    async def _waited(self, route: Route, call: CommandRequest) -> HttpAnswer:
        """Runs in the event loop until there is an answer or the caller has hung up."""
        run = partial(_in, self._app.looking)
        answer = asyncio.ensure_future(self._app.handlers.wait(route.command, call, run))
        gone = asyncio.ensure_future(exchange.disconnected(self._receive))
        stopping = asyncio.ensure_future(self._app.stopping.wait())
        try:
            await asyncio.wait({answer, gone, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return _written(answer.result(), route, call.viewer)
            raise CallerGone if gone.done() else problems.stopping()
        finally:
            for task in (answer, gone, stopping):
                task.cancel()

    async def _probed(self, route: Route, call: CommandRequest, raw: bytes) -> HttpAnswer:
        """Runs in a thread, which is notified when the caller has hung up."""
        written = asyncio.ensure_future(_in(self._app.probing, self._handled, route, call, raw))
        gone = asyncio.ensure_future(exchange.disconnected(self._receive))
        stopping = asyncio.ensure_future(self._app.stopping.wait())
        try:
            await asyncio.wait({written, gone, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not written.done():
                call.is_over.set()
            return await written
        finally:
            gone.cancel()
            stopping.cancel()

    def _handled(self, route: Route, call: CommandRequest, raw: bytes) -> HttpAnswer:
        """In a thread of its own: from the bytes of the body to those of the answer."""
        document = request_reader.parsed(raw) if raw.strip() else None
        fingerprint = request_reader.fingerprint(route, call.path, document)
        body = request_reader.checked(route, document)
        del document, raw
        if route.command == "openapi":
            return _written(Answer(200, openapi.document()), route, call.viewer)
        call = replace(call, body=body, fingerprint=fingerprint)
        return _written(self._app.handlers.handle(route.command, call), route, call.viewer)

    @contextmanager
    def _as_problems(self) -> Iterator[None]:
        """Here a bug costs a request, and not the daemon."""
        try:
            yield
        except (CallerGone, Problem):
            raise
        except Exception as error:
            problem = problems.of_error(error)
            if problem is None:
                self._app.on_crash(error)
                cure = "The journal says more: journalctl -u flexmaild"
                problem = Problem(500, detail="This is a bug in flexmaild.", cure=cure)
            raise problem from error


async def _in(pool: Pool, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    return await asyncio.wrap_future(pool.submit(function, *args, **kwargs))


def _written(answer: Answer, route: Route, viewer: Viewer) -> HttpAnswer:
    """Whatever holds a reference (a Message-ID of ours that a server repeats, say), only admins see more of
    it than its beginning."""
    status = answer.status or route.status
    if isinstance(answer.body, bytes):  # a mail, for admins alone
        return HttpAnswer(status, route.media_type, answer.body, answer.headers)
    text = to_json(as_json(answer.body)).decode()
    shown = text if viewer.sees_references else masked(text)
    return HttpAnswer(status, "application/json", shown.encode() + b"\n", answer.headers)


def _no_route(path: str, allowed: tuple[str, ...]) -> Problem:
    if allowed:
        detail = f"This path takes {', '.join(allowed)}."
        return Problem(405, detail=detail, headers={"Allow": ", ".join(allowed)})
    known = difflib.get_close_matches(path, [route.path for route in routes.ROUTES], 1, 0.75)
    cure = f"Did you mean {known[0]}? " if known else ""
    return Problem(404, detail="There is no such path.", cure=f"{cure}GET /openapi.json lists all.")


def _not_permitted(peer: Peer, route: Route) -> Problem:
    detail = f"User {peer.user} may not do {route.command}; it needs the role {route.role!r}."
    return visibility.not_permitted(
        detail, "Ask the operator to name the user or one of its groups in control.admins."
    )
