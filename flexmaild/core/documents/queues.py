"""Jobs of the outbox and the deliveries, and mails in quarantine, as callers see them."""

from dataclasses import dataclass
from datetime import datetime

from flexmaild.core import work
from flexmaild.core.documents import facts_of
from flexmaild.core.documents.diagnosis import Proposal, ResultsField
from flexmaild.core.masking import masked
from flexmaild.core.model import Outcome
from flexmaild.core.references import as_written
from flexmaild.core.work import JobState, ProcessedMail


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Durable: the mail will be sent, or reported as failed."""

    id: str
    state: JobState
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutline:
    """A mail to be sent or a decision to be delivered as everybody may see it: that it exists, and its
    state, of `core.work.JobState`."""

    id: str
    state: JobState
    kind: str
    created_at: datetime
    approval_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(JobOutline):
    """A mail to be sent or a decision to be delivered."""

    target: str
    due_at: datetime | None
    done_at: datetime | None
    attempt: int
    running: bool
    recipients: list[str]
    message_id: str
    uncertain: bool
    last_reason: str
    last_error: str
    receipt: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """next: what `after` must be for the next page, empty on the last."""

    items: list[Job | JobOutline]
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    retried: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedMail:
    id: str
    at: datetime
    outcome: Outcome
    because: str
    size: int
    sha256: str
    sender: str
    subject: str
    message_id: str
    approval_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuarantinedMail(QuarantinedMail):
    """results: null where the mail's bytes are kept no longer."""

    results: list[ResultsField] | None
    proposals: list[Proposal]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedMail(QuarantinedMail):
    """outcome_now: what it became when it was read again."""

    outcome_now: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedMails:
    items: list[QuarantinedMail]
    next: str


def queued(made: work.Job) -> Queued:
    return Queued(id=made.id, state=made.state, message_id=made.message_id)


def outline(found: work.Job) -> JobOutline:
    return JobOutline(
        id=found.id,
        state=found.state,
        kind=found.kind,
        created_at=found.created_at,
        approval_id=found.approval_id,
    )


def job(found: work.Job) -> Job:
    return Job(
        **facts_of(outline(found)),
        target=found.target,
        due_at=found.due_at,
        done_at=found.done_at,
        attempt=found.attempt,
        running=found.running,
        recipients=list(found.recipients),
        message_id=found.message_id,
        uncertain=found.uncertain,
        last_reason=found.last_reason,
        last_error=found.last_error,
        receipt=found.receipt,
        key=found.key,
    )


def quarantined(identifier: str, processed: ProcessedMail) -> QuarantinedMail:
    """Subject and Message-ID are whatever the sender wrote, so references in them are hidden."""
    return QuarantinedMail(
        id=identifier,
        at=processed.at,
        outcome=processed.outcome,
        because=processed.because,
        size=processed.found.size,
        sha256=processed.mail.sha256,
        sender=processed.mail.sender,
        subject=masked(processed.subject),
        message_id=masked(as_written(processed.mail.message_id)),
        approval_id=processed.approval_id,
    )


def shown(
    mail: QuarantinedMail, results: list[ResultsField] | None, proposals: list[Proposal]
) -> ShownQuarantinedMail:
    return ShownQuarantinedMail(**facts_of(mail), results=results, proposals=proposals)


def released(mail: QuarantinedMail, outcome: Outcome) -> ReleasedMail:
    return ReleasedMail(**facts_of(mail), outcome_now=outcome)
