"""What happened, told: to metrics, to health and to the journal, where only news is worth a line.

Called by `engine.transaction` after a commit, by the poller at the end of a poll and by the thread that keeps
tokens fresh; by any thread, one at a time. Changes nothing that is kept.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import structlog

from flexmaild.core.errors import Reason
from flexmaild.core.jobs import OUTGOING
from flexmaild.core.model import MailKind, State
from flexmaild.core.work import Job, JobEnd, JobState, Queue
from flexmaild.net.grants import ApplicationState, ApplicationStatus
from flexmaild.observe.health import Health, PollEnded
from flexmaild.observe.metrics import Metrics
from flexmaild.observe.troubles import Troubles
from flexmaild.store import Counts, StoreConflict, StoreFault
from flexmaild.system.clock import Clock
from flexmaild.system.notify import Manager

_log = structlog.get_logger("flexmaild")

# The way in among the ways of `Troubles`; targets of jobs are the others.
REPLIES = "replies"


class Reports:
    """outgoing: the transport in force, for metrics. tokens: how the OAuth applications stand. on_recovery is
    called when mail goes out again after an outage, or an application gets tokens again."""

    def __init__(self, clock: Clock, metrics: Metrics, health: Health, manager: Manager) -> None:
        self._clock = clock
        self._metrics = metrics
        self._health = health
        self._manager = manager
        self._troubles = Troubles()
        self._lock = threading.RLock()
        self.outgoing = ""
        self.tokens: Callable[[], list[ApplicationStatus]] = list
        self.on_recovery: Callable[[], None] = lambda: None

    def job_ended(self, job: Job, end: JobEnd) -> None:
        """Metrics, health and journal of one finished try."""
        words = {"job": job.id, "kind": job.kind, "target": job.target, "approval": job.approval_id}
        if end.result == "overtaken":
            _log.info("job not needed any more", **words, because=end.error)
            return
        reason = Reason(end.reason) if end.reason else None
        with self._lock:
            if job.queue is Queue.DELIVERY:
                self._metrics.delivery_ended(job.target, reason)
            elif end.result == "ok":
                self._metrics.mail_sent(self.outgoing, MailKind(job.kind))
            else:
                self._metrics.mail_failed(self.outgoing, reason or Reason.OTHER)
            self._health.way_ended(job.target, "" if end.result == "ok" else end.error)
            if end.result == "ok":
                self._passed(job.target)
                _log.info("job done", **words, receipt=end.receipt, refused=len(end.refused))
            elif end.result == "later":
                is_news = self._failed(job.target, end.reason, end.error, end.closed)
                say = _log.debug if end.closed or not is_news else _log.warning
                say("job failed, tried again", **words, fault=end.error, at=str(end.again_at))
            else:
                _log.error("job given up", **words, fault=end.error)

    def poll_ended(self, ended: PollEnded) -> None:
        """Metrics, health, and a line: of equal failures only the first is worth one."""
        failed = Reason(ended.reason) if ended.reason else None
        at = self._clock.now().timestamp()
        with self._lock:
            self._health.poll_ended(ended)
            self._metrics.poll_ended(ended.transport, seconds=ended.seconds, at=at, failed=failed)
            self._metrics.mails_deleted(ended.deleted)
            if ended.folder is not None:
                self._metrics.mailbox(max(0, ended.folder.messages - ended.deleted))
            if ended.fault:
                self._failed(REPLIES, ended.reason, ended.fault, ended.step or ended.reason)
                _log.debug("reading replies failed", transport=ended.transport, fault=ended.fault)
                return
            self._passed(REPLIES)
        if ended.read:
            _log.info("replies read", transport=ended.transport, mails=ended.read, deleted=ended.deleted)

    def store_failed(self, fault: StoreFault) -> None:
        """Said once, and kept for readiness and status until something can be written again."""
        with self._lock:
            if self._health.store_fault != str(fault):
                _log.error("store", fault=str(fault))
            if not isinstance(fault, StoreConflict):
                self._health.store_fault = str(fault)

    def store_works(self) -> None:
        """Something was written; only that shows that a fault is over."""
        if not self._health.store_fault:
            return
        with self._lock:
            self._health.store_fault = ""
        _log.info("store writes again")

    def borders(self, seen: Iterable[tuple[str, str, str]]) -> None:
        """The borders of the settings that match none of the last mails, as subject, sentence and cure."""
        with self._lock:
            for incident in self._health.incidents.see("border_unmatched", self._clock.now(), seen):
                said = "a border of the settings matches nothing"
                _log.error(said, border=incident.subject, said=incident.said)
            self._metrics.incidents(one.kind for one in self._health.incidents.open())

    def applications(self) -> list[ApplicationStatus]:
        """A line for each OAuth application that stands otherwise than before; returns those in trouble."""
        with self._lock:
            return self._applications()

    def counted(self, counts: Counts, beats: Mapping[str, datetime]) -> None:
        """Set the gauges, and the service manager's status line. beats: when each sign of life came."""
        self._health.open_requests = counts.requests.get(State.PENDING, 0)
        outbox: Counter[JobState] = Counter()
        sinks: dict[str, Counter[JobState]] = {}
        for (queue, target, state), number in counts.jobs.items():
            (outbox if queue is Queue.OUTBOX else sinks.setdefault(target, Counter()))[state] += number
        self._metrics.job_counts(outbox, sinks)
        self._metrics.approval_counts(counts.requests)
        self._metrics.quarantined(counts.quarantined)
        for component, at in beats.items():
            self._metrics.heartbeat(component, at.timestamp())
        for status in self.tokens():
            expires = 0.0 if status.expires_at is None else status.expires_at.timestamp()
            self._metrics.token_expires(status.application, expires)
        waiting = outbox[JobState.QUEUED] + outbox[JobState.DEFERRED]
        reasons = self._health.not_ready()
        ready = f"not ready: {reasons[0]}" if reasons else "ready"
        self._manager.status(f"{ready}; outbox {waiting}, quarantined {counts.quarantined}")

    def _failed(self, way: str, reason: str, fault: str, closed: str) -> bool:
        """Says once that a way is closed; True when this trouble is news. The trouble of an OAuth application
        is told of the application, once for everything that needs it."""
        is_news = self._troubles.failed(way, f"{reason} {closed}", self._clock.steady(), closed=bool(closed))
        told = any(status.error in fault for status in self._applications())
        if closed and is_news and not told:
            _log.error("a way is closed, it is tried again", way=way, reason=reason, fault=fault)
        return is_news

    def _passed(self, way: str) -> None:
        """A way was passed; a line only when it had been closed."""
        trouble = self._troubles.over(way)
        if trouble is not None:
            seconds = round(self._clock.steady() - trouble.since)
            _log.info("a way is open again", way=way, failed_tries=trouble.tries, seconds=seconds)
            if trouble.closed and way == OUTGOING:
                self.on_recovery()
            self._applications()

    def _applications(self) -> list[ApplicationStatus]:
        statuses = self.tokens()
        for status in statuses:
            if self._troubles.changed(status) is None:
                continue
            words = {"application": status.application, "state": status.state.value}
            if status.state is ApplicationState.READY:
                _log.info("an OAuth application is well again", **words, account=status.account)
                self.on_recovery()
            else:
                say = _log.warning if status.state is ApplicationState.DEGRADED else _log.error
                fault = {"code": status.error_code, "fault": status.error, "cure": status.cure}
                say("an OAuth application gets no token", **words, **fault)
        return [status for status in statuses if status.state is not ApplicationState.READY]
