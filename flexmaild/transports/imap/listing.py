"""The list of a folder: what the server tells of many mails at once without reading them.

Called by `imap`. A server that can tell a mail's size and date need not be able to read it, so nothing more
is asked here. Where it cannot tell even that of one mail (Dovecot opens a file whose name has no size), all
are asked for by halves, so that this one keeps no other from being listed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imapclient.response_parser import parse_fetch_response

from flexmaild.core.errors import Failure, Reason, TryLater
from flexmaild.core.identity import Identity, stays
from flexmaild.transports.imap.client import Client
from flexmaild.transports.imap.errors import may_be_the_mails_fault, translated
from flexmaild.transports.withheld import Withheld

_ITEMS = "(UID RFC822.SIZE INTERNALDATE)"
# Of a mail of which the server tells neither.
UNTOLD = -1
_NO_SIZE = "the server tells no size of it"
# So many listings may fail in a poll.
_MOST_BREAKS = 40


@dataclass(frozen=True, slots=True)
class Row:
    """arrived: its INTERNALDATE in seconds since 1970, since a server's time zone changes with the season.
    size: UNTOLD where the server does not tell it."""

    uid: int
    size: int
    arrived: str

    @property
    def arrived_at(self) -> float | None:
        """The same as a number, None where the server does not tell it."""
        return float(self.arrived) if self.arrived else None


@dataclass(frozen=True, slots=True)
class Passed:
    """How many mails at the folder's beginning need no further look (they are known, and could not be
    deleted so far), and the last of them, by which a change before it is noticed: numbers grow, so where this
    one is the same no number before it was used again."""

    count: int = 0
    last: Row | None = None


class Lister:
    """Lists on the inbox's connection, as `imap_fetch.Fetcher` fetches on it."""

    def __init__(
        self, client: Callable[[], Client], reconnect: Callable[[], None], withheld: Withheld[Row]
    ) -> None:
        self._client, self._reconnect, self._withheld = client, reconnect, withheld
        self._breaks = 0
        self._left: set[int] = set()

    def begin(self) -> None:
        """A poll begins."""
        self._breaks = 0
        self._left.clear()

    def rows(self, first: int, last: int) -> list[Row]:
        """The mails with these sequence numbers, in the folder's order."""
        self.insist_on_all()  # each further question would break the connection again
        rows, refusal = self._listed(f"{first}:{last}", by_uid=False)
        if refusal or len(rows) <= last - first:  # one that is left out is as good as refused
            rows = self._by_uid(self._uids(first, last), rows, refusal)
        for row in rows:
            if row.size == UNTOLD and row.uid not in self._left and not self._withheld.waits(row):
                self._withheld.failed(row, _NO_SIZE, row.arrived_at)
        return rows

    def _by_uid(self, uids: Sequence[int], rows: Sequence[Row], refusal: str) -> list[Row]:
        there = {row.uid: row for row in rows}
        asked = [uid for uid in uids if uid not in there and not self._withheld.waits(_untold(uid))]
        there |= self._told(asked)
        if self._left:
            self._withheld.left_over()
        elif len(asked) > 1 and not there and not any(self._withheld.is_alone(_untold(uid)) for uid in asked):
            # The fault of the server, not of each mail.
            raise _cannot_be_listed(refusal)
        return [there.get(uid, _untold(uid)) for uid in uids]

    def _listed(self, numbers: str, *, by_uid: bool) -> tuple[list[Row], str]:
        """What came, and why not all did. What may be one mail's fault is survived by a new connection."""
        try:
            return _listed(self._client(), numbers, by_uid=by_uid)
        except Failure as error:
            self._breaks += 1
            if not may_be_the_mails_fault(error) or self._breaks > _MOST_BREAKS:
                raise
            self._reconnect()
            return [], str(error)

    @property
    def has_left_over(self) -> bool:
        """Whether this poll could not ask for every mail: too many break the connection."""
        return bool(self._left)

    def insist_on_all(self) -> None:
        """Raises TryLater where mails were left over: the folder was not looked through."""
        if self._left:
            raise TryLater(
                Reason.SERVER, f"too many mails cannot be listed ({self._withheld.said})", step="fetch"
            )

    def uid(self, number: int) -> int:
        """Of the mail with this sequence number."""
        for uid in self._uids(number, number):
            return uid
        raise TryLater(Reason.SERVER, "the folder's last mail was not shown", step="fetch")

    def _uids(self, first: int, last: int) -> list[int]:
        """Theirs alone: for these a server opens no mail."""
        client = self._client()
        client.begin("fetch")
        with translated("fetch", client.connection.server):
            answers, refusal = _answers(client.protocol.fetch(f"{first}:{last}", "(UID)"))
            if refusal and not answers:
                raise _cannot_be_listed(refusal)
            return [int(a[b"UID"]) for _, a in sorted(answers.items()) if b"UID" in a]

    def _told(self, uids: Sequence[int]) -> dict[int, Row]:
        """By halves, until those that are refused stand alone."""
        if self._breaks >= _MOST_BREAKS:
            self._left.update(uids)
            uids = ()
        if not uids:
            return {}
        rows, refusal = self._listed(",".join(map(str, uids)), by_uid=True)
        if not refusal:  # a server may tell of others beside these, and not all there is to tell
            return {row.uid: row for row in rows if row.uid in uids}
        if len(uids) == 1:
            self._withheld.failed(_untold(uids[0]), refusal)
            return {}
        half = len(uids) // 2
        return self._told(uids[:half]) | self._told(uids[half:])


def staying(rows: Iterable[Row], kept: Mapping[int, Identity]) -> set[int]:
    """Which of them were left in the folder, and are still the mails that were."""
    told = {row.uid: Identity(row.size, row.arrived) for row in rows}
    return {uid for uid, identity in kept.items() if uid in told and stays(identity, told[uid])}


def _cannot_be_listed(refusal: str) -> TryLater:
    return TryLater(Reason.SERVER, "the folder cannot be listed", step="fetch", answer=refusal)


def _untold(uid: int) -> Row:
    return Row(uid, UNTOLD, "")


def _listed(client: Client, numbers: str, *, by_uid: bool) -> tuple[list[Row], str]:
    """What came, and what the server said where it refused the rest."""
    client.begin("fetch")
    with translated("fetch", client.connection.server):
        if by_uid:
            answers, refusal = _answers(client.protocol.uid("FETCH", numbers, _ITEMS))
        else:
            answers, refusal = _answers(client.protocol.fetch(numbers, _ITEMS))
        rows = [
            Row(int(a[b"UID"]), _size(a.get(b"RFC822.SIZE")), _seconds(a.get(b"INTERNALDATE")))
            for _, a in sorted(answers.items())
            if b"UID" in a
        ]
        return rows, refusal


def _answers(answer: tuple[str, Any]) -> tuple[Mapping[int, Mapping[bytes, Any]], str]:
    """By sequence number, and the server's words where it refused: a refusal is no empty folder."""
    status, lines = answer
    if status != "OK":
        return {}, _said(lines) or status
    return parse_fetch_response(lines, normalise_times=False, uid_is_key=False), ""


def _said(lines: Sequence[object]) -> str:
    return b" ".join(line for line in lines if isinstance(line, bytes)).decode("utf-8", "replace")


def _size(told: object) -> int:
    return told if isinstance(told, int) and told >= 0 else UNTOLD


def _seconds(date: object) -> str:
    return str(int(date.timestamp())) if isinstance(date, datetime) else ""
