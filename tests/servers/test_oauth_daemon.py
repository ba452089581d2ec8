"""A daemon whose sign-in is ill: named in status, metric and one line of the log, with a cure; its mail is
kept, the rest goes on; and after the cure mail leaves and replies are read without a restart."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.kit.fake_microsoft import FakeMicrosoft
from tests.kit.graph_house import ALICE, GraphHouse
from tests.kit.house import REPLIES, reply_bytes, until
from tests.kit.pem import key_and_certificate

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
def open_house(fake: FakeMicrosoft, tmp_path: Path) -> Iterator[Callable[..., GraphHouse]]:
    opened: list[GraphHouse] = []

    def make(**application: Any) -> GraphHouse:
        opened.append(GraphHouse(tmp_path, fake, application))
        return opened[-1].start()

    try:
        yield make
    finally:
        for house in opened:
            house.close()


def status_of(house: GraphHouse) -> dict[str, Any]:
    (shown,) = house.call("oauth.status")["applications"]
    assert isinstance(shown, dict)
    return shown


def lines(house: GraphHouse, text: str, *levels: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in house.log.read_text().splitlines() if line.startswith("{")]
    wanted = levels or ("warning", "error", "critical")
    # A clock that a test moves by an hour makes every thread look silent until its next sign of life.
    found = [one for one in found if "sign of life" not in one.get("said", "")]
    return [one for one in found if one["level"] in wanted and text in json.dumps(one)]


def authorise(house: GraphHouse, user: str = REPLIES) -> dict[str, Any]:
    begun = house.call("oauth.authorize", path={"name": "m365"})
    house.fake.entra.enter_code(begun["user_code"], user)

    def ended() -> dict[str, Any] | None:
        progress = house.call("oauth.progress", path={"name": "m365"}, query={"wait": "5"})
        return None if progress["state"] == "pending" else dict(progress)

    return until(ended, "the end of the authorisation")


def insist_ill(house: GraphHouse, code: str) -> str:
    """A mail that waits, and the trouble to be seen everywhere; returns the request's id."""
    asked = house.request(ALICE)
    until(lambda: status_of(house)["error_code"] == code, f"{code}; there: {status_of(house)}")
    for _ in range(3):
        fault = refused(house)
        house.advance(60)
    assert status_of(house)["cure"] and "NAME" not in status_of(house)["cure"]
    shown = house.call("status")
    assert any("m365" in issue and status_of(house)["cure"] in issue for issue in shown["issues"])
    assert fault and house.mails(ALICE) == []
    (job,) = house.call("outbox.list", query={"limit": "9"})["items"]
    assert job["state"] in ("queued", "deferred")
    lasting = code.startswith("AADSTS")
    assert status_of(house)["state"] == ("dead" if lasting else status_of(house)["state"])
    (line,) = [one for one in lines(house, "login_refused") if one["reason"] == code]
    assert line["cure"] == status_of(house)["cure"]
    assert len(lines(house, status_of(house)["error"])) == 1
    return str(asked["id"])


def refused(house: GraphHouse) -> str:
    try:
        house.process_replies()
    except Refused as refusal:
        return str(refusal)
    raise AssertionError("the replies were read")


def insist_well(house: GraphHouse, identifier: str) -> None:
    """The mail that waited leaves, and its answer is read."""
    mail = house.mail(ALICE)
    house.deliver(reply_bytes(mail, "Approve"))
    house.process_replies()
    assert house.decided(identifier)["state"] == "approved"
    assert status_of(house)["state"] == "ok"
    until(lambda: lines(house, "incident is over", "info"), "the end of the incident")


def test_a_new_secret_is_found_by_itself(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse], tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(OLD)
    file.chmod(0o600)
    house = open_house(flow="client_credentials", client_secret={"file": str(file)})
    identifier = insist_ill(house, "AADSTS7000222")
    file.write_text(SECRET)
    insist_well(house, identifier)


