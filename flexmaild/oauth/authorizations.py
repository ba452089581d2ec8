"""Authorisations in progress: a thread waits for each sign-in, callers read its state."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from flexmaild.core.documents.service import AuthorizationState, authorization
from flexmaild.core.errors import Failure
from flexmaild.oauth.grants import Authorization
from flexmaild.oauth.manager import TokenManager


@dataclass(slots=True)
class _Wait:
    shown: AuthorizationState
    stop: threading.Event = field(default_factory=threading.Event)
    ended: Future[None] = field(default_factory=Future)


class Authorizations:
    """The authorisations by application; a new one replaces an earlier one."""

    def __init__(self) -> None:
        self._lock, self._beginning = threading.Lock(), threading.Lock()
        self._waits: dict[str, _Wait] = {}

    def begin(self, tokens: TokenManager, application: str, on_end: Callable[[], object]) -> Authorization:
        """Start one and wait in the background; `on_end` is called at its end. Raises Failure when the
        provider cannot be reached."""
        wait = _Wait(authorization(application, "pending"))
        with self._beginning:  # of two at once the second replaces the first, here and in the manager
            begun = tokens.begin(application)
            with self._lock:
                earlier, self._waits[application] = self._waits.get(application), wait
        if earlier is not None:
            earlier.stop.set()
        threading.Thread(
            target=_finish, args=(tokens, begun, wait, on_end), name="sign-in", daemon=True
        ).start()
        return begun

    def state(self, application: str) -> AuthorizationState:
        """The state of the latest authorisation."""
        with self._lock:
            found = self._waits.get(application)
        return found.shown if found else authorization(application, "none")

    def ended(self, application: str) -> Future[None] | None:
        """A future that is done when the authorisation ends; None where none was begun."""
        with self._lock:
            found = self._waits.get(application)
        return found.ended if found else None

    def stop(self) -> None:
        """End them all, since the daemon stops."""
        with self._lock:
            for wait in self._waits.values():
                wait.stop.set()


def _finish(tokens: TokenManager, begun: Authorization, wait: _Wait, on_end: Callable[[], object]) -> None:
    name = begun.application
    shown = authorization(name, "failed", detail="a fault in flexmaild itself; see its log")
    try:
        status = tokens.wait(name, begun=begun, stop=wait.stop)
        shown = authorization(name, "done", account=status.account, scopes=status.scopes)
    except Failure as failure:
        shown = authorization(name, "failed", detail=failure.text, cure=failure.cure)
    finally:
        wait.shown = shown
        wait.ended.set_result(None)
        on_end()
