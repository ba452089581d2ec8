"""The thread that polls the reply folder on request, and deletes the mails that were committed.

It fetches mails, has the sandboxed child understand them, has their outcomes committed, and deletes those
mails and no others: at most `process_count` in a poll, not counting those that stay in the folder. A failed
poll ends with one report and leaves the folder as it is.
"""

import queue
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from flexmaild.core import retry
from flexmaild.core.errors import Failure, Reason, Refused, TryLater
from flexmaild.core.left_in_folder import Committed, LeftMails
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.ports import Fetched, FolderPosition, FolderState, Inbox, IsKnown, MessageUid, Unreadable
from flexmaild.engine.polling.left_mails import LeftMailFilter
from flexmaild.engine.polling.uids import Highest, UidWatch
from flexmaild.engine.reply_priority import ReplyPriority
from flexmaild.engine.sandbox.parent import RawMail, Sandbox
from flexmaild.engine.worker import Worker
from flexmaild.observe.health import DOUBTED, PollEnded
from flexmaild.system.clock import TrustedClock

# Mails fetched and deleted together, in a handful of round trips; of these, mails committed together, which
# share one fsync. A crash costs no more than fetching a batch again.
BATCH, PORTION = 200, 40
# Mails that are another installation's, and that are found to be so in one poll: they do not count.
MOST_LEFT = 1000

Read = Sequence[tuple[Fetched, ParsedReply]]


@dataclass(slots=True)
class Tally:
    """What a poll has done so far, also when it fails half-way."""

    read: int = 0
    deleted: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    read_to: datetime | None = None
    is_end: bool = False
    folder: FolderState | None = None
    unreadable: Unreadable | None = None
    left: LeftMails | None = None


@dataclass(frozen=True, slots=True)
class _Backlog:
    """The folder held more than a poll may read: when, and its newest mail then. Mails are read in the
    order of their positions, so once one behind that was read, all that lay there is read."""

    since: datetime
    newest: FolderPosition


@dataclass(frozen=True, slots=True)
class Work:
    """What the poller works with.

    known: which of these UIDs were committed before, and for which mails; highest: see `UidWatch`. commit:
    commits outcomes and returns them; keep_mark: called between a commit and the first deletion (see
    `store.store_mark`); left: the mails that stay in the folder, of those that are given. All raise Failure.
    ended: called after each poll; died: called with a bug that ended the thread. clock: that of
    transactions, since requests are decided by when their mails were read.
    """

    known: IsKnown
    highest: Highest
    commit: Callable[[Read], Committed]
    keep_mark: Callable[[], None]
    left: Callable[[Collection[MessageUid] | None], LeftMails]
    ended: Callable[[PollEnded], None]
    priority: ReplyPriority
    clock: TrustedClock
    beat: Callable[[str], None]
    died: Callable[[str, str], None]


