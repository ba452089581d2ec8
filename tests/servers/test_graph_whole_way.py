"""The main job over Microsoft 365: sign in, ask, read the answer, decide, delete; the daemon as a process."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon import REPLIES, reply_bytes, until
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.graph_daemon import ALICE, GraphDaemon, GraphProcess

pytestmark = pytest.mark.servers


@pytest.fixture
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        microsoft.add_app("app", secrets={"a-client-secret-value": time.time() + 999})
        microsoft.add_user(REPLIES)
        microsoft.add_user(ALICE)
        yield microsoft


def decide(daemon: GraphDaemon) -> None:
    """One approval from the request to the empty folder."""
    asked = daemon.request(ALICE)
    daemon.deliver(reply_bytes(daemon.mail(ALICE), "Approve looks good"))
    daemon.process_replies()
    decided = daemon.decided(asked["id"])
    assert (decided["state"], decided["verdicts"][0]["comment"]) == ("approved", "looks good")
    daemon.mail(ALICE, "accepted")
    until(lambda: not daemon.fake.post.box(REPLIES).listing("inbox"), "an empty reply folder")


def test_an_approval_over_graph_by_the_applications_own_credentials(
    fake: FakeMicrosoft, tmp_path: Path
) -> None:
    facts = {"flow": "client_credentials", "client_secret": "a-client-secret-value"}
    daemon = GraphDaemon(tmp_path, fake, facts)
    try:
        daemon.start()
        decide(daemon)
        assert daemon.stop() == 0
    finally:
        daemon.close()
    log = daemon.log.read_text()
    assert [s for s in (*fake.entra.issued, "a-client-secret-value") if s in log] == []


def test_mail_waits_for_a_sign_in_and_is_then_sent(fake: FakeMicrosoft, tmp_path: Path) -> None:
    fake.entra.interval = 0
    daemon = GraphDaemon(tmp_path, fake, {"flow": "device_code"})
    try:
        daemon.start()
        asked = daemon.request(ALICE)
        (shown,) = daemon.call("oauth.status")["applications"]
        assert shown["state"] == "not_authorized"
        begun = daemon.call("oauth.authorize", path={"name": "m365"})
        fake.entra.enter_code(begun["user_code"], REPLIES)
        until(lambda: daemon.call("oauth.status")["applications"][0]["state"] == "ok", "the authorisation")
        daemon.advance(3600)
        assert daemon.mail(ALICE)["Subject"]
        assert daemon.show(asked["id"])["state"] == "pending"
    finally:
        daemon.close()


def test_a_mail_whose_answer_was_cut_off_by_a_crash_is_not_sent_twice(
    fake: FakeMicrosoft, tmp_path: Path
) -> None:
    """Killed between Graph's taking the mail and its answer: Sent Items tells that it went out."""
    facts = {"flow": "client_credentials", "client_secret": "a-client-secret-value"}
    daemon = GraphProcess(tmp_path, fake, facts)
    try:
        daemon.start()
        fake.api.fail("POST .*sendMail", kind="mute")
        daemon.request(ALICE)
        daemon.mail(ALICE)
        daemon.kill()
        daemon.start()
        done = until(
            lambda: [j for j in daemon.call("outbox.list", query={"limit": "9"})["items"] if j["done_at"]],
            "the end of the mail",
        )
        assert "Sent Items" in done[0]["receipt"]
        assert len(daemon.mails(ALICE)) == 1
    finally:
        daemon.close()
