"""The clocks, passed to all that need the time, so that tests can control it.

Two readings: the wall clock for what people and rows see, the steady one for waiting. `TrustedClock` is the
clock that decisions go by, and knows when none should.
"""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Protocol

# No version is as old as this: no clock that is before it can be right.
RELEASED = datetime(2025, 1, 1, tzinfo=UTC)
# What adjtimex(2) returns for a clock that nothing keeps right.
_TIME_ERROR = 5
# struct timex has 208 bytes with 64-bit longs. All zero, its `modes` ask and change nothing.
_TIMEX_BYTES = 512


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware, UTC."""

    def steady(self) -> float:
        """Seconds that never go back (CLOCK_MONOTONIC)."""


class MachineClock(Clock, Protocol):
    def synchronised(self) -> bool:
        """False where the kernel says that nothing keeps the wall clock right."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def steady(self) -> float:
        return time.monotonic()

    def synchronised(self) -> bool:
        return is_synchronised()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the wall clock cannot be right, and what cures it."""

    said: str
    cure: str = (
        "Set the clock right (timedatectl, chrony): it goes on by itself then. If it is right, run "
        "flexmaild clock accept."
    )


class TrustedClock:
    """The wall clock, but it never goes back, and forward jumps are believed only when they hold for a
    minute; long ones only when something keeps the clock right, or an operator says so. Callable from any
    thread.

    A wrong clock (a bad time server, a resumed machine) must not expire all requests at once; a right one
    costs a minute. A clock that was set back would revive old requests: while it is behind, time goes on
    from where it was by the steady clock, so that nothing waits until the wall clock has caught up.
    """

    PAUSE = 60.0
    # A service that was stopped for longer is rarer than a machine that begins with a wrong clock.
    LONGEST_STOP = timedelta(days=30)

    def __init__(self, clock: MachineClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wall, self._steady = clock.now(), clock.steady()
        self._doubt_until: float | None = None
        self._held_back = timedelta(0)
        self._latest = self._wall, self._steady
        # Whether there is a time from which a jump can be too long: not at a first start before any release.
        self._is_known = self._wall >= RELEASED
        self._is_accepted = False

    def now(self) -> datetime:
        """The trusted time, aware, UTC."""
        with self._lock:
            return self._look()

    def steady(self) -> float:
        return self._clock.steady()

    def not_before(self, moment: datetime) -> None:
        """It was this late already, by a clock that was trusted: before a restart.

        A wall clock that is months ahead of it is doubted as a jump is: some machines begin in another year
        and are corrected a few seconds later.
        """
        with self._lock:
            wall, steady = self._clock.now(), self._clock.steady()
            self._is_known = True
            # A time in doubt is never kept: this one was accepted.
            self._is_accepted = moment < RELEASED
            if moment > self._latest[0]:
                self._latest = moment, steady
            elif wall - moment > self.LONGEST_STOP:
                self._held_back, self._doubt_until = wall - moment, steady + self.PAUSE
                self._latest = moment, steady

    def behind(self) -> timedelta:
        """How far the wall clock is behind the trusted time."""
        return self.now() - self._clock.now()

    def doubt(self) -> Doubt | None:
        """Why nothing should be decided by this clock now; None where it may be."""
        with self._lock:
            now = self._look()
            if self._is_before_release():
                said = f"before flexmaild was made ({_day(RELEASED)})"
            elif self._is_far_ahead():
                said = f"more than {self.LONGEST_STOP.days} days after the last time known here ({_day(now)})"
                said += ", and the kernel calls it not synchronised"
            else:
                return None
            return Doubt(f"the system clock says {_day(self._wall)}, {said}")

    def accept(self) -> datetime:
        """Trust the wall clock, as an operator has confirmed it. Returns the trusted time."""
        with self._lock:
            self._look()
            self._doubt_until, self._held_back = None, timedelta(0)
            self._is_accepted = self._is_known = True
            return self._look()

    def _look(self) -> datetime:
        wall, steady = self._clock.now(), self._clock.steady()
        then, at = self._latest
        now = max(self._believed(wall, steady), then + timedelta(seconds=steady - at))
        self._latest = now, steady
        return now

    def _believed(self, wall: datetime, steady: float) -> datetime:
        jump = (wall - self._wall) - timedelta(seconds=steady - self._steady)
        self._wall, self._steady = wall, steady
        if jump > timedelta(seconds=self.PAUSE):
            self._doubt_until = steady + self.PAUSE
            self._held_back += jump
            self._is_accepted = False
        elif jump < timedelta(seconds=-self.PAUSE):  # it went back: what is left of a doubt was a long jump's
            self._doubt_until = steady
            self._held_back = max(timedelta(0), self._held_back + jump)
            self._is_accepted = False
        is_over = self._doubt_until is not None and steady >= self._doubt_until
        if is_over and not self._is_far_ahead():
            self._doubt_until, self._held_back = None, timedelta(0)
        return wall - self._held_back

    def _is_before_release(self) -> bool:
        return self._wall < RELEASED and not self._is_accepted

    def _is_far_ahead(self) -> bool:
        is_far = self._is_known and self._held_back > self.LONGEST_STOP
        return is_far and not self._clock.synchronised()


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def is_synchronised() -> bool:
    """Whether the kernel calls the clock synchronised (adjtimex(2)); True also where it may not be asked."""
    ask = _adjtimex()
    return ask is None or ask() != _TIME_ERROR


@cache
def _adjtimex() -> Any:
    try:
        import ctypes

        call = ctypes.CDLL(None).adjtimex
    except (ImportError, OSError, AttributeError, MemoryError):
        return None
    return lambda: call(ctypes.create_string_buffer(_TIMEX_BYTES))
