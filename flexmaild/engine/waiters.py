"""Callers who wait for a decision: publish says which requests changed, their threads wake up and look."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Waiters:
    """Events by request id. Callable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, list[threading.Event]] = {}

    @contextmanager
    def watching(self, identifier: str) -> Iterator[threading.Event]:
        """An event that is set when this request changes; begin to watch before you look."""
        event = threading.Event()
        with self._lock:
            self._events.setdefault(identifier, []).append(event)
        try:
            yield event
        finally:
            with self._lock:
                self._events[identifier].remove(event)
                if not self._events[identifier]:
                    del self._events[identifier]

    def notify(self, identifiers: Iterable[str]) -> None:
        with self._lock:
            events = [event for i in identifiers for event in self._events.get(i, ())]
        for event in events:
            event.set()
