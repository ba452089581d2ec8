"""Waiting for a decision, however long it takes and whatever happens to the daemon meanwhile.

A pipeline waits for hours; a daemon is restarted in seconds. So a wait is many short ones, and a daemon that
is away for a while is asked again. Used by `flexmailctl approval wait` and `approval request --wait`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flexmaild.control.client import Client, Refused, Unreachable
from flexmaild.system.deadline import NEVER, Deadline

# One held answer lasts at most so long, seconds: short enough to notice a daemon that is gone.
TURN = 60.0
# How long a daemon that was there may be away, seconds (systemd restarts a failed service after 5).
AWAY = 120.0
PAUSE = 0.5


def wait_for_decision(
    client: Client, approval: str, seconds: float | None, tell: Callable[[Any], None] = lambda reply: None
) -> Any:
    """The approval once it is decided, or as it stands after so many seconds (None: no end).

    tell: called with each reply that came meanwhile and decided nothing, once a turn.
    Raises Refused, Unreachable (at once when the daemon was not there to begin with).
    """
    deadline = NEVER if seconds is None else Deadline.after(seconds)
    last_seen = 0.0
    told: int | None = None
    while True:
        try:
            turn = {"timeout": f"{min(deadline.left, TURN):.3f}"}
            body = client.call("approval.wait", path={"id": approval}, query=turn).body
        except (Unreachable, Refused) as error:
            if isinstance(error, Refused) and error.status == 503:
                last_seen = time.monotonic()  # it is there, and too busy to have one more wait
            if not _may_pass(error) or not last_seen or time.monotonic() - last_seen > AWAY:
                raise
            if deadline.is_over:
                raise
            time.sleep(PAUSE)
            continue
        last_seen = time.monotonic()
        told = _tell_new(body, told, tell)
        if body["state"] != "pending" or deadline.is_over:
            return body


def _tell_new(body: Any, told: int | None, tell: Callable[[Any], None]) -> int:
    """Of those that were there before the first turn nothing is said. Returns how many are known now."""
    total = int(body.get("replies_total", 0))
    replies = body.get("replies", [])
    new = max(0, total - told) if told is not None else 0
    for reply in replies[len(replies) - min(new, len(replies)) :]:
        if reply["outcome"] != "decision":
            tell(reply)
    return total


def _may_pass(error: Unreachable | Refused) -> bool:
    if isinstance(error, Refused):
        return error.status in (503, 504)
    return not error.permission
