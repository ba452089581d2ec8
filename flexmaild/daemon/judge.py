"""From what happened to one `Change`: loads what is concerned, asks the core, and gathers what follows.

Holds no rule about approvals (`core` does) and no SQL (`store` does). Used by `daemon.loop` in its
thread; the caller commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from flexmaild.core import admission, approver_notes, engine, jobs, naming
from flexmaild.core.admission import Ruling, SenderPolicy
from flexmaild.core.events import Effect, Event, Mail, Step, TimePassed
from flexmaild.core.model import MailKind, MailNature, Outcome, Reading, Request
from flexmaild.core.ports import Fetched
from flexmaild.core.reasons import ReplyReason, sentence
from flexmaild.core.work import ApproverNote, AuditEntry, Change, Job, MailOrder, Queue, Reply, Seen
from flexmaild.daemon.limiter import Limiter, is_limited


class JobsView(Protocol):
    """Where it is looked up what a mail of ours was about."""

    def jobs(self, ids: Iterable[str]) -> dict[str, Job]: ...


class StoreView(JobsView, Protocol):
    """What of the store is looked at here."""

    def requests(self, ids: Iterable[str]) -> dict[str, Request]: ...

    def replayed(self, fingerprints: Iterable[str]) -> set[str]: ...

    def already_spent(self, names: Iterable[str]) -> set[str]: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What judging needs beside the requests: the key of references, our domain, who must prove what."""

    key: bytes
    domain: str
    senders: SenderPolicy
    limiter: Limiter


@dataclass(slots=True)
class Draft:
    """A change being gathered. Requests are kept by id, each with its newest state."""

    terms: Terms
    now: datetime
    requests: dict[str, Request] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)
    jobs: list[Job] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    approvers: list[ApproverNote] = field(default_factory=list)

    def apply(self, step: Step) -> None:
        """Take over a step: its request, its jobs, its audit entries."""
        identifier = step.request.id
        before = self.requests.get(identifier)
        request, effects = self._limited(step)
        if before != request:
            self.changed.add(identifier)
        if before is not None and before.state is not request.state:
            self.decided.add(identifier)
        self.requests[identifier] = request
        self._follow(request, effects)

    def _limited(self, step: Step) -> tuple[Request, list[Effect]]:
        """Without the explanations that one address has had enough of this hour; the request names it."""
        request, effects = step.request, list[Effect]()
        for effect in step.effects:
            if self._may_go(effect):
                effects.append(effect)
            elif isinstance(effect, Mail):
                until = self.terms.limiter.free_at(effect.to.address, self.now)
                request = engine.silenced(request, effect.invitation, until)
        return request, effects

    def _follow(self, request: Request, effects: Iterable[Effect]) -> None:
        made = sum(1 for job in self.jobs if job.approval_id == request.id)
        new, notes = jobs.jobs_for(request, effects, self.now, self.terms.key, self.terms.domain, made)
        self.jobs += new
        self.audit += notes

    def _may_go(self, effect: Effect) -> bool:
        if not isinstance(effect, Mail) or not is_limited(effect):
            return True
        return self.terms.limiter.allows(effect.to.address, self.now)

    def change(self) -> Change:
        return Change(
            requests=tuple(self.requests[i] for i in sorted(self.changed)),
            jobs=tuple(self.jobs),
            seen=tuple(self.seen),
            audit=tuple(self.audit),
            approvers=tuple(self.approvers),
        )


def happen(store: StoreView, terms: Terms, identifier: str, event: Event, now: datetime) -> Draft | None:
    """One event for one request; None where there is no such request."""
    found = store.requests([identifier])
    if identifier not in found:
        return None
    draft = Draft(terms, now, dict(found))
    draft.approvers += approver_notes.of_event(found[identifier], event, now)
    draft.apply(engine.step(found[identifier], event, now))
    return draft


def judge(store: StoreView, terms: Terms, mails: Sequence[tuple[Fetched, Reading]], now: datetime) -> Draft:
    """What becomes of these mails, each of them exactly one outcome."""
    answered = answered_requests(store, [reading for _, reading in mails])
    named = {
        i for (_, reading), more in zip(mails, answered, strict=True) for i in named_requests(reading, more)
    }
    draft = Draft(terms, now, dict(store.requests(named)) if named else {})
    for request in list(draft.requests.values()):
        # After a pause the mail may be quicker than the clock's tick: an expired request stays expired.
        draft.apply(engine.step(request, TimePassed(), now))
    rulings = [_rule(reading, more, draft) for (_, reading), more in zip(mails, answered, strict=True)]
    repeated = store.replayed({r.fingerprint for r in rulings if r.fingerprint})
    known_by = [
        admission.names(reading) if r.fingerprint else ()
        for (_, reading), r in zip(mails, rulings, strict=True)
    ]
    spent = store.already_spent({name for names in known_by for name in names})
    for (fetched, reading), more, first, names in zip(mails, answered, rulings, known_by, strict=True):
        ruling = first
        if ruling.fingerprint in repeated and ruling.fingerprint:
            ruling = _again(first, ReplyReason.REPEATED)
        elif spent.intersection(names):
            ruling = replace(_again(first, ReplyReason.SPENT), quarantine=True)
        elif ruling.request_id in draft.changed:  # an earlier mail of this batch may have decided it
            ruling = _rule(reading, more, draft)
        now_spent = names if ruling.outcome is Outcome.DECISION else ()
        _take(draft, fetched, reading, ruling, named_requests(reading, more), now_spent)
        repeated.add(ruling.fingerprint)
        spent.update(now_spent)
    return draft


