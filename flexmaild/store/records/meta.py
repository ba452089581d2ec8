"""Named values of the store: the ends of the audit chain, the high-water mark of time, the count of mails.

Called by `Store` and by `audit` inside their transactions.
"""

from datetime import datetime

from sqlalchemy import Connection, select

from flexmaild.store.errors import StoreDamaged
from flexmaild.store.faults import RESTORE
from flexmaild.store.records.dialect import insert_or_set
from flexmaild.store.records.tables import EPOCH, MILLISECOND, meta, milliseconds

# How many mails were committed since the store was made; rows of them are pruned.
MAILS = "mails"
_HIGH_WATER = "high_water"
_PUT = insert_or_set(meta, "name", "value")


def get(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(meta.c.value).where(meta.c.name == name))


def put(connection: Connection, name: str, value: str) -> None:
    connection.execute(_PUT, [{"name": name, "value": value}])


def count(connection: Connection, name: str) -> int:
    """Raises StoreDamaged where it is no number."""
    found = get(connection, name) or "0"
    if not (found.isascii() and found.isdigit()):
        raise StoreDamaged(f"the store is damaged: its {name} is no number.", RESTORE)
    return int(found)


def high_water(connection: Connection) -> datetime:
    return EPOCH + count(connection, _HIGH_WATER) * MILLISECOND


def set_high_water(connection: Connection, moment: datetime) -> None:
    put(connection, _HIGH_WATER, str(milliseconds(moment)))
