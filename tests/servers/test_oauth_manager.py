"""The token manager against a faithful Entra ID: real msal, real TLS, every way it is known to fail.

Promise 8: a fault of the sign-in is visible, named and curable, and the mail is kept (TryLater, always).
"""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flexmaild.core.errors import GiveUp, Reason, TryLater
from flexmaild.oauth.errors import OAuthFault
from flexmaild.oauth.grants import ApplicationState
from flexmaild.oauth.manager import TokenManager
from flexmaild.oauth.token_store import TokenStore
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.fake_microsoft.bench import KEY, USER, Clock, application, post, sign_in, token_manager
from tests.support.pem import key_and_certificate

pytestmark = pytest.mark.servers


@pytest.fixture
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        microsoft.add_app("app", secrets={"s3cret-value": time.time() + 9999, "expired-one": 1.0})
        microsoft.add_user(USER)
        microsoft.add_user("admin@example.com")
        yield microsoft


def by_secret(fake: FakeMicrosoft, secret: str = "s3cret-value", **facts: object) -> object:
    return application(fake, flow="client_credentials", client_secret=lambda: secret, user="", **facts)


def code_of(at: TokenManager, purpose: str = "graph", *, force: bool = False) -> str:
    with pytest.raises(TryLater) as error:
        at.token("m365", purpose, force=force)  # type: ignore[arg-type]
    assert error.value.retry_after
    return getattr(error.value, "code", error.value.reason.value)


# The flows.


@pytest.mark.parametrize("flow", ["device_code", "authorization_code"])
def test_who_signs_in_once_gets_tokens_for_every_purpose(
    fake: FakeMicrosoft, tmp_path: Path, flow: str
) -> None:
    at = token_manager(application(fake, flow=flow, uses=("smtp", "imap", "graph_send")), tmp_path)
    status = sign_in(fake, at)
    assert (status.state, status.account) == (ApplicationState.READY, USER)
    assert len({at.token("m365", p) for p in ("smtp", "graph")}) == 2


def test_an_application_signs_in_with_its_secret_or_its_certificate(
    fake: FakeMicrosoft, tmp_path: Path
) -> None:
    key, certificate = key_and_certificate()
    fake.entra.apps["app"].certificates.append(certificate)
    by_certificate = application(
        fake, flow="client_credentials", private_key=lambda: key, certificate=lambda: certificate, user=""
    )
    at = token_manager({"secret": by_secret(fake), "certificate": by_certificate}, tmp_path)  # type: ignore[dict-item]
    assert at.token("secret", "graph") != at.token("certificate", "graph")


def test_authorising_an_app_only_application_tries_its_credentials_at_once(
    fake: FakeMicrosoft, tmp_path: Path
) -> None:
    secret = ["expired-one"]
    app = application(
        fake, flow="client_credentials", client_secret=lambda: secret[0], user="", uses=("imap",)
    )
    at = token_manager(app, tmp_path, Clock())
    for _ in range(2):
        assert at.begin("m365").address == ""
        with pytest.raises(OAuthFault, match="AADSTS7000222"):
            at.wait("m365")
    assert fake.login.count("POST .*token") == 2
    secret[0] = "s3cret-value"
    assert at.wait("m365").state is ApplicationState.READY


@pytest.mark.parametrize(
    ("cloud", "graph", "scope"),
    [
        ("global", "https://graph.microsoft.com", "https://outlook.office.com/SMTP.Send"),
        ("us_gov", "https://graph.microsoft.us", "https://outlook.office365.us/SMTP.Send"),
        ("china", "https://microsoftgraph.chinacloudapi.cn", "https://partner.outlook.cn/SMTP.Send"),
    ],
)
def test_a_cloud_changes_graph_and_scopes_together(
    fake: FakeMicrosoft, tmp_path: Path, cloud: str, graph: str, scope: str
) -> None:
    at = token_manager(application(fake, cloud=cloud, uses=("smtp", "graph_send")), tmp_path)
    status = sign_in(fake, at)
    assert at.graph_root("m365") == graph
    assert scope in status.scopes
    at.token("m365", "graph")
    assert f"{graph}/Mail.Send" in at.status()[0].scopes


