"""The mails that went out are kept with their jobs, and can be read beside the daemon's own connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from store_samples import NOW, job, opened, request

from flexmaild.core.work import Change, Job, JobEnd, JobState, KeptMail, Queue
from flexmaild.store import Store, StoreError
from flexmaild.store.read_only import ReadOnlyStore

LEASE = timedelta(minutes=1)
LATE = NOW + timedelta(days=1000)


def mailed(name: str, number: int = 0, **changes: object) -> Job:
    return job(name, approval_id="R1", invitation=number, **changes)


def kept(name: str, data: bytes | None = b"words", sha256: str = "a") -> KeptMail:
    return KeptMail(name, sha256 * 64, data, ("it's\nme", "\ud800"))


@pytest.fixture
def reader(store: Store, tmp_path: Path) -> Iterator[ReadOnlyStore]:
    store.commit(Change(requests=(request(),)))
    reader = ReadOnlyStore("sqlite:///flexmaild.db", state_directory=tmp_path)
    yield reader
    reader.close()


def names(reader: ReadOnlyStore, number: int = 0) -> list[str]:
    return [mail.job_id for mail in kept_of(reader, number)]


def kept_of(reader: ReadOnlyStore, number: int = 0) -> list[KeptMail]:
    found = reader.sent_mails("R1", number)
    assert found is not None and found[0].id == "R1"
    return found[1]


def test_what_is_kept_is_read_as_it_was_newest_job_first(store: Store, reader: ReadOnlyStore) -> None:
    store.commit(Change(jobs=(mailed("a"), mailed("b"), mailed("c", 1))))
    store.commit(Change(kept=(kept("a"), kept("b", None), kept("c"))))
    first, second = kept_of(reader)
    assert (first.job_id, first.deflated) == ("b", None)
    assert second == KeptMail("a", "a" * 64, b"words", ("it's\nme", "\ufffd"))
    assert names(reader, 1) == ["c"] and names(reader, 2) == []
    assert reader.sent_mails("R2", 0) is None
    assert reader.sent_mails("R1", 2) == (store.request("R1"), [])


def test_the_same_mail_is_kept_once_and_another_beside_it(store: Store, reader: ReadOnlyStore) -> None:
    store.commit(Change(jobs=(mailed("a"),)))
    for _ in range(2):
        store.commit(Change(kept=(kept("a"), kept("a", b"other words", "b"))))
    assert {mail.deflated for mail in kept_of(reader)} == {b"words", b"other words"}
    assert len(names(reader)) == 2


def test_a_mail_of_a_job_that_is_gone_is_not_kept(store: Store, reader: ReadOnlyStore) -> None:
    store.commit(Change(jobs=(mailed("a"),), kept=(kept("a"), kept("gone"))))
    assert names(reader) == ["a"]


def test_the_jobs_of_an_open_request_and_what_they_sent_are_not_pruned(
    store: Store, reader: ReadOnlyStore
) -> None:
    store.commit(
        Change(jobs=(mailed("a"), mailed("b"), job("closed", approval_id="R0")), kept=(kept("a"), kept("b")))
    )
    store.commit(Change(ended=tuple(JobEnd(n, "ok", NOW) for n in ("a", "closed"))))
    store.drop_jobs(Queue.OUTBOX, ["b"], NOW)
    while store.prune(raw_before=LATE, seen_before=LATE, done_before=LATE):
        pass
    assert names(reader) == ["b", "a"]
    assert store.job("closed") is None


def test_other_threads_may_read_each_by_a_connection_of_its_own(store: Store, tmp_path: Path) -> None:
    store.commit(Change(requests=(request(),), jobs=(mailed("a"),), kept=(kept("a"),)))

    def look() -> list[str]:
        reader = ReadOnlyStore("sqlite:///flexmaild.db", state_directory=tmp_path)
        try:
            return names(reader)
        finally:
            reader.close()

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(lambda _: look(), range(20))] == [["a"]] * 20


@pytest.mark.parametrize("column", ["quotes = 'no list'", "data = 'no bytes'"])
def test_a_row_that_somebody_changed_is_a_fault_of_the_store(
    store: Store, reader: ReadOnlyStore, tmp_path: Path, column: str
) -> None:
    store.commit(Change(jobs=(mailed("a"),)))
    store.commit(Change(kept=(kept("a"),)))
    with sqlite3.connect(tmp_path / "flexmaild.db") as connection:
        connection.execute(f"UPDATE sent_mails SET {column}")
    connection.close()
    with pytest.raises(StoreError, match="cannot be read"):
        reader.sent_mails("R1", 0)


def test_no_look_asks_for_a_lock_that_a_writer_needs(
    store: Store, reader: ReadOnlyStore, tmp_path: Path
) -> None:
    names(reader)
    with sqlite3.connect(tmp_path / "flexmaild.db", timeout=0, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert names(reader) == []
        writer.execute("COMMIT")
        names(reader)  # no transaction of the reader stays open, so a checkpoint can empty the -wal file
        assert writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    writer.close()


def test_no_look_reads_a_table_from_end_to_end(store: Store, reader: ReadOnlyStore) -> None:
    asked: list[tuple[str, object]] = []
    event.listen(
        reader._engine,
        "before_cursor_execute",
        lambda _c, _u, statement, parameters, *_: asked.append((statement, parameters)),
    )
    reader.sent_mails("R1", 0)
    assert len(asked) == 1
    with store._database.reading() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert not [row for row in plan if row[3].startswith("SCAN")], plan


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        ReadOnlyStore("sqlite:///flexmaild.db", state_directory=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_keeps_no_file_of_a_closed_store_in_use(tmp_path: Path) -> None:
    store = opened(tmp_path)
    reader = ReadOnlyStore("sqlite:///flexmaild.db", state_directory=tmp_path)
    assert reader.sent_mails("R1", 0) is None
    reader.close()
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flexmaild.db", "flexmaild.db.lock"]


def test_what_an_older_version_sent_is_marked_as_not_known(tmp_path: Path) -> None:
    """Not so what it never tried: that is kept when it is sent."""
    store = opened(tmp_path)
    tried = ("done", "deferred", "failed", "dropped", "retried", "leased")
    store.commit(Change(requests=(request(),), jobs=tuple(mailed(n) for n in (*tried, "waits", "held"))))
    store.commit(Change(jobs=(job("nobody's"), job("delivery", queue=Queue.DELIVERY, invitation=0))))
    store.hold_jobs(Queue.OUTBOX, ["held"])
    store.commit(Change(ended=(JobEnd("done", "ok", NOW), JobEnd("failed", "give_up", NOW, "server"))))
    later = tuple(
        JobEnd(n, "later", NOW, "network", again_at=LATE) for n in ("deferred", "dropped", "retried")
    )
    store.commit(Change(ended=(*later, JobEnd("nobody's", "ok", NOW), JobEnd("delivery", "ok", NOW))))
    store.drop_jobs(Queue.OUTBOX, ["dropped"], NOW)
    store.retry_jobs(Queue.OUTBOX, ["retried"], NOW)
    store.hold_jobs(Queue.OUTBOX, ["retried", "waits"])
    assert [j.id for j in store.claim(Queue.OUTBOX, None, NOW, 1, "me", LEASE)] == ["leased"]
    store.close()
    _back_to_schema_1(tmp_path / "flexmaild.db")
    store = opened(tmp_path)
    assert store.job("waits") is not None and store.job("waits").state is JobState.HELD
    reader = ReadOnlyStore("sqlite:///flexmaild.db", state_directory=tmp_path)
    assert {(m.job_id, m.deflated, m.quotes) for m in kept_of(reader)} == {(name, None, ()) for name in tried}
    reader.close()
    store.close()


def _back_to_schema_1(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        for table in ("replies", "headers", "approvers", "spent", "sent_mails"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DROP INDEX ix_seen_unknown_lines")
        connection.execute("ALTER TABLE seen DROP COLUMN unknown_lines")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()


def test_nothing_can_be_written_through_it(reader: ReadOnlyStore) -> None:
    connection = reader._connected()
    for statement in ("DELETE FROM requests", "BEGIN IMMEDIATE; DELETE FROM jobs", "CREATE TABLE x (y)"):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.executescript(statement)
    connection.close()
