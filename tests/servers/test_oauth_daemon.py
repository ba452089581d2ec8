"""A daemon whose sign-in is ill: named in status, metric and one line of the log, with a cure; its mail is
kept, the rest goes on; and after the cure mail leaves and replies are read without a restart."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.support.daemon import REPLIES, reply_bytes, until
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.graph_daemon import ALICE, GraphDaemon
from tests.support.pem import key_and_certificate

pytestmark = pytest.mark.servers
SECRET = "a-client-secret-value"
OLD = "an-expired-secret-value"


@pytest.fixture
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        microsoft.add_app("app", secrets={SECRET: time.time() + 9999, OLD: 1.0})
        microsoft.add_user(REPLIES)
        microsoft.add_user(ALICE)
        microsoft.entra.interval = 0
        yield microsoft


@pytest.fixture
def open_house(fake: FakeMicrosoft, tmp_path: Path) -> Iterator[Callable[..., GraphDaemon]]:
    opened: list[GraphDaemon] = []

    def make(**application: Any) -> GraphDaemon:
        opened.append(GraphDaemon(tmp_path, fake, application))
        return opened[-1].start()

    try:
        yield make
    finally:
        for daemon in opened:
            daemon.close()


def status_of(daemon: GraphDaemon) -> dict[str, Any]:
    (shown,) = daemon.call("oauth.status")["applications"]
    assert isinstance(shown, dict)
    return shown


def lines(daemon: GraphDaemon, text: str, *levels: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in daemon.log.read_text().splitlines() if line.startswith("{")]
    wanted = levels or ("warning", "error", "critical")
    # A clock that a test moves by an hour makes every thread look silent until its next heartbeat.
    found = [one for one in found if "heartbeat" not in one.get("said", "")]
    return [one for one in found if one["level"] in wanted and text in json.dumps(one)]


def authorise(daemon: GraphDaemon, user: str = REPLIES) -> dict[str, Any]:
    begun = daemon.call("oauth.authorize", path={"name": "m365"})
    daemon.fake.entra.enter_code(begun["user_code"], user)

    def ended() -> dict[str, Any] | None:
        progress = daemon.call("oauth.progress", path={"name": "m365"}, query={"wait": "5"})
        return None if progress["state"] == "pending" else dict(progress)

    return until(ended, "the end of the authorisation")


def insist_ill(daemon: GraphDaemon, code: str) -> str:
    """A mail that waits, and the trouble to be seen everywhere; returns the request's id."""
    asked = daemon.request(ALICE)
    until(lambda: status_of(daemon)["error_code"] == code, f"{code}; there: {status_of(daemon)}")
    for _ in range(3):
        fault = refused(daemon)
        daemon.advance(60)
    assert status_of(daemon)["cure"] and "NAME" not in status_of(daemon)["cure"]
    shown = daemon.call("status")
    assert any("m365" in issue and status_of(daemon)["cure"] in issue for issue in shown["issues"])
    assert fault and daemon.mails(ALICE) == []
    (job,) = daemon.call("outbox.list", query={"limit": "9"})["items"]
    assert job["state"] in ("queued", "deferred")
    lasting = code.startswith("AADSTS")
    assert status_of(daemon)["state"] == ("dead" if lasting else status_of(daemon)["state"])
    (line,) = [one for one in lines(daemon, "login_refused") if one["reason"] == code]
    assert line["cure"] == status_of(daemon)["cure"]
    assert len(lines(daemon, status_of(daemon)["error"])) == 1
    return str(asked["id"])


def refused(daemon: GraphDaemon) -> str:
    try:
        daemon.process_replies()
    except Refused as refusal:
        return str(refusal)
    raise AssertionError("the replies were read")


def insist_well(daemon: GraphDaemon, identifier: str) -> None:
    """The mail that waited leaves, and its answer is read."""
    mail = daemon.mail(ALICE)
    daemon.deliver(reply_bytes(mail, "Approve"))
    daemon.process_replies()
    assert daemon.decided(identifier)["state"] == "approved"
    assert status_of(daemon)["state"] == "ok"
    until(lambda: lines(daemon, "incident is over", "info"), "the end of the incident")


def test_a_new_secret_is_found_by_itself(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon], tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(OLD)
    file.chmod(0o600)
    daemon = open_house(flow="client_credentials", client_secret={"file": str(file)})
    identifier = insist_ill(daemon, "AADSTS7000222")
    file.write_text(SECRET)
    insist_well(daemon, identifier)


