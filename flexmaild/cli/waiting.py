"""Waiting for a decision, however long it takes, over restarts of the daemon.

A pipeline waits for hours; a daemon is restarted in seconds. So a wait consists of many short requests, and
an unreachable daemon is asked again for a while. Used by `flexmailctl approval wait` and `approval request
--wait`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flexmaild.client import Client, Refused, Unreachable
from flexmaild.system.deadline import NEVER, Deadline

# Seconds for which the daemon may hold one request: short enough to notice that it stopped, and to report
# answers.
_LONGEST_TURN = 10.0
# Seconds for which a daemon that has answered before may be unreachable (systemd restarts it after 5).
LONGEST_OUTAGE = 120.0
PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class WaitCallbacks:
    """Called during the wait. on_reply: a reply came that decides nothing. on_progress: with the approval at
    the beginning, and after each answer. on_unreachable: the daemon does not answer, with the reason;
    on_reachable: it answers again."""

    on_reply: Callable[[Any], None]
    on_progress: Callable[[Any], None]
    on_unreachable: Callable[[str], None]
    on_reachable: Callable[[], None]


def wait_for_decision(
    client: Client,
    approval: str,
    seconds: float | None,
    callbacks: WaitCallbacks,
    *,
    has_answered: bool = False,
) -> Any:
    """The approval once it is decided, or as it is after so many seconds (None: without limit).

    has_answered: the daemon has answered this program already. Raises Refused, Unreachable (at once if the
    daemon has never answered).
    """
    deadline = NEVER if seconds is None else Deadline.after(seconds)
    last_seen = time.monotonic() if has_answered else None
    reported, is_unreachable, turn = _Reported(), False, 0.0  # 0: the daemon answers the first at once
    while True:
        try:
            query = {"timeout": f"{min(deadline.left, turn):.3f}"}
            body = client.call("approval.wait", path={"id": approval}, query=query).body
        except (Unreachable, Refused) as error:
            last_seen = _last_seen(error, last_seen)
            is_gone = last_seen is None or time.monotonic() - last_seen > LONGEST_OUTAGE
            if is_gone or deadline.is_over or not _is_transient(error):
                raise
            if not is_unreachable:
                callbacks.on_unreachable(str(error))
            is_unreachable = True
            time.sleep(PAUSE)
            continue
        if is_unreachable:
            callbacks.on_reachable()
        last_seen, is_unreachable, turn = time.monotonic(), False, _LONGEST_TURN
        if body["state"] != "pending" or deadline.is_over:
            return body
        reported.report(body, callbacks)


class _Reported:
    """What was reported so far. Replies that came before the wait are not."""

    def __init__(self) -> None:
        self._replies: int | None = None
        self._standing: object = None

    def report(self, body: Any, callbacks: WaitCallbacks) -> None:
        answered = [verdict["at"] for verdict in body.get("verdicts", [])]
        standing = answered, body.get("settles_at"), body.get("unreachable")
        if standing != self._standing:
            callbacks.on_progress(body)
        self._standing = standing
        total, replies = int(body.get("replies_total", 0)), body.get("replies", [])
        new = max(0, total - self._replies) if self._replies is not None else 0
        for reply in replies[len(replies) - min(new, len(replies)) :]:
            if reply["outcome"] != "decision":
                callbacks.on_reply(reply)
        self._replies = total


def _last_seen(error: Unreachable | Refused, before: float | None) -> float | None:
    """When the daemon answered last. A 503 (busy) is an answer. A connection that broke off counts as one,
    but only once: a daemon that hangs must not be waited for without limit."""
    is_busy = isinstance(error, Refused) and error.status == 503
    broke_off = isinstance(error, Unreachable) and error.sent and before is None
    return time.monotonic() if is_busy or broke_off else before


def _is_transient(error: Unreachable | Refused) -> bool:
    if isinstance(error, Refused):
        return error.status in (503, 504)
    return not error.permission
