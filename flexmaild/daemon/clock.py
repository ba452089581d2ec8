"""The time, handed to everybody who needs it, so that tests can own it.

Two readings: the wall clock for what people and rows see, the steady one for waiting. `Sentry` is the
clock that decisions go by.
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
    """The wall clock, but for forward jumps: those are believed only when they hold for a minute.

    A wrong clock (a bad time server, a resumed machine) must not expire all requests at once; a right one
    costs a minute. Backward jumps are the store's business (`Store.high_water`).
    """

    PAUSE = 60.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall, self._steady = clock.now(), clock.steady()
        self._doubt_until: float | None = None
        self._held_back = timedelta(0)

    def now(self) -> datetime:
        """The time to go by, aware, UTC."""
        wall, steady = self._clock.now(), self._clock.steady()
        jump = (wall - self._wall) - timedelta(seconds=steady - self._steady)
        self._wall, self._steady = wall, steady
        if jump > timedelta(seconds=self.PAUSE):
            self._doubt_until = steady + self.PAUSE
            self._held_back += jump
        elif jump < timedelta(seconds=-self.PAUSE):  # it went back: there is nothing to doubt any more
            self._doubt_until = steady
        if self._doubt_until is not None and steady >= self._doubt_until:
            self._doubt_until, self._held_back = None, timedelta(0)
        return wall - self._held_back


class Led:
    """The clock of workers: the loop leads it, and between two of its steps it goes on by the steady one.

    A worker that went by the wall clock would, after that was set back, name times for the next try that the
    loop takes for past (and try without a pause), and after a jump ahead give up on mails that are not old.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen = clock.now(), clock.steady()

    def lead(self, now: datetime) -> datetime:
        """From now on it is `now`; gives it back. The loop's thread only."""
        self._seen = now, self._clock.steady()
        return now

    def now(self) -> datetime:
        then, at = self._seen
        return then + timedelta(seconds=self._clock.steady() - at)

    def steady(self) -> float:
        return self._clock.steady()
