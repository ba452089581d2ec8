"""A row of the store that cannot be read is set aside alone: the rest goes on, and it is told."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.support.daemon import Daemon, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"
HOUR = 3600.0


def file(daemon: Daemon, statement: str, *values: object) -> list[Any]:
    path = daemon.root / "state" / "flexmaild.db"
    with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def damaged(daemon: Daemon) -> dict[str, dict[str, Any]]:
    found = daemon.call("status")["incidents"]
    return {one["subject"]: one for one in found if one["kind"] == "damaged_row"}


def test_a_damaged_request_is_told_and_others_decide(daemon: Daemon) -> None:
    daemon.start()
    bad, good = daemon.request(ALICE), daemon.request(BOB)
    to_bad, to_good = daemon.mail(ALICE), daemon.mail(BOB)
    daemon.stop()
    ((body,),) = file(daemon, "SELECT body FROM requests WHERE id = ?", bad["id"])
    file(daemon, "UPDATE requests SET body = substr(body, 1, 100) WHERE id = ?", bad["id"])
    daemon.start()
    one = until(lambda: damaged(daemon).get("requests"), "the incident")
    assert one["count"] == 1 and bad["id"] in one["said"] and "backup" in one["cure"]

    for command in ("approval.show", "approval.cancel", "approval.wait"):
        with pytest.raises(Refused, match="damaged") as caught:
            daemon.call(command, path={"id": bad["id"]})
        assert caught.value.status == 500
    assert [each["id"] for each in daemon.call("approval.list")["items"]] == [good["id"]]

    daemon.answer(to_bad, "Approve")
    daemon.answer(to_good, "Approve")
    outcomes = daemon.process_replies()["outcomes"]
    assert outcomes == {"decision": 1, "unparsable": 1}
    assert daemon.decided(good["id"])["state"] == "approved"
    (aside,) = daemon.call("quarantine.list")["items"]
    assert "cannot be read" in aside["because"]

    daemon.advance(HOUR)  # the timers go on
    file(daemon, "UPDATE requests SET body = ? WHERE id = ?", body, bad["id"])
    until(lambda: not damaged(daemon), "the end of the incident")
    assert daemon.show(bad["id"])["state"] == "pending"
    daemon.call("quarantine.release", path={"id": aside["id"]})
    assert daemon.decided(bad["id"])["state"] == "approved"


def test_a_damaged_job_is_told_and_other_mails_go_out(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all")
    for one in (ALICE, BOB):
        daemon.mail(one)
    daemon.stop()
    file(daemon, "UPDATE jobs SET state = 'queued', done_at = NULL")
    file(daemon, "UPDATE jobs SET payload = '{' WHERE recipients LIKE ?", f"%{ALICE}%")
    ((bad,),) = file(daemon, "SELECT id FROM jobs WHERE recipients LIKE ?", f"%{ALICE}%")
    daemon.start()
    told = until(lambda: damaged(daemon).get("jobs"), "the incident")
    assert bad in told["said"]
    with pytest.raises(Refused, match="damaged"):
        daemon.call("outbox.show", path={"id": bad})
    until(lambda: file(daemon, "SELECT id FROM jobs WHERE state = 'done'"), "the other mail")
    assert file(daemon, "SELECT state FROM jobs WHERE id = ?", bad) == [("queued",)]
    assert daemon.show(asked["id"])["state"] == "pending"
