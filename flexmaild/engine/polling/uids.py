"""Checks that the UIDs of a folder only grow, as they should (RFC 9051 section 2.3.1.1).

They go back when a mailbox is restored from a copy, or when a replica that lagged takes over. No mail is
lost by it, since a mail is identified by more than its UID; the operator is notified.
Used by `engine.polling.poller`, in its thread.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from flexmaild.core.identity import Identity, differs
from flexmaild.core.ports import Fetched, FolderState, IsKnown, MessageUid
from flexmaild.observe.health import WentBack

Highest = Callable[[str, str], int]


class UidWatch:
    """`known` stands between the inbox and the store, and sees which mails had the UIDs of this poll.

    highest: the highest stored UID of a folder; called once, since it reads every mail's row.
    """

    def __init__(self, known: IsKnown, highest: Highest) -> None:
        self._known, self._stored = known, highest
        self._folder: MessageUid | None = None
        self._highest = 0
        self._kept: dict[MessageUid, Identity] = {}
        self._reused: list[MessageUid] = []
        self._back: tuple[int, int] | None = None

    def begin(self, folder: FolderState) -> None:
        """A poll begins with the folder in this state."""
        self._kept, self._reused, self._back = {}, [], None
        if (uid := folder.next) is None:
            return
        if self._folder != (of_mark := replace(uid, uid="")):
            self._folder, self._highest = of_mark, self._stored(uid.mailbox, uid.validity)
        if int(uid.uid) <= self._highest:
            self._back = int(uid.uid), self._highest
        # The number before the next was given to a mail, whether or not it was ever read.
        self._highest = max(self._highest, int(uid.uid) - 1)

    def known(self, uids: Sequence[MessageUid]) -> Mapping[MessageUid, Identity]:
        found = self._known(uids)
        self._kept |= found
        return found

    def read(self, fetched: Sequence[Fetched]) -> None:
        """These are read as new mails."""
        for mail in fetched:
            if mail.uid in self._kept and differs(self._kept[mail.uid], mail.identity):
                self._reused.append(mail.uid)

    def went_back(self) -> WentBack | None:
        """The reused or decreased UIDs that this poll has found."""
        if self._back is None and not self._reused:
            return None
        following, highest = self._back or (0, 0)
        uid = self._reused[0] if self._reused else self._folder
        assert uid is not None
        return WentBack(uid.mailbox, len(self._reused), following, highest)
