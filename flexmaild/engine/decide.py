"""Decides what an event changes: loads the requests concerned, asks the core, and collects the changes.

Called inside a transaction (`engine.transaction`); pure apart from queries there. Holds no rule about
approvals (`core` does) and no SQL (`store` does).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from flexmaild.core import jobs, references
from flexmaild.core.approval import approver_notes, state_machine
from flexmaild.core.approval import named_requests as naming
from flexmaild.core.approval.admission import Admission, ids_of_answer
from flexmaild.core.approval.events import Bounced, Event, TimePassed
from flexmaild.core.errors import Reason
from flexmaild.core.identity import Identity, is_same
from flexmaild.core.left_in_folder import LEFT, LeftMail
from flexmaild.core.masking import masked
from flexmaild.core.model import MailFacts, MailKind, Outcome, Request
from flexmaild.core.parsed_reply import Bounce, MailNature, ParsedReply
from flexmaild.core.ports import Fetched, MessageUid
from flexmaild.core.reasons import ReplyReason, sentence
from flexmaild.core.work import AuditEntry, Job, JobEnd, MailOrder, ProcessedMail, Queue, Reply
from flexmaild.engine.changes import Changes, Context
from flexmaild.store import Transaction

# Answers that make no verdict now, and would make one if earlier ones were withdrawn.
_UNCOUNTED_ANSWERS = (ReplyReason.SAME_ANSWER, ReplyReason.ANSWERED_FOR)

Decide = Callable[[Transaction], Changes]


class JobsView(Protocol):
    """Finds the jobs of mails that we sent."""

    def jobs(self, ids: Iterable[str]) -> dict[str, Job]: ...


class IdsView(Protocol):
    """Finds out which installation and request an id belongs to."""

    def past_requests(self, ids: Iterable[str]) -> set[str]: ...

    def open_requests(self) -> list[str]: ...

    def open_request_for(self, address: str) -> str | None: ...


def event(
    transaction: Transaction, context: Context, identifier: str, what: Event, changes: Changes | None = None
) -> Changes:
    """Apply one event to one request, on top of `changes`; without such a readable request nothing
    changes."""
    changes = changes or Changes(context, transaction.now)
    found = changes.requests.get(identifier) or transaction.requests([identifier]).get(identifier)
    if found is not None:
        changes.requests[identifier] = found
        changes.approvers += approver_notes.of_event(found, what, changes.now)
        changes.apply(state_machine.step(found, what, changes.now))
    return changes


def mails(transaction: Transaction, context: Context, read: Sequence[tuple[Fetched, ParsedReply]]) -> Changes:
    """Decide these mails: each gets exactly one outcome. A mail that has one already, since another poll
    was quicker, is skipped."""
    kept = transaction.known([fetched.uid for fetched, _ in read])
    read = [one for one in read if not _is_decided(one[0], kept)]
    answered = answered_requests(transaction, [reply for _, reply in read])
    named = {i for (_, reply), more in zip(read, answered, strict=True) for i in named_requests(reply, more)}
    found = without_anonymous(transaction.requests(named)) if named else {}
    missing = named - found.keys()
    ids = ids_of(transaction, context.id_keys, [reply for _, reply in read], missing)
    unreadable = transaction.damaged_requests(missing) if missing else set()
    changes = Changes(context, transaction.now, dict(found))
    for request in found.values():
        # After a pause the mail may be quicker than the timer: an expired request stays expired.
        changes.apply(state_machine.step(request, TimePassed(), changes.now))
    admissions = [
        _admission(reply, more, changes, ids) for (_, reply), more in zip(read, answered, strict=True)
    ]
    repeated = transaction.replayed({r.fingerprint for r in admissions if r.fingerprint})
    known_by = [
        ids_of_answer(reply) if r.fingerprint else () for (_, reply), r in zip(read, admissions, strict=True)
    ]
    spent = transaction.already_spent({name for names in known_by for name in names})
    for (fetched, reply), more, first, names in zip(read, answered, admissions, known_by, strict=True):
        admission = first
        if unreadable.intersection(named_requests(reply, more)):
            admission = _unreadable_request(reply, more, unreadable)
        elif admission.fingerprint in repeated and admission.fingerprint:
            admission = _duplicate(first, ReplyReason.REPEATED)
        elif spent.intersection(names):
            admission = replace(_duplicate(first, ReplyReason.SPENT), quarantine=True)
        elif admission.request_id in changes.changed:  # an earlier mail of this batch may have decided it
            admission = _admission(reply, more, changes, ids)
        is_answer = admission.outcome is Outcome.DECISION or admission.reason in _UNCOUNTED_ANSWERS
        now_spent = names if is_answer else ()
        _apply(changes, fetched, reply, admission, named_requests(reply, more), now_spent)
        repeated.add(admission.fingerprint)
        spent.update(now_spent)
    return changes


def _is_decided(fetched: Fetched, kept: Mapping[MessageUid, Identity]) -> bool:
    """Whether the mail has its outcome. A mail that was left in the folder has none: it is decided again."""
    before = kept.get(fetched.uid)
    return before is not None and not before.is_left and is_same(before, fetched.identity)


def ends(transaction: Transaction, context: Context, ended: Sequence[JobEnd]) -> Changes:
    """Record how tries ended. The end of a claim is refused when another claim has followed it."""
    changes = Changes(context, transaction.now)
    found = transaction.jobs([end.job_id for end in ended])
    for end in ended:
        job = found.get(end.job_id)
        if job is None or job.claim != end.claim:
            continue
        changes.ended.append((job, end))
        if (bounced := _bounce_of_refusal(job, end)) is not None:
            event(transaction, context, job.approval_id, bounced, changes)
    return changes


def _bounce_of_refusal(job: Job, end: JobEnd) -> Bounced | None:
    """The bounce that a permanent refusal by the server stands for. None where the fault is not the
    recipient's: the server was unavailable for too long, or flexmaild has a bug."""
    asks = job.kind in (MailKind.APPROVAL_REQUEST, MailKind.REMINDER)
    is_ours = end.closed or end.reason == Reason.OTHER
    if end.result != "give_up" or is_ours or not job.approval_id or job.invitation is None or not asks:
        return None
    address = job.recipients[0] if job.recipients else ""
    return Bounced(job.invitation, Bounce(address, True, diagnostic=end.error))


