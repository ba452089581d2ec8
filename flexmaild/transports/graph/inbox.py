"""The way in over Graph: oldest first, twenty mails a round trip, every mail by its immutable id.

One `GraphInbox` per inbox thread. Mails are read as raw MIME, small ones by batch; of one larger than the
limit only header and text are taken. Deleting something already gone counts as done. It never deletes what
it was not told to, and never retries on its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from flexmaild.core.defaults import LARGEST_MAIL
from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.identity import is_same, stays
from flexmaild.core.ports import Fetched, FolderPosition, FolderState, IsKnown, MessageUid, Unreadable
from flexmaild.mail.parse.message_id import is_made_up, name_of
from flexmaild.net.http import TooLarge
from flexmaild.oauth.scopes import unverified_claims
from flexmaild.transports.graph.api import (
    BATCH_LOOSE,
    BATCH_ROW,
    GraphApi,
    Part,
    PartAnswer,
    mime_of,
    with_query,
)
from flexmaild.transports.graph.errors import GONE, Gone, code_of
from flexmaild.transports.graph.folders import resolve
from flexmaild.transports.graph.listed import LISTED, VALIDITY, WITH_SIZE, Listed, listed_of, place_of
from flexmaild.transports.graph.partial import EXPAND, PREFER, SELECT, may_lack_text, rebuilt
from flexmaild.transports.withheld import Withheld

# Mails a page, and how many pages more than mails wanted may be walked before the listing counts as endless.
_PAGE, _PAGES = 100, 50
# So often a fetch looks behind mails of which none was handed out.
_MOST_LOOKS = 10
# What one batch may bring, and above which size a mail is read by itself; bytes on the server.
_BATCH_MAIL_BYTES, _ALONE_BYTES = 4 * 1024 * 1024, 1024 * 1024
# Answers about the mailbox and not about one mail: nothing more is asked of it for now.
_BUSY = frozenset({401, 429, 503, 504})
# What a size we were not told is taken to be, when batches are put together.
_GUESSED_BYTES = 64 * 1024
# What one `fetch` may hold in memory; the next one brings the rest.
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
        self._trouble: list[TryLater] = []
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
        self._trouble = []
        for _ in range(_MOST_LOOKS):
            listed = self._fitting(self._list(limit, is_known))
            self._handed.update(one.mark.uid for one in listed)
            if mails := list(self._read(listed)):
                self._withheld.handed_out()
                self._withheld.forget({mail.uid.uid for mail in mails}.__contains__)
                return mails
            if not listed:
                break
        else:
            self._withheld.left_over()
        if len(self._trouble) > 1:
            raise self._trouble[0]
        if self._trouble:  # the list was answered: the fault is this mail's
            self._withheld.left_over()
        return []

    def unreadable(self) -> Unreadable | None:
        return self._withheld.told(f"{self._folder} of {self._api.mailbox}")

    def newest(self) -> FolderPosition | None:
        link = with_query(
            f"/mailFolders/{self._id(self._folder)}/messages",
            top=1,
            select="id,receivedDateTime",
            orderby="receivedDateTime desc",
        )
        return next(map(place_of, self._api.listed(self._api.get_json(link, step="list"))), None)

    def delete(self, marks: Sequence[MessageUid]) -> int:
        ours = [m for m in marks if (m.mailbox, m.validity) == (self._api.mailbox, VALIDITY)]
        wanted = list(dict.fromkeys([*self._known, *ours]))
        self._known, self._refusals = [], []
        if self._remove(self._still_there(wanted), BATCH_ROW, in_row=True):
            # One that failed took the rest of its row with it: those are tried once more, side by side.
            self._remove(self._still_there(wanted), BATCH_LOOSE, in_row=False)
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

    def _still_there(self, marks: Sequence[MessageUid]) -> list[MessageUid]:
        return [m for m in marks if m.uid not in self._gone]

    def _id(self, name: str) -> str:
        if name not in self._ids:
            self._ids[name] = quote(resolve(self._api, name), safe="")
        return self._ids[name]

    def _may_write(self) -> bool:
        """By the token's own words where they can be read; what cannot be seen is taken as given."""
        claims = unverified_claims(self._token(False)) if self._token else None
        if not claims:
            return True
        roles = claims.get("roles")
        has = str(claims.get("scp", "")).split() + (list(roles) if isinstance(roles, list) else [])
        return not has or any(str(h).startswith("Mail.ReadWrite") for h in has)

    def _list(self, limit: int, is_known: IsKnown) -> list[Listed]:
        """The oldest `limit` mails that were not committed before; those that were are kept for `delete`."""
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
                    Reason.SERVER, "the pages of the folder go round", step="page", server=self._api.server
                )
            seen.add(link)
            page = self._api.get_json(link, step="list")
            skipped = self._gone | self._handed | fresh.keys()
            here = [one for one in self._listed(page) if one.mark.uid not in skipped]
            kept = is_known([one.mark for one in here]) if here else {}
            left = {o.mark for o in here if o.mark in kept and stays(kept[o.mark], o.identity)}
            same = {o.mark for o in here if o.mark in kept and is_same(kept[o.mark], o.identity)}
            known = same - left
            self._known += [m for m in known if m not in self._known]
            fresh |= {
                one.mark.uid: one
                for one in here
                if one.mark not in same | left and not self._withheld.waits(one.mark.uid)
            }
            there |= {one.mark.uid for one in here}
            link = str(page.get("@odata.nextLink") or "")
        if not link:
            self._withheld.forget(lambda uid: uid not in there | self._handed)
        return list(fresh.values())[:limit]

    def _fitting(self, listed: list[Listed]) -> list[Listed]:
        """As many of the first ones as may be in memory at once, at least one."""
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
            if group and (len(group) == BATCH_ROW or total + weight > _BATCH_MAIL_BYTES):
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
            mail = read[one.mark.uid] if one.mark.uid in read else self._read_alone(one)
            if mail is not None:
                yield mail

    def _read_batches(self, group: list[Listed]) -> dict[str, Fetched | None]:
        """One row, then what a failed one in it held up; what is left out is to be read alone."""
        try:
            read = self._read_batch(group, in_row=True)
            late = [one for one in group if one.mark.uid not in read]
            for start in range(0, len(late), BATCH_LOOSE):
                read |= self._read_batch(late[start : start + BATCH_LOOSE], in_row=False)
        except TooLarge:
            return {}
        return read

    def _read_batch(self, group: list[Listed], *, in_row: bool) -> dict[str, Fetched | None]:
        """What could be read; None for a mail that is gone; absent for one to be read otherwise."""
        parts = [Part("GET", f"/messages/{quote(one.mark.uid, safe='')}/$value") for one in group]
        answers = self._api.batch(parts, step="read", in_row=in_row)
        read: dict[str, Fetched | None] = {}
        for one, answer in zip(group, answers, strict=True):
            data = mime_of(answer.body) if answer.status == 200 else None
            if data is not None and len(data) <= self._max_size:
                read[one.mark.uid] = self._fetched(one, len(data), data)
            elif _is_gone(answer):
                read[one.mark.uid] = None
            elif answer.status in _BUSY:
                raise self._api.part_failure(answer, "read")
        return read

    def _read_alone(self, one: Listed) -> Fetched | None:
        """One mail by itself; None when it is gone, or when only it fails, which must not stop the others."""
        try:
            if one.size > self._max_size:
                return self._read_partly(one)
            path = f"/messages/{quote(one.mark.uid, safe='')}/$value"
            response = self._api.get(path, step="read", limit=self._max_size)
            return self._fetched(one, len(response.content), response.content)
        except Gone:
            return None
        except (TooLarge, GiveUp):
            return self._read_partly(one)
        except TryLater as error:
            if error.reason is not Reason.SERVER:
                raise
            if not self._withheld.is_alone(one.mark.uid):
                self._trouble.append(error)
            self._withheld.failed(one.mark.uid, f"{error.text} {error.answer}".strip())
            return None

    def _read_partly(self, one: Listed) -> Fetched | None:
        path = with_query(f"/messages/{quote(one.mark.uid, safe='')}", select=SELECT, expand=EXPAND)
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
        """None for a mail of which Exchange hands out nothing, or a text of its own."""
        if data is not None and (not data or is_made_up(data)):
            said = (
                "Exchange handed out no mail" if not data else "Exchange put a text of its own in its place"
            )
            self._withheld.failed(one.mark.uid, said)
            return None
        name = one.identity.name or name_of(data or b"")
        return Fetched(one.mark, size, data, position=one.place, arrived=one.identity.arrived, name=name)

    def _remove(self, marks: Sequence[MessageUid], at_once: int, *, in_row: bool) -> bool:
        """Deletes or moves; True when some are left that may be tried again now, False when all are gone or
        the mailbox is throttled: then the rest waits for the next poll."""
        for start in range(0, len(marks), at_once):
            group = marks[start : start + at_once]
            answers = self._api.batch([self._removal(m) for m in group], step="delete", in_row=in_row)
            for mark, answer in zip(group, answers, strict=True):
                if 200 <= answer.status < 300 or _is_gone(answer):
                    self._gone.add(mark.uid)
                elif answer.status != 424:
                    self._refusals.append(self._api.part_failure(answer, "delete"))
            if any(answer.status in _BUSY for answer in answers):
                return False
        return bool(self._still_there(marks))

    def _removal(self, mark: MessageUid) -> Part:
        path = f"/messages/{quote(mark.uid, safe='')}"
        if self._move_to:
            return Part("POST", f"{path}/move", {"destinationId": self._id(self._move_to)})
        if self._permanent:
            return Part("POST", f"{path}/permanentDelete")
        return Part("DELETE", path)


def _is_gone(answer: PartAnswer) -> bool:
    return answer.status == 404 or (answer.status == 403 and code_of(answer.body) in GONE)
