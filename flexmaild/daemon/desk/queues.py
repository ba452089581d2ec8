"""Commands about the outbox, the deliveries and the quarantine: look, retry, hold, release, drop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from flexmaild.control.call import Answer, Call
from flexmaild.control.problems import Problem
from flexmaild.core.ports import Fetched, Mark
from flexmaild.core.timing import iso
from flexmaild.core.work import Job, JobState, Queue
from flexmaild.daemon import results_seen
from flexmaild.daemon.desk.approvals import kept, message_id_for
from flexmaild.daemon.house import House
from flexmaild.daemon.items import Arrived
from flexmaild.daemon.reader import Letter, Reader
from flexmaild.daemon.wiring import sent_mails
from flexmaild.mail.authentication.kept_header import header_of
from flexmaild.mail.authentication.kept_header import kept as kept_header
from flexmaild.mail.parse.header import parse_header
from flexmaild.mail.parse.message import split_header
from flexmaild.store import Quarantined

if TYPE_CHECKING:
    from flexmaild.daemon.desk import Desk

Command = Callable[[House, Call], Answer]
_QUEUES = {"outbox": Queue.OUTBOX, "deliveries": Queue.DELIVERY}
# How long a released mail may take to be judged, seconds.
JUDGE_SECONDS = 30.0


def commands_of(noun: str) -> dict[str, Command]:
    """The commands of one queue, by the names of `control.routes`."""
    queue = _QUEUES[noun]
    return {
        f"{noun}.list": lambda house, call: _listed(house, call, queue),
        f"{noun}.show": lambda house, call: _show(house, call, queue),
        f"{noun}.retry": lambda house, call: _retry(house, call, queue),
        f"{noun}.retry_all": lambda house, call: _retry_all(house, queue),
        f"{noun}.hold": lambda house, call: _hold(house, call, queue),
        f"{noun}.release": lambda house, call: _unhold(house, call, queue),
        f"{noun}.drop": lambda house, call: _drop(house, call, queue),
    }


def show_mail(house: House, call: Call) -> Answer:
    return _show(house, call, Queue.OUTBOX)


def _listed(house: House, call: Call, queue: Queue) -> Answer:
    states = [JobState(call.query["state"])] if call.query.get("state") else None
    limit = int(call.query["limit"])
    found = house.store.list_jobs(queue, states, limit, before=call.query.get("after") or None)
    following = found[-1].id if len(found) == limit else ""
    return Answer(200, {"items": [document(job, call) for job in found], "next": following})


def _show(house: House, call: Call, queue: Queue) -> Answer:
    return Answer(200, document(_found(house, call, queue), call))


def _retry(house: House, call: Call, queue: Queue) -> Answer:
    job = _found(house, call, queue)
    if job.state is JobState.HELD:  # who wants this one tried now wants it released
        house.store.unhold_jobs(queue, [job.id])
    _insist(house.store.retry_jobs(queue, [job.id], house.now()), job, "tried again")
    house.parts.hurry()
    house.dispatcher.wake(job.target)
    return _show(house, call, queue)


def _retry_all(house: House, queue: Queue) -> Answer:
    states = (JobState.FAILED, JobState.DEFERRED)
    waiting = [job.id for job in house.store.list_jobs(queue, states, limit=100_000)]
    changed = house.store.retry_jobs(queue, waiting, house.now()) if waiting else 0
    house.parts.hurry()
    house.dispatcher.wake()
    return Answer(200, {"retried": changed})


def _hold(house: House, call: Call, queue: Queue) -> Answer:
    job = _found(house, call, queue)
    _insist(house.store.hold_jobs(queue, [job.id]), job, "held")
    return _show(house, call, queue)


def _unhold(house: House, call: Call, queue: Queue) -> Answer:
    job = _found(house, call, queue)
    _insist(house.store.unhold_jobs(queue, [job.id]), job, "released")
    house.dispatcher.look_everywhere()
    return _show(house, call, queue)


def _drop(house: House, call: Call, queue: Queue) -> Answer:
    job = _found(house, call, queue)
    _insist(house.store.drop_jobs(queue, [job.id], house.now()), job, "dropped")
    return _show(house, call, queue)


def _found(house: House, call: Call, queue: Queue) -> Job:
    job = house.store.job(call.path["id"])
    if job is None or job.queue is not queue:
        raise Problem(404, "No such job", f"there is no {call.path['id']!r} in this queue", kind="unknown")
    return job


def _insist(changed: int, job: Job, done: str) -> None:
    if not changed:
        detail = f"{job.id} is {job.state.value} and cannot be {done}"
        raise Problem(409, "Not in this state", detail, kind="state", extra={"state": job.state.value})


def quarantine_list(house: House, call: Call) -> Answer:
    limit = int(call.query["limit"])
    found = house.store.list_quarantine(limit, call.query.get("after") or None)
    following = found[-1].id if len(found) == limit else ""
    return Answer(200, {"items": [quarantined(mail) for mail in found], "next": following})


def quarantine_show(house: House, call: Call) -> Answer:
    return Answer(200, quarantined(_set_aside(house, call)))


def quarantine_header(house: House, call: Call) -> Answer:
    """The mail's bytes, none where they are kept no longer; for `quarantine_show_with_results` alone."""
    return Answer(200, house.store.raw(_set_aside(house, call).mail.sha256) or b"")