def test_a_wrong_tenant_is_cured_by_a_reload(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon]
) -> None:
    wrong = "00000000-0000-0000-0000-000000000000"
    daemon = open_house(flow="client_credentials", client_secret=SECRET, tenant=wrong)
    identifier = insist_ill(daemon, "AADSTS90002")
    del daemon.application["tenant"]  # type: ignore[attr-defined]
    daemon.write_settings({})
    daemon.call("reload")
    insist_well(daemon, identifier)


def test_a_revoked_authorisation_is_cured_by_signing_in_again(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon]
) -> None:
    daemon = open_house(flow="device_code")
    assert authorise(daemon)["state"] == "done"
    daemon.process_replies()
    fake.entra.revoke(REPLIES)
    daemon.advance(4000)
    identifier = insist_ill(daemon, "AADSTS50173")
    fake.entra.revoked.clear()
    assert authorise(daemon)["state"] == "done"
    insist_well(daemon, identifier)


def test_the_wrong_person_and_a_missing_scope_change_nothing(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon]
) -> None:
    daemon = open_house(flow="device_code")
    identifier = insist_ill(daemon, "not_authorised")
    wrong = authorise(daemon, ALICE)
    assert wrong["state"] == "failed" and ALICE in wrong["detail"] and "private" in wrong["cure"]
    fake.entra.apps["app"].consented = {"Mail.Send"}
    lacking = authorise(daemon)
    assert lacking["state"] == "failed" and "Mail.ReadWrite" in lacking["detail"] and lacking["cure"]
    assert status_of(daemon)["error_code"] == "not_authorised" and not daemon.mails(ALICE)
    fake.entra.apps["app"].consented = None
    assert authorise(daemon)["state"] == "done"
    insist_well(daemon, identifier)


def test_a_wrong_clock_is_cured_by_setting_it(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon]
) -> None:
    said = {"error": "invalid_client", "error_codes": [700024], "error_description": "AADSTS700024: range"}
    fake.login.fail("POST .*token", 401, said, times=99)
    daemon = open_house(flow="client_credentials", client_secret=SECRET)
    identifier = insist_ill(daemon, "AADSTS700024")
    assert "clock" in status_of(daemon)["cure"]
    fake.login.faults.clear()
    daemon.advance(1000)
    daemon.process_replies()
    insist_well(daemon, identifier)


@pytest.mark.parametrize("where", ["GET .*openid-configuration", "POST .*token"])
def test_a_page_in_place_of_a_token_passes_by_itself(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon], where: str
) -> None:
    fake.login.html(where, times=99)
    daemon = open_house(flow="client_credentials", client_secret=SECRET)
    identifier = insist_ill(daemon, "not_json")
    fake.login.faults.clear()
    daemon.advance(4000)
    daemon.process_replies()
    insist_well(daemon, identifier)


def test_a_throttled_sign_in_is_left_alone_for_the_hour(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon]
) -> None:
    fake.login.fail("POST .*token", 429, {"error": "busy"}, Retry_After="3600")
    daemon = open_house(flow="client_credentials", client_secret=SECRET)
    daemon.request(ALICE)
    until(lambda: status_of(daemon)["error_code"] == "throttled", "the throttling")
    for _ in range(5):
        refused(daemon)
        daemon.advance(600)
    assert fake.login.count("POST .*token") == 1
    assert len(lines(daemon, "login_refused")) == 1
    daemon.advance(700)
    daemon.process_replies()
    assert daemon.mail(ALICE)


@pytest.mark.parametrize("answer", [(429, {"Retry_After": "3600"}), (503, {}), (200, {})])
def test_a_mailbox_that_gives_no_answer_costs_one_line_and_no_mail(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon], answer: tuple[int, dict[str, str]]
) -> None:
    status, headers = answer
    fake.api.fail(".*", status, {"error": {"code": "x"}}, times=10_000, **headers)
    if status == 200:
        fake.api.faults.clear()
        fake.api.html(".*", times=10_000)
    daemon = open_house(flow="client_credentials", client_secret=SECRET)
    asked = [daemon.request(ALICE, key=str(n)) for n in range(5)]
    for _ in range(4):
        refused(daemon)
        daemon.advance(300)
    if status != 200:  # sendMail has no answer to look at: 2xx is all it says
        assert daemon.mails(ALICE) == []
    assert len(lines(daemon, '"incident"')) <= 2
    assert len(lines(daemon, "job failed")) <= 1
    fake.api.faults.clear()
    daemon.advance(4000)
    if status == 503:  # how long Graph asked us to wait is counted by a clock that no test moves
        daemon.process_replies()
        until(lambda: len(daemon.mails(ALICE)) == len(asked), "every mail")


