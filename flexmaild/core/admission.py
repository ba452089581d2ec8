"""May this mail say anything to this request, and what: the rules of trust, in the order they are asked.

`referred` finds the one reference of a reading; `rule` judges it against the request it names. Every
path ends in a `Ruling` with exactly one outcome; only a ruling with an event can change a request. A
forged, replayed, forwarded or machine-made mail ends here. Pure; called by `daemon.judge`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flexmaild.core import quorum, tokens
from flexmaild.core.addresses import domain_of
from flexmaild.core.events import Answered, Bounced, Event, Unclear
from flexmaild.core.model import (
    Answer,
    Approver,
    AuthResult,
    Invitation,
    MailNature,
    Outcome,
    Proof,
    Reading,
    Request,
    Requirement,
    State,
    Terms,
)


@dataclass(frozen=True, slots=True)
class SenderPolicy:
    """incoming.sender_authentication: what every sender has to prove."""

    require: Requirement = "reference"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a mail. `stranger` is a proven sender who may be told that they were not asked."""

    outcome: Outcome
    because: str
    event: Event | None = None
    request_id: str = ""
    invitation: int | None = None
    quarantine: bool = False
    fingerprint: str = ""
    stranger: Approver | None = None


_BY_NATURE: Mapping[MailNature, tuple[Outcome, bool]] = {
    MailNature.AUTO_REPLY: (Outcome.AUTO_REPLY, False),
    MailNature.LIST: (Outcome.AUTO_REPLY, False),
    MailNature.CALENDAR: (Outcome.AUTO_REPLY, False),
    MailNature.BOUNCE: (Outcome.BOUNCE, False),
    MailNature.OWN: (Outcome.LOOP, False),
    MailNature.OVERSIZE: (Outcome.OVERSIZE, True),
    MailNature.UNPARSABLE: (Outcome.UNPARSABLE, True),
}


def referred(reading: Reading) -> tokens.Reference | Ruling:
    """The one reference all places of the mail agree on, or what becomes of a mail without one."""
    if reading.nature is MailNature.BOUNCE:
        return _reported(reading)
    if reading.nature is not MailNature.HUMAN:
        outcome, quarantine = _BY_NATURE[reading.nature]
        return Ruling(outcome, reading.nature_because, quarantine=quarantine)
    texts = _texts(reading)
    if not texts:
        return Ruling(Outcome.UNKNOWN_REFERENCE, "no reference")
    reference = tokens.parse(texts[0])
    if reference is None:
        return Ruling(Outcome.UNAUTHENTICATED, "altered reference", quarantine=True)
    if len(texts) > 1:
        return Ruling(Outcome.UNAUTHENTICATED, "references that disagree", quarantine=True)
    return reference


def rule(
    reading: Reading,
    reference: tokens.Reference,
    request: Request | None,
    key: bytes,
    policy: SenderPolicy,
) -> Ruling:
    """What this mail may do to the request its reference names."""
    if request is None:
        return Ruling(Outcome.UNAUTHENTICATED, "reference to no request of ours", quarantine=True)
    invitation = tokens.is_genuine(key, reference, request)
    if invitation is None:
        return Ruling(Outcome.UNAUTHENTICATED, "forged reference", quarantine=True, request_id=request.id)
    if reading.nature is MailNature.BOUNCE:
        return _bounce(reading, request, invitation)
    refusal = _refusal(reading, request.terms, invitation, policy)
    if refusal is None and _is_less_proven(reading, request, invitation):
        refusal = "the sender is not proven, and was where they answered before", False
    if refusal is not None:
        return _quarantined(refusal, reading, request, invitation)
    if invitation.withdrawn:
        because = "a later mail with a new reference took this one's place"
        return Ruling(Outcome.LATE, because, request_id=request.id, invitation=invitation.number)
    return _admitted(reading, request, invitation)


def proof_of(reading: Reading) -> Proof:
    """How well the sender is proven: by DMARC, DKIM, their own organisation, or by the reference alone."""
    domain = domain_of(reading.sender)
    if _vouched(reading.auth_results, "dmarc", domain):
        return "dmarc"
    if _vouched(reading.auth_results, "dkim", domain) or domain in reading.dkim_domains:
        return "dkim"
    return "internal" if reading.internal else "reference"


def _reported(reading: Reading) -> tokens.Reference | Ruling:
    """The reference of the mail a delivery report is about: by its Message-ID, else by what it quotes."""
    ids = [b.message_id.partition(".")[0] for b in reading.bounces if b.message_id]
    found = [tokens.parse(text) for text in (*ids, *_texts(reading))]
    known = list(dict.fromkeys(reference for reference in found if reference is not None))
    if len(known) == 1:
        return known[0]
    return Ruling(Outcome.BOUNCE, "a delivery report for none of our approval mails")


