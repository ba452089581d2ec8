"""Google by its plain token endpoint, held to the same rules as Microsoft."""

import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from flexmaild.core.errors import TryLater
from flexmaild.oauth.errors import OAuthFault
from flexmaild.oauth.grants import ApplicationState, ApplicationStatus, OAuthApplication
from flexmaild.oauth.manager import TokenManager
from tests.support.fake_google import FakeGoogle
from tests.support.fake_microsoft.bench import Clock, token_manager

pytestmark = pytest.mark.servers
USER = "bot@gmail.example"


@pytest.fixture
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as fake:
        yield fake


def application(google: FakeGoogle, **facts: object) -> OAuthApplication:
    given: dict[str, object] = {
        "flow": "authorization_code", "client_secret": lambda: google.secret, "authority": google.url,
        "ca_file": google.ca_file, "user": USER, **facts,
    }  # fmt: skip
    return OAuthApplication("google", google.client_id, **given)  # type: ignore[arg-type]


def sign_in(google: FakeGoogle, at: TokenManager, user: str = USER, more: str = "") -> ApplicationStatus:
    address = google.approve(at.begin("m365").address, user) + more
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    browser = threading.Thread(target=lambda: opener.open(address, timeout=10).close())
    browser.start()
    try:
        return at.wait("m365")
    finally:
        browser.join()


def test_one_sign_in_serves_smtp_and_imap_and_outlives_the_process(
    google: FakeGoogle, tmp_path: Path
) -> None:
    status = sign_in(google, token_manager(application(google), tmp_path))
    assert (status.state, status.account) == (ApplicationState.READY, USER)
    later = token_manager(application(google), tmp_path)
    assert later.token("m365", "smtp") and later.token("m365", "imap")
    assert later.status()[0].account == USER


def test_a_rotated_refresh_token_is_kept_before_it_is_used(google: FakeGoogle, tmp_path: Path) -> None:
    google.rotate = True
    clock = Clock()
    at = token_manager(application(google), tmp_path, clock)
    sign_in(google, at)
    for _ in range(3):
        clock.now += 4000
        at.token("m365", "imap")
    assert token_manager(application(google), tmp_path).token("m365", "imap")


def test_the_wrong_user_is_refused(google: FakeGoogle, tmp_path: Path) -> None:
    with pytest.raises(OAuthFault, match="instead of") as error:
        sign_in(google, token_manager(application(google), tmp_path), "boss@gmail.example")
    assert error.value.code == "wrong_user"


def test_a_forged_state_is_refused(google: FakeGoogle, tmp_path: Path) -> None:
    with pytest.raises(OAuthFault) as error:
        sign_in(google, token_manager(application(google), tmp_path), more="&state=forged")
    assert error.value.code == "wrong_state"
    assert google.server.count("POST /token") == 0


def test_a_box_that_was_not_ticked_is_a_missing_scope(google: FakeGoogle, tmp_path: Path) -> None:
    google.granted = "openid email"
    with pytest.raises(OAuthFault, match=r"mail\.google\.com") as error:
        sign_in(google, token_manager(application(google), tmp_path))
    assert error.value.code == "missing_scope"


def test_a_revoked_authorisation_is_dead_and_a_fault_of_the_service_is_not(
    google: FakeGoogle, tmp_path: Path
) -> None:
    clock = Clock()
    at = token_manager(application(google), tmp_path, clock)
    sign_in(google, at)
    clock.now += 4000
    google.server.fail("POST /token", 503, {"error": "backend"})
    with pytest.raises(TryLater):
        at.token("m365", "imap")
    assert at.status()[0].state is ApplicationState.DEGRADED
    google.refresh_tokens.clear()
    clock.now += 4000
    with pytest.raises(OAuthFault):
        at.token("m365", "imap")
    assert (at.status()[0].state, at.status()[0].error_code) == (ApplicationState.DEAD, "invalid_grant")


def test_a_wrong_client_secret_and_html_are_named(google: FakeGoogle, tmp_path: Path) -> None:
    at = token_manager(application(google, client_secret=lambda: "wrong"), tmp_path)
    with pytest.raises(OAuthFault) as error:
        sign_in(google, at)
    assert error.value.code == "invalid_client"
    google.server.html("POST /token")
    with pytest.raises(OAuthFault) as page:
        sign_in(google, token_manager(application(google), tmp_path))
    assert page.value.code == "not_json"


def test_a_flow_google_does_not_allow_for_mail_is_refused(google: FakeGoogle, tmp_path: Path) -> None:
    with pytest.raises(OAuthFault) as error:
        token_manager(application(google, flow="device_code"), tmp_path).begin("m365")
    assert error.value.code == "unauthorized_client"
