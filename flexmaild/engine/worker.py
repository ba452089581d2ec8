"""A thread of the engine: what `poller`, `delivery` and `timers` have in common.

It begins when the one whose place it takes has ended (or hangs, where two may run), and a bug that ends it is
told, which ends the daemon.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

from flexmaild.store import StoreBroken


class Worker(ABC):
    """component: its name in heartbeats and metrics. died: is told of a bug that ended the thread."""

    def __init__(self, component: str, died: Callable[[str, str], None]) -> None:
        self.component = component
        self._died = died
        self._stopping = threading.Event()
        self._predecessor: Worker | None = None
        self._patience: float | None = None
        self._thread = threading.Thread(target=self._run, name=component, daemon=True)

    def start(self, after: Worker | None = None, patience: float | None = None) -> None:
        """after: the one whose place this takes; it begins when that one has ended, or after so many seconds
        where `patience` is given."""
        self._predecessor, self._patience = after, patience
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in hand and end; returns at once."""
        self._stopping.set()
        self._interrupt()

    def join(self, seconds: float | None = None) -> bool:
        """Whether it has ended after so many seconds at most."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            if self._predecessor is not None:
                self._predecessor.join(self._patience)
                self._predecessor = None
            self._work_until_stopped()
        except StoreBroken:
            pass  # the supervisor sees it too, and ends the daemon
        except Exception as bug:  # the top of the thread: the supervisor ends the daemon
            self._died(self.component, f"{type(bug).__name__}: {bug}")
            raise
        finally:
            self._leave()

    @abstractmethod
    def _work_until_stopped(self) -> None: ...

    @abstractmethod
    def _interrupt(self) -> None:
        """End a wait, so that it is seen at once that the thread is to stop."""

    @abstractmethod
    def _leave(self) -> None:
        """Let go of what it holds."""
