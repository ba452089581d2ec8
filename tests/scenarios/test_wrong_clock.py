"""A clock that cannot be right stops no start: nothing is decided and nothing expires until it is right."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.support.daemon import ROOT, Daemon, merged, until
from tests.support.service_manager import Manager, environment

ALICE, BOB = "alice@corp.test", "bob@corp.test"
DAY = 86400.0
YEAR = 365 * DAY


def doubt(daemon: Daemon) -> dict[str, Any] | None:
    """The open incident about this machine's clock."""
    found = [one for one in daemon.call("status")["incidents"] if one["subject"] == "system clock"]
    assert all(one["kind"] == "clock" for one in found)
    return found[0] if found else None


def refused(call: Any, *given: Any, **named: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*given, **named)
    return caught.value


def accept(daemon: Daemon) -> subprocess.CompletedProcess[str]:
    """As an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "flexmaild", "clock", "accept", "--config", str(daemon.config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def asked_and_answered(daemon: Daemon) -> str:
    """A request whose approval lies unread in the folder while the daemon is down."""
    daemon.start()
    asked = daemon.request(ALICE, expires_in="7d")
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.stop()
    return str(asked["id"])


def begins_wrong(daemon: Daemon, seconds: float) -> None:
    """It starts with its clock so many seconds off, and nothing that keeps it right."""
    daemon.keep_clock(False)
    daemon.jump(seconds)
    daemon.start()


def test_a_start_in_another_year_decides_nothing_and_goes_on_when_the_clock_is_right(daemon: Daemon) -> None:
    identifier = asked_and_answered(daemon)
    begins_wrong(daemon, YEAR)
    daemon.advance(600)
    incident = doubt(daemon)
    assert incident is not None
    assert incident["since"] and "clock accept" in incident["cure"]
    status = daemon.call("status")
    assert not status["ready"]
    assert [one["kind"] for one in status["incidents"]] == ["clock"]
    assert daemon.show(identifier)["state"] == "pending"
    assert daemon.waiting() == 1
    daemon.jump(0)
    assert daemon.decided(identifier)["state"] == "approved"
    assert doubt(daemon) is None and daemon.call("status")["ready"]


def test_what_depends_on_the_time_is_refused_with_the_cure_and_not_carried_out(daemon: Daemon) -> None:
    identifier = asked_and_answered(daemon)
    begins_wrong(daemon, YEAR)
    mails = len(daemon.mails())
    by_id = {"path": {"id": identifier}}
    for problem in (
        refused(daemon.request, BOB, key="k"),
        refused(daemon.process_replies),
        refused(daemon.call, "approval.cancel", **by_id),
        refused(daemon.call, "approval.remind", **by_id),
        refused(daemon.call, "approval.resend", body={"approver": ALICE}, **by_id),
        refused(daemon.call, "notification.send", body={"to": [BOB], "subject": "s", "text": "t"}),
    ):
        assert (problem.status, problem.kind) == (503, "clock")
        assert "clock accept" in problem.document["cure"]
    assert len(daemon.mails()) == mails
    assert daemon.show(identifier)["state"] == "pending"
    daemon.jump(0)
    assert daemon.request(BOB, key="k")["state"] == "pending"


def test_a_clock_that_begins_to_be_kept_right_is_believed_after_a_minute(daemon: Daemon) -> None:
    identifier = asked_and_answered(daemon)
    begins_wrong(daemon, 5 * 7 * DAY)
    assert doubt(daemon) is not None
    daemon.keep_clock(True)
    daemon.advance(61)
    assert daemon.decided(identifier)["state"] == "expired"
    assert doubt(daemon) is None


def test_an_operator_may_accept_the_clock(daemon: Daemon) -> None:
    identifier = asked_and_answered(daemon)
    assert accept(daemon).returncode == 69
    begins_wrong(daemon, YEAR)
    done = accept(daemon)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("Accepted: it is ")
    assert daemon.decided(identifier)["state"] == "expired"
    assert doubt(daemon) is None
    asked = daemon.request(BOB)
    again = accept(daemon)
    assert (again.returncode, again.stderr) == (0, "") and "no doubt" in again.stdout
    daemon.stop()
    daemon.start()  # what was accepted is known from now on
    assert doubt(daemon) is None
    assert daemon.show(asked["id"])["state"] == "pending"
    daemon.config.write_text("nonsense: 1")
    assert accept(daemon).returncode == 78


def test_a_first_start_before_the_release_waits_for_the_right_time(daemon: Daemon) -> None:
    begins_wrong(daemon, -time.time())
    incident = doubt(daemon)
    assert incident is not None and "1970-01-01" in incident["said"]
    assert refused(daemon.request, ALICE).kind == "clock"
    daemon.advance(30)
    daemon.jump(0)
    assert doubt(daemon) is None
    daemon.advance(61)
    asked = daemon.request(ALICE, expires_in="7d")
    left = datetime.fromisoformat(asked["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6) < left < timedelta(days=8)
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_a_long_jump_while_it_runs_is_no_other(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE, expires_in="7d")
    daemon.keep_clock(False)
    daemon.jump(YEAR)
    daemon.advance(3600)
    assert doubt(daemon) is not None
    daemon.answer(daemon.mail(ALICE), "Approve")
    assert refused(daemon.process_replies).kind == "clock"
    daemon.jump(0)
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_a_decision_that_was_made_is_delivered_all_the_same(daemon: Daemon) -> None:
    sink = daemon.decisions
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve")
    sink.rmdir()
    daemon.process_replies()
    until(lambda: daemon.call("deliveries.list")["items"][0]["state"] == "deferred" or None, "a try in vain")
    daemon.stop()
    begins_wrong(daemon, YEAR)
    sink.mkdir()
    daemon.call("deliveries.retry_all")
    until(lambda: list(sink.iterdir()) or None, "the decision")
    assert daemon.show(asked["id"])["state"] == "approved"


@pytest.mark.process
def test_the_service_manager_is_told_that_it_runs(daemon: Daemon, manager: Manager) -> None:
    daemon.write_settings(merged({}, {"log": {"level": "info"}}))
    daemon.keep_clock(False)
    daemon.jump(-time.time())
    daemon.start(environment(manager))
    assert manager.hears("READY") == "READY=1"
    assert "1970-01-01" in manager.hears("STATUS=not ready: the system clock says")
    assert daemon.stop() == 0
