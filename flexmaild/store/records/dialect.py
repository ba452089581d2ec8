"""The few statements that PostgreSQL and SQLite write differently. Apart, so that a second backend begins
here.

Used by the modules that write. All else in this package is plain SQLAlchemy Core; pragmas and locks of
SQLite are in `store.engine` and `store.database_file`.
"""

from sqlalchemy import Table
from sqlalchemy.dialects.sqlite import Insert, insert


def insert_new(table: Table, *unique: str) -> Insert:
    """Insert unless a row with the same values in the columns `unique` exists; that row stays untouched."""
    return insert(table).on_conflict_do_nothing(index_elements=list(unique))


def insert_or_set(table: Table, unique: str, *columns: str) -> Insert:
    """Insert, or set only `columns` of the row that has the same `unique`."""
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=[unique], set_={name: statement.excluded[name] for name in columns}
    )
