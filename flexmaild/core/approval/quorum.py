"""Counts the verdicts of a request against its quorum. Pure.

A *slot* is one vote: an approver with all their delegates. Answers of approvers who joined by
escalation are slots of their own under "any" and a number; under "all" and "each_group" such an answer
stands in for every slot that has said nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flexmaild.core.model import Answer, Approver, Request, State, Terms, Verdict


@dataclass(frozen=True, slots=True)
class Ballot:
    """The votes: `groups` maps a group to its slots, `voices` a slot to its answer; extra: slots by
    escalation."""

    groups: Mapping[str, tuple[str, ...]]
    voices: Mapping[str, Answer]
    extra: tuple[str, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(slot for slots in self.groups.values() for slot in slots))

    def said(self, answer: Answer, among: Iterable[str]) -> list[str]:
        return [slot for slot in among if self.voices.get(slot) is answer]


def slot_of(approver: Approver) -> str:
    """The slot of this approver: their own address, or the one of the approver they act for."""
    return approver.on_behalf_of or approver.address


def voice(request: Request, approver: Approver) -> Verdict | None:
    """The verdict that counts for this approver's slot; None without one."""
    slot = slot_of(approver)
    return next((verdict for verdict in request.effective if verdict.approver == slot), None)


def is_barred(terms: Terms, approver: Approver) -> bool:
    """The requester may not approve their own request where the request says so."""
    mine = {approver.address, *approver.aliases}
    return bool(terms.requester) and not terms.allow_requester and terms.requester in mine


def ballot(request: Request) -> Ballot:
    groups: dict[str, list[str]] = {}
    for approver in request.terms.approvers:
        if not is_barred(request.terms, approver):
            groups.setdefault(approver.group or approver.address, []).append(approver.address)
    voices = _voices(request)
    helpers = [a.address for a in request.terms.escalate_to if not is_barred(request.terms, a)]
    extra = tuple(helpers) if request.escalated else ()
    return Ballot({g: tuple(dict.fromkeys(s)) for g, s in groups.items()}, voices, extra)


def _voices(request: Request) -> dict[str, Answer]:
    """The answer of each slot. A person approves once: not for themselves and again as a delegate."""
    voices: dict[str, Answer] = {}
    approved: set[str] = set()
    for verdict in request.effective:
        person = request.invitations[verdict.invitation].approver.address
        if verdict.answer is Answer.APPROVE and person in approved:
            continue
        voices[verdict.approver] = verdict.answer
        if verdict.answer is Answer.APPROVE:
            approved.add(person)
    return voices


def decide(request: Request) -> tuple[State, str] | None:
    """APPROVED or REJECTED with the rule that decided, or None while it is open."""
    terms, cast = request.terms, ballot(request)
    rejects = [v for v in request.effective if v.answer is Answer.REJECT]
    if rejects and terms.any_reject:
        return State.REJECTED, "one rejection rejects"
    match terms.quorum:
        case "any":
            return _decide_number(cast, 1, "any one approves")
        case "all":
            return _decide_all(cast, [(slot,) for slot in cast.slots], "all approve")
        case "each_group":
            return _decide_all(cast, list(cast.groups.values()), "one of each group approves")
        case number:
            return _decide_number(cast, int(number), f"{number} approve")


def progress(request: Request) -> tuple[int, int]:
    """(approvals that count so far, approvals needed) for "noted, n of m"."""
    cast = ballot(request)
    approvals = len(cast.said(Answer.APPROVE, (*cast.slots, *cast.extra)))
    match request.terms.quorum:
        case "any":
            return min(approvals, 1), 1
        case "all":
            return len(cast.said(Answer.APPROVE, cast.slots)), len(cast.slots)
        case "each_group":
            groups = [s for s in cast.groups.values() if cast.said(Answer.APPROVE, s)]
            return len(groups), len(cast.groups)
        case number:
            return approvals, int(number)


def unreachable(request: Request) -> tuple[str, ...]:
    """The slots without an answer whose invitations have all bounced."""
    cast = ballot(request)
    silent = []
    for slot in (*cast.slots, *cast.extra):
        mine = [i for i in request.invitations if slot in (i.approver.address, i.approver.on_behalf_of)]
        live = [i for i in mine if not i.withdrawn]
        if live and all(i.bounced for i in live) and slot not in cast.voices:
            silent.append(slot)
    return tuple(silent)


def can_still_be_met(request: Request) -> bool:
    """Whether the quorum could still be reached if all who can be reached approved."""
    gone, cast = set(unreachable(request)), ballot(request)
    able = [
        s for s in (*cast.slots, *cast.extra) if s not in gone and cast.voices.get(s) is not Answer.REJECT
    ]
    helped = any(slot in able for slot in cast.extra)
    match request.terms.quorum:
        case "any":
            return bool(able)
        case "all":
            return helped or all(slot in able for slot in cast.slots)
        case "each_group":
            return helped or all(any(s in able for s in slots) for slots in cast.groups.values())
        case number:
            return len(able) >= int(number)


def _decide_number(cast: Ballot, needed: int, rule: str) -> tuple[State, str] | None:
    everybody = (*cast.slots, *cast.extra)
    if len(cast.said(Answer.APPROVE, everybody)) >= needed:
        return State.APPROVED, rule
    possible = len(everybody) - len(cast.said(Answer.REJECT, everybody))
    if possible < needed:
        return State.REJECTED, f"{needed} approvals can no longer be reached"
    return None


def _decide_all(cast: Ballot, units: list[tuple[str, ...]], rule: str) -> tuple[State, str] | None:
    stand_in = next((cast.voices[s] for s in cast.extra if s in cast.voices), None)
    answers = [_answer_of_unit(cast, unit, stand_in) for unit in units]
    if any(answer is Answer.REJECT for answer in answers):
        return State.REJECTED, f"«{rule}» can no longer be reached"
    if all(answer is Answer.APPROVE for answer in answers):
        return State.APPROVED, rule
    return None


def _answer_of_unit(cast: Ballot, slots: tuple[str, ...], stand_in: Answer | None) -> Answer | None:
    """The answer of a unit (a slot, or a group of which one is enough); the stand-in's where it has none."""
    if cast.said(Answer.APPROVE, slots):
        return Answer.APPROVE
    if len(cast.said(Answer.REJECT, slots)) == len(slots):
        return Answer.REJECT
    return stand_in
