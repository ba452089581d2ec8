"""Periodic work: requests that are due, pruning, checks, and the renewal of claims.

Called by `engine.timers`, each function in its period. Each runs a few short transactions.
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
_DUE_REQUESTS = 100
# Outcomes are remembered longer than any request may live, so that an old reply stays a replay.
REMEMBER = timedelta(days=400)
# A caller who repeats a request gets the same answer for a month.
_KEEP_ANSWERS = timedelta(days=30)
# How many waiting mails are made due together; the rest are sent when they are due anyway.
_MOST_JOBS = 100_000


def pass_time(services: Services) -> None:
    """Apply reminders, escalation, expiry and the end of settle times; nothing while the clock is in
    doubt."""
    health = services.health
    if _clock_is_doubted(services):
        return
    before: set[str] = set()
    while True:
        now = services.store.now()
        due = services.store.due_requests(now, _DUE_REQUESTS)
        for request in due:
            services.transactions.run(partial(_time_passed, services, request.id))
        settled = [r.settles_at for r in due if r.settles_at is not None and r.settles_at <= now]
        if settled and health.polled_at() < max(settled):
            services.components.poll_when_due()  # an unread reply may change an answer
        ids = {request.id for request in due}
        if len(due) < _DUE_REQUESTS or ids == before:
            return
        before = ids


def _clock_is_doubted(services: Services) -> bool:
    """Whether the clock is in doubt. A change is reported; when the doubt ends, a poll reads the replies."""
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
    """Commit the current time and deferred audit entries; this also shows whether the store can be
    written."""
    waited = list(services.unlogged)
    services.transactions.run(lambda transaction: Changes(services.context, transaction.now, audit=waited))
    del services.unlogged[: len(waited)]


def check_borders(services: Services) -> None:
    """Check the configured borders, and whether replies are still admitted, against the last mails. Raises
    nothing: headers come from outside, and polling must go on."""
    borders = services.components.rules.borders
    try:
        kept = services.store.headers(results_seen.LAST) if borders else []
        services.reports.borders(results_seen.incidents(kept, borders))
        judged = services.store.replies_since(services.store.now() - refusals.LOOK_BACK, refusals.MOST)
        services.reports.refused(*refusals.refused_in_a_row(judged))
    except StoreFault as fault:
        services.reports.store_failed(fault)
    except Exception:  # noqa: BLE001 - see above
        services.metrics.unhandled("poller")
        _log.exception("bug in a look at the borders")


def find_damage(services: Services) -> None:
    """Read all open requests and jobs, so that damaged rows are reported before they are needed."""
    services.reports.damaged(services.store.damaged_rows(everything_open=True))


def prune(services: Services) -> None:
    """Delete what has exceeded its retention period, slice by slice."""
    settings = services.components.settings
    kept = {part: getattr(settings.retention, part.value) for part in Part}
    kept[Part.SENT_MAILS] = min(kept.values())  # they quote comments and bear addresses
    pruned = 1
    while pruned:
        with services.store.transaction() as transaction:
            now = transaction.now
            pruned = transaction.prune(
                raw_before=now - settings.incoming.keep_raw,
                outcomes_before=now - REMEMBER,
                done_before=now - _KEEP_ANSWERS,
                sent_before=now - kept[Part.SENT_MAILS],
            )
            pruned += transaction.purge({part: now - time for part, time in kept.items()})


def renew_claims(services: Services) -> None:
    """Renew the claims of jobs that are being carried out."""
    services.replaced = [delivery for delivery in services.replaced if delivery.is_alive]
    claims = [c for delivery in services.components.deliveries.values() for c in delivery.claims()]
    claims += [c for delivery in services.replaced for c in delivery.begun_claims()]
    if claims:
        with services.store.transaction() as transaction:
            transaction.renew(claims, LEASE)


def retry_waiting(services: Services) -> None:
    """Mail can be sent again: retry deferred mails at once, and read the replies."""
    waiting = services.store.list_jobs(Queue.OUTBOX, (JobState.DEFERRED,), limit=_MOST_JOBS)
    if waiting:
        with services.store.transaction() as transaction:
            transaction.retry_jobs(Queue.OUTBOX, [job.id for job in waiting])
    services.components.wake(target=OUTGOING, reset_backoff=True)
    services.components.retry_login()  # one password may serve both directions
    services.components.poll_when_due()
