"""What passes between a request and its handler: the command request, its answer, and the caller.

`api.request` makes the `CommandRequest`; `api.commands` has the `Handlers`. Values only, so that handlers can
be tested without a socket.
"""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from flexmaild.core.access import Caller, Role, Viewer
from flexmaild.system.peer_credentials import Peer, overflow_uid

if TYPE_CHECKING:
    from pydantic import BaseModel


_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """One request to the daemon, checked against its route.

    role: what the peer may do at most; it is enough for the route.
    path: the path's parameters ("id", "name"). query: parsed, with defaults filled in.
    body: an instance of the route's body model, None where the route takes none or none was sent.
    fingerprint: SHA-256 (hex) of command, path and body, equal for equal requests however they are spelt;
        what an idempotency key must not be used twice with different ones of.
    last_event_id: of the header field that readers of events send; empty without one.
    is_over: set when the caller has hung up or the daemon stops; for handlers that take long.
    """

    peer: Peer
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: BaseModel | None = None
    idempotency_key: str = ""
    fingerprint: str = ""
    last_event_id: str = ""
    role: Role = "admin"
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def viewer(self) -> Viewer:
        return Viewer(caller_of(self.peer), self.role)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers: a status (None: the route's), and a body.

    The body is a document of `core.documents`, something JSON can hold, or bytes, which go out as the route's
    media type.
    """

    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def caller_of(peer: Peer) -> Caller:
    """The caller that this peer is to `core.access`."""
    owns_daemon = peer.uid in (0, os.geteuid())
    return Caller(peer.user, peer.groups, owns_daemon, is_hidden=peer.uid in (overflow_uid(), -1))


class Run(Protocol):
    """Runs a function that may block in a thread; for code in the event loop."""

    def __call__(self, function: Callable[..., _R], *args: Any) -> Awaitable[_R]: ...


class IncomingFile(Protocol):
    """A file that a caller uploads; `finish` or `abandon` ends it. Each may block."""

    def write(self, piece: bytes) -> None: ...

    def finish(self) -> Answer: ...

    def abandon(self) -> None: ...


class Handlers(Protocol):
    """Carries out commands. All raise `Problem`, or what `problems.of_error` knows.

    handle: called from many threads at once. receive: a file begins to come, of so many bytes (0: it is not
    said). wait: for routes that wait, in the event loop; must not block. stream: alike, for an answer that
    goes on; what it raises before the first piece is answered.
    """

    def handle(self, command: str, call: CommandRequest) -> Answer: ...

    def receive(self, call: CommandRequest, declared: int) -> IncomingFile: ...

    async def wait(self, command: str, call: CommandRequest, run: Run) -> Answer: ...

    def stream(self, command: str, call: CommandRequest, run: Run) -> AsyncGenerator[bytes]: ...


class CallerGone(Exception):
    """The caller disconnected while its request was in work."""