def answered_requests(store: JobsView, replies: Sequence[ParsedReply]) -> list[tuple[str, ...]]:
    """For each mail, the ids of requests whose mail without a reference it answers."""
    asked = {job for reply in replies for job in reply.answered_jobs}
    jobs = store.jobs(asked) if asked else {}
    return [tuple(jobs[i].approval_id for i in r.answered_jobs if i in jobs) for r in replies]


def named_requests(reply: ParsedReply, answered: Iterable[str]) -> tuple[str, ...]:
    """The ids of requests that this mail may be about; they need not exist."""
    return tuple(dict.fromkeys(i for i in (*naming.named_ids(reply), *answered) if i))


def without_anonymous(found: Mapping[str, Request]) -> dict[str, Request]:
    """These requests without those whose addresses were purged: no mail can be matched to them."""
    return {identifier: request for identifier, request in found.items() if not request.is_anonymous}


def ids_of(
    store: IdsView, keys: tuple[bytes, ...], replies: Iterable[ParsedReply], unknown: Collection[str]
) -> naming.KnownIds:
    """What is known of the ids in these mails. unknown: ids without a request in the store."""
    if not unknown:
        return naming.KnownIds(keys)
    past = store.past_requests(unknown)
    by_sender = [(reply.sender, {*naming.claimed_ids(reply)} & set(unknown) - past) for reply in replies]
    claimed = {i for _, ids in by_sender for i in ids if not references.is_ours(keys, i)}
    if not claimed:
        return naming.KnownIds(keys, frozenset(past))
    near = naming.nearest_ids(claimed, store.open_requests())
    senders = {sender for sender, ids in by_sender if sender and ids & claimed - near.keys()}
    asked = {sender: found for sender in senders if (found := store.open_request_for(sender))}
    return naming.KnownIds(keys, frozenset(past), near, asked)


def _admission(
    reply: ParsedReply, answered: Iterable[str], changes: Changes, ids: naming.KnownIds
) -> Admission:
    context = changes.context
    return naming.admission_of(reply, changes.requests, context.keys, context.senders, answered, ids)


def _duplicate(first: Admission, reason: ReplyReason) -> Admission:
    """The admission of a mail that was received before."""
    return Admission(Outcome.DUPLICATE, sentence(reason), reason, request_id=first.request_id)


def _unreadable_request(reply: ParsedReply, answered: Iterable[str], unreadable: set[str]) -> Admission:
    """The admission of a mail about a request whose row is damaged: quarantined, to be released after
    repair."""
    first = next(i for i in named_requests(reply, answered) if i in unreadable)
    reason = ReplyReason.REQUEST_UNREADABLE
    return Admission(Outcome.UNPARSABLE, sentence(reason), reason, request_id=first, quarantine=True)


