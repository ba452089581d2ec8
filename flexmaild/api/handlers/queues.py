"""Commands about the outbox, the deliveries and the quarantine: look, retry, hold, release, drop."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from flexmaild.api import visibility
from flexmaild.api.call import Answer, CommandRequest
from flexmaild.api.handlers.approvals import kept_bytes
from flexmaild.api.problems import Problem
from flexmaild.core.documents import queues as documents
from flexmaild.core.documents.queues import QuarantinedMail
from flexmaild.core.ports import Fetched, MessageUid
from flexmaild.core.work import AuditEntry, Change, Job, JobState, Queue
from flexmaild.engine import incoming, operator_actions, results_seen
from flexmaild.engine.changes import Changes
from flexmaild.engine.delivery.sent_mails import SentMails
from flexmaild.engine.sandbox.parent import RawMail, Sandbox
from flexmaild.engine.services import Services
from flexmaild.mail.authentication.kept_header import header_of
from flexmaild.mail.authentication.kept_header import stored_header as kept_header
from flexmaild.mail.parse.header import parse_header
from flexmaild.mail.parse.message import split_header
from flexmaild.store import Quarantined, Transaction
from flexmaild.store.queries import Queries

Command = Callable[[Services, CommandRequest], Answer]
_QUEUES = {"outbox": Queue.OUTBOX, "deliveries": Queue.DELIVERY}
# How flexmailctl calls them.
_CLI = {Queue.OUTBOX: "outbox", Queue.DELIVERY: "delivery"}
# Jobs named in one entry of the event log.
MOST_NAMED = 100


def commands_of(noun: str) -> dict[str, Command]:
    """The commands of one queue, by the names of `api.routes`."""
    queue = _QUEUES[noun]
    return {
        f"{noun}.list": lambda services, call: _listed(services, call, queue),
        f"{noun}.show": lambda services, call: _show(services, call, queue),
        f"{noun}.retry": lambda services, call: _retry(services, call, queue),
        f"{noun}.retry_all": lambda services, call: _retry_all(services, call, queue),
        f"{noun}.hold": lambda services, call: _hold(services, call, queue),
        f"{noun}.release": lambda services, call: _unhold(services, call, queue),
        f"{noun}.drop": lambda services, call: _drop(services, call, queue),
    }


def show_mail(services: Services, call: CommandRequest) -> Answer:
    return _show(services, call, Queue.OUTBOX)


def _listed(services: Services, call: CommandRequest, queue: Queue) -> Answer:
    states = [JobState(call.query["state"])] if call.query.get("state") else None
    limit = int(call.query["limit"])
    found = services.store.list_jobs(queue, states, limit, before=call.query.get("after") or None)
    following = found[-1].id if len(found) == limit else ""
    items = visibility.job_documents(services.store, call.viewer, found)
    return Answer(200, documents.Jobs(items=items, next=following))


def _show(services: Services, call: CommandRequest, queue: Queue) -> Answer:
    found = _found(services.store, call, queue)
    (shown,) = visibility.job_documents(services.store, call.viewer, [found])
    return Answer(200, shown)


def _retry(services: Services, call: CommandRequest, queue: Queue) -> Answer:
    def retry(transaction: Transaction, job: Job) -> int:
        if job.state is JobState.HELD:  # who wants this one tried now wants it released
            transaction.unhold_jobs(queue, [job.id])
        return transaction.retry_jobs(queue, [job.id])

    answer, job = _changed(services, call, queue, "retry", "tried again", retry)
    services.components.retry_tokens()
    services.components.wake(reset_backoff=True, target=job.target)
    return answer


def _changed(
    services: Services,
    call: CommandRequest,
    queue: Queue,
    act: str,
    done: str,
    change: Callable[[Transaction, Job], int],
) -> tuple[Answer, Job]:
    """One job changed, with its entry in the event log, and how it stands then, in one transaction."""
    with services.store.transaction() as transaction:
        job = _found(transaction, call, queue)
        _insist(change(transaction, job), job, done)
        _record(transaction, call, f"{_CLI[queue]} {act}", job.approval_id, job=job.id)
        shown = documents.job(_found(transaction, call, queue))
    return Answer(200, shown), job


def _retry_all(services: Services, call: CommandRequest, queue: Queue) -> Answer:
    states = (JobState.FAILED, JobState.DEFERRED)
    with services.store.transaction() as transaction:
        waiting = [job.id for job in transaction.list_jobs(queue, states, limit=100_000)]
        changed = transaction.retry_jobs(queue, waiting) if waiting else 0
        _record(transaction, call, f"{_CLI[queue]} retry --all", jobs=waiting[:MOST_NAMED], count=changed)
    services.components.retry_tokens()
    services.components.wake(reset_backoff=True)
    return Answer(200, documents.Retried(retried=changed))


def _hold(services: Services, call: CommandRequest, queue: Queue) -> Answer:
    return _changed(services, call, queue, "hold", "held", lambda t, job: t.hold_jobs(queue, [job.id]))[0]


def _unhold(services: Services, call: CommandRequest, queue: Queue) -> Answer:
    def unhold(transaction: Transaction, job: Job) -> int:
        return transaction.unhold_jobs(queue, [job.id])

    answer, job = _changed(services, call, queue, "release", "released", unhold)
    services.components.wake(target=job.target)
    return answer


def _drop(services: Services, call: CommandRequest, queue: Queue) -> Answer:
    return _changed(services, call, queue, "drop", "dropped", lambda t, job: t.drop_jobs(queue, [job.id]))[0]


def _record(
    transaction: Transaction, call: CommandRequest, act: str, approval_id: str = "", **data: Any
) -> None:
    entry = operator_actions.entry(transaction.now, act, call.peer.user, approval_id, **data)
    transaction.write(Change(audit=(entry,)))


def _mail_entry(
    now: datetime, call: CommandRequest, act: str, mail: QuarantinedMail, **data: Any
) -> AuditEntry:
    named = {key: getattr(mail, key) for key in ("id", "sha256", "sender", "subject", "message_id")}
    return operator_actions.entry(now, act, call.peer.user, mail.approval_id, **named, **data)


def _found(store: Queries, call: CommandRequest, queue: Queue) -> Job:
    job = store.job(call.path["id"])
    if job is None or job.queue is not queue:
        raise Problem(404, "No such job", f"there is no {call.path['id']!r} in this queue", kind="unknown")
    return job


def _insist(changed: int, job: Job, done: str) -> None:
    if not changed:
        detail = f"{job.id} is {job.state.value} and cannot be {done}"
        raise Problem(409, "Not in this state", detail, kind="state", extra={"state": job.state.value})


def quarantine_list(services: Services, call: CommandRequest) -> Answer:
    limit = int(call.query["limit"])
    found = services.store.list_quarantine(limit, call.query.get("after") or None)
    following = found[-1].id if len(found) == limit else ""
    sees = _sees(services.store, call, found)
    items = [_quarantined(aside) for aside in found if sees(aside.processed.approval_id)]
    return Answer(200, documents.QuarantinedMails(items=items, next=following))


def quarantine_show(services: Services, call: CommandRequest) -> Answer:
    """The mail with its authentication results under the current settings, and settings that would trust
    them."""
    aside = _set_aside(services.store, call)
    if not _sees(services.store, call, [aside])(aside.processed.approval_id):
        detail = f"{aside.id} answers no request that user {call.peer.user} may see."
        raise visibility.not_permitted(detail, "Ask an admin to look at it; control.admins names them.")
    raw = services.store.raw(aside.processed.mail.sha256)
    if not raw:
        return Answer(200, documents.shown(_quarantined(aside), None, []))
    header = parse_header(split_header(raw)[0])
    fields = results_seen.fields_of(header_of(kept_header(header)), services.components.rules)
    results, proposals = results_seen.documents(fields), results_seen.proposals([fields])
    return Answer(200, documents.shown(_quarantined(aside), results, proposals))


def _sees(store: Queries, call: CommandRequest, found: Iterable[Quarantined]) -> Callable[[str], bool]:
    """A quarantined mail belongs to the owner of the request that it answers; without one, to the
    admins."""
    return visibility.visible_requests(store, call.viewer, [aside.processed.approval_id for aside in found])


def quarantine_raw(services: Services, call: CommandRequest) -> Answer:
    return Answer(200, kept_bytes(services.store, _set_aside(services.store, call).processed.mail.sha256))


def quarantine_drop(services: Services, call: CommandRequest) -> Answer:
    with services.store.transaction() as transaction:
        shown = _quarantined(_set_aside(transaction, call))
        transaction.drop_quarantine(call.path["id"])
        entry = _mail_entry(transaction.now, call, "quarantine drop", shown)
        transaction.write(Change(audit=(entry,)))
    return Answer(200, shown)


class _NotOurs(incoming.Overtaken):
    """The mail is for another installation, or for a newer store."""


def quarantine_release(services: Services, call: CommandRequest) -> Answer:
    """Read the mail again, as the settings are now; it gets an outcome of its own."""
    aside = _set_aside(services.store, call)
    raw = kept_bytes(services.store, aside.processed.mail.sha256)
    size, components = aside.processed.found.size, services.components
    # What was left on the server, and whether it held text, is no longer known: it decides nothing.
    partial = size != len(raw)
    sandbox = Sandbox(
        components.rules, lambda fault: None, SentMails(services.store, components.context.keys)
    )
    try:
        (reading,) = sandbox.read([RawMail(raw, size, partial=partial, is_cut=partial)])
    finally:
        sandbox.close()
    mark = MessageUid("quarantine", aside.id, datetime.now(UTC).isoformat())
    read = [(Fetched(mark, size, raw), reading)]

    def released(transaction: Transaction, changes: Changes) -> None:
        if changes.left:  # the quarantine is no folder where it could be left
            raise _NotOurs
        if not transaction.release_quarantine(aside.id):
            raise incoming.Overtaken
        (processed,) = changes.processed
        act, shown = "quarantine release", _quarantined(aside)
        changes.audit.append(_mail_entry(changes.now, call, act, shown, outcome=processed.outcome.value))

    try:
        found = incoming.commit(services.transactions, services.context, services.metrics, read, released)
    except _NotOurs:
        detail = "it answers a request that this store does not know, and stays in quarantine"
        raise Problem(409, "Not ours", detail, kind="conflict") from None
    except incoming.Overtaken:
        raise _not_set_aside(aside.id) from None
    outcome = found.outcomes[mark]
    return Answer(200, documents.released(_quarantined(aside), outcome))


def _set_aside(store: Queries, call: CommandRequest) -> Quarantined:
    found = store.quarantined(call.path["id"])
    if found is None:
        raise _not_set_aside(call.path["id"])
    return found


def _not_set_aside(identifier: str) -> Problem:
    return Problem(404, "No such mail", f"{identifier!r} is not in quarantine", kind="unknown")


def _quarantined(aside: Quarantined) -> QuarantinedMail:
    return documents.quarantined(aside.id, aside.processed)
