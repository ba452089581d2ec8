"""What the store keeps: jobs, processed mails, audit entries, and the `Change` that writes them.

A `Change` is everything that follows from one event. The store commits it whole or not at all. `core.jobs`
turns the engine's effects into jobs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from flexmaild.core.identity import Identity
from flexmaild.core.left_in_folder import LeftMail
from flexmaild.core.model import Approver, Json, MailFacts, MailKind, Outcome, Proof, Request
from flexmaild.core.ports import MessageUid
from flexmaild.core.reasons import ReplyReason


class Queue(StrEnum):
    """The kind of work: mails to send, or decisions to deliver."""

    OUTBOX = "outbox"
    DELIVERY = "delivery"


class JobState(StrEnum):
    """QUEUED waits for its first try, DEFERRED for a further one; HELD by an operator; FAILED was given up
    on and can be retried by an operator; DONE and DROPPED are final."""

    QUEUED = "queued"
    DEFERRED = "deferred"
    HELD = "held"
    FAILED = "failed"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done, at least once, under one key.

    target: "outgoing" for mails, the sink's name for deliveries. kind: a MailKind, "decision", or
    "unreachable".
    key: unique for ever, so that no job is made twice.
    payload: for a mail, a `MailOrder` as JSON under "order"; for a delivery, the event as JSON text under
    "event" and its CloudEvents id, which receivers know it by, under "id".
    message_id: the Message-ID without angle brackets, fixed before the first try, empty for deliveries.
    recipients: addr-specs a mail still has to reach (those accepted already are taken out).
    uncertain: the last try may have succeeded although no answer came.
    running, claim: whether it is being carried out at this moment, and the number of its last claim; the
    store sets them.
    """

    id: str
    queue: Queue
    target: str
    kind: str
    key: str
    payload: Json
    created_at: datetime
    due_at: datetime
    state: JobState = JobState.QUEUED
    attempt: int = 0
    approval_id: str = ""
    invitation: int | None = None
    recipients: tuple[str, ...] = ()
    message_id: str = ""
    uncertain: bool = False
    last_reason: str = ""
    last_error: str = ""
    receipt: str = ""
    done_at: datetime | None = None
    running: bool = False
    claim: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry out a job, for a while. Each claim of a job has the next number; the end that names
    an earlier one is refused."""

    job_id: str
    number: int


@dataclass(frozen=True, slots=True)
class MailOrder:
    """What a mail is to say; it is composed from this when it is sent, the same way every time.

    to: the approver or recipient it goes to. facts: what its template needs beyond the request
    ("decided_by", "noted", "needed", …), all strings, numbers, booleans or lists of these.
    in_reply_to: Message-ID of the mail this answers, without angle brackets.
    """

    kind: MailKind
    to: Approver
    approval_id: str = ""
    invitation: int | None = None
    facts: Json = field(default_factory=dict)
    in_reply_to: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How one try of a job ended, under which claim; "overtaken": it was not made, and `error` says why it is
    needed no more.

    `again_at` is set for "later"; `left` are recipients still to reach; `refused` lists (recipient, answer)
    the server refused for good. `closed`: the step at which the way itself failed ("connect", "login",
    "token"), so that every other job fails alike; else empty."""

    job_id: str
    claim: int
    result: Literal["ok", "later", "give_up", "overtaken"]
    at: datetime
    reason: str = ""
    error: str = ""
    receipt: str = ""
    again_at: datetime | None = None
    left: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    uncertain: bool = False
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail as a request that it names shows it, without any of its text.

    mail: its sender is the address in From, empty where there is not one. via: where a group put its own
    address there, the one that it replaced, which proves nothing. number: counts the replies to this request
    from 1; the store gives it.
    """

    approval_id: str
    at: datetime
    outcome: Outcome
    reason: ReplyReason
    mail: MailFacts
    via: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class ProcessedMail:
    """The one outcome of one incoming mail.

    mail: its sender is the address in From, proven or not. found: what identifies it besides its UID, as
    its transport said.
    fingerprint: set when the mail was admitted; a second mail with the same one is a replay.
    spent: what a mail that decided is known by (`core.approval.admission.ids_of_answer`): none with one of
    them decides again.
    raw: the bytes as read, kept for the configured time; None when too large to have been read.
    quarantined: kept visible for an operator ("quarantine list").
    unknown_lines: of a person's answer, those that may be a mail gateway's.
    replies: how the requests that it names show it.
    header: what is kept of its header; of our own mails nothing.
    """

    uid: MessageUid
    mail: MailFacts
    found: Identity
    outcome: Outcome
    because: str
    at: datetime
    subject: str = ""
    approval_id: str = ""
    invitation: int | None = None
    fingerprint: str = ""
    raw: bytes | None = None
    quarantined: bool = False
    unknown_lines: tuple[str, ...] = ()
    replies: tuple[Reply, ...] = ()
    header: str = field(default="", repr=False)
    spent: tuple[str, ...] = ()

    @property
    def identity(self) -> Identity:
        return replace(self.found, name=self.found.name or self.mail.message_id)


@dataclass(frozen=True, slots=True)
class KeptHeader:
    """The header of one of the last mails, as `mail.authentication.kept_header` wrote it.

    outcome: None for one that still lies in the folder; at: when it was read, or seen there.
    """

    at: datetime
    sender: str
    outcome: Outcome | None
    sha256: str
    header: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApproverNote:
    """Something that happened with an approver.

    proofs: what a mail of theirs showed beside the reference; None where it is about no mail. is_admitted:
    the mail was believed. bounced: why a mail to them came back for good, empty where none did.
    """

    address: str
    at: datetime
    proofs: tuple[Proof, ...] | None = None
    is_admitted: bool = False
    bounced: str = ""


@dataclass(frozen=True, slots=True)
class ApproverPast:
    """All notes of an approver, summed up. mails: how many came from them; proofs: what these showed.

    bounced: why the last mail to them that came back did, empty where an answer of theirs came later.
    """

    address: str
    mails: int
    proofs: frozenset[Proof]
    last_mail_at: datetime | None
    bounced: str
    bounced_at: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that happened, to a request or by an operator: a row of the event log.

    approval_id: empty where it is about no request. data: of it only `facts` are in the chained row.
    """

    at: datetime
    approval_id: str
    event: str
    data: Json

    @property
    def facts(self) -> Json:
        """What says nothing about a person."""
        return {key: value for key, value in self.data.items() if key in FACTS}

    @property
    def personal(self) -> Json:
        """The rest: addresses, comments, subjects, names. It can be deleted, and the chain stays valid."""
        return {key: value for key, value in self.data.items() if key not in FACTS}


