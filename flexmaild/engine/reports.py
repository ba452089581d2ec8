"""Reports events to metrics, health, incidents and the log; the log gets only what is new.

Called after commits, polls, token changes and reloads, and by the API, the health endpoint and the
supervisor, from any thread. Changes nothing in the store.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import structlog

from flexmaild.core.errors import Reason
from flexmaild.core.jobs import OUTGOING
from flexmaild.core.model import MailKind, State
from flexmaild.core.work import Job, JobEnd, JobState, Queue
from flexmaild.oauth.grants import ApplicationState, ApplicationStatus
from flexmaild.observe.conditions import conditions, damaged_row, replies_refused
from flexmaild.observe.health import Health, PollEnded
from flexmaild.observe.incidents import Condition, Incident, Incidents, Kind, not_ready
from flexmaild.observe.metrics import Metrics
from flexmaild.store import Counts, Damage, DamagedRow, StoreBusy, StoreConflict, StoreFault
from flexmaild.system.clock import Clock
from flexmaild.system.notify import Manager

_log = structlog.get_logger("flexmaild")


class Reports:
    """outgoing: the transport in force, for metrics. tokens: how the OAuth applications stand. on_recovery is
    called when mail goes out again after an outage, or an application gets tokens again."""

    def __init__(self, clock: Clock, metrics: Metrics, health: Health, manager: Manager) -> None:
        self._clock = clock
        self._metrics = metrics
        self._health = health
        self._manager = manager
        self._incidents = Incidents()
        self._applications: tuple[ApplicationStatus, ...] = ()
        self._without_token: frozenset[str] = frozenset()
        self._lock = threading.RLock()
        self.outgoing = ""
        self.tokens: Callable[[], list[ApplicationStatus]] = list
        self.on_recovery: Callable[[], None] = lambda: None

    def applications(self) -> None:
        """Refresh the states of the OAuth applications. This may read files, so it holds no lock."""
        found = tuple(self.tokens())
        with self._lock:
            self._applications = found
            self.look()

    def settings_read(self, fault: str) -> None:
        """The settings were read again; fault: why they are not in force, empty when they are."""
        with self._lock:
            self._health.settings_fault = fault
            self.look()

    def look(self) -> tuple[Incident, ...]:
        """The open incidents, oldest first; logs those that began, changed or ended. Does no I/O, so that
        the supervisor and readiness checks wait for no disk and no server."""
        with self._lock:
            found = list(conditions(self._health, self._applications))
            news = self._incidents.look(found, self._clock.now())
            for incident in news.began + news.changed:
                shown = {"reason": incident.condition.cause, "since": str(incident.since)}
                _log.error("incident", **_log_fields(incident), **shown, cure=incident.condition.cure)
            for incident in news.ended:
                seconds = round((self._clock.now() - incident.since).total_seconds())
                count = incident.condition.count
                _log.info("incident is over", **_log_fields(incident), count=count, seconds=seconds)
            self._metrics.incidents(one.condition.kind for one in self._incidents.open())
            self._resume_after_tokens()
            return self._incidents.open()

    def job_ended(self, job: Job, end: JobEnd) -> None:
        """Report one finished try to metrics, health and the log."""
        words = {"job": job.id, "kind": job.kind, "target": job.target, "approval": job.approval_id}
        if end.result == "overtaken":
            _log.info("job not needed any more", **words, because=end.error)
            return
        reason = Reason(end.reason) if end.reason else None
        if end.result != "ok":
            self.applications()  # one of them may be what failed
        with self._lock:
            if job.queue is Queue.DELIVERY:
                self._metrics.delivery_ended(job.target, reason)
            elif end.result == "ok":
                self._metrics.mail_sent(self.outgoing, MailKind(job.kind))
            else:
                self._metrics.mail_failed(self.outgoing, reason or Reason.OTHER)
            if end.result == "ok":
                before = self._health.target_succeeded(job.target)
                _log.info("job done", **words, receipt=end.receipt, refused=len(end.refused))
                if before.closed and job.target == OUTGOING:
                    self.on_recovery()
            else:
                is_news = self._health.target_failed(job.target, end.error, end.reason, end.closed)
                self._log_failure(end, words, is_news=is_news)
            self.look()

    def _log_failure(self, end: JobEnd, words: dict[str, str], *, is_news: bool) -> None:
        """Log a failed job. A target that fails is an incident; of equal failures only the first is a
        warning."""
        if end.result == "later":
            say = _log.warning if is_news else _log.debug
            say("job failed, tried again", **words, fault=end.error, at=str(end.again_at))
        else:
            _log.error("job given up", **words, fault=end.error)

    def poll_ended(self, ended: PollEnded) -> None:
        """Report a poll to metrics and health, and log it when mails were read; a failure is an incident."""
        failed = Reason(ended.reason) if ended.reason else None
        at = self._clock.now().timestamp()
        if ended.fault:
            self.applications()
        with self._lock:
            self._health.poll_ended(ended)
            self._metrics.poll_ended(ended.transport, seconds=ended.seconds, at=at, failed=failed)
            self._metrics.mails_deleted(ended.deleted)
            if ended.folder is not None:
                self._metrics.mailbox(max(0, ended.folder.messages - ended.deleted))
            self.look()
        if ended.fault:
            _log.debug("reading replies failed", transport=ended.transport, fault=ended.fault)
        elif ended.read:
            _log.info("replies read", transport=ended.transport, mails=ended.read, deleted=ended.deleted)

    def store_failed(self, fault: StoreFault) -> None:
        """Open an incident until a transaction succeeds again."""
        if isinstance(fault, StoreConflict | DamagedRow):
            _log.error("store", fault=str(fault))
            return
        kind = Kind.STORE_LOCKED if isinstance(fault, StoreBusy) else Kind.DISK
        with self._lock:
            self._health.store_fault = Condition(
                kind, "store", f"store: {fault}", fault.cure, cause=type(fault).__name__, stops=True
            )
            self.look()

    def store_works(self) -> None:
        """Close the store's incident: a transaction succeeded."""
        if self._health.store_fault is None:
            return
        with self._lock:
            self._health.store_fault = None
            self.look()

    def borders(self, processed: Iterable[tuple[str, str, str]]) -> None:
        """The borders of the settings that match none of the last mails, as subject, sentence and cure."""
        with self._lock:
            found = tuple(Condition(Kind.BORDER_UNMATCHED, *one) for one in processed)
            self._health.unmatched_borders = found
            self.look()

    def refused(self, number: int, reason: str, said: str) -> None:
        """How many replies in a row were refused for their senders' proof; 0 closes the incident."""
        with self._lock:
            self._health.replies_refused = replies_refused(number, reason, said) if number else None
            self.look()

    def damaged(self, found: Sequence[Damage]) -> None:
        """The rows of the store that cannot be read now."""
        with self._lock:
            self._health.damaged_rows = tuple(damaged_row(one.table, one.number, one.ids) for one in found)
            self.look()

    def counted(self, counts: Counts, beats: Mapping[str, datetime]) -> None:
        """Set the gauges and the service manager's status line. beats: the time of each component's
        heartbeat."""
        self._health.open_requests = counts.requests.get(State.PENDING, 0)
        self._health.given_up = _by_target(counts, JobState.FAILED)
        open_jobs = _by_target(counts, JobState.QUEUED, JobState.DEFERRED, JobState.HELD, JobState.FAILED)
        waits = _by_target(counts, JobState.QUEUED, JobState.DEFERRED)
        known = {OUTGOING, *self._health.targets}
        self._health.orphaned = {target: n for target, n in waits.items() if target not in known}
        outbox: Counter[JobState] = Counter()
        sinks: dict[str, Counter[JobState]] = {}
        for (queue, target, state), number in counts.jobs.items():
            (outbox if queue is Queue.OUTBOX else sinks.setdefault(target, Counter()))[state] += number
        self._metrics.job_counts(outbox, sinks)
        self._metrics.approval_counts(counts.requests)
        self._metrics.quarantined(counts.quarantined)
        for component, at in beats.items():
            self._metrics.heartbeat(component, at.timestamp())
        with self._lock:
            self._health.forget_idle(
                target for target in list(self._health.target_health) if not open_jobs[target]
            )
        self.applications()
        for status in self._applications:
            expires = 0.0 if status.expires_at is None else status.expires_at.timestamp()
            self._metrics.token_expires(status.application, expires)
        waiting = outbox[JobState.QUEUED] + outbox[JobState.DEFERRED]
        reasons = not_ready(self.look())
        ready = f"not ready: {reasons[0]}" if reasons else "ready"
        self._manager.status(f"{ready}; outbox {waiting}, quarantined {counts.quarantined}")

    def _resume_after_tokens(self) -> None:
        """Call `on_recovery` when an application gets tokens again."""
        without = {one.application for one in self._applications if one.state is not ApplicationState.READY}
        recovered = self._without_token - without
        self._without_token = frozenset(without)
        if recovered:
            self.on_recovery()


def _log_fields(incident: Incident) -> dict[str, str]:
    condition = incident.condition
    return {"kind": condition.kind.value, "subject": condition.subject, "said": condition.said}


def _by_target(counts: Counts, *states: JobState) -> Counter[str]:
    """Jobs in one of these states."""
    found: Counter[str] = Counter()
    for (_, target, state), number in counts.jobs.items():
        if state in states:
            found[target] += number
    return found
