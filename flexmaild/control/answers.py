"""What the daemon answers: the bodies of the control socket's answers as pydantic models.

Named by `control.routes`, described by `control.openapi`, made by the handlers. Times are RFC 3339 in UTC.
Further fields may be added in later versions (clients ignore what they do not know), none taken away.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flexmaild.control.diagnosis import Incident, Proposal, ResultsField
from flexmaild.core.model import Answer, Outcome, Quorum, State
from flexmaild.core.reasons import ReplyReason
from flexmaild.core.work import JobState


class Open(BaseModel):
    """An answer; may hold more than is declared."""

    # Deferred: built at the first GET of /openapi.json, which no start has to wait for.
    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)


class TestedEmail(Open):
    """answer: the server's own words. tls: such as "TLSv1.3", empty for none."""

    __test__ = False  # not a test, whatever pytest thinks of its name
    to: str
    answer: str
    tls: str
    seconds: float
    server: str = ""
    message_id: str = ""


class TestedIncoming(Open):
    """messages: how many mails wait in the folder. can_delete: whether this login may delete there."""

    __test__ = False
    folder: str
    messages: int
    can_delete: bool
    seconds: float
    server: str = ""
    tls: str = ""
    detail: str = ""


class Status(Open):
    """healthy is false when `issues` is not empty; the other members are the parts, by name."""

    healthy: bool
    version: str
    issues: list[str] = []
    incidents: list[Incident] = []
    warnings: list[str] = []
    started_at: datetime | None = None


class Reloaded(Open):
    """changed: the settings that are different now. needs_restart: those that change only at a restart."""

    reloaded: bool
    changed: list[str] = []
    needs_restart: list[str] = []
    warnings: list[str] = []


class Processed(Open):
    """messages: mails taken from the folder by this reading; outcomes: how many of each outcome."""

    messages: int
    outcomes: dict[str, int] = {}
    detail: str = ""


class LogLevelSet(Open):
    """until: when the level of the settings comes back; null: not before the next start or reload."""

    level: str
    until: datetime | None = None


class Queued(Open):
    """Durable: the mail will be sent, or reported as failed."""

    id: str
    state: JobState
    message_id: str = ""


class Job(Open):
    """A mail to be sent or a decision to be delivered; see the states in `core.work.JobState`."""

    id: str
    state: JobState
    kind: str
    target: str
    created_at: datetime
    due_at: datetime | None = None
    done_at: datetime | None = None
    attempt: int = 0
    running: bool = False
    recipients: list[str] = []
    approval_id: str = ""
    message_id: str = ""
    last_reason: str = ""
    last_error: str = ""
    receipt: str = ""


class Jobs(Open):
    """next: what `after` must be for the next page, empty on the last."""

    items: list[Job]
    next: str = ""


class Retried(Open):
    retried: int


class ApproverState(Open):
    """Somebody who was asked. bounced: why their mail came back, empty where it did not.

    explanations_used_up_until: they wrote what did not count, and were sent no explanation, since they had
    those of this hour; until then they get none. Null where that is not so.
    """

    address: str
    name: str = ""
    group: str = ""
    on_behalf_of: str = ""
    escalation: bool = False
    invited_at: datetime | None = None
    withdrawn: bool = False
    bounced: str = ""
    explanations_used_up_until: datetime | None = None


class Verdict(Open):
    """proof: how the sender was proven. sha256: of the raw mail. replaced: a later answer took its place, or
    took it back."""

    approver: str
    by: str
    answer: Answer
    comment: str
    at: datetime
    proof: str
    sha256: str
    message_id: str = ""
    group: str = ""
    replaced: bool = False


class HistoryEntry(Open):
    at: datetime
    event: str
    data: dict[str, Any] = {}


class Progress(Open):
    """approvals: how many count so far; needed: how many it takes (of groups, with "each_group")."""

    approvals: int
    needed: int


class SentMail(Open):
    """A mail of this request, as the outbox has it."""

    id: str
    kind: str
    to: list[str]
    state: JobState
    sent_at: datetime | None = None
    message_id: str = ""
    last_error: str = ""