def _texts(reading: Reading) -> list[str]:
    """The distinct whole references. Only where there is none, the pieces of one: a clipped quote, a masked
    line or a host's name beside a whole one say nothing else than it does."""
    places = (reading.address_references, reading.thread_references, reading.body_references)
    found = list(dict.fromkeys(text for place in places for text in place))
    return [text for text in found if tokens.parse(text) is not None] or found


def _refusal(
    reading: Reading, terms: Terms, invitation: Invitation, policy: SenderPolicy
) -> tuple[str, bool] | None:
    """Why this sender is not believed, and whether it is only that somebody else was asked."""
    if not reading.sender:
        return f"sender not readable: {reading.sender_fault}", False
    failed = [r for r in reading.auth_results if r.method == "dmarc" and r.result == "fail"]
    if failed:
        return f"{failed[0].authserv_id or 'the mail server'} says that DMARC failed", False
    if "dmarc" in (terms.require, policy.require) and proof_of(reading) == "reference":
        return "the sender is not proven (DMARC is required)", False
    approver = invitation.approver
    if reading.sender not in (approver.address, *approver.aliases):
        return "the sender is not who was asked", True
    delegated = reading.delegate and reading.delegate not in (approver.address, *approver.aliases)
    if delegated and not terms.allow_delegates:
        return "sent by somebody else in the approver's name (Sender differs from From)", False
    return None


def _is_less_proven(reading: Reading, request: Request, invitation: Invitation) -> bool:
    """Whether it would change an answer whose sender was proven, and has the reference alone to show."""
    slot = quorum.slot_of(invitation.approver)
    before = next((v for v in request.effective if v.approver == slot), None)
    was_proven = before is not None and before.proof != "reference"
    return request.state is State.PENDING and was_proven and proof_of(reading) == "reference"


def _quarantined(
    refusal: tuple[str, bool], reading: Reading, request: Request, invitation: Invitation
) -> Ruling:
    because, other_person = refusal
    stranger = None
    # Sent in another's name, From may be the reply address itself: writing to it would be a loop.
    if other_person and not reading.delegate and proof_of(reading) != "reference":
        stranger = Approver(reading.sender, reading.sender_name)
    return Ruling(
        Outcome.UNAUTHENTICATED,
        because,
        request_id=request.id,
        invitation=invitation.number,
        quarantine=True,
        stranger=stranger,
    )


def _admitted(reading: Reading, request: Request, invitation: Invitation) -> Ruling:
    number, words = invitation.number, (reading.sender, reading.sha256, reading.message_id)
    event: Event
    if reading.answer is None:
        why = reading.unclear or "no_action_word"
        event = Unclear(number, why, *words, reading.sentence, reading.unclear_word)
        outcome, because = Outcome.UNDECIDED, event.why
    else:
        event = Answered(number, reading.answer, reading.comment, words[0], proof_of(reading), *words[1:])
        outcome, because = Outcome.DECISION, reading.answer.value
    if reading.answer is Answer.REJECT and request.terms.comment_on_reject and not reading.comment:
        outcome, because = Outcome.UNDECIDED, "a rejection of this request needs a comment"
    if request.state is State.EXPIRED:
        outcome, because = Outcome.EXPIRED, "the request had expired"
    elif request.state is not State.PENDING:
        outcome, because = Outcome.LATE, f"the request was {request.state.value} already"
    return Ruling(
        outcome,
        because,
        event,
        request_id=request.id,
        invitation=number,
        fingerprint=fingerprint(reading, reading.answer),
    )


def _bounce(reading: Reading, request: Request, invitation: Invitation) -> Ruling:
    approver = invitation.approver
    mine = [b for b in reading.bounces if b.recipient in ("", approver.address, *approver.aliases)]
    bounce = next((b for b in mine if b.permanent), mine[0] if mine else None)
    because = f"{bounce.status} {bounce.diagnostic}".strip() if bounce else "a delivery report"
    event = Bounced(invitation.number, bounce) if bounce else None
    return Ruling(Outcome.BOUNCE, because, event, request_id=request.id, invitation=invitation.number)


def fingerprint(reading: Reading, answer: Answer | None) -> str:
    """Equal for the same mail delivered again, whatever servers added on the way (new Received fields).

    It holds the proven sender and the reference, so that nobody can use up another's fingerprint.
    """
    parts = [reading.sender, reading.message_id, reading.date, *_texts(reading)]
    parts += [answer.value if answer else "", reading.comment]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _vouched(results: Iterable[AuthResult], method: str, domain: str) -> bool:
    """Every trusted result of this method for this domain says pass; the worst one counts."""
    found = [r for r in results if r.method == method and r.domain == domain]
    return bool(found) and all(r.result == "pass" for r in found)
