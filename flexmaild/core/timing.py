"""When a request is due next, and how times are stored and written.

Due times are stored, so that restarts and clock jumps lose none. Apart from the state machine, since `store`
and `api` use it as well.
"""

from datetime import datetime

from flexmaild.core.model import Request, State


def next_due(request: Request) -> datetime | None:
    """The next time at which this request changes without an event; None when never."""
    if request.state is not State.PENDING:
        return None
    if request.settles_at is not None:  # reminders and escalation wait until the quorum is met no longer
        return min(request.settle_check_at or request.settles_at, request.terms.expires_at)
    moments = [request.terms.expires_at]
    moments.extend(request.terms.remind_at[request.reminders_sent : request.reminders_sent + 1])
    if request.terms.escalate_at is not None and not request.escalated:
        moments.append(request.terms.escalate_at)
    return min(moments)


def reminders_due(request: Request, now: datetime) -> int:
    """How many planned reminders are due; after a long outage they become one mail."""
    return sum(1 for moment in request.terms.remind_at if moment <= now)


def as_kept(moment: datetime) -> datetime:
    """The time in whole milliseconds, as stored: times that are compared with stored ones need this."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment: datetime | None, precision: str = "milliseconds") -> str | None:
    """A UTC time as RFC 3339 writes it, with Z; None stays None."""
    return moment.isoformat(timespec=precision).replace("+00:00", "Z") if moment else None
