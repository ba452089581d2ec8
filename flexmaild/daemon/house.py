"""Everything the loop and the desk work with. `parts` is the only thing a reload swaps.

Owned by the loop's thread; other threads may read `health`, `parts`, `waiters` and `metrics`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from flexmaild.core.errors import Reason
from flexmaild.core.jobs import OUTGOING
from flexmaild.core.model import MailKind, State
from flexmaild.core.work import Idempotent, Job, JobEnd, JobState, Queue
from flexmaild.daemon import results_seen
from flexmaild.daemon.clock import Clock, Led, Sentry
from flexmaild.daemon.dispatch import Dispatcher
from flexmaild.daemon.health import Health
from flexmaild.daemon.items import PollEnded, Reloaded
from flexmaild.daemon.judge import Draft
from flexmaild.daemon.ledger import Ledger
from flexmaild.daemon.parts import Parts
from flexmaild.daemon.sign_ins import SignIns
from flexmaild.daemon.systemd import Manager
from flexmaild.daemon.troubles import Troubles
from flexmaild.daemon.waiters import Waiters
from flexmaild.net.grants import ApplicationState, ApplicationStatus
from flexmaild.observe.logs import Logs
from flexmaild.observe.metrics import Metrics
from flexmaild.store import Counts, Store, StoreConflict

if TYPE_CHECKING:
    from flexmaild.control.call import Answer, Call

_log = structlog.get_logger("flexmaild")

# How many times a change is made anew when another machine changed the same request meanwhile.
CONFLICTS = 5
# Outcomes are remembered longer than any request may live, so that an old reply stays a replay.
REMEMBER = timedelta(days=400)
# Finished jobs stay visible for a month.
KEEP_JOBS = timedelta(days=30)
# The way in among the ways of `Troubles`; targets of jobs are the others.
REPLIES = "replies"
# How many waiting mails are made due together; those beyond come when their own time has come.
MOST_JOBS = 100_000


@dataclass(slots=True)
class House:
    clock: Clock
    sentry: Sentry
    led: Led
    store: Store
    metrics: Metrics
    manager: Manager
    health: Health
    ledger: Ledger
    dispatcher: Dispatcher
    waiters: Waiters
    parts: Parts
    watchdog_seconds: float | None
    sign_ins: SignIns
    journal: Logs
    answer: Callable[[str, Call], Answer]
    reload: Callable[[str], Reloaded]
    troubles: Troubles = field(default_factory=Troubles)
    counts: Counts = field(default_factory=lambda: Counts({}, {}, 0))

    def now(self) -> datetime:
        """The wall clock, never before what it once was (threat: a clock set back revives old requests);
        while it is behind that, time goes on from there, so that nothing waits until it has caught up."""
        return self.led.lead(self.store.high_water(max(self.sentry.now(), self.led.now())))

    def commit_draft(
        self,
        make: Callable[[], Draft | None],
        remember: Callable[[Draft], Idempotent | None] = lambda draft: None,
    ) -> Draft | None:
        """Make a draft and commit it; made anew when its requests were changed meanwhile.

        `remember` gives the answer that is kept, in the same transaction, for the caller's Idempotency-Key.
        """
        for tries in range(CONFLICTS):
            draft = make()
            if draft is None:
                return None
            try:
                change = replace(draft.change(), idempotent=remember(draft))
                self.ledger.commit(change, decided=frozenset(draft.decided))
                return draft
            except StoreConflict:
                if tries == CONFLICTS - 1:
                    raise
        return None

    def tell_job_end(self, job: Job, end: JobEnd) -> None:
        """Metrics, health and journal of one finished try."""
        words = {"job": job.id, "kind": job.kind, "target": job.target, "approval": job.approval_id}
        if end.result == "overtaken":
            _log.info("job not needed any more", **words, because=end.error)
            return
        reason = Reason(end.reason) if end.reason else None
        if job.queue is Queue.DELIVERY:
            self.metrics.delivery_ended(job.target, reason)
        elif end.result == "ok":
            self.metrics.mail_sent(self.parts.settings.outgoing.transport, MailKind(job.kind))
        else:
            self.metrics.mail_failed(self.parts.settings.outgoing.transport, reason or Reason.OTHER)
        self.health.way_ended(job.target, "" if end.result == "ok" else end.error)
        if end.result == "ok":
            self.tell_open(job.target)
            _log.info("job done", **words, receipt=end.receipt, refused=len(end.refused))
        elif end.result == "later":
            is_news = self._tell_failed(job.target, end.reason, end.error, end.closed)
            say = _log.debug if end.closed or not is_news else _log.warning
            say("job failed, tried again", **words, fault=end.error, at=str(end.again_at))
        else:
            _log.error("job given up", **words, fault=end.error)

    def look_at_borders(self) -> None:
        """Hold the borders of the settings in force against the last mails."""
        borders = self.parts.rules.borders
        kept = self.store.headers(results_seen.LAST) if borders else []
        new = self.health.incidents.see(
            "border_unmatched", self.clock.now(), results_seen.incidents(kept, borders)
        )
        for incident in new:
            _log.error(
                "a border of the settings matches nothing", border=incident.subject, said=incident.said
            )
        self.metrics.incidents(one.kind for one in self.health.incidents.open())

    def tell_poll_end(self, ended: PollEnded) -> None:
        """The journal's line about a poll: only the first of equal failures is worth one."""
        if ended.fault:
            self._tell_failed(REPLIES, ended.reason, ended.fault, ended.step or ended.reason)
            _log.debug("reading replies failed", transport=ended.transport, fault=ended.fault)
            return
        self.tell_open(REPLIES)
        if ended.read:
            _log.info("replies read", transport=ended.transport, mails=ended.read, deleted=ended.deleted)

    def _tell_failed(self, way: str, reason: str, fault: str, closed: str) -> bool:
        """Says once that a way is closed; True when this trouble is news. What ails an OAuth application is
        told of the application, once for everything that needs it."""
        is_news = self.troubles.failed(way, f"{reason} {closed}", self.clock.steady(), closed=bool(closed))
        told = any(status.error in fault for status in self.tell_applications())
        if closed and is_news and not told:
            _log.error("a way is closed, it is tried again", way=way, reason=reason, fault=fault)
        return is_news

    def tell_open(self, way: str) -> None:
        """A way was passed; a line only when it had been closed."""
        trouble = self.troubles.over(way)
        if trouble is not None:
            seconds = round(self.clock.steady() - trouble.since)
            _log.info("a way is open again", way=way, failed_tries=trouble.tries, seconds=seconds)
            if trouble.closed and way == OUTGOING:
                self._mails_again()
            self.tell_applications()

    def tell_applications(self) -> list[ApplicationStatus]:
        """A line for each OAuth application that stands otherwise than before; returns those in trouble. What
        waited for an application that is well again is tried at once."""
        statuses = self.parts.tokens.status() if self.parts.tokens else []
        for status in statuses:
            before = self.troubles.changed(status)
            if before is None:
                continue
            words = {"application": status.application, "state": status.state.value}
            if status.state is ApplicationState.READY:
                _log.info("an OAuth application is well again", **words, account=status.account)
                self.try_again()
            else:
                say = _log.warning if status.state is ApplicationState.DEGRADED else _log.error
                fault = {"code": status.error_code, "fault": status.error, "cure": status.cure}
                say("an OAuth application gets no token", **words, **fault)
        return [status for status in statuses if status.state is not ApplicationState.READY]

    def try_again(self) -> None:
        """The cure was applied: mails that wait are due now, and the replies are read."""
        self._mails_again()
        self.parts.poll()

    def _mails_again(self) -> None:
        """The way out is open again: what waits for it need not wait for a pause that has grown meanwhile."""
        waiting = self.store.list_jobs(Queue.OUTBOX, (JobState.DEFERRED,), limit=MOST_JOBS)
        if waiting:
            self.store.retry_jobs(Queue.OUTBOX, [job.id for job in waiting], self.now())
        self.dispatcher.wake(OUTGOING)

    def count(self) -> None:
        """Refresh the gauges and the service manager's status line."""
        self.counts = counts = self.store.counts()
        self.health.open_requests = counts.requests.get(State.PENDING, 0)
        outbox: Counter[JobState] = Counter()
        sinks: dict[str, Counter[JobState]] = {}
        for (queue, target, state), number in counts.jobs.items():
            (outbox if queue is Queue.OUTBOX else sinks.setdefault(target, Counter()))[state] += number
        self.metrics.job_counts(outbox, sinks)
        self.metrics.approval_counts(counts.requests)
        self.metrics.quarantined(counts.quarantined)
        self._count_beats()
        self._count_tokens()
        self.manager.status(self._status_line(outbox))

    def prune(self, now: datetime) -> bool:
        """Forget a slice of what is old; True while there may be more."""
        keep_raw = self.parts.settings.incoming.keep_raw
        pruned = self.store.prune(
            raw_before=now - keep_raw, seen_before=now - REMEMBER, done_before=now - KEEP_JOBS
        )
        return pruned > 0

    def failed_jobs(self) -> int:
        return sum(n for (_, _, state), n in self.counts.jobs.items() if state is JobState.FAILED)

    def beats(self) -> Mapping[str, float]:
        """Wall time (seconds since the epoch) of each component's last sign of life."""
        offset = self.clock.now().timestamp() - self.clock.steady()
        return {component: at + offset for component, at in list(self.health.beats.items())}

    def _count_beats(self) -> None:
        for component, at in self.beats().items():
            self.metrics.heartbeat(component, at)

    def _count_tokens(self) -> None:
        tokens = self.parts.tokens
        for status in tokens.status() if tokens else ():
            at = 0.0 if status.expires_at is None else status.expires_at.timestamp()
            self.metrics.token_expires(status.application, at)

    def _status_line(self, outbox: Counter[JobState]) -> str:
        waiting = outbox[JobState.QUEUED] + outbox[JobState.DEFERRED]
        reasons = self.health.not_ready()
        state = f"not ready: {reasons[0]}" if reasons else "ready"
        return f"{state}; outbox {waiting}, quarantined {self.counts.quarantined}"
