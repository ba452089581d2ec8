"""Prepare, transaction, publish: commits what an event changes, in the thread that received the event.

`Transactions.run` asks a function of `engine.decide` what an event means, in a transaction that sees the
newest state and tells the time, and commits the whole answer or nothing; then `publish` notifies delivery
threads, waiting callers and reports. What is slow or may fail is done before; nothing but the store's I/O
happens inside. Callable from any thread.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import structlog

from flexmaild.core.left_in_folder import LeftMail
from flexmaild.core.model import Request
from flexmaild.core.work import ProcessedMail, Queue
from flexmaild.engine.changes import Changes
from flexmaild.engine.reports import Reports
from flexmaild.engine.waiters import EVERYTHING, Waiters
from flexmaild.observe.metrics import Metrics
from flexmaild.store import Store, StoreFault, Transaction
from flexmaild.store.engine import TURN_SECONDS

_log = structlog.get_logger("flexmaild")

# (queue, target) pairs that have got work.
Targets = Iterable[tuple[Queue, str]]


class Transactions:
    """wake: called with the targets that got jobs; set by `daemon.assembly`."""

    def __init__(self, store: Store, metrics: Metrics, waiters: Waiters, reports: Reports) -> None:
        self._store = store
        self._metrics = metrics
        self._waiters = waiters
        self._reports = reports
        self.wake: Callable[[Targets], None] = lambda targets: None

    def run(self, decide: Callable[[Transaction], Changes], seconds: float = TURN_SECONDS) -> Changes:
        """seconds: how long it may wait for its turn.

        Raises what `Store.transaction` and `decide` raise; then nothing was changed, now or later.
        """
        try:
            with self._store.transaction(seconds) as transaction:
                changes = decide(transaction)
                transaction.write(changes.change())
        except StoreFault as fault:
            self.failed(fault)
            raise
        self._publish(changes)
        return changes

    def failed(self, fault: StoreFault) -> None:
        """The store failed, in a transaction or elsewhere."""
        self._reports.store_failed(fault)

    def _publish(self, changes: Changes) -> None:
        """Notify and report. A bug here undoes nothing: it costs a log line or a count."""
        self._safely(self.wake, {(job.queue, job.target) for job in changes.jobs})
        self._safely(self._waiters.notify, (*changes.changed, EVERYTHING))
        self._safely(self._reports.store_works)
        for processed in changes.processed:
            self._safely(self._report_seen, processed)
        judged = {processed.uid for processed in changes.processed}
        for left in changes.left:
            if left.uid not in judged:
                self._safely(self._report_left, left)
        for identifier in changes.changed:
            self._safely(self._report_request, changes.requests[identifier], identifier in changes.decided)
        for job, end in changes.ended:
            self._safely(self._reports.job_ended, job, end)

    def _safely(self, step: Callable[..., None], *values: Any) -> None:
        try:
            step(*values)
        except Exception:  # noqa: BLE001 - see above
            with suppress(Exception):
                self._metrics.unhandled("publish")
                _log.exception("bug after a commit; what was committed stays")

    def _report_seen(self, processed: ProcessedMail) -> None:
        self._metrics.mail_received(processed.outcome)
        say = _log.warning if processed.quarantined else _log.info
        say(
            "mail read",
            outcome=processed.outcome.value,
            because=processed.because,
            approval=processed.approval_id,
            sender=processed.mail.sender,
            sha256=processed.mail.sha256[:16],
            uid=processed.uid.uid,
        )

    def _report_left(self, left: LeftMail) -> None:
        """Log none of the mail's content: it is not ours."""
        self._metrics.mail_received(left.outcome)
        _log.info(
            "mail left in the folder", outcome=left.outcome.value, approval=left.named, uid=left.uid.uid
        )

    def _report_request(self, request: Request, is_decided: bool) -> None:
        if request.version == 0:
            _log.info("approval requested", approval=request.id, approvers=len(request.terms.approvers))
        if not is_decided or request.decided_at is None:
            return
        self._metrics.decision(request.state, (request.decided_at - request.created_at).total_seconds())
        _log.info(
            "approval decided",
            approval=request.id,
            state=request.state.value,
            by=list(request.decided_by),
            because=request.decided_because,
        )
