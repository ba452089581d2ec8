"""The mails of a folder that its server does not return: which they are, and when to try each again.

Used by the inboxes. Such a mail costs round trips and, on some servers, the connection. Where the server
returns others in the same poll the fault lies with the mail: it is tried at the next poll, then after two
more, after four, and so on. Where it returns none the fault lies with the server, and all are tried at the
next poll.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from flexmaild.core import durations
from flexmaild.core.approval.opening import MAX_SETTLE
from flexmaild.core.ports import Unreadable

Key = TypeVar("Key", bound=Hashable)

# Polls between two tries at most.
_MOST_POLLS = 16
# Seconds that an answer may settle; a withheld mail of that age may withdraw it.
_RECENT = durations.parse(MAX_SETTLE).total_seconds()


@dataclass(frozen=True, slots=True)
class _Failed:
    """tries: those that failed, in polls that read others or after such a poll. again: the poll that tries it
    next. since: when it arrived, as far as known, in seconds since 1970."""

    why: str
    since: float
    tries: int = 0
    again: int = 0


class Withheld(Generic[Key]):
    """A key holds a mail's UID and properties: one whose properties changed is tried at once."""

    def __init__(self) -> None:
        self._poll = 0
        self._failed: dict[Key, _Failed] = {}
        self._now: set[Key] = set()
        self._handed_out = self._left_over = False

    def __len__(self) -> int:
        return len(self._failed)

    def __contains__(self, key: Key) -> bool:
        return key in self._failed

    def clear(self) -> None:
        """Forget all: the folder was recreated, and the keys identify other mails now."""
        self._failed.clear()
        self._begin_anew()

    def begin(self) -> None:
        """Begin a poll."""
        for key in self._now & self._failed.keys():
            if self._handed_out or self._left_over or self.failed_alone(key):
                one = self._failed[key]
                # Where others were left over, they get one poll at least.
                again = self._poll + max(min(2**one.tries, _MOST_POLLS), 2 if self._left_over else 1)
                self._failed[key] = replace(one, tries=one.tries + 1, again=again)
        self._poll += 1
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._now.clear()
        self._handed_out = self._left_over = False

    def handed_out(self) -> None:
        """Note that the server returned some mail in this poll."""
        self._handed_out = True

    def left_over(self) -> None:
        """Note that too many failed to try the others in this poll: those are tried first in the next."""
        self._left_over = True

    def failed(self, key: Key, why: str, arrived: float | None = None) -> None:
        now = time.time()
        since = now if arrived is None else min(now, arrived)
        # To the end: the latest reason is reported.
        before = self._failed.pop(key, _Failed("", since))
        self._failed[key] = replace(before, why=why)
        self._now.add(key)

    def failed_alone(self, key: Key) -> bool:
        """Whether it failed in a poll in which the server returned others."""
        return key in self._failed and self._failed[key].tries > 0

    def waits(self, key: Key) -> bool:
        """Whether it is not tried, or not tried again, in this poll."""
        return key in self._now or (key in self._failed and self._failed[key].again > self._poll)

    def forget(self, is_gone: Callable[[Key], bool]) -> None:
        """Forget those that were read or are no longer in the folder."""
        for key in [key for key in self._failed if is_gone(key)]:
            del self._failed[key]

    @property
    def why(self) -> str:
        """The reason of the latest failure."""
        return list(self._failed.values())[-1].why if self._failed else ""

    def report(self, folder: str) -> Unreadable | None:
        if not self._failed:
            return None
        oldest = time.time() - _RECENT
        is_recent = any(one.since > oldest for one in self._failed.values())
        return Unreadable(len(self._failed), folder, self.why, is_recent)
