"""The one loop: takes the next value off the queue, has the core judge it, commits, and sets others to work.

Owner of the store and the requests; nothing else writes. `schedule` only puts values on the queue, so a
job of it can neither raise nor be slow. Ends by a signal, or when the store can promise nothing any more.
"""

from __future__ import annotations

import queue
import signal
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

import schedule
import structlog

from flexmaild.control import problems
from flexmaild.control.problems import Problem
from flexmaild.core.errors import Reason, TryLater
from flexmaild.core.events import Bounced, TimePassed
from flexmaild.core.model import Bounce, MailKind, Outcome, Reading
from flexmaild.core.ports import Fetched, Mark
from flexmaild.core.work import Change, Job, JobEnd
from flexmaild.daemon import judge, sent_mails
from flexmaild.daemon.house import House
from flexmaild.daemon.items import (
    Arrived,
    Asked,
    Due,
    Item,
    JobsEnded,
    JobsReturned,
    KnownAsked,
    MailsComposed,
    PollEnded,
    ReloadAsked,
    SignalCame,
    WorkerDied,
)
from flexmaild.settings.faults import SettingsError
from flexmaild.store import StoreBroken, StoreConflict, StoreFault

_log = structlog.get_logger("flexmaild")

# How often each thing is looked at, seconds.
TICK, COUNT_EVERY, PRUNE_EVERY = 1, 10, 3600
# Requests whose time has come, before the next value on the queue has its turn.
DUE_REQUESTS = 100


