"""A clock that cannot be right stops no start: nothing is decided and nothing expires until it is right."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.kit.house import ROOT, House, merged, until
from tests.kit.service_manager import Manager, environment

ALICE, BOB = "alice@corp.test", "bob@corp.test"
DAY = 86400.0
YEAR = 365 * DAY


def doubt(house: House) -> dict[str, Any] | None:
    """The open incident about this machine's clock."""
    found = [one for one in house.call("status")["incidents"] if one["subject"] == "system clock"]
    assert all(one["kind"] == "clock" for one in found)
    return found[0] if found else None


def refused(call: Any, *given: Any, **named: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*given, **named)
    return caught.value


def accept(house: House) -> subprocess.CompletedProcess[str]:
    """As an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "flexmaild", "clock", "accept", "--config", str(house.config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def asked_and_answered(house: House) -> str:
    """A request whose approval lies unread in the folder while the daemon is down."""
    house.start()
    asked = house.request(ALICE, expires_in="7d")
    house.answer(house.mail(ALICE), "Approve")
    house.stop()
    return str(asked["id"])


def begins_wrong(house: House, seconds: float) -> None:
    """It starts with its clock so many seconds off, and nothing that keeps it right."""
    house.keep_clock(False)
    house.jump(seconds)
    house.start()


def test_a_start_in_another_year_decides_nothing_and_goes_on_when_the_clock_is_right(house: House) -> None:
    identifier = asked_and_answered(house)
    begins_wrong(house, YEAR)
    house.advance(600)
    incident = doubt(house)
    assert incident is not None
    assert incident["since"] and "clock accept" in incident["cure"]
    status = house.call("status")
    assert not status["ready"]
    assert [one["kind"] for one in status["incidents"]] == ["clock"]
    assert house.show(identifier)["state"] == "pending"
    assert house.waiting() == 1
    house.jump(0)
    assert house.decided(identifier)["state"] == "approved"
    assert doubt(house) is None and house.call("status")["ready"]


def test_what_depends_on_the_time_is_refused_with_the_cure_and_not_carried_out(house: House) -> None:
    identifier = asked_and_answered(house)
    begins_wrong(house, YEAR)
    mails = len(house.mails())
    by_id = {"path": {"id": identifier}}
    for problem in (
        refused(house.request, BOB, key="k"),
        refused(house.process_replies),
        refused(house.call, "approval.cancel", **by_id),
        refused(house.call, "approval.remind", **by_id),
        refused(house.call, "approval.resend", body={"approver": ALICE}, **by_id),
        refused(house.call, "notification.send", body={"to": [BOB], "subject": "s", "text": "t"}),
    ):
        assert (problem.status, problem.kind) == (503, "clock")
        assert "clock accept" in problem.document["cure"]
    assert len(house.mails()) == mails
    assert house.show(identifier)["state"] == "pending"
    house.jump(0)
    assert house.request(BOB, key="k")["state"] == "pending"


def test_a_clock_that_begins_to_be_kept_right_is_believed_after_a_minute(house: House) -> None:
    identifier = asked_and_answered(house)
    begins_wrong(house, 5 * 7 * DAY)
    assert doubt(house) is not None
    house.keep_clock(True)
    house.advance(61)
    assert house.decided(identifier)["state"] == "expired"
    assert doubt(house) is None


def test_an_operator_may_accept_the_clock(house: House) -> None:
    identifier = asked_and_answered(house)
    assert accept(house).returncode == 69
    begins_wrong(house, YEAR)
    done = accept(house)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("Accepted: it is ")
    assert house.decided(identifier)["state"] == "expired"
    assert doubt(house) is None
    asked = house.request(BOB)
    again = accept(house)
    assert (again.returncode, again.stderr) == (0, "") and "no doubt" in again.stdout
    house.stop()
    house.start()  # what was accepted is known from now on
    assert doubt(house) is None
    assert house.show(asked["id"])["state"] == "pending"
    house.config.write_text("nonsense: 1")
    assert accept(house).returncode == 78


def test_a_first_start_before_the_release_waits_for_the_right_time(house: House) -> None:
    begins_wrong(house, -time.time())
    incident = doubt(house)
    assert incident is not None and "1970-01-01" in incident["said"]
    assert refused(house.request, ALICE).kind == "clock"
    house.advance(30)
    house.jump(0)
    assert doubt(house) is None
    house.advance(61)
    asked = house.request(ALICE, expires_in="7d")
    left = datetime.fromisoformat(asked["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6) < left < timedelta(days=8)
    house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    assert house.decided(asked["id"])["state"] == "approved"


def test_a_long_jump_while_it_runs_is_no_other(house: House) -> None:
    house.start()
    asked = house.request(ALICE, expires_in="7d")
    house.keep_clock(False)
    house.jump(YEAR)
    house.advance(3600)
    assert doubt(house) is not None
    house.answer(house.mail(ALICE), "Approve")
    assert refused(house.process_replies).kind == "clock"
    house.jump(0)
    assert house.decided(asked["id"])["state"] == "approved"


def test_a_decision_that_was_made_is_delivered_all_the_same(house: House) -> None:
    sink = house.decisions
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve")
    sink.rmdir()
    house.process_replies()
    until(lambda: house.call("deliveries.list")["items"][0]["state"] == "deferred" or None, "a try in vain")
    house.stop()
    begins_wrong(house, YEAR)
    sink.mkdir()
    house.call("deliveries.retry_all")
    until(lambda: list(sink.iterdir()) or None, "the decision")
    assert house.show(asked["id"])["state"] == "approved"


@pytest.mark.process
def test_the_service_manager_is_told_that_it_runs(house: House, manager: Manager) -> None:
    house.write_settings(merged({}, {"log": {"level": "info"}}))
    house.keep_clock(False)
    house.jump(-time.time())
    house.start(environment(manager))
    assert manager.hears("READY") == "READY=1"
    assert "1970-01-01" in manager.hears("STATUS=not ready: the system clock says")
    assert house.stop() == 0
