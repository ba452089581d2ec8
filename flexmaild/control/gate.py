"""Counts who is inside: so many at once, and so many of one user, so that no user shuts out the others."""

from __future__ import annotations

import threading
from collections import Counter


class Gate:
    """A counter with two limits. Safe to use from many threads."""

    def __init__(self, total: int, per_uid: int) -> None:
        self._total = total
        self._per_uid = per_uid
        self._inside: Counter[int] = Counter()
        self._changed = threading.Condition()

    def enter(self, uid: int, seconds: float = 0.0) -> bool:
        """Go in, waiting this long for a place; False when there was none."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_place(uid), seconds):
                return False
            self._inside[uid] += 1
            return True

    def leave(self, uid: int) -> None:
        with self._changed:
            self._inside[uid] -= 1
            if not self._inside[uid]:
                del self._inside[uid]
            self._changed.notify_all()

    def wait_empty(self, seconds: float) -> bool:
        """Wait until nobody is inside; False when somebody still is after this time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._inside, seconds)

    def __len__(self) -> int:
        with self._changed:
            return self._inside.total()

    def _has_place(self, uid: int) -> bool:
        return self._inside.total() < self._total and self._inside[uid] < self._per_uid
