"""The store's one interface: transactions that change it, and queries that do not wait for them.

Built by `open_store`; callable from any thread. Raises the faults of `flexmaild.store.errors` and nothing
else. The time in its transactions never runs backwards, not even through a restart.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from flexmaild.core.left_in_folder import LeftMails
from flexmaild.core.ports import MessageUid
from flexmaild.store import store_mark
from flexmaild.store.engine import TURN_SECONDS, Database
from flexmaild.store.errors import StoreBroken
from flexmaild.store.queries import Queries
from flexmaild.store.records import meta
from flexmaild.store.records.tables import EPOCH
from flexmaild.store.store_mark import StoreMark
from flexmaild.store.transaction import Transaction
from flexmaild.system.clock import TrustedClock

# How old the written time may become; a restart sets the clock back by no more.
_HIGH_WATER_STEP = timedelta(seconds=10)


class Store(Queries):
    """Durable memory. See the module's head for who may call it and what it raises."""

    def __init__(self, database: Database, clock: TrustedClock, state_directory: Path) -> None:
        super().__init__(database.reading)
        self._database = database
        self._clock = clock
        self._directory = state_directory
        self._mark: StoreMark | None = None
        with database.reading() as connection:
            self._written = meta.high_water(connection)
        if self._written > EPOCH:  # not at the first start
            clock.not_before(self._written)

    def now(self) -> datetime:
        """The time of a transaction that begins now."""
        return self._clock.now()

    @property
    def busy_since(self) -> float | None:
        """When the transaction began that runs now (CLOCK_MONOTONIC, seconds); None when none does."""
        return self._database.busy_since

    @property
    def broken(self) -> StoreBroken | None:
        """Why it refuses all further work; None while it does not."""
        return self._database.broken

    @contextmanager
    def transaction(self, seconds: float = TURN_SECONDS) -> Iterator[Transaction]:
        """Transactions run one after the other, in the order in which they were asked for.

        Raises StoreBusy when its turn did not come in so many seconds, and StoreFull, StoreError or
        StoreBroken when it cannot be committed; then nothing of it is carried out, then or later.
        """
        with self._database.writing(seconds) as connection:
            now = self._clock.now()
            # A time in doubt is not kept: what is right later would be too far from it.
            is_stale = now - self._written >= _HIGH_WATER_STEP and self._clock.doubt() is None
            if is_stale:
                meta.set_high_water(connection, now)
            yield Transaction(connection, now)
        if is_stale:
            self._written = now

    def keep_mark(self) -> None:
        """Write down how far it has come (see `store_mark`): before anything that is committed is deleted
        elsewhere."""
        with self._database.reading() as connection:
            mark = store_mark.of(connection, self._database.path)
        if mark and mark != self._mark:
            store_mark.write(self._directory, mark)
            self._mark = mark

    def left_in(self, there: Collection[MessageUid] | None) -> LeftMails:
        """The mails that are left in the folder; there: which are in it now, where all of it is known."""
        left = self.left_mails()
        if there is None or not (left.foreign or left.unknown):
            return left
        with self.transaction() as transaction:
            transaction.forget_left_mails(there)
        return self.left_mails()

    def close(self) -> None:
        """Release the files; never raises. Without it no data is lost."""
        self._database.close()
