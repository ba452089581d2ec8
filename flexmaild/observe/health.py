"""The daemon's health: heartbeats, polls, targets, reloads. `observe.conditions` derives what is wrong.

Health is freshness: a component is healthy when it did its work recently, not when its thread exists. Written
by `engine.reports` and by the threads' heartbeats, read by the status command, the health endpoint and the
supervisor; callable from any thread.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from flexmaild.core.jobs import OUTGOING
from flexmaild.core.left_in_folder import LeftMails
from flexmaild.core.ports import FolderState, Unreadable
from flexmaild.observe.incidents import Condition
from flexmaild.system.clock import TrustedClock

# A thread may be silent this long, seconds: the longest single step (the answer to SMTP's final dot,
# RFC 5321 section 4.5.3.2.6) and some slack.
LONGEST_SILENCE = 660.0
# A job that takes longer than this, seconds, is reported: others wait for it.
LONG_JOB = 120.0
# Without these nothing works, and a restart is the cure; a target that hangs is not restarted.
VITAL = frozenset({"timers", "poller"})
# So many failures of mails in so many seconds without a success are not those of single recipients;
# greylisting accepts a mail after some minutes.
MANY_FAILURES, MANY_FAILURES_SECONDS = 3, 900.0
# The step at which a poll ends while the clock cannot be right.
DOUBTED = "clock"
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WentBack:
    """UIDs are reused in this folder. reused: how many mails of this poll had UIDs of others. next: the UID
    that the next mail will get, and highest: the highest known one; both 0 where they did not go back."""

    folder: str
    reused: int
    next: int = 0
    highest: int = 0


@dataclass(frozen=True, slots=True)
class PollEnded:
    """The end of a poll. `fault` is empty when it succeeded; `seconds` is how long it took; `step` is where
    it failed ("token", "login", "folder"). `began`, by the clock of transactions; `read_to`: all that lay in
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
    unreadable: Unreadable | None = None
    went_back: WentBack | None = None
    left: LeftMails | None = None


@dataclass(slots=True)
class Mailbox:
    """The reply folder by the last polls. read_to: all mails that lay in it then are read. unreadable,
    went_back, left: by the last successful poll."""

    interval: timedelta
    since: float
    polls: int = 0
    failures_in_a_row: int = 0
    last_success: datetime | None = None
    last_success_steady: float | None = None
    read_to: datetime | None = None
    last: PollEnded | None = None
    unreadable: Unreadable | None = None
    went_back: WentBack | None = None
    left: LeftMails | None = None


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """A target (the outbox, a sink) by the last tries. fault, reason: of the last failure.

    failures: since the last success, the first at `since` (steady clock). closed: the step at which
    everything fails, empty where only single mails were refused; closed_by: the fault then, closed_reason
    its reason.
    """

    last_success: datetime | None = None
    fault: str = ""
    reason: str = ""
    failures: int = 0
    since: float = 0.0
    closed: str = ""
    closed_by: str = ""
    closed_reason: str = ""

    @property
    def cause(self) -> str:
        """What two failures of the same incident have in common."""
        return f"{self.closed_reason} {self.closed}".strip() if self.closed else self.reason


