"""Finds mails that are no longer to be sent, since a later one replaces them.

Mails wait while their server is unavailable, and the request goes on. Called by
`engine.delivery.job_handlers` before each try; apart from the state machine, which does not read
`core.work`.
"""

from flexmaild.core.approval import quorum
from flexmaild.core.model import MailKind, Request, State
from flexmaild.core.work import MailOrder

_CONFIRMING = frozenset({MailKind.NOTED, MailKind.SETTLING})
_EXPLAINING = frozenset({MailKind.UNCLEAR, MailKind.COMMENT_NEEDED})


def why(order: MailOrder, request: Request) -> str:
    """Why this mail is no longer true; empty while it may be sent. An approval request always may."""
    is_closed, voice = request.state is not State.PENDING, quorum.voice(request, order.to)
    if order.kind is MailKind.REMINDER and (is_closed or voice or request.settles_at):
        return "no answer is needed any more"
    if order.kind in _CONFIRMING and _is_replaced(order, request):
        return "the answer was changed before this confirmation could be sent"
    if not is_closed or order.kind not in _CONFIRMING | _EXPLAINING:
        return ""
    # Approvers without an answer, and those whose answer decided or settled, get a mail about the end.
    mine = voice is not None and voice.invitation == order.invitation
    is_told = voice is None or (
        mine and (request.terms.settle_for or voice.mail.sender in request.decided_by)
    )
    return "the request was closed before this could be sent" if is_told else ""


def _is_replaced(order: MailOrder, request: Request) -> bool:
    """Whether the answer that it confirms no longer counts, which a later mail explains."""
    mine = [
        v
        for v in request.verdicts
        if v.mail.message_id == order.in_reply_to and v.invitation == order.invitation
    ]
    return bool(mine) and all(v.replaced for v in mine)
