"""The store's one interface: what the loop commits, and what it may ask.

Built by `open_store`, used by the daemon's loop and by nobody else: every method must be called by the same
thread. Each method is one transaction. They raise the faults of `flexmaild.store.errors` and nothing else.
Decides nothing about approvals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from flexmaild.core.model import Request, State
from flexmaild.core.ports import Mark
from flexmaild.core.work import (
    ApproverPast,
    AuditEntry,
    Change,
    Idempotent,
    Job,
    JobState,
    KeptHeader,
    Queue,
    Reply,
    Seen,
)
from flexmaild.store import (
    approvers,
    audit,
    counts,
    headers,
    jobs,
    mails,
    meta,
    prune,
    replies,
    requests,
    sent_mails,
    tables,
)
from flexmaild.store.codec import idempotent_of, idempotent_row
from flexmaild.store.counts import Counts
from flexmaild.store.engine import Database
from flexmaild.store.errors import StoreBroken, StoreFault
from flexmaild.store.mails import Quarantined

HIGH_WATER_STEP = timedelta(seconds=10)


class Store:
    """Durable memory of the daemon. See the module's head for who may call it and what it raises."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._highest: datetime | None = None
        self._written: datetime = tables.EPOCH

    def close(self) -> None:
        """Let go of the files; never raises. Nothing is lost without it."""
        self._database.close()

    # What is written.

    def commit(self, change: Change) -> None:
        """Write the whole change, on stable storage when this returns; or nothing of it, when it raises.

        Requests of version 0 are inserted, others must still have the version they were read with, else
        StoreConflict. Jobs whose key, mails whose mark and contents whose SHA-256 exist already are left out;
        so are kept mails of a job that is gone.
        Raises NotAllowed for a new request or a payload whose JSON is nested too deeply to be read again.
        """
        with self._database.writing() as connection:
            requests.write(connection, change.requests)
            jobs.add(connection, change.jobs)
            jobs.end(connection, change.ended)
            mails.add(connection, change.seen)
            approvers.add(connection, change.approvers)
            mails.add_blobs(connection, change.blobs)
            sent_mails.keep(connection, change.kept)
            audit.append(connection, change.audit)
            if change.idempotent is not None:
                connection.execute(insert(tables.idempotency), [idempotent_row(change.idempotent)])

    # Requests.

    def request(self, id_: str) -> Request | None:
        return self.requests([id_]).get(id_)

    def requests(self, ids: Iterable[str]) -> dict[str, Request]:
        """Those that exist, by id."""
        with self._database.reading() as connection:
            return requests.by_ids(connection, ids)

    def list_requests(
        self, state: State | None = None, limit: int = 100, before: str | None = None
    ) -> list[Request]:
        """Newest first; `before` is the id of the last one of the page before."""
        with self._database.reading() as connection:
            return requests.newest(connection, state, limit, before)

    def due_requests(self, now: datetime, limit: int = 100) -> list[Request]:
        """Those for which `core.timing.next_due` has come, the longest due first."""
        with self._database.reading() as connection:
            return requests.due(connection, now, limit)

    # Jobs.

    def claim(
        self, queue: Queue, target: str | None, now: datetime, limit: int, owner: str, lease: timedelta
    ) -> list[Job]:
        """Lease up to `limit` jobs that are due, the longest due first; None means every target. A job whose
        lease has lapsed is given out again."""
        with self._database.writing() as connection:
            return jobs.claim(connection, queue, target, now, limit, owner, now + lease)

    def release(self, owner_other_than: str) -> int:
        """At the start: free the leases of processes that are gone. Returns how many."""
        with self._database.writing() as connection:
            return jobs.release(connection, owner_other_than)

    def unlease_jobs(self, ids: Iterable[str]) -> None:
        """These were leased and not begun; they may be claimed again at once."""
        with self._database.writing() as connection:
            jobs.unlease(connection, ids)

    def job(self, id_: str) -> Job | None:
        with self._database.reading() as connection:
            return jobs.find(connection, tables.jobs.c.id == id_)

    def jobs(self, ids: Iterable[str]) -> dict[str, Job]:
        """Those that exist, by id."""
        with self._database.reading() as connection:
            return jobs.by_ids(connection, ids)

    def list_jobs(
        self,
        queue: Queue | None = None,
        states: Iterable[JobState] | None = None,
        limit: int = 100,
        approval_id: str | None = None,
        before: str | None = None,
    ) -> list[Job]:
        """Newest first; None means all. `before` is the id of the last one of the page before."""
        with self._database.reading() as connection:
            return jobs.newest(connection, queue, states, limit, approval_id, before)

    def retry_jobs(self, queue: Queue, ids: Sequence[str] | None, now: datetime) -> int:
        """Make these (None: all of the queue) due now with a fresh count of tries, where they are failed,
        deferred or queued. Returns how many changed."""
        with self._database.writing() as connection:
            return jobs.retry(connection, queue, ids, now)

    def hold_jobs(self, queue: Queue, ids: Sequence[str] | None) -> int:
        """Keep these (None: all that wait) from being tried. Returns how many changed."""
        with self._database.writing() as connection:
            return jobs.hold(connection, queue, ids)

    def unhold_jobs(self, queue: Queue, ids: Sequence[str] | None) -> int:
        """Let held ones (None: all) wait for their next try again. Returns how many changed."""
        with self._database.writing() as connection:
            return jobs.unhold(connection, queue, ids)

    def drop_jobs(self, queue: Queue, ids: Sequence[str], now: datetime) -> int:
        """Retire these for good, unless they are done. Returns how many changed."""
        with self._database.writing() as connection:
            return jobs.drop(connection, queue, ids, now)

    # Incoming mails.

    def known(self, marks: Iterable[Mark]) -> set[Mark]:
        """Those whose outcome is committed."""
        with self._database.reading() as connection:
            return mails.known(connection, marks)

    def seen(self, mark: Mark) -> Seen | None:
        """The outcome of this mail, without its raw bytes."""
        with self._database.reading() as connection:
            return mails.by_mark(connection, mark)

    def outcomes(self, approval_id: str) -> list[Seen]:
        """The mails that came for this request, oldest first, without raw bytes."""
        with self._database.reading() as connection:
            return mails.of_request(connection, approval_id)

    def replies(self, approval_id: str) -> list[Reply]:
        """The last mails that named this request, the oldest first; the number of the last is their total."""
        with self._database.reading() as connection:
            return replies.of_request(connection, approval_id)

    def newest_replies(self, ids: Iterable[str]) -> dict[str, Reply]:
        """The last mail that named each of these requests."""
        with self._database.reading() as connection:
            return replies.newest(connection, ids)

    def headers(self, limit: int) -> list[KeptHeader]:
        """Of the last mails that came, the newest first."""
        with self._database.reading() as connection:
            return headers.newest(connection, limit)

    def approvers(self, addresses: Iterable[str]) -> dict[str, ApproverPast]:
        """What is known of these, where anything is."""
        with self._database.reading() as connection:
            return approvers.of(connection, addresses)

    def unknown_lines(self, limit: int) -> Counter[str]:
        """In the replies to how many requests each unknown line stood, among the newest with any."""
        with self._database.reading() as connection:
            return mails.unknown_lines(connection, limit)

    def replayed(self, fingerprints: Iterable[str]) -> set[str]:
        """Those under which a committed mail has made a verdict."""
        with self._database.reading() as connection:
            return mails.replayed(connection, fingerprints)

    def already_spent(self, names: Iterable[str]) -> set[str]:
        """Those by which a committed mail is known that decided."""
        with self._database.reading() as connection:
            return mails.already_spent(connection, names)

    def arrived(self, subject_part: str, since: datetime) -> bytes | None:
        """The raw bytes of the newest mail since then whose subject holds this."""
        with self._database.reading() as connection:
            return mails.newest_raw(connection, subject_part, since)

    def raw(self, sha256: str) -> bytes | None:
        """The mail as it was read; None when it was never kept or is kept no longer."""
        with self._database.reading() as connection:
            return mails.raw(connection, sha256)

    def blob(self, sha256: str) -> bytes | None:
        with self._database.reading() as connection:
            return mails.blob(connection, sha256)

    def list_quarantine(self, limit: int = 100, before: str | None = None) -> list[Quarantined]:
        """Newest first; `before` is the id of the last one of the page before."""
        with self._database.reading() as connection:
            return mails.quarantine(connection, limit, before)

    def quarantined(self, id_: str) -> Quarantined | None:
        with self._database.reading() as connection:
            return mails.quarantined(connection, id_)

    def release_quarantine(self, id_: str) -> bool:
        """Take it out of quarantine and keep its bytes, for the loop to process anew."""
        with self._database.writing() as connection:
            return mails.mark_quarantined(connection, id_, "released")

    def drop_quarantine(self, id_: str) -> bool:
        """Take it out of quarantine and forget its bytes; that it came stays known."""
        with self._database.writing() as connection:
            mails.forget_raw(connection, id_)
            return mails.mark_quarantined(connection, id_, "dropped")

    # Audit.

    def audit_trail(self, approval_id: str) -> list[AuditEntry]:
        """Oldest first."""
        with self._database.reading() as connection:
            return audit.trail(connection, approval_id)

    def verify_audit(self) -> int | None:
        """The number of the first audit row that is missing or was changed, None when the chain holds. Reads
        every row: about a second for 100,000."""
        with self._database.reading() as connection:
            return audit.first_broken(connection)

    def audit_length(self) -> int:
        """How many audit rows are kept."""
        with self._database.reading() as connection:
            return audit.length(connection)

    # Small things.

    def idempotent(self, key: str) -> Idempotent | None:
        with self._database.reading() as connection:
            table = tables.idempotency
            row = connection.execute(select(table).where(table.c.key == key)).first()
            return None if row is None else idempotent_of(row)

    def counts(self) -> Counts:
        with self._database.reading() as connection:
            return counts.count(connection)

    def high_water(self, now: datetime) -> datetime:
        """The later of `now` and every time this was ever asked with: time does not run backwards through a
        restart. Written at most once in ten seconds; a disk that is full or read-only only delays that."""
        if self._highest is None:
            with self._database.reading() as connection:
                self._highest = self._written = meta.high_water(connection)
        self._highest = max(self._highest, now)
        if self._highest - self._written >= HIGH_WATER_STEP:
            try:
                self.write_high_water()
            except StoreBroken:
                raise
            except StoreFault:
                pass  # whoever has something to write will hear of it
        return self._highest

    def write_high_water(self) -> None:
        """Write the newest time now: the smallest thing there is to write, to see whether writing works."""
        moment = self._highest or tables.EPOCH
        with self._database.writing() as connection:
            meta.set_high_water(connection, moment)
        self._written = moment

    def prune(self, *, raw_before: datetime, seen_before: datetime, done_before: datetime) -> int:
        """Forget a bounded slice of what is older; call again while it returns more than 0 (rows).

        raw_before: raw mails. done_before: finished jobs, idempotency records, attachments no longer needed.
        seen_before: outcomes of mails, decided requests, failed jobs, audit entries.
        """
        with self._database.writing() as connection:
            return prune.prune(
                connection, raw_before=raw_before, seen_before=seen_before, done_before=done_before
            )
