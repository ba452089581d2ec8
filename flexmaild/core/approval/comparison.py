"""Compares the recorded outcome of a mail with the outcome that it has today.

Only what depends on the mail, the settings and the request's terms is compared, as if the request were
open: never "decided already", "expired" or "came before". What cannot be compared is a `Gap` with its
reason; a difference that a gap may explain does not count. Pure; used by `engine.replay.replay`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from flexmaild.core import references, timing
from flexmaild.core.addresses import domain_of
from flexmaild.core.approval import named_requests, quorum, state_machine
from flexmaild.core.approval.admission import Admission, fingerprint
from flexmaild.core.approval.events import Answered, Event
from flexmaild.core.model import Answer, Outcome, Proof, Request, State, Verdict
from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.core.reasons import SENTENCES, ReplyReason, sentence
from flexmaild.core.work import ProcessedMail

# Of a mail that was admitted and made no verdict.
_NOT_COUNTED = frozenset({Outcome.LATE, Outcome.EXPIRED, Outcome.DUPLICATE})
# What is in the store for a mail that met an open request; anything else came to an end before that.
_ADMITTED = frozenset({Outcome.DECISION, Outcome.UNDECIDED, *_NOT_COUNTED})
_BY_SENTENCE = {text: reason.value for reason, text in SENTENCES.items()}


class Gap(StrEnum):
    """Why a mail could not be compared."""

    NOT_KEPT = "not_kept"
    TOO_LARGE = "too_large"
    DAMAGED = "damaged"
    CAME_AGAIN = "came_again"
    NO_REQUEST = "no_request"
    OTHER_KEY = "other_key"
    NO_WORDS = "no_words"
    IN_PART = "in_part"
    NEEDS_DNS = "needs_dns"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class RecordedOutcome:
    """The outcome of a mail. None means not known, and never differs.

    why: for an undecided one, a reason of `core.reasons`.
    """

    outcome: Outcome
    answer: Answer | None = None
    why: str | None = None
    comment: str | None = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """A mail that was read again, and its admission at an open request.

    request: the one that the mail was recorded at. knows_words: what had been sent to its writer is known.
    has_other_key: see the function. misses: a request that it names is in the store no longer. verifies_dkim:
    the settings want signatures checked, which was not done now.
    """

    reply: ParsedReply
    admission: Admission
    request: Request | None
    knows_words: bool
    has_other_key: bool
    verifies_dkim: bool
    misses: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """differs: the names of the fields that differ; empty with a gap, and where all are equal."""

    was: RecordedOutcome
    now: RecordedOutcome
    differs: tuple[str, ...] = ()
    gap: Gap | None = None


def gap_before_reading(processed: ProcessedMail, raw: bytes | None, is_intact: bool) -> Gap | None:
    """Why this mail cannot be read again; None where it can."""
    if processed.outcome is Outcome.DUPLICATE and not processed.fingerprint:
        return Gap.CAME_AGAIN
    if raw is None:
        return Gap.TOO_LARGE if not processed.mail.sha256 else Gap.NOT_KEPT
    return None if is_intact else Gap.DAMAGED


def as_met(request: Request, processed: ProcessedMail | None, together: Collection[str] = ()) -> Request:
    """The request as it was when this mail was read, but open, with every invitation valid.

    It has the verdicts from before the mail, not the mail's own. A mail that made no
    verdict is held to none. processed: None for a mail that was not read yet. together: SHA-256 of the mails
    that were read in one go with this one and before it; they have its time.
    """
    invitations = tuple(replace(i, withdrawn=False) for i in request.invitations)
    verdicts = request.verdicts if processed is None else _verdicts_before(request, processed, together)
    return replace(request, state=State.PENDING, invitations=invitations, verdicts=verdicts)


def has_ties(requests: Iterable[Request], processed: ProcessedMail) -> bool:
    """Whether `as_met` needs to know which mails were read before this one in the same batch."""
    of = (processed.mail.sha256, processed.invitation)
    verdicts = (v for request in requests for v in request.verdicts)
    moment = timing.as_kept(processed.at)
    return any(timing.as_kept(v.at) == moment and (v.mail.sha256, v.invitation) != of for v in verdicts)


def _verdicts_before(
    request: Request, processed: ProcessedMail, together: Collection[str]
) -> tuple[Verdict, ...]:
    """The verdicts from before the mail; one that a later verdict had replaced counts again."""
    own = verdict_of(processed, request)
    if processed.outcome in _NOT_COUNTED or (processed.outcome is Outcome.DECISION and own is None):
        return ()
    # What made a verdict had none of its own voice in its way, whatever had taken that back.
    voice = own.approver if own is not None else None
    older = [v for v in request.verdicts if _is_before(v, processed, together) and v.approver != voice]
    last = {v.approver: v for v in older}
    fallen = {v.approver for v in request.verdicts if not _is_before(v, processed, together)}
    return tuple(
        replace(v, replaced=False) if last[v.approver] is v and v.approver in fallen else v for v in older
    )


def _is_before(verdict: Verdict, processed: ProcessedMail, together: Collection[str]) -> bool:
    if (verdict.mail.sha256, verdict.invitation) == (processed.mail.sha256, processed.invitation):
        return False
    then, moment = timing.as_kept(verdict.at), timing.as_kept(processed.at)
    return then < moment or (then == moment and verdict.mail.sha256 in together)


def verdict_of(processed: ProcessedMail, request: Request | None) -> Verdict | None:
    """The verdict that this mail made then, if it made one."""
    made = request.verdicts if request is not None else ()
    return next(
        (v for v in made if (v.mail.sha256, v.invitation) == (processed.mail.sha256, processed.invitation)),
        None,
    )


def with_recorded_proof(reply: ParsedReply, verdict: Verdict | None, verifies_dkim: bool) -> ParsedReply:
    """The reading with the signature that was verified then: keys and dates of it may have passed."""
    if not verifies_dkim or verdict is None or verdict.proof != "dkim":
        return reply
    return replace(reply, dkim_domains=(domain_of(verdict.mail.sender),))


def has_other_key(reply: ParsedReply, request: Request | None, keys: references.ReferenceKeys) -> bool:
    """Whether this mail names the request by whole references, and no present key made one of them."""
    if request is None:
        return False
    of_it = [r for r in named_requests.whole_references(reply) if r.request_id == request.id]
    return bool(of_it) and all(keys.is_genuine(r, request) is None for r in of_it)


def compared(processed: ProcessedMail, verdict: Verdict | None, today: Today) -> Compared:
    """Compares the recorded outcome with today's."""
    now = _outcome_today(today)
    was = _recorded_outcome(processed, verdict, today.reply, now)
    if was is None:
        return Compared(RecordedOutcome(processed.outcome), now, gap=Gap.LATE)
    differs = tuple(_differences(was, now))
    gap = _gap(processed, today, was, now, differs) if differs else None
    return Compared(was, now, () if gap else differs, gap)


