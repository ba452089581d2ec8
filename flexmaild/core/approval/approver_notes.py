"""What is remembered of those who were asked, and what a caller is warned of when they are asked again.

Made of settings and of past mails alone; nothing here looks at DNS. Pure; called by `engine.decide`, which
notes, and by `api`, which warns.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from flexmaild.core.addresses import domain_of
from flexmaild.core.approval import proof
from flexmaild.core.approval.admission import Admission, is_of
from flexmaild.core.approval.events import Answered, Bounced, Event, Unclear
from flexmaild.core.documents.approvals import ApproverWarning
from flexmaild.core.model import Approver, Outcome, Request, Requirement
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.work import ApproverNote, ApproverPast

# RFC 3463.
_STATUS = re.compile(r"\b[45]\.[0-9]{1,3}\.[0-9]{1,3}\b")


def of_mail(
    request: Request, reading: ParsedReply, ruling: Admission, now: datetime
) -> Iterator[ApproverNote]:
    """What a person's mail says of the approvers of this request that it is from."""
    came_before = ruling.outcome is Outcome.DUPLICATE and ruling.event is None
    if reading.nature is not MailNature.HUMAN or came_before or not reading.sender:
        return
    own = {i.approver.address for i in request.invitations if is_of(reading.sender, i)}
    is_admitted = ruling.request_id == request.id and isinstance(ruling.event, Answered | Unclear)
    for address in sorted(own):
        yield ApproverNote(address, now, proof.proofs_of(reading), is_admitted)


def of_event(request: Request, event: Event, now: datetime) -> Iterator[ApproverNote]:
    """A mail that came back for good, or was refused."""
    if isinstance(event, Bounced) and event.bounce.permanent and event.invitation < len(request.invitations):
        words = f"{event.bounce.status} {event.bounce.diagnostic}".strip() or "undeliverable"
        address = request.invitations[event.invitation].approver.address
        yield ApproverNote(address, now, bounced=words)


def warnings(
    invited: Iterable[Approver],
    past: Mapping[str, ApproverPast],
    require: Requirement,
    *,
    reads_logins: bool,
    own_domains: frozenset[str],
) -> list[ApproverWarning]:
    """In the order of those who are asked. reads_logins: a border may say who logged in. own_domains: those
    of our own addresses, whose users log in at our own server."""
    found: list[ApproverWarning] = []
    for approver in invited:
        known = past.get(approver.address)
        if require != "reference" and not (known and proof.satisfies(known.proofs, require)):
            obstacle = _obstacle(approver, require, reads_logins, own_domains)
            if obstacle:
                found.append(ApproverWarning("cannot_be_proven", approver.address, obstacle))
            else:
                found.append(ApproverWarning("never_proven", approver.address, _so_far(known, require)))
        if known and known.bounced:
            found.append(ApproverWarning("bounced_before", approver.address, _came_back(known)))
    return found


def _obstacle(
    approver: Approver, require: Requirement, reads_logins: bool, own_domains: frozenset[str]
) -> str:
    """Why no mail of theirs can be proven under these settings, empty where one may."""
    if require != "auth":
        return ""
    if not reads_logins:
        return "auth is required, and no border of the settings says who logged in (submission: true)"
    domains = {domain_of(address) for address in (approver.address, *approver.aliases)}
    if domains.isdisjoint(own_domains):
        return (
            f"auth is required, which proves users of your own server alone; {domain_of(approver.address)} "
            f"is none of its domains ({', '.join(sorted(own_domains))})"
        )
    return ""


def _so_far(known: ApproverPast | None, require: Requirement) -> str:
    if known is None or not known.mails:
        return f"{require} is required, and no reply of theirs has come yet"
    replies = "their one reply was" if known.mails == 1 else f"of their {known.mails} replies none was"
    last = f" (the last on {known.last_mail_at:%Y-%m-%d})" if known.last_mail_at else ""
    not_ = "not " if known.mails == 1 else ""
    return f"{require} is required, and {replies} {not_}proven by it{last}"


def _came_back(known: ApproverPast) -> str:
    on = f" on {known.bounced_at:%Y-%m-%d}" if known.bounced_at else ""
    # The code alone: the words of a server may quote another caller's mail.
    status = _STATUS.search(known.bounced)
    code = f" ({status[0]})" if status else ""
    return f"a mail to this address came back{on}{code}, and no answer of theirs has come since"
