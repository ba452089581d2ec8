"""When answers decide that can still be changed for a while (`approvals.settle_for`).

Called by `core.approval.state_machine` after each change of a request's verdicts, and when time passes. While
`settles_at` is set the verdicts meet the quorum and the request is open. Pure.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from flexmaild.core import timing
from flexmaild.core.approval import quorum
from flexmaild.core.model import Request

# The longest pause between checks whether the mailbox was read, seconds; the first ones double each time.
_LONGEST_PAUSE = 60


def recounted(before: Request, request: Request, now: datetime, *, otherwise: bool) -> Request:
    """The request with a new `settles_at`, after its verdicts changed.

    otherwise: a person has changed their answer, which restarts the time for all. Any other change leaves
    the time as it is while the outcome stays the same.
    """
    outcome, earlier = quorum.decide(request), quorum.decide(before)
    if outcome is None:
        return _settling_at(request, None)
    same = before.settles_at is not None and earlier is not None and earlier[0] is outcome[0]
    if same and not otherwise:
        return request
    return _settling_at(request, min(now + request.terms.settle_for, request.terms.expires_at))


def is_due(request: Request, now: datetime) -> bool:
    return request.settles_at is not None and now >= request.settles_at


def may_decide(request: Request, now: datetime, read_at: datetime | None) -> bool:
    """Whether no unread reply can change the outcome: the mailbox was read to its end after `settles_at`.

    When the request expires it is decided in any case, as announced.
    """
    if request.settles_at is None:
        return False
    return now >= request.terms.expires_at or (read_at is not None and read_at >= request.settles_at)


def postponed(request: Request, now: datetime) -> Request:
    """The request with a later check: the pause grows while the mailbox is not read."""
    pause = min(2 ** min(request.settle_checks, 10), _LONGEST_PAUSE)
    again = now + timedelta(seconds=pause)
    return replace(request, settle_check_at=again, settle_checks=request.settle_checks + 1)


def _settling_at(request: Request, moment: datetime | None) -> Request:
    settles_at = None if moment is None else timing.as_kept(moment)
    return replace(request, settles_at=settles_at, settle_check_at=None, settle_checks=0)
