"""Distinguishes decisions, late, repeated and unclear replies, in one place for both of its callers.

Apart, since `core.approval.state_machine` acts upon it and `core.approval.admission` names the outcome by
it: what is counted, logged and shown is what was done. Pure.
"""

from flexmaild.core.approval import quorum
from flexmaild.core.approval.events import Answered, Unclear
from flexmaild.core.model import Answer, Outcome, Request, State
from flexmaild.core.reasons import ReplyReason, of_unclear


def of_reply(request: Request, event: Answered | Unclear) -> tuple[Outcome, ReplyReason]:
    """The outcome of a reply and its reason; only a `decision` makes a verdict."""
    if request.state is State.EXPIRED:
        return Outcome.EXPIRED, ReplyReason.EXPIRED
    if request.state is not State.PENDING:
        return Outcome.LATE, ReplyReason.CLOSED
    if isinstance(event, Unclear):
        return Outcome.UNDECIDED, of_unclear(event.why)
    earlier = quorum.voice(request, request.invitations[event.invitation].approver)
    if earlier and earlier.mail.sender != event.mail.sender and earlier.invitation != event.invitation:
        return Outcome.LATE, ReplyReason.ANSWERED_FOR
    if earlier and (earlier.answer, earlier.comment) == (event.answer, event.comment):
        return Outcome.DUPLICATE, ReplyReason.SAME_ANSWER
    if event.answer is Answer.REJECT and request.terms.comment_on_reject and not event.comment:
        return Outcome.UNDECIDED, ReplyReason.COMMENT_NEEDED
    return Outcome.DECISION, ReplyReason(event.answer.value)