def test_a_wrong_tenant_is_cured_by_a_reload(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse]
) -> None:
    wrong = "00000000-0000-0000-0000-000000000000"
    house = open_house(flow="client_credentials", client_secret=SECRET, tenant=wrong)
    identifier = insist_ill(house, "AADSTS90002")
    del house.application["tenant"]  # type: ignore[attr-defined]
    house.write_settings({})
    house.call("reload")
    insist_well(house, identifier)


def test_a_revoked_authorisation_is_cured_by_signing_in_again(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse]
) -> None:
    house = open_house(flow="device_code")
    assert authorise(house)["state"] == "done"
    house.process_replies()
    fake.entra.revoke(REPLIES)
    house.advance(4000)
    identifier = insist_ill(house, "AADSTS50173")
    fake.entra.revoked.clear()
    assert authorise(house)["state"] == "done"
    insist_well(house, identifier)


def test_the_wrong_person_and_a_missing_scope_change_nothing(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse]
) -> None:
    house = open_house(flow="device_code")
    identifier = insist_ill(house, "not_authorised")
    wrong = authorise(house, ALICE)
    assert wrong["state"] == "failed" and ALICE in wrong["detail"] and "private" in wrong["cure"]
    fake.entra.apps["app"].consented = {"Mail.Send"}
    lacking = authorise(house)
    assert lacking["state"] == "failed" and "Mail.ReadWrite" in lacking["detail"] and lacking["cure"]
    assert status_of(house)["error_code"] == "not_authorised" and not house.mails(ALICE)
    fake.entra.apps["app"].consented = None
    assert authorise(house)["state"] == "done"
    insist_well(house, identifier)


def test_a_wrong_clock_is_cured_by_setting_it(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse]
) -> None:
    said = {"error": "invalid_client", "error_codes": [700024], "error_description": "AADSTS700024: range"}
    fake.login.fail("POST .*token", 401, said, times=99)
    house = open_house(flow="client_credentials", client_secret=SECRET)
    identifier = insist_ill(house, "AADSTS700024")
    assert "clock" in status_of(house)["cure"]
    fake.login.faults.clear()
    house.advance(1000)
    house.process_replies()
    insist_well(house, identifier)


@pytest.mark.parametrize("where", ["GET .*openid-configuration", "POST .*token"])
def test_a_page_in_place_of_a_token_passes_by_itself(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse], where: str
) -> None:
    fake.login.html(where, times=99)
    house = open_house(flow="client_credentials", client_secret=SECRET)
    identifier = insist_ill(house, "not_json")
    fake.login.faults.clear()
    house.advance(4000)
    house.process_replies()
    insist_well(house, identifier)


def test_a_throttled_sign_in_is_left_alone_for_the_hour(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse]
) -> None:
    fake.login.fail("POST .*token", 429, {"error": "busy"}, Retry_After="3600")
    house = open_house(flow="client_credentials", client_secret=SECRET)
    house.request(ALICE)
    until(lambda: status_of(house)["error_code"] == "throttled", "the throttling")
    for _ in range(5):
        refused(house)
        house.advance(600)
    assert fake.login.count("POST .*token") == 1
    assert len(lines(house, "login_refused")) == 1
    house.advance(700)
    house.process_replies()
    assert house.mail(ALICE)


@pytest.mark.parametrize("answer", [(429, {"Retry_After": "3600"}), (503, {}), (200, {})])
def test_a_mailbox_that_gives_no_answer_costs_one_line_and_no_mail(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse], answer: tuple[int, dict[str, str]]
) -> None:
    status, headers = answer
    fake.api.fail(".*", status, {"error": {"code": "x"}}, times=10_000, **headers)
    if status == 200:
        fake.api.faults.clear()
        fake.api.html(".*", times=10_000)
    house = open_house(flow="client_credentials", client_secret=SECRET)
    asked = [house.request(ALICE, key=str(n)) for n in range(5)]
    for _ in range(4):
        refused(house)
        house.advance(300)
    if status != 200:  # sendMail has no answer to look at: 2xx is all it says
        assert house.mails(ALICE) == []
    assert len(lines(house, '"incident"')) <= 2
    assert len(lines(house, "job failed")) <= 1
    fake.api.faults.clear()
    house.advance(4000)
    if status == 503:  # how long Graph asked us to wait is counted by a clock that no test moves
        house.process_replies()
        until(lambda: len(house.mails(ALICE)) == len(asked), "every mail")


