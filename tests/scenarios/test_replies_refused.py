"""When no approver's mail is believed any more it is an incident, until one is."""

from typing import Any

from flexmaild.core.model import Outcome
from tests.kit.house import House, reply_bytes

ALICE = "alice@corp.test"
DAY = 86_400.0
PROVES = {"require": "dmarc", "trusted_authserv_ids": ["mx.corp.test"]}


def refused(house: House) -> list[dict[str, Any]]:
    return [one for one in house.call("status")["incidents"] if one["kind"] == "replies_refused"]


def bordered(data: bytes, verdict: str) -> bytes:
    trace = "Received: from out.test by mx.corp.test; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    return f"Authentication-Results: mx.corp.test; {verdict}\r\n{trace}".encode() + data


def answered(house: House, verdict: str) -> dict[str, int]:
    asked = house.request(ALICE)
    mail = house.mail(ALICE, count=len(house.call("approval.list")["items"]))
    assert asked["id"]
    house.deliver(bordered(reply_bytes(mail, "Approve"), verdict))
    outcomes = house.process_replies()["outcomes"]
    assert isinstance(outcomes, dict)
    return outcomes


def test_several_refused_replies_are_told_until_one_is_believed(house: House) -> None:
    house.write_settings({"incoming": {"sender_authentication": PROVES}})
    house.start()
    for _ in range(2):
        assert answered(house, "dmarc=fail header.from=corp.test") == {Outcome.UNAUTHENTICATED.value: 1}
        assert refused(house) == []
    answered(house, "spf=pass smtp.mailfrom=alice@corp.test")
    (told,) = refused(house)
    assert told["count"] == 3 and "dmarc is required" in told["said"]
    assert ALICE not in told["said"] and "self-test" in told["cure"]
    assert answered(house, "dmarc=pass header.from=corp.test") == {Outcome.DECISION.value: 1}
    assert refused(house) == []


def test_it_is_over_after_a_day(house: House) -> None:
    house.write_settings({"incoming": {"sender_authentication": PROVES}})
    house.start()
    for _ in range(3):
        answered(house, "dmarc=fail header.from=corp.test")
    assert refused(house)
    house.advance(DAY + 60)
    house.call("reload")  # as each hour
    assert refused(house) == []


def test_a_border_that_is_wrong_says_it_already(house: House) -> None:
    house.write_settings({"incoming": {"sender_authentication": {**PROVES, "trusted_authserv_ids": ["mx"]}}})
    house.start()
    for number in range(20):
        answered(house, "dmarc=pass header.from=corp.test")
        assert bool(refused(house)) is (2 <= number < 19)
    assert [one["kind"] for one in house.call("status")["incidents"]] == ["border_unmatched"]
