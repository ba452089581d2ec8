"""Decisions on their way to a webhook: a receiver that fails, is gone, is back; a daemon that is killed."""

import base64
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from tests.support.daemon import Daemon, until
from tests.support.pki import Pki
from tests.support.receiver import Receiver

ANNA = "anna@corp.test"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def ci(receiver: Receiver, pki: Pki) -> dict[str, Any]:
    return {"kind": "webhook", "url": f"{receiver.address}/hook", "secret": SECRET, "ca_file": pki.ca_file}


def decided(daemon: Daemon, title: str = "Deploy") -> str:
    asked = str(daemon.request(ANNA, title=title)["id"])
    daemon.answer(daemon.mail(ANNA, "approval_request"), "Approve fine")
    daemon.process_replies()
    return asked


def deliveries(daemon: Daemon, *states: str) -> list[Any]:
    """To the webhook; the daemon of the tests has another sink as well."""
    items = daemon.call("deliveries.list")["items"]
    return [job for job in items if job["target"] == "ci" and (not states or job["state"] in states)]


def test_a_decision_reaches_a_webhook_whose_receiver_fails_at_first(
    daemon: Daemon, receiver: Receiver, ci: dict[str, Any]
) -> None:
    receiver.answers += [500, (429, {"Retry-After": "60"}, b"slower")]
    daemon.write_settings({"sinks": {"ci": ci}})
    daemon.start()
    asked = decided(daemon)
    until(lambda: receiver.received, "the first try")
    for number in (2, 3):

        def has_ended(tries: int = number - 1) -> bool:
            """The next try is due from the end of this one on."""
            return any(job["attempt"] >= tries and not job["running"] for job in deliveries(daemon))

        until(has_ended, "the end of the try")
        daemon.advance(120)
        until(lambda number=number: len(receiver.received) >= number, "the next try")
    until(lambda: deliveries(daemon, "done"), "the delivery")
    assert {got.headers["webhook-id"] for got in receiver.received} == {f"{asked}.decided"}
    assert len(set(receiver.bodies)) == 1
    for got in receiver.received:
        Verifier(SECRET).verify(got.body, dict(got.headers))


def test_a_receiver_that_is_gone_gets_nothing_until_an_operator_retries(
    daemon: Daemon, receiver: Receiver, ci: dict[str, Any]
) -> None:
    receiver.answers += [410]
    daemon.write_settings({"sinks": {"ci": ci}})
    daemon.start()
    decided(daemon)
    until(lambda: deliveries(daemon, "deferred"), "the refusal")
    for _ in range(3):
        daemon.advance(3700)
    assert len(receiver.received) == 1
    (job,) = deliveries(daemon)
    assert "410" in job["last_error"]
    daemon.call("deliveries.retry", path={"id": job["id"]})
    until(lambda: deliveries(daemon, "done"), "the delivery")
    assert len(receiver.received) == 2


@pytest.mark.process
@pytest.mark.slow
def test_a_daemon_that_is_killed_amid_deliveries_delivers_each_at_least_once(
    daemon: Daemon, receiver: Receiver, ci: dict[str, Any]
) -> None:
    daemon.write_settings({"sinks": {"ci": ci}})
    daemon.start()
    asked = [str(daemon.request(ANNA, title=f"Deploy {number}")["id"]) for number in range(12)]
    for mail in daemon.mails(ANNA, "approval_request"):
        daemon.answer(mail, "Approve")
    receiver.answers += [lambda handler, over: over.wait(), *[503] * 3]
    daemon.process_replies()
    until(lambda: receiver.received, "the first try")
    daemon.kill()
    daemon.start()
    wanted = {f"{one}.decided" for one in asked if daemon.show(one)["state"] == "approved"}
    assert wanted

    def arrived() -> bool:
        daemon.advance(120)
        done = deliveries(daemon, "done")
        return len(done) >= len(wanted)

    until(arrived, "all deliveries")
    assert wanted <= {got.headers["webhook-id"] for got in receiver.received}


def test_doctor_sees_a_sink_that_cannot_work(daemon: Daemon, ci: dict[str, Any], tmp_path: Path) -> None:
    absent = {"kind": "dropfile", "path": str(tmp_path / "absent")}
    daemon.write_settings({"sinks": {"ci": ci, "folder": absent}})
    daemon.start()
    steps = {step["name"]: step["result"] for step in daemon.call("doctor")["steps"]}
    assert (steps["sink ci"], steps["sink folder"]) == ("ok", "failed")
