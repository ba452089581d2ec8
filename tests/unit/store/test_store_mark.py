"""The store that belongs there is told from every other one, by the mark beside it."""

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from store_samples import full_change

from flexmaild.store import Store, StoreDamaged, StoreError, StoreFault, StoreRefused, adopt
from flexmaild.store.migrate import known_revisions
from flexmaild.store.store_mark import MARK_FILE
from tests.support.older_store import back_to
from tests.support.stores import NOW, commit, opened


def filled(store: Store, *names: str) -> None:
    for name in names:
        commit(store, full_change(name))


def copied(directory: Path, to: str) -> Path:
    """The database file alone, as it is now."""
    return Path(shutil.copy(directory / "flexmaild.db", directory / to))


def put_back(directory: Path, copy: str) -> None:
    shutil.copy(directory / copy, directory / "flexmaild.db")


def adopted(directory: Path, lost_since: datetime | None = NOW, *, now: datetime = NOW) -> adopt.Finding:
    url = f"sqlite:///{directory}/flexmaild.db"
    return adopt.adopt(url, state_directory=directory, now=now, lost_since=lost_since, by="root")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("made")
    store = opened(directory)
    filled(store, "1")
    store.close()
    copied(directory, "older")
    store = opened(directory)
    filled(store, "2")
    store.keep_mark()
    store.close()
    return directory


