"""Waiting for a decision, however long it takes and whatever happens to the daemon meanwhile.

A pipeline waits for hours; a daemon is restarted in seconds. So a wait is many short ones, and a daemon that
is away for a while is asked again. Used by `flexmailctl approval wait` and `approval request --wait`.
"""

from __future__ import annotations

import time
from typing import Any

from flexmaild.control.client import Client, Refused, Unreachable

# One held answer lasts at most so long, seconds: short enough to notice a daemon that is gone.
TURN = 60.0
# How long a daemon that was there may be away, seconds (systemd restarts a failed service after 5).
AWAY = 120.0
PAUSE = 0.5


def wait_for_decision(client: Client, approval: str, seconds: float | None) -> Any:
    """The approval once it is decided, or as it stands after so many seconds (None: no end).

    Raises Refused, Unreachable (at once when the daemon was not there to begin with).
    """
    until = None if seconds is None else time.monotonic() + seconds
    last_seen = 0.0
    while True:
        left = TURN if until is None else max(0.0, until - time.monotonic())
        try:
            turn = {"timeout": f"{min(left, TURN):.3f}"}
            body = client.call("approval.wait", path={"id": approval}, query=turn).body
        except (Unreachable, Refused) as error:
            if isinstance(error, Refused) and error.status == 503:
                last_seen = time.monotonic()  # it is there, and too busy to have one more wait
            if not _may_pass(error) or not last_seen or time.monotonic() - last_seen > AWAY:
                raise
            if until is not None and time.monotonic() >= until:
                raise
            time.sleep(PAUSE)
            continue
        last_seen = time.monotonic()
        if body["state"] != "pending" or (until is not None and last_seen >= until):
            return body


def _may_pass(error: Unreachable | Refused) -> bool:
    if isinstance(error, Refused):
        return error.status in (503, 504)
    return not error.permission