class Poller(Worker):
    """The polling thread. `poll` may be called by any thread, at any time."""

    def __init__(
        self, work: Work, transport: str, process_count: int, inbox: Inbox, sandbox: Sandbox
    ) -> None:
        super().__init__("poller", work.died)
        self._work = work
        self._transport = transport
        self._process_count = process_count
        self._inbox = inbox
        self._sandbox = sandbox
        self._calls: queue.SimpleQueue[Future[PollEnded] | None] = queue.SimpleQueue()
        self._over = threading.Event()
        self._backlog: _Backlog | None = None
        self._refused = 0
        self._not_before = 0.0
        self._left = LeftMailFilter(work.known)
        self._numbers = UidWatch(self._left.known, work.highest)

    def poll(self) -> Future[PollEnded]:
        """Ask for a poll; calls that come while one runs share the next. Cancelled where there is none."""
        future: Future[PollEnded] = Future()
        self._calls.put(future)
        if self._over.is_set():  # the thread may have looked at its calls for the last time
            self._cancel(self._pending_calls())
        return future

    def poll_when_due(self) -> None:
        """Request a periodic poll. None is made while a refused login backs off, since retries lock
        accounts."""
        if self._work.clock.steady() >= self._not_before:
            self.poll()

    def retry_login(self) -> None:
        """Retry a refused login now: an operator may have corrected the cause."""
        if self._refused:
            self._refused, self._not_before = 0, 0.0
            self.poll()

    def _interrupt(self) -> None:
        self._calls.put(None)

    def _work_until_stopped(self) -> None:
        while not self._stopping.is_set():
            self._beat()
            waiting = self._next_calls()
            if waiting:
                ended = self._poll()
                self._work.ended(ended)
                for future in waiting:
                    future.set_result(ended)

    def _leave(self) -> None:
        self._inbox.close()
        self._sandbox.close()
        self._over.set()
        self._cancel(self._pending_calls())

    def _beat(self) -> None:
        self._work.beat(self.component)

    def _next_calls(self) -> list[Future[PollEnded]]:
        """The polls requested by now; waits a little for the first."""
        try:
            calls = [self._calls.get(timeout=5.0)]
        except queue.Empty:
            return []
        waiting = [call for call in [*calls, *self._pending_calls()] if call is not None]
        if not self._stopping.is_set():
            return waiting
        self._cancel(waiting)
        return []

    def _pending_calls(self) -> list[Future[PollEnded] | None]:
        calls = []
        with suppress(queue.Empty):
            while True:
                calls.append(self._calls.get_nowait())
        return calls

    def _cancel(self, calls: Iterable[Future[PollEnded] | None]) -> None:
        for call in calls:
            if call is not None:
                call.cancel()

    def _poll(self) -> PollEnded:
        began, since, tally = self._work.clock.now(), self._work.clock.steady(), Tally()
        fault = reason = step = ""
        try:
            self._read_folder(tally, began)
        except Refused:  # a rule for requests: no mail can break it, so that is a bug
            raise
        except Failure as failure:  # a server's or the store's: the mails stay in the folder
            fault, reason, step = str(failure), failure.reason.value, failure.step
            self._refused = self._refused + 1 if retry.is_refused_login(failure) else 0
            self._inbox.close()
        else:
            self._refused = 0
            tally.unreadable = self._inbox.unreadable()
            self._inbox.rest()
        withheld = self._inbox.unreadable()
        if withheld and withheld.is_recent:
            tally.read_to = None  # it may change an answer
        self._not_before = self._work.clock.steady() + retry.login_pause(self._refused)
        self._sandbox.close()
        self._work.priority.end()
        return PollEnded(
            self._transport,
            self._work.clock.steady() - since,
            tally.folder,
            began,
            read=tally.read,
            deleted=tally.deleted,
            fault=fault,
            reason=reason,
            outcomes=tally.outcomes,
            step=step,
            read_to=tally.read_to,
            unreadable=tally.unreadable,
            went_back=self._numbers.went_back(),
            left=tally.left,
        )

    def _read_folder(self, tally: Tally, began: datetime) -> None:
        """Open the folder and read its mails. Raises Failure; `tally` has what was done until then."""
        if doubt := self._work.clock.doubt():  # requests are decided by when their replies were read
            raise TryLater(Reason.OTHER, doubt.said, step=DOUBTED, cure=doubt.cure)
        tally.folder = folder = self._inbox.open()
        self._left.begin()
        self._numbers.begin(folder)
        if folder.messages:
            self._sandbox.prepare()
        self._batches(folder, tally, began)
        # Where nothing can be deleted, a poll does not read the folder from its beginning.
        tally.left = self._work.left(self._left.end() if tally.is_end and folder.can_delete else None)

    def _batches(self, folder: FolderState, tally: Tally, began: datetime) -> None:
        """Read the folder in batches, up to the limit of a poll."""
        free, may_leave = self._process_count, MOST_LEFT
        while free > 0 and may_leave > 0 and not self._stopping.is_set():
            self._beat()
            fetched = self._inbox.fetch(min(free, BATCH), self._numbers.known)
            if not fetched:
                tally.read_to, self._backlog, tally.is_end = began, None, True
                break
            tally.read += len(fetched)
            self._numbers.read(fetched)
            self._work.priority.begin()
            done = self._left.without(fetched, self._commit(fetched, tally))
            free, may_leave = free - len(done), may_leave - (len(fetched) - len(done))
            self._note_progress(fetched, tally)
            self._beat()
            if folder.can_delete:
                self._work.keep_mark()
                tally.deleted += self._inbox.delete([f.uid for f in done])
        if folder.can_delete:  # leftovers of an earlier poll, which may be behind the count too
            self._work.keep_mark()
            tally.deleted += self._inbox.delete(())
        if (free <= 0 or may_leave <= 0) and self._backlog is None:
            self._remember_backlog(tally)

    def _note_progress(self, read: Sequence[Fetched], tally: Tally) -> None:
        """Note whether these mails complete the backlog."""
        backlog, places = self._backlog, [mail.position for mail in read if mail.position]
        if backlog is None:
            return
        if any(position.is_behind(backlog.newest) for position in places):
            tally.read_to, self._backlog = backlog.since, None
        elif any(position.folder != backlog.newest.folder for position in places):
            self._backlog = None  # the folder was made anew

    def _remember_backlog(self, tally: Tally) -> None:
        """The poll has reached its limit: note the newest mail in the folder, if any."""
        now = self._work.clock.now()
        newest = self._inbox.newest()
        if newest is None:
            tally.read_to = now
        else:
            self._backlog = _Backlog(now, newest)

    def _commit(self, fetched: Sequence[Fetched], tally: Tally) -> set[MessageUid]:
        """Make the batch durable in portions: one is committed while the child reads the next. Returns which
        are left in the folder. Raises Failure; then none of the batch may be deleted."""
        with ThreadPoolExecutor(1, "commit") as committing:
            committing_all = []
            for first in range(0, len(fetched), PORTION):
                portion = fetched[first : first + PORTION]
                read = list(zip(portion, self._understand(portion), strict=True))
                committing_all.append(committing.submit(self._work.commit, read))
                self._work.priority.begin()
            committed = [future.result() for future in committing_all]
        tally.outcomes.update(outcome.value for one in committed for outcome in one.outcomes.values())
        return {uid for one in committed for uid in one.left}

    def _understand(self, fetched: Sequence[Fetched]) -> list[ParsedReply]:
        mails = [RawMail(f.data, f.size, f.partial, f.is_cut) for f in fetched if f.data is not None]
        replies = iter(self._sandbox.read(mails, self._beat))
        return [next(replies) if f.data is not None else _oversize(f) for f in fetched]


def _oversize(fetched: Fetched) -> ParsedReply:
    return ParsedReply("", fetched.size, MailNature.OVERSIZE, f"{fetched.size} bytes are more than is read")
