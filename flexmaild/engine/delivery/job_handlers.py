"""Carries out each kind of job: composes and sends a mail, or delivers a decision to its sink."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import structlog

from flexmaild.core import jobs
from flexmaild.core.approval import superseded
from flexmaild.core.model import Attachment, MailKind, Request
from flexmaild.core.ports import Envelope, Outbox, Receipt, Sink
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import Job, JobEnd, KeptMail
from flexmaild.engine.delivery.sent_mails import kept_mail
from flexmaild.mail.compose.render import TemplateFault
from flexmaild.mail.compose.write import ComposeSettings, compose

_log = structlog.get_logger("flexmaild")


@dataclass(frozen=True, slots=True)
class Task:
    """A job with what is needed to carry it out.

    mail: its bytes, once it is composed and where it has no attachments. kept: what must be committed before
    the try.
    """

    job: Job
    request: Request | None = None
    attachments: tuple[tuple[Attachment, bytes], ...] = ()
    mail: bytes = field(default=b"", repr=False)
    kept: KeptMail | None = None

    def files(self) -> tuple[Attachment, ...]:
        """The files this mail carries: the request's own on its first mail, a notification's always."""
        if self.job.kind == MailKind.APPROVAL_REQUEST and self.request is not None:
            return self.request.terms.attachments
        return tuple(Attachment(**a) for a in self.job.payload.get("attachments", ()))


class JobHandler(Protocol):
    """How one kind of job is carried out; used by one thread."""

    def prepare(self, task: Task) -> Task:
        """The task with what is made before any try; sends nothing, and has no attachments yet."""

    def carry_out(self, task: Task, now: datetime) -> JobEnd:
        """One try. Raises Failure; returns the end of a successful one."""

    def retry_now(self) -> None:
        """An operator says that the target works again."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class MailHandler:
    """Composes a mail from its order, alike at every try, and sends it to recipients not reached yet."""

    outbox: Outbox
    compose_settings: ComposeSettings
    keys: ReferenceKeys

    def prepare(self, task: Task) -> Task:
        """Compose a mail with a reference. The kept copy has no attachments; the mail that is sent has
        them."""
        if task.job.invitation is None or _superseded(task):
            return task
        mail = composed(task, self.compose_settings, self.keys)
        return replace(task, mail=b"" if task.files() else mail, kept=kept_mail(task.job, mail))

    def carry_out(self, task: Task, now: datetime) -> JobEnd:
        job = task.job
        if why := _superseded(task):
            return JobEnd(job.id, job.claim, "overtaken", now, error=why)
        data = task.mail or composed(task, self.compose_settings, self.keys)
        envelope = Envelope(
            job.message_id, self.compose_settings.from_address, job.recipients, data, job.uncertain
        )
        return _job_end(job, self.outbox.send(envelope), now)

    def retry_now(self) -> None:
        """An outbox remembers no failure."""

    def close(self) -> None:
        self.outbox.close()


def _job_end(job: Job, receipt: Receipt, now: datetime) -> JobEnd:
    left = tuple(r.recipient for r in receipt.refused if not r.permanent)
    refused = tuple((r.recipient, r.answer) for r in receipt.refused if r.permanent)
    error = "; ".join(f"{recipient}: {answer}" for recipient, answer in refused)
    return JobEnd(
        job.id, job.claim, "ok", now, error=error, receipt=receipt.answer, left=left, refused=refused
    )


def _superseded(task: Task) -> str:
    """Why this mail is no longer needed; empty while it is."""
    return superseded.why(jobs.order_of(task.job), task.request) if task.request is not None else ""


def composed(task: Task, compose_settings: ComposeSettings, keys: ReferenceKeys) -> bytes:
    """The bytes of this job's mail."""
    order, request, reference = jobs.order_of(task.job), task.request, ""
    if request is not None and order.invitation is not None:
        reference = keys.issue(request, request.invitations[order.invitation])
    return compose(
        order,
        request,
        reference,
        compose_settings,
        date=task.job.created_at,
        attachments=task.attachments,
        message_id=task.job.message_id,
        on_fault=_note_fault,
    )


def _note_fault(fault: TemplateFault) -> None:
    _log.error("a template failed, the built-in one was used in its place", fault=str(fault))


@dataclass(frozen=True, slots=True)
class EventHandler:
    """Delivers a decision, under the same id at every try."""

    sink: Sink

    def prepare(self, task: Task) -> Task:
        return task

    def carry_out(self, task: Task, now: datetime) -> JobEnd:
        payload = task.job.payload
        note = self.sink.deliver(payload["id"], payload["event"].encode())
        return JobEnd(task.job.id, task.job.claim, "ok", now, receipt=note)

    def retry_now(self) -> None:
        self.sink.retry_now()

    def close(self) -> None:
        self.sink.close()
