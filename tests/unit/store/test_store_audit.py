"""The audit chain: whatever is changed, removed or added behind the daemon's back is found."""

import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from store_samples import NOW, entry

from flexmaild.core.work import AuditEntry, Change
from flexmaild.store import Store
from tests.support.older_store import back_to
from tests.support.stores import commit, opened, prune


def filled(directory: Path) -> None:
    store = opened(directory)
    for number in range(3):
        commit(store, Change(audit=(entry("R1", "verdict", n=number), entry("R2", "mail", by="ä@x"))))
    assert store.verify_audit() is None
    store.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("kept")
    filled(directory)
    return directory


@pytest.fixture(scope="module")
def older(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a chain of an older version."""
    directory = tmp_path_factory.mktemp("older")
    shutil.copytree(kept, directory, dirs_exist_ok=True)
    back_to(directory / "flexmaild.db", "0007")
    return directory


def tampered(kept: Path, directory: Path, sql: str) -> int | None:
    """The first row that shows in a copy in which this was done."""
    shutil.copytree(kept, directory, dirs_exist_ok=True)
    with sqlite3.connect(directory / "flexmaild.db") as connection:
        connection.execute(sql)
    connection.close()
    store = opened(directory)
    try:
        return store.verify_audit()
    finally:
        store.close()


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("UPDATE audit SET data = '{\"n\":7}' WHERE seq = 3", 3),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1),
        ("UPDATE audit SET approval_id = 'R9' WHERE seq = 6", 6),
        ("UPDATE audit SET event = 'x' WHERE seq = 2", 2),
        ("UPDATE audit SET hash = 'x' WHERE seq = 4", 4),
        ("UPDATE audit SET seq = 60 WHERE seq = 6", 6),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq >= 5", 5),
        ("DELETE FROM audit", 1),
        ("INSERT INTO audit SELECT 7, at, approval_id, event, data, '', hash FROM audit WHERE seq = 6", 7),
        ("UPDATE audit SET personal_digest = '' WHERE seq = 2", 2),
        ('UPDATE audit_personal SET data = \'{"by":"eve@x"}\' WHERE seq = 4', 4),
        ("UPDATE audit_personal SET salt = x'00' WHERE seq = 4", 4),
        ("UPDATE audit_personal SET data = x'00', salt = 'a' WHERE seq = 4", 4),
        ("UPDATE audit SET at = 9999999999999999 WHERE seq = 2", 2),
        ("UPDATE audit SET at = 'x' WHERE seq = 2", 2),
        ("UPDATE audit SET event = x'ff' WHERE seq = 2", 2),
        ("DELETE FROM audit_personal WHERE seq = 4", 4),
    ],
)
def test_what_was_done_to_the_rows_is_found_at_its_first_row(
    kept: Path, tmp_path: Path, sql: str, number: int
) -> None:
    assert tampered(kept, tmp_path, sql) == number


def test_a_trail_holds_the_entries_of_one_request_in_their_order(store: Store) -> None:
    entries = [AuditEntry(NOW, "R1", f"e{n}", {"b": [1, {"z": None}], "a": "ü"}) for n in range(3)]
    commit(store, Change(audit=(entries[0], entry("R2"), entries[1])))
    commit(store, Change(audit=(entries[2],)))
    assert store.audit_trail("R1") == entries
    assert store.audit_trail("R3") == []


def test_the_chain_goes_on_over_restarts_and_holds_after_pruning(tmp_path: Path) -> None:
    filled(tmp_path)
    store = opened(tmp_path)
    later = NOW + timedelta(days=10)
    commit(store, Change(audit=(AuditEntry(later, "R1", "late", {}),)))
    cut, never = NOW + timedelta(days=1), NOW - timedelta(days=1)
    assert prune(store, raw_before=never, outcomes_before=cut, done_before=never) == 6
    assert (store.verify_audit(), store.audit_length()) == (None, 1)
    assert [found.event for found in store.audit_trail("R1")] == ["late"]
    commit(store, Change(audit=(entry(),)))
    assert store.verify_audit() is None
    assert prune(store, raw_before=never, outcomes_before=later + timedelta(days=1), done_before=never) == 2
    assert store.verify_audit() is None
    commit(store, Change(audit=(entry(),)))
    assert store.verify_audit() is None
    store.close()


def test_an_empty_chain_holds(store: Store) -> None:
    assert store.verify_audit() is None


def test_what_an_entry_says_of_persons_can_be_forgotten_and_the_chain_holds(tmp_path: Path) -> None:
    said = {"by": "ann@x", "comment": "Not before Tuesday", "answer": "approve", "sha256": "ab"}
    store = opened(tmp_path)
    commit(store, Change(audit=(AuditEntry(NOW, "R1", "verdict", said),)))
    store.close()
    with sqlite3.connect(tmp_path / "flexmaild.db") as connection:
        (chained,) = connection.execute("SELECT data FROM audit").fetchone()
        assert json.loads(chained) == {"answer": "approve", "sha256": "ab"}
        connection.execute("UPDATE audit_personal SET data = '', salt = x''")
    connection.close()
    store = opened(tmp_path)
    assert store.verify_audit() is None
    assert [found.data for found in store.audit_trail("R1")] == [{"answer": "approve", "sha256": "ab"}]
    store.close()


def test_an_older_chain_is_taken_over_whole(tmp_path: Path) -> None:
    filled(tmp_path)
    before = opened(tmp_path)
    trail = before.audit_trail("R2")
    before.close()
    back_to(tmp_path / "flexmaild.db", "0007")
    store = opened(tmp_path)
    assert (store.verify_audit(), store.audit_trail("R2")) == (None, trail)
    commit(store, Change(audit=(entry(),)))
    assert store.verify_audit() is None
    store.close()


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("UPDATE audit SET data = '{\"n\":7}' WHERE seq = 3", 3),
        ("UPDATE audit SET data = '[' WHERE seq = 3", 3),
        ("UPDATE audit SET data = '[1]' WHERE seq = 3", 3),
        ("UPDATE audit SET event = x'ff' WHERE seq = 3", 3),
        ("UPDATE audit SET approval_id = x'ff', hash = x'00' WHERE seq = 3", 3),
        ("UPDATE audit SET at = 'x' WHERE seq = 3", 3),
        ("UPDATE audit SET data = CAST(x'7bff7d' AS TEXT) WHERE seq = 3", 3),
        ("UPDATE audit SET data = replace(hex(zeroblob(9000)), '00', '[') WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 6", 6),
        ("DELETE FROM audit WHERE seq = 1", 1),
    ],
)
def test_what_was_done_to_an_older_chain_still_shows(
    older: Path, tmp_path: Path, sql: str, number: int
) -> None:
    assert tampered(older, tmp_path, sql) == number
