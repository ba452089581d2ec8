"""The notes that a mail leaves about approvers: how they were proven, and that a mail to them bounced.

Pure; called by `engine.decide`. Apart from `core.documents.approver_warnings`, which reads the notes:
documents may import approvals, and not the other way round.
"""

from collections.abc import Iterator
from datetime import datetime

from flexmaild.core.approval import proof
from flexmaild.core.approval.admission import Admission, is_approvers_address
from flexmaild.core.approval.events import Answered, Bounced, Event, Unclear
from flexmaild.core.model import Outcome, Request
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.work import ApproverNote


def of_mail(
    request: Request, reply: ParsedReply, admission: Admission, now: datetime
) -> Iterator[ApproverNote]:
    """The notes about the approvers of this request whom the mail is from."""
    came_before = admission.outcome is Outcome.DUPLICATE and admission.event is None
    if reply.nature is not MailNature.HUMAN or came_before or not reply.sender:
        return
    own = {i.approver.address for i in request.invitations if is_approvers_address(reply.sender, i)}
    is_admitted = admission.request_id == request.id and isinstance(admission.event, Answered | Unclear)
    for address in sorted(own):
        yield ApproverNote(address, now, proof.proofs_of(reply), is_admitted)


def of_event(request: Request, event: Event, now: datetime) -> Iterator[ApproverNote]:
    """The note of a permanent bounce or refusal."""
    if isinstance(event, Bounced) and event.bounce.permanent and event.invitation < len(request.invitations):
        words = f"{event.bounce.status} {event.bounce.diagnostic}".strip() or "undeliverable"
        address = request.invitations[event.invitation].approver.address
        yield ApproverNote(address, now, bounced=words)
