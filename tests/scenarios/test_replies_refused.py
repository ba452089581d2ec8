"""When no approver's mail is believed any more it is an incident, until one is."""

from typing import Any

from flexmaild.core.model import Outcome
from tests.support.daemon import Daemon, reply_bytes

ALICE = "alice@corp.test"
DAY = 86_400.0
PROVES = {"require": "dmarc", "trusted_authserv_ids": ["mx.corp.test"]}


def refused(daemon: Daemon) -> list[dict[str, Any]]:
    return [one for one in daemon.call("status")["incidents"] if one["kind"] == "replies_refused"]


def bordered(data: bytes, verdict: str) -> bytes:
    trace = "Received: from out.test by mx.corp.test; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    return f"Authentication-Results: mx.corp.test; {verdict}\r\n{trace}".encode() + data


def answered(daemon: Daemon, verdict: str) -> dict[str, int]:
    asked = daemon.request(ALICE)
    mail = daemon.mail(ALICE, count=len(daemon.call("approval.list")["items"]))
    assert asked["id"]
    daemon.deliver(bordered(reply_bytes(mail, "Approve"), verdict))
    outcomes = daemon.process_replies()["outcomes"]
    assert isinstance(outcomes, dict)
    return outcomes


def test_several_refused_replies_are_told_until_one_is_believed(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"sender_authentication": PROVES}})
    daemon.start()
    for _ in range(2):
        assert answered(daemon, "dmarc=fail header.from=corp.test") == {Outcome.UNAUTHENTICATED.value: 1}
        assert refused(daemon) == []
    answered(daemon, "spf=pass smtp.mailfrom=alice@corp.test")
    (told,) = refused(daemon)
    assert told["count"] == 3 and "dmarc is required" in told["said"]
    assert ALICE not in told["said"] and "self-test" in told["cure"]
    assert answered(daemon, "dmarc=pass header.from=corp.test") == {Outcome.DECISION.value: 1}
    assert refused(daemon) == []


def test_it_is_over_after_a_day(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"sender_authentication": PROVES}})
    daemon.start()
    for _ in range(3):
        answered(daemon, "dmarc=fail header.from=corp.test")
    assert refused(daemon)
    daemon.advance(DAY + 60)
    daemon.call("reload")  # as each hour
    assert refused(daemon) == []


def test_a_border_that_is_wrong_says_it_already(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"sender_authentication": {**PROVES, "trusted_authserv_ids": ["mx"]}}})
    daemon.start()
    for number in range(20):
        answered(daemon, "dmarc=pass header.from=corp.test")
        assert bool(refused(daemon)) is (2 <= number < 19)
    assert [one["kind"] for one in daemon.call("status")["incidents"]] == ["border_unmatched"]
