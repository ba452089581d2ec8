"""Decides whether a mail may act on a request: the rules of trust, in the order in which they are checked.

`reference_of` finds the one reference of a reply; `admission_for` checks it against the request that it
names. Every path ends in an `Admission` with exactly one outcome; only one with an event can change a
request. A
forged, replayed, forwarded or machine-made mail ends here. Pure; called by `core.approval.named_requests`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from flexmaild.core import references
from flexmaild.core.addresses import domain_of
from flexmaild.core.approval import outcomes, proof, quorum
from flexmaild.core.approval.events import Answered, Bounced, Event, Unclear
from flexmaild.core.model import Answer, Approver, Invitation, Outcome, Request, Requirement, State, Terms
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.reasons import ReplyReason, sentence

# So many letters are no word, host or ticket: with fewer, only one whose request exists is a damaged one.
SHORTEST_DAMAGED = 24
# What others wrote may be long.
_LONGEST_BECAUSE = 500


@dataclass(frozen=True, slots=True)
class SenderPolicy:
    """incoming.sender_authentication: what every sender has to prove."""

    require: Requirement = "reference"


@dataclass(frozen=True, slots=True)
class Admission:
    """The decision about a mail. unlisted_sender: a proven colleague, who is notified that they were not
    asked.

    stays: it may be for another installation, and is left in the folder.
    reason: of the closed list, for those who see the request; because: for operators, may hold a server's.
    """

    outcome: Outcome
    because: str
    reason: ReplyReason = ReplyReason.NO_REFERENCE
    event: Event | None = None
    request_id: str = ""
    invitation: int | None = None
    quarantine: bool = False
    fingerprint: str = ""
    unlisted_sender: Approver | None = None
    stays: bool = False


_BY_NATURE: Mapping[MailNature, tuple[Outcome, ReplyReason, bool]] = {
    MailNature.AUTO_REPLY: (Outcome.AUTO_REPLY, ReplyReason.AUTOMATIC, False),
    MailNature.LIST: (Outcome.AUTO_REPLY, ReplyReason.MAILING_LIST, False),
    MailNature.CALENDAR: (Outcome.AUTO_REPLY, ReplyReason.CALENDAR, False),
    MailNature.BOUNCE: (Outcome.BOUNCE, ReplyReason.DELIVERY_REPORT, False),
    MailNature.OWN: (Outcome.LOOP, ReplyReason.OWN_MAIL, False),
    MailNature.OVERSIZE: (Outcome.OVERSIZE, ReplyReason.TOO_LARGE, True),
    MailNature.UNPARSABLE: (Outcome.UNPARSABLE, ReplyReason.CANNOT_BE_PARSED, True),
}


def reference_of(reply: ParsedReply) -> references.Reference | Admission:
    """The one reference on which all places of the mail agree, or the admission of a mail without one."""
    if reply.nature is MailNature.BOUNCE:
        return _reported_reference(reply)
    if reply.nature is not MailNature.HUMAN:
        return by_nature(reply)
    texts = reference_texts(reply)
    reference = references.parse(texts[0]) if texts else None
    if reference is None:
        is_damaged = any(len(text) >= SHORTEST_DAMAGED for text in texts)
        return (
            refused(ReplyReason.REFERENCE_ALTERED) if is_damaged else _no_reference(ReplyReason.NO_REFERENCE)
        )
    return refused(ReplyReason.REFERENCES_DISAGREE) if len(texts) > 1 else reference


def by_nature(reply: ParsedReply) -> Admission:
    """The admission of a mail that no person wrote, or that could not be read."""
    outcome, reason, quarantine = _BY_NATURE[reply.nature]
    return Admission(outcome, reply.nature_because, reason, quarantine=quarantine)


def admission_for(
    reply: ParsedReply,
    reference: references.Reference,
    request: Request | None,
    keys: references.ReferenceKeys,
    policy: SenderPolicy,
) -> Admission:
    """The admission of this mail at the request that its reference names."""
    if request is None:
        return refused(ReplyReason.NO_SUCH_REQUEST)
    invitation = keys.is_genuine(reference, request)
    if invitation is None:
        return refused(ReplyReason.REFERENCE_FORGED, request.id)
    if reply.nature is MailNature.BOUNCE:
        return _bounce(reply, request, invitation)
    refusal = _sender_refusal(reply, request.terms, invitation, policy)
    if refusal is None and _is_less_proven(reply, request, invitation):
        refusal = ReplyReason.LESS_PROVEN, _with_fields(sentence(ReplyReason.LESS_PROVEN), reply)
    if refusal is not None:
        return _quarantined(refusal, reply, request, invitation)
    if invitation.withdrawn:
        reason = ReplyReason.WITHDRAWN
        return Admission(Outcome.LATE, sentence(reason), reason, None, request.id, invitation.number)
    return _admitted(reply, request, invitation, proof.stricter(request.terms.require, policy.require))


def is_approvers_address(sender: str, invitation: Invitation) -> bool:
    """Whether this is an address of the person who was asked by this invitation."""
    return sender in (invitation.approver.address, *invitation.approver.aliases)


def refused(reason: ReplyReason, request_id: str = "") -> Admission:
    """A refusal: the mail is quarantined, and no answer is sent."""
    return Admission(
        Outcome.UNAUTHENTICATED, sentence(reason), reason, request_id=request_id, quarantine=True
    )


def _no_reference(reason: ReplyReason) -> Admission:
    return Admission(Outcome.UNKNOWN_REFERENCE, sentence(reason), reason)


def _reported_reference(reply: ParsedReply) -> references.Reference | Admission:
    """The reference of the mail a delivery report is about: by its Message-ID, else by what it quotes."""
    found = [references.parse(text) for text in (*reported_references(reply), *reference_texts(reply))]
    known = list(dict.fromkeys(reference for reference in found if reference is not None))
    if len(known) == 1:
        return known[0]
    because = "a delivery report for none of our approval mails"
    return Admission(Outcome.BOUNCE, because, ReplyReason.DELIVERY_REPORT)


def reported_references(reply: ParsedReply) -> list[str]:
    """The references in the Message-IDs of the mails that a delivery report is about."""
    return [references.named_by(b.message_id) for b in reply.bounces if b.message_id]


def reference_texts(reply: ParsedReply) -> list[str]:
    """The distinct whole references. Only where there is none, the pieces of one: a clipped quote, a masked
    line or a host's name beside a whole one say nothing else than it does."""
    places = (reply.address_references, reply.thread_references, reply.body_references)
    found = list(dict.fromkeys(text for place in places for text in place))
    return [text for text in found if references.parse(text) is not None] or found