def test_files_that_vanish_while_it_runs_are_named_and_end_nothing(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse], tmp_path: Path
) -> None:
    key, certificate = key_and_certificate()
    fake.entra.apps["app"].certificates = [certificate]
    (tmp_path / "key").write_text(key)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "certificate").write_text(certificate)
    pair = {"private_key": {"file": str(tmp_path / "key")}, "certificate": str(tmp_path / "certificate")}
    house = open_house(flow="client_credentials", certificate=pair)
    house.process_replies()
    (tmp_path / "certificate").rename(tmp_path / "away")
    house.advance(4000)
    assert "certificate" in refused(house)
    assert any("certificate" in issue for issue in house.call("status")["issues"])
    asked = house.request(ALICE)
    (tmp_path / "away").rename(tmp_path / "certificate")
    insist_well(house, asked["id"])
    assert lines(house, "bug") == []


def test_what_will_end_soon_and_a_clock_that_is_off_are_told_before_they_hurt(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse], tmp_path: Path
) -> None:
    key, certificate = key_and_certificate(days=10)
    fake.entra.apps["app"].certificates = [certificate]
    fake.login.clock_skew = 1000.0
    (tmp_path / "key").write_text(key)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "certificate").write_text(certificate)
    pair = {"private_key": {"file": str(tmp_path / "key")}, "certificate": str(tmp_path / "certificate")}
    house = open_house(flow="client_credentials", certificate=pair)
    house.process_replies()
    issues = "\n".join(house.call("status")["issues"])
    assert "certificate expires" in issues and "clock" in issues
    assert status_of(house)["state"] == "ok"


def test_two_authorisations_at_once_leave_one_that_works(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse]
) -> None:
    house = open_house(flow="device_code")
    first = house.call("oauth.authorize", path={"name": "m365"})
    second = house.call("oauth.authorize", path={"name": "m365"})
    fake.entra.enter_code(first["user_code"], REPLIES)
    fake.entra.enter_code(second["user_code"], REPLIES)
    until(lambda: status_of(house)["state"] == "ok", "the authorisation")
    house.stop()
    house.start()
    assert status_of(house)["account"] == REPLIES
    assert status_of(house)["last_refresh"] and status_of(house)["next_alarm"]
    house.process_replies()


def test_who_signs_in_is_learnt_by_a_reload(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse]
) -> None:
    house = open_house(flow="device_code")
    house.write_settings({"outgoing": {"username": ALICE}, "incoming": {"username": ALICE}})
    house.call("reload")
    assert authorise(house, REPLIES)["state"] == "failed"
    assert authorise(house, ALICE)["state"] == "done"


def test_a_person_signs_in_for_a_shared_mailbox(
    fake: FakeMicrosoft, open_house: Callable[..., GraphHouse], tmp_path: Path
) -> None:
    """What is sent comes from the shared mailbox, and its folder is read, not the person's own."""
    bot = "approver-bot@corp.test"
    fake.add_user(bot)
    fake.graph.shared.add((bot, REPLIES))
    house = GraphHouse(tmp_path, fake, {"flow": "device_code"})
    house.write_settings({"outgoing": {"username": bot, "mailbox": REPLIES}, "incoming": {"username": bot}})
    try:
        house.start()
        assert authorise(house, bot)["state"] == "done"
        asked = house.request(ALICE)
        mail = house.mail(ALICE)
        assert REPLIES in str(mail["From"]) and fake.post.box(REPLIES).listing("sentitems")
        house.deliver(reply_bytes(mail, "Reject not today"))
        house.process_replies()
        assert house.decided(asked["id"])["state"] == "rejected"
        until(lambda: not fake.post.box(REPLIES).listing("inbox"), "an empty reply folder")
        assert house.call("doctor")["healthy"]
    finally:
        house.close()
