"""How each kind of job is done: a mail is composed and sent, a decision is handed to its sink."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from flexmaild.core import jobs, overtaken, tokens
from flexmaild.core.ports import Envelope, Outbox, Receipt, Sink
from flexmaild.core.work import Job, JobEnd
from flexmaild.daemon.clock import Clock
from flexmaild.daemon.sent_mails import kept_mail
from flexmaild.daemon.worker import Task
from flexmaild.mail.compose.render import TemplateFault
from flexmaild.mail.compose.write import Stationery, compose

_log = structlog.get_logger("flexmaild")


@dataclass(frozen=True, slots=True)
class MailCraft:
    """Composes from the order, the same way at every try, and sends to whom it has not reached yet."""

    outbox: Outbox
    stationery: Stationery
    key: bytes
    clock: Clock

    def prepare(self, task: Task) -> Task:
        """Compose a mail with a reference: what is kept of it has no attachments, what goes out has them."""
        if task.job.invitation is None or _overtaken(task):
            return task
        mail = composed(replace(task, attachments=()), self.stationery, self.key)
        return replace(task, mail=b"" if task.attachments else mail, kept=kept_mail(task.job, mail))

    def do(self, task: Task) -> JobEnd:
        job = task.job
        if why := _overtaken(task):
            return JobEnd(job.id, "overtaken", self.clock.now(), error=why)
        data = task.mail or composed(task, self.stationery, self.key)
        envelope = Envelope(job.message_id, self.stationery.from_address, job.recipients, data, job.uncertain)
        return self._end(job, self.outbox.send(envelope))

    def _end(self, job: Job, receipt: Receipt) -> JobEnd:
        left = tuple(r.recipient for r in receipt.refused if not r.permanent)
        refused = tuple((r.recipient, r.answer) for r in receipt.refused if r.permanent)
        error = "; ".join(f"{recipient}: {answer}" for recipient, answer in refused)
        now = self.clock.now()
        return JobEnd(job.id, "ok", now, error=error, receipt=receipt.answer, left=left, refused=refused)

    def close(self) -> None:
        self.outbox.close()


def _overtaken(task: Task) -> str:
    """Why this mail is not needed any more; empty while it is."""
    return overtaken.why(jobs.order_of(task.job), task.request) if task.request is not None else ""


def composed(task: Task, stationery: Stationery, key: bytes) -> bytes:
    """The mail of this job, as it goes out."""
    order, request, reference = jobs.order_of(task.job), task.request, ""
    if request is not None and order.invitation is not None:
        reference = tokens.issue(key, request, request.invitations[order.invitation])
    return compose(
        order,
        request,
        reference,
        stationery,
        date=task.job.created_at,
        attachments=task.attachments,
        message_id=task.job.message_id,
        on_fault=_note_fault,
    )


def _note_fault(fault: TemplateFault) -> None:
    _log.error("a template failed, the built-in one was used in its place", fault=str(fault))


@dataclass(frozen=True, slots=True)
class SinkCraft:
    sink: Sink
    clock: Clock

    def prepare(self, task: Task) -> Task:
        return task

    def do(self, task: Task) -> JobEnd:
        payload = task.job.payload
        note = self.sink.deliver(payload["id"], payload["event"].encode())
        return JobEnd(task.job.id, "ok", self.clock.now(), receipt=note)

    def close(self) -> None:
        self.sink.close()
