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
from flexmaild.core.model import MailKind
from flexmaild.core.work import Idempotent, Job, JobEnd, JobState, Queue
from flexmaild.daemon.clock import Clock, Sentry
from flexmaild.daemon.dispatch import Dispatcher
from flexmaild.daemon.health import Health
from flexmaild.daemon.items import Reloaded
from flexmaild.daemon.judge import Draft
from flexmaild.daemon.ledger import Ledger
from flexmaild.daemon.parts import Parts
from flexmaild.daemon.sign_ins import SignIns
from flexmaild.daemon.systemd import Manager
from flexmaild.daemon.waiters import Waiters
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


@dataclass(slots=True)
class House:
    clock: Clock
    sentry: Sentry
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
    counts: Counts = field(default_factory=lambda: Counts({}, {}, 0, {}))

    def now(self) -> datetime:
        """The wall clock, never before what it once was (threat: a clock set back revives old requests)."""
        return self.store.high_water(self.sentry.now())

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
        reason = Reason(end.reason) if end.reason else None
        if job.queue is Queue.DELIVERY:
            self.metrics.delivery_ended(job.target, reason)
        elif end.result == "ok":
            self.metrics.mail_sent(self.parts.settings.outgoing.transport, MailKind(job.kind))
        else:
            self.metrics.mail_failed(self.parts.settings.outgoing.transport, reason or Reason.OTHER)
        self.health.way_ended(job.target, "" if end.result == "ok" else end.error)
        words = {"job": job.id, "kind": job.kind, "target": job.target, "approval": job.approval_id}
        if end.result == "ok":
            _log.info("job done", **words, receipt=end.receipt, refused=len(end.refused))
        elif end.result == "later":
            _log.warning("job failed, tried again", **words, fault=end.error, at=str(end.again_at))
        else:
            _log.error("job given up", **words, fault=end.error)

    def count(self) -> None:
        """Refresh the gauges and the service manager's status line."""
        self.counts = counts = self.store.counts()
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
        if self.parts.tokens is None:
            return
        for application in self.parts.tokens.status():
            if application.expires_at is not None:
                self.metrics.token_expires(application.application, application.expires_at.timestamp())

    def _status_line(self, outbox: Counter[JobState]) -> str:
        waiting = outbox[JobState.QUEUED] + outbox[JobState.DEFERRED]
        reasons = self.health.not_ready()
        state = f"not ready: {reasons[0]}" if reasons else "ready"
        return f"{state}; outbox {waiting}, quarantined {self.counts.quarantined}"
