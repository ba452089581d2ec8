"""A lock that is given to those who wait in the order in which they came.

`threading.Lock` lets whoever asks at the right instant go first: beside sixteen busy threads the poller
waited eight times as long for it. Used by `store.engine` for the one connection that writes.
"""

import threading
from collections import deque


class FirstComeLock:
    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._is_held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, seconds: float) -> bool:
        """Wait for a turn for so long; False when it did not come."""
        with self._mutex:
            if not self._is_held:
                self._is_held = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(seconds):
            return True
        with self._mutex:
            if turn.is_set():  # the turn came while we gave up
                return True
            self._waiting.remove(turn)
            return False

    def release(self) -> None:
        """Give it to who has waited longest; it is never free in between, so nobody can push in."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_held = False
