"""Makes jobs and audit entries from effects: stable keys, stable Message-IDs, nothing random.

The same request at the same version with the same effects gives the same jobs, so that a commit that is
repeated after a crash changes nothing. Called by `engine.decide`.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from flexmaild.core import references
from flexmaild.core.approval.events import AuditEffect, Deliver, Effect, Mail
from flexmaild.core.documents import decision
from flexmaild.core.model import MailKind, Request
from flexmaild.core.references import ReferenceKeys, bare
from flexmaild.core.work import AuditEntry, Job, MailOrder, Queue

# The target of mails.
OUTGOING = "outgoing"

_ORDER: TypeAdapter[MailOrder] = TypeAdapter(MailOrder)


def order_of(job: Job) -> MailOrder:
    """The order a mail job's payload holds. Versions before kept a Message-ID with its brackets."""
    order = _ORDER.validate_python(job.payload["order"])
    return dataclasses.replace(order, in_reply_to=bare(order.in_reply_to))


def payload_of(order: MailOrder, **more: Any) -> Mapping[str, Any]:
    return {"order": _ORDER.dump_python(order, mode="json"), **more}


def owner_of(job: Job) -> str:
    """The user who sent this notification; empty for one of a version that did not write it down."""
    owner = job.payload.get("owner")
    return owner if isinstance(owner, str) else ""


def jobs_for(
    request: Request,
    effects: Iterable[Effect],
    now: datetime,
    keys: ReferenceKeys,
    domain: str,
    first: int = 0,
) -> tuple[list[Job], list[AuditEntry]]:
    """The jobs and audit entries of one step.

    domain: right-hand side of our Message-IDs. first: how many mails earlier steps of the same commit made
    for this request, so that numbers stay distinct.
    """
    jobs: list[Job] = []
    notes: list[AuditEntry] = []
    for effect in effects:
        match effect:
            case Mail():
                number = request.version * 1000 + first + len(jobs)
                jobs.append(_mail_job(request, effect, number, now, keys, domain))
            case Deliver():
                jobs.append(_delivery_job(request, effect, now))
            case AuditEffect():
                notes.append(AuditEntry(now, request.id, effect.event, effect.data))
    return jobs, notes


def _mail_job(
    request: Request, mail: Mail, number: int, now: datetime, keys: ReferenceKeys, domain: str
) -> Job:
    reference = keys.issue(request, request.invitations[mail.invitation])
    unique = f"{request.id}/{mail.kind}/{mail.invitation}/{number}"
    order = MailOrder(
        mail.kind,
        mail.to,
        request.id,
        mail.invitation,
        mail.facts,
        mail.in_reply_to or _thread_of(mail, reference, domain),
        mail.to.language,
    )
    return Job(
        id=references.job_id(unique, is_mail=True),
        queue=Queue.OUTBOX,
        target=OUTGOING,
        kind=mail.kind.value,
        key=unique,
        payload=payload_of(order),
        created_at=now,
        due_at=now,
        approval_id=request.id,
        invitation=mail.invitation,
        recipients=(mail.to.address,),
        message_id=references.message_id(reference, mail.kind, number, domain),
    )


def _thread_of(mail: Mail, reference: str, domain: str) -> str:
    """The Message-ID that a mail refers to where it answers no reply: that of the approval request."""
    if mail.kind is MailKind.APPROVAL_REQUEST:
        return ""
    return references.message_id(reference, MailKind.APPROVAL_REQUEST, 0, domain)


def _delivery_job(request: Request, deliver: Deliver, now: datetime) -> Job:
    kind, identity, event = "decision", decision.event_id(request), ""
    if deliver.bounced_invitation is not None:
        kind, identity = "unreachable", decision.unreachable_id(request, deliver.bounced_invitation)
        event = decision.unreachable(request, deliver.bounced_invitation, now)
    unique = f"{identity}/{deliver.sink}"
    return Job(
        id=references.job_id(unique, is_mail=False),
        queue=Queue.DELIVERY,
        target=deliver.sink,
        kind=kind,
        key=unique,
        payload={"id": identity, "event": event or decision.event(request)},
        created_at=now,
        due_at=now,
        approval_id=request.id,
    )
