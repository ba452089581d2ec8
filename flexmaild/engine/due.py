"""What time brings: requests that are due, what is counted and forgotten, claims that are renewed.

Called by `engine.timers`, each function in its period. Each is a few short transactions, so nobody waits.
"""

from datetime import timedelta
from functools import partial

import structlog

from flexmaild.core.approval.events import TimePassed
from flexmaild.core.jobs import OUTGOING
from flexmaild.core.model import Part
from flexmaild.core.work import JobState, Queue
from flexmaild.engine import decide, refusals, results_seen
from flexmaild.engine.changes import Changes
from flexmaild.engine.delivery.delivery import LEASE
from flexmaild.engine.services import Services
from flexmaild.store import StoreFault, Transaction

_log = structlog.get_logger("flexmaild")

# Requests whose time has come, handled in one go.
DUE_REQUESTS = 100
# Outcomes are remembered longer than any request may live, so that an old reply stays a replay.
REMEMBER = timedelta(days=400)
# A caller who repeats a request gets the same answer for a month.
KEEP_ANSWERS = timedelta(days=30)
# How many waiting mails are made due together; those beyond come when their own time has come.
MOST_JOBS = 100_000


def pass_time(services: Services) -> None:
    """Requests that are due: reminders, escalation, expiry, the end of a settle time. None is while the clock
    cannot be right."""
    health = services.health
    if _clock_is_doubted(services):
        return
    before: set[str] = set()
    while True:
        now = services.store.now()
        due = services.store.due_requests(now, DUE_REQUESTS)
        for request in due:
            services.transactions.run(partial(_time_passed, services, request.id))
        settled = [r.settles_at for r in due if r.settles_at is not None and r.settles_at <= now]
        if settled and health.polled_at() < max(settled):
            services.components.poll_when_due()  # somebody's change of mind may lie unread
        ids = {request.id for request in due}
        if len(due) < DUE_REQUESTS or ids == before:
            return
        before = ids


def _clock_is_doubted(services: Services) -> bool:
    """Tells when that begins and ends; what came meanwhile is read when it has ended."""
    health, is_doubted = services.health, services.clock.doubt() is not None
    if is_doubted is not health.clock_doubted:
        health.clock_doubted = is_doubted
        services.reports.look()
        if not is_doubted:
            services.components.poll_when_due()
    return is_doubted


def _time_passed(services: Services, identifier: str, transaction: Transaction) -> Changes:
    passed = TimePassed(services.health.read_at())
    return decide.event(transaction, services.context, identifier, passed)


def write_time(services: Services) -> None:
    """It keeps the time, shows whether the store can be written, and writes the entries that waited."""
    waited = list(services.unlogged)
    services.transactions.run(lambda transaction: Changes(services.context, transaction.now, audit=waited))
    del services.unlogged[: len(waited)]


def check_borders(services: Services) -> None:
    """Hold the borders of the settings in force against the last mails, and look whether any sender is still
    believed. Raises nothing: the headers are
    strangers', and what reads mails must go on."""
    borders = services.components.rules.borders
    try:
        kept = services.store.headers(results_seen.LAST) if borders else []
        services.reports.borders(results_seen.incidents(kept, borders))
        judged = services.store.judged(services.store.now() - refusals.LOOK_BACK, refusals.MOST)
        services.reports.refused(*refusals.refused_in_a_row(judged))
    except StoreFault as fault:
        services.reports.store_failed(fault)
    except Exception:  # noqa: BLE001 - see above
        services.metrics.unhandled("poller")
        _log.exception("bug in a look at the borders")


def find_damage(services: Services) -> None:
    """Read all that is not over: what is damaged of it is told before it is needed."""
    services.reports.damaged(services.store.damaged_rows(everything_open=True))


def prune(services: Services) -> None:
    """Forget what was kept long enough, slice by slice."""
    settings = services.components.settings
    kept = {part: getattr(settings.retention, part.value) for part in Part}
    pruned = 1
    while pruned:
        with services.store.transaction() as transaction:
            now = transaction.now
            pruned = transaction.prune(
                raw_before=now - settings.incoming.keep_raw,
                outcomes_before=now - REMEMBER,
                done_before=now - KEEP_ANSWERS,
                sent_before=now - min(kept.values()),
            )
            pruned += transaction.purge({part: now - time for part, time in kept.items()})


def renew_claims(services: Services) -> None:
    """What is being carried out stays claimed, however long it takes."""
    services.replaced = [delivery for delivery in services.replaced if delivery.is_alive]
    claims = [c for delivery in services.components.deliveries.values() for c in delivery.claims()]
    claims += [c for delivery in services.replaced for c in delivery.begun_claims()]
    if claims:
        with services.store.transaction() as transaction:
            transaction.renew(claims, LEASE)


def retry_waiting(services: Services) -> None:
    """Mail goes out again: what waits for it need not wait for a pause that has grown, and the replies are
    read."""
    waiting = services.store.list_jobs(Queue.OUTBOX, (JobState.DEFERRED,), limit=MOST_JOBS)
    if waiting:
        with services.store.transaction() as transaction:
            transaction.retry_jobs(Queue.OUTBOX, [job.id for job in waiting])
    services.components.wake(target=OUTGOING, reset_backoff=True)
    services.components.retry_login()  # one password may serve both ways
    services.components.poll_when_due()
