"""What was acknowledged survives kill -9, a full disk and a failing disk; nothing is ever there in part."""

import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from store_samples import child, full_change, holds_all_of

from flexmaild.store import Store, StoreFull
from tests.support.stores import commit, opened

pytestmark = pytest.mark.slow


def check(directory: Path, acknowledged: list[str]) -> None:
    store = opened(directory)
    assert all(holds_all_of(store, id_) for id_ in acknowledged)
    assert store.verify_audit() is None
    for found in store.list_requests(limit=100_000):
        assert holds_all_of(store, found.id)
    store.close()
    with sqlite3.connect(directory / "flexmaild.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_acknowledged_commits_survive_kill_9(tmp_path: Path) -> None:
    """Five processes one after the other, each killed in the middle of its commits."""
    acknowledged: list[str] = []
    for turn in range(5):
        process = child("commit_for_ever", tmp_path, f"t{turn}")
        assert process.stdout is not None
        for _ in range(random.Random(turn).randint(1, 60)):
            acknowledged.append(process.stdout.readline().strip())
        process.kill()
        acknowledged += process.communicate(timeout=60)[0].split()
        assert all(acknowledged)
        check(tmp_path, acknowledged)


@pytest.mark.parametrize("number", [25, 26, 27, 33])
def test_after_a_failed_fsync_the_store_refuses_all_work(tmp_path: Path, number: int) -> None:
    """The n-th fdatasync fails with EIO, as a dying disk would have it; what was acknowledged is there."""
    strace = shutil.which("strace")
    assert strace, "install strace (apt-get install strace): this test injects the disk's failure with it"
    inject = f"fdatasync,fsync:error=EIO:when={number}"
    before = (strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", f"inject={inject}")
    process = child("commit_until_broken", tmp_path, "200", before=before)
    lines = process.communicate(timeout=100)[0].splitlines()
    assert lines[-1] == "refused"
    assert lines[-2].startswith("broken: ") and "the disk failed" in lines[-2]
    assert len(lines) > 2
    check(tmp_path, lines[:-2])


def test_a_full_disk_stops_writing_only_and_only_until_there_is_space(tmp_path: Path) -> None:
    process = child("commit_until_full", tmp_path, str(700 * 1024))
    lines = process.communicate(timeout=100)[0].splitlines()
    assert lines[-3:] == ["full", "readable True", "after"]
    check(tmp_path, [*lines[:-3], "after"])


def test_a_database_that_may_not_grow_is_full_and_goes_on_when_it_may(store: Store) -> None:
    """SQLITE_FULL itself, which is what ENOSPC becomes."""
    with store._database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreFull):
        commit(store, full_change("R1", raw=random.Random(1).randbytes(100_000)))
    assert not holds_all_of(store, "R1")
    with store._database.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    commit(store, full_change("R1"))
    assert holds_all_of(store, "R1") and store.verify_audit() is None