class ReadReply(Open):
    """A mail that came in and names this request: its outcome and the rule it followed from, no word of it.

    at: when it was read. from: the address in From, empty where there is not one. via: where a group put its
    own address there, the one that it replaced, which proves nothing. because: `reason` as a sentence.
    """

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True, defer_build=True)

    at: datetime
    sender: str = Field(default="", alias="from")
    outcome: Outcome
    reason: ReplyReason
    because: str = ""
    sha256: str
    message_id: str = ""
    via: str = ""


class Approval(Open):
    """An approval request as it stands. `history`, `mails` and `replies` are given by show and wait only,
    `replies_total` and `last_reply` by list too.

    settles_at: when the answers that meet the quorum decide, where they can still be changed for `settle_for`
    seconds. replies: the last 50 mails that name this request, those that decide nothing too, oldest first;
    replies_total counts all there were. unreachable: approvers whose mail came back; quorum_reachable:
    whether the others can still decide.
    """

    id: str
    state: State
    title: str
    created_at: datetime
    expires_at: datetime
    settle_for: float = 0.0
    settles_at: datetime | None = None
    quorum: Quorum = "any"
    requester: str = ""
    approvers: list[ApproverState] = []
    verdicts: list[Verdict] = []
    decided_at: datetime | None = None
    decided_by: list[str] = []
    decided_because: str = ""
    progress: Progress | None = None
    quorum_reachable: bool = True
    unreachable: list[str] = []
    require: str = ""
    metadata: dict[str, Any] = {}
    sinks: list[str] = []
    history: list[HistoryEntry] = []
    mails: list[SentMail] = []
    replies: list[ReadReply] = []
    replies_total: int = 0
    last_reply: ReadReply | None = None


class ApproverWarning(Open):
    """Why somebody who is asked may not be able to answer, by settings and past mails.

    never_proven: no reply of theirs was ever proven as is required. cannot_be_proven: none can be, under the
    settings. bounced_before: a mail to them came back, and they have not answered since.
    """

    code: Literal["never_proven", "cannot_be_proven", "bounced_before"]
    approver: str
    detail: str


class OpenedApproval(Approval):
    """A new request. warnings: nothing was refused for them."""

    warnings: list[ApproverWarning]


class Approvals(Open):
    items: list[Approval]
    next: str = ""


class QuarantinedMail(Open):
    """outcome_now: what it became when it was read again; given by release only. results and proposals: by
    show only; results are null where the mail's bytes are kept no longer."""

    id: str
    at: datetime
    outcome: Outcome
    because: str
    size: int
    sha256: str
    sender: str = ""
    subject: str = ""
    message_id: str = ""
    approval_id: str = ""
    outcome_now: Outcome | None = None
    results: list[ResultsField] | None = None
    proposals: list[Proposal] = []


class QuarantinedMails(Open):
    items: list[QuarantinedMail]
    next: str = ""


class AuditVerified(Open):
    """entries: how many rows the chain has. broken_at: the first row that does not fit, null when all do."""

    ok: bool
    entries: int
    broken_at: int | None = None
    detail: str = ""


class OAuthApplication(Open):
    """state: "ok", "not_authorized", "failed" (it passes by itself), "dead" (somebody must act). error_code:
    the sign-in service's own ("AADSTS50173") or ours. clock_skew: its clock minus ours, in seconds."""

    name: str
    provider: str
    flow: str
    state: str
    account: str = ""
    scopes: list[str] = []
    expires_at: datetime | None = None
    last_refresh: datetime | None = None
    next_alarm: datetime | None = None
    alarm: str = ""
    error_code: str = ""
    clock_skew: float | None = None
    error: str = ""
    cure: str = ""


class OAuthApplications(Open):
    applications: list[OAuthApplication]


class AuthorizationStarted(Open):
    """A person opens `verification_uri` and, with the device code flow, types `user_code` there."""

    id: str
    flow: Literal["device_code", "authorization_code", "client_credentials"]
    message: str
    verification_uri: str = ""
    user_code: str = ""
    expires_in: float = 0.0


class AuthorizationState(Open):
    """state: "none" where nothing was begun. detail: what went wrong, or what is still to be done."""

    state: Literal["none", "pending", "done", "failed", "expired"]
    id: str = ""
    account: str = ""
    scopes: list[str] = []
    detail: str = ""
    cure: str = ""


class Forgotten(Open):
    forgotten: bool