def test_app_only_tokens_are_not_kept_on_disk(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(by_secret(fake), tmp_path)  # type: ignore[arg-type]
    at.token("m365", "graph")
    assert list(tmp_path.rglob("*.token")) == []


def test_tokens_outlive_the_process(fake: FakeMicrosoft, tmp_path: Path) -> None:
    sign_in(fake, token_manager(application(fake), tmp_path))
    later = token_manager(application(fake), tmp_path)
    assert later.token("m365", "graph")
    assert later.status()[0].account == USER


def test_a_private_authority_is_the_only_host_that_is_asked(fake: FakeMicrosoft, tmp_path: Path) -> None:
    sign_in(fake, token_manager(application(fake), tmp_path))
    assert all(f"/{fake.tenant}/" in r.path for r in fake.login.log)


# Signing in as the wrong person, too late, or not at all.


@pytest.mark.parametrize("flow", ["device_code", "authorization_code"])
def test_consent_by_the_wrong_user_is_refused_and_leaves_the_old_tokens(
    fake: FakeMicrosoft, tmp_path: Path, flow: str
) -> None:
    at = token_manager(application(fake, flow=flow), tmp_path)
    sign_in(fake, at)
    before = at.token("m365", "graph")
    with pytest.raises(OAuthFault, match=r"admin@example\.com instead of bot@example\.com") as error:
        sign_in(fake, at, "admin@example.com")
    assert error.value.code == "wrong_user"
    assert "private browser window" in error.value.cure
    assert at.token("m365", "graph") == before
    assert at.status()[0].account == USER


def test_a_declined_and_an_expired_code_say_so(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(application(fake), tmp_path)
    fake.entra.interval = 0
    fake.entra.decline(at.begin("m365").code)
    with pytest.raises(OAuthFault, match="declined"):
        at.wait("m365")
    fake.entra.expire(at.begin("m365").code)
    with pytest.raises(OAuthFault) as error:
        at.wait("m365")
    assert error.value.code == "AADSTS70020"


def test_waiting_shows_progress_survives_a_bad_answer_and_obeys_slow_down(
    fake: FakeMicrosoft, tmp_path: Path
) -> None:
    at = token_manager(application(fake), tmp_path)
    fake.entra.interval = 0
    shown, looks = at.begin("m365"), []
    fake.login.html("POST .*token")
    fake.login.fail("POST .*token", 503, {"error": "temporarily_unavailable"})

    def look(left: float) -> None:
        looks.append(left)
        if len(looks) == 4:
            fake.entra.enter_code(shown.code, USER)

    assert at.wait("m365", progress=look).account == USER
    assert looks == sorted(looks, reverse=True)


def test_waiting_can_be_stopped(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(application(fake), tmp_path)
    fake.entra.interval = 0
    at.begin("m365")
    stop = threading.Event()
    with pytest.raises(GiveUp, match="cancelled"):
        at.wait("m365", stop=stop, progress=lambda _: stop.set())


@pytest.mark.parametrize("flow", ["device_code", "authorization_code"])
def test_an_authorisation_begun_anew_ends_the_one_before_and_only_that(
    fake: FakeMicrosoft, tmp_path: Path, flow: str
) -> None:
    at = token_manager(application(fake, flow=flow), tmp_path)
    fake.entra.interval = 0
    at.begin("m365")
    waiting, ended = threading.Event(), []

    def first() -> None:
        with pytest.raises(GiveUp) as error:
            at.wait("m365", progress=lambda _: waiting.set())
        ended.append(error.value)

    thread = threading.Thread(target=first)
    thread.start()
    waiting.wait(10)
    assert sign_in(fake, at).account == USER
    thread.join()
    assert len(ended) == 1


def test_an_answer_with_another_state_is_not_redeemed(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(application(fake, flow="authorization_code"), tmp_path)
    action, fields = fake.entra.approve(at.begin("m365").address, USER)
    browser = threading.Thread(target=post, args=(action, {**fields, "state": "forged"}))
    browser.start()
    with pytest.raises(OAuthFault) as error:
        at.wait("m365")
    browser.join()
    assert error.value.code == "wrong_state"
    assert fake.login.count("POST .*token") == 0


def test_a_code_is_bound_to_the_one_who_asked(fake: FakeMicrosoft, tmp_path: Path) -> None:
    """PKCE: a stolen code is worth nothing without the verifier, which never left this process."""
    at = token_manager(application(fake, flow="authorization_code"), tmp_path)
    _, stolen = fake.entra.approve(at.begin("m365").address, USER)
    other = token_manager(application(fake, flow="authorization_code"), tmp_path / "other")
    action, own = fake.entra.approve(other.begin("m365").address, USER)
    browser = threading.Thread(target=post, args=(action, {**own, "code": stolen["code"]}))
    browser.start()
    with pytest.raises(OAuthFault):
        other.wait("m365")
    browser.join()
    at.abandon("m365")


def test_missing_consent_for_one_use_is_named(fake: FakeMicrosoft, tmp_path: Path) -> None:
    fake.entra.apps["app"].consented = {"Mail.Send"}
    at = token_manager(application(fake, uses=("graph_send", "graph_read")), tmp_path)
    with pytest.raises(OAuthFault, match=r"Mail\.ReadWrite") as error:
        sign_in(fake, at)
    assert error.value.code == "missing_scope"
    assert list(tmp_path.rglob("*.token")) == []


def test_an_app_only_token_without_its_role_is_a_named_fault(fake: FakeMicrosoft, tmp_path: Path) -> None:
    fake.entra.apps["app"].roles = ["Mail.Send"]
    at = token_manager(by_secret(fake), tmp_path)  # type: ignore[arg-type]
    assert code_of(at) == "missing_scope"
    assert at.status()[0].state is ApplicationState.DEAD


# Refreshing.


def test_a_token_is_renewed_ahead_of_its_end(fake: FakeMicrosoft, tmp_path: Path) -> None:
    clock = Clock()
    at = token_manager(application(fake), tmp_path, clock)
    sign_in(fake, at)
    first = at.token("m365", "graph")
    clock.now += 0.79 * fake.entra.lifetime
    assert at.token("m365", "graph") == first
    clock.now += 0.02 * fake.entra.lifetime
    assert at.token("m365", "graph") != first


def test_what_rotates_is_on_disk_before_it_is_used(fake: FakeMicrosoft, tmp_path: Path) -> None:
    fake.entra.rotate_strictly = True
    clock = Clock()
    at = token_manager(application(fake), tmp_path, clock)
    sign_in(fake, at)
    for _ in range(3):
        clock.now += fake.entra.lifetime
        at.token("m365", "graph")
        assert token_manager(application(fake), tmp_path).token("m365", "graph", force=True)
        clock.now += 60


def test_many_threads_make_one_refresh(fake: FakeMicrosoft, tmp_path: Path) -> None:
    clock = Clock()
    at = token_manager(application(fake), tmp_path, clock)
    sign_in(fake, at)
    clock.now += fake.entra.lifetime
    before = fake.login.count("POST .*token")
    fake.login.latency = 0.05
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(at.token("m365", "graph"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(set(got)), len(got), fake.login.count("POST .*token") - before) == (1, 8, 1)


def test_two_workers_that_were_refused_get_one_new_token(fake: FakeMicrosoft, tmp_path: Path) -> None:
    clock = Clock()
    at = token_manager(application(fake), tmp_path, clock)
    sign_in(fake, at)
    clock.now += 60
    first = at.token("m365", "graph")
    second = at.token("m365", "graph", force=True)
    assert first != second == at.token("m365", "graph", force=True)


def test_a_passing_fault_keeps_the_token_that_still_lives(fake: FakeMicrosoft, tmp_path: Path) -> None:
    clock = Clock()
    at = token_manager(application(fake), tmp_path, clock)
    sign_in(fake, at)
    held = at.token("m365", "graph")
    clock.now += 0.9 * fake.entra.lifetime
    fake.login.fail("POST .*token", 503, {"error": "temporarily_unavailable"}, times=9)
    assert at.token("m365", "graph") == held
    assert at.status()[0].state is ApplicationState.DEGRADED
    clock.now += 0.2 * fake.entra.lifetime
    assert code_of(at) == "server"
    fake.login.faults.clear()
    clock.now += 3600
    assert at.token("m365", "graph") != held
    assert at.status()[0].state is ApplicationState.READY


def test_a_network_failure_demands_no_new_sign_in(fake: FakeMicrosoft, tmp_path: Path) -> None:
    clock = Clock()
    at = token_manager(application(fake), tmp_path, clock)
    sign_in(fake, at)
    clock.now += 2 * fake.entra.lifetime
    for _ in range(5):
        fake.login.fail("POST .*token", kind="drop")
        assert code_of(at) == "network"
        clock.now += 1000
    assert at.token("m365", "graph")


def test_a_failing_endpoint_is_not_hammered(fake: FakeMicrosoft, tmp_path: Path) -> None:
    clock = Clock()
    at = token_manager(by_secret(fake), tmp_path, clock)  # type: ignore[arg-type]
    fake.login.fail("POST .*token", 500, {"error": "server_error"}, times=99)
    for _ in range(50):
        code_of(at)
        clock.now += 1
    assert fake.login.count("POST .*token") == 2


def test_throttling_for_an_hour_is_obeyed(fake: FakeMicrosoft, tmp_path: Path) -> None:
    clock = Clock()
    at = token_manager(by_secret(fake), tmp_path, clock)  # type: ignore[arg-type]
    fake.login.fail("POST .*token", 429, {"error": "too_many_requests"}, Retry_After="3600")
    assert code_of(at) == "throttled"
    clock.now += 3590
    assert code_of(at) == "throttled"
    assert fake.login.count("POST .*token") == 1
    clock.now += 20
    assert at.token("m365", "graph")


# What only people can cure.

DEAD = [
    ("wrong tenant", {"tenant": "00000000-0000-0000-0000-000000000000"}, "AADSTS90002"),
    ("wrong secret", {"client_secret": lambda: "the-secret-id-instead"}, "AADSTS7000215"),
    ("expired secret", {"client_secret": lambda: "expired-one"}, "AADSTS7000222"),
]


@pytest.mark.parametrize(("name", "facts", "code"), DEAD, ids=[d[0] for d in DEAD])
def test_a_wrong_setting_is_a_dead_application_with_a_cure(
    fake: FakeMicrosoft, tmp_path: Path, name: str, facts: dict[str, object], code: str
) -> None:
    given = {"flow": "client_credentials", "client_secret": lambda: "s3cret-value", "user": "", **facts}
    at = token_manager(application(fake, **given), tmp_path)
    assert code_of(at) == code
    status = at.status()[0]
    assert (status.state, status.error_code) == (ApplicationState.DEAD, code)
    assert status.cure


def test_an_unknown_client_and_a_strange_certificate_are_named(fake: FakeMicrosoft, tmp_path: Path) -> None:
    key, certificate = key_and_certificate()
    facts = {
        "flow": "client_credentials",
        "user": "",
        "private_key": lambda: key,
        "certificate": lambda: certificate,
    }
    assert code_of(token_manager(application(fake, **facts), tmp_path)) == "AADSTS700027"
    del fake.entra.apps["app"]
    assert code_of(token_manager(application(fake, **facts), tmp_path)) == "AADSTS700016"


def test_a_key_that_is_no_key_is_named_and_not_shown(fake: FakeMicrosoft, tmp_path: Path) -> None:
    _, certificate = key_and_certificate()
    facts = {
        "flow": "client_credentials",
        "user": "",
        "private_key": lambda: "no key",
        "certificate": lambda: certificate,
    }
    assert code_of(token_manager(application(fake, **facts), tmp_path)) == "bad_credential"
    strange, _ = key_and_certificate()
    facts["private_key"] = lambda: strange
    assert code_of(token_manager(application(fake, **facts), tmp_path)) == "bad_credential"


@pytest.mark.parametrize(
    ("number", "text"), [(50173, "revoked"), (700082, "inactive"), (65001, "consent revoked")]
)
def test_a_revoked_authorisation_is_dead_and_slow_and_comes_back(
    fake: FakeMicrosoft, tmp_path: Path, number: int, text: str
) -> None:
    clock = Clock()
    at = token_manager(application(fake), tmp_path, clock)
    sign_in(fake, at)
    fake.entra.revoke(USER, number, text)
    clock.now += fake.entra.lifetime
    before = fake.login.count("POST .*token")
    for _ in range(20):
        assert code_of(at) == f"AADSTS{number}"
        clock.now += 10
    assert fake.login.count("POST .*token") == before + 1
    assert at.status()[0].state is ApplicationState.DEAD
    fake.entra.revoked.clear()
    sign_in(fake, at)
    assert at.token("m365", "graph")
    assert at.status()[0].state is ApplicationState.READY


def test_a_dead_application_stops_no_other(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager({"dead": by_secret(fake, "expired-one"), "good": by_secret(fake)}, tmp_path)  # type: ignore[dict-item]
    with pytest.raises(OAuthFault):
        at.token("dead", "graph")
    assert at.token("good", "graph")


def test_a_new_secret_is_tried_at_once(fake: FakeMicrosoft, tmp_path: Path) -> None:
    secret = ["expired-one"]
    app = application(fake, flow="client_credentials", client_secret=lambda: secret[0], user="")
    at = token_manager(app, tmp_path, Clock())
    assert code_of(at) == "AADSTS7000222"
    secret[0] = "s3cret-value"
    assert at.token("m365", "graph")


def test_a_certificate_assertion_with_a_wrong_clock_is_reported_as_such(
    fake: FakeMicrosoft, tmp_path: Path
) -> None:
    at = token_manager(by_secret(fake), tmp_path)  # type: ignore[arg-type]
    fake.login.clock_skew = 900.0
    answer = {
        "error": "invalid_client",
        "error_codes": [700024],
        "error_description": "AADSTS700024: time range",
    }
    fake.login.fail("POST .*token", 401, answer)
    assert code_of(at) == "AADSTS700024"
    status = at.status()[0]
    assert "clock" in status.cure
    assert status.clock_skew is not None and abs(status.clock_skew - 900) < 60


@pytest.mark.parametrize("where", ["GET .*openid-configuration", "POST .*token"])
def test_a_page_instead_of_json_is_named(fake: FakeMicrosoft, tmp_path: Path, where: str) -> None:
    at = token_manager(by_secret(fake), tmp_path)  # type: ignore[arg-type]
    fake.login.html(where)
    assert code_of(at) == "not_json"
    assert "proxy" in at.status()[0].cure


@pytest.mark.parametrize("where", ["GET .*openid-configuration", "POST .*token"])
def test_a_service_that_hangs_ends_by_the_deadline(
    fake: FakeMicrosoft, tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flexmaild.oauth.entra.TOKEN_SECONDS", 0.5)
    at = token_manager(by_secret(fake), tmp_path)  # type: ignore[arg-type]
    fake.login.fail(where, kind="hang")
    assert code_of(at) == "timeout"
    assert at.status()[0].state is ApplicationState.DEGRADED


def test_a_service_that_is_down_is_a_network_fault(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(by_secret(fake), tmp_path)  # type: ignore[arg-type]
    fake.login.close()
    assert code_of(at) == "network"


# Where tokens are kept.


def test_no_sign_in_is_a_state_of_its_own(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(application(fake), tmp_path)
    assert at.status()[0].state is ApplicationState.UNAUTHORISED
    assert code_of(at) == "not_authorised"
    assert at.status()[0].state is ApplicationState.UNAUTHORISED


def test_tokens_that_cannot_be_written_are_not_used(fake: FakeMicrosoft, tmp_path: Path) -> None:
    clock = Clock()
    at = token_manager(application(fake), tmp_path, clock)
    sign_in(fake, at)
    clock.now += fake.entra.lifetime
    (tmp_path / "tokens").rename(tmp_path / "away")
    (tmp_path / "tokens").write_text("")
    assert code_of(at) == "other"
    (tmp_path / "tokens").unlink()
    (tmp_path / "away").rename(tmp_path / "tokens")
    clock.now += 60
    assert at.token("m365", "graph")


def test_another_process_that_authorises_is_noticed(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(application(fake), tmp_path)
    assert code_of(at) == "not_authorised"
    sign_in(fake, token_manager(application(fake), tmp_path))
    assert at.token("m365", "graph")


def test_forgetting_leaves_nothing_behind(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(application(fake), tmp_path)
    sign_in(fake, at)
    assert at.forget("m365")
    assert at.status()[0].state is ApplicationState.UNAUTHORISED
    assert code_of(at) == "not_authorised"


def test_an_unknown_application_is_reported_with_the_known_ones(fake: FakeMicrosoft, tmp_path: Path) -> None:
    with pytest.raises(GiveUp, match="m365") as error:
        token_manager(application(fake), tmp_path).token("m356", "graph")
    assert error.value.reason is Reason.CLIENT


def test_the_alarm_is_about_what_ends_next(fake: FakeMicrosoft, tmp_path: Path) -> None:
    key, certificate = key_and_certificate(days=40)
    facts = {
        "flow": "client_credentials",
        "user": "",
        "private_key": lambda: key,
        "certificate": lambda: certificate,
    }
    at = token_manager({"m365": application(fake), "certificate": application(fake, **facts)}, tmp_path)
    user = sign_in(fake, at)
    assert user.alarm_at is not None
    assert timedelta(days=75) < user.alarm_at - datetime.now(UTC) < timedelta(days=77)
    other = at.status()[1]
    assert other.alarm_at is not None
    assert timedelta(days=9) < other.alarm_at - datetime.now(UTC) < timedelta(days=11)


def test_a_status_can_be_written_as_json_and_holds_no_secret(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(application(fake), tmp_path)
    sign_in(fake, at)
    at.token("m365", "graph")
    text = json.dumps([asdict(s) for s in at.status()], default=str) + repr(at.status())
    assert not [secret for secret in (*fake.entra.issued, KEY) if secret in text]


def test_tokens_of_a_lost_key_ask_for_a_new_authorisation(fake: FakeMicrosoft, tmp_path: Path) -> None:
    sign_in(fake, token_manager(application(fake), tmp_path))
    other = TokenManager(
        {"m365": application(fake)}, TokenStore(tmp_path / "tokens", {"m365": lambda: KEY[::-1]})
    )
    with pytest.raises(TryLater, match="cannot be decrypted"):
        other.token("m365", "graph")
