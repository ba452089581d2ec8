"""Wakes callers who wait for a decision when their request has changed.

Apart from `api`, which the engine does not import.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

Wake = Callable[[], object]
# Watched in place of a request's id by those who read the event log.
EVERYTHING = ""


class Waiters:
    """By request id. Callable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wakes: dict[str, list[Wake]] = {}

    @contextmanager
    def watching(self, identifier: str, wake: Wake) -> Iterator[None]:
        """`wake` is called when this request changes, in the thread that changed it; enter before reading
        the request. It must not block; RuntimeError (a closed event loop) is ignored."""
        with self._lock:
            self._wakes.setdefault(identifier, []).append(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakes[identifier].remove(wake)
                if not self._wakes[identifier]:
                    del self._wakes[identifier]

    def notify(self, identifiers: Iterable[str]) -> None:
        with self._lock:
            wakes = [wake for i in identifiers for wake in self._wakes.get(i, ())]
        for wake in wakes:
            with suppress(RuntimeError):
                wake()
