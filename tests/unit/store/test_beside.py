"""A store looked into from beside: beside a daemon, after its end and its death, and never touched."""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flexmaild.core.identity import Identity
from flexmaild.core.model import MailFacts, Outcome
from flexmaild.core.ports import MessageUid
from flexmaild.core.work import Change, ProcessedMail
from flexmaild.store import Store, StoreBusy, StoreError, StoreFault
from flexmaild.store.read_only import ReadOnlyStore, StoreDenied
from tests.support.stores import commit, opened

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
URL = "sqlite:///flexmaild.db"


def mail(number: int) -> ProcessedMail:
    data = b"mail %d" % number
    digest = hashlib.sha256(data).hexdigest()
    mark = MessageUid("folder", "1", str(number))
    at = NOW + timedelta(minutes=number)
    return ProcessedMail(
        mark, MailFacts(sha256=digest), Identity(len(data)), Outcome.AUTO_REPLY, "because", at, raw=data
    )


def filled(directory: Path, count: int = 3) -> Store:
    store = opened(directory, URL)
    commit(store, Change(processed=tuple(map(mail, range(count)))))
    return store


def beside(directory: Path) -> ReadOnlyStore:
    return ReadOnlyStore(URL, state_directory=directory)


def state(directory: Path) -> dict[str, tuple[int, int, int, str]]:
    """Every file with its owner, time and content."""
    found = {}
    for file in sorted(directory.rglob("*")):
        status = file.stat()
        digest = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        found[file.name] = (status.st_uid, status.st_mtime_ns, status.st_size, digest)
    return found


def count(store: ReadOnlyStore) -> int:
    return store.span(NOW - timedelta(days=1)).count


def killed(directory: Path, copy: Path) -> None:
    """What is left of a store whose daemon was killed."""
    shutil.copytree(directory, copy)


def test_a_store_at_rest_is_read_and_no_file_is_made_or_changed(tmp_path: Path) -> None:
    filled(tmp_path).close()
    before = state(tmp_path)
    store = beside(tmp_path)
    (first, *_) = store.read_since(NOW, 0, 99, 10)
    assert first.processed.outcome is Outcome.AUTO_REPLY
    assert store.raw(first.processed.mail.sha256) == b"mail 0"
    assert count(store) == 3
    assert state(tmp_path) == before
    assert set(before) == {"flexmaild.db", "flexmaild.db.lock", "store.mark"}


def test_a_store_in_use_is_read_and_holds_up_nobody(tmp_path: Path) -> None:
    daemon = filled(tmp_path)
    store = beside(tmp_path)
    before = state(tmp_path)
    assert count(store) == 3
    assert state(tmp_path) == before
    commit(daemon, Change(processed=(mail(7),)))
    assert count(store) == 4
    daemon.close()
    assert not (tmp_path / "flexmaild.db-wal").exists(), "nothing of ours was open"
    assert count(store) == 4
    again = opened(tmp_path, URL)
    commit(again, Change(processed=(mail(8),)))
    assert count(store) == 5
    again.close()


def test_a_store_whose_daemon_was_killed_is_read_whole_and_left_as_it_is(tmp_path: Path) -> None:
    daemon = filled(tmp_path / "live")
    killed(tmp_path / "live", tmp_path / "dead")
    daemon.close()
    before = state(tmp_path / "dead")
    assert (tmp_path / "dead" / "flexmaild.db-wal").stat().st_size
    assert count(beside(tmp_path / "dead")) == 3
    assert state(tmp_path / "dead") == before


def test_a_log_without_its_index_is_not_read_past(tmp_path: Path) -> None:
    daemon = filled(tmp_path / "live")
    killed(tmp_path / "live", tmp_path / "dead")
    daemon.close()
    (tmp_path / "dead" / "flexmaild.db-shm").unlink()
    before = state(tmp_path / "dead")
    with pytest.raises(StoreError, match="start the daemon once"):
        beside(tmp_path / "dead")
    assert state(tmp_path / "dead") == before