@dataclass(slots=True)
class Health:
    """socket_gone: why no command comes in. store_fault: why nothing can be written. given_up: jobs by
    target. orphaned and unserved: deliveries that wait and open requests that will be delivered, by the name
    of a sink that is not in the settings. clock_doubted: at the last look, so that its end is seen. bugs: by
    component, how many and when the last showed."""

    clock: TrustedClock
    started_at: datetime
    beats: dict[str, float] = field(default_factory=dict)
    mailbox: Mailbox | None = None
    open_requests: int = 0
    target_health: dict[str, TargetHealth] = field(default_factory=dict)
    settings_fault: str = ""
    metrics_fault: str = ""
    loaded_at: datetime | None = None
    socket_gone: Condition | None = None
    store_fault: Condition | None = None
    hung_transaction: float = 0.0
    warnings: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"timers"})
    targets: frozenset[str] = frozenset()
    given_up: Mapping[str, int] = field(default_factory=dict)
    orphaned: Mapping[str, int] = field(default_factory=dict)
    unserved: Mapping[str, int] = field(default_factory=dict)
    clock_doubted: bool = False
    unmatched_borders: tuple[Condition, ...] = ()
    replies_refused: Condition | None = None
    damaged_rows: tuple[Condition, ...] = ()
    bugs: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def beat(self, component: str) -> None:
        """A heartbeat. One of a component that a reload removed is ignored."""
        if component in self.components:
            self.beats[component] = self.clock.steady()

    def watch(self, components: Iterable[str], targets: Iterable[str]) -> None:
        """Watch exactly these threads and these targets (besides the outbox) from now on."""
        self.components, self.targets = frozenset({"timers", *components}), frozenset(targets)
        for gone in set(self.beats) - self.components:
            self.beats.pop(gone, None)
        for gone in set(self.target_health) - {OUTGOING, *self.targets}:
            self.target_health.pop(gone, None)

    def watch_mailbox(self, interval: timedelta | None) -> None:
        """Watch the reply folder, with this interval; None when replies are not read."""
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
        self.mailbox.unreadable, self.mailbox.went_back = ended.unreadable, ended.went_back
        self.mailbox.left = ended.left
        self.mailbox.last_success = self.clock.now()
        self.mailbox.last_success_steady = self.clock.steady()

    def read_at(self) -> datetime:
        """The last time at which every mail in the folder is known to be read; never where replies are not
        read. By the clock of transactions, so that a jump of the wall clock does not matter."""
        read_to = self.mailbox.read_to if self.mailbox is not None else None
        return read_to or _NEVER

    def polled_at(self) -> datetime:
        """When the last finished poll began."""
        last = self.mailbox.last if self.mailbox is not None else None
        return last.began if last is not None else _NEVER

    def beats_at(self) -> Mapping[str, datetime]:
        """When each component sent its last heartbeat."""
        now, steady = self.clock.now(), self.clock.steady()
        return {component: now - timedelta(seconds=steady - at) for component, at in list(self.beats.items())}

    def target_succeeded(self, target: str) -> TargetHealth:
        """Record a success; returns the former health."""
        before = self.target_health.get(target, TargetHealth())
        if self._is_configured(target):
            self.target_health[target] = TargetHealth(self.clock.now())
        return before

    def target_failed(self, target: str, fault: str, reason: str, closed: str) -> bool:
        """Record a failure. True for a single mail that failed for another cause than the one before; a
        target that fails altogether is an incident, until something succeeds."""
        before = self.target_health.get(target, TargetHealth())
        since = before.since if before.failures else self.clock.steady()
        way = replace(before, fault=fault, reason=reason, failures=before.failures + 1, since=since)
        if target != OUTGOING:  # a sink knows no recipients: what fails is the sink
            closed = closed or reason
        elif way.failures >= MANY_FAILURES and self.clock.steady() - since >= MANY_FAILURES_SECONDS:
            closed = closed or "in vain"
        if closed:
            way = replace(way, closed=closed, closed_by=fault, closed_reason=reason)
        if self._is_configured(target):
            self.target_health[target] = way
        return not way.closed and (not before.fault or before.cause != way.cause)

    def forget_idle(self, targets: Iterable[str]) -> None:
        """Reset targets without jobs, whose recovery no try would show."""
        for target in targets:
            if target in self.target_health:
                self.target_health[target] = TargetHealth(self.target_health[target].last_success)

    def _is_configured(self, target: str) -> bool:
        """Whether the target is configured; one that a reload removed may still end a try."""
        return target == OUTGOING or target in self.targets

    def bug_met(self, component: str) -> None:
        number, _ = self.bugs.get(component, (0, _NEVER))
        self.bugs[component] = number + 1, self.clock.now()

    def silent(self) -> list[str]:
        """Components whose heartbeat is overdue."""
        return [c for c, seconds in self._silent_seconds() if seconds > LONGEST_SILENCE]

    def held_up(self) -> list[str]:
        """Targets that have been at one job for long, and are not silent yet."""
        target_health = [(c, seconds) for c, seconds in self._silent_seconds() if c not in VITAL]
        return [c for c, seconds in target_health if LONG_JOB < seconds <= LONGEST_SILENCE]

    def _silent_seconds(self) -> list[tuple[str, float]]:
        """Seconds since the last heartbeat of each component."""
        now = self.clock.steady()
        return [(c, now - at) for c, at in list(self.beats.items()) if c in self.components]
