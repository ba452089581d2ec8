"""The way in over IMAP: the oldest mails of one folder, a bounded number at a time, removed only when told
to.

Built by `transports.build_inbox`. Mails are named by UID only; sequence numbers serve to look at the oldest
few without listing the folder, so the cost of a poll does not grow with it. Never sends CLOSE or a plain
EXPUNGE, which would remove what other clients have marked; no text from a mail ever becomes part of a
command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from imapclient.response_parser import parse_fetch_response

from flexmaild.core.defaults import LARGEST_MAIL, READ_EVERY
from flexmaild.core.errors import Failure, Reason, TryLater
from flexmaild.core.ports import Fetched, FolderState, Mark, Place
from flexmaild.core.steps import Step
from flexmaild.settings.mail import Incoming
from flexmaild.settings.session import ImapSession
from flexmaild.transports import sasl
from flexmaild.transports.imap_client import Client, Trace, open_client, plain
from flexmaild.transports.imap_errors import translated
from flexmaild.transports.imap_fetch import Fetcher
from flexmaild.transports.imap_folder import Removal, plan_removal, select
from flexmaild.transports.probe import examine_imap
from flexmaild.transports.tools import Tools

# Looks at the folder's beginning: the first as wide as what is wanted, further ones wider, so many at most.
_WIDER, _MOST_LOOKS = 500, 20
# A connection is kept over a pause no longer than this: NAT routers forget idle connections after some
# minutes, and a mailbox has few connections to spare.
KEEP_OVER = 60.0


class ImapIncoming(Incoming):
    """Replies are read from a folder of an IMAP server."""

    property_block: ClassVar[bool] = True

    def inbox(self, tools: Tools) -> ImapInbox:
        return ImapInbox(
            self.imap_session(),
            sasl.credentials_of(self, "imap", tools),
            folder=self.reply_folder,
            move_to=self.after_processing.move,
            most=self.max_message_size,
            pause=self.process_interval.total_seconds(),
            trace=tools.trace,
        )

    def examine(self, tools: Tools) -> list[Step]:
        credentials = sasl.credentials_of(self, "imap", tools)
        return examine_imap(self.imap_session(), credentials, self.reply_folder, self.after_processing.move)


@dataclass(frozen=True, slots=True)
class _Passed:
    """How many mails at the folder's beginning need no further look (they are known, and could not be
    deleted so far), and the UID of the last of them, by which a change before it is noticed."""

    count: int = 0
    uid: int = 0


_NOTHING = _Passed()


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
        self._mailbox = f"imap://{session.user}@{session.host}/{folder}"
        self._fetcher = Fetcher(session, most, self._connected, self._reconnect)
        self._client: Client | None = None
        self._removal: Removal | None = None
        self._validity = ""
        self._exists = 0
        self._is_unsure = False
        self._passed = _NOTHING
        self._handed: set[int] = set()
        self._leftover: set[int] = set()

    def open(self) -> FolderState:
        self._handed.clear()
        try:
            kept = self._client is not None
            try:
                self._select()
            except Failure:
                if not kept:
                    raise
                self._reconnect()  # the connection died while it rested
            return self._state()
        except Failure:
            self._drop()
            raise

    def fetch(self, limit: int, is_known: Callable[[Sequence[Mark]], set[Mark]]) -> list[Fetched]:
        try:
            self._connected()
            sizes = self._oldest(limit, is_known)
            validity = self._validity
            found = self._fetcher.fetch(sizes) if sizes else {}
            if self._validity != validity:
                raise TryLater(
                    Reason.SERVER, "the folder was made anew meanwhile (UIDVALIDITY)", step="fetch"
                )
        except Failure:
            self._drop()
            raise
        # What could not be read stays in the folder and is looked at again in the next poll.
        self._handed.update(sizes)
        return [
            Fetched(
                self._mark(uid),
                size,
                found[uid].data,
                found[uid].partial,
                found[uid].is_cut,
                self._place(uid),
            )
            for uid, size in sizes.items()
            if uid in found
        ]

    def newest(self) -> Place | None:
        try:
            self._connected()
            self._select()  # only what is asked for anew is true now
            if not self._exists:
                return None
            rows = self._rows(self._exists, self._exists)
            if not rows:
                raise TryLater(Reason.SERVER, "the folder's last mail was not shown", step="fetch")
        except Failure:
            self._drop()
            raise
        return self._place(rows[-1][0])

    def dispose(self, marks: Sequence[Mark]) -> int:
        try:
            self._connected()
            # A mark of another UIDVALIDITY names nothing any more; its mail is found again under a new one.
            asked = {int(mark.uid) for mark in marks if mark == self._mark(int(mark.uid))}
            assert self._removal
            gone = self._removal.remove(asked | self._leftover)
        except Failure:
            self._drop()
            raise
        self._leftover -= gone
        self._handed -= gone  # they need not be looked for any more, or each look is wider than the last
        return len(gone)

    def rest(self) -> None:
        try:
            if self._leftover and self._client:
                self.dispose(())
        except Failure:
            return
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
        self._exists = int(answer.get(b"EXISTS", 0))
        client.counted("EXISTS")
        client.counted("EXPUNGE")
        self._is_unsure = False
        if self._removal is None or self._removal.client is not client:
            self._removal = plan_removal(client, self._folder, self._move_to, answer)

    def _state(self) -> FolderState:
        assert self._removal
        return FolderState(self._exists, self._removal.possible, self._removal.detail)

    def _mark(self, uid: int) -> Mark:
        return Mark(self._mailbox, self._validity, str(uid))

    def _place(self, uid: int) -> Place:
        return Place(self._validity, (uid,))

    # Looking.

    def _oldest(self, limit: int, is_known: Callable[[Sequence[Mark]], set[Mark]]) -> dict[int, int]:
        """UIDs and sizes of the oldest mails that were neither handed out in this poll nor are known."""
        chosen: dict[int, int] = {}
        passed, width = self._passed, limit + len(self._handed)
        for _ in range(_MOST_LOOKS):
            rows = self._look(passed, width)
            if rows is None:
                passed = self._passed = _NOTHING
                continue
            known = (
                {int(mark.uid) for mark in is_known([self._mark(uid) for uid, _ in rows])} if rows else set()
            )
            self._leftover |= known
            fresh = [(uid, size) for uid, size in rows if uid not in known and uid not in self._handed]
            chosen.update(fresh[: limit - len(chosen)])
            if len(chosen) == limit or len(rows) < width:
                break
            passed, width = _Passed(passed.count + len(rows), rows[-1][0]), _WIDER
            if not chosen and not self._handed:
                self._passed = passed
        return chosen

    def _look(self, passed: _Passed, width: int) -> list[tuple[int, int]] | None:
        """(UID, size) of the next `width` mails behind those passed over, in the folder's order; None when
        the mail that was passed last is not where it was, since others before it are gone."""
        self._connected()
        self._count()
        if self._is_unsure and self._exists <= passed.count:
            self._select()
        first, last = max(1, passed.count), min(self._exists, passed.count + width)
        if last < first:
            return None if passed.count else []
        rows = self._rows(first, last)
        if not passed.count:
            return rows
        return rows[1:] if rows and rows[0][0] == passed.uid else None

    def _rows(self, first: int, last: int) -> list[tuple[int, int]]:
        """(UID, size) of the mails with these sequence numbers."""
        client = self._connected()
        client.begin("fetch")
        with translated("fetch", client.wire.server):
            status, lines = client.protocol.fetch(f"{first}:{last}", "(UID RFC822.SIZE)")
            answers = parse_fetch_response(lines, uid_is_key=False) if status == "OK" else {}
            return [
                (int(a[b"UID"]), int(a[b"RFC822.SIZE"])) for _, a in sorted(answers.items()) if len(a) > 2
            ]

    def _count(self) -> None:
        """Keep count of the folder by what the server told on the way; never too high."""
        grown, gone = self._connected().counted("EXISTS"), self._connected().counted("EXPUNGE")
        self._exists = max(0, (grown[-1] if grown else self._exists) - len(gone))
        self._is_unsure = self._is_unsure or bool(grown and gone)
