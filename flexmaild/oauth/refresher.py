"""The thread that renews OAuth tokens ahead of expiry, and so detects early that an application fails or
recovers.

Adapters get their tokens from the manager, which lets one thread at a time renew them.
"""

import threading
from collections.abc import Callable

from flexmaild.oauth.manager import TokenManager

# Seconds between checks; the manager decides when a provider is asked.
_CHECK_SECONDS = 5.0


class TokenRefresher:
    """changed: called when the status of an application changes. died: called with a bug that ended the
    thread."""

    component = "tokens"

    def __init__(
        self, tokens: TokenManager, changed: Callable[[], object], died: Callable[[str, str], None]
    ) -> None:
        self.tokens = tokens
        self._changed = changed
        self._died = died
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tokens", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns at once; a renewal under way is finished."""
        self._stopping.set()

    def join(self, seconds: float | None = None) -> bool:
        """Never worth waiting for: what it renews is on disk before it counts."""
        del seconds
        return True

    def _run(self) -> None:
        last_status: object = None
        try:
            while not self._stopping.is_set():
                self.tokens.keep_fresh()
                status = [(one.state, one.error_code) for one in self.tokens.status()]
                if status != last_status:
                    self._changed()
                last_status = status
                self._stopping.wait(_CHECK_SECONDS)
        except Exception as bug:  # the top of the thread: the supervisor ends the daemon
            self._died(self.component, f"{type(bug).__name__}: {bug}")
            raise
