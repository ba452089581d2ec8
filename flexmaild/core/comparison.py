"""Would a mail that was read once come to the same today? What was recorded of it beside what it says now.

Compared is what depends on the mail, the settings and what was asked alone, as if the request were still
open: never "decided already", "expired" or "came before". What cannot be compared is a `Gap` with its reason,
and a difference that such a gap may explain is none. Pure; used by `daemon.replaying`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from flexmaild.core import admission, engine, quorum
from flexmaild.core.addresses import domain_of
from flexmaild.core.admission import Ruling
from flexmaild.core.events import Answered, Event, Unclear
from flexmaild.core.model import Answer, Outcome, Proof, Reading, Request, State, Verdict
from flexmaild.core.work import Seen

# What is in the store for a mail that met an open request; anything else came to an end before that.
_ADMITTED = frozenset({Outcome.DECISION, Outcome.UNDECIDED, Outcome.LATE, Outcome.EXPIRED})
_TOO_LATE = frozenset({Outcome.LATE, Outcome.EXPIRED})
COMMENT_NEEDED = "comment_needed"


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
class Said:
    """What a mail came to. None is what is not known, and differs from nothing.

    why: for an undecided one, a key of `mail.understand.verdict.WHY`, or `COMMENT_NEEDED`.
    """

    outcome: Outcome
    answer: Answer | None = None
    why: str | None = None
    comment: str | None = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """A mail read again, and what admission makes of it at an open request.

    knows_words: what had been sent to its writer is known. has_other_key: its reference to this request was
    made with a key that is in force no longer. verifies_dkim: the settings want signatures checked, which was
    not done now.
    """

    reading: Reading
    ruling: Ruling
    request: Request | None
    knows_words: bool
    has_other_key: bool
    verifies_dkim: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """differs: the names of what does; empty with a gap, and where all is equal."""

    was: Said
    now: Said
    differs: tuple[str, ...] = ()
    gap: Gap | None = None


def gap_before_reading(seen: Seen, raw: bytes | None, is_intact: bool) -> Gap | None:
    """Why this mail need not be read at all."""
    if seen.outcome is Outcome.DUPLICATE:
        return Gap.CAME_AGAIN
    if raw is None:
        return Gap.TOO_LARGE if not seen.sha256 else Gap.NOT_KEPT
    return None if is_intact else Gap.DAMAGED


def as_open(request: Request) -> Request:
    """The request as it was when it asked: nobody has decided, and every reference opens it."""
    invitations = tuple(replace(i, withdrawn=False) for i in request.invitations)
    return replace(request, state=State.PENDING, invitations=invitations)


def as_asked(request: Request) -> Request:
    """The same before anybody answered: a mail may not be held to the verdict that it made itself."""
    return replace(as_open(request), verdicts=())


def verdict_of(seen: Seen, request: Request | None) -> Verdict | None:
    """The verdict that this mail made then, if it made one."""
    made = request.verdicts if request is not None else ()
    return next((v for v in made if (v.sha256, v.invitation) == (seen.sha256, seen.invitation)), None)


def with_proof_of_then(reading: Reading, verdict: Verdict | None, verifies_dkim: bool) -> Reading:
    """The reading with the signature that was verified then: keys and dates of it may have passed."""
    if not verifies_dkim or verdict is None or verdict.proof != "dkim":
        return reading
    return replace(reading, dkim_domains=(domain_of(verdict.by),))


def compared(seen: Seen, verdict: Verdict | None, today: Today) -> Compared:
    """The mail then and now."""
    now = _said(today)
    was = _recorded(seen, verdict, today.reading, now)
    if was is None:
        return Compared(Said(seen.outcome), now, gap=Gap.LATE)
    differs = tuple(_differing(was, now))
    gap = _gap(seen, today, was, now, differs) if differs else None
    return Compared(was, now, () if gap else differs, gap)


@dataclass(frozen=True, slots=True)
class Changed:
    """A mail that differs: what it says today, what it would be to its request, and when it came."""

    sha256: str
    invitation: int | None
    now: Said
    event: Event | None
    at: datetime


def decision_today(request: Request, changes: Iterable[Changed]) -> State:
    """What the verdicts in the store come to when these mails say what they say today; time plays no part."""
    changes = list(changes)
    opened = _with_verdicts(as_open(request), {(c.sha256, c.invitation): c.now for c in changes})
    known = {(v.sha256, v.invitation) for v in request.verdicts}
    for change in changes:
        if (change.sha256, change.invitation) not in known and isinstance(change.event, Answered):
            opened = engine.step(opened, change.event, change.at).request
    decided = None if opened.state is not State.PENDING else quorum.decide(opened)
    return decided[0] if decided else opened.state


def _with_verdicts(request: Request, now: Mapping[tuple[str, int | None], Said]) -> Request:
    """The verdicts as they would be; where one falls away, what it had replaced counts again."""
    kept: list[Verdict] = []
    fallen: set[str] = set()
    for verdict in reversed(request.verdicts):
        said = now.get((verdict.sha256, verdict.invitation))
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


def _said(today: Today) -> Said:
    ruling = today.ruling
    if ruling.outcome is Outcome.DECISION and isinstance(ruling.event, Answered):
        comment, proof = ruling.event.comment, ruling.event.proof
        return Said(ruling.outcome, ruling.event.answer, None, comment, proof)
    if ruling.outcome is Outcome.UNDECIDED:
        why = ruling.event.why if isinstance(ruling.event, Unclear) else COMMENT_NEEDED
        return Said(ruling.outcome, why=why)
    return Said(ruling.outcome)


def _recorded(seen: Seen, verdict: Verdict | None, reading: Reading, now: Said) -> Said | None:
    """What was recorded then; None for a mail that came too late and of which only a digest remains."""
    if seen.outcome in _TOO_LATE:
        return _of_late(seen, reading, now)
    if seen.outcome is Outcome.DECISION:
        if verdict is not None:
            return Said(seen.outcome, verdict.answer, None, verdict.comment, verdict.proof)
        same = admission.fingerprint(reading, now.answer) == seen.fingerprint
        answer = Answer(seen.because) if seen.because in tuple(Answer) else None
        return Said(seen.outcome, answer, comment=now.comment if same else None)
    if seen.outcome is Outcome.UNDECIDED:
        # A key of WHY, or a sentence; only one sentence has been written there.
        is_key = " " not in seen.because
        needed = COMMENT_NEEDED if "needs a comment" in seen.because else None
        return Said(seen.outcome, why=seen.because if is_key else needed)
    return Said(seen.outcome)


def _of_late(seen: Seen, reading: Reading, now: Said) -> Said | None:
    """The fingerprint of a mail is over its answer and comment as well: the answers are tried."""
    if now.outcome not in _ADMITTED or not seen.fingerprint:
        return now if now.outcome in _ADMITTED else Said(seen.outcome)
    if admission.fingerprint(reading, reading.answer) == seen.fingerprint:
        return now
    for answer in (None, *Answer):
        for comment in ("", reading.comment):
            tried = replace(reading, comment=comment)
            if admission.fingerprint(tried, answer) == seen.fingerprint:
                outcome = Outcome.UNDECIDED if answer is None else Outcome.DECISION
                return Said(outcome, answer, comment=comment if answer else None)
    return None


def _differing(was: Said, now: Said) -> Iterator[str]:
    if was.outcome is not now.outcome:
        yield "outcome"
        return
    for name in ("answer", "why", "comment", "proof"):
        then, today = getattr(was, name), getattr(now, name)
        if then is not None and today is not None and then != today:
            yield name


def _gap(seen: Seen, today: Today, was: Said, now: Said, differs: tuple[str, ...]) -> Gap | None:
    """What may explain the difference without the mail being read in another way."""
    if today.request is None and seen.approval_id:
        return Gap.NO_REQUEST
    if seen.invitation is not None and today.has_other_key:
        return Gap.OTHER_KEY
    if not today.knows_words and today.ruling.invitation is not None:
        return Gap.NO_WORDS
    if today.reading.partial and was.outcome is Outcome.UNDECIDED and now.outcome is Outcome.DECISION:
        return Gap.IN_PART
    is_refused = now.outcome is Outcome.UNAUTHENTICATED and today.ruling.invitation is not None
    if today.verifies_dkim and (is_refused or "proof" in differs):
        return Gap.NEEDS_DNS
    return None
