"""The state machine: `step(request, event, now)` returns the request after an event, and the effects.

The table at the end is the state machine; a pair that is not in it changes nothing. Called by
`engine.decide` and `api`; knows no mail, no store and no clock.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flexmaild.core import timing
from flexmaild.core.approval import closing, events, outcomes, quorum, settling
from flexmaild.core.approval.events import (
    Answered,
    AuditEffect,
    Bounced,
    Cancelled,
    Deliver,
    Effect,
    Event,
    Mail,
    ReminderAsked,
    ResendAsked,
    Step,
    TimePassed,
    Unclear,
)
from flexmaild.core.masking import masked
from flexmaild.core.model import (
    Approver,
    Explanation,
    Invitation,
    MailKind,
    Outcome,
    Request,
    State,
    Verdict,
)
from flexmaild.core.references import as_written

# A person gets so many explaining answers per reference in this time, each for a text of its own, so that no
# two machines can talk.
EXPLAIN_PAUSE, MOST_EXPLANATIONS = timedelta(hours=1), 3


def step(request: Request, event: Event, now: datetime) -> Step:
    handler = TABLE.get((request.state, type(event)))
    return handler(request, event, now) if handler else Step(request)


def open_request(request: Request, invited: tuple[Approver, ...], now: datetime, caller: str = "") -> Step:
    """The first step of a request: one invitation for each of `invited`. caller: the user who asked."""
    request, mails = _invite(request, invited, now)
    asked = [a.address for a in invited]
    return Step(
        request,
        (*mails, AuditEffect("requested", {"by": request.terms.requester, "caller": caller, "asked": asked})),
    )


def _invite(
    request: Request, invited: tuple[Approver, ...], now: datetime
) -> tuple[Request, tuple[Effect, ...]]:
    first = len(request.invitations)
    new = tuple(Invitation(first + i, approver, now) for i, approver in enumerate(invited))
    mails = tuple(Mail(MailKind.APPROVAL_REQUEST, i.approver, i.number) for i in new)
    return replace(request, invitations=request.invitations + new), mails


def _answered(request: Request, event: Answered, now: datetime) -> Step:
    invitation = request.invitations[event.invitation]
    earlier = quorum.voice(request, invitation.approver)
    outcome, _ = outcomes.of_reply(request, event)
    if outcome is Outcome.LATE and earlier is not None:
        return _explain_late(request, event, now, decided_by=earlier.mail.sender, decided_at=earlier.at)
    if outcome is Outcome.DUPLICATE:
        return Step(request, (AuditEffect("repeated", _mail_facts(event)),))
    if outcome is Outcome.UNDECIDED:
        return _explain_and_withdraw(request, event, now, MailKind.COMMENT_NEEDED, {})
    verdict = Verdict(
        quorum.slot_of(invitation.approver),
        event.answer,
        event.comment,
        now,
        event.proof,
        event.mail,
        event.invitation,
        group=invitation.approver.group,
        escalation=invitation.approver.escalation,
    )
    kept = tuple(replace(v, replaced=True) if v is earlier else v for v in request.verdicts)
    # An approver who answers is reachable, whatever a delivery report said, which anyone can forge.
    invitation = replace(invitation, bounced="", silent_until=None)
    answered = replace(_with_invitation(request, invitation), verdicts=(*kept, verdict))
    if request.terms.settle_for:
        otherwise = earlier is not None and earlier.answer is not event.answer
        answered = settling.recounted(request, answered, now, otherwise=otherwise)
    return _counted(answered, verdict, invitation, now)


def _counted(request: Request, verdict: Verdict, invitation: Invitation, now: datetime) -> Step:
    said = {"answer": verdict.answer.value, "comment": verdict.comment}
    note = AuditEffect(
        "verdict", {**_verdict_facts(verdict), "rule": request.terms.quorum, **_settling_facts(request)}
    )
    decided = quorum.decide(request)
    if decided is not None and request.settles_at is not None:
        facts = {**said, "outcome": decided[0].value, **_settling_facts(request)}
        mail = Mail(MailKind.SETTLING, invitation.approver, invitation.number, facts, verdict.mail.message_id)
        return Step(request, (note, mail))
    if decided is None:
        done, needed = quorum.progress(request)
        facts = {**said, "noted": done, "needed": needed}
        mail = Mail(MailKind.NOTED, invitation.approver, invitation.number, facts, verdict.mail.message_id)
        return Step(request, (note, mail))
    closed = closing.close(request, *decided, (verdict.mail.sender,), now, notified=invitation.number)
    return Step(closed.request, (note, closing.accepted(closed.request, verdict), *closed.effects))


def _unclear(request: Request, event: Unclear, now: datetime) -> Step:
    facts: dict[str, object] = {"why": event.why}
    return _explain_and_withdraw(request, event, now, MailKind.UNCLEAR, facts)


def _explain_and_withdraw(
    request: Request, event: Answered | Unclear, now: datetime, kind: MailKind, facts: dict[str, object]
) -> Step:
    """Explain; while answers can be changed, the person's earlier answer no longer counts."""
    before = quorum.voice(request, request.invitations[event.invitation].approver)
    is_theirs = before is not None and (
        before.mail.sender == event.mail.sender or before.invitation == event.invitation
    )
    if not request.terms.settle_for or before is None or not is_theirs:
        return _explain(request, event, now, kind, facts)
    kept = tuple(replace(v, replaced=True) if v is before else v for v in request.verdicts)
    without = settling.recounted(request, replace(request, verdicts=kept), now, otherwise=False)
    note = AuditEffect(
        "verdict taken out", {**_mail_facts(event), "answer": before.answer.value, **_settling_facts(without)}
    )
    explained = _explain(without, event, now, kind, {**facts, events.TAKEN_OUT: True})
    return Step(explained.request, (note, *explained.effects))


