"""A store that is not the one that was there reads no mail and deletes none, until an operator takes it."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flexmaild.store import StoreRefused
from tests.support import programs
from tests.support.daemon import Daemon
from tests.support.in_process import failed_start

ALICE = "alice@example.test"


def database(daemon: Daemon) -> Path:
    return daemon.root / "state" / "flexmaild.db"


def copied(daemon: Daemon) -> Path:
    """A copy as it should be made, of the running daemon's store."""
    copy = daemon.root / "copy"
    with closing(sqlite3.connect(database(daemon))) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def older(daemon: Daemon) -> None:
    """The store is put back to before a request whose reply was read; another reply waits."""
    daemon.start()
    daemon.request(ALICE)
    copy = copied(daemon)
    daemon.request(ALICE, quorum="all")
    daemon.answer(daemon.mail(ALICE, count=2), "Approve")
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    daemon.answer(daemon.mail(ALICE, count=2), "Reject I was wrong")
    assert daemon.stop() == 0
    shutil.copy(copy, database(daemon))


def adopt(daemon: Daemon, *more: str) -> tuple[int, str]:
    done = programs.run("flexmaild", "store", "adopt", "--config", daemon.config, *more)
    return done.returncode, done.stdout + done.stderr


def test_with_an_older_store_no_mail_is_read(daemon: Daemon) -> None:
    older(daemon)
    with pytest.raises(StoreRefused, match="older"):
        daemon.start()
    assert daemon.waiting() == 1


@pytest.mark.parametrize("how", ["older", "empty", "gone"])
def test_the_daemon_ends_with_78_says_what_it_found_and_deletes_nothing(daemon: Daemon, how: str) -> None:
    older(daemon)
    if how == "empty":
        database(daemon).write_bytes(b"")
    if how == "gone":
        database(daemon).unlink()
    code, said = failed_start(daemon.config)
    assert code == 78
    assert how in said and "store adopt" in said
    assert daemon.waiting() == 1


def test_adopting_says_what_is_forgotten_and_the_event_log_has_it(daemon: Daemon) -> None:
    older(daemon)
    code, said = adopt(daemon)
    assert code == 1 and "older" in said and "Nothing was done" in said
    with pytest.raises(StoreRefused):
        daemon.start()
    code, said = adopt(daemon, "--lost-since", "2020-01-01T00:00:00Z")
    assert code == 2 and "the store holds events until" in said
    code, said = adopt(daemon, "--lost-since", datetime.now(UTC).isoformat())
    assert code == 0 and "Forgotten" in said
    assert "nothing to adopt" in adopt(daemon)[1]
    daemon.start()
    assert daemon.call("audit.verify")["ok"]
    with closing(sqlite3.connect(database(daemon))) as connection:
        (facts,) = connection.execute("SELECT data FROM audit WHERE event = 'store.adopt'").fetchone()
    assert "lost_since" in facts


def test_a_store_in_use_is_not_adopted(daemon: Daemon) -> None:
    daemon.start()
    code, said = adopt(daemon, "--lost-since", "2026-01-01")
    assert code == 78 and "is using this store" in said


def test_an_empty_store_is_adopted_as_a_new_one(daemon: Daemon) -> None:
    older(daemon)
    database(daemon).unlink()
    assert adopt(daemon)[0] == 1
    assert adopt(daemon, "--lost-since", "2026-01-01")[0] == 0
    daemon.start()
    assert daemon.call("approval.list")["items"] == []
