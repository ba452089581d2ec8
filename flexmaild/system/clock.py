"""The time, handed to everybody who needs it, so that tests can own it.

Two readings: the wall clock for what people and rows see, the steady one for waiting. `TrustedClock` is the
clock that decisions go by.
"""

from __future__ import annotations

import threading
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


class TrustedClock:
    """The wall clock, but it never goes back, and forward jumps are believed only when they hold for a
    minute. Callable from any thread.

    A wrong clock (a bad time server, a resumed machine) must not expire all requests at once; a right one
    costs a minute. A clock that was set back would revive old requests: while it is behind, time goes on
    from where it was by the steady clock, so that nothing waits until the wall clock has caught up.
    """

    PAUSE = 60.0
    # A service that was stopped for longer is rarer than a machine that begins with a wrong clock.
    LONGEST_STOP = timedelta(days=30)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wall, self._steady = clock.now(), clock.steady()
        self._doubt_until: float | None = None
        self._held_back = timedelta(0)
        self._latest = self._wall, self._steady

    def now(self) -> datetime:
        """The time to go by, aware, UTC."""
        with self._lock:
            wall, steady = self._clock.now(), self._clock.steady()
            then, at = self._latest
            now = max(self._believed(wall, steady), then + timedelta(seconds=steady - at))
            self._latest = now, steady
            return now

    def steady(self) -> float:
        return self._clock.steady()

    def not_before(self, moment: datetime) -> None:
        """It was this late already, by a clock that was trusted: before a restart.

        A wall clock that is months ahead of it is doubted as a jump is: some machines begin in another year
        and are corrected a few seconds later.
        """
        with self._lock:
            wall, steady = self._clock.now(), self._clock.steady()
            if moment > self._latest[0]:
                self._latest = moment, steady
            elif wall - moment > self.LONGEST_STOP:
                self._held_back, self._doubt_until = wall - moment, steady + self.PAUSE
                self._latest = moment, steady

    def behind(self) -> timedelta:
        """How far the wall clock is behind the time to go by."""
        return self.now() - self._clock.now()

    def _believed(self, wall: datetime, steady: float) -> datetime:
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
