"""Waiting for a decision, however long it takes and whatever happens to the daemon meanwhile.

A pipeline waits for hours; a daemon is restarted in seconds. So a wait is many short ones, and a daemon that
is away for a while is asked again. Used by `flexmailctl approval wait` and `approval request --wait`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flexmaild.client import Client, Refused, Unreachable
from flexmaild.system.deadline import NEVER, Deadline

# One held answer lasts at most so long, seconds: short enough to notice a daemon that is gone, and to tell
# who has answered.
TURN = 10.0
# How long a daemon that was there may be away, seconds (systemd restarts a failed service after 5).
AWAY = 120.0
PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Watch:
    """What is told meanwhile. reply: each that came and decided nothing. standing: the approval at the
    beginning, and when somebody has answered. away: the daemon does not answer, and why; back: it does."""

    reply: Callable[[Any], None]
    standing: Callable[[Any], None]
    away: Callable[[str], None]
    back: Callable[[], None]


def wait_for_decision(
    client: Client, approval: str, seconds: float | None, watch: Watch, *, was_there: bool = False
) -> Any:
    """The approval once it is decided, or as it stands after so many seconds (None: no end).

    was_there: the daemon has answered this program already. Raises Refused, Unreachable (at once when the
    daemon was not there to begin with).
    """
    deadline = NEVER if seconds is None else Deadline.after(seconds)
    last_seen = time.monotonic() if was_there else None
    told, is_away, turn = _Told(), False, 0.0  # the first answer comes at once: then it was there
    while True:
        try:
            query = {"timeout": f"{min(deadline.left, turn):.3f}"}
            body = client.call("approval.wait", path={"id": approval}, query=query).body
        except (Unreachable, Refused) as error:
            last_seen = _last_seen(error, last_seen)
            is_gone = last_seen is None or time.monotonic() - last_seen > AWAY
            if is_gone or deadline.is_over or not _may_pass(error):
                raise
            if not is_away:
                watch.away(str(error))
            is_away = True
            time.sleep(PAUSE)
            continue
        if is_away:
            watch.back()
        last_seen, is_away, turn = time.monotonic(), False, TURN
        if body["state"] != "pending" or deadline.is_over:
            return body
        told.tell(body, watch)


class _Told:
    """What was told so far; of replies that were there before nothing is said."""

    def __init__(self) -> None:
        self._replies: int | None = None
        self._standing: object = None

    def tell(self, body: Any, watch: Watch) -> None:
        answered = [verdict["at"] for verdict in body.get("verdicts", [])]
        standing = answered, body.get("settles_at"), body.get("unreachable")
        if standing != self._standing:
            watch.standing(body)
        self._standing = standing
        total, replies = int(body.get("replies_total", 0)), body.get("replies", [])
        new = max(0, total - self._replies) if self._replies is not None else 0
        for reply in replies[len(replies) - min(new, len(replies)) :]:
            if reply["outcome"] != "decision":
                watch.reply(reply)
        self._replies = total


def _last_seen(error: Unreachable | Refused, before: float | None) -> float | None:
    """When the daemon was last seen to be there. One that is too busy for one more wait is; one that broke
    off is taken to have been there once: if it hung it would be waited for without an end."""
    is_busy = isinstance(error, Refused) and error.status == 503
    broke_off = isinstance(error, Unreachable) and error.sent and before is None
    return time.monotonic() if is_busy or broke_off else before


def _may_pass(error: Unreachable | Refused) -> bool:
    if isinstance(error, Refused):
        return error.status in (503, 504)
    return not error.permission
