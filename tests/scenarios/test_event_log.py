"""What operators do is in the event log beside what happened to requests, numbered without gaps."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.support.daemon import Daemon, until

ANNA, EVE = "anna@corp.test", "eve@evil.test"
# Port 1 is closed.
NOWHERE = {"transport": "smtp", "host": "127.0.0.1", "port": 1, "starttls": False, "path": None}


@pytest.fixture
def daemon(daemon: Daemon) -> Daemon:
    return daemon.start()


def log(daemon: Daemon) -> list[tuple[int, str, dict[str, Any]]]:
    query = (
        "SELECT seq, event, a.data, coalesce(p.data, '{}') FROM audit a"
        " LEFT JOIN audit_personal p USING (seq) ORDER BY seq"
    )
    with closing(sqlite3.connect(f"file:{daemon.root}/state/flexmaild.db?mode=ro", uri=True)) as store:
        rows = store.execute(query).fetchall()
    return [(seq, event, json.loads(facts) | json.loads(personal)) for seq, event, facts, personal in rows]


def test_what_operators_do_is_in_the_event_log(daemon: Daemon) -> None:
    asked = daemon.request(ANNA)
    mail = daemon.mail(ANNA)
    for queue, name in (("outbox", "outbox"), ("deliveries", "delivery")):
        daemon.call(f"{queue}.retry_all")
        assert log(daemon)[-1][1] == f"{name} retry --all"
    daemon.answer(mail, "Approve", From=EVE)
    daemon.process_replies()
    (aside,) = daemon.call("quarantine.list")["items"]
    daemon.call("quarantine.release", path={"id": aside["id"]})
    (again,) = daemon.call("quarantine.list")["items"]
    daemon.call("quarantine.drop", path={"id": again["id"]})
    daemon.call("log_level", body={"level": "debug"})
    daemon.call("test_email", body={"to": ANNA})
    daemon.call("reload")
    daemon.hang_up()
    until(lambda: [e for e in log(daemon) if e[2].get("by") == "SIGHUP"], "the reload's entry")
    daemon.call("approval.cancel", path={"id": asked["id"]})
    found = log(daemon)
    assert [seq for seq, _, _ in found] == list(range(1, len(found) + 1))
    acts = [event for _, event, data in found if event not in ("requested", "mail refused", "closed")]
    assert acts == [
        *("outbox retry --all", "delivery retry --all", "quarantine release", "quarantine drop"),
        *("log-level", "test-email", "reload", "reload"),
    ]
    assert all(data["by"] for _, event, data in found if event in acts)
    assert daemon.call("audit.verify")["ok"]
    history = [entry["event"] for entry in daemon.show(asked["id"])["history"]]
    assert history[-3:] == ["quarantine release", "quarantine drop", "closed"]


def test_what_is_done_to_a_mail_stands_in_its_requests_history(daemon: Daemon) -> None:
    daemon.write_settings({"outgoing": NOWHERE})
    daemon.call("reload")
    asked = daemon.request(ANNA)

    def deferred() -> list[dict[str, Any]]:
        return list(daemon.call("outbox.list", query={"state": "deferred"})["items"])

    job = until(deferred, "a deferral")[0]["id"]
    for act in ("hold", "release", "retry", "hold", "drop"):
        daemon.call(f"outbox.{act}", path={"id": job})
    history = daemon.show(asked["id"])["history"]
    done = [(entry["event"], entry["data"]["job"]) for entry in history if "job" in entry["data"]]
    assert done == [(f"outbox {act}", job) for act in ("hold", "release", "retry", "hold", "drop")]


def test_an_act_that_was_refused_is_not_in_the_event_log(daemon: Daemon) -> None:
    before = log(daemon)
    for command, path in (("outbox.drop", "m-nothing"), ("quarantine.drop", "1"), ("oauth.forget", "none")):
        key = "name" if command.startswith("oauth") else "id"
        with pytest.raises(Refused):
            daemon.call(command, path={key: path})
    assert log(daemon) == before


def test_a_mail_is_released_once_however_many_ask(daemon: Daemon) -> None:
    daemon.request(ANNA)
    daemon.answer(daemon.mail(ANNA), "Approve", From=EVE)
    daemon.process_replies()
    (aside,) = daemon.call("quarantine.list")["items"]

    def release() -> int:
        try:
            daemon.call("quarantine.release", path={"id": aside["id"]})
        except Refused as refused:
            return refused.status
        return 200

    with ThreadPoolExecutor(6) as operators:
        statuses = sorted(operators.map(lambda _: release(), range(6)))
    assert statuses == [200, 404, 404, 404, 404, 404]
    assert len(daemon.call("quarantine.list")["items"]) == 1
    assert [event for _, event, _ in log(daemon)].count("quarantine release") == 1


@pytest.mark.usefixtures("impatient")
def test_an_act_that_was_carried_out_while_the_store_was_held_is_logged_afterwards(daemon: Daemon) -> None:
    daemon.stop()
    daemon.start()
    other = sqlite3.connect(daemon.root / "state" / "flexmaild.db", isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    daemon.call("log_level", body={"level": "info"})
    other.execute("ROLLBACK")
    other.close()
    daemon.advance(30)
    until(lambda: [event for _, event, _ in log(daemon) if event == "log-level"], "the entry")
    assert daemon.call("audit.verify")["ok"]