def _again(first: Ruling, reason: ReplyReason) -> Ruling:
    """In place of this ruling, for a mail that came before."""
    return Ruling(Outcome.DUPLICATE, sentence(reason), reason, request_id=first.request_id)


def answered_requests(store: JobsView, readings: Sequence[Reading]) -> list[tuple[str, ...]]:
    """For each mail, the requests about which we had sent the mail without a reference that it answers."""
    asked = {job for reading in readings for job in reading.answered_jobs}
    jobs = store.jobs(asked) if asked else {}
    return [tuple(jobs[i].approval_id for i in r.answered_jobs if i in jobs) for r in readings]


def named_requests(reading: Reading, answered: Iterable[str]) -> tuple[str, ...]:
    """The requests that this mail may be about, where they exist."""
    return tuple(dict.fromkeys(i for i in (*naming.named(reading), *answered) if i))


def _rule(reading: Reading, answered: Iterable[str], draft: Draft) -> Ruling:
    return naming.judged(reading, draft.requests, draft.terms.key, draft.terms.senders, answered)


def _take(
    draft: Draft,
    fetched: Fetched,
    reading: Reading,
    ruling: Ruling,
    named: Iterable[str],
    spent: tuple[str, ...],
) -> None:
    for i in dict.fromkeys((ruling.request_id, *named)):
        if i in draft.requests:
            draft.approvers += approver_notes.of_mail(draft.requests[i], reading, ruling, draft.now)
    if ruling.event is not None:
        draft.approvers += approver_notes.of_event(draft.requests[ruling.request_id], ruling.event, draft.now)
        draft.apply(engine.step(draft.requests[ruling.request_id], ruling.event, draft.now))
    elif ruling.request_id:
        # Not the ruling's own words: they may hold a server's or a stranger's.
        note = {"outcome": ruling.outcome.value, "because": sentence(ruling.reason)}
        note |= {"from": reading.sender, "sha256": reading.sha256, "message_id": reading.message_id}
        draft.audit.append(AuditEntry(draft.now, ruling.request_id, "mail refused", note))
    if ruling.stranger is not None and draft.terms.limiter.allows(ruling.stranger.address, draft.now):
        draft.jobs.append(_stranger_job(draft, reading, ruling))
    draft.seen.append(replace(_seen(fetched, reading, ruling, draft.now, named), spent=spent))


def _replies(reading: Reading, ruling: Ruling, now: datetime, named: Iterable[str]) -> tuple[Reply, ...]:
    """What is seen of this mail at each request it names; `store.replies` leaves out those that do not exist.
    A second delivery is no further reply."""
    if ruling.reason is ReplyReason.REPEATED:
        return ()
    return tuple(_reply(reading, ruling, now, i) for i in dict.fromkeys((ruling.request_id, *named)) if i)


def _reply(reading: Reading, ruling: Ruling, now: datetime, approval_id: str) -> Reply:
    outcome, reason = ruling.outcome, ruling.reason
    if ruling.event is not None and approval_id != ruling.request_id:
        outcome, reason = Outcome.UNDECIDED, ReplyReason.NAMED_BESIDE
    return Reply(
        approval_id=approval_id,
        at=now,
        outcome=outcome,
        reason=reason,
        sender=reading.sender or reading.claimed,
        sha256=reading.sha256,
        via=reading.via,
        message_id=reading.message_id,
    )


def _stranger_job(draft: Draft, reading: Reading, ruling: Ruling) -> Job:
    """Tell a proven sender, who holds somebody else's reference, that they were not asked.

    One such mail for each person and request: the key says so. It never carries a reference.
    """
    assert ruling.stranger is not None
    unique = f"{ruling.request_id}/{MailKind.NOT_ENTITLED}/{ruling.stranger.address}"
    order = MailOrder(
        MailKind.NOT_ENTITLED, ruling.stranger, ruling.request_id, in_reply_to=reading.message_id
    )
    identifier = jobs.job_id(Queue.OUTBOX, unique)
    return Job(
        id=identifier,
        queue=Queue.OUTBOX,
        target=jobs.OUTGOING,
        kind=MailKind.NOT_ENTITLED.value,
        key=unique,
        payload=jobs.payload_of(order),
        created_at=draft.now,
        due_at=draft.now,
        approval_id=ruling.request_id,
        recipients=(ruling.stranger.address,),
        message_id=f"{identifier}@{draft.terms.domain}",
    )


def _seen(fetched: Fetched, reading: Reading, ruling: Ruling, now: datetime, named: Iterable[str]) -> Seen:
    return Seen(
        mark=fetched.mark,
        sha256=reading.sha256,
        size=fetched.size,
        outcome=ruling.outcome,
        because=ruling.because,
        at=now,
        message_id=reading.message_id,
        sender=reading.sender or reading.claimed,
        subject=reading.subject,
        approval_id=ruling.request_id,
        invitation=ruling.invitation,
        fingerprint=ruling.fingerprint,
        raw=fetched.data,
        quarantined=ruling.quarantine,
        unknown_lines=reading.unknown_lines if ruling.event is not None else (),
        replies=_replies(reading, ruling, now, named),
        header="" if reading.nature is MailNature.OWN else reading.kept_header,
    )


def set_aside(fetched: Fetched, reading: Reading, bug: str, now: datetime) -> Seen:
    """The outcome of a mail that met a bug in the house: kept whole, visible, and never in the way."""
    because = f"flexmaild failed on it ({bug}); please report this"
    ruling = Ruling(Outcome.UNPARSABLE, because, ReplyReason.PROGRAM_FAULT, quarantine=True)
    return _seen(fetched, reading, ruling, now, reading.named_requests)
