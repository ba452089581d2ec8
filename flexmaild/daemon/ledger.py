"""The one place that commits: store first, then whoever has to know (metrics, journal, waiters, workers)."""

from __future__ import annotations

import structlog

from flexmaild.core.model import Request
from flexmaild.core.work import Change, Queue, Seen
from flexmaild.daemon.waiters import Waiters
from flexmaild.observe.metrics import Metrics
from flexmaild.store import Store

_log = structlog.get_logger("flexmaild")


class Ledger:
    """Commits changes of the loop's thread; raises what `Store.commit` raises, and then nothing was told."""

    def __init__(self, store: Store, metrics: Metrics, waiters: Waiters) -> None:
        self.store = store
        self._metrics = metrics
        self._waiters = waiters
        self._work: set[tuple[Queue, str]] = set()

    def commit(self, change: Change, *, decided: frozenset[str] = frozenset()) -> None:
        """Commit; `decided` names the requests that reached their final state by this change."""
        self.store.commit(change)
        self._work.update((job.queue, job.target) for job in change.jobs)
        for seen in change.seen:
            self._tell_seen(seen)
        for request in change.requests:
            self._tell_request(request, is_decided=request.id in decided)
        self._waiters.tell(request.id for request in change.requests)

    def take_new_work(self) -> set[tuple[Queue, str]]:
        """The (queue, target) pairs that got jobs since the last call."""
        work, self._work = self._work, set()
        return work

    def _tell_seen(self, seen: Seen) -> None:
        self._metrics.mail_received(seen.outcome)
        say = _log.warning if seen.quarantined else _log.info
        say(
            "mail read",
            outcome=seen.outcome.value,
            because=seen.because,
            approval=seen.approval_id,
            sender=seen.sender,
            sha256=seen.sha256[:16],
            uid=seen.mark.uid,
        )

    def _tell_request(self, request: Request, *, is_decided: bool) -> None:
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
