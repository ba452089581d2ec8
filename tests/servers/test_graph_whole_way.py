"""The main job over Microsoft 365: sign in, ask, read the answer, decide, delete; the daemon as a process."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.fake_microsoft import FakeMicrosoft
from tests.kit.graph_house import ALICE, GraphHouse, GraphProcess
from tests.kit.house import REPLIES, reply_bytes, until

pytestmark = pytest.mark.servers


@pytest.fixture
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        microsoft.add_app("app", secrets={"a-client-secret-value": time.time() + 999})
        microsoft.add_user(REPLIES)
        microsoft.add_user(ALICE)
        yield microsoft


def decide(house: GraphHouse) -> None:
    """One approval from the request to the empty folder."""
    asked = house.request(ALICE)
    house.deliver(reply_bytes(house.mail(ALICE), "Approve looks good"))
    house.process_replies()
    decided = house.decided(asked["id"])
    assert (decided["state"], decided["verdicts"][0]["comment"]) == ("approved", "looks good")
    house.mail(ALICE, "accepted")
    until(lambda: not house.fake.post.box(REPLIES).listing("inbox"), "an empty reply folder")


def test_an_approval_over_graph_by_the_applications_own_credentials(
    fake: FakeMicrosoft, tmp_path: Path
) -> None:
    facts = {"flow": "client_credentials", "client_secret": "a-client-secret-value"}
    house = GraphHouse(tmp_path, fake, facts)
    try:
        house.start()
        decide(house)
        assert house.stop() == 0
    finally:
        house.close()
    log = house.log.read_text()
    assert [s for s in (*fake.entra.issued, "a-client-secret-value") if s in log] == []


def test_mail_waits_until_somebody_has_signed_in_and_then_goes_out(
    fake: FakeMicrosoft, tmp_path: Path
) -> None:
    fake.entra.interval = 0
    house = GraphHouse(tmp_path, fake, {"flow": "device_code"})
    try:
        house.start()
        asked = house.request(ALICE)
        (shown,) = house.call("oauth.status")["applications"]
        assert shown["state"] == "not_authorized"
        begun = house.call("oauth.authorize", path={"name": "m365"})
        fake.entra.enter_code(begun["user_code"], REPLIES)
        until(lambda: house.call("oauth.status")["applications"][0]["state"] == "ok", "the authorisation")
        house.advance(3600)
        assert house.mail(ALICE)["Subject"]
        assert house.show(asked["id"])["state"] == "pending"
    finally:
        house.close()


def test_a_mail_whose_answer_was_cut_off_by_a_crash_is_not_sent_twice(
    fake: FakeMicrosoft, tmp_path: Path
) -> None:
    """Killed between Graph's taking the mail and its answer: Sent Items tells that it went out."""
    facts = {"flow": "client_credentials", "client_secret": "a-client-secret-value"}
    house = GraphProcess(tmp_path, fake, facts)
    try:
        house.start()
        fake.api.fail("POST .*sendMail", kind="mute")
        house.request(ALICE)
        house.mail(ALICE)
        house.kill()
        house.start()
        done = until(
            lambda: [j for j in house.call("outbox.list", query={"limit": "9"})["items"] if j["done_at"]],
            "the end of the mail",
        )
        assert "Sent Items" in done[0]["receipt"]
        assert len(house.mails(ALICE)) == 1
    finally:
        house.close()
