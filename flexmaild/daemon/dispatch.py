"""Which jobs go to which worker, and when: claims what is due and hands it over in bounded portions.

A job is leased while a worker has it; should the daemon die, the lease lapses and the job is claimed
again. A way that is closed (wrong password, no connection) rests for a while. Loop's thread only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from flexmaild.core.model import Attachment, MailKind, Request
from flexmaild.core.work import Job, Queue
from flexmaild.daemon.clock import Clock
from flexmaild.daemon.worker import BATCH, Task, Worker
from flexmaild.store import Store, StoreFault

# Longer than any try may take (the final dot of SMTP may take 600 s), for a whole portion of jobs.
LEASE = timedelta(hours=1)
# Attachments in memory at once for one worker, bytes; a single larger mail goes alone.
PORTION_BYTES = 32 * 1024 * 1024
# While replies come in, mails wait until the poll is over or none came for so long (seconds): composing and
# sending confirmations in the same interpreter makes reading a third slower. Decisions do not wait.
QUIET_SECONDS = 2.0


class Dispatcher:
    def __init__(self, store: Store, clock: Clock, owner: str) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self._workers: dict[tuple[Queue, str], Worker] = {}
        self._load: dict[str, int] = {}
        self._claimed: dict[str, deque[Job]] = {}
        self._resting: dict[str, float] = {}
        self._waiting: set[tuple[Queue, str]] = set()
        self._quiet_until = 0.0

    def take_over(self, workers: Mapping[tuple[Queue, str], Worker]) -> None:
        """New workers after a reload; they begin with a clean slate."""
        for key, worker in workers.items():
            if self._workers.get(key) is not worker:
                self._load[worker.target] = 0
                self._resting.pop(worker.target, None)
        self._workers = dict(workers)
        for target in set(self._claimed) - {worker.target for worker in workers.values()}:
            self._free(self._claimed.pop(target))
        self.look_everywhere()

    def close(self) -> None:
        """Hand out nothing more; what was not handed out is free for whoever comes next."""
        self.take_over({})

    def _free(self, claimed: Iterable[Job]) -> None:
        with suppress(StoreFault):  # then they wait until their leases lapse, or for the next start
            self._store.unlease_jobs([job.id for job in claimed])

    def look_everywhere(self) -> None:
        """Something may be due for anybody: time has passed."""
        self._waiting.update(self._workers)

    def look_at(self, places: Iterable[tuple[Queue, str]]) -> None:
        self._waiting.update(place for place in places if place in self._workers)

    def ended(self, target: str, count: int, pause: float) -> None:
        """`count` tasks came back; the way rests for `pause` seconds, or is open when that is 0."""
        self._load[target] = max(0, self._load.get(target, 0) - count)
        if pause:
            self._resting[target] = self._clock.steady() + pause
        else:
            self._resting.pop(target, None)
        self.look_at(key for key in self._workers if key[1] == target)

    def take_back(self, target: str, ids: Sequence[str]) -> None:
        """Nobody has begun these jobs: free their leases, and look for them again."""
        self._store.unlease_jobs(ids)
        self.look_at(key for key in self._workers if key[1] == target)

    def quiet(self, *, over: bool = False) -> None:
        """Replies are coming in, or no more of them."""
        self._quiet_until = 0.0 if over else self._clock.steady() + QUIET_SECONDS

    def wake(self, target: str | None = None) -> None:
        """An operator asked for a retry: no way rests."""
        for name in [target] if target else list(self._resting):
            self._resting.pop(name, None)
        self.look_everywhere()

    def resting(self) -> Mapping[str, float]:
        """Seconds until each resting way is tried again."""
        now = self._clock.steady()
        return {target: until - now for target, until in self._resting.items() if until > now}

    def run(self, now: datetime) -> None:
        for key in list(self._waiting):
            queue, target = key
            if queue is Queue.OUTBOX and self._clock.steady() < self._quiet_until:
                continue
            if target in self.resting():
                self._waiting.discard(key)
                continue
            if self._load.get(target, 0) < BATCH and not self._hand_over(key, now):
                self._waiting.discard(key)

    def _hand_over(self, key: tuple[Queue, str], now: datetime) -> bool:
        """Hand one portion to the worker; False when nothing is due."""
        queue, target = key
        claimed = self._claimed.setdefault(target, deque())
        if not claimed:
            claimed.extend(self._store.claim(queue, target, now, BATCH, self._owner, LEASE))
        tasks = self._portion(claimed)
        if tasks:
            self._load[target] = self._load.get(target, 0) + len(tasks)
            self._workers[key].hand(tasks)
        return bool(tasks)

    def _portion(self, claimed: deque[Job]) -> Sequence[Task]:
        requests = self._store.requests({j.approval_id for j in claimed if j.approval_id})
        blobs: dict[str, bytes] = {}
        tasks: list[Task] = []
        while claimed:
            request = requests.get(claimed[0].approval_id)
            wanted = attachments_of(claimed[0], request)
            more = sum(a.size for a in wanted if a.sha256 not in blobs)
            if tasks and sum(map(len, blobs.values())) + more > PORTION_BYTES:
                break
            job = claimed.popleft()
            for attachment in wanted:
                if attachment.sha256 not in blobs:
                    blobs[attachment.sha256] = self._store.blob(attachment.sha256) or b""
            tasks.append(Task(job, request, tuple((a, blobs[a.sha256]) for a in wanted)))
        return tasks


def attachments_of(job: Job, request: Request | None) -> tuple[Attachment, ...]:
    """The files this mail carries: the request's own on its first mail, a notification's always."""
    if job.kind == MailKind.APPROVAL_REQUEST and request is not None:
        return request.terms.attachments
    return tuple(Attachment(**a) for a in job.payload.get("attachments", ()))
