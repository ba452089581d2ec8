"""The command that queues a notification mail, durable before the answer, with logs as the settings say."""

import hashlib
import io
import secrets
import zipfile
from dataclasses import asdict, replace
from typing import cast

from flexmaild.api import request_models
from flexmaild.api.call import Answer, CommandRequest
from flexmaild.api.handlers.files import count_as_named, named_files
from flexmaild.api.handlers.once import once, refuse_repeated
from flexmaild.core import jobs, references
from flexmaild.core.addresses import normal
from flexmaild.core.documents.queues import Queued, queued
from flexmaild.core.errors import NotAllowed, Refused
from flexmaild.core.model import Approver, Attachment, MailKind
from flexmaild.core.work import Blob, Job, MailOrder, Queue
from flexmaild.engine.changes import Changes
from flexmaild.engine.services import Services
from flexmaild.mail.compose.render import TemplateFault
from flexmaild.mail.compose.write import compose
from flexmaild.settings.schema import AttachLogs
from flexmaild.store import Transaction


def send(services: Services, call: CommandRequest) -> Answer:
    refuse_repeated(services.store, call)
    body = cast(request_models.Notification, call.body)
    components = services.components
    recipients = _recipients(body)
    blobs, attached = named_files(services, call, body.attachments)
    log_blob, log_file = _logs(body, components.settings.notifications.attach_logs)
    order = _order(body, recipients[0], components.compose_settings.templates.has(body.event or ""))
    compose(order, None, "", components.compose_settings, date=services.store.now(), on_fault=_refuse)
    payload = jobs.payload_of(
        order, attachments=[asdict(file) for file in [*attached, *log_file]], owner=call.viewer.name
    )
    key = f"notification/{references.letters(secrets.token_bytes(10))}"
    identifier = references.job_id(key, is_mail=True)

    def decide(transaction: Transaction) -> tuple[Changes, Queued]:
        job = Job(
            id=identifier,
            queue=Queue.OUTBOX,
            target=jobs.OUTGOING,
            kind=MailKind.NOTIFICATION.value,
            key=key,
            payload=payload,
            created_at=transaction.now,
            due_at=transaction.now,
            recipients=recipients,
            message_id=references.plain_message_id(identifier, components.context.domain),
        )
        changes = Changes(components.context, transaction.now, jobs=[job], blobs=(*blobs, *log_blob))
        return changes, queued(job)

    answer = once(services, call, 202, decide)
    count_as_named(services, call, body.attachments)
    return replace(answer, headers={"Location": f"/v1/notifications/{identifier}"} | dict(answer.headers))


def _refuse(fault: TemplateFault) -> None:
    raise NotAllowed("template", str(fault))


def _recipients(body: request_models.Notification) -> tuple[str, ...]:
    """Every address once, in order. Raises Refused with all that are none."""
    found: dict[str, None] = {}
    faults = []
    for field, addresses in (("to", body.to), ("cc", body.cc), ("bcc", body.bcc)):
        for i, address in enumerate(addresses):
            try:
                found[normal(address)] = None
            except ValueError as fault:
                faults.append(NotAllowed(f"{field}.{i}", str(fault)))
    if faults:
        raise Refused(faults)
    return tuple(found)


def _order(body: request_models.Notification, first: str, is_event_known: bool) -> MailOrder:
    """A template must be there; one for the event may be, and without it the caller's own text will do."""
    own = body.event or "" if is_event_known or not (body.text or body.html) else ""
    facts = {
        "subject": body.subject,
        "text": body.text,
        "html": body.html,
        "template": body.template or own,
        "variables": dict(body.variables),
        "to": list(body.to),
        "cc": list(body.cc),
        "reply_to": body.reply_to or "",
    }
    return MailOrder(MailKind.NOTIFICATION, Approver(first), facts=facts, language=body.language or "")


def _logs(
    body: request_models.Notification, attach: AttachLogs
) -> tuple[tuple[Blob, ...], tuple[Attachment, ...]]:
    """The logs as FlexDeploy attaches them: one as it is, several as a zip file."""
    chosen = _chosen(body, attach)
    if not chosen:
        return (), ()
    instance = body.instance or "flexmaild"
    if len(chosen) == 1:
        name = chosen[0].name
        filename = name if chosen[0].filename else f"{instance}_{name}"
        return _kept(filename, "text/plain", chosen[0].content)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, log in enumerate(chosen):
            taken = log.name in archive.namelist()
            archive.writestr(f"{i}_{log.name}" if taken else log.name, log.content)
    return _kept(f"{instance}_logs.zip", "application/zip", packed.getvalue())


def _chosen(body: request_models.Notification, attach: AttachLogs) -> list[request_models.Log]:
    if attach == "never":
        return []
    if attach == "always":
        return body.logs
    return [log for log in body.logs if log.failed] if body.outcome == "failure" else []


def _kept(name: str, media_type: str, data: bytes) -> tuple[tuple[Blob, ...], tuple[Attachment, ...]]:
    digest = hashlib.sha256(data).hexdigest()
    return (Blob(digest, data),), (Attachment(name, media_type, digest, len(data)),)
