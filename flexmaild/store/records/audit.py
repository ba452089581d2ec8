"""The event log: what happened to requests and what operators did, numbered without gaps, chained by SHA-256.

Called by `Transaction` and `Queries`. Each hash covers the hash before it and the row; the head (number
and hash of the last row) is kept apart, so that cut-off last rows show too. What an entry says of persons is
in a table of its own, and the row has its digest: it can be forgotten and the chain still holds. After old
rows were pruned the chain begins at the base. This finds errors and clumsy hands, not an attacker who can
rewrite the whole file.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Row, func, insert, select, type_coerce

from flexmaild.core.work import AuditEntry
from flexmaild.store.records import meta
from flexmaild.store.records.codec import audit_of, canonical
from flexmaild.store.records.rows import Rows
from flexmaild.store.records.tables import audit, audit_personal, milliseconds, storable


class Link(NamedTuple):
    """A row's place in the chain."""

    seq: int
    hash: str


GENESIS = Link(0, "0" * 64)
_HEAD, _BASE = "audit_head", "audit_base"
_SALT_BYTES = 16
# What stands in the place of a personal part that was purged, with an empty salt.
FORGOTTEN = ""

_ROWS = select(audit, audit_personal.c.salt, audit_personal.c.data.label("personal")).outerjoin(
    audit_personal, audit_personal.c.seq == audit.c.seq
)
ENTRIES = Rows(audit, audit_of, "seq", query=_ROWS)
# As the file has them: of a damaged row nothing may be decoded.
_UNDECODED = select(
    *(column for column in audit.c if column is not audit.c.at),
    type_coerce(audit.c.at, Integer).label("at"),
    audit_personal.c.salt,
    audit_personal.c.data.label("personal"),
).outerjoin(audit_personal, audit_personal.c.seq == audit.c.seq)


def append(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    if not entries:
        return
    link = _read(connection, _HEAD)
    rows, personal = [], []
    for entry in entries:
        seq, salt, said = link.seq + 1, secrets.token_bytes(_SALT_BYTES), canonical(entry.personal)
        row = {
            "seq": seq,
            "at": entry.at,
            "approval_id": storable(entry.approval_id),
            "event": storable(entry.event),
            "data": canonical(entry.facts),
            "personal_digest": _digest(salt, said) if entry.personal else "",
        }
        link = Link(seq, _hash(link.hash, milliseconds(entry.at), row))
        rows.append({**row, "hash": link.hash})
        if entry.personal:
            personal.append({"seq": seq, "salt": salt, "data": said})
    connection.execute(insert(audit), rows)
    if personal:
        connection.execute(insert(audit_personal), personal)
    _write(connection, _HEAD, link)


def _digest(salt: bytes, said: str) -> str:
    """The salt goes with the text: from the digest alone not even a guess can be tried."""
    return hashlib.sha256(salt + said.encode()).hexdigest()


def _hash(before: str, at: int, row: Mapping[str, Any]) -> str:
    """SHA-256 over the hash before and the row as canonical JSON (keys in order, no blanks)."""
    text = (
        f'{{"approval_id":{json.dumps(row["approval_id"])},"at":{at},"data":{row["data"]},'
        f'"event":{json.dumps(row["event"])},"personal":"{row["personal_digest"]}","seq":{row["seq"]}}}'
    )
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def _read(connection: Connection, name: str) -> Link:
    seq, _, digest = (meta.get(connection, name) or "").partition(" ")
    return Link(int(seq), digest) if digest else GENESIS


def _write(connection: Connection, name: str, link: Link) -> None:
    meta.put(connection, name, f"{link.seq} {link.hash}")


def trail(connection: Connection, approval_id: str) -> list[AuditEntry]:
    query = _ROWS.where(audit.c.approval_id == approval_id).order_by(audit.c.seq)
    return [*ENTRIES.read(connection, query)]


class Numbered(NamedTuple):
    """An entry with its number in the event log."""

    number: int
    entry: AuditEntry


class Excerpt(NamedTuple):
    """A part of the event log. upto: the number up to which it was looked through; base and head: the last
    one that was pruned and the last one there is."""

    entries: list[Numbered]
    upto: int
    base: int
    head: int


_NUMBERED = Rows(audit, lambda row: Numbered(row.seq, audit_of(row)), "seq", query=_ROWS)


def after(connection: Connection, number: int, limit: int, approval_id: str, event: str) -> Excerpt:
    """What follows this number, at most so many entries; of one request or event only, where one is given."""
    last, first = head(connection).seq, base(connection).seq
    query = _ROWS.where(audit.c.seq > number, audit.c.seq <= last).order_by(audit.c.seq).limit(limit)
    if approval_id:
        query = query.where(audit.c.approval_id == approval_id)
    if event:
        query = query.where(audit.c.event == event)
    rows = connection.execute(query).all()
    found = [one for row in rows if (one := _NUMBERED.of(connection, row)) is not None]
    return Excerpt(found, rows[-1].seq if len(rows) == limit else max(last, number), first, last)


def length(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(audit)).scalar_one()


def first_broken(connection: Connection) -> int | None:
    """The number of the first row that is missing, changed or too many; None when the chain holds."""
    link = _read(connection, _BASE)
    for row in connection.execute(_UNDECODED.order_by(audit.c.seq)):
        if row.seq != link.seq + 1 or not _is_text(row) or not _holds(row):
            return link.seq + 1
        if row.hash != _hash(link.hash, row.at, row._asdict()):
            return link.seq + 1
        link = Link(row.seq, row.hash)
    return None if link == _read(connection, _HEAD) else link.seq + 1


def _is_text(row: Row[*tuple[Any, ...]]) -> bool:
    """A damaged row may hold anything."""
    texts = [row.approval_id, row.event, row.data, row.personal_digest, row.hash]
    texts += [] if row.personal is None else [row.personal]
    return all(isinstance(text, str) for text in texts) and isinstance(row.salt, bytes | None)


def _holds(row: Row[*tuple[Any, ...]]) -> bool:
    """Whether its personal part is what was written, or was forgotten: then it is there and empty."""
    if row.personal is None or not row.personal_digest:
        return row.personal is None and not row.personal_digest
    is_forgotten: bool = row.personal == FORGOTTEN
    return is_forgotten or bool(row.personal_digest == _digest(row.salt, row.personal))


def head(connection: Connection) -> Link:
    """The end of the chain."""
    return _read(connection, _HEAD)


def base(connection: Connection) -> Link:
    """The last row that was pruned."""
    return _read(connection, _BASE)


def rebase(connection: Connection, last_gone: Link) -> None:
    """The rows up to and with `last_gone` are being pruned; the chain begins after them."""
    _write(connection, _BASE, last_gone)
