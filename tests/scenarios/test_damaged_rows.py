"""A row of the store that cannot be read is set aside alone: the rest goes on, and it is told."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.kit.house import House, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"
HOUR = 3600.0


def file(house: House, statement: str, *values: object) -> list[Any]:
    path = house.root / "state" / "flexmaild.db"
    with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def damaged(house: House) -> dict[str, dict[str, Any]]:
    found = house.call("status")["incidents"]
    return {one["subject"]: one for one in found if one["kind"] == "damaged_row"}


def test_a_damaged_request_is_told_and_others_decide(house: House) -> None:
    house.start()
    bad, good = house.request(ALICE), house.request(BOB)
    to_bad, to_good = house.mail(ALICE), house.mail(BOB)
    house.stop()
    ((body,),) = file(house, "SELECT body FROM requests WHERE id = ?", bad["id"])
    file(house, "UPDATE requests SET body = substr(body, 1, 100) WHERE id = ?", bad["id"])
    house.start()
    one = until(lambda: damaged(house).get("requests"), "the incident")
    assert one["count"] == 1 and bad["id"] in one["said"] and "backup" in one["cure"]

    for command in ("approval.show", "approval.cancel", "approval.wait"):
        with pytest.raises(Refused, match="damaged") as caught:
            house.call(command, path={"id": bad["id"]})
        assert caught.value.status == 500
    assert [each["id"] for each in house.call("approval.list")["items"]] == [good["id"]]

    house.answer(to_bad, "Approve")
    house.answer(to_good, "Approve")
    outcomes = house.process_replies()["outcomes"]
    assert outcomes == {"decision": 1, "unparsable": 1}
    assert house.decided(good["id"])["state"] == "approved"
    (aside,) = house.call("quarantine.list")["items"]
    assert "cannot be read" in aside["because"]

    house.advance(HOUR)  # the timers go on
    file(house, "UPDATE requests SET body = ? WHERE id = ?", body, bad["id"])
    until(lambda: not damaged(house), "the end of the incident")
    assert house.show(bad["id"])["state"] == "pending"
    house.call("quarantine.release", path={"id": aside["id"]})
    assert house.decided(bad["id"])["state"] == "approved"


def test_a_damaged_job_is_told_and_other_mails_go_out(house: House) -> None:
    house.start()
    asked = house.request(ALICE, BOB, quorum="all")
    for one in (ALICE, BOB):
        house.mail(one)
    house.stop()
    file(house, "UPDATE jobs SET state = 'queued', done_at = NULL")
    file(house, "UPDATE jobs SET payload = '{' WHERE recipients LIKE ?", f"%{ALICE}%")
    ((bad,),) = file(house, "SELECT id FROM jobs WHERE recipients LIKE ?", f"%{ALICE}%")
    house.start()
    told = until(lambda: damaged(house).get("jobs"), "the incident")
    assert bad in told["said"]
    with pytest.raises(Refused, match="damaged"):
        house.call("outbox.show", path={"id": bad})
    until(lambda: file(house, "SELECT id FROM jobs WHERE state = 'done'"), "the other mail")
    assert file(house, "SELECT state FROM jobs WHERE id = ?", bad) == [("queued",)]
    assert house.show(asked["id"])["state"] == "pending"
