"""A store is opened by one process, completely, or refused with the path and the cure."""

import fcntl
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from store_samples import NOW, child, full_change, holds_all_of

from flexmaild.core.work import Change
from flexmaild.store import Store, StoreBroken, StoreBusy, StoreError, StoreFull
from flexmaild.store.migrate import STEPS, known_revisions
from flexmaild.store.records.tables import metadata
from flexmaild.system.clock import TrustedClock
from tests.support.daemon import until
from tests.support.manual_clock import ManualClock
from tests.support.stores import commit, opened


def database(directory: Path) -> Path:
    return directory / "flexmaild.db"


def said(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=60)[0].strip()


def refused(directory: Path) -> StoreError:
    """The fault with which opening fails; nothing may have been changed by it."""
    before = database(directory).read_bytes()
    with pytest.raises(StoreError) as caught:
        opened(directory)
    assert database(directory).read_bytes() == before
    assert str(database(directory)) in str(caught.value)
    assert caught.value.cure
    return caught.value


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("filled")
    store = opened(directory)
    for number in range(40):
        commit(store, full_change(str(number), raw=os.urandom(4000)))
    store.close()
    return directory


@pytest.fixture
def used(filled: Path, tmp_path: Path) -> Path:
    """A directory with a store that was filled and closed."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_what_is_created_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    store = opened(tmp_path / "state", "sqlite:///db/f.db")
    commit(store, full_change("1"))
    for path in (tmp_path / "state").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    store.close()


def test_what_was_committed_is_there_after_a_new_start(used: Path) -> None:
    store = opened(used)
    assert all(holds_all_of(store, str(number)) for number in range(40))
    store.close()


def test_a_close_leaves_one_file_and_the_lock_and_may_be_repeated(used: Path) -> None:
    assert sorted(path.name for path in used.iterdir()) == ["flexmaild.db", "flexmaild.db.lock", "store.mark"]
    store = opened(used)
    store.close()
    store.close()
    with pytest.raises(StoreBroken, match="closed"):
        store.request("R1")


@pytest.mark.slow
def test_a_second_process_is_told_who_has_the_store(used: Path) -> None:
    first = opened(used)
    answer = said(child("open_once", used))
    assert answer.startswith("StoreError") and f"pid {os.getpid()}" in answer and "Cure:" in answer
    first.close()
    assert said(child("open_once", used)) == "opened"


def test_a_process_that_died_leaves_no_lock(used: Path) -> None:
    holder = child("modules", used)
    said(holder)
    opened(used).close()


@pytest.mark.slow
def test_a_start_that_is_refused_lets_go_of_what_it_had_locked(tmp_path: Path) -> None:
    directory = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    with pytest.raises(StoreError, match="using this state directory"):
        opened(tmp_path)
    os.close(directory)
    opened(tmp_path).close()


def test_a_start_that_finds_no_room_does_not_keep_out_the_next(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(StoreFull):
            opened(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    opened(tmp_path).close()


def test_the_schema_is_what_the_tables_say(used: Path) -> None:
    engine = create_engine(f"sqlite:///{database(used)}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        made = set(
            connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name LIKE 'ix_%'").scalars()
        )
    engine.dispose()
    empty = create_engine("sqlite://")
    metadata.create_all(empty)
    with empty.connect() as connection:
        wanted = set(
            connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name LIKE 'ix_%'").scalars()
        )
    empty.dispose()
    assert made == wanted


def test_the_steps_on_disk_are_the_steps_alembic_takes() -> None:
    config = Config()
    config.set_main_option("script_location", str(STEPS))
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert known_revisions() == list(reversed(steps))


def test_a_start_without_new_steps_does_not_load_alembic(used: Path) -> None:
    assert said(child("modules", used)) == "False"


def test_a_newer_schema_is_refused(used: Path) -> None:
    with sqlite3.connect(database(used)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "schema 9999" in str(refused(used))


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(database(tmp_path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE moz_places (id)")
    connection.close()
    assert "another program" in str(refused(tmp_path))


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    database(tmp_path).write_text("incoming:\n  enabled: true\n" * 100)
    assert "not an SQLite database" in str(refused(tmp_path))


def test_a_damaged_page_is_found_at_the_start_and_nothing_is_repaired(used: Path) -> None:
    with database(used).open("r+b") as file:
        file.seek(4096 * (database(used).stat().st_size // 8192))
        file.write(b"\xa5" * 4096)
    assert isinstance(refused(used), StoreBroken)


def test_a_file_that_was_cut_short_is_refused(used: Path) -> None:
    os.truncate(database(used), 4096 * 3)
    refused(used)


def test_a_file_that_vanishes_under_the_daemon_stops_it(used: Path) -> None:
    store = opened(used)
    shutil.copy(database(used), used / "copy")
    database(used).unlink()
    with pytest.raises(StoreBroken, match="deleted or replaced"):
        commit(store, full_change("new"))
    (used / "copy").rename(database(used))
    with pytest.raises(StoreBroken):
        commit(store, full_change("new"))
    store.close()


def test_a_wal_file_that_vanishes_under_the_daemon_stops_it(used: Path) -> None:
    """What is committed to an unlinked file is gone at the next start."""
    store = opened(used)
    commit(store, full_change("new"))
    database(used).with_name(f"{database(used).name}-wal").unlink()
    with pytest.raises(StoreBroken, match="was deleted"):
        commit(store, full_change("newer"))
    store.close()


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that a process without rights can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_store_that_cannot_be_written_is_refused_with_its_path(public: Path) -> None:
    opened(public).close()
    database(public).chmod(0o444)
    public.chmod(0o555)
    answer = said(child("open_once", public, "65534"))
    public.chmod(0o755)
    assert answer.startswith("StoreError") and str(database(public)) in answer and "Cure:" in answer


def test_a_database_file_alone_that_cannot_be_written_is_refused(public: Path) -> None:
    opened(public).close()
    database(public).chmod(0o444)
    public.chmod(0o777)
    (public / "flexmaild.db.lock").chmod(0o666)
    answer = said(child("open_once", public, "65534"))
    assert answer.startswith("StoreError") and str(database(public)) in answer


def test_a_directory_in_the_way_is_refused(tmp_path: Path) -> None:
    database(tmp_path).mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        opened(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        opened(tmp_path / "file", "sqlite:///x.db")


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense", "sqlite:///a.db?mode=ro", ""]
)
def test_a_url_that_names_no_store_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(StoreError) as caught:
        opened(tmp_path, url)
    assert "store.url" in str(caught.value) and str(tmp_path) in caught.value.cure
    assert list(tmp_path.iterdir()) == []


def test_a_password_in_a_wrong_url_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        opened(tmp_path, "mysql://ada:hunter2@db/x")
    assert "hunter2" not in str(caught.value)


def test_an_old_schema_stays_whole_when_a_step_fails(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = used / "steps"
    shutil.copytree(STEPS, steps, ignore=shutil.ignore_patterns("__pycache__"))
    (steps / "versions" / "step_9999.py").write_text(
        f"from alembic import op\nrevision, down_revision = '9999', '{known_revisions()[-1]}'\n"
        "def upgrade():\n    op.execute('DROP TABLE jobs')\n    op.execute('DROP TABLE no_such_table')\n"
    )
    monkeypatch.setattr("flexmaild.store.migrate.STEPS", steps)
    assert "no_such_table" in str(refused_softly(used))
    monkeypatch.undo()
    store = opened(used)
    assert holds_all_of(store, "7")
    store.close()


def refused_softly(directory: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        opened(directory)
    return caught.value


def test_the_highest_time_outlives_a_start(used: Path) -> None:
    """A clock that was set back while the daemon was down revives nothing."""
    late = datetime.now(UTC) + timedelta(days=20)
    late = late.replace(microsecond=0)
    hands = ManualClock(late)
    store = opened(used, clock=TrustedClock(hands))
    commit(store, Change())
    store.close()
    hands.wall = NOW.replace(year=2020)
    again = opened(used, clock=TrustedClock(hands))
    with again.transaction() as transaction:
        assert transaction.now == late == again.now()
    again.close()


def test_others_may_read_and_copy_the_store_while_it_is_in_use(used: Path) -> None:
    store = opened(used)
    commit(store, full_change("live"))
    reader = sqlite3.connect(f"file:{database(used)}?mode=ro", uri=True)
    assert reader.execute("SELECT count(*) FROM requests WHERE id = 'live'").fetchone() == (1,)
    (used / "backup").mkdir()
    copy = sqlite3.connect(database(used / "backup"))
    reader.backup(copy)
    copy.close()
    reader.close()
    commit(store, full_change("more"))
    store.close()
    restored = opened(used / "backup")
    assert holds_all_of(restored, "live") and restored.verify_audit() is None
    restored.close()


def test_a_foreign_writer_makes_the_store_busy_not_broken(used: Path) -> None:
    store = opened(used)
    with store._database.writing() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(database(used), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        commit(store, full_change("x"))
    assert store.request("0") is not None
    other.execute("ROLLBACK")
    other.close()
    commit(store, full_change("x"))
    assert holds_all_of(store, "x")
    store.close()


def test_any_thread_may_use_the_store_and_none_waits_to_read(used: Path) -> None:
    store = opened(used)
    with ThreadPoolExecutor(2) as pool, store.transaction() as transaction:
        assert pool.submit(store.request, "0").result(10) is not None
        assert pool.submit(store.now).result(10) >= transaction.now
    with ThreadPoolExecutor(1) as pool:
        pool.submit(commit, store, full_change("x")).result(10)
        assert holds_all_of(store, "x")
        pool.submit(store.close).result(10)


def test_what_did_not_get_its_turn_in_time_is_refused_and_never_carried_out(used: Path) -> None:
    store = opened(used)
    with store.transaction():
        with pytest.raises(StoreBusy, match="has not ended"), store.transaction(seconds=0.01) as late:
            late.write(full_change("late"))
        assert store.busy_since is not None
    assert store.busy_since is None
    commit(store, full_change("next"))
    assert store.request("late") is None and holds_all_of(store, "next")
    store.close()


def test_transactions_get_their_turn_in_the_order_in_which_they_were_asked_for(used: Path) -> None:
    store, order = opened(used), list[int]()

    def one(number: int) -> None:
        with store.transaction():
            order.append(number)

    with ThreadPoolExecutor(8) as pool:
        with store.transaction():
            waiting = []
            for number in range(8):
                waiting.append(pool.submit(one, number))
                until_waiting(store, number + 1)
        for future in waiting:
            future.result(10)
    assert order == list(range(8))
    store.close()


def until_waiting(store: Store, number: int) -> None:
    queue = store._database._lock._waiting
    until(lambda: len(queue) == number or None, f"{number} threads that wait for their turn")


def test_a_request_that_cannot_be_read_names_itself_and_no_content(used: Path) -> None:
    with sqlite3.connect(database(used)) as connection:
        connection.execute("""UPDATE requests SET body = '{"id": 7, "secret": "hunter2"}' WHERE id = '3'""")
    connection.close()
    store = opened(used)
    with pytest.raises(StoreError, match="row 3 of the") as caught:
        store.request("3")
    assert "hunter2" not in str(caught.value)
    assert store.request("4") is not None
    store.close()
