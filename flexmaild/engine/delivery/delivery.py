"""The threads that carry out jobs: each claims due jobs of its target, tries each once, records the ends.

A delivery thread does not know why a job exists. What must be kept of a mail is committed before the first
try, once for a batch. Ends are committed in small groups, so that few tries are repeated after a crash.
When the target itself fails, the rest of the batch is given back, since it would fail as well.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from flexmaild.core import retry
from flexmaild.core.errors import Failure, GiveUp, Reason, Refused, TryLater
from flexmaild.core.work import Claim, Job, JobEnd, KeptMail, Queue
from flexmaild.engine import decide
from flexmaild.engine.changes import Changes, Context
from flexmaild.engine.delivery.job_handlers import JobHandler, Task
from flexmaild.engine.reply_priority import ReplyPriority
from flexmaild.engine.transaction import Transactions
from flexmaild.engine.worker import Worker
from flexmaild.observe.metrics import Metrics
from flexmaild.store import Store, StoreBroken, StoreFault, Transaction
from flexmaild.system.clock import Clock

_log = structlog.get_logger("flexmaild")

# Jobs claimed at once, and how many ends are committed together.
BATCH = 50
GROUP = 10
# A claim lapses after this; `engine.timers` renews those in hand three times as often.
LEASE = timedelta(seconds=60)
# A wake-up may be lost: each thread looks for work at least this often, seconds.
_CHECK_SECONDS = 1.0
# An idle connection is closed after this many seconds; servers drop theirs after 300 (RFC 5321 4.5.3.2).
IDLE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Work:
    """What delivery threads work with. owner: names the claiming process. priority: when
    mails wait for replies that come in. died: is told of a bug that ended the thread."""

    store: Store
    transactions: Transactions
    metrics: Metrics
    context: Callable[[], Context]
    clock: Clock
    owner: str
    priority: ReplyPriority
    beat: Callable[[str], None]
    died: Callable[[str, str], None]


class Delivery(Worker):
    """A thread for one target, with its handler."""

    def __init__(
        self, work: Work, queue: Queue, target: str, handler: JobHandler, give_up_after: timedelta
    ) -> None:
        super().__init__("outbox" if queue is Queue.OUTBOX else f"sink {target}", work.died)
        self.target = target
        self._work = work
        self._queue = queue
        self._handler = handler
        self._give_up_after = give_up_after
        self._woken, self._is_reset = threading.Event(), threading.Event()
        self._backoff_until = self._last_work = 0.0
        self._claimed: dict[str, Job] = {}
        self._begun: tuple[str, ...] = ()

    def _interrupt(self) -> None:
        self._woken.set()

    def wake(self, *, reset_backoff: bool = False) -> None:
        """Look for due jobs now. reset_backoff: the target is known to work again."""
        if reset_backoff:
            self._backoff_until = 0.0
            self._is_reset.set()
        self._woken.set()

    def backoff_seconds(self) -> float:
        """Seconds until the target is tried again after it failed; 0 when it may be tried now."""
        return max(0.0, self._backoff_until - self._work.clock.steady())

    def claims(self) -> list[Claim]:
        """The claims of jobs that are to be carried out, or whose ends are not recorded yet."""
        return [Claim(job.id, job.claim) for job in list(self._claimed.values())]

    def begun_claims(self) -> list[Claim]:
        """The claims that a stop does not give back: of the current job, and of ends that are not recorded
        yet."""
        begun = set(self._begun)
        return [claim for claim in self.claims() if claim.job_id in begun]

    def _work_until_stopped(self) -> None:
        while not self._stopping.is_set():
            self._work.beat(self.component)
            self._woken.clear()
            if self._is_reset.is_set():
                self._is_reset.clear()
                self._handler.retry_now()
            if not self._run_batch():
                self._close_idle()
                self._woken.wait(_CHECK_SECONDS)

    def _leave(self) -> None:
        self._handler.close()

    def _run_batch(self) -> bool:
        """Carry out one batch; False when no job is due or the target is backing off."""
        if self.backoff_seconds() or (self._queue is Queue.OUTBOX and self._work.priority.is_on()):
            return False
        try:
            now = self._work.store.now()
            due = self._work.store.next_due(self._queue, self.target, now)
            if due is None or due > now:
                return False
            jobs = self._claim()
            if jobs:
                self._last_work = self._work.clock.steady()
                self._carry_out(jobs)
        except StoreBroken:
            raise
        except StoreFault as fault:  # nothing was tried: later faults become ends of tries
            self._work.transactions.failed(fault)
            self._unclaim()
            return False
        return bool(jobs)

    def _claim(self) -> list[Job]:
        with self._work.store.transaction() as transaction:
            jobs = transaction.claim(self._queue, self.target, BATCH, self._work.owner, LEASE)
        self._claimed, self._begun = {job.id: job for job in jobs}, ()
        return jobs

    def _close_idle(self) -> None:
        if self._last_work and self._work.clock.steady() - self._last_work > IDLE_SECONDS:
            self._handler.close()
            self._last_work = 0.0

    def _carry_out(self, jobs: Sequence[Job]) -> None:
        ends: list[JobEnd] = []
        tasks = list(self._prepared(jobs, ends))
        try:
            self._keep(tuple(task.kept for task in tasks if task.kept is not None))
        except StoreFault as failure:  # nothing was tried; the store fails all others as well
            self._give_back(tasks, failure, ends)
            return
        for at, task in enumerate(tasks):
            if self._stopping.is_set():
                break
            self._work.beat(self.component)
            self._begun += (task.job.id,)
            failed = self._try(task, ends)
            if failed is not None and retry.fails_every_job(failed):
                self._give_back(tasks[at + 1 :], failed, ends)
                return
            if len(ends) >= GROUP:
                self._record(ends)
        self._record(ends)
        self._unclaim()

    def _prepared(self, jobs: Sequence[Job], ends: list[JobEnd]) -> Iterator[Task]:
        """The tasks that can be tried; one that cannot be prepared has come to its end."""
        wanted = {job.approval_id for job in jobs if job.approval_id}
        requests = self._work.store.requests(wanted)
        unreadable = self._work.store.damaged_requests(wanted - requests.keys())
        for job in jobs:
            if job.approval_id in unreadable and job.queue is Queue.OUTBOX:
                continue  # given back with the jobs that were not begun, and not claimed again
            try:
                yield self._handler.prepare(Task(job, requests.get(job.approval_id)))
            except Exception as bug:  # noqa: BLE001 - as below: it must not stop the others
                ends.append(self._end_of_failure(job, self._failure_of_bug(job, bug)))

    def _keep(self, mails: tuple[KeptMail, ...]) -> None:
        """Commit what is kept of mails before they are sent, so that a crash in between loses nothing."""

        def kept(transaction: Transaction) -> Changes:
            return Changes(self._work.context(), transaction.now, kept=mails)

        if mails:
            self._work.transactions.run(kept)

    def _try(self, task: Task, ends: list[JobEnd]) -> Failure | None:
        """Try once and add the end to `ends`. Returns the failure, if the server or sink failed."""
        store = self._work.store
        try:
            files = tuple((a, store.blob(a.sha256) or b"") for a in task.files())
            end = self._handler.carry_out(replace(task, attachments=files), store.now())
            ends.append(self._end_with_retry(task.job, end))
        except Refused as bug:  # a rule for requests, which this one met when it was accepted
            ends.append(self._end_of_failure(task.job, self._failure_of_bug(task.job, bug)))
        except Failure as failure:
            ends.append(self._end_of_failure(task.job, failure))
            return failure
        except Exception as bug:  # noqa: BLE001 - a bug in one job must not stop the others
            ends.append(self._end_of_failure(task.job, self._failure_of_bug(task.job, bug)))
        return None

    def _failure_of_bug(self, job: Job, bug: Exception) -> GiveUp:
        """Report the bug; the job is given up, and an operator can retry it."""
        self._work.metrics.unhandled(self.component)
        _log.exception("bug in a job", job=job.id, kind=job.kind, target=self.target)
        return GiveUp(Reason.OTHER, f"flexmaild failed on it ({type(bug).__name__}: {bug})")

    def _end_with_retry(self, job: Job, end: JobEnd) -> JobEnd:
        """The end with a time for the next try, where the server deferred recipients."""
        if not end.left:
            return end
        later = self._end_of_failure(
            job, TryLater(Reason.SERVER, f"{len(end.left)} recipients are refused for now")
        )
        return replace(later, left=end.left, refused=end.refused, receipt=end.receipt)

    def _end_of_failure(self, job: Job, failure: Failure) -> JobEnd:
        jitter = random.random()  # noqa: S311 - spreads retries, protects nothing
        return retry.after_failure(job, failure, self._work.store.now(), self._give_up_after, jitter)

    def _give_back(self, rest: Sequence[Task], failure: Failure, ends: list[JobEnd]) -> None:
        """The target fails: defer all other jobs for the same reason, and back off. A thread that is being
        replaced defers nothing, since its successor may have other settings."""
        if not self._stopping.is_set():
            ends += [self._end_of_failure(task.job, failure) for task in rest]
            now = self._work.store.now()
            pause = min(((e.again_at - now).total_seconds() for e in ends if e.again_at), default=0.0)
            self._backoff_until = self._work.clock.steady() + max(pause, 1.0)
        self._record(ends)
        self._unclaim()

    def _record(self, ends: list[JobEnd]) -> None:
        """Commit ends, and repeat until that succeeds, before anything else is tried: as long as the
        process lives, nothing is done twice. When the daemon ends, the store is closed, which ends this."""
        while ends:
            try:
                self._work.transactions.run(lambda t: decide.ends(t, self._work.context(), ends))
            except StoreBroken:
                raise
            except StoreFault:
                self._work.beat(self.component)
                time.sleep(_CHECK_SECONDS)
                continue
            for end in ends:
                self._claimed.pop(end.job_id, None)
            ends.clear()

    def _unclaim(self) -> None:
        """Release the claims of jobs that were not begun."""
        left, self._claimed = self.claims(), {}
        if left:
            with suppress(StoreFault), self._work.store.transaction() as transaction:
                transaction.unclaim(left)