def test_files_that_vanish_while_it_runs_are_named_and_end_nothing(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon], tmp_path: Path
) -> None:
    key, certificate = key_and_certificate()
    fake.entra.apps["app"].certificates = [certificate]
    (tmp_path / "key").write_text(key)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "certificate").write_text(certificate)
    pair = {"private_key": {"file": str(tmp_path / "key")}, "certificate": str(tmp_path / "certificate")}
    daemon = open_house(flow="client_credentials", certificate=pair)
    daemon.process_replies()
    (tmp_path / "certificate").rename(tmp_path / "away")
    daemon.advance(4000)
    assert "certificate" in refused(daemon)
    assert any("certificate" in issue for issue in daemon.call("status")["issues"])
    asked = daemon.request(ALICE)
    (tmp_path / "away").rename(tmp_path / "certificate")
    insist_well(daemon, asked["id"])
    assert lines(daemon, "bug") == []


def test_expiry_and_a_wrong_clock_are_reported_in_advance(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon], tmp_path: Path
) -> None:
    key, certificate = key_and_certificate(days=10)
    fake.entra.apps["app"].certificates = [certificate]
    fake.login.clock_skew = 1000.0
    (tmp_path / "key").write_text(key)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "certificate").write_text(certificate)
    pair = {"private_key": {"file": str(tmp_path / "key")}, "certificate": str(tmp_path / "certificate")}
    daemon = open_house(flow="client_credentials", certificate=pair)
    daemon.process_replies()
    issues = "\n".join(daemon.call("status")["issues"])
    assert "certificate expires" in issues and "clock" in issues
    assert status_of(daemon)["state"] == "ok"


def test_two_authorisations_at_once_leave_one_that_works(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon]
) -> None:
    daemon = open_house(flow="device_code")
    first = daemon.call("oauth.authorize", path={"name": "m365"})
    second = daemon.call("oauth.authorize", path={"name": "m365"})
    fake.entra.enter_code(first["user_code"], REPLIES)
    fake.entra.enter_code(second["user_code"], REPLIES)
    until(lambda: status_of(daemon)["state"] == "ok", "the authorisation")
    daemon.stop()
    daemon.start()
    assert status_of(daemon)["account"] == REPLIES
    assert status_of(daemon)["last_refresh"] and status_of(daemon)["next_alarm"]
    daemon.process_replies()


def test_who_signs_in_is_learnt_by_a_reload(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon]
) -> None:
    daemon = open_house(flow="device_code")
    daemon.write_settings({"outgoing": {"username": ALICE}, "incoming": {"username": ALICE}})
    daemon.call("reload")
    assert authorise(daemon, REPLIES)["state"] == "failed"
    assert authorise(daemon, ALICE)["state"] == "done"


def test_a_person_signs_in_for_a_shared_mailbox(
    fake: FakeMicrosoft, open_house: Callable[..., GraphDaemon], tmp_path: Path
) -> None:
    """What is sent comes from the shared mailbox, and its folder is read, not the person's own."""
    bot = "approver-bot@corp.test"
    fake.add_user(bot)
    fake.graph.shared.add((bot, REPLIES))
    daemon = GraphDaemon(tmp_path, fake, {"flow": "device_code"})
    daemon.write_settings({"outgoing": {"username": bot, "mailbox": REPLIES}, "incoming": {"username": bot}})
    try:
        daemon.start()
        assert authorise(daemon, bot)["state"] == "done"
        asked = daemon.request(ALICE)
        mail = daemon.mail(ALICE)
        assert REPLIES in str(mail["From"]) and fake.post.box(REPLIES).listing("sentitems")
        daemon.deliver(reply_bytes(mail, "Reject not today"))
        daemon.process_replies()
        assert daemon.decided(asked["id"])["state"] == "rejected"
        until(lambda: not fake.post.box(REPLIES).listing("inbox"), "an empty reply folder")
        assert daemon.call("doctor")["healthy"]
    finally:
        daemon.close()
