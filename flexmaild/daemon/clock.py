"""The time, handed to everybody who needs it, so that tests can own it.

Two readings: the wall clock for what people and rows see, the steady one for waiting. `Sentry` tells a
wall clock that jumped forward from one that merely went on.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware, UTC."""

    def steady(self) -> float:
        """Seconds that never go back (CLOCK_MONOTONIC)."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def steady(self) -> float:
        return time.monotonic()


class Sentry:
    """Believes a wall clock that jumped forward only when it still says so after a pause.

    A wrong clock (a bad time server, a resumed machine) must not expire all requests at once; a right
    one costs a minute.
    """

    PAUSE = 60.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall, self._steady = clock.now(), clock.steady()
        self._doubt_until: float | None = None

    def trusts_now(self) -> bool:
        """Whether what time itself brings (expiry, reminders) may be done now."""
        wall, steady = self._clock.now(), self._clock.steady()
        jump = (wall - self._wall) - timedelta(seconds=steady - self._steady)
        self._wall, self._steady = wall, steady
        if jump > timedelta(seconds=self.PAUSE):
            self._doubt_until = steady + self.PAUSE
        if self._doubt_until is not None and steady < self._doubt_until:
            return False
        self._doubt_until = None
        return True