def _settling_facts(request: Request) -> dict[str, object]:
    """When the answers decide, as facts of a mail or entry; empty where they decide at once."""
    return {"settles_at": timing.iso(request.settles_at)} if request.terms.settle_for else {}


def _explain(
    request: Request, event: Answered | Unclear, now: datetime, kind: MailKind, facts: dict[str, object]
) -> Step:
    """Answer with an explanation, unless this text got one within the last hour, or the limit is reached.

    A withdrawn verdict is always explained: that cannot loop, since a clear answer must come before each.
    """
    invitation = request.invitations[event.invitation]
    note = AuditEffect("not counted", {**_mail_facts(event), "because": kind.value, **facts})
    recent = tuple(e for e in invitation.explained if now - e.at < EXPLAIN_PAUSE)
    new = Explanation(now, _digest_of(event))
    if not facts.get(events.TAKEN_OUT):
        if any(earlier.text_digest == new.text_digest for earlier in recent):
            return Step(request, (note,))
        if len(recent) >= MOST_EXPLANATIONS:
            until = recent[-MOST_EXPLANATIONS].at + EXPLAIN_PAUSE
            return Step(silenced(request, event.invitation, until), (note,))
    request = _with_invitation(request, replace(invitation, explained=(*recent, new)))
    if kind is MailKind.UNCLEAR and isinstance(event, Unclear):  # for the person alone, not for the history
        facts = {**facts, "sentence": event.sentence, "word": event.word}
    return Step(
        request, (note, Mail(kind, invitation.approver, invitation.number, facts, event.mail.message_id))
    )


def silenced(request: Request, number: int, until: datetime) -> Request:
    """The request, noting that an approver gets no explanation until then, since the limit is reached."""
    return _with_invitation(request, replace(request.invitations[number], silent_until=until))


def _digest_of(event: Answered | Unclear) -> str:
    if isinstance(event, Unclear):
        return event.text_digest
    return hashlib.sha256(f"{event.answer}\0{event.comment}".encode("utf-8", "surrogatepass")).hexdigest()


def _late(request: Request, event: Answered | Unclear, now: datetime) -> Step:
    kinds = {State.EXPIRED: MailKind.EXPIRED, State.CANCELLED: MailKind.CANCELLED}
    kind = kinds.get(request.state, MailKind.ALREADY_DECIDED)
    return _explain(request, event, now, kind, closing.decision_facts(request))


def _explain_late(
    request: Request, event: Answered, now: datetime, *, decided_by: str, decided_at: datetime
) -> Step:
    """Explain that the approver or another delegate has answered for this slot."""
    facts: dict[str, object] = {
        "state": request.state.value,
        "decided_by": [decided_by],
        "decided_at": timing.iso(decided_at, "seconds"),
    }
    return _explain(request, event, now, MailKind.ALREADY_DECIDED, facts)


def _cancelled(request: Request, event: Cancelled, now: datetime) -> Step:
    because = event.reason or "withdrawn by the pipeline"
    return closing.close(request, State.CANCELLED, because, (event.by,), now, kind=MailKind.CANCELLED)


