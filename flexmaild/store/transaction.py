"""One transaction: its queries, its time, and its changes. Made by `Store.transaction`.

All of it is committed when the block ends, on stable storage; or nothing, when the block raises. Decides
nothing about approvals.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert

from flexmaild.core.model import Part
from flexmaild.core.ports import MessageUid
from flexmaild.core.work import Change, Claim, Job, Queue
from flexmaild.store.queries import Queries
from flexmaild.store.records import (
    approvers,
    audit,
    jobs,
    left_mails,
    mails,
    prune,
    purge,
    requests,
    sent_mails,
    tables,
)
from flexmaild.store.records.codec import idempotent_row


class Transaction(Queries):
    """now: the time in it, of the clock that decisions go by; the same for everything that follows."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        super().__init__(lambda: nullcontext(connection))
        self._connection = connection
        self.now = now

    def write(self, change: Change) -> None:
        """Write the whole change.

        Requests of version 0 are inserted, others must still have the version they were read with, else
        StoreConflict. Jobs whose key, mails whose UID and contents whose SHA-256 exist already are left out;
        so are kept mails of a job that is gone, and the end of a claim that another claim has followed.
        Raises NotAllowed for a new request or a payload whose JSON is nested too deeply to be read again.
        """
        connection = self._connection
        # The UIDs come first: of two machines that fetched the same mail, one waits here for the other.
        mails.add(connection, change.processed)
        recorded = {mail.uid for mail in change.processed}
        left_mails.forget(connection, recorded)
        left_mails.add(connection, change.left, recorded)
        requests.write(connection, change.requests)
        jobs.add(connection, change.jobs)
        jobs.end(connection, change.ended)
        approvers.add(connection, change.approvers)
        mails.add_blobs(connection, change.blobs)
        sent_mails.keep(connection, change.kept)
        if change.idempotent is not None:
            connection.execute(insert(tables.idempotency), [idempotent_row(change.idempotent)])
        # The head of the chain comes last: a transaction that holds it waits for nothing else.
        audit.append(connection, change.audit)

    # Jobs.

    def claim(self, queue: Queue, target: str | None, limit: int, owner: str, lease: timedelta) -> list[Job]:
        """Claim up to `limit` jobs that are due, the longest due first; None means every target. A job whose
        claim has lapsed is given out again, under another number."""
        return jobs.claim(self._connection, queue, target, self.now, limit, owner, self.now + lease)

    def renew(self, claims: Iterable[Claim], lease: timedelta) -> None:
        """These are still being carried out; those that another claim has followed are left alone."""
        jobs.renew(self._connection, claims, self.now + lease)

    def release(self, owner_other_than: str) -> int:
        """At the start: free the claims of processes that are gone. Returns how many."""
        return jobs.release(self._connection, owner_other_than)

    def unclaim(self, claims: Iterable[Claim]) -> None:
        """These were claimed and not begun; they may be claimed again at once."""
        jobs.unclaim(self._connection, claims)

    def retry_jobs(self, queue: Queue, ids: Sequence[str] | None) -> int:
        """Make these (None: all of the queue) due now with a fresh count of tries, where they are failed,
        deferred or queued. Returns how many changed."""
        return jobs.retry(self._connection, queue, ids, self.now)

    def hold_jobs(self, queue: Queue, ids: Sequence[str] | None) -> int:
        """Keep these (None: all that wait) from being tried. Returns how many changed."""
        return jobs.hold(self._connection, queue, ids)

    def unhold_jobs(self, queue: Queue, ids: Sequence[str] | None) -> int:
        """Let held ones (None: all) wait for their next try again. Returns how many changed."""
        return jobs.unhold(self._connection, queue, ids)

    def drop_jobs(self, queue: Queue, ids: Sequence[str]) -> int:
        """Retire these for good, unless they are done. Returns how many changed."""
        return jobs.drop(self._connection, queue, ids, self.now)

    # Quarantine.

    def release_quarantine(self, id_: str) -> bool:
        """Take it out of quarantine and keep its bytes; that it came stays known."""
        return mails.mark_quarantined(self._connection, id_, "released")

    def drop_quarantine(self, id_: str) -> bool:
        """Take it out of quarantine and forget its bytes; that it came stays known."""
        mails.forget_raw(self._connection, id_)
        return mails.mark_quarantined(self._connection, id_, "dropped")

    # Mails that are left in the folder.

    def forget_left_mails(self, there: Collection[MessageUid]) -> None:
        """All but these are no longer there."""
        left_mails.forget_others(self._connection, there)

    def purge(self, before: Mapping[Part, datetime]) -> int:
        """Forget a bounded slice of what requests that had ended by then say of persons; again while it
        returns more than 0 (rows)."""
        return purge.purge(self._connection, before, self.now)

    def prune(
        self,
        *,
        raw_before: datetime,
        outcomes_before: datetime,
        done_before: datetime,
        sent_before: datetime | None = None,
    ) -> int:
        """Forget a bounded slice of what is older; again while it returns more than 0 (rows).

        raw_before: raw mails. done_before: idempotency records. sent_before: finished jobs and attachments
        that are no longer needed, those of a request when it had ended by then; None: as `done_before`.
        outcomes_before: outcomes of mails, decided requests, failed jobs, audit entries.
        """
        return prune.prune(
            self._connection,
            raw_before=raw_before,
            outcomes_before=outcomes_before,
            done_before=done_before,
            sent_before=done_before if sent_before is None else sent_before,
        )
