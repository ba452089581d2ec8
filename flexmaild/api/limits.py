"""The limits of API callers: requests, bytes, seconds.

Those of a connection are in `net.http_connection`. What is full refuses with Retry-After before the body of a
request is read.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from flexmaild.api import problems
from flexmaild.api.routes import BODY_WITH_FILES, MIB
from flexmaild.net import http_connection
from flexmaild.net.http_server import Room


@dataclass(frozen=True, slots=True)
class Limits:
    """in_work: requests between their head and the end of their answer; waiting: those whose answer is held
    back, and readers of events. bodies_bytes: of all bodies that are larger than an ordinary one, together.
    place_seconds: for how long a place is waited for before it is refused. probing_per_user: commands that
    talk to servers, which may hang; the next wait for up to probe_seconds.

    Any user may have half of what is there for those who wait, of the bytes, and of the threads that talk to
    servers, so that others are served.
    """

    in_work: int = 256
    in_work_per_user: int = 32
    probing_per_user: int = 2
    waiting: int = 2000
    waiting_per_user: int = 1000
    bodies_bytes: int = 2 * (BODY_WITH_FILES + MIB)
    bodies_bytes_per_user: int = BODY_WITH_FILES + MIB
    body_silent_seconds: float = 10.0
    body_seconds: float = 60.0
    file_silent_seconds: float = 30.0
    file_seconds: float = 900.0
    place_seconds: float = 2.0
    probe_seconds: float = 300.0
    connection: http_connection.ConnectionLimits = field(default_factory=http_connection.ConnectionLimits)

    @property
    def room(self) -> Room:
        """Connections for all of these, and as many again as work that are idle or refused."""
        return Room(
            self.waiting + 2 * self.in_work,
            self.waiting_per_user + 2 * self.in_work_per_user,
        )


class Quota:
    """Counts what is in use, in total and by user. For the event loop's thread only."""

    def __init__(self, what: str, total: int, per_user: int) -> None:
        self._what = what
        self._total = total
        self._per_user = per_user
        self._taken: Counter[int] = Counter()
        self._queue: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def taken(self, uid: int, amount: int = 1, *, seconds: float = 0.0) -> AsyncIterator[None]:
        """Take an amount for this user while the block runs; wait for it at most `seconds`. Raises Problem
        503."""
        try:
            async with asyncio.timeout(seconds):
                while not self._has(uid, amount):
                    await self._until_some_is_given_back()
        except TimeoutError:
            raise problems.busy(self._what) from None
        self._taken[uid] += amount
        try:
            yield
        finally:
            self._taken[uid] -= amount
            if not self._taken[uid]:
                del self._taken[uid]
            for waiter in self._queue:
                if not waiter.done():
                    waiter.set_result(None)

    def __len__(self) -> int:
        return self._taken.total()

    def _has(self, uid: int, amount: int) -> bool:
        has_total = self._taken.total() + amount <= self._total
        return has_total and self._taken[uid] + amount <= self._per_user

    async def _until_some_is_given_back(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._queue.append(waiter)
        try:
            await waiter
        finally:
            self._queue.remove(waiter)
