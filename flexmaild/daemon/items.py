"""Everything that can happen to the daemon, as values on its one queue.

Whoever wants something of the loop puts one of these; where an answer is awaited, it comes through the
item's future. Nobody but the loop takes them off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from flexmaild.control.call import Answer, Call
from flexmaild.core.model import Outcome, Reading
from flexmaild.core.ports import Fetched, FolderState, Mark
from flexmaild.core.work import JobEnd, KeptMail


class Due(Enum):
    """Something the scheduler says is due."""

    POLL = auto()
    TIME = auto()
    COUNTS = auto()
    WATCHDOG = auto()
    PRUNE = auto()
    TOKENS = auto()
    BORDERS = auto()


@dataclass(frozen=True, slots=True)
class SignalCame:
    number: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """Mails were read; the future gives the outcome of each, committed: those mails may be deleted."""

    mails: Sequence[tuple[Fetched, Reading]]
    committed: Future[Mapping[Mark, Outcome]] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class KnownAsked:
    """Which of these marks were committed before?"""

    marks: Sequence[Mark]
    known: Future[set[Mark]] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class PollEnded:
    """A poll is over. `fault` is empty when it went well; `seconds` is how long it took; `step` is where it
    failed ("token", "login", "folder"). `began`, as the loop counts time; `read_to`: all that lay in
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


@dataclass(frozen=True, slots=True)
class MailsComposed:
    """These mails are about to go out; none does before the future says that they are kept."""

    mails: tuple[KeptMail, ...]
    kept: Future[None] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class JobsEnded:
    """A worker finished tries; `pause` (seconds) when the way itself failed and all others would too."""

    target: str
    ends: Sequence[JobEnd]
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class JobsReturned:
    """A worker that was told to stop had not begun these; whoever comes after it may have them at once."""

    target: str
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A control command that needs the store; the future gives the answer or raises a Problem."""

    command: str
    call: Call
    answer: Future[Answer] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a good reload did: paths of changed settings, those of them that wait for a restart, warnings."""

    changed: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReloadAsked:
    """SIGHUP or `reload`; the future gives what changed, or raises SettingsError."""

    by: str
    done: Future[Reloaded] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """A thread ended by a bug: the loop counts it and stops the daemon, systemd starts it again."""

    component: str
    text: str


Item = (
    Due
    | SignalCame
    | Arrived
    | KnownAsked
    | PollEnded
    | MailsComposed
    | JobsEnded
    | JobsReturned
    | Asked
    | ReloadAsked
    | WorkerDied
)
