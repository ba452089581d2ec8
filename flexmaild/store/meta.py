"""Small things of the daemon's own: named texts, its secrets, the highest time it has ever seen.

Called by `Store` and by `audit`. A secret is made here on first use and never changes; whoever has the file
has it, hence mode 0600.
"""

from __future__ import annotations

import secrets as random
from datetime import datetime

from sqlalchemy import Connection, select

from flexmaild.store.dialect import insert_new, insert_or_set
from flexmaild.store.tables import EPOCH, MILLISECOND, meta, milliseconds, secrets

_HIGH_WATER = "high_water"
_PUT = insert_or_set(meta, "name", "value")
_MAKE = insert_new(secrets, "name")


def get(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(meta.c.value).where(meta.c.name == name))


def put(connection: Connection, name: str, value: str) -> None:
    connection.execute(_PUT, [{"name": name, "value": value}])


def secret(connection: Connection, name: str) -> bytes:
    """32 random bytes (the block size HMAC-SHA-256 keys need at most, RFC 2104), made on first use."""
    connection.execute(_MAKE, [{"name": name, "value": random.token_bytes(32)}])
    value: bytes = connection.scalars(select(secrets.c.value).where(secrets.c.name == name)).one()
    return value


def high_water(connection: Connection) -> datetime:
    return EPOCH + int(get(connection, _HIGH_WATER) or 0) * MILLISECOND


def set_high_water(connection: Connection, moment: datetime) -> None:
    put(connection, _HIGH_WATER, str(milliseconds(moment)))