@pytest.fixture
def used(made: Path, tmp_path: Path) -> Path:
    """A directory with a store whose mark is written after two mails; `older` is a copy after the first."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def refusal(directory: Path) -> str:
    before = (directory / "flexmaild.db").read_bytes(), (directory / MARK_FILE).read_bytes()
    with pytest.raises(StoreRefused) as caught:
        opened(directory)
    assert ((directory / "flexmaild.db").read_bytes(), (directory / MARK_FILE).read_bytes()) == before
    assert "store adopt --lost-since" in caught.value.cure
    return caught.value.text


def test_the_store_may_be_ahead_of_its_mark(used: Path) -> None:
    mark = (used / MARK_FILE).read_bytes()
    store = opened(used)
    filled(store, "3", "4")
    store.close()
    (used / MARK_FILE).write_bytes(mark)
    opened(used).close()


def test_an_older_copy_is_refused(used: Path) -> None:
    put_back(used, "older")
    assert "older" in refusal(used)


def test_an_older_copy_is_refused_also_where_only_mails_without_a_request_came_since(tmp_path: Path) -> None:
    store = opened(tmp_path)
    filled(store, "1")
    store.close()
    copied(tmp_path, "older")
    store = opened(tmp_path)
    change = full_change("2")
    commit(store, type(change)(processed=change.processed))
    store.keep_mark()
    store.close()
    put_back(tmp_path, "older")
    assert "older" in refusal(tmp_path)


def test_an_older_copy_that_was_used_since_is_refused(used: Path) -> None:
    """It has as many events and mails as the one that was there."""
    mark = (used / MARK_FILE).read_bytes()
    put_back(used, "older")
    adopted(used)
    store = opened(used)
    filled(store, "5", "6", "7")
    store.close()
    (used / MARK_FILE).write_bytes(mark)
    assert "another one" in refusal(used)


def test_the_store_of_another_installation_is_refused(
    used: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    store = opened(other)
    filled(store, *map(str, range(9)))
    store.close()
    shutil.copy(other / "flexmaild.db", used)
    assert "another installation" in refusal(used)


def test_an_empty_file_in_its_place_is_refused(used: Path) -> None:
    (used / "flexmaild.db").write_bytes(b"")
    with pytest.raises(StoreRefused, match="is empty"):
        opened(used)


@pytest.mark.parametrize("data", [None, b""])
def test_where_there_was_a_store_an_empty_one_is_refused_also_without_its_mark(
    used: Path, data: bytes | None
) -> None:
    (used / MARK_FILE).unlink()
    (used / "flexmaild.db").unlink()
    if data is not None:
        (used / "flexmaild.db").write_bytes(data)
    for _ in range(2):  # also when the database was opened once
        with pytest.raises(StoreRefused, match="gone" if data is None else "empty"):
            opened(used, was_there=True)


def test_a_store_that_is_gone_is_not_made_anew(used: Path) -> None:
    (used / "flexmaild.db").unlink()
    with pytest.raises(StoreRefused, match="gone"):
        opened(used)
    assert not (used / "flexmaild.db").exists()


def odd(**values: object) -> bytes:
    whole = {"installation": "a", "schema": "0010", "event": 1, "hash": "b", "mails": 1}
    return json.dumps(whole | values).encode()


DAMAGED = [
    *(b"", b"{}", b"\xff\xfe", b"[]", b'{"installation": 1}', b"[" * 4000, b"null"),
    *(odd(installation=1), odd(event="1"), odd(mails=None), odd(mails=1.5), odd(event=True), odd(more=1)),
    *(odd(event=2**63), odd(mails=-1), odd(hash=[]), odd(schema=10)),
]


@pytest.mark.parametrize("data", DAMAGED)
def test_a_damaged_mark_is_refused(used: Path, data: bytes) -> None:
    (used / MARK_FILE).write_bytes(data)
    assert "mark of the store is damaged" in refusal(used)


@pytest.mark.parametrize("kind", ["pipe", "link to nowhere", "link to itself", "directory"])
def test_what_is_no_file_is_a_damaged_mark_also_where_the_store_is_gone(used: Path, kind: str) -> None:
    mark = used / MARK_FILE
    mark.unlink()
    make: dict[str, Callable[[], object]] = {
        "pipe": lambda: os.mkfifo(mark),
        "link to nowhere": lambda: mark.symlink_to(used / "nowhere"),
        "link to itself": lambda: mark.symlink_to(mark),
        "directory": mark.mkdir,
    }
    make[kind]()
    with pytest.raises(StoreRefused, match="mark of the store is damaged"):
        opened(used)
    (used / "flexmaild.db").unlink()
    with pytest.raises(StoreRefused, match="the store is gone"):
        opened(used)
    assert not (used / "flexmaild.db").exists()


def test_a_number_that_is_none_is_a_damaged_store(used: Path) -> None:
    with closing(sqlite3.connect(used / "flexmaild.db")) as connection, connection:
        connection.execute("UPDATE meta SET value = 'many' WHERE name = 'mails'")
    with pytest.raises(StoreDamaged, match="is no number"):
        opened(used)


def test_only_asking_makes_nothing_where_nothing_is(tmp_path: Path) -> None:
    assert adopted(tmp_path, None).difference == "there is no store"
    assert list(tmp_path.iterdir()) == []
    opened(tmp_path).close()
    (tmp_path / "flexmaild.db").unlink()
    assert adopted(tmp_path, None).difference == "the store is gone"
    assert not (tmp_path / "flexmaild.db").exists()
    for lost_since in (None, NOW):
        with pytest.raises(StoreError, match="no such directory"):
            adopted(tmp_path / "state", lost_since)
    assert not (tmp_path / "state").exists()


def test_the_time_that_is_shown_is_early_enough_and_one_before_it_is_not(used: Path) -> None:
    put_back(used, "older")
    last = adopted(used, None).last
    assert last
    shown = last.replace(microsecond=0)
    with pytest.raises(adopt.TooEarly, match=re.escape(shown.isoformat())):
        adopted(used, shown - timedelta(seconds=1), now=last)
    adopted(used, shown, now=last)


def test_an_event_from_the_future_stands_in_nobodys_way(used: Path) -> None:
    put_back(used, "older")
    last = adopted(used, None).last
    assert last
    before = last - timedelta(days=300)
    adopted(used, before, now=before)
    opened(used).close()


def test_an_adoption_whose_mark_could_not_be_written_is_done_again_with_the_same_time(used: Path) -> None:
    (used / MARK_FILE).unlink()
    (used / MARK_FILE).mkdir()  # nothing can be put in its place
    last = adopted(used, None).last
    assert last
    later = last + timedelta(days=1)
    with pytest.raises(StoreFault):
        adopted(used, last, now=later)
    (used / MARK_FILE).rmdir()
    (used / MARK_FILE).symlink_to(used / "nowhere")
    adopted(used, last, now=later + timedelta(minutes=1))
    opened(used).close()


@pytest.mark.slow
def test_beside_a_daemon_nothing_is_adopted_whatever_store_the_settings_name_by_now(used: Path) -> None:
    store = opened(used)
    with pytest.raises(StoreError, match="using this state directory"):
        adopt.adopt("sqlite:///other.db", state_directory=used, now=NOW, lost_since=NOW, by="root")
    store.close()
    assert not (used / "other.db").exists()


def test_a_store_from_before_an_upgrade_is_refused_and_not_changed(used: Path) -> None:
    mark = (used / MARK_FILE).read_bytes()
    back_to(used / "flexmaild.db", known_revisions()[-2])
    (used / MARK_FILE).write_bytes(mark)
    assert "before an upgrade" in refusal(used)


def test_an_upgrade_is_no_other_store(used: Path) -> None:
    mark = (used / MARK_FILE).read_text()
    newest, before = known_revisions()[-1], known_revisions()[-2]
    back_to(used / "flexmaild.db", before)
    (used / MARK_FILE).write_text(mark.replace(f'"{newest}"', f'"{before}"'))
    opened(used).close()
    assert f'"{newest}"' in (used / MARK_FILE).read_text()


def test_what_was_pruned_is_no_difference(used: Path) -> None:
    store = opened(used)
    filled(store, "3")
    later = NOW + timedelta(days=1)
    with store.transaction() as transaction:
        transaction.prune(raw_before=later, outcomes_before=later, done_before=later)
    assert not store.audit_trail("3")
    store.close()
    opened(used).close()


def test_a_damaged_schema_is_a_damaged_store_and_no_bug(used: Path) -> None:
    data = (used / "flexmaild.db").read_bytes()
    at = data.index(b"CREATE TABLE")
    (used / "flexmaild.db").write_bytes(data[: at + 2] + b"\xff" + data[at + 3 :])
    with pytest.raises(StoreDamaged):
        opened(used)


def test_the_mark_is_written_only_when_something_has_changed(used: Path) -> None:
    store = opened(used)
    before = (used / MARK_FILE).stat()
    store.keep_mark()
    assert (used / MARK_FILE).stat() == before
    store.close()
