"""The reasons of outcomes: a closed list, so that no text of a mail is disclosed by them.

Given by `core.approval.admission`, `core.approval.named_requests` and `engine.decide`, kept with each reply,
shown by `approval show` and `wait`. A code may be added in a later version, none changes its meaning.
"""

from collections.abc import Mapping
from enum import StrEnum


class ReplyReason(StrEnum):
    """The first two are answers; those up to OTHER are keys of `mail.understand.verdict.WHY`."""

    APPROVE = "approve"
    REJECT = "reject"

    EMPTY = "empty"
    NO_ACTION_WORD = "no_action_word"
    BOTH_WORDS = "both_words"
    NEGATED = "negated"
    QUESTION = "question"
    CONDITION = "condition"
    PARTS_DISAGREE = "parts_disagree"
    AMBIGUOUS = "ambiguous"
    STRAY_CHARACTERS = "stray_characters"
    MORE_THAN_WORD = "more_than_word"
    TOO_LONG = "too_long"
    QUOTE_CHANGED = "quote_changed"
    WORDS_UNKNOWN = "words_unknown"
    OTHER_MAIL = "other_mail"
    BETWEEN = "between"
    OTHER = "other"

    COMMENT_NEEDED = "comment_needed"
    REFERENCE_DAMAGED = "reference_damaged"
    REFERENCE_ATTACHED = "reference_attached"

    CLOSED = "closed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ANSWERED_FOR = "answered_for"
    SAME_ANSWER = "same_answer"
    REPEATED = "repeated"
    SPENT = "spent"

    WRONG_PERSON = "wrong_person"
    DELEGATE = "delegate"
    VIA_GROUP = "via_group"
    NO_FROM = "no_from"
    SEVERAL_FROM = "several_from"
    SENDER_NOT_READABLE = "sender_not_readable"
    DMARC_FAILED = "dmarc_failed"
    RESULTS_DOUBTFUL = "results_doubtful"
    NOT_PROVEN = "not_proven"
    THREAD_NOT_SIGNED = "thread_not_signed"
    TYPE_NOT_SIGNED = "type_not_signed"
    LESS_PROVEN = "less_proven"
    REDIRECTED = "redirected"
    MISDIRECTED = "misdirected"
    REFERENCE_ALTERED = "reference_altered"
    REFERENCE_FORGED = "reference_forged"
    REFERENCES_DISAGREE = "references_disagree"
    NO_SUCH_REQUEST = "no_such_request"
    NOT_ASKED = "not_asked"
    FORGOTTEN = "forgotten"
    FOREIGN = "foreign"
    STORE_OLDER = "store_older"

    AUTOMATIC = "automatic"
    MAILING_LIST = "mailing_list"
    CALENDAR = "calendar"
    DELIVERY_REPORT = "delivery_report"
    OWN_MAIL = "own_mail"
    TOO_LARGE = "too_large"
    CANNOT_BE_PARSED = "cannot_be_parsed"
    PROGRAM_FAULT = "program_fault"
    REQUEST_UNREADABLE = "request_unreadable"

    NO_REFERENCE = "no_reference"
    NAMED_BESIDE = "named_beside"
    EARLIER_VERSION = "earlier_version"


# Refused for what was read of the sender's proof.
NOT_BELIEVED = frozenset(
    {
        ReplyReason.DMARC_FAILED,
        ReplyReason.RESULTS_DOUBTFUL,
        ReplyReason.NOT_PROVEN,
        ReplyReason.THREAD_NOT_SIGNED,
        ReplyReason.LESS_PROVEN,
    }
)
_REASONS = tuple(ReplyReason)
# The sender was believed, whatever the answer came to.
BELIEVED = frozenset(_REASONS[: _REASONS.index(ReplyReason.REFERENCE_DAMAGED)]) | {
    ReplyReason.CLOSED,
    ReplyReason.EXPIRED,
    ReplyReason.WITHDRAWN,
    ReplyReason.ANSWERED_FOR,
    ReplyReason.SAME_ANSWER,
}

