"""The list of a folder: UID, size and date of many mails in one command.

A server can list a mail that it cannot read, so nothing more is fetched here. Where it cannot list one either
(Dovecot opens a file whose name has no size), the range is fetched by halves, so that the others are listed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imapclient.response_parser import parse_fetch_response

from flexmaild.core.errors import Failure, Reason, TryLater
from flexmaild.core.identity import Identity, stays
from flexmaild.transports.imap.client import Client
from flexmaild.transports.imap.errors import may_concern_one_mail, translated
from flexmaild.transports.withheld import Withheld

_ITEMS = "(UID RFC822.SIZE INTERNALDATE)"
# The size of a mail that the server cannot list.
UNKNOWN_SIZE = -1
_NO_SIZE = "the server returns no size for it"
# Listings that may fail in a poll.
_MOST_BREAKS = 40


@dataclass(frozen=True, slots=True)
class Row:
    """arrived: its INTERNALDATE in seconds since 1970, since a server's time zone changes with the season.
    size: UNKNOWN_SIZE where the server returns none."""

    uid: int
    size: int
    arrived: str

    @property
    def arrived_at(self) -> float | None:
        """`arrived` as a number, None where the server returns none."""
        return float(self.arrived) if self.arrived else None


@dataclass(frozen=True, slots=True)
class Passed:
    """The mails at the folder's beginning that are skipped, known ones that could not be deleted so far:
    their number, and the last of them, which shows a change before it: sequence numbers only shift down, so
    where this one is the same none before it is gone."""

    count: int = 0
    last: Row | None = None


class Lister:
    """Lists on the inbox's connection, as `fetch.Fetcher` fetches on it."""

    def __init__(
        self, client: Callable[[], Client], reconnect: Callable[[], None], withheld: Withheld[Row]
    ) -> None:
        self._client, self._reconnect, self._withheld = client, reconnect, withheld
        self._breaks = 0
        self._not_listed: set[int] = set()

    def begin(self) -> None:
        """Begin a poll."""
        self._breaks = 0
        self._not_listed.clear()

    def rows(self, first: int, last: int) -> list[Row]:
        """The mails with these sequence numbers, in the folder's order."""
        self.require_all()  # each further command would break the connection again
        rows, refusal = self._listed(f"{first}:{last}", by_uid=False)
        if refusal or len(rows) <= last - first:  # one that is left out counts as refused
            rows = self._by_uid(self._uids(first, last), rows, refusal)
        for row in rows:
            if row.size == UNKNOWN_SIZE and row.uid not in self._not_listed and not self._withheld.waits(row):
                self._withheld.failed(row, _NO_SIZE, row.arrived_at)
        return rows

    def _by_uid(self, uids: Sequence[int], rows: Sequence[Row], refusal: str) -> list[Row]:
        there = {row.uid: row for row in rows}
        asked = [uid for uid in uids if uid not in there and not self._withheld.waits(_unlisted(uid))]
        there |= self._by_halves(asked)
        if self._not_listed:
            self._withheld.left_over()
        elif (
            len(asked) > 1
            and not there
            and not any(self._withheld.failed_alone(_unlisted(uid)) for uid in asked)
        ):
            # The server's fault, not one mail's.
            raise _cannot_be_listed(refusal)
        return [there.get(uid, _unlisted(uid)) for uid in uids]

    def _listed(self, numbers: str, *, by_uid: bool) -> tuple[list[Row], str]:
        """The rows returned, and why some are missing. Reconnects after a failure that one mail may cause."""
        try:
            return _listed(self._client(), numbers, by_uid=by_uid)
        except Failure as error:
            self._breaks += 1
            if not may_concern_one_mail(error) or self._breaks > _MOST_BREAKS:
                raise
            self._reconnect()
            return [], str(error)

    @property
    def has_left_over(self) -> bool:
        """Whether this poll could not list every mail, since too many break the connection."""
        return bool(self._not_listed)

    def require_all(self) -> None:
        """Raises TryLater where mails were left over, so that the list is not complete."""
        if self._not_listed:
            raise TryLater(
                Reason.SERVER, f"too many mails cannot be listed ({self._withheld.why})", step="fetch"
            )

    def uid(self, number: int) -> int:
        """The UID of the mail with this sequence number."""
        for uid in self._uids(number, number):
            return uid
        raise TryLater(Reason.SERVER, "the folder's last mail was not listed", step="fetch")

    def _uids(self, first: int, last: int) -> list[int]:
        """UIDs alone, for which a server opens no mail."""
        client = self._client()
        client.begin("fetch")
        with translated("fetch", client.connection.server):
            answers, refusal = _answers(client.protocol.fetch(f"{first}:{last}", "(UID)"))
            if refusal and not answers:
                raise _cannot_be_listed(refusal)
            return [int(a[b"UID"]) for _, a in sorted(answers.items()) if b"UID" in a]

    def _by_halves(self, uids: Sequence[int]) -> dict[int, Row]:
        """The rows of these UIDs, fetched by halves until those that are refused are single ones."""
        if self._breaks >= _MOST_BREAKS:
            self._not_listed.update(uids)
            uids = ()
        if not uids:
            return {}
        rows, refusal = self._listed(",".join(map(str, uids)), by_uid=True)
        if not refusal:  # a server may list others as well, and omit some
            return {row.uid: row for row in rows if row.uid in uids}
        if len(uids) == 1:
            self._withheld.failed(_unlisted(uids[0]), refusal)
            return {}
        half = len(uids) // 2
        return self._by_halves(uids[:half]) | self._by_halves(uids[half:])


def left_in_place(rows: Iterable[Row], kept: Mapping[int, Identity]) -> set[int]:
    """The UIDs of mails that were left in the folder on purpose and are still the same mails."""
    current = {row.uid: Identity(row.size, row.arrived) for row in rows}
    return {uid for uid, identity in kept.items() if uid in current and stays(identity, current[uid])}


def _cannot_be_listed(refusal: str) -> TryLater:
    return TryLater(Reason.SERVER, "the folder cannot be listed", step="fetch", answer=refusal)


def _unlisted(uid: int) -> Row:
    return Row(uid, UNKNOWN_SIZE, "")


def _listed(client: Client, numbers: str, *, by_uid: bool) -> tuple[list[Row], str]:
    """The rows returned, and the server's answer where it refused the rest."""
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
    """The answers by sequence number, and the server's text where it refused: a refusal is no empty
    folder."""
    status, lines = answer
    if status != "OK":
        return {}, _server_words(lines) or status
    return parse_fetch_response(lines, normalise_times=False, uid_is_key=False), ""


def _server_words(lines: Sequence[object]) -> str:
    return b" ".join(line for line in lines if isinstance(line, bytes)).decode("utf-8", "replace")


def _size(current: object) -> int:
    return current if isinstance(current, int) and current >= 0 else UNKNOWN_SIZE


def _seconds(date: object) -> str:
    return str(int(date.timestamp())) if isinstance(date, datetime) else ""
