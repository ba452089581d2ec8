"""A store that is not the one that was there reads no mail and deletes none, until an operator takes it."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flexmaild.store import StoreRefused
from tests.kit import programs
from tests.kit.house import House
from tests.kit.in_process import failed_start

ALICE = "alice@example.test"


def database(house: House) -> Path:
    return house.root / "state" / "flexmaild.db"


def copied(house: House) -> Path:
    """A copy as it should be made, of the running daemon's store."""
    copy = house.root / "copy"
    with closing(sqlite3.connect(database(house))) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def older(house: House) -> None:
    """The store is put back to before a request whose reply was read; another reply waits."""
    house.start()
    house.request(ALICE)
    copy = copied(house)
    house.request(ALICE, quorum="all")
    house.answer(house.mail(ALICE, count=2), "Approve")
    assert house.process_replies()["outcomes"] == {"decision": 1}
    house.answer(house.mail(ALICE, count=2), "Reject I was wrong")
    assert house.stop() == 0
    shutil.copy(copy, database(house))


def adopt(house: House, *more: str) -> tuple[int, str]:
    done = programs.run("flexmaild", "store", "adopt", "--config", house.config, *more)
    return done.returncode, done.stdout + done.stderr


def test_with_an_older_store_no_mail_is_read(house: House) -> None:
    older(house)
    with pytest.raises(StoreRefused, match="older"):
        house.start()
    assert house.waiting() == 1


@pytest.mark.parametrize("how", ["older", "empty", "gone"])
def test_the_daemon_ends_with_78_says_what_it_found_and_deletes_nothing(house: House, how: str) -> None:
    older(house)
    if how == "empty":
        database(house).write_bytes(b"")
    if how == "gone":
        database(house).unlink()
    code, said = failed_start(house.config)
    assert code == 78
    assert how in said and "store adopt" in said
    assert house.waiting() == 1


def test_adopting_says_what_is_forgotten_and_the_event_log_has_it(house: House) -> None:
    older(house)
    code, said = adopt(house)
    assert code == 1 and "older" in said and "Nothing was done" in said
    with pytest.raises(StoreRefused):
        house.start()
    code, said = adopt(house, "--lost-since", "2020-01-01T00:00:00Z")
    assert code == 2 and "the store holds events until" in said
    code, said = adopt(house, "--lost-since", datetime.now(UTC).isoformat())
    assert code == 0 and "Forgotten" in said
    assert "nothing to adopt" in adopt(house)[1]
    house.start()
    assert house.call("audit.verify")["ok"]
    with closing(sqlite3.connect(database(house))) as connection:
        (facts,) = connection.execute("SELECT data FROM audit WHERE event = 'store.adopt'").fetchone()
    assert "lost_since" in facts


def test_a_store_in_use_is_not_adopted(house: House) -> None:
    house.start()
    code, said = adopt(house, "--lost-since", "2026-01-01")
    assert code == 78 and "is using this store" in said


def test_an_empty_store_is_adopted_as_a_new_one(house: House) -> None:
    older(house)
    database(house).unlink()
    assert adopt(house)[0] == 1
    assert adopt(house, "--lost-since", "2026-01-01")[0] == 0
    house.start()
    assert house.call("approval.list")["items"] == []
