"""Remembers the mails that stay in the folder: each poll skips them and fetches nothing of them.

`LeftMailFilter` stands between the inbox and the store, which marks a bounded number of them; of the others
the poller knows as long as it runs. Used by `engine.polling.poller`, in its thread.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from flexmaild.core.identity import Identity
from flexmaild.core.ports import Fetched, IsKnown, MessageUid

# Some 20 MB. What is beyond is read anew at each poll, `MOST_LEFT` of them.
_MOST = 50_000


class LeftMailFilter:
    """known: finds which of these UIDs were committed before, and for which mails."""

    def __init__(self, known: IsKnown) -> None:
        self._known = known
        self._kept: dict[MessageUid, Identity] = {}
        self._there: set[MessageUid] = set()

    def begin(self) -> None:
        """A poll begins."""
        self._there.clear()

    def known(self, uids: Sequence[MessageUid]) -> Mapping[MessageUid, Identity]:
        found = dict(self._known(uids))
        found |= {uid: self._kept[uid] for uid in uids if uid in self._kept}
        self._there.update(uid for uid, identity in found.items() if identity.is_left)
        return found

    def without(self, fetched: Sequence[Fetched], left: Collection[MessageUid]) -> list[Fetched]:
        """The fetched mails that do not stay in the folder."""
        for mail in fetched:
            self._kept.pop(mail.uid, None)  # it may have been that of another mail
            self._there.discard(mail.uid)
            if mail.uid in left:
                self._there.add(mail.uid)
                if len(self._kept) < _MOST:
                    self._kept[mail.uid] = replace(mail.identity, is_left=True)
        return [mail for mail in fetched if mail.uid not in left]

    def end(self) -> Collection[MessageUid]:
        """The folder was read to its end: returns the UIDs of the mails that stay there."""
        self._kept = {uid: identity for uid, identity in self._kept.items() if uid in self._there}
        return frozenset(self._there)
