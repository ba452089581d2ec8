"""The headers of the last mails, so that changed settings can be checked against them.

Written by `store.records.mails` with the outcomes, in the same transaction; no more than KEPT stay.
"""

import zlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from flexmaild.core.model import Outcome
from flexmaild.core.work import KeptHeader, ProcessedMail
from flexmaild.store.records.rows import Rows
from flexmaild.store.records.tables import headers

KEPT = 100
# More than is ever kept of a header.
_LARGEST = 64 * 1024


def add(connection: Connection, mails: Sequence[ProcessedMail]) -> None:
    """Keep the headers of these mails, and delete the oldest beyond KEPT."""
    rows = [_row(mail) for mail in mails if mail.header][-KEPT:]
    if rows:
        connection.execute(insert(headers), rows)
        newest = select(func.max(headers.c.seq)).scalar_subquery()
        connection.execute(delete(headers).where(headers.c.seq <= newest - KEPT))


def newest(connection: Connection, limit: int) -> list[KeptHeader]:
    """Newest first."""
    return [*HEADERS.read(connection, select(headers).order_by(headers.c.seq.desc()), limit)]


def _row(read: ProcessedMail) -> dict[str, object]:
    data = zlib.compress(read.header.encode("latin-1", "replace"), 1)
    known = {"sender": read.mail.sender, "outcome": read.outcome.value, "sha256": read.mail.sha256}
    return known | {"at": read.at, "data": data}


def _text(data: bytes) -> str:
    """The header's text; empty where the row is damaged."""
    try:
        return zlib.decompressobj().decompress(data, _LARGEST).decode("latin-1")
    except (zlib.error, TypeError):
        return ""


def _header_of(row: Row[*tuple[Any, ...]]) -> KeptHeader:
    return KeptHeader(row.at, row.sender, Outcome(row.outcome), row.sha256, _text(row.data))


HEADERS = Rows(headers, _header_of, "seq")
