"""The classes of an approval, frozen: requests, approvers, invitations, verdicts.

Every package may use these; none changes them in place. Times are aware UTC datetimes. Whatever is
stored or sent as JSON is one of these classes, converted by pydantic where it crosses a border.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from flexmaild.core.access import NOBODYS, Ownership

Json = Mapping[str, Any]


class State(StrEnum):
    """The state of a request; all but PENDING are final."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Part(StrEnum):
    """Parts of a closed request that may be deleted before the request."""

    COMMENTS = "comments"
    SENT_MAILS = "sent_mails"
    ADDRESSES = "addresses"

    @property
    def bit(self) -> int:
        """In the store's sum of those that are purged."""
        return 1 << tuple(Part).index(self)


class Answer(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


class Outcome(StrEnum):
    """The outcome of an incoming mail; the values of the metric label `outcome`, a closed list."""

    DECISION = "decision"
    UNDECIDED = "undecided"
    LATE = "late"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    UNAUTHENTICATED = "unauthenticated"
    UNKNOWN_REFERENCE = "unknown_reference"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LOOP = "loop"
    OVERSIZE = "oversize"
    UNPARSABLE = "unparsable"
    FOREIGN = "foreign"
    STORE_OLDER = "store_older"


class MailKind(StrEnum):
    """Why a mail is sent; the metric label `kind` and the name of its template."""

    APPROVAL_REQUEST = "approval_request"
    REMINDER = "reminder"
    ACCEPTED = "accepted"
    NOTED = "noted"
    SETTLING = "settling"
    ALREADY_DECIDED = "already_decided"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCLEAR = "unclear"
    COMMENT_NEEDED = "comment_needed"
    NOT_ENTITLED = "not_entitled"
    NO_LONGER_NEEDED = "no_longer_needed"
    NOTIFICATION = "notification"
    TEST = "test"


Proof = Literal["reference", "dmarc", "internal", "dkim", "auth"]
# From the least to the most.
Requirement = Literal["reference", "dmarc", "dkim", "auth"]
QuorumRule = Literal["any", "all", "each_group"]
Quorum = QuorumRule | int
OnExpiry = Literal["expire", "reject"]
# How much of a comment may keep an answer from being one, see `mail.understand.verdict`.
Comments = Literal["careful", "first_word", "bare"]


@dataclass(frozen=True, slots=True)
class Approver:
    """A person who is asked. `address` and `aliases` are addr-specs (RFC 5322) in lower case.

    on_behalf_of: the approver (address) whose voice this delegate holds, empty for the approver.
    escalation: joined by escalation; see `core.approval.quorum` for what that voice counts.
    language: a tag of `languages` ("de"), empty for the setting's.
    """

    address: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    group: str = ""
    language: str = ""
    on_behalf_of: str = ""
    escalation: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes out with a mail; its bytes are kept in the store under their SHA-256."""

    filename: str
    content_type: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What was asked, unchanged for the life of the request, whatever the settings say later.

    settle_for: how long an answer that would decide can still be changed. requester: as the caller put it;
    belonging: the caller's user, as the kernel said, and with whom it is shared. asked: the digest of what
    was asked, once the texts are purged.
    """

    title: str
    text: str
    approvers: tuple[Approver, ...]
    expires_at: datetime
    settle_for: timedelta = timedelta(0)
    quorum: Quorum = "any"
    any_reject: bool = True
    on_expiry: OnExpiry = "expire"
    html: str = ""
    template: str = ""
    variables: Json = field(default_factory=dict)
    requester: str = ""
    allow_requester: bool = True
    allow_delegates: bool = False
    comment_on_reject: bool = False
    require: Requirement = "reference"
    remind_at: tuple[datetime, ...] = ()
    escalate_at: datetime | None = None
    escalate_to: tuple[Approver, ...] = ()
    sinks: tuple[str, ...] = ()
    metadata: Json = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    belonging: Ownership = NOBODYS
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A mail that explained why a reply did not count. text_digest: SHA-256 of what was written."""

    at: datetime
    text_digest: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """One mail with a reference of its own to one approver; `number` counts from 0 within the request.

    withdrawn: a later invitation took its place; its reference opens nothing any more.
    bounced: a delivery status notification (RFC 3464) came back for it; the text says why.
    explained: the explaining answers of the last hour for this reference. silent_until: they were used up
    when a reply came, which went without one; until then none is sent.
    """

    number: int
    approver: Approver
    issued_at: datetime
    withdrawn: bool = False
    bounced: str = ""
    explained: tuple[Explanation, ...] = ()
    silent_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What identifies a mail: the same record in its event, its verdict, its outcome and at each request.

    sha256: of the raw mail as read, empty where it was too large. message_id: see `core.references.bare`.
    """

    sender: str = ""
    sha256: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one approver. `approver` is the slot that it counts for; the mail's sender is the
    proven address.

    replaced: the same person said something else later, or nothing clear.
    invitation: the number of the invitation whose reference the reply carried.
    """

    approver: str
    answer: Answer
    comment: str
    at: datetime
    proof: Proof
    mail: MailFacts
    invitation: int
    group: str = ""
    escalation: bool = False
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """An approval request as it stands. `version` grows with every committed change.

    settles_at: when the verdicts that meet the quorum decide, if no approver changes theirs (see
    `core.approval.settling`).
    settle_check_at: when to look again, after that moment, whether the mailbox was read meanwhile;
    settle_checks: how often that was done. purged: what is kept of it no longer, see `core.purging`.
    """

    id: str
    terms: Terms
    created_at: datetime
    state: State = State.PENDING
    version: int = 0
    invitations: tuple[Invitation, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    decided_at: datetime | None = None
    decided_by: tuple[str, ...] = ()
    decided_because: str = ""
    reminders_sent: int = 0
    escalated: bool = False
    settles_at: datetime | None = None
    settle_check_at: datetime | None = None
    settle_checks: int = 0
    purged: tuple[Part, ...] = ()

    @property
    def is_anonymous(self) -> bool:
        """Whether the approvers' addresses were purged: no mail can be matched to them."""
        return Part.ADDRESSES in self.purged

    @property
    def effective(self) -> tuple[Verdict, ...]:
        """The verdicts that count: those that were not replaced."""
        return tuple(v for v in self.verdicts if not v.replaced)
