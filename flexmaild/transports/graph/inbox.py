"""Incoming mail over Graph: the oldest first, up to twenty mails a round trip, each by its immutable id.

Mails are read as raw MIME, small ones by batch; of one larger than the limit only header and text are read.
Deleting a mail that is gone counts as done. Never retries on its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from flexmaild.core.defaults import LARGEST_MAIL
from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.identity import is_same, stays
from flexmaild.core.ports import Fetched, FolderPosition, FolderState, IsKnown, MessageUid, Unreadable
from flexmaild.mail.parse.message_id import is_server_placeholder, name_of
from flexmaild.net.http import TooLarge
from flexmaild.oauth.scopes import unverified_claims
from flexmaild.transports.graph.api import (
    BATCH_PARALLEL,
    BATCH_SEQUENCE,
    GraphApi,
    Part,
    PartAnswer,
    mime_of,
    with_query,
)
from flexmaild.transports.graph.errors import GONE, Gone, code_of
from flexmaild.transports.graph.folders import resolve
from flexmaild.transports.graph.listed import LISTED, VALIDITY, WITH_SIZE, Listed, listed_of, position_of
from flexmaild.transports.graph.partial import EXPAND, PREFER, SELECT, may_lack_text, rebuilt
from flexmaild.transports.withheld import Withheld

# Mails a page, and how many pages more than mails wanted may be read before the listing counts as endless.
_PAGE, _PAGES = 100, 50
# Lists that a fetch reads on behind mails of which none was returned.
_MOST_LOOKS = 10
# The limit of one batch, and the size above which a mail is read on its own; bytes on the server.
_BATCH_MAIL_BYTES, _ALONE_BYTES = 4 * 1024 * 1024, 1024 * 1024
# Answers that concern the mailbox and not one mail: no further request for now.
_BUSY = frozenset({401, 429, 503, 504})
# The size assumed for a mail without one, when batches are composed.
_GUESSED_BYTES = 64 * 1024
# Bytes that one `fetch` may hold in memory; the next one reads the rest.
_FETCH_BYTES = 64 * 1024 * 1024
# A mail's MIME form is longer than its properties: base64 adds a third, fields and boundaries the rest.
_MIME_FACTOR = 2


class GraphInbox:
    """An Inbox (see `core.ports`) for one folder of one mailbox.

    move_to: a folder's name in place of deletion. permanent: delete past the recoverable items.
    max_size: bytes; of larger mails only header and text are read.
    """

    def __init__(
        self,
        api: GraphApi,
        folder: str,
        *,
        move_to: str = "",
        permanent: bool = False,
        max_size: int = LARGEST_MAIL,
        token: Callable[[bool], str] | None = None,
    ) -> None:
        self._api, self._folder = api, folder
        self._move_to, self._permanent, self._max_size = move_to, permanent, max_size
        self._token = token
        self._ids: dict[str, str] = {}
        self._known: list[MessageUid] = []
        self._gone: set[str] = set()
        self._handed: set[str] = set()
        self._failures: list[TryLater] = []
        self._refusals: list[Failure] = []
        self._withheld: Withheld[str] = Withheld()

    def open(self) -> FolderState:
        self.rest()
        self._withheld.begin()
        try:
            state = self._api.get_json(
                f"/mailFolders/{self._id(self._folder)}?$select=id,displayName,totalItemCount", step="folder"
            )
        except GiveUp:
            self._ids.clear()
            raise
        if self._move_to:
            self._id(self._move_to)
        count = state.get("totalItemCount")
        return FolderState(
            count if isinstance(count, int) else 0,
            self._may_write(),
            f"{state.get('displayName', self._folder)} of {self._api.mailbox}",
        )

    def fetch(self, limit: int, is_known: IsKnown) -> list[Fetched]:
        self._failures = []
        for _ in range(_MOST_LOOKS):
            listed = self._fitting(self._list(limit, is_known))
            self._handed.update(one.message_uid.uid for one in listed)
            if mails := list(self._read(listed)):
                self._withheld.handed_out()
                self._withheld.forget({mail.uid.uid for mail in mails}.__contains__)
                return mails
            if not listed:
                break
        else:
            self._withheld.left_over()
        if len(self._failures) > 1:
            raise self._failures[0]
        if self._failures:  # the list was answered: the fault lies with this mail
            self._withheld.left_over()
        return []

    def unreadable(self) -> Unreadable | None:
        return self._withheld.report(f"{self._folder} of {self._api.mailbox}")

    def newest(self) -> FolderPosition | None:
        link = with_query(
            f"/mailFolders/{self._id(self._folder)}/messages",
            top=1,
            select="id,receivedDateTime",
            orderby="receivedDateTime desc",
        )
        return next(map(position_of, self._api.listed(self._api.get_json(link, step="list"))), None)

    def delete(self, uids: Sequence[MessageUid]) -> int:
        ours = [m for m in uids if (m.mailbox, m.validity) == (self._api.mailbox, VALIDITY)]
        wanted = list(dict.fromkeys([*self._known, *ours]))
        self._known, self._refusals = [], []
        if self._remove(self._still_there(wanted), BATCH_SEQUENCE, in_sequence=True):
            # One that failed stopped the rest of its sequence: those are tried once more, in parallel.
            self._remove(self._still_there(wanted), BATCH_PARALLEL, in_sequence=False)
        count = len(wanted) - len(self._still_there(wanted))
        if self._refusals and not count:
            raise self._refusals[-1]
        return count

    def rest(self) -> None:
        self._known, self._gone, self._handed = [], set(), set()

    def close(self) -> None:
        self.rest()
        self._ids.clear()
        self._api.close()

    def _still_there(self, uids: Sequence[MessageUid]) -> list[MessageUid]:
        return [m for m in uids if m.uid not in self._gone]

    def _id(self, name: str) -> str:
        if name not in self._ids:
            self._ids[name] = quote(resolve(self._api, name), safe="")
        return self._ids[name]

    def _may_write(self) -> bool:
        """Whether the token permits deletion; assumed where the token cannot be read."""
        claims = unverified_claims(self._token(False)) if self._token else None
        if not claims:
            return True
        roles = claims.get("roles")
        has = str(claims.get("scp", "")).split() + (list(roles) if isinstance(roles, list) else [])
        return not has or any(str(h).startswith("Mail.ReadWrite") for h in has)

    def _list(self, limit: int, is_known: IsKnown) -> list[Listed]:
        """The oldest `limit` mails that were not processed before; those that were are kept for `delete`."""
        link = with_query(
            f"/mailFolders/{self._id(self._folder)}/messages",
            top=_PAGE,
            select=LISTED,
            orderby="receivedDateTime asc",
            expand=WITH_SIZE,
        )
        fresh: dict[str, Listed] = {}
        seen: set[str] = set()
        there: set[str] = set()
        while link and len(fresh) < limit:
            if link in seen or len(seen) > limit + _PAGES:
                raise TryLater(
                    Reason.SERVER, "the pages of the folder repeat", step="page", server=self._api.server
                )
            seen.add(link)
            page = self._api.get_json(link, step="list")
            skipped = self._gone | self._handed | fresh.keys()
            here = [one for one in self._listed(page) if one.message_uid.uid not in skipped]
            kept = is_known([one.message_uid for one in here]) if here else {}
            left = {
                o.message_uid
                for o in here
                if o.message_uid in kept and stays(kept[o.message_uid], o.identity)
            }
            same = {
                o.message_uid
                for o in here
                if o.message_uid in kept and is_same(kept[o.message_uid], o.identity)
            }
            known = same - left
            self._known += [m for m in known if m not in self._known]
            fresh |= {
                one.message_uid.uid: one
                for one in here
                if one.message_uid not in same | left and not self._withheld.waits(one.message_uid.uid)
            }
            there |= {one.message_uid.uid for one in here}
            link = str(page.get("@odata.nextLink") or "")
        if not link:
            self._withheld.forget(lambda uid: uid not in there | self._handed)
        return list(fresh.values())[:limit]

    def _fitting(self, listed: list[Listed]) -> list[Listed]:
        """As many of the first ones as fit into memory at once, at least one."""
        total = 0
        for number, one in enumerate(listed):
            total += min(one.size or _GUESSED_BYTES, self._max_size)
            if number and total > _FETCH_BYTES:
                return listed[:number]
        return listed

    def _listed(self, page: Mapping[str, Any]) -> Iterable[Listed]:
        for one in self._api.listed(page):
            if isinstance(one.get("id"), str):
                yield listed_of(one, self._api.mailbox)

    def _read(self, listed: list[Listed]) -> Iterable[Fetched]:
        group: list[Listed] = []
        total = 0
        for one in listed:
            weight = one.size or _GUESSED_BYTES
            if group and (len(group) == BATCH_SEQUENCE or total + weight > _BATCH_MAIL_BYTES):
                yield from self._read_group(group)
                group, total = [], 0
            group.append(one)
            total += weight
        if group:
            yield from self._read_group(group)

    def _read_group(self, group: list[Listed]) -> Iterable[Fetched]:
        small = [one for one in group if one.size <= _ALONE_BYTES]
        read = self._read_batches(small) if len(small) > 1 else {}
        for one in group:
            mail = read[one.message_uid.uid] if one.message_uid.uid in read else self._read_alone(one)
            if mail is not None:
                yield mail

    def _read_batches(self, group: list[Listed]) -> dict[str, Fetched | None]:
        """Read in sequence, then in parallel what a failed one stopped; a mail left out is to be read
        alone."""
        try:
            read = self._read_batch(group, in_sequence=True)
            late = [one for one in group if one.message_uid.uid not in read]
            for start in range(0, len(late), BATCH_PARALLEL):
                read |= self._read_batch(late[start : start + BATCH_PARALLEL], in_sequence=False)
        except TooLarge:
            return {}
        return read

    def _read_batch(self, group: list[Listed], *, in_sequence: bool) -> dict[str, Fetched | None]:
        """The mails read; None for a mail that is gone; absent for one to be read alone."""
        parts = [Part("GET", f"/messages/{quote(one.message_uid.uid, safe='')}/$value") for one in group]
        answers = self._api.batch(parts, step="read", in_sequence=in_sequence)
        read: dict[str, Fetched | None] = {}
        for one, answer in zip(group, answers, strict=True):
            data = mime_of(answer.body) if answer.status == 200 else None
            if data is not None and len(data) <= self._max_size:
                read[one.message_uid.uid] = self._fetched(one, len(data), data)
            elif _is_gone(answer):
                read[one.message_uid.uid] = None
            elif answer.status in _BUSY:
                raise self._api.part_failure(answer, "read")
        return read

    def _read_alone(self, one: Listed) -> Fetched | None:
        """One mail; None when it is gone, or when it alone fails, which must not stop the others."""
        try:
            if one.size > self._max_size:
                return self._read_partly(one)
            path = f"/messages/{quote(one.message_uid.uid, safe='')}/$value"
            response = self._api.get(path, step="read", limit=self._max_size)
            return self._fetched(one, len(response.content), response.content)
        except Gone:
            return None
        except (TooLarge, GiveUp):
            return self._read_partly(one)
        except TryLater as error:
            if error.reason is not Reason.SERVER:
                raise
            if not self._withheld.failed_alone(one.message_uid.uid):
                self._failures.append(error)
            self._withheld.failed(one.message_uid.uid, f"{error.text} {error.answer}".strip())
            return None

    def _read_partly(self, one: Listed) -> Fetched | None:
        path = with_query(f"/messages/{quote(one.message_uid.uid, safe='')}", select=SELECT, expand=EXPAND)
        size = max(one.size, self._max_size + 1)
        limit = self._max_size * _MIME_FACTOR
        try:
            mail = self._api.get_json(path, step="read", limit=limit, prefer=PREFER)
        except Gone:
            return None
        except (TooLarge, GiveUp):
            return self._fetched(one, size, None)
        data = rebuilt(mail)
        if data is None or len(data) > self._max_size:
            return self._fetched(one, size, None)
        found = self._fetched(one, size, data)
        return found and replace(found, partial=True, is_cut=may_lack_text(mail))

    def _fetched(self, one: Listed, size: int, data: bytes | None) -> Fetched | None:
        """The mail; None where Exchange returned nothing, or a text of its own in its place."""
        if data is not None and (not data or is_server_placeholder(data)):
            said = (
                "Exchange returned no content" if not data else "Exchange put a text of its own in its place"
            )
            self._withheld.failed(one.message_uid.uid, said)
            return None
        name = one.identity.name or name_of(data or b"")
        return Fetched(
            one.message_uid, size, data, position=one.position, arrived=one.identity.arrived, name=name
        )

    def _remove(self, uids: Sequence[MessageUid], at_once: int, *, in_sequence: bool) -> bool:
        """Delete or move. Returns True when some are left to try again now, False when all are gone or the
        mailbox is throttled: then the rest waits for the next poll."""
        for start in range(0, len(uids), at_once):
            group = uids[start : start + at_once]
            answers = self._api.batch(
                [self._removal(m) for m in group], step="delete", in_sequence=in_sequence
            )
            for one, answer in zip(group, answers, strict=True):
                if 200 <= answer.status < 300 or _is_gone(answer):
                    self._gone.add(one.uid)
                elif answer.status != 424:
                    self._refusals.append(self._api.part_failure(answer, "delete"))
            if any(answer.status in _BUSY for answer in answers):
                return False
        return bool(self._still_there(uids))

    def _removal(self, message_uid: MessageUid) -> Part:
        path = f"/messages/{quote(message_uid.uid, safe='')}"
        if self._move_to:
            return Part("POST", f"{path}/move", {"destinationId": self._id(self._move_to)})
        if self._permanent:
            return Part("POST", f"{path}/permanentDelete")
        return Part("DELETE", path)


def _is_gone(answer: PartAnswer) -> bool:
    return answer.status == 404 or (answer.status == 403 and code_of(answer.body) in GONE)
