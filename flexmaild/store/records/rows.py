"""Handles rows that cannot be read: each is skipped alone, and remembered until it is readable or gone.

Every module of this package that converts rows does it through `Rows`, so the rule is here once: a
row is sound when its columns hold what the table's columns hold and its maker takes it. One that is not is
left out of lists, and who asks for that very row gets DamagedRow. Nothing of it is changed or deleted. Which
rows are known to be damaged, a database's connections share (`DamagedRows`); one without that memory
(`store.read_only`) raises what was found.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any, Generic, TypeVar
from zlib import error as ZlibError

from sqlalchemy import Connection, Row, Select, Table, TypeDecorator, and_, select

from flexmaild.store.errors import StoreError
from flexmaild.store.records.tables import Timestamp

T = TypeVar("T")
CURE = (
    "everything else goes on, and nothing was deleted: stop the daemon, keep a copy of the store, and put "
    "the row back from a backup; the disk may be failing (journalctl -k)."
)
# The execution option under which a connection has its DamagedRows.
MEMORY = "damaged_rows"
# More are not remembered; the first say enough.
MOST = 1000
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, ZlibError, StoreError)


class DamagedRow(StoreError):
    """The row that was asked for is there and cannot be read."""


class Undecodable(str):
    """A stored text that is not UTF-8."""


def text_of(data: bytes) -> str:
    """As sqlite3 makes text, but that one damaged text does not make the whole query fail."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return Undecodable(data.decode("utf-8", "surrogateescape"))


class DamagedRows:
    """Table and id of each that was found damaged. Used by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: dict[str, dict[str, None]] = {}

    def add(self, table: str, id_: str) -> None:
        with self._lock:
            ids = self._ids.setdefault(table, {})
            if len(ids) < MOST:
                ids[id_] = None

    def discard(self, table: str, id_: str) -> None:
        if self._ids.get(table):
            with self._lock:
                self._ids[table].pop(id_, None)

    def of(self, table: str) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._ids.get(table, ()))


class Rows(Generic[T]):
    """How the rows of a table are read. key: the columns by which one is named.

    is_personal: its key says something of a person or a caller, and is never shown. query: all that
    `make` needs of every row, where that is more than its columns.
    """

    def __init__(
        self,
        table: Table,
        make: Callable[[Row[*tuple[Any, ...]]], T],
        *key: str,
        is_personal: bool = False,
        query: Select[Any] | None = None,
    ) -> None:
        self.table = table
        self.is_personal = is_personal
        self._make = make
        self._query = select(table) if query is None else query
        self._key = key

    def read(self, connection: Connection, query: Select[Any], limit: int | None = None) -> Iterator[T]:
        """What the sound ones among the rows of `query` say, at most `limit`."""
        with closing(connection.execute(query)) as found:
            sound = (self.of(connection, row) for row in found)
            yield from islice((one for one in sound if one is not None), limit)

    def first(self, connection: Connection, query: Select[Any]) -> T | None:
        """What the first row of `query` says; None without any. Raises DamagedRow."""
        row = connection.execute(query.limit(1)).first()
        if row is None:
            return None
        found = self.of(connection, row)
        if found is None:
            raise self._fault(row)
        return found

    def of(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> T | None:
        """What this row says; None when it is damaged, which is remembered."""
        memory: DamagedRows | None = connection.get_execution_options().get(MEMORY)
        try:
            self._check(row)
            found = self._make(row)
        except _UNREADABLE:
            if memory is None:
                raise
            memory.add(self.table.name, self._id(row))
            return None
        if memory is not None:
            memory.discard(self.table.name, self._id(row))
        return found

    def known_damaged(self, connection: Connection) -> tuple[str, ...]:
        """The ids of those that were found damaged."""
        memory: DamagedRows | None = connection.get_execution_options().get(MEMORY)
        return () if memory is None else memory.of(self.table.name)

    def look_again(self, connection: Connection) -> tuple[str, ...]:
        """Those of them that are still there and still damaged."""
        memory: DamagedRows | None = connection.get_execution_options().get(MEMORY)
        for id_ in self.known_damaged(connection):
            parts = id_.split(" ") if len(self._key) > 1 else [id_]
            place = and_(*(self.table.c[name] == part for name, part in zip(self._key, parts, strict=True)))
            row = connection.execute(self._query.where(place)).first()
            if row is not None:
                self.of(connection, row)
            elif memory is not None:
                memory.discard(self.table.name, id_)
        return self.known_damaged(connection)

    @cached_property
    def _kinds(self) -> dict[str, tuple[type, ...]]:
        kinds: dict[str, tuple[type, ...]] = {}
        for column in self.table.c:
            type_ = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
            kind = datetime if isinstance(column.type, Timestamp) else type_.python_type
            kinds[column.name] = (kind, type(None)) if column.nullable else (kind,)
        return kinds

    def _check(self, row: Row[*tuple[Any, ...]]) -> None:
        for name, value in row._mapping.items():
            kind = self._kinds.get(name)
            if isinstance(value, Undecodable) or (kind is not None and not isinstance(value, kind)):
                raise ValueError(name)

    def _id(self, row: Row[*tuple[Any, ...]]) -> str:
        return " ".join(str(getattr(row, name)) for name in self._key)

    def _fault(self, row: Row[*tuple[Any, ...]]) -> DamagedRow:
        which = "a row" if self.is_personal else f"the row {self._id(row)}"
        return DamagedRow(
            f"{which} of the store's table {self.table.name} is damaged and cannot be read.", CURE
        )