@dataclass(frozen=True, slots=True)
class Changed:
    """A mail that differs: its outcome today, the event for its request, and when it was read."""

    sha256: str
    invitation: int | None
    now: RecordedOutcome
    event: Event | None
    at: datetime


def decision_today(request: Request, changes: Iterable[Changed]) -> State | None:
    """Where the request would stand by the verdicts in the store, when these mails say what they say today;
    None where it would stand as it does. What was cancelled stays so. Time plays no part: what no approver
    decided in time has ended, and verdicts that are to settle have decided."""
    if request.state is State.CANCELLED:
        return None
    changes = list(changes)
    opened = _with_verdicts(as_met(request, None), {(c.sha256, c.invitation): c.now for c in changes})
    known = {(v.mail.sha256, v.invitation) for v in request.verdicts}
    for change in changes:
        if (change.sha256, change.invitation) not in known and isinstance(change.event, Answered):
            opened = state_machine.step(opened, change.event, change.at).request
    decided = quorum.decide(opened) if opened.state is State.PENDING else None
    today = decided[0] if decided else opened.state
    settling = quorum.decide(request) if request.settles_at is not None else None
    has_ended = today is State.PENDING and not request.decided_by
    is_as_before = today is request.state or (settling is not None and today is settling[0])
    return None if is_as_before or has_ended else today


def _with_verdicts(request: Request, now: Mapping[tuple[str, int | None], RecordedOutcome]) -> Request:
    """The verdicts as they would be; where one falls away, what it had replaced counts again."""
    kept: list[Verdict] = []
    fallen: set[str] = set()
    for verdict in reversed(request.verdicts):
        said = now.get((verdict.mail.sha256, verdict.invitation))
        if said is not None and said.answer is None:
            fallen |= set() if verdict.replaced else {verdict.approver}
            continue
        if said is not None and said.answer is not None:
            verdict = replace(verdict, answer=said.answer)
        if verdict.replaced and verdict.approver in fallen:
            verdict = replace(verdict, replaced=False)
        fallen.discard(verdict.approver)
        kept.append(verdict)
    return replace(request, verdicts=tuple(reversed(kept)))


