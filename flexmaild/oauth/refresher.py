"""The thread that keeps OAuth tokens fresh, and so notices soon when an application fails or recovers.

Who needs a token still asks the manager of tokens, which lets one thread at a time renew it. Never touches a
mail.
"""

import threading
from collections.abc import Callable

from flexmaild.oauth.manager import TokenManager

# How often it is looked, seconds; how often a provider is asked is the manager's own affair.
LOOK_SECONDS = 5.0


class TokenRefresher:
    """changed: is called when an application stands otherwise than before; died: of a bug that ended the
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
        stood: object = None
        try:
            while not self._stopping.is_set():
                self.tokens.keep_fresh()
                stands = [(status.state, status.error_code) for status in self.tokens.status()]
                if stands != stood:
                    self._changed()
                stood = stands
                self._stopping.wait(LOOK_SECONDS)
        except Exception as bug:  # the top of the thread: the supervisor ends the daemon
            self._died(self.component, f"{type(bug).__name__}: {bug}")
            raise
