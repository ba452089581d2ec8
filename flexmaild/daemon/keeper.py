"""The thread that keeps OAuth tokens fresh, and so notices soon when an application ails or is cured.

Whoever needs a token still asks the desk, which lets one thread at a time renew it. Started and stopped with
the parts it belongs to; never touches a mail.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from flexmaild.daemon.items import Due, Item, WorkerDied
from flexmaild.net.oauth import TokenDesk

# How often the desk is asked to look, seconds; how often it asks anybody is its own affair.
LOOK_SECONDS = 5.0


class Keeper:
    """Puts `Due.TOKENS` on the queue when an application stands otherwise than before."""

    def __init__(self, tokens: TokenDesk, put: Callable[[Item], None]) -> None:
        self.tokens = tokens
        self._put = put
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tokens", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns at once; a renewal under way is finished."""
        self._stopping.set()

    def join(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        """Never worth waiting for: what it renews is on disk before it counts."""
        return False

    def _run(self) -> None:
        stood: object = None
        try:
            while not self._stopping.is_set():
                self.tokens.keep_fresh()
                stands = [(status.state, status.error_code) for status in self.tokens.status()]
                if stands != stood:
                    self._put(Due.TOKENS)
                stood = stands
                self._stopping.wait(LOOK_SECONDS)
        except Exception as bug:  # the top of the thread: the loop hears of it and ends the daemon
            self._put(WorkerDied("tokens", f"{type(bug).__name__}: {bug}"))
            raise
