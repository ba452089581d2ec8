"""What the daemon knows about itself: heartbeats, polls, reloads; from it come readiness and issues.

Health is freshness: a part is well when it lately did what it is for, not when its thread exists. Written
by `engine.reports` and by the threads' heartbeats, read by the status command, the health endpoint and the
supervisor; callable from any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from flexmaild.core.jobs import OUTGOING
from flexmaild.core.ports import FolderState
from flexmaild.observe.incidents import Incidents
from flexmaild.system.clock import Clock

# A thread may be silent this long, seconds: the longest single step (the answer to SMTP's final dot,
# RFC 5321 section 4.5.3.2.6) and some slack.
LONGEST_SILENCE = 660.0
# Without these nothing goes on, and a start anew is the cure; a way out that hangs is an operator's affair.
VITAL = frozenset({"timers", "poller"})
# "has not been read for three intervals" makes the daemon not ready.
MISSED_INTERVALS = 3
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PollEnded:
    """A poll is over. `fault` is empty when it went well; `seconds` is how long it took; `step` is where it
    failed ("token", "login", "folder"). `began`, by the clock of transactions; `read_to`: all that lay in
    the folder at that moment is read now, by this poll or earlier ones; None when nothing new is known."""

    transport: str
    seconds: float
    folder: FolderState | None
    began: datetime
    read: int
    deleted: int
    fault: str = ""
    reason: str = ""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    step: str = ""
    read_to: datetime | None = None


@dataclass(slots=True)
class Mailbox:
    """The reply folder as the last polls found it. read_to: all is read that lay in it then."""

    interval: timedelta
    since: float
    polls: int = 0
    failures_in_a_row: int = 0
    last_success: datetime | None = None
    last_success_steady: float | None = None
    read_to: datetime | None = None
    last: PollEnded | None = None


@dataclass(slots=True)
class Way:
    """A way out (the outbox, a sink) as the last tries found it."""

    last_success: datetime | None = None
    fault: str = ""


@dataclass(slots=True)
class Health:
    clock: Clock
    started_at: datetime
    beats: dict[str, float] = field(default_factory=dict)
    mailbox: Mailbox | None = None
    open_requests: int = 0
    ways: dict[str, Way] = field(default_factory=dict)
    settings_fault: str = ""
    loaded_at: datetime | None = None
    store_fault: str = ""
    hung_transaction: float = 0.0
    warnings: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"timers"})
    incidents: Incidents = field(default_factory=Incidents)

    def beat(self, component: str) -> None:
        """A sign of life. A part that a reload took away may still give one, and is not waited for again."""
        if component in self.components:
            self.beats[component] = self.clock.steady()

    def watch(self, components: Iterable[str], targets: Iterable[str]) -> None:
        """From now on these threads and these ways out (beside the outbox) are there, and no others."""
        self.components = frozenset({"timers", *components})
        for gone in set(self.beats) - self.components:
            self.beats.pop(gone, None)
        for gone in set(self.ways) - {OUTGOING, *targets}:
            self.ways.pop(gone, None)

    def watch_mailbox(self, interval: timedelta | None) -> None:
        """Begin to watch, or go on with a new interval; None when replies are not read."""
        if interval is None:
            self.mailbox = None
        elif self.mailbox is None:
            self.mailbox = Mailbox(interval, self.clock.steady())
        else:
            self.mailbox.interval = interval

    def poll_ended(self, ended: PollEnded) -> None:
        if self.mailbox is None:
            return
        self.mailbox.polls += 1
        self.mailbox.last = ended
        self.mailbox.read_to = ended.read_to or self.mailbox.read_to
        if ended.fault:
            self.mailbox.failures_in_a_row += 1
            return
        self.mailbox.failures_in_a_row = 0
        self.mailbox.last_success = self.clock.now()
        self.mailbox.last_success_steady = self.clock.steady()

    def read_at(self) -> datetime:
        """The last moment of which it is known that no mail that lay in the folder then is unread; never
        where replies are not read at all. By the clock of transactions, so that a jump of the wall clock
        since makes no old poll a new one."""
        read_to = self.mailbox.read_to if self.mailbox is not None else None
        return read_to or _NEVER

    def polled_at(self) -> datetime:
        """When the last poll began that has ended, however it did."""
        last = self.mailbox.last if self.mailbox is not None else None
        return last.began if last is not None else _NEVER

    def beats_at(self) -> Mapping[str, datetime]:
        """When each component gave its last sign of life."""
        now, steady = self.clock.now(), self.clock.steady()
        return {component: now - timedelta(seconds=steady - at) for component, at in list(self.beats.items())}

    def way_ended(self, target: str, fault: str) -> None:
        way = self.ways.setdefault(target, Way())
        if fault:
            way.fault = fault
        else:
            way.fault, way.last_success = "", self.clock.now()

    def silent(self) -> list[str]:
        """Components that should have given a sign of life."""
        now = self.clock.steady()
        beats = [(c, at) for c, at in list(self.beats.items()) if c in self.components]
        return [c for c, at in beats if now - at > LONGEST_SILENCE]

    def not_ready(self) -> list[str]:
        """Why the daemon does not do its job; empty when it does."""
        reasons = [f"{component} has given no sign of life" for component in self.silent()]
        if self.hung_transaction:
            reasons.append(f"a transaction has not ended for {int(self.hung_transaction)} seconds")
        if self.store_fault:
            reasons.append(f"store: {self.store_fault}")
        box = self.mailbox
        if box is not None:
            since = box.since if box.last_success_steady is None else box.last_success_steady
            unread = self.clock.steady() - since
            if unread > MISSED_INTERVALS * box.interval.total_seconds():
                why = box.last.fault if box.last and box.last.fault else "no poll has ended"
                reasons.append(f"replies have not been read for {int(unread)} seconds: {why}")
        elif self.open_requests:
            reasons.append(
                f"replies are not read (incoming.enabled is false) while open requests wait for them: "
                f"{self.open_requests}"
            )
        return reasons

    def issues(self, resting: Mapping[str, float], failed_jobs: int) -> list[str]:
        """Everything an operator should look at, one sentence each."""
        found = self.not_ready()
        if self.settings_fault:
            found.append(
                f"the settings file has faults, the old settings stay in force: {self.settings_fault}"
            )
        if self.mailbox and self.mailbox.last and self.mailbox.last.fault:
            found.append(f"the last reading of replies failed: {self.mailbox.last.fault}")
        found += [f"{target}: {way.fault}" for target, way in self.ways.items() if way.fault]
        found += [f"{target} rests for {int(s)} seconds" for target, s in resting.items()]
        found += [incident.said for incident in self.incidents.open()]
        if failed_jobs:
            found.append(f"{failed_jobs} jobs were given up on (see outbox list, delivery list)")
        return found