# Codes that are missing here explain themselves.
SENTENCES: Mapping[ReplyReason, str] = {
    ReplyReason.COMMENT_NEEDED: "a rejection of this request needs a comment",
    ReplyReason.REFERENCE_DAMAGED: "a damaged reference stands beside the sender's own",
    ReplyReason.REFERENCE_ATTACHED: "the reference stands in an attachment or at a place where we write none",
    ReplyReason.CLOSED: "the request was decided or cancelled already",
    ReplyReason.EXPIRED: "the request had expired",
    ReplyReason.WITHDRAWN: "a later mail with a new reference took this one's place",
    ReplyReason.ANSWERED_FOR: "the approver, or another of their delegates, had answered",
    ReplyReason.SAME_ANSWER: "the same answer was counted before",
    ReplyReason.REPEATED: "the same mail came before",
    ReplyReason.SPENT: "a mail with its Message-ID or its signature has decided before; each decides once",
    ReplyReason.WRONG_PERSON: "the sender is not who was asked",
    ReplyReason.DELEGATE: "sent by somebody else in the approver's name (Sender differs from From)",
    ReplyReason.VIA_GROUP: "sender not readable: a group or list put its own address in From",
    ReplyReason.NO_FROM: "sender not readable: no From field",
    ReplyReason.SEVERAL_FROM: "sender not readable: more than one From field",
    ReplyReason.SENDER_NOT_READABLE: "sender not readable",
    ReplyReason.DMARC_FAILED: "the mail server says that DMARC failed",
    ReplyReason.RESULTS_DOUBTFUL: "it holds results in the name of our mail server that it did not write",
    ReplyReason.NOT_PROVEN: "the sender is not proven as the settings or the request ask for",
    ReplyReason.THREAD_NOT_SIGNED: "its signature leaves out what it answers, and its text has no reference",
    ReplyReason.TYPE_NOT_SIGNED: (
        "its signature leaves out how its text is to be read (Content-Type), and read otherwise it says "
        "something else: ask for a new answer, which begins with the word that decides"
    ),
    ReplyReason.LESS_PROVEN: "the sender is not proven, and was when they answered before",
    ReplyReason.REDIRECTED: "sent on by somebody else (Resent fields)",
    ReplyReason.MISDIRECTED: "written to none of our addresses (incoming.reply_aliases names further ones), "
    "or its signature does not cover to which",
    ReplyReason.REFERENCE_ALTERED: "altered reference",
    ReplyReason.REFERENCE_FORGED: "forged reference",
    ReplyReason.REFERENCES_DISAGREE: "references that disagree",
    ReplyReason.NO_SUCH_REQUEST: "reference to no request of ours",
    ReplyReason.NOT_ASKED: "an answer of somebody who was told that they were not asked",
    ReplyReason.FORGOTTEN: "the request was closed long ago, and only its id is kept",
    ReplyReason.FOREIGN: "to a request of another installation; it is left in the folder",
    ReplyReason.STORE_OLDER: "to a request of ours that the store does not know; it is left in the folder",
    ReplyReason.AUTOMATIC: "an automatic answer",
    ReplyReason.MAILING_LIST: "sent by a mailing list",
    ReplyReason.CALENDAR: "a calendar's answer",
    ReplyReason.DELIVERY_REPORT: "a delivery report",
    ReplyReason.OWN_MAIL: "a mail of our own",
    ReplyReason.TOO_LARGE: "over a limit",
    ReplyReason.CANNOT_BE_PARSED: "cannot be parsed",
    ReplyReason.PROGRAM_FAULT: "flexmaild failed on it",
    ReplyReason.REQUEST_UNREADABLE: "the request that it names cannot be read from the store",
    ReplyReason.NO_REFERENCE: "no reference",
    ReplyReason.NAMED_BESIDE: "it names this request beside the one that it answers",
    ReplyReason.EARLIER_VERSION: "recorded by an earlier version",
}


def sentence(reason: ReplyReason) -> str:
    """The reason as a sentence; the code itself where it needs none."""
    return SENTENCES.get(reason, reason.value)


def of_unclear(code: str) -> ReplyReason:
    """The reason of an undecided mail, by the code in its parsed reply."""
    try:
        return ReplyReason(code)
    except ValueError:
        return ReplyReason.OTHER
