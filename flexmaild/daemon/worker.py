"""The ways out: one thread for each outbox and each sink, that carries out jobs and reports how they ended.

A worker knows nothing of why a job exists. It has what must be kept committed, before the first try and once
for a batch; tries each job once, reports in small groups (so that few are repeated after a crash), and stops
at the first failure of the way itself: what is left of the batch would fail alike. Fed by `daemon.loop`
only.
"""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from flexmaild.core import retry
from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.model import Attachment, Request
from flexmaild.core.work import Job, JobEnd, KeptMail
from flexmaild.daemon.clock import Clock
from flexmaild.daemon.items import Item, JobsEnded, JobsReturned, MailsComposed, WorkerDied

# Jobs handed to a worker at once, and how many ends it reports together.
BATCH = 50
REPORT = 10
# An idle connection is closed after this many seconds; servers drop theirs after 300 (RFC 5321 4.5.3.2).
IDLE_SECONDS = 30.0
# How long the loop may take to commit what is kept of a batch, seconds; it takes milliseconds.
KEEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Task:
    """A job with what is needed to carry it out.

    mail: its bytes, once it is composed and where it has no attachments. kept: what must be committed before
    the try.
    """

    job: Job
    request: Request | None = None
    attachments: tuple[tuple[Attachment, bytes], ...] = ()
    mail: bytes = b""
    kept: KeptMail | None = None


class Craft(Protocol):
    """How one kind of job is done."""

    def prepare(self, task: Task) -> Task:
        """The task with what is made before any try; nothing leaves the house."""

    def do(self, task: Task) -> JobEnd:
        """One try. Raises Failure; returns the end of a successful one."""

    def close(self) -> None: ...


class Worker:
    """A thread with its craft."""

    def __init__(
        self,
        target: str,
        craft: Craft,
        give_up_after: timedelta,
        put: Callable[[Item], None],
        beat: Callable[[], None],
        clock: Clock,
    ) -> None:
        self.target = target
        self._craft = craft
        self._give_up_after = give_up_after
        self._put = put
        self._beat = beat
        self._clock = clock
        self._tasks: queue.SimpleQueue[Sequence[Task] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"worker {target}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hand(self, tasks: Sequence[Task]) -> None:
        self._tasks.put(tasks)

    def stop(self) -> None:
        """Finish the job in hand and end; the rest of the batch is returned."""
        self._stopping.set()
        self._tasks.put(None)

    def join(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._beat()
                try:
                    tasks = self._tasks.get(timeout=5.0 if self._tasks.empty() else None)
                except queue.Empty:
                    self._rest()
                    continue
                self._last_work = self._clock.steady()
                if tasks is not None:
                    self._carry_out(tasks)
        except Exception as bug:  # the top of the thread: the loop hears of it and ends the daemon
            self._put(WorkerDied(f"worker {self.target}", f"{type(bug).__name__}: {bug}"))
            raise
        finally:
            self._craft.close()
            self._return_all()

    _last_work = 0.0

    def _rest(self) -> None:
        if self._last_work and self._clock.steady() - self._last_work > IDLE_SECONDS:
            self._craft.close()
            self._last_work = 0.0

    def _carry_out(self, tasks: Sequence[Task]) -> None:
        ends: list[JobEnd] = []
        tasks = self._prepared(tasks, ends)
        try:
            self._keep(tasks)
        except Failure as failure:  # nothing was tried; the store fails all others as well
            self._give_back(tasks, failure, ends)
            return
        for at, task in enumerate(tasks):
            if self._stopping.is_set():
                self._return(tasks[at:])
                break
            self._beat()
            try:
                ends.append(self._ended(task, self._craft.do(task)))
            except Failure as failure:
                ends.append(self._failed(task, failure))
                if retry.is_of_the_way(failure):
                    self._give_back(tasks[at + 1 :], failure, ends)
                    return
            except Exception as bug:  # noqa: BLE001 - a bug in one job must not stop the others
                ends.append(self._failed(task, GiveUp(Reason.OTHER, f"{type(bug).__name__}: {bug}")))
            if len(ends) >= REPORT:
                self._put(JobsEnded(self.target, tuple(ends)))
                ends = []
        self._put(JobsEnded(self.target, tuple(ends)))

    def _prepared(self, tasks: Sequence[Task], ends: list[JobEnd]) -> list[Task]:
        """The tasks that can be tried; one that cannot be prepared has come to its end."""
        ready: list[Task] = []
        for task in tasks:
            try:
                ready.append(self._craft.prepare(task))
            except Exception as bug:  # noqa: BLE001 - as below: it must not stop the others
                ends.append(self._failed(task, GiveUp(Reason.OTHER, f"{type(bug).__name__}: {bug}")))
        return ready

    def _keep(self, tasks: Sequence[Task]) -> None:
        """What goes out is kept first: after a crash in between it is known all the same. Raises TryLater."""
        mails = tuple(task.kept for task in tasks if task.kept is not None)
        if not mails:
            return
        item = MailsComposed(mails)
        self._put(item)
        try:
            item.kept.result(KEEP_SECONDS)
        except FutureTimeout:
            raise TryLater(Reason.OTHER, "the daemon did not keep the mail in time", step="keep") from None

    def _ended(self, task: Task, end: JobEnd) -> JobEnd:
        """Recipients the server wants later get a time for the next try."""
        if not end.left:
            return end
        later = self._failed(task, TryLater(Reason.SERVER, f"{len(end.left)} recipients are refused for now"))
        return replace(later, left=end.left, refused=end.refused, receipt=end.receipt)

    def _failed(self, task: Task, failure: Failure) -> JobEnd:
        jitter = random.random()  # noqa: S311 - spreads retries, protects nothing
        return retry.after_failure(task.job, failure, self._clock.now(), self._give_up_after, jitter)

    def _give_back(self, rest: Sequence[Task], failure: Failure, ends: list[JobEnd]) -> None:
        """The way is closed: hand all back with the same words, and ask for a pause. When the way is being
        replaced that says nothing of the next one."""
        if self._stopping.is_set():
            self._return(rest)
            self._put(JobsEnded(self.target, tuple(ends)))
            return
        ends += [self._failed(task, failure) for task in rest]
        now = self._clock.now()
        pause = min(((e.again_at - now).total_seconds() for e in ends if e.again_at), default=0.0)
        self._put(JobsEnded(self.target, tuple(ends), pause=max(pause, 1.0)))

    def _return(self, tasks: Sequence[Task]) -> None:
        if tasks:
            self._put(JobsReturned(self.target, tuple(task.job.id for task in tasks)))

    def _return_all(self) -> None:
        """What was handed over and not looked at."""
        while not self._tasks.empty():
            self._return(self._tasks.get_nowait() or ())
