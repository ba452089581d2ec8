"""Incoming mail over IMAP: the oldest mails of one folder, a limited number at a time, removed on request.

Mails are addressed by UID only; sequence numbers serve to list the oldest few, so a poll costs the same in a
large folder. Never sends CLOSE or a plain EXPUNGE, which would remove what other clients have marked; no text
of a mail ever becomes part of a command.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from flexmaild.core.defaults import LARGEST_MAIL, READ_EVERY
from flexmaild.core.errors import Failure, Reason, TryLater
from flexmaild.core.identity import Identity, differs, is_same
from flexmaild.core.ports import Fetched, FolderPosition, FolderState, IsKnown, MessageUid, Unreadable
from flexmaild.mail.parse.message_id import name_of
from flexmaild.net import sasl
from flexmaild.settings.javamail.session import ImapSession
from flexmaild.transports.imap.client import Client, Trace, open_client, plain
from flexmaild.transports.imap.fetch import Fetch, Fetcher, Found
from flexmaild.transports.imap.folder import Removal, plan_removal, select
from flexmaild.transports.imap.listing import UNKNOWN_SIZE, Lister, Passed, Row, left_in_place
from flexmaild.transports.withheld import Withheld

T = TypeVar("T")

# Mails listed at a time after the first list, which is as long as what is wanted; and restarts of the
# listing.
_WIDER, _MOST_RESTARTS = 500, 10
# A connection is kept over a pause no longer than this: NAT routers forget idle connections after some
# minutes, and a mailbox has few connections to spare.
_KEEP_OVER = 60.0
_NOTHING = Passed()


class ImapInbox:
    """An Inbox (see `core.ports`) for one folder and one thread.

    move_to: the folder for processed mails; empty deletes them. most: bytes a mail may have to be fetched.
    pause: seconds until the next poll, which decides whether `rest` keeps the connection.
    """

    def __init__(
        self,
        session: ImapSession,
        credentials: sasl.Credentials,
        *,
        folder: str = "INBOX",
        move_to: str = "",
        most: int = LARGEST_MAIL,
        pause: float = READ_EVERY.total_seconds(),
        trace: Trace | None = None,
    ) -> None:
        self._session = session
        self._credentials = credentials
        self._folder = plain(folder)
        self._move_to = plain(move_to)
        self._pause = pause
        self._trace = trace
        self._shown = folder
        self._mailbox = f"imap://{session.user}@{session.host}/{folder}"
        self._fetcher = Fetcher(session, most, self._connected, self._reconnect)
        self._withheld: Withheld[Row] = Withheld()
        self._lister = Lister(self._connected, self._reconnect, self._withheld)
        self._client: Client | None = None
        self._removal: Removal | None = None
        self._validity = ""
        self._next = 0
        self._exists = 0
        self._is_unsure = False
        self._passed = _NOTHING
        self._handed: set[int] = set()
        self._read_here: set[int] = set()
        self._leftover: set[int] = set()

    def open(self) -> FolderState:
        self._handed.clear()
        # A UID that was left over in an earlier poll may be another mail now.
        self._leftover.clear()
        self._withheld.begin()
        self._fetcher.begin()
        self._lister.begin()
        try:
            kept = self._client is not None
            try:
                self._select()
            except Failure:
                if not kept:
                    raise
                self._reconnect()  # the kept connection has died
            assert self._removal
            if self._removal.possible:
                self._passed = _NOTHING  # those skipped before should be gone: list and delete them again
            return self._state()
        except Failure:
            self._drop()
            raise

    def fetch(self, limit: int, is_known: IsKnown) -> list[Fetched]:
        try:
            self._connected()
            while rows := self._oldest(limit, is_known):
                if found := self._read(rows):
                    return found
            self._lister.require_all()
        except Failure:
            self._drop()
            raise
        return []

    def unreadable(self) -> Unreadable | None:
        return self._withheld.report(self._shown)

    def newest(self) -> FolderPosition | None:
        try:
            self._connected()
            self._select()  # the counts since the last SELECT may be out of date
            if not self._exists:
                return None
            newest = self._lister.uid(self._exists)
        except Failure:
            self._drop()
            raise
        return FolderPosition(self._validity, (newest,))

    def delete(self, uids: Sequence[MessageUid]) -> int:
        if self._client is None:
            return 0
        try:
            # A UID of another UIDVALIDITY is void, and a new connection may lead to another mailbox: the next
            # poll compares what was read on the former one.
            asked = {int(one.uid) for one in uids if one == self._message_uid(int(one.uid))} & self._read_here
            assert self._removal
            gone = self._removal.remove(asked | self._leftover)
        except Failure:
            self._drop()
            raise
        self._leftover -= gone
        self._handed -= gone  # or each list would be longer than the last
        return len(gone)

    def rest(self) -> None:
        if self._pause > _KEEP_OVER:
            self.close()

    def close(self) -> None:
        client, self._client = self._client, None
        if client:
            client.leave()

    # The connection.

    def _connected(self) -> Client:
        if self._client is None:
            self._select()
        assert self._client
        return self._client

    def _reconnect(self) -> None:
        self._drop()
        self._select()

    def _drop(self) -> None:
        client, self._client = self._client, None
        self._leftover.clear()
        self._read_here.clear()
        if client:
            client.drop()

    def _select(self) -> None:
        """Connect where needed and open the folder, which also returns the number of mails."""
        if self._client is None:
            self._client = open_client(self._session, self._credentials, self._trace)
        client = self._client
        answer = select(client, self._folder)
        validity = str(answer.get(b"UIDVALIDITY", ""))
        if validity != self._validity:
            self._validity = validity
            self._handed.clear()
            self._leftover.clear()
            self._passed = _NOTHING
            self._withheld.clear()
        self._next = int(answer.get(b"UIDNEXT", 0))
        self._exists = int(answer.get(b"EXISTS", 0))
        client.counted("EXISTS")
        client.counted("EXPUNGE")
        self._is_unsure = False
        if self._removal is None or self._removal.client is not client:
            self._removal = plan_removal(client, self._folder, self._move_to, answer)

    def _state(self) -> FolderState:
        assert self._removal
        following = self._message_uid(self._next) if self._next else None
        return FolderState(self._exists, self._removal.possible, self._removal.detail, following)

    def _message_uid(self, uid: int) -> MessageUid:
        return MessageUid(self._mailbox, self._validity, str(uid))

    # Listing and fetching.

    def _oldest(self, limit: int, is_known: IsKnown) -> list[Row]:
        """The oldest mails that are not known, were not returned in this poll, and are due to be tried."""
        chosen: list[Row] = []
        restarts, may_pass = 0, True
        passed, width = self._passed, limit + len(self._handed) + len(self._withheld)
        while len(chosen) < limit:
            rows = self._window(passed, width)
            if rows is None:
                restarts += 1
                if restarts > _MOST_RESTARTS:
                    raise TryLater(Reason.SERVER, "the folder changes faster than it is read", step="fetch")
                chosen, passed, self._passed = [], _NOTHING, _NOTHING
                continue
            is_end = len(rows) < width
            self._forget_gone(rows, passed.last, is_end=is_end)
            processed = self._processed(rows, is_known) | self._handed
            tried = (row for row in rows if row.uid not in processed and not self._withheld.waits(row))
            chosen += [row for row in tried if row.size != UNKNOWN_SIZE][: limit - len(chosen)]
            if is_end or (chosen and self._lister.has_left_over):
                break
            passed, width = Passed(passed.count + len(rows), rows[-1]), _WIDER
            may_pass = may_pass and not (chosen or self._handed or any(row in self._withheld for row in rows))
            if may_pass:
                self._passed = passed
        return chosen

    def _processed(self, rows: Sequence[Row], is_known: IsKnown) -> set[int]:
        """The UIDs of those processed before, or perhaps processed while the server does not return them: a
        UID alone does not identify a mail."""
        found = is_known([self._message_uid(row.uid) for row in rows]) if rows else {}
        kept = {
            row.uid: found[self._message_uid(row.uid)] for row in rows if self._message_uid(row.uid) in found
        }
        left = left_in_place(rows, kept)
        likely = [row for row in rows if row.uid in kept and self._is_likely(row, kept[row.uid])]
        if not likely:
            return self._leftover | left
        result = self._of_this_folder(lambda: self._fetcher.headers({row.uid: row.size for row in likely}))
        self._note(likely, result)
        for row in likely:
            header = result.found[row.uid].data if row.uid in result.found else None
            if header and is_same(kept[row.uid], Identity(row.size, row.arrived, name_of(header))):
                self._leftover.add(row.uid)
        return self._leftover | left | {row.uid for row in likely if row.uid not in result.found}

    def _is_likely(self, row: Row, kept: Identity) -> bool:
        if row.uid in self._leftover or row.uid in self._handed or self._withheld.waits(row):
            return False
        return not kept.is_left and not differs(kept, Identity(row.size, row.arrived))

    def _of_this_folder(self, read: Callable[[], T]) -> T:
        validity = self._validity
        result = read()
        if self._validity != validity:
            raise TryLater(Reason.SERVER, "the folder was recreated meanwhile (UIDVALIDITY)", step="fetch")
        return result

    def _read(self, rows: Sequence[Row]) -> list[Fetched]:
        before = self._connected()
        result = self._of_this_folder(lambda: self._fetcher.fetch({row.uid: row.size for row in rows}))
        if result.untried:
            self._withheld.left_over()
        tried = [row for row in rows if row.uid not in result.untried]
        if not tried:
            said = f"too many mails cannot be fetched ({self._withheld.why})"
            raise TryLater(Reason.SERVER, said, step="fetch", server=self._connected().connection.server)
        self._note(tried, result)
        self._handed.update(row.uid for row in tried)
        if self._client is before:
            self._read_here |= result.found.keys()
        return [self._fetched(row, result.found[row.uid]) for row in tried if row.uid in result.found]

    def _fetched(self, row: Row, found: Found) -> Fetched:
        return Fetched(
            self._message_uid(row.uid),
            row.size,
            found.data,
            found.partial,
            found.is_cut,
            FolderPosition(self._validity, (row.uid,)),
            arrived=row.arrived,
            name=name_of(found.data or b""),
        )

    def _note(self, rows: Iterable[Row], result: Fetch) -> None:
        """Record which of these the server withholds."""
        for row in rows:
            if row.uid in result.withheld:
                self._withheld.failed(row, result.withheld[row.uid], row.arrived_at)
        if result.found:
            self._withheld.handed_out()
            self._withheld.forget(lambda row: row.uid in result.found)

    def _forget_gone(self, rows: Sequence[Row], after: Row | None, *, is_end: bool) -> None:
        """rows: all after `after`, up to the folder's end or the last of them."""
        there, first = set(rows), after.uid + 1 if after else 0
        last = math.inf if is_end or not rows else rows[-1].uid
        self._withheld.forget(lambda row: first <= row.uid <= last and row not in there)

    def _window(self, passed: Passed, width: int) -> list[Row] | None:
        """The next `width` mails after those skipped, in the folder's order; None when the last one skipped
        is not where it was, since others before it are gone."""
        self._connected()
        self._count()
        if self._is_unsure and self._exists <= passed.count:
            self._select()
        first, last = max(1, passed.count), min(self._exists, passed.count + width)
        if last < first:
            return None if passed.count else []
        rows = self._of_this_folder(lambda: self._lister.rows(first, last))
        if not passed.count:
            return rows
        return rows[1:] if rows and rows[0] == passed.last else None

    def _count(self) -> None:
        """Update the number of mails from the server's untagged answers; never too high."""
        grown, gone = self._connected().counted("EXISTS"), self._connected().counted("EXPUNGE")
        self._exists = max(0, (grown[-1] if grown else self._exists) - len(gone))
        self._is_unsure = self._is_unsure or bool(grown and gone)