def _apply(
    changes: Changes,
    fetched: Fetched,
    reply: ParsedReply,
    admission: Admission,
    named: Iterable[str],
    spent: tuple[str, ...],
) -> None:
    if admission.outcome in LEFT or admission.stays:
        outcome = Outcome.FOREIGN if admission.stays else admission.outcome
        named_here = "" if admission.stays else admission.request_id
        changes.left.append(LeftMail(fetched.uid, fetched.identity, outcome, changes.now, named_here))
    if admission.outcome in LEFT:
        return
    for i in dict.fromkeys((admission.request_id, *named)):
        if i in changes.requests:
            changes.approvers += approver_notes.of_mail(changes.requests[i], reply, admission, changes.now)
    if admission.event is not None:
        found = changes.requests[admission.request_id]
        changes.approvers += approver_notes.of_event(found, admission.event, changes.now)
        changes.apply(state_machine.step(found, admission.event, changes.now))
    elif admission.request_id:
        # Not `because`, which may quote a server or an unknown sender.
        note = {"outcome": admission.outcome.value, "because": sentence(admission.reason)}
        identifier = masked(references.as_written(reply.message_id))
        note |= {"from": reply.sender, "sha256": reply.sha256, "message_id": identifier}
        changes.audit.append(AuditEntry(changes.now, admission.request_id, "mail refused", note))
    if admission.unlisted_sender is not None and changes.context.limiter.allows(
        admission.unlisted_sender.address, changes.now
    ):
        changes.jobs.append(_unlisted_sender_job(changes, reply, admission))
    changes.processed.append(
        replace(_processed_mail(fetched, reply, admission, changes.now, named), spent=spent)
    )


def _replies(
    reply: ParsedReply, admission: Admission, now: datetime, named: Iterable[str]
) -> tuple[Reply, ...]:
    """The mail as each request that it names shows it; `store.records.replies` skips requests that do not
    exist. A second delivery adds nothing."""
    if admission.reason is ReplyReason.REPEATED:
        return ()
    return tuple(_reply(reply, admission, now, i) for i in dict.fromkeys((admission.request_id, *named)) if i)


def _reply(reply: ParsedReply, admission: Admission, now: datetime, approval_id: str) -> Reply:
    outcome, reason = admission.outcome, admission.reason
    is_about_another = admission.event is not None or admission.reason is ReplyReason.FORGOTTEN
    if is_about_another and approval_id != admission.request_id:
        outcome, reason = Outcome.UNDECIDED, ReplyReason.NAMED_BESIDE
    return Reply(
        approval_id=approval_id,
        at=now,
        outcome=outcome,
        reason=reason,
        mail=_mail_facts(reply),
        via=reply.via,
    )


def _mail_facts(reply: ParsedReply) -> MailFacts:
    """The mail's facts; the sender as claimed where none is proven."""
    return replace(reply.mail, sender=reply.sender or reply.claimed)


def _unlisted_sender_job(changes: Changes, reply: ParsedReply, admission: Admission) -> Job:
    """The mail that tells a proven sender, who holds another person's reference, that they were not asked.

    The job's key allows one such mail for each person and request. It never carries a reference.
    """
    assert admission.unlisted_sender is not None
    unique = f"{admission.request_id}/{MailKind.NOT_ENTITLED}/{admission.unlisted_sender.address}"
    order = MailOrder(
        MailKind.NOT_ENTITLED, admission.unlisted_sender, admission.request_id, in_reply_to=reply.message_id
    )
    identifier = references.job_id(unique, is_mail=True)
    return Job(
        id=identifier,
        queue=Queue.OUTBOX,
        target=jobs.OUTGOING,
        kind=MailKind.NOT_ENTITLED.value,
        key=unique,
        payload=jobs.payload_of(order),
        created_at=changes.now,
        due_at=changes.now,
        approval_id=admission.request_id,
        recipients=(admission.unlisted_sender.address,),
        message_id=references.plain_message_id(identifier, changes.context.domain),
    )


def _processed_mail(
    fetched: Fetched, reply: ParsedReply, admission: Admission, now: datetime, named: Iterable[str]
) -> ProcessedMail:
    return ProcessedMail(
        uid=fetched.uid,
        mail=_mail_facts(reply),
        found=fetched.identity,
        outcome=admission.outcome,
        because=admission.because,
        at=now,
        subject=masked(reply.subject),
        approval_id=admission.request_id,
        invitation=admission.invitation,
        fingerprint=admission.fingerprint,
        raw=fetched.data,
        quarantined=admission.quarantine,
        unknown_lines=reply.unknown_lines if admission.event is not None else (),
        replies=_replies(reply, admission, now, named),
        header="" if reply.nature is MailNature.OWN else reply.kept_header,
    )


def set_aside(fetched: Fetched, reply: ParsedReply, bug: str, now: datetime) -> ProcessedMail:
    """The outcome of a mail on which flexmaild failed: quarantined, so that it blocks no other mail."""
    because = f"flexmaild failed on it ({bug}); please report this"
    admission = Admission(Outcome.UNPARSABLE, because, ReplyReason.PROGRAM_FAULT, quarantine=True)
    return _processed_mail(fetched, reply, admission, now, reply.named_requests)