def _outcome_today(today: Today) -> RecordedOutcome:
    admission = today.admission
    if admission.outcome is Outcome.DECISION and isinstance(admission.event, Answered):
        comment, proof = admission.event.comment, admission.event.proof
        return RecordedOutcome(admission.outcome, admission.event.answer, None, comment, proof)
    if admission.outcome is Outcome.UNDECIDED:
        return RecordedOutcome(admission.outcome, why=admission.reason.value)
    return RecordedOutcome(admission.outcome)


def _recorded_outcome(
    processed: ProcessedMail, verdict: Verdict | None, reply: ParsedReply, now: RecordedOutcome
) -> RecordedOutcome | None:
    """The recorded outcome; None for a mail that was not counted, where it cannot be reconstructed."""
    if processed.outcome in _NOT_COUNTED:
        return _recorded_of_uncounted(processed, reply, now)
    if processed.outcome is Outcome.DECISION:
        if verdict is not None:
            return RecordedOutcome(processed.outcome, verdict.answer, None, verdict.comment, verdict.proof)
        same = fingerprint(reply, now.answer) == processed.fingerprint
        answer = Answer(processed.because) if processed.because in tuple(Answer) else None
        return RecordedOutcome(processed.outcome, answer, comment=now.comment if same else None)
    if processed.outcome is Outcome.UNDECIDED:
        # A reason, or its sentence; what an earlier version called otherwise is not known.
        is_code = " " not in processed.because
        return RecordedOutcome(
            processed.outcome, why=processed.because if is_code else _BY_SENTENCE.get(processed.because)
        )
    return RecordedOutcome(processed.outcome)


def _recorded_of_uncounted(
    processed: ProcessedMail, reply: ParsedReply, now: RecordedOutcome
) -> RecordedOutcome | None:
    """The outcome reconstructed from the fingerprint, which covers answer and comment: each answer is
    tried."""
    if now.outcome not in _ADMITTED or not processed.fingerprint:
        return now if now.outcome in _ADMITTED else RecordedOutcome(processed.outcome)
    if fingerprint(reply, reply.answer) == processed.fingerprint:
        return now
    for answer in (None, *Answer):
        for comment in ("", reply.comment):
            tried = replace(reply, comment=comment)
            if fingerprint(tried, answer) == processed.fingerprint:
                outcome = Outcome.UNDECIDED if answer is None else Outcome.DECISION
                return RecordedOutcome(outcome, answer, comment=comment if answer else None)
    return None


def _differences(was: RecordedOutcome, now: RecordedOutcome) -> Iterator[str]:
    if was.outcome is not now.outcome:
        yield "outcome"
        return
    for name in ("answer", "why", "comment", "proof"):
        then, today = getattr(was, name), getattr(now, name)
        if then is not None and today is not None and then != today:
            yield name


def _gap(
    processed: ProcessedMail,
    today: Today,
    was: RecordedOutcome,
    now: RecordedOutcome,
    differs: tuple[str, ...],
) -> Gap | None:
    """What may explain the difference without the mail being read in another way."""
    if today.request is None and processed.approval_id:
        return Gap.NO_REQUEST
    if today.misses and processed.because == sentence(ReplyReason.REFERENCES_DISAGREE):
        return Gap.NO_REQUEST
    if processed.invitation is not None and today.has_other_key:
        return Gap.OTHER_KEY
    if not today.knows_words and today.admission.invitation is not None:
        return Gap.NO_WORDS
    if today.reply.partial and was.outcome is Outcome.UNDECIDED and now.outcome is Outcome.DECISION:
        return Gap.IN_PART
    is_refused = now.outcome is Outcome.UNAUTHENTICATED and today.admission.invitation is not None
    if today.verifies_dkim and (is_refused or "proof" in differs):
        return Gap.NEEDS_DNS
    return None


def would_replace(request: Request, event: Event | None, at: datetime) -> Verdict | None:
    """The verdict that this event would replace while answers can still be changed; None without one."""
    if event is None or request.state is not State.PENDING or request.settles_at is None:
        return None
    after = state_machine.step(request, event, at).request.verdicts
    pairs = zip(request.verdicts, after, strict=False)
    return next((then for then, now in pairs if now.replaced and not then.replaced), None)
