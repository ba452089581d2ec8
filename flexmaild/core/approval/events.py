"""Events that a request may receive, and the effects that follow: input and output of the state machine.

An event is already admitted (`core.approval.admission`); an effect is something to do after the commit.
Neither knows a mail, a socket or a row.
"""

from dataclasses import dataclass, field
from datetime import datetime

from flexmaild.core.model import Answer, Approver, Json, MailFacts, MailKind, Proof, Request
from flexmaild.core.parsed_reply import Bounce


@dataclass(frozen=True, slots=True)
class Answered:
    """A proven person answered clearly."""

    invitation: int
    answer: Answer
    comment: str
    proof: Proof
    mail: MailFacts


@dataclass(frozen=True, slots=True)
class Unclear:
    """A proven person wrote, but not what decides; `why` is a code of `mail.understand.verdict.WHY`.

    text_digest: SHA-256 of what they typed; the same text is explained once. sentence: what of it was not
    clear, and word: because of which word. Each may be empty.
    """

    invitation: int
    why: str
    mail: MailFacts
    text_digest: str = ""
    sentence: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """read_at: all that lay in the mailbox at that moment has been read; None where that plays no part, so
    that nothing that still may change is decided."""

    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bounced:
    invitation: int
    bounce: Bounce


@dataclass(frozen=True, slots=True)
class ReminderAsked:
    by: str


@dataclass(frozen=True, slots=True)
class ResendAsked:
    """Send `approver` a mail with a new reference, and withdraw the old one."""

    approver: str
    by: str


Event = Answered | Unclear | Cancelled | TimePassed | Bounced | ReminderAsked | ResendAsked


# The fact of a mail that says that its reader's earlier answer counts no longer.
TAKEN_OUT = "taken_out"


@dataclass(frozen=True, slots=True)
class Mail:
    """Write to `to`; `invitation` names the reference the mail carries."""

    kind: MailKind
    to: Approver
    invitation: int
    facts: Json = field(default_factory=dict)
    in_reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Deliver the decision to this sink; or, with the number of an invitation, that its mail bounced."""

    sink: str
    bounced_invitation: int | None = None


@dataclass(frozen=True, slots=True)
class AuditEffect:
    """An entry for the request's audit trail."""

    event: str
    data: Json


Effect = Mail | Deliver | AuditEffect


@dataclass(frozen=True, slots=True)
class Step:
    """The result of an event: the request afterwards, and the effects."""

    request: Request
    effects: tuple[Effect, ...] = ()
