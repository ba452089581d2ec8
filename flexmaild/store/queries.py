"""The queries of the store. Each method sees one state of the database; none of them changes it.

`Store` runs them on connections that never wait, `Transaction` on the one that writes, where it sees what
it has written. They raise the faults of `flexmaild.store.errors` and nothing else.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, select

from flexmaild.core.identity import Identity
from flexmaild.core.left_in_folder import LeftMails
from flexmaild.core.model import Request, State
from flexmaild.core.ports import MessageUid
from flexmaild.core.work import (
    ApproverPast,
    AuditEntry,
    Idempotent,
    Job,
    JobState,
    KeptHeader,
    KeptMail,
    ProcessedMail,
    Queue,
    Reply,
)
from flexmaild.store.records import (
    approvers,
    audit,
    counts,
    damaged,
    headers,
    jobs,
    left_mails,
    mails,
    replies,
    requests,
    sent_mails,
    tables,
)
from flexmaild.store.records.audit import Excerpt
from flexmaild.store.records.codec import IDEMPOTENCY, REQUESTS
from flexmaild.store.records.counts import Counts
from flexmaild.store.records.damaged import Damage
from flexmaild.store.records.mails import Quarantined


class Queries:
    def __init__(self, reading: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._reading = reading

    # Requests.

    def request(self, id_: str) -> Request | None:
        """Raises DamagedRow where it is there and cannot be read."""
        with self._reading() as connection:
            return requests.by_id(connection, id_)

    def requests(self, ids: Iterable[str]) -> dict[str, Request]:
        """Those that exist and can be read, by id."""
        with self._reading() as connection:
            return requests.by_ids(connection, ids)

    def past_requests(self, ids: Iterable[str]) -> set[str]:
        """Those of these ids whose requests were pruned or purged of addresses."""
        with self._reading() as connection:
            return requests.past(connection, ids)

    def open_requests(self) -> list[str]:
        """The ids of all that are pending."""
        with self._reading() as connection:
            return requests.open_ids(connection)

    def open_request_for(self, address: str) -> str | None:
        """The id of the newest that is pending and asks this address."""
        with self._reading() as connection:
            return requests.open_for(connection, address)

    def list_requests(
        self, state: State | None = None, limit: int = 100, before: str | None = None
    ) -> list[Request]:
        """Newest first; `before` is the id of the last one of the page before."""
        with self._reading() as connection:
            return requests.newest(connection, state, limit, before)

    def due_requests(self, now: datetime, limit: int = 100) -> list[Request]:
        """Those for which `core.timing.next_due` has come, the longest due first."""
        with self._reading() as connection:
            return requests.due(connection, now, limit)

    def damaged_requests(self, ids: Iterable[str]) -> set[str]:
        """Those that are there and cannot be read."""
        with self._reading() as connection:
            wanted = list(ids)
            requests.by_ids(connection, wanted)
            return set(REQUESTS.known_damaged(connection)).intersection(wanted)

    # Jobs.

    def job(self, id_: str) -> Job | None:
        """Raises DamagedRow where it is there and cannot be read."""
        with self._reading() as connection:
            return jobs.find(connection, tables.jobs.c.id == id_)

    def jobs(self, ids: Iterable[str]) -> dict[str, Job]:
        """Those that exist, by id."""
        with self._reading() as connection:
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
        with self._reading() as connection:
            return jobs.newest(connection, queue, states, limit, approval_id, before)

    def next_due(self, queue: Queue, target: str, now: datetime) -> datetime | None:
        """When the next unclaimed job of this target is due."""
        with self._reading() as connection:
            return jobs.next_due(connection, queue, target, now)

    # Incoming mails.

    def known(self, uids: Iterable[MessageUid]) -> dict[MessageUid, Identity]:
        """Those of these UIDs under which an outcome is committed, and for which mails."""
        with self._reading() as connection:
            uids = list(uids)
            return mails.known(connection, uids) | left_mails.known(connection, uids)

    def left_mails(self) -> LeftMails:
        """The mails that are left in the folder."""
        with self._reading() as connection:
            return left_mails.all_of(connection)

    def highest(self, mailbox: str, validity: str) -> int:
        """The highest UID of this folder with a committed outcome."""
        with self._reading() as connection:
            return mails.highest(connection, mailbox, validity)

    def processed(self, uid: MessageUid) -> ProcessedMail | None:
        """The outcome of this mail, without its raw bytes."""
        with self._reading() as connection:
            return mails.by_uid(connection, uid)

    def outcomes(self, approval_id: str) -> list[ProcessedMail]:
        """The mails that came for this request, oldest first, without raw bytes."""
        with self._reading() as connection:
            return mails.of_request(connection, approval_id)

    def replies(self, approval_id: str) -> list[Reply]:
        """The last mails that named this request, the oldest first; the number of the last is their total."""
        with self._reading() as connection:
            return replies.of_request(connection, approval_id)

    def newest_replies(self, ids: Iterable[str]) -> dict[str, Reply]:
        """The last mail that named each of these requests."""
        with self._reading() as connection:
            return replies.newest(connection, ids)

    def replies_since(self, since: datetime, limit: int) -> list[tuple[Reply, str]]:
        """The last mails since then that named a request, newest first, each with its reason for
        operators."""
        with self._reading() as connection:
            return mails.replies_since(connection, since, limit)

    def headers(self, limit: int) -> list[KeptHeader]:
        """The headers of the last mails, newest first."""
        with self._reading() as connection:
            return headers.newest(connection, limit)

    def approvers(self, addresses: Iterable[str]) -> dict[str, ApproverPast]:
        """What is known of these addresses, where anything is."""
        with self._reading() as connection:
            return approvers.of(connection, addresses)

    def unknown_lines(self, limit: int) -> Counter[str]:
        """For each unknown line, in the replies to how many requests it was, among the newest with any."""
        with self._reading() as connection:
            return mails.unknown_lines(connection, limit)

    def replayed(self, fingerprints: Iterable[str]) -> set[str]:
        """Those under which a committed mail has made a verdict."""
        with self._reading() as connection:
            return mails.replayed(connection, fingerprints)

    def already_spent(self, names: Iterable[str]) -> set[str]:
        """Those that identify a committed mail that decided."""
        with self._reading() as connection:
            return mails.already_spent(connection, names)

    def arrived(self, subject_part: str, since: datetime) -> bytes | None:
        """The raw bytes of the newest mail since then whose subject holds this."""
        with self._reading() as connection:
            return mails.newest_raw(connection, subject_part, since)

    def raw(self, sha256: str) -> bytes | None:
        """The mail as it was read; None when it was never kept, or was deleted."""
        with self._reading() as connection:
            return mails.raw(connection, sha256)

    def blob(self, sha256: str) -> bytes | None:
        with self._reading() as connection:
            return mails.blob(connection, sha256)

    def list_quarantine(self, limit: int = 100, before: str | None = None) -> list[Quarantined]:
        """Newest first; `before` is the id of the last one of the page before."""
        with self._reading() as connection:
            return mails.quarantine(connection, limit, before)

    def quarantined(self, id_: str) -> Quarantined | None:
        with self._reading() as connection:
            return mails.quarantined(connection, id_)

    # Mails that were sent.

    def sent_mails(self, approval_id: str, invitation: int) -> tuple[Request, list[KeptMail]] | None:
        """The request, and what went out, or may have gone out, with the reference of this invitation, newest
        first; None where there is no such request."""
        with self._reading() as connection:
            return sent_mails.of_invitation(connection, approval_id, invitation)

    # Audit.

    def audit_trail(self, approval_id: str) -> list[AuditEntry]:
        """Oldest first."""
        with self._reading() as connection:
            return audit.trail(connection, approval_id)

    def events_after(self, number: int, limit: int, approval_id: str = "", event: str = "") -> Excerpt:
        """The event log behind this number, oldest first; of one request or event where that is given."""
        with self._reading() as connection:
            return audit.after(connection, number, limit, approval_id, event)

    def verify_audit(self) -> int | None:
        """The number of the first audit row that is missing or was changed, None when the chain holds. Reads
        every row: about a second for 100,000."""
        with self._reading() as connection:
            return audit.first_broken(connection)

    def audit_length(self) -> int:
        """How many audit rows are kept."""
        with self._reading() as connection:
            return audit.length(connection)

    def damaged_rows(self, *, everything_open: bool = False) -> list[Damage]:
        """The rows that were found damaged and still are, of each table with any. everything_open: read all
        open requests and jobs first, to find damaged ones before they are needed."""
        with self._reading() as connection:
            if everything_open:
                damaged.read_open(connection)
            return damaged.look_again(connection)

    # Small things.

    def idempotent(self, key: str) -> Idempotent | None:
        with self._reading() as connection:
            table = tables.idempotency
            return IDEMPOTENCY.first(connection, select(table).where(table.c.key == key))

    def counts(self) -> Counts:
        with self._reading() as connection:
            return counts.count(connection)

    def open_by_sink(self) -> dict[str, int]:
        with self._reading() as connection:
            return counts.open_by_sink(connection)

    def open_requests_of(self, owner: str) -> int:
        """How many that are pending belong to this user."""
        with self._reading() as connection:
            return counts.open_of(connection, owner)