def _sender_refusal(
    reply: ParsedReply, terms: Terms, invitation: Invitation, policy: SenderPolicy
) -> tuple[ReplyReason, str] | None:
    """Why this sender is refused: a reason code, and a text for operators. None where the sender is
    accepted."""
    if not reply.sender:
        return _unreadable_sender(reply), f"sender not readable: {reply.sender_fault}"
    if reply.auth_faults:
        return ReplyReason.RESULTS_DOUBTFUL, _with_fields("; ".join(reply.auth_faults), reply)
    if failed := proof.failed_dmarc(reply):
        return ReplyReason.DMARC_FAILED, _with_fields(f"{failed} says that DMARC failed", reply)
    if reply.redirected:
        return ReplyReason.REDIRECTED, sentence(ReplyReason.REDIRECTED)
    reason: ReplyReason | None = None
    require = proof.stricter(terms.require, policy.require)
    delegated = reply.delegate and not is_approvers_address(reply.delegate, invitation)
    if proof.proof_for(reply, require) is None:
        because = f"the sender is not proven ({require} is required)"
        return ReplyReason.NOT_PROVEN, _with_fields(because, reply)
    if reply.reference_is_open and proof.is_by_signature(reply, require):
        because = sentence(ReplyReason.THREAD_NOT_SIGNED)
        return ReplyReason.THREAD_NOT_SIGNED, _with_fields(because, reply)
    if proof.may_be_misdirected(reply, require):
        reason = ReplyReason.MISDIRECTED
    elif not is_approvers_address(reply.sender, invitation):
        reason = ReplyReason.WRONG_PERSON
    elif delegated and not terms.allow_delegates:
        reason = ReplyReason.DELEGATE
    return None if reason is None else (reason, sentence(reason))


def _with_fields(because: str, reply: ParsedReply) -> str:
    """The text with the authentication results of the mail, so that operators need not look it up."""
    return f"{because}: {reply.auth_fields}"[:_LONGEST_BECAUSE]


def _unreadable_sender(reply: ParsedReply) -> ReplyReason:
    if reply.via:
        return ReplyReason.VIA_GROUP
    if reply.from_fields != 1:
        return ReplyReason.SEVERAL_FROM if reply.from_fields else ReplyReason.NO_FROM
    return ReplyReason.SENDER_NOT_READABLE