def _time_passed(request: Request, event: TimePassed, now: datetime) -> Step:
    if request.settles_at is not None:  # no reminder or escalation is needed: it will be decided
        return closing.settle(request, event, now) if settling.is_due(request, now) else Step(request)
    if now >= request.terms.expires_at:
        return closing.expire(request, now)
    effects: tuple[Effect, ...] = ()
    if request.terms.escalate_at is not None and not request.escalated and now >= request.terms.escalate_at:
        request, effects = _escalate(request, now)
    due = timing.reminders_due(request, now)
    if due > request.reminders_sent:
        reminded = _remind(request, by="schedule", since=request.terms.remind_at[due - 1])
        request, effects = replace(reminded.request, reminders_sent=due), effects + reminded.effects
    return Step(request, effects)


def _escalate(request: Request, now: datetime) -> tuple[Request, tuple[Effect, ...]]:
    helpers = tuple(
        replace(a, escalation=True)
        for a in request.terms.escalate_to
        if not quorum.is_barred(request.terms, a)
    )
    request, mails = _invite(replace(request, escalated=True), helpers, now)
    return request, (*mails, AuditEffect("escalated", {"to": [a.address for a in helpers]}))


def _reminder_asked(request: Request, event: ReminderAsked, now: datetime) -> Step:
    return _remind(request, by=event.by)


def _remind(request: Request, *, by: str, since: datetime | None = None) -> Step:
    """Remind approvers whose answer is needed, except those who got a mail since the reminder was due."""
    spoken = closing.answered_slots(request)
    mails = tuple(
        Mail(MailKind.REMINDER, i.approver, i.number)
        for i in request.invitations
        if request.settles_at is None
        and not i.withdrawn
        and not i.bounced
        and quorum.slot_of(i.approver) not in spoken
        and (since is None or all(at < since for at in (i.issued_at, *(e.at for e in i.explained))))
    )
    return Step(request, (*mails, AuditEffect("reminded", {"by": by, "who": [m.to.address for m in mails]})))


def _resend_asked(request: Request, event: ResendAsked, now: datetime) -> Step:
    old = [i for i in request.invitations if i.approver.address == event.approver and not i.withdrawn]
    if not old:
        return Step(request)
    for invitation in old:
        request = _with_invitation(request, replace(invitation, withdrawn=True))
    request, mails = _invite(request, (old[-1].approver,), now)
    return Step(request, (*mails, AuditEffect("resent", {"by": event.by, "to": event.approver})))


def _bounced(request: Request, event: Bounced, now: datetime) -> Step:
    invitation = request.invitations[event.invitation]
    words = f"{event.bounce.status} {event.bounce.diagnostic}".strip() or "undeliverable"
    data = {"to": invitation.approver.address, "why": words, "permanent": event.bounce.permanent}
    if not event.bounce.permanent or invitation.bounced:
        return Step(request, (AuditEffect("bounced", data),))
    request = _with_invitation(request, replace(invitation, bounced=words))
    data["quorum_reachable"] = quorum.can_still_be_met(request)
    listening = request.terms.sinks if request.state is State.PENDING else ()
    return Step(request, (AuditEffect("bounced", data), *(Deliver(s, invitation.number) for s in listening)))


def _with_invitation(request: Request, invitation: Invitation) -> Request:
    changed = tuple(invitation if i.number == invitation.number else i for i in request.invitations)
    return replace(request, invitations=changed)


def _mail_facts(said: Answered | Unclear | Verdict) -> dict[str, object]:
    mail = said.mail
    return {"by": mail.sender, "sha256": mail.sha256, "message_id": masked(as_written(mail.message_id))}


def _verdict_facts(verdict: Verdict) -> dict[str, object]:
    return {
        "approver": verdict.approver,
        "answer": verdict.answer.value,
        "comment": verdict.comment,
        "proof": verdict.proof,
        **_mail_facts(verdict),
    }


# The event is of the type its row names, which a dict's type cannot say.
Handler = Callable[[Request, Any, datetime], Step]

_CLOSED = (State.APPROVED, State.REJECTED, State.EXPIRED, State.CANCELLED)

# The state machine: a pair that is missing here changes nothing and has no effect.
TABLE: Mapping[tuple[State, type], Handler] = {
    (State.PENDING, Answered): _answered,
    (State.PENDING, Unclear): _unclear,
    (State.PENDING, Cancelled): _cancelled,
    (State.PENDING, TimePassed): _time_passed,
    (State.PENDING, Bounced): _bounced,
    (State.PENDING, ReminderAsked): _reminder_asked,
    (State.PENDING, ResendAsked): _resend_asked,
    **{(state, Answered): _late for state in _CLOSED},
    **{(state, Unclear): _late for state in _CLOSED},
    **{(state, Bounced): _bounced for state in _CLOSED},
}