class Loop:
    """`run` returns the exit status of the daemon."""

    def __init__(self, house: House, box: queue.SimpleQueue[Item]) -> None:
        self._house = house
        self._box = box
        self._scheduler = schedule.Scheduler()
        self._unrecorded: list[JobEnd] = []
        self._exit: int | None = None
        self._planned: timedelta | None = None

    def run(self) -> int:
        self.plan()
        self._box.put(Due.COUNTS)
        self._box.put(Due.BORDERS)
        self._box.put(Due.POLL)
        while self._exit is None:
            self._house.health.beat("loop")
            self._scheduler.run_pending()
            idle = self._scheduler.idle_seconds or 0.0
            if idle > TICK + 1:  # the clock went back: `schedule` counts in wall time
                self.plan()
                continue
            try:
                item = self._box.get(timeout=max(idle, 0.001))
            except queue.Empty:
                continue
            self._handle_safely(item)
        return self._exit

    def drain(self, until: float) -> None:
        """Record what workers still report, until they are done or `until` (steady clock) has come."""
        while self._house.clock.steady() < until:
            try:
                item = self._box.get(timeout=0.05)
            except queue.Empty:
                if not self._house.parts.is_busy():
                    return
                continue
            if isinstance(item, JobsEnded | JobsReturned | MailsComposed | Arrived | KnownAsked | PollEnded):
                self._handle_safely(item)
            else:
                _excuse(item, problems.stopping())

    def plan(self) -> None:
        """What is due how often, by the settings in force. Begins to count anew, so it is not for a reload
        that changes nothing here: frequent ones would put every poll off."""
        self._scheduler.clear()
        self._every(TICK, Due.TIME)
        self._every(COUNT_EVERY, Due.COUNTS)
        self._every(PRUNE_EVERY, Due.PRUNE)
        self._planned = interval = self._house.parts.poll_interval
        if interval is not None:
            self._every(max(1, round(interval.total_seconds())), Due.POLL)
        if self._house.watchdog_seconds is not None:
            self._every(max(1, int(self._house.watchdog_seconds)), Due.WATCHDOG)

    def _every(self, seconds: int, due: Due) -> None:
        self._scheduler.every(seconds).seconds.do(self._box.put, due)

    def _handle_safely(self, item: Item) -> None:
        try:
            self._handle(item)
            self._house.dispatcher.run(self._now())
        except StoreBroken as fault:
            self._end(fault)
            _excuse(item, fault)
        except StoreFault as fault:
            self._store_failed(fault)
            _excuse(item, fault)
        except Exception as bug:  # noqa: BLE001 - the top of the loop: one bad value must not end the daemon
            self._house.metrics.unhandled("loop")
            _log.exception("bug in the loop", item=type(item).__name__)
            _excuse(item, bug)

    def _handle(self, item: Item) -> None:
        match item:
            case Due():
                self._due(item)
            case Arrived():
                self._arrived(item)
            case KnownAsked():
                item.known.set_result(self._house.store.known(item.marks))
            case PollEnded():
                self._poll_ended(item)
            case MailsComposed():
                self._house.ledger.commit(Change(kept=item.mails))
                item.kept.set_result(None)
            case JobsEnded():
                self._jobs_ended(item)
            case JobsReturned():
                self._house.dispatcher.take_back(item.target, item.ids)
            case Asked():
                self._asked(item)
            case ReloadAsked():
                self._reload(item)
            case SignalCame():
                self._signal(item.number)
            case WorkerDied():
                self._house.metrics.unhandled(item.component)
                _log.critical(
                    "a thread died of a bug; the daemon ends and starts anew",
                    component=item.component,
                    error=item.text,
                )
                self._exit = 1
        self._house.dispatcher.look_at(self._house.ledger.take_new_work())

    def _due(self, due: Due) -> None:
        match due:
            case Due.POLL:
                self._house.parts.poll()
            case Due.TIME:
                self._try_the_store()
                self._record([])
                self._house.dispatcher.look_everywhere()
                self._time_passed()
            case Due.COUNTS:
                self._house.count()
            case Due.BORDERS:
                self._house.look_at_borders()
            case Due.TOKENS:
                self._house.tell_applications()
            case Due.PRUNE:
                if self._house.prune(self._now()):
                    self._box.put(Due.PRUNE)
            case Due.WATCHDOG:
                self._feed_watchdog()

    def _store_failed(self, fault: StoreFault) -> None:
        """Say it once, and keep it for readiness and status until something can be written again."""
        if self._house.health.store_fault != str(fault):
            _log.error("store", fault=str(fault))
        if not isinstance(fault, StoreConflict):
            self._house.health.store_fault = str(fault)

    def _try_the_store(self) -> None:
        """After a fault: it is over when something was written, not when something could be read."""
        health = self._house.health
        if health.store_fault:
            self._house.store.write_high_water()
            health.store_fault = ""
            _log.info("store writes again")

    def _feed_watchdog(self) -> None:
        silent = self._house.health.silent()
        if silent:
            _log.error("the watchdog is not fed", silent=silent)
        else:
            self._house.manager.alive()

    def _time_passed(self) -> None:
        now = self._now()
        due = self._house.store.due_requests(now, DUE_REQUESTS)
        health = self._house.health
        for request in due:
            self._commit_event(request.id, TimePassed(health.read_at()), now)
        settled = [r.settles_at for r in due if r.settles_at is not None and r.settles_at <= now]
        if settled and health.polled_at() < max(settled):
            self._house.parts.poll()  # somebody's change of mind may lie unread
        if len(due) == DUE_REQUESTS:
            self._box.put(Due.TIME)

    def _arrived(self, item: Arrived) -> None:
        self._house.dispatcher.quiet()
        item.committed.set_result(self._commit_mails(item.mails))

    def _commit_mails(self, mails: Sequence[tuple[Fetched, Reading]]) -> dict[Mark, Outcome]:
        """Judge and commit; a mail that meets a bug in the house is set aside, its neighbours are not."""
        house = self._house

        def draft() -> judge.Draft:
            return judge.judge(house.store, house.parts.terms, mails, self._now())

        try:
            done = house.commit_draft(draft)
        except StoreFault:
            raise
        except Exception as bug:  # noqa: BLE001 - a bug becomes a value: this mail goes to quarantine
            house.metrics.unhandled("loop")
            _log.exception("bug while judging a mail", sha256=mails[0][1].sha256, mails=len(mails))
            if len(mails) > 1:
                return {mark: out for one in mails for mark, out in self._commit_mails([one]).items()}
            aside = judge.set_aside(*mails[0], str(bug), self._now())
            house.ledger.commit(Change(seen=(aside,)))
            return {aside.mark: aside.outcome}
        return {seen.mark: seen.outcome for seen in done.seen} if done else {}

    def _poll_ended(self, ended: PollEnded) -> None:
        house, failed = self._house, Reason(ended.reason) if ended.reason else None
        house.dispatcher.quiet(over=True)
        house.health.poll_ended(ended)
        at = house.clock.now().timestamp()
        house.metrics.poll_ended(ended.transport, seconds=ended.seconds, at=at, failed=failed)
        house.metrics.mails_deleted(ended.deleted)
        if ended.folder is not None:
            house.metrics.mailbox(max(0, ended.folder.messages - ended.deleted))
        house.tell_poll_end(ended)
        if ended.step == sent_mails.STORE:
            house.store.write_high_water()  # whether the store is broken shows when it is written
        if ended.read:
            house.look_at_borders()

    def _jobs_ended(self, item: JobsEnded) -> None:
        self._house.dispatcher.ended(item.target, len(item.ends), item.pause)
        self._record(item.ends)

    def _record(self, ends: Sequence[JobEnd]) -> None:
        """Commit ends; those that cannot be committed now are kept and committed later, never repeated."""
        self._unrecorded += ends
        if not self._unrecorded:
            return
        jobs = self._house.store.jobs([end.job_id for end in self._unrecorded])
        self._house.ledger.commit(Change(ended=tuple(self._unrecorded)))
        ended, self._unrecorded = self._unrecorded, []
        for end in ended:
            if end.job_id in jobs:
                self._house.tell_job_end(jobs[end.job_id], end)
                self._mark_unreachable(jobs[end.job_id], end)

    def _mark_unreachable(self, job: Job, end: JobEnd) -> None:
        """An approver whose mail the server refuses for good is as unreachable as one whose mail bounced."""
        if end.result != "give_up" or not job.approval_id or job.invitation is None:
            return
        if job.kind in (MailKind.APPROVAL_REQUEST, MailKind.REMINDER):
            bounce = Bounce(job.recipients[0] if job.recipients else "", True, diagnostic=end.error)
            self._commit_event(job.approval_id, Bounced(job.invitation, bounce), self._now())

    def _commit_event(self, identifier: str, event: Bounced | TimePassed, now: datetime) -> None:
        house = self._house
        house.commit_draft(lambda: judge.happen(house.store, house.parts.terms, identifier, event, now))

    def _asked(self, item: Asked) -> None:
        if item.answer.set_running_or_notify_cancel():
            try:
                item.answer.set_result(self._house.answer(item.command, item.call))
            except StoreFault:
                raise
            except Exception as refusal:  # noqa: BLE001 - it belongs to the caller, who raises it
                item.answer.set_exception(refusal)

    def _reload(self, item: ReloadAsked) -> None:
        try:
            changed = self._house.reload(item.by)
        except SettingsError as faults:
            item.done.set_exception(faults)
        else:
            if self._house.parts.poll_interval != self._planned:
                self.plan()
                self._box.put(Due.POLL)
            self._box.put(Due.COUNTS)  # what was switched off may be needed by what is open
            self._box.put(Due.BORDERS)
            item.done.set_result(changed)

    def _signal(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._reload(ReloadAsked("SIGHUP"))
        else:
            _log.info("stopping", signal=signal.Signals(number).name)
            self._exit = 0

    def _end(self, fault: StoreBroken) -> None:
        _log.critical("the store is broken; the daemon ends and starts anew", fault=str(fault))
        self._exit = 1

    def _now(self) -> datetime:
        return self._house.now()


def _excuse(item: Item, error: Exception) -> None:
    """Whoever waits for this item learns that it failed: a caller as a problem, the intake as a failed poll,
    which leaves the mails in the folder, a worker as a failed try of its mails."""
    future: Future[Any]
    match item:
        case Arrived(committed=future) | KnownAsked(known=future) | MailsComposed(kept=future):
            error = TryLater(Reason.OTHER, str(error), step="commit")
        case Asked(answer=future) | ReloadAsked(done=future):
            if isinstance(error, StoreFault):
                error = Problem(503, "The store failed", error.text, cure=error.cure, kind="store")
        case _:
            return
    if not future.done():
        future.set_exception(error)