def _is_less_proven(reply: ParsedReply, request: Request, invitation: Invitation) -> bool:
    """Whether it would change an answer whose sender was proven, and has the reference alone to show."""
    before = quorum.voice(request, invitation.approver)
    was_proven = before is not None and before.proof != "reference"
    return request.state is State.PENDING and was_proven and proof.proof_of(reply) == "reference"


def _quarantined(
    refusal: tuple[ReplyReason, str], reply: ParsedReply, request: Request, invitation: Invitation
) -> Admission:
    reason, because = refusal
    is_proven = proof.proof_of(reply) != "reference"
    # A sender from another domain would only learn that the reference is valid.
    is_colleague = domain_of(reply.sender) == domain_of(invitation.approver.address)
    unlisted_sender = None
    # Sent in another's name, From may be the reply address itself: writing to it would be a loop.
    if reason is ReplyReason.WRONG_PERSON and not reply.delegate and is_proven and is_colleague:
        unlisted_sender = Approver(reply.sender, reply.sender_name)
    return Admission(
        Outcome.UNAUTHENTICATED,
        because,
        reason,
        request_id=request.id,
        invitation=invitation.number,
        quarantine=True,
        unlisted_sender=unlisted_sender,
    )


def _admitted(
    reply: ParsedReply, request: Request, invitation: Invitation, require: Requirement
) -> Admission:
    is_ambiguous = reply.reads_otherwise and proof.is_by_signature(reply, require)
    event = _event(reply, invitation.number, require, is_ambiguous=is_ambiguous)
    outcome, reason = outcomes.of_reply(request, event)
    because = sentence(reason)
    if outcome is Outcome.UNDECIDED and is_ambiguous:
        reason = ReplyReason.TYPE_NOT_SIGNED
        because = sentence(reason)
    elif outcome is Outcome.UNDECIDED and isinstance(event, Unclear):
        because = event.why
    elif reason is ReplyReason.CLOSED:
        because = f"the request was {request.state.value} already"
    return Admission(
        outcome,
        because,
        reason,
        event,
        request_id=request.id,
        invitation=invitation.number,
        quarantine=is_ambiguous,
        fingerprint=fingerprint(reply, reply.answer),
    )


def _event(
    reply: ParsedReply, number: int, require: Requirement, *, is_ambiguous: bool
) -> Answered | Unclear:
    if is_ambiguous:
        return Unclear(number, "ambiguous", reply.mail, reply.text_digest)
    if reply.answer is None:
        why = reply.unclear or "no_action_word"
        return Unclear(number, why, reply.mail, reply.text_digest, reply.sentence, reply.unclear_word)
    shown = proof.proof_for(reply, require) or "reference"
    return Answered(number, reply.answer, reply.comment, shown, reply.mail)


def _bounce(reply: ParsedReply, request: Request, invitation: Invitation) -> Admission:
    approver = invitation.approver
    mine = [b for b in reply.bounces if b.recipient in ("", approver.address, *approver.aliases)]
    bounce = next((b for b in mine if b.permanent), mine[0] if mine else None)
    because = f"{bounce.status} {bounce.diagnostic}".strip() if bounce else "a delivery report"
    event = Bounced(invitation.number, bounce) if bounce else None
    reason = ReplyReason.DELIVERY_REPORT
    return Admission(Outcome.BOUNCE, because, reason, event, request.id, invitation.number)


def ids_of_answer(reply: ParsedReply) -> tuple[str, ...]:
    """Digests that identify a mail that decided, whichever request it answers: of its Message-ID and, since
    that may be unsigned, of each signature that may speak for the sender. As in stored ones, the Message-ID
    has brackets."""
    by_id = [f"id\0{references.as_written(reply.message_id)}"] if reply.message_id else []
    known_by = (*by_id, *reply.signed_as)
    texts = (f"{reply.sender}\0{name}" for name in known_by)
    return tuple(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts)


def fingerprint(reply: ParsedReply, answer: Answer | None) -> str:
    """A digest that is equal for the same mail delivered again, whatever fields servers added on the way.

    It covers the proven sender and the reference, so that no sender can use up another's fingerprint.
    """
    parts = [reply.sender, references.as_written(reply.message_id), reply.date, *reference_texts(reply)]
    parts += [answer.value if answer else "", reply.comment]
    if answer is None:  # without a Message-ID and a date only its words tell it from another
        parts += [*reply.hidden_references, reply.text_digest]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
