"""The journal of what happened to requests: rows chained by SHA-256, so that a change to one shows.

Called by `Store` inside its transactions. Each hash covers the hash before it and the row; the head (number
and hash of the last row) is kept apart, so that cut-off last rows show too. After old rows were pruned the
chain begins at the base. This finds errors and clumsy hands, not an attacker who can rewrite the whole file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select

from flexmaild.core.work import AuditEntry
from flexmaild.store import meta
from flexmaild.store.codec import audit_of, canonical
from flexmaild.store.tables import audit, milliseconds, storable


class Link(NamedTuple):
    """A row's place in the chain."""

    seq: int
    hash: str


GENESIS = Link(0, "0" * 64)
_HEAD, _BASE = "audit_head", "audit_base"


def append(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    if not entries:
        return
    link = _read(connection, _HEAD)
    rows = []
    for entry in entries:
        row = {
            "seq": link.seq + 1,
            "at": entry.at,
            "approval_id": storable(entry.approval_id),
            "event": storable(entry.event),
            "data": canonical(entry.data),
        }
        link = Link(link.seq + 1, _hash(link.hash, milliseconds(entry.at), row))
        rows.append({**row, "hash": link.hash})
    connection.execute(insert(audit), rows)
    _write(connection, _HEAD, link)


def _hash(before: str, at: int, row: dict[str, Any]) -> str:
    """SHA-256 over the hash before and the row as canonical JSON (keys in order, no blanks)."""
    text = (
        f'{{"approval_id":{json.dumps(row["approval_id"])},"at":{at},"data":{row["data"]},'
        f'"event":{json.dumps(row["event"])},"seq":{row["seq"]}}}'
    )
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def _read(connection: Connection, name: str) -> Link:
    seq, _, digest = (meta.get(connection, name) or "").partition(" ")
    return Link(int(seq), digest) if digest else GENESIS


def _write(connection: Connection, name: str, link: Link) -> None:
    meta.put(connection, name, f"{link.seq} {link.hash}")


def trail(connection: Connection, approval_id: str) -> list[AuditEntry]:
    query = select(audit).where(audit.c.approval_id == approval_id).order_by(audit.c.seq)
    return [audit_of(row) for row in connection.execute(query)]


def length(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(audit)).scalar_one()


def first_broken(connection: Connection) -> int | None:
    """The number of the first row that is missing, changed or too many; None when the chain holds."""
    link = _read(connection, _BASE)
    for row in connection.execute(select(audit).order_by(audit.c.seq)):
        if row.seq != link.seq + 1 or row.hash != _hash(link.hash, milliseconds(row.at), row._asdict()):
            return link.seq + 1
        link = Link(row.seq, row.hash)
    return None if link == _read(connection, _HEAD) else link.seq + 1


def rebase(connection: Connection, last_gone: Link) -> None:
    """The rows up to and with `last_gone` are being pruned; the chain begins after them."""
    _write(connection, _BASE, last_gone)
