"""The mails of a folder that its server does not hand out: which they are, and when to try each again.

For the ways in. Such a mail costs trips and, on some servers, the connection, so it is tried at the next
poll, then after two more, after four, and so on: whoever made it readable need not wait for long.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from flexmaild.core.ports import Unreadable

Key = TypeVar("Key", bound=Hashable)

# Polls between two tries at most.
_MOST_POLLS = 16


@dataclass(frozen=True, slots=True)
class _Failed:
    """tries: in vain so far. again: the poll that tries it next."""

    tries: int
    again: int
    said: str


class Withheld(Generic[Key]):
    """A key names a mail and what it looked like: one that looks otherwise now is tried at once."""

    def __init__(self) -> None:
        self._poll = 0
        self._failed: dict[Key, _Failed] = {}

    def __len__(self) -> int:
        return len(self._failed)

    def begin(self) -> None:
        """A poll begins."""
        self._poll += 1

    def waits(self, key: Key) -> bool:
        """Whether it is not to be tried in this poll."""
        return key in self._failed and self._failed[key].again > self._poll

    def failed(self, key: Key, said: str) -> None:
        tries = self._failed[key].tries + 1 if key in self._failed else 1
        again = self._poll + min(2 ** (tries - 1), _MOST_POLLS)
        self._failed.pop(key, None)  # to the end: what was said last is told
        self._failed[key] = _Failed(tries, again, said)

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
        return Unreadable(len(self._failed), folder, self.said)
