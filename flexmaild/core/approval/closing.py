"""Closes requests: by their verdicts, at once or when these have settled, by expiry, or by cancellation.

Called by `core.approval.state_machine`, which decides when. Each approver and each sink is notified once.
"""

from dataclasses import replace
from datetime import datetime

from flexmaild.core import timing
from flexmaild.core.approval import quorum, settling
from flexmaild.core.approval.events import AuditEffect, Deliver, Mail, Step, TimePassed
from flexmaild.core.model import Answer, MailKind, Request, State, Verdict


def close(
    request: Request,
    state: State,
    because: str,
    by: tuple[str, ...],
    now: datetime,
    *,
    notified: int | None = None,
    kind: MailKind = MailKind.NO_LONGER_NEEDED,
) -> Step:
    """Close a request, and notify the sinks and the approvers who have not answered.

    Where answers settle, approvers who answered were told when their answer will count; they are notified
    when the request ends without it.
    """
    closed = replace(
        request,
        state=state,
        decided_at=now,
        decided_by=by,
        decided_because=because,
        settles_at=None,
    )
    ends_without = kind is not MailKind.NO_LONGER_NEEDED
    spoken = set[str]() if ends_without and request.terms.settle_for else answered_slots(request)
    facts = decision_facts(closed)
    others = [
        Mail(kind, i.approver, i.number, facts)
        for i in request.invitations
        if i.number != notified
        and not i.withdrawn
        and not i.bounced
        and quorum.slot_of(i.approver) not in spoken
    ]
    note = AuditEffect("closed", {"state": state.value, "because": because, "by": list(by)})
    return Step(closed, (note, *others, *(Deliver(sink) for sink in request.terms.sinks)))


def settle(request: Request, event: TimePassed, now: datetime) -> Step:
    """Close a request whose answers have settled, and notify the approvers whose answers counted."""
    outcome = quorum.decide(request)
    if outcome is None:  # an earlier version asked more people meanwhile, who may still approve
        note = AuditEffect("settles no longer", {"settles_at": timing.iso(request.settles_at)})
        return Step(replace(request, settles_at=None), (note,))
    if not settling.may_decide(request, now, event.read_at):
        return Step(request if event.read_at is None else settling.postponed(request, now))
    state, because = outcome
    answer = Answer.APPROVE if state is State.APPROVED else Answer.REJECT
    by = tuple(dict.fromkeys(v.mail.sender for v in request.effective if v.answer is answer))
    closed = close(request, state, because, by, now)
    return Step(closed.request, (*(accepted(closed.request, v) for v in request.effective), *closed.effects))


def accepted(request: Request, verdict: Verdict) -> Mail:
    facts = {"answer": verdict.answer.value, "comment": verdict.comment, "state": request.state.value}
    approver = request.invitations[verdict.invitation].approver
    return Mail(MailKind.ACCEPTED, approver, verdict.invitation, facts, verdict.mail.message_id)


def expire(request: Request, now: datetime) -> Step:
    because = "nobody decided in time"
    if request.terms.on_expiry == "reject":
        return close(request, State.REJECTED, because, (), now, kind=MailKind.EXPIRED)
    return close(request, State.EXPIRED, because, (), now, kind=MailKind.EXPIRED)


def decision_facts(request: Request) -> dict[str, object]:
    return {
        "state": request.state.value,
        "decided_by": list(request.decided_by),
        "decided_at": timing.iso(request.decided_at, "seconds") or "",
        "because": request.decided_because,
    }


def answered_slots(request: Request) -> set[str]:
    """The slots with a verdict that counts."""
    return {v.approver for v in request.effective}