def test_a_daemon_that_starts_in_the_middle_of_a_look_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of a file that changes meanwhile is thrown away and read again."""
    filled(tmp_path).close()
    store = beside(tmp_path)
    started: list[Store] = []
    real = store._connected

    def connected() -> sqlite3.Connection:
        found = real()
        if not started:
            started.append(opened(tmp_path, URL))
            commit(started[0], Change(processed=(mail(9),)))
        return found

    monkeypatch.setattr(store._engine.pool, "_creator", connected)
    assert count(store) == 4
    started[0].close()


def make_none(path: Path) -> None:
    path.unlink()


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_picture(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))


def make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_newer(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.close()


def make_older(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute("UPDATE alembic_version SET version_num = '0001'")
    file.close()


def make_foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE songs (name TEXT)")
    file.close()


def make_damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_none, "there is no store"),
        (make_empty, "is empty"),
        (make_picture, "not an SQLite database"),
        (make_directory, "no file"),
        (make_pipe, "no file"),
        (make_newer, "has schema 9999"),
        (make_older, "has schema 0001"),
        (make_foreign, "belongs to another program"),
        (make_damaged, "damaged|malformed"),
    ],
)
def test_what_is_no_store_of_this_version_is_named_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    filled(tmp_path).close()
    path = tmp_path / "flexmaild.db"
    make(path)
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(StoreFault, match=words):
        count(beside(tmp_path))
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%41b", "a b&mode=rwc", "ä"])
def test_a_directory_may_have_any_name(tmp_path: Path, name: str) -> None:
    directory = tmp_path / name
    filled(directory).close()
    assert count(beside(directory)) == 3


@pytest.mark.parametrize("mode", ["NORMAL", "EXCLUSIVE"])
def test_another_programs_write_lock_holds_up_no_look(tmp_path: Path, mode: str) -> None:
    filled(tmp_path).close()
    holder = sqlite3.connect(tmp_path / "flexmaild.db", isolation_level=None)
    holder.execute(f"PRAGMA locking_mode={mode}")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("DELETE FROM seen")
    assert count(beside(tmp_path)) == 3
    holder.close()


def test_a_program_that_writes_in_another_way_than_ours_is_told(tmp_path: Path) -> None:
    filled(tmp_path).close()
    holder = sqlite3.connect(tmp_path / "flexmaild.db", isolation_level=None)
    holder.execute("PRAGMA journal_mode=DELETE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("DELETE FROM seen")
    with pytest.raises(StoreBusy, match="another program"):
        beside(tmp_path)
    holder.close()


def test_a_user_without_the_right_is_told_so_and_makes_nothing(tmp_path: Path) -> None:
    """In a process of its own, since root may read everything."""
    filled(tmp_path / "state").close()
    (tmp_path / "state").chmod(0o700)
    before = state(tmp_path / "state")
    child = os.fork()
    if child == 0:
        is_denied = False
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            else:
                (tmp_path / "state").chmod(0o000)
            beside(tmp_path / "state")
        except StoreDenied:
            is_denied = True
        finally:  # whatever came of it, this copy of the tests ends here
            os._exit(0 if is_denied else 1)
    _, status = os.waitpid(child, 0)
    (tmp_path / "state").chmod(0o700)
    assert os.waitstatus_to_exitcode(status) == 0
    assert state(tmp_path / "state") == before


def test_what_is_damaged_of_a_mail_gives_no_bytes(tmp_path: Path) -> None:
    filled(tmp_path).close()
    digest = mail(1).mail.sha256
    with sqlite3.connect(tmp_path / "flexmaild.db") as file:
        file.execute("UPDATE raws SET data = x'00' WHERE sha256 = ?", (digest,))
    file.close()
    store = beside(tmp_path)
    assert store.raw(digest) == b""
    assert store.raw("none") is None


@pytest.mark.parametrize(("column", "value"), [("outcome", "x"), ("at", "x"), ("unknown_lines", "{")])
def test_a_damaged_row_is_a_fault_of_the_store_that_names_the_file(
    tmp_path: Path, column: str, value: str
) -> None:
    filled(tmp_path).close()
    with sqlite3.connect(tmp_path / "flexmaild.db") as file:
        file.execute(f"UPDATE seen SET {column} = ? WHERE uid = '1'", (value,))
    file.close()
    store = beside(tmp_path)
    looks: list[Callable[[], object]] = [lambda: store.processed_with_digest(mail(1).mail.sha256)]
    looks.append(lambda: store.read_since(datetime(1970, 1, 1, tzinfo=UTC), 0, 99, 10))
    for look in looks:
        with pytest.raises(StoreError, match=r"flexmaild\.db: a row .* damaged"):
            look()


def test_slices_go_on_behind_each_other(tmp_path: Path) -> None:
    filled(tmp_path, 10).close()
    store = beside(tmp_path)
    last = store.span(NOW).last
    found: list[int] = []
    after = 0
    while some := store.read_since(NOW + timedelta(minutes=2), after, last, 3):
        found += [kept.seq for kept in some]
        after = some[-1].seq
    assert len(found) == 8 and found == sorted(found)


def test_mails_read_in_one_go_are_told_apart_by_their_order(tmp_path: Path) -> None:
    daemon = opened(tmp_path, URL)
    mails = [replace(mail(number), at=NOW) for number in range(3)]
    commit(daemon, Change(processed=(*mails, mail(4))))
    daemon.close()
    store = beside(tmp_path)
    digests = [one.mail.sha256 for one in mails]
    assert [store.read_together(one) for one in mails] == [set(digests[:n]) for n in range(3)]
    assert store.read_together(mail(4)) == frozenset()
