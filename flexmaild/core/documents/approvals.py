"""An approval request as callers and sinks see it: with approvers, verdicts, mails and replies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from flexmaild.core import model
from flexmaild.core.approval import quorum
from flexmaild.core.documents import FOR_SCHEMA, facts_of
from flexmaild.core.documents.approver_warnings import ApproverWarning
from flexmaild.core.masking import masked
from flexmaild.core.model import Answer, Invitation, Outcome, Proof, Quorum, Requirement, State
from flexmaild.core.reasons import ReplyReason, sentence
from flexmaild.core.references import as_written
from flexmaild.core.work import AuditEntry, Job, JobState, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproverState:
    """Somebody who was asked. bounced: why their mail came back, empty where it did not.

    explanations_used_up_until: they wrote what did not count, and were sent no explanation, since they had
    those of this hour; until then they get none. Null where that is not so.
    """

    address: str
    name: str
    group: str
    on_behalf_of: str
    escalation: bool
    invited_at: datetime
    withdrawn: bool
    bounced: str
    explanations_used_up_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """proof: how the sender was proven. sha256: of the raw mail. replaced: a later answer took its place, or
    took it back. escalation: of an approver who was asked by escalation."""

    approver: str
    by: str
    answer: Answer
    comment: str
    at: datetime
    proof: Proof
    sha256: str
    message_id: str
    group: str
    escalation: bool
    replaced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    at: datetime
    event: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """approvals: how many count so far; needed: how many it takes (of groups, with "each_group")."""

    approvals: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """A mail of this request, as the outbox has it."""

    id: str
    kind: str
    to: list[str]
    state: JobState
    sent_at: datetime | None
    last_error: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReply:
    """A mail that came in and names this request: its outcome and the rule it followed from, no word of it.

    at: when it was read. from: the address in From, empty where there is not one. via: where a group put its
    own address there, the one that it replaced, which proves nothing. because: `reason` as a sentence.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = FOR_SCHEMA
    at: datetime
    from_: str
    via: str
    outcome: Outcome
    reason: ReplyReason
    because: str
    sha256: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalOutline:
    """An approval request as everybody may see it: that it exists, and its state. owner: the user who asked,
    empty if no user owns it."""

    id: str
    state: State
    owner: str
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(ApprovalOutline):
    """An approval request as it stands.

    visible_to: users and @groups with whom it is shared. settles_at: when the answers that meet the quorum
    decide, where they can still be changed for `settle_for` seconds. unreachable: approvers whose mail came
    back; quorum_reachable: whether the others can still decide.
    """

    title: str
    visible_to: list[str]
    settle_for: float
    settles_at: datetime | None
    quorum: Quorum
    progress: Progress
    quorum_reachable: bool
    unreachable: list[str]
    require: Requirement
    requester: str
    approvers: list[ApproverState]
    verdicts: list[Verdict]
    decided_by: list[str]
    decided_because: str
    metadata: dict[str, Any]
    sinks: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedApproval(Approval):
    """With how many mails there were that name it, and the last of them."""

    replies_total: int
    last_reply: ReadReply | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownApproval(ListedApproval):
    """With all that happened. replies: the last 50 mails that name this request, those that decide nothing
    too, oldest first; replies_total counts all there were."""

    history: list[HistoryEntry]
    mails: list[SentMail]
    replies: list[ReadReply]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedApproval(Approval):
    """A new request. warnings: nothing was refused for them."""

    warnings: list[ApproverWarning]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """next: what `after` must be for the next page, empty on the last."""

    items: list[ListedApproval | ApprovalOutline]
    next: str


def outline(found: model.Request) -> ApprovalOutline:
    return ApprovalOutline(
        id=found.id,
        state=found.state,
        owner=found.terms.belonging.owner,
        created_at=found.created_at,
        expires_at=found.terms.expires_at,
        decided_at=found.decided_at,
    )


def approval(found: model.Request, now: datetime) -> Approval:
    terms = found.terms
    done, needed = quorum.progress(found)
    return Approval(
        **facts_of(outline(found)),
        title=terms.title,
        visible_to=list(terms.belonging.visible_to),
        settle_for=terms.settle_for.total_seconds(),
        settles_at=found.settles_at,
        quorum=terms.quorum,
        progress=Progress(approvals=done, needed=needed),
        quorum_reachable=found.state is not State.PENDING or quorum.can_still_be_met(found),
        unreachable=list(quorum.unreachable(found)),
        require=terms.require,
        requester=terms.requester,
        approvers=[_approver(i, now) for i in found.invitations],
        verdicts=[verdict(v) for v in found.verdicts],
        decided_by=list(found.decided_by),
        decided_because=found.decided_because,
        metadata=dict(terms.metadata),
        sinks=list(terms.sinks),
    )


def listed(found: model.Request, now: datetime, last: Reply | None) -> ListedApproval:
    """last: the newest mail that names it; its number counts them."""
    return ListedApproval(
        **facts_of(approval(found, now)),
        replies_total=last.number if last else 0,
        last_reply=reply(last) if last else None,
    )


def shown(
    found: model.Request,
    now: datetime,
    trail: Iterable[AuditEntry],
    sent: Iterable[Job],
    replies: Sequence[Reply],
) -> ShownApproval:
    return ShownApproval(
        **facts_of(listed(found, now, replies[-1] if replies else None)),
        history=[HistoryEntry(at=e.at, event=e.event, data=dict(e.data)) for e in trail],
        mails=[_mail(job) for job in sent],
        replies=[reply(one) for one in replies],
    )


def verdict(said: model.Verdict) -> Verdict:
    """In the answer about a request and in the event alike. Its Message-ID is whatever the sender wrote, so a
    reference in it is hidden."""
    return Verdict(
        approver=said.approver,
        by=said.mail.sender,
        answer=said.answer,
        comment=said.comment,
        at=said.at,
        proof=said.proof,
        sha256=said.mail.sha256,
        message_id=masked(as_written(said.mail.message_id)),
        group=said.group,
        escalation=said.escalation,
        replaced=said.replaced,
    )


def reply(read: Reply) -> ReadReply:
    """Its Message-ID is whatever the sender wrote, so a reference in it is hidden."""
    return ReadReply(
        at=read.at,
        from_=read.mail.sender,
        via=read.via,
        outcome=read.outcome,
        reason=read.reason,
        because=sentence(read.reason),
        sha256=read.mail.sha256,
        message_id=masked(as_written(read.mail.message_id)),
    )


def _approver(invitation: Invitation, now: datetime) -> ApproverState:
    approver, silent_until = invitation.approver, invitation.silent_until
    return ApproverState(
        address=approver.address,
        name=approver.name,
        group=approver.group,
        on_behalf_of=approver.on_behalf_of,
        escalation=approver.escalation,
        invited_at=invitation.issued_at,
        withdrawn=invitation.withdrawn,
        bounced=invitation.bounced,
        explanations_used_up_until=silent_until if silent_until and silent_until > now else None,
    )


def _mail(job: Job) -> SentMail:
    return SentMail(
        id=job.id,
        kind=job.kind,
        to=list(job.recipients),
        state=job.state,
        sent_at=job.done_at,
        last_error=job.last_error,
        message_id=job.message_id,
    )
