"""The parsed reply, frozen: made by `mail.understand.reply`, used by `core.approval.admission`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from flexmaild.core.model import Answer, MailFacts
from flexmaild.core.redacted import redacted


class MailNature(StrEnum):
    """What wrote a mail. Only HUMAN can decide anything."""

    HUMAN = "human"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LIST = "list"
    CALENDAR = "calendar"
    OWN = "own"
    OVERSIZE = "oversize"
    UNPARSABLE = "unparsable"


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report: `message_id` of our mail it speaks of (may be empty), whether it is final."""

    recipient: str
    permanent: bool
    status: str = ""
    diagnostic: str = ""
    message_id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "diagnostic", redacted(self.diagnostic))


@dataclass(frozen=True, slots=True)
class AuthResult:
    """One result of a border's Authentication-Results fields (RFC 8601). address: of the user who logged in,
    for the method `auth`."""

    authserv_id: str
    method: str
    result: str
    domain: str = ""
    address: str = ""


# surely: a field that names us is signed, or none is signed; beside: only one that is not signed names us,
# and another is signed; unsigned: neither To nor Cc is signed.
Addressed = Literal["surely", "beside", "unsigned"]


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """The content of one mail; made by `mail.understand.reply.understand`, used by `core.approval.admission`.

    sender: the one address of the one From field, lower case; empty when `sender_fault` says why not.
    from_fields: how many From fields it has.
    delegate: the Sender field's address where it differs from From.
    references: the references found, by place; texts as found, normalised by `core.references`.
    answer: None means undecided, and `unclear` says why (a key of `mail.understand.verdict.WHY`).
    nature_because: the header or rule that showed it is not a human's mail, or why it cannot be parsed.
    claimed, via: where a group put its own address into From: that address, and the one it replaced.
    hidden_references: whole references at places where we write none (an attachment, a subject, glued to
    text); they decide nothing. named_requests: ids of requests that may be named anywhere in it, in any
    spelling; the store says which exist. answered_jobs: ids of mails of ours in In-Reply-To that bore no
    reference. text_digest: SHA-256 of what was typed, so that the same text is not explained twice.
    auth_faults: what speaks against the mail, such as a field that bears a border's name and is not from it.
    auth_fields: the Authentication-Results fields of the mail in a few words, for who has to find out why.
    kept_header: what is kept of the header, to be looked at under other settings.
    dkim_domains: From's domain, where we verified a signature ourselves that may speak for it. is_strict: we
    read its DMARC record, by which no other domain may.
    reference_is_open: there is no whole reference in the text, nor in a field that the signature of the
    sender's domain covers. reads_otherwise: that signature leaves open how the text is read, and it may have
    been meant to say something else. signed_as: digests of the signatures that may speak for that domain.
    internal: Exchange Online vouched for an authenticated sender of the same organisation.
    redirected: another person sent it on (Resent fields). misdirected: neither To nor Cc names us.
    addressed: how far a signature of the sender's domain covers that.
    partial: only the text parts were fetched (a large attachment was left on the server).
    sentence, unclear_word: what was written that made the answer unclear, and the word in it.
    unknown_lines: lines beside the answer that we did not send and do not know; a person's, or a gateway's.
    """

    sha256: str
    size: int
    nature: MailNature
    nature_because: str = ""
    message_id: str = ""
    date: str = ""
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    sender_fault: str = ""
    delegate: str = ""
    body_references: tuple[str, ...] = ()
    thread_references: tuple[str, ...] = ()
    address_references: tuple[str, ...] = ()
    answer: Answer | None = None
    unclear: str = ""
    comment: str = ""
    bounces: tuple[Bounce, ...] = ()
    auth_results: tuple[AuthResult, ...] = ()
    auth_faults: tuple[str, ...] = ()
    auth_fields: str = ""
    kept_header: str = field(default="", repr=False)
    reference_is_open: bool = False
    reads_otherwise: bool = False
    signed_as: tuple[str, ...] = ()
    internal: bool = False
    redirected: bool = False
    misdirected: bool = False
    addressed: Addressed = "surely"
    dkim_domains: tuple[str, ...] = ()
    is_strict: bool = False
    partial: bool = False
    language: str = ""
    unknown_lines: tuple[str, ...] = ()
    sentence: str = ""
    unclear_word: str = ""
    claimed: str = ""
    via: str = ""
    hidden_references: tuple[str, ...] = ()
    named_requests: tuple[str, ...] = ()
    answered_jobs: tuple[str, ...] = ()
    text_digest: str = ""
    from_fields: int = 1

    @property
    def mail(self) -> MailFacts:
        return MailFacts(self.sender, self.sha256, self.message_id)
