"""What another thread than the loop may look up, on a read-only connection of its own.

Used by `daemon.sent_mails`: by the poller for each poll, by `quarantine release` for one mail. SQLite opens
the file for reading only (`mode=ro`), so nothing here takes the write lock, writes or checkpoints (see
`engine` for why that matters), and no writer makes it wait. Each method is one SELECT. The connection is
opened by the first and belongs to that thread until `close`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from flexmaild.core.model import Request
from flexmaild.core.work import KeptMail
from flexmaild.store import requests, sent_mails
from flexmaild.store.faults import translated
from flexmaild.store.open import database_file
from flexmaild.store.place import identity, insist_on, unusable

# In WAL mode a reader waits for nobody but a recovery after a crash, which the daemon's start has done.
BUSY_SECONDS = 2.0


class ReadOnlyStore:
    """Raises the faults of `flexmaild.store.errors` and nothing else. May be used again after `close`."""

    def __init__(self, url: str, *, state_directory: Path) -> None:
        """The store is open already, by `open_store`. Raises StoreError."""
        self._path = database_file(url, state_directory)
        try:
            self._identity = identity(self._path)
        except OSError as error:
            raise unusable(self._path, error) from error
        self._engine = create_engine(
            "sqlite://", creator=self._connected, poolclass=StaticPool, hide_parameters=True
        )

    def request(self, id_: str) -> Request | None:
        with self._reading() as connection:
            return requests.by_id(connection, id_)

    def sent_mails(self, approval_id: str, invitation: int) -> list[KeptMail]:
        """What went out, or may have gone out, with the reference of this invitation, newest first."""
        with self._reading() as connection:
            return sent_mails.of_invitation(connection, approval_id, invitation)

    def close(self) -> None:
        """Close the connection, if there is one; never raises."""
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise translated(error, self._path) from error

    def _connected(self) -> sqlite3.Connection:
        # isolation_level None: every SELECT is a transaction of its own, none stays open.
        insist_on(self._path, self._identity)
        file = f"file:{quote(str(self._path))}?mode=ro"
        connection = sqlite3.connect(file, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        for pragma in ("query_only=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        return connection
