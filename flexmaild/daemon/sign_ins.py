"""Authorisations under way: one thread waits for the person, callers ask how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flexmaild.core.errors import Failure
from flexmaild.net.grants import Authorization
from flexmaild.net.oauth import TokenDesk


@dataclass(slots=True)
class _Wait:
    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    shown: dict[str, Any] = field(default_factory=dict)


class SignIns:
    """By application; a new authorisation takes the place of one that was begun before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: dict[str, _Wait] = {}

    def begin(self, tokens: TokenDesk, application: str) -> Authorization:
        """Start it and wait in the background. Raises Failure when the provider cannot be asked."""
        begun = tokens.begin(application)
        wait = _Wait(shown={"state": "pending", "id": application})
        with self._lock:
            earlier, self._waits[application] = self._waits.get(application), wait
        if earlier is not None:
            earlier.stop.set()
        threading.Thread(
            target=_finish, args=(tokens, application, wait), name="sign-in", daemon=True
        ).start()
        return begun

    def state(
        self, application: str, seconds: float, wait: Callable[[threading.Event, float], bool]
    ) -> dict[str, Any]:
        """How far it is; waits up to `seconds` for its end."""
        with self._lock:
            found = self._waits.get(application)
        if found is None:
            return {"state": "none", "id": application}
        if seconds:
            wait(found.ended, seconds)
        return dict(found.shown)

    def stop(self) -> None:
        with self._lock:
            for wait in self._waits.values():
                wait.stop.set()


def _finish(tokens: TokenDesk, application: str, wait: _Wait) -> None:
    try:
        status = tokens.wait(application, stop=wait.stop)
        shown: dict[str, Any] = {"state": "done", "account": status.account, "scopes": list(status.scopes)}
    except Failure as failure:
        shown = {"state": "failed", "detail": failure.text, "cure": failure.cure}
    wait.shown = {"id": application, **shown}
    wait.ended.set()
