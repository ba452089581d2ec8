"""The way in over IMAP: the oldest mails of one folder, a bounded number at a time, removed when told to.

Built by `transports.build_inbox`. Mails are named by UID only; sequence numbers serve to look at the oldest
few without listing the folder, so a poll costs the same in a large one. Never sends CLOSE or a plain EXPUNGE,
which would remove what other clients have marked; no text from a mail ever becomes part of a command.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, TypeVar

from flexmaild.core.defaults import LARGEST_MAIL, READ_EVERY
from flexmaild.core.errors import Failure, Reason, TryLater
from flexmaild.core.identity import Identity, differs, is_same
from flexmaild.core.ports import Fetched, FolderPosition, FolderState, IsKnown, MessageUid, Unreadable
from flexmaild.core.steps import Step
from flexmaild.mail.parse.message_id import name_of
from flexmaild.net import sasl
from flexmaild.settings.javamail.session import ImapSession
from flexmaild.settings.mail import Incoming
from flexmaild.transports.context import AdapterContext
from flexmaild.transports.imap.client import Client, Trace, open_client, plain
from flexmaild.transports.imap.fetch import Fetch, Fetcher, Found
from flexmaild.transports.imap.folder import Removal, plan_removal, select
from flexmaild.transports.imap.listing import UNTOLD, Lister, Passed, Row, staying
from flexmaild.transports.probe import examine_imap
from flexmaild.transports.withheld import Withheld

T = TypeVar("T")

# Looks at the folder: the first as wide as what is wanted, further ones wider. It is begun anew so often.
_WIDER, _MOST_RESTARTS = 500, 10
# A connection is kept over a pause no longer than this: NAT routers forget idle connections after some
# minutes, and a mailbox has few connections to spare.
KEEP_OVER = 60.0
_NOTHING = Passed()


class ImapIncoming(Incoming):
    """Replies are read from a folder of an IMAP server."""

    property_block: ClassVar[bool] = True

    def inbox(self, tools: AdapterContext) -> ImapInbox:
        return ImapInbox(
            self.imap_session(),
            sasl.credentials_of(self, "imap", tools),
            folder=self.reply_folder,
            move_to=self.after_processing.move,
            most=self.max_message_size,
            pause=self.process_interval.total_seconds(),
            trace=tools.trace,
        )

    def examine(self, tools: AdapterContext) -> list[Step]:
        credentials = sasl.credentials_of(self, "imap", tools)
        return examine_imap(self.imap_session(), credentials, self.reply_folder, self.after_processing.move)


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
        # What was a leftover in an earlier poll may be another mail now: it is looked at anew.
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
                self._reconnect()  # the connection died while it rested
            assert self._removal
            if self._removal.possible:
                self._passed = _NOTHING  # they should be gone, so they are looked at, and tried, again
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
            self._lister.insist_on_all()
        except Failure:
            self._drop()
            raise
        return []

    def unreadable(self) -> Unreadable | None:
        return self._withheld.told(self._shown)

    def newest(self) -> FolderPosition | None:
        try:
            self._connected()
            self._select()  # only what is asked for anew is true now
            if not self._exists:
                return None
            newest = self._lister.uid(self._exists)
        except Failure:
            self._drop()
            raise
        return FolderPosition(self._validity, (newest,))

    def delete(self, marks: Sequence[MessageUid]) -> int:
        if self._client is None:
            return 0
        try:
            # A mark of another UIDVALIDITY names nothing any more, and behind a new connection there may be
            # another mailbox: the next poll compares what was read behind the former one.
            asked = {int(mark.uid) for mark in marks if mark == self._mark(int(mark.uid))} & self._read_here
            assert self._removal
            gone = self._removal.remove(asked | self._leftover)
        except Failure:
            self._drop()
            raise
        self._leftover -= gone
        self._handed -= gone  # they need not be looked for any more, or each look is wider than the last
        return len(gone)

    def rest(self) -> None:
        if self._pause > KEEP_OVER:
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
        """Connect where needed and open the folder anew, which also tells how many mails there are."""
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
        following = self._mark(self._next) if self._next else None
        return FolderState(self._exists, self._removal.possible, self._removal.detail, following)

    def _mark(self, uid: int) -> MessageUid:
        return MessageUid(self._mailbox, self._validity, str(uid))

    # Looking.

    def _oldest(self, limit: int, is_known: IsKnown) -> list[Row]:
        """The oldest mails that were neither handed out in this poll nor are known, and are to be tried."""
        chosen: list[Row] = []
        restarts, may_pass = 0, True
        passed, width = self._passed, limit + len(self._handed) + len(self._withheld)
        while len(chosen) < limit:
            rows = self._look(passed, width)
            if rows is None:
                restarts += 1
                if restarts > _MOST_RESTARTS:
                    raise TryLater(Reason.SERVER, "the folder changes faster than it is read", step="fetch")
                chosen, passed, self._passed = [], _NOTHING, _NOTHING
                continue
            is_end = len(rows) < width
            self._forget_gone(rows, passed.last, is_end=is_end)
            ours = self._ours(rows, is_known) | self._handed
            tried = (row for row in rows if row.uid not in ours and not self._withheld.waits(row))
            chosen += [row for row in tried if row.size != UNTOLD][: limit - len(chosen)]
            if is_end or (chosen and self._lister.has_left_over):
                break
            passed, width = Passed(passed.count + len(rows), rows[-1]), _WIDER
            may_pass = may_pass and not (chosen or self._handed or any(row in self._withheld for row in rows))
            if may_pass:
                self._passed = passed
        return chosen

    def _ours(self, rows: Sequence[Row], is_known: IsKnown) -> set[int]:
        """Which of them were committed before, or may have been as long as the server does not show them. By
        its number alone none is known."""
        found = is_known([self._mark(row.uid) for row in rows]) if rows else {}
        kept = {row.uid: found[self._mark(row.uid)] for row in rows if self._mark(row.uid) in found}
        left = staying(rows, kept)
        likely = [row for row in rows if row.uid in kept and self._is_likely(row, kept[row.uid])]
        if not likely:
            return self._leftover | left
        got = self._of_this_folder(lambda: self._fetcher.headers({row.uid: row.size for row in likely}))
        self._note(likely, got)
        for row in likely:
            header = got.found[row.uid].data if row.uid in got.found else None
            if header and is_same(kept[row.uid], Identity(row.size, row.arrived, name_of(header))):
                self._leftover.add(row.uid)
        return self._leftover | left | {row.uid for row in likely if row.uid not in got.found}

    def _is_likely(self, row: Row, kept: Identity) -> bool:
        if row.uid in self._leftover or row.uid in self._handed or self._withheld.waits(row):
            return False
        return not kept.is_left and not differs(kept, Identity(row.size, row.arrived))

    def _of_this_folder(self, way: Callable[[], T]) -> T:
        validity = self._validity
        got = way()
        if self._validity != validity:
            raise TryLater(Reason.SERVER, "the folder was made anew meanwhile (UIDVALIDITY)", step="fetch")
        return got

    def _read(self, rows: Sequence[Row]) -> list[Fetched]:
        before = self._connected()
        got = self._of_this_folder(lambda: self._fetcher.fetch({row.uid: row.size for row in rows}))
        if got.untried:
            self._withheld.left_over()
        tried = [row for row in rows if row.uid not in got.untried]
        if not tried:
            said = f"too many mails cannot be fetched ({self._withheld.said})"
            raise TryLater(Reason.SERVER, said, step="fetch", server=self._connected().wire.server)
        self._note(tried, got)
        self._handed.update(row.uid for row in tried)
        if self._client is before:
            self._read_here |= got.found.keys()
        return [self._fetched(row, got.found[row.uid]) for row in tried if row.uid in got.found]

    def _fetched(self, row: Row, found: Found) -> Fetched:
        return Fetched(
            self._mark(row.uid),
            row.size,
            found.data,
            found.partial,
            found.is_cut,
            FolderPosition(self._validity, (row.uid,)),
            arrived=row.arrived,
            name=name_of(found.data or b""),
        )

    def _note(self, rows: Iterable[Row], got: Fetch) -> None:
        """Keep in mind which of these the server withholds."""
        for row in rows:
            if row.uid in got.withheld:
                self._withheld.failed(row, got.withheld[row.uid], row.arrived_at)
        if got.found:
            self._withheld.handed_out()
            self._withheld.forget(lambda row: row.uid in got.found)

    def _forget_gone(self, rows: Sequence[Row], after: Row | None, *, is_end: bool) -> None:
        """rows: all that lie behind `after`, up to the folder's end or the last of them."""
        there, first = set(rows), after.uid + 1 if after else 0
        last = math.inf if is_end or not rows else rows[-1].uid
        self._withheld.forget(lambda row: first <= row.uid <= last and row not in there)

    def _look(self, passed: Passed, width: int) -> list[Row] | None:
        """The next `width` mails behind those passed over, in the folder's order; None when the mail that was
        passed last is not where it was, since others before it are gone."""
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
        """Keep count of the folder by what the server told on the way; never too high."""
        grown, gone = self._connected().counted("EXISTS"), self._connected().counted("EXPUNGE")
        self._exists = max(0, (grown[-1] if grown else self._exists) - len(gone))
        self._is_unsure = self._is_unsure or bool(grown and gone)