# The keys of an entry that never hold a word or an address of a person; what is not named here may.
FACTS = frozenset(
    (
        *("answer", "state", "outcome", "rule", "settles_at", "sha256", "permanent"),
        *("job", "jobs", "count", "id", "application", "level", "until", "changed", "needs_restart", "ok"),
        *("lost_since", "difference", "purged"),
    )
)


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes kept under their SHA-256 (hex), such as attachments."""

    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail to an approver as it is about to go out, without attachments: what a reply may quote.

    deflated: its bytes, compressed by zlib; None when it is too large to be kept.
    quotes: the texts in it that a person wrote.
    """

    job_id: str
    sha256: str
    deflated: bytes | None = field(repr=False)
    quotes: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail of ours, its bytes as they went out.

    quotes: the texts in it that a person wrote (the comment that a confirmation repeats); they are not ours.
    """

    data: bytes
    quotes: tuple[str, ...] = ()


# From the references found in a mail to every mail that went out with one of them; None where they cannot
# be had.
MailsSent = Callable[[tuple[str, ...]], tuple[SentMail, ...] | None]


@dataclass(frozen=True, slots=True)
class Idempotent:
    """The answer that was given to a caller's Idempotency-Key, and what the body was."""

    key: str
    body_sha256: str
    answer: Json
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that follows from one event. Requests carry the version they were read with (0: new)."""

    requests: tuple[Request, ...] = ()
    jobs: tuple[Job, ...] = ()
    ended: tuple[JobEnd, ...] = ()
    processed: tuple[ProcessedMail, ...] = ()
    left: tuple[LeftMail, ...] = ()
    audit: tuple[AuditEntry, ...] = ()
    blobs: tuple[Blob, ...] = ()
    kept: tuple[KeptMail, ...] = ()
    approvers: tuple[ApproverNote, ...] = ()
    idempotent: Idempotent | None = None