def quarantine_show_with_results(desk: Desk, call: Call) -> Answer:
    """With its results fields as the settings of now read them, and the settings that would believe them."""
    shown = cast(dict[str, Any], desk.ask("quarantine.show", call).body)
    raw = desk.ask("quarantine.header", call).body
    if not isinstance(raw, bytes) or not raw:
        return Answer(200, {**shown, "results": None})
    header = parse_header(split_header(raw)[0])
    fields = results_seen.fields_of(header_of(kept_header(header)), desk.house.parts.rules)
    found = {"results": results_seen.documents(fields), "proposals": results_seen.proposals([fields])}
    return Answer(200, {**shown, **found})


def quarantine_raw(house: House, call: Call) -> Answer:
    return kept(house, _set_aside(house, call).mail.sha256)


def quarantine_drop(house: House, call: Call) -> Answer:
    shown = quarantined(_set_aside(house, call))
    house.store.drop_quarantine(call.path["id"])
    return Answer(200, shown)


def quarantine_mark_released(house: House, call: Call) -> Answer:
    shown = quarantined(_set_aside(house, call))
    house.store.release_quarantine(call.path["id"])
    return Answer(200, shown)


def quarantine_release(desk: Desk, call: Call) -> Answer:
    """Read the mail again, as the settings are now; it gets an outcome of its own."""
    raw = desk.ask("quarantine.raw", call).body
    assert isinstance(raw, bytes)
    size = cast(dict[str, Any], desk.ask("quarantine.show", call).body)["size"]
    # What was left on the server, and whether text was in it, nobody can say any more: it decides nothing.
    partial = size != len(raw)
    parts = desk.house.parts
    sent = sent_mails(parts.settings, parts.terms.key)
    reader = Reader(parts.rules, lambda fault: None, sent)
    try:
        (reading,) = reader.read([Letter(raw, size, partial=partial, is_cut=partial)])
    finally:
        reader.close()
        sent.close()
    mark = Mark("quarantine", call.path["id"], datetime.now(UTC).isoformat())
    item = Arrived([(Fetched(mark, size, raw), reading)])
    desk.put(item)
    outcome = item.committed.result(JUDGE_SECONDS)[mark]
    # Only now: a crash before leaves it in quarantine, and a second release finds a duplicate.
    shown = cast(dict[str, Any], desk.ask("quarantine.release", call).body)
    return Answer(200, {**shown, "outcome_now": outcome.value})


def _set_aside(house: House, call: Call) -> Quarantined:
    found = house.store.quarantined(call.path["id"])
    if found is None:
        raise Problem(404, "No such mail", f"{call.path['id']!r} is not in quarantine", kind="unknown")
    return found


def quarantined(mail: Quarantined) -> dict[str, Any]:
    seen = mail.mail
    return {
        "id": mail.id,
        "at": iso(seen.at),
        "outcome": seen.outcome.value,
        "because": seen.because,
        "size": seen.size,
        "sha256": seen.sha256,
        "sender": seen.sender,
        "subject": seen.subject,
        "message_id": seen.message_id,
        "approval_id": seen.approval_id,
    }


def document(job: Job, call: Call) -> dict[str, Any]:
    """A job as JSON for callers; what `control.answers.Job` describes."""
    return {
        "id": job.id,
        "state": job.state.value,
        "kind": job.kind,
        "target": job.target,
        "created_at": iso(job.created_at),
        "due_at": iso(job.due_at),
        "done_at": iso(job.done_at),
        "attempt": job.attempt,
        "running": job.running,
        "recipients": list(job.recipients),
        "approval_id": job.approval_id,
        "message_id": message_id_for(call, job),
        "uncertain": job.uncertain,
        "last_reason": job.last_reason,
        "last_error": job.last_error,
        "receipt": job.receipt,
        "key": job.key,
    }
