"""A lock that is granted in the order of requests. Apart from `engine`, since it knows no database.

`threading.Lock` has no order: with sixteen busy threads the poller waited eight times as long. Used by
`store.engine` for the one connection that writes.
"""

import threading
from collections import deque


class FirstComeLock:
    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._is_held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, seconds: float) -> bool:
        """Wait for the lock for so many seconds; False when it was not granted."""
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
        """Grant it to the thread that has waited longest; it is never free in between."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_held = False
