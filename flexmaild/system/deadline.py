"""Deadlines for operations of several steps.

A socket's own time-out bounds each read only, so that a server that drips a byte a second holds its caller
for ever. Code that reads or writes in steps arms the socket before each of them. Waits for threads and
processes use deadlines as well.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """A moment of the machine's monotonic clock; pauses, which a test may hurry, ask `Clock.steady`."""

    until: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds; none where it is over."""
        return max(0.0, self.until - time.monotonic())

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.until

    def arm(self, sock: socket.socket, silence: float | None = None) -> None:
        """The next operation of the socket may last as long as is left, and be silent for `silence` seconds.
        Raises TimeoutError where nothing is left: a time-out of 0 would mean not to wait at all."""
        left = self.left
        if not left:
            raise TimeoutError("not finished within its time limit")
        seconds = left if silence is None else min(left, silence)
        sock.settimeout(seconds if isfinite(seconds) else None)


NEVER = Deadline(float("inf"))
