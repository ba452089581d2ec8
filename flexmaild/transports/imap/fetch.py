"""Fetches mails by UID: small ones whole and many at a time, large ones without their attachments.

What one mail breaks (a structure that cannot be parsed, a false length, a file the server cannot read) is
tried again for that mail alone, then without its structure, on a new connection after each failure; it never
costs the others of the batch.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flexmaild.core.errors import Failure
from flexmaild.mail.parse.message_id import HEADER_LOOKED_AT, is_server_placeholder
from flexmaild.settings.javamail.session import ImapSession
from flexmaild.transports.imap.client import Client, joined
from flexmaild.transports.imap.completeness import ending, has_ended, is_cut
from flexmaild.transports.imap.errors import may_concern_one_mail, translated
from flexmaild.transports.imap.structure import (
    Node,
    Section,
    beginning,
    has_text,
    prune,
    rebuild,
    sections,
)

# Up to this size a mail is fetched whole: a reply with the usual logos in the signature.
WHOLE = 256 << 10
# Bytes of whole mails asked for in one command, which bounds memory.
_BATCH = 4 << 20
# Bytes of a mail whose structure cannot be used: header and the beginning of the text.
_HEAD = 64 << 10
# Mails that may break connections in a poll; the rest of the batch waits for the next.
_MOST_BREAKS = 10
_NOTHING = "the server returned nothing"
_MADE_UP = "the server put a text of its own in its place"


@dataclass(frozen=True, slots=True)
class Found:
    """What was fetched of one mail. `data` is None where it has no text within the limits.

    is_cut: text is or may be missing.
    """

    data: bytes | None
    partial: bool
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Fetch:
    """The result of a fetch. withheld: UIDs of mails that are there and were not returned, and why. untried:
    left for the next poll. The rest has vanished."""

    found: dict[int, Found]
    withheld: dict[int, str]
    untried: frozenset[int]


class Fetcher:
    """Fetches on the inbox's connection. `client` returns it, `reconnect` replaces it."""

    def __init__(
        self, session: ImapSession, most: int, client: Callable[[], Client], reconnect: Callable[[], None]
    ) -> None:
        self._session = session
        self._most = most
        self._client = client
        self._reconnect = reconnect
        self._breaks = 0
        self._untried: set[int] = set()
        self._reasons: dict[int, str] = {}

    def begin(self) -> None:
        """Begin a poll."""
        self._breaks = 0

    def fetch(self, sizes: Mapping[int, int]) -> Fetch:
        """The mails with these UIDs and sizes."""
        return self._outcome(sizes, self._mails)

    def headers(self, sizes: Mapping[int, int]) -> Fetch:
        """Their headers alone."""
        return self._outcome(sizes, lambda sizes: self._singly_if_broken(dict(sizes), self._header))

    def _outcome(
        self, sizes: Mapping[int, int], fetch: Callable[[Mapping[int, int]], dict[int, Found]]
    ) -> Fetch:
        self._untried, self._reasons = set(), {}
        found = fetch(sizes)
        empty = {uid for uid, one in found.items() if one.data == b""}
        made_up = {uid for uid, one in found.items() if one.data and is_server_placeholder(one.data)}
        reasons = dict.fromkeys(sizes.keys() - found.keys() - self._untried | empty, _NOTHING)
        reasons |= self._reasons | dict.fromkeys(made_up, _MADE_UP)
        good = {uid: one for uid, one in found.items() if uid not in reasons}
        return Fetch(good, self._still_there(reasons), frozenset(self._untried))

    def _still_there(self, reasons: dict[int, str]) -> dict[int, str]:
        """Without those that another client has removed meanwhile."""
        if not reasons:
            return reasons
        client = self._client()
        client.begin("fetch", most=len(reasons) * 20)
        with translated("fetch", client.connection.server):
            there = set(client.search(["UID", joined(sorted(reasons))]))
        return {uid: text for uid, text in reasons.items() if uid in there}

    def _mails(self, sizes: Mapping[int, int]) -> dict[int, Found]:
        found: dict[int, Found] = {}
        small = {uid: size for uid, size in sizes.items() if size <= min(WHOLE, self._most)}
        for batch in _batches(small):
            found |= self._singly_if_broken(batch, self._whole)
        large = {uid: size for uid, size in sizes.items() if uid not in small}
        if large:
            found |= self._singly_if_broken(large, self._texts)
        return found

    def _singly_if_broken(
        self, batch: dict[int, int], fetch: Callable[[dict[int, int]], dict[int, Found]]
    ) -> dict[int, Found]:
        try:
            return fetch(batch)
        except Failure as error:
            if not may_concern_one_mail(error):
                raise
        self._reconnect()
        found: dict[int, Found] = {}
        for uid, size in batch.items():
            if self._breaks < _MOST_BREAKS:
                found |= self._single({uid: size}, fetch)
            else:
                self._untried.add(uid)
        return found

    def _single(
        self, one: dict[int, int], fetch: Callable[[dict[int, int]], dict[int, Found]]
    ) -> dict[int, Found]:
        reason = ""
        for attempt in (fetch, self._beginnings):
            try:
                return attempt(one)
            except Failure as error:
                if not may_concern_one_mail(error):
                    raise
                reason = reason or f"{error.text} {error.answer}".strip()
            self._reconnect()
        self._breaks += 1
        self._reasons |= dict.fromkeys(one, reason)
        return {}

    def _header(self, batch: dict[int, int]) -> dict[int, Found]:
        header = Section("HEADER", HEADER_LOOKED_AT)
        pieces = self._pieces(batch, [header], len(batch) * HEADER_LOOKED_AT * 2)
        return {uid: Found(held[header.name], True) for uid, held in pieces.items() if header.name in held}

    def _whole(self, batch: dict[int, int]) -> dict[int, Found]:
        whole = Section("")
        pieces = self._pieces(batch, [whole], sum(batch.values()) * 2)
        return {uid: Found(held[whole.name], False) for uid, held in pieces.items() if whole.name in held}

    def _texts(self, batch: dict[int, int]) -> dict[int, Found]:
        """Fetch by structure; mails of the same structure share a command."""
        client = self._client()
        client.begin("fetch", most=len(batch) * _HEAD)
        with translated("fetch", client.connection.server):
            answers = client.fetch(list(batch), ["BODYSTRUCTURE"])
            trees = {uid: prune(answer.get(b"BODYSTRUCTURE")) for uid, answer in answers.items()}
        found: dict[int, Found] = {}
        groups: dict[tuple[Section, ...], dict[int, Node]] = {}
        for uid, tree in trees.items():
            if tree and (has_text(tree) or batch[uid] <= self._most):
                groups.setdefault(self._wanted(tree, batch[uid]), {})[uid] = tree
            elif tree:
                found[uid] = Found(None, False)
        for wanted, alike in groups.items():
            most = len(alike) * sum(section.longest for section in wanted)
            for uid, pieces in self._pieces(alike, wanted, most).items():
                found |= _rebuilt(uid, alike[uid], pieces)
        # Those that cannot be rebuilt, by their structure or since a piece is missing.
        return found | self._beginnings({uid: batch[uid] for uid in trees.keys() - found.keys()})

    def _wanted(self, tree: Node, size: int) -> tuple[Section, ...]:
        """The sections to fetch, with the mail's beginning and end where the settings allow partial ones."""
        ends = (beginning(tree), ending(tree, size)) if self._session.partial_fetch else ()
        return (*sections(tree), *filter(None, ends))

    def _beginnings(self, batch: dict[int, int]) -> dict[int, Found]:
        if not batch:
            return {}
        head = Section("", _HEAD)
        pieces = self._pieces(batch, [head], len(batch) * _HEAD * 2)
        found = {}
        for uid, held in pieces.items():
            if head.name in held:
                is_part = len(held[head.name]) < batch[uid] or len(held[head.name]) >= _HEAD
                found[uid] = Found(held[head.name], is_part, is_part)
        return found

    def _pieces(
        self, uids: Iterable[int], wanted: Sequence[Section], most: int
    ) -> dict[int, dict[str, bytes]]:
        client = self._client()
        items = [section.item(self._session.peek, self._session.partial_fetch) for section in wanted]
        client.begin("fetch", most=most)
        with translated("fetch", client.connection.server):
            answers = client.fetch(list(uids), items)
        return {uid: _named(answer, wanted) for uid, answer in answers.items()}


def _rebuilt(uid: int, tree: Node, pieces: Mapping[str, bytes]) -> dict[int, Found]:
    data = rebuild(tree, pieces)
    if data is None:
        return {}
    torn = not has_ended(tree, pieces.get("", b""))
    return {uid: Found(data, True, torn or is_cut(tree, pieces, data))}


def _named(answer: Mapping[bytes, object], wanted: Sequence[Section]) -> dict[str, bytes]:
    """The pieces by section name; BODY.PEEK[1]<0.n> is answered as BODY[1]<0>."""
    by_section = {key.partition(b"<")[0]: value for key, value in answer.items()}
    found = {}
    for section in wanted:
        value = by_section.get(f"BODY[{section.name}]".encode())
        if isinstance(value, (bytes, int)):
            found[section.name] = value if isinstance(value, bytes) else str(value).encode()
    return found


def _batches(sizes: dict[int, int]) -> Iterator[dict[int, int]]:
    batch: dict[int, int] = {}
    for uid, size in sizes.items():
        if batch and sum(batch.values()) + size > _BATCH:
            yield batch
            batch = {}
        batch[uid] = size
    if batch:
        yield batch
