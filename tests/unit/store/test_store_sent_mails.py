"""The mails that went out are kept with their jobs, and can be read beside the daemon's own connection."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from store_samples import NOW, job, request

from flexmaild.core.work import Change, Job, JobEnd, JobState, KeptMail, Queue
from flexmaild.store import Store
from tests.support.older_store import back_to
from tests.support.stores import claim, commit, drop_jobs, hold_jobs, opened, prune, retry_jobs

LEASE = timedelta(minutes=1)
LATE = NOW + timedelta(days=1000)


def mailed(name: str, number: int = 0, **changes: object) -> Job:
    return job(name, approval_id="R1", invitation=number, **changes)


def kept(name: str, data: bytes | None = b"words", sha256: str = "a") -> KeptMail:
    return KeptMail(name, sha256 * 64, data, ("it's\nme", "\ud800"))


@pytest.fixture
def reader(store: Store) -> Store:
    commit(store, Change(requests=(request(),)))
    return store


def names(reader: Store, number: int = 0) -> list[str]:
    return [mail.job_id for mail in kept_of(reader, number)]


def kept_of(reader: Store, number: int = 0) -> list[KeptMail]:
    found = reader.sent_mails("R1", number)
    assert found is not None and found[0].id == "R1"
    return found[1]


def test_what_is_kept_is_read_as_it_was_newest_job_first(store: Store, reader: Store) -> None:
    commit(store, Change(jobs=(mailed("a"), mailed("b"), mailed("c", 1))))
    commit(store, Change(kept=(kept("a"), kept("b", None), kept("c"))))
    first, second = kept_of(reader)
    assert (first.job_id, first.deflated) == ("b", None)
    assert second == KeptMail("a", "a" * 64, b"words", ("it's\nme", "\ufffd"))
    assert names(reader, 1) == ["c"] and names(reader, 2) == []
    assert reader.sent_mails("R2", 0) is None
    assert reader.sent_mails("R1", 2) == (store.request("R1"), [])


def test_the_same_mail_is_kept_once_and_another_beside_it(store: Store, reader: Store) -> None:
    commit(store, Change(jobs=(mailed("a"),)))
    for _ in range(2):
        commit(store, Change(kept=(kept("a"), kept("a", b"other words", "b"))))
    assert {mail.deflated for mail in kept_of(reader)} == {b"words", b"other words"}
    assert len(names(reader)) == 2


def test_a_mail_of_a_job_that_is_gone_is_not_kept(store: Store, reader: Store) -> None:
    commit(store, Change(jobs=(mailed("a"),), kept=(kept("a"), kept("gone"))))
    assert names(reader) == ["a"]


def test_the_jobs_of_an_open_request_and_what_they_sent_are_not_pruned(store: Store, reader: Store) -> None:
    commit(
        store,
        Change(jobs=(mailed("a"), mailed("b"), job("closed", approval_id="R0")), kept=(kept("a"), kept("b"))),
    )
    commit(store, Change(ended=tuple(JobEnd(n, 0, "ok", NOW) for n in ("a", "closed"))))
    drop_jobs(store, Queue.OUTBOX, ["b"], NOW)
    while prune(store, raw_before=LATE, outcomes_before=LATE, done_before=LATE):
        pass
    assert names(reader) == ["b", "a"]
    assert store.job("closed") is None


def test_other_threads_may_read(store: Store) -> None:
    commit(store, Change(requests=(request(),), jobs=(mailed("a"),), kept=(kept("a"),)))
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(lambda _: names(store), range(20))] == [["a"]] * 20


@pytest.mark.parametrize("column", ["quotes = 'no list'", "data = 'no bytes'"])
def test_of_a_row_that_somebody_changed_the_words_are_not_known(
    store: Store, reader: Store, tmp_path: Path, column: str
) -> None:
    commit(store, Change(jobs=(mailed("a"),)))
    commit(store, Change(kept=(kept("a"),)))
    with sqlite3.connect(tmp_path / "flexmaild.db") as connection:
        connection.execute(f"UPDATE sent_mails SET {column}")
    connection.close()
    found = reader.sent_mails("R1", 0)
    assert found is not None and [mail.deflated for mail in found[1]] == [None]
    assert [damage.table for damage in reader.damaged_rows()] == ["sent_mails"]


def test_no_look_asks_for_a_lock_that_a_writer_needs(store: Store, reader: Store, tmp_path: Path) -> None:
    names(reader)
    with sqlite3.connect(tmp_path / "flexmaild.db", timeout=0, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert names(reader) == []
        writer.execute("COMMIT")
        names(reader)  # no transaction of the reader stays open, so a checkpoint can empty the -wal file
        assert writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    writer.close()


def test_no_look_reads_a_table_from_end_to_end(store: Store, reader: Store) -> None:
    asked: list[tuple[str, object]] = []
    event.listen(
        reader._database._readers,
        "before_cursor_execute",
        lambda _c, _u, statement, parameters, *_: (
            None if statement == "BEGIN" else asked.append((statement, parameters))
        ),
    )
    reader.sent_mails("R1", 0)
    assert len(asked) == 1
    with store._database.writing() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert not [row for row in plan if row[3].startswith("SCAN")], plan


def test_no_file_of_a_closed_store_stays_in_use(tmp_path: Path) -> None:
    store = opened(tmp_path)
    assert store.sent_mails("R1", 0) is None
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "flexmaild.db",
        "flexmaild.db.lock",
        "store.mark",
    ]


def test_what_an_older_version_sent_is_marked_as_not_known(tmp_path: Path) -> None:
    """Not so what it never tried: that is kept when it is sent."""
    store = opened(tmp_path)
    tried = ("done", "deferred", "failed", "dropped", "retried", "leased")
    commit(store, Change(requests=(request(),), jobs=tuple(mailed(n) for n in (*tried, "waits", "held"))))
    commit(store, Change(jobs=(job("nobody's"), job("delivery", queue=Queue.DELIVERY, invitation=0))))
    hold_jobs(store, Queue.OUTBOX, ["held"])
    commit(store, Change(ended=(JobEnd("done", 0, "ok", NOW), JobEnd("failed", 0, "give_up", NOW, "server"))))
    later = tuple(
        JobEnd(n, 0, "later", NOW, "network", again_at=LATE) for n in ("deferred", "dropped", "retried")
    )
    commit(store, Change(ended=(*later, JobEnd("nobody's", 0, "ok", NOW), JobEnd("delivery", 0, "ok", NOW))))
    drop_jobs(store, Queue.OUTBOX, ["dropped"], NOW)
    retry_jobs(store, Queue.OUTBOX, ["retried"], NOW)
    hold_jobs(store, Queue.OUTBOX, ["retried", "waits"])
    assert [j.id for j in claim(store, Queue.OUTBOX, None, NOW, 1, "me", LEASE)] == ["leased"]
    store.close()
    back_to(tmp_path / "flexmaild.db", "0001")
    store = opened(tmp_path)
    assert store.job("waits") is not None and store.job("waits").state is JobState.HELD
    assert {(m.job_id, m.deflated, m.quotes) for m in kept_of(store)} == {(name, None, ()) for name in tried}
    store.close()


def test_nothing_can_be_written_by_who_only_reads(reader: Store) -> None:
    for statement in ("DELETE FROM requests", "DELETE FROM jobs", "CREATE TABLE x (y)"):
        with (
            reader._database._readers.connect() as connection,
            pytest.raises(OperationalError, match="readonly"),
        ):
            connection.exec_driver_sql(statement)
