"""A store as tests use it: one transaction for each call, at the time that the test says."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from flexmaild.core.work import Change, Claim, Job, Queue
from flexmaild.store import Store, Transaction, open_store
from flexmaild.system.clock import SystemClock, TrustedClock

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def opened(
    directory: Path, url: str | None = None, clock: TrustedClock | None = None, *, was_there: bool = False
) -> Store:
    url = f"sqlite:///{directory}/flexmaild.db" if url is None else url
    clock = clock or TrustedClock(SystemClock())
    return open_store(url, state_directory=directory, clock=clock, was_there=was_there)


@cache
def _empty() -> dict[str, bytes]:
    """What lies in the directory of a store in which nothing was ever written."""
    with TemporaryDirectory(prefix="fm-") as place:
        opened(Path(place)).close()
        return {path.name: path.read_bytes() for path in Path(place).iterdir()}


def fresh(directory: Path) -> Store:
    """A new empty store, for a test to which it does not matter how one is made: five times quicker."""
    for name, data in _empty().items():
        (directory / name).write_bytes(data)
    return opened(directory)


@contextmanager
def at(store: Store, now: datetime = NOW) -> Iterator[Transaction]:
    with store.transaction() as transaction:
        transaction.now = now
        yield transaction


def commit(store: Store, change: Change) -> None:
    with store.transaction() as transaction:
        transaction.write(change)


def claim(
    store: Store, queue: Queue, target: str | None, now: datetime, limit: int, owner: str, lease: timedelta
) -> list[Job]:
    with at(store, now) as transaction:
        return transaction.claim(queue, target, limit, owner, lease)


def claims(store: Store, ids: Iterable[str]) -> list[Claim]:
    """The claims in force of these jobs."""
    return [Claim(job.id, job.claim) for job in store.jobs(ids).values()]


def unclaim(store: Store, ids: Iterable[str]) -> None:
    found = claims(store, ids)
    with store.transaction() as transaction:
        transaction.unclaim(found)


def release(store: Store, owner: str) -> int:
    with store.transaction() as transaction:
        return transaction.release(owner)


def retry_jobs(store: Store, queue: Queue, ids: Sequence[str] | None, now: datetime = NOW) -> int:
    with at(store, now) as transaction:
        return transaction.retry_jobs(queue, ids)


def drop_jobs(store: Store, queue: Queue, ids: Sequence[str], now: datetime = NOW) -> int:
    with at(store, now) as transaction:
        return transaction.drop_jobs(queue, ids)


def hold_jobs(store: Store, queue: Queue, ids: Sequence[str] | None) -> int:
    with store.transaction() as transaction:
        return transaction.hold_jobs(queue, ids)


def unhold_jobs(store: Store, queue: Queue, ids: Sequence[str] | None) -> int:
    with store.transaction() as transaction:
        return transaction.unhold_jobs(queue, ids)


def release_quarantine(store: Store, id_: str) -> bool:
    with store.transaction() as transaction:
        return transaction.release_quarantine(id_)


def drop_quarantine(store: Store, id_: str) -> bool:
    with store.transaction() as transaction:
        return transaction.drop_quarantine(id_)


def prune(store: Store, **before: datetime) -> int:
    with store.transaction() as transaction:
        return transaction.prune(**before)
