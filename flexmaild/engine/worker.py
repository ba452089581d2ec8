"""A thread of the engine: what `poller`, `delivery` and `timers` have in common.

It begins when its predecessor has ended (or hangs, where two may run). A bug that ends it is reported,
which ends the daemon.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

from flexmaild.store import StoreBroken


class Worker(ABC):
    """component: its name in heartbeats and metrics. died: called with a bug that ended the thread."""

    def __init__(self, component: str, died: Callable[[str, str], None]) -> None:
        self.component = component
        self._died = died
        self._stopping = threading.Event()
        self._predecessor: Worker | None = None
        self._patience: float | None = None
        self._thread = threading.Thread(target=self._run, name=component, daemon=True)

    def start(self, after: Worker | None = None, patience: float | None = None) -> None:
        """after: the predecessor; this thread begins when it has ended, or after `patience` seconds."""
        self._predecessor, self._patience = after, patience
        self._thread.start()

    def stop(self) -> None:
        """Tell the thread to finish its current work and end; returns at once."""
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
        """End a wait, so that the thread stops at once."""

    @abstractmethod
    def _leave(self) -> None:
        """Release resources when the thread ends."""
