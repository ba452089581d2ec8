"""The mails of a folder that its server does not hand out: which they are, and when to try each again.

For the ways in. Such a mail costs trips and, on some servers, the connection. Where the server hands out
others in the same poll the fault is the mail's: it is tried at the next poll, then after two more, after
four, and so on. Where it hands out none the fault is the server's, and all are tried at the next poll.
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
# An answer may settle for so long, and one of these may take it back; seconds.
_RECENT = durations.parse(MAX_SETTLE).total_seconds()


@dataclass(frozen=True, slots=True)
class _Failed:
    """tries: in vain, in polls that read others or after such a one. again: the poll that tries it next.
    since: when it arrived, as far as that is told, in seconds since 1970."""

    said: str
    since: float
    tries: int = 0
    again: int = 0


class Withheld(Generic[Key]):
    """A key names a mail and what it looked like: one that looks otherwise now is tried at once."""

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
        """The folder was made anew: the keys name other mails now."""
        self._failed.clear()
        self._begin_anew()

    def begin(self) -> None:
        """A poll begins."""
        for key in self._now & self._failed.keys():
            if self._handed_out or self._left_over or self.is_alone(key):
                one = self._failed[key]
                # Where others were left over, one poll at least is theirs.
                again = self._poll + max(min(2**one.tries, _MOST_POLLS), 2 if self._left_over else 1)
                self._failed[key] = replace(one, tries=one.tries + 1, again=again)
        self._poll += 1
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._now.clear()
        self._handed_out = self._left_over = False

    def handed_out(self) -> None:
        """The server has shown some mail in this poll."""
        self._handed_out = True

    def left_over(self) -> None:
        """Too many failed for the others to be tried in this poll: those come first in the next ones."""
        self._left_over = True

    def failed(self, key: Key, said: str, arrived: float | None = None) -> None:
        now = time.time()
        since = now if arrived is None else min(now, arrived)
        # To the end: what was said last is told.
        before = self._failed.pop(key, _Failed("", since))
        self._failed[key] = replace(before, said=said)
        self._now.add(key)

    def is_alone(self, key: Key) -> bool:
        """Whether it failed in a poll in which the server handed out others."""
        return key in self._failed and self._failed[key].tries > 0

    def waits(self, key: Key) -> bool:
        """Whether it is not to be tried, or not again, in this poll."""
        return key in self._now or (key in self._failed and self._failed[key].again > self._poll)

    def forget(self, is_gone: Callable[[Key], bool]) -> None:
        """These were read, or lie in the folder no more."""
        for key in [key for key in self._failed if is_gone(key)]:
            del self._failed[key]

    @property
    def said(self) -> str:
        """Why, of the last one."""
        return list(self._failed.values())[-1].said if self._failed else ""

    def told(self, folder: str) -> Unreadable | None:
        if not self._failed:
            return None
        oldest = time.time() - _RECENT
        is_recent = any(one.since > oldest for one in self._failed.values())
        return Unreadable(len(self._failed), folder, self.said, is_recent)
