"""One HTTPS exchange: bounded in time and size, with our authorities alone, never redirected."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from flexmaild.core.errors import Reason, TryLater
from flexmaild.net.http import HttpSession, TooLarge, exchange
from tests.support.fake_microsoft import FakeMicrosoft


@pytest.fixture
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        yield microsoft


def get(fake: FakeMicrosoft, path: str = "/x", *, total: float = 30.0, limit: int = 1 << 20) -> None:
    exchange(HttpSession(fake.ca_file), "GET", fake.login.url + path, step="try", limit=limit, total=total)


def test_our_authorities_win_over_the_environment(
    fake: FakeMicrosoft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "other.pem"))
    get(fake)


def test_the_environment_cannot_make_us_trust_a_server(
    fake: FakeMicrosoft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", fake.ca_file)
    with pytest.raises(TryLater) as error:
        exchange(HttpSession(str(tmp_path / "other.pem")), "GET", fake.login.url, step="try")
    assert error.value.reason is Reason.TLS
    assert "certificate" in error.value.text


def test_a_session_without_ca_file_does_not_trust_a_private_authority(fake: FakeMicrosoft) -> None:
    with pytest.raises(TryLater) as error:
        exchange(HttpSession(), "GET", fake.login.url, step="try")
    assert error.value.reason is Reason.TLS


def test_proxies_of_the_environment_are_not_asked(
    fake: FakeMicrosoft, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    get(fake)


def test_a_redirect_is_an_answer_and_not_followed(fake: FakeMicrosoft) -> None:
    fake.login.fail("GET /x", 302, Location=f"{fake.api.url}/stolen")
    response = exchange(
        HttpSession(fake.ca_file),
        "GET",
        f"{fake.login.url}/x",
        step="try",
        headers={"Authorization": "Bearer t"},
    )
    assert response.status_code == 302
    assert fake.api.log == []


def test_no_cookie_is_kept(fake: FakeMicrosoft) -> None:
    session = HttpSession(fake.ca_file)
    fake.login.fail("GET /x", 200, {}, Set_Cookie="a=b")
    for _ in range(2):
        exchange(session, "GET", f"{fake.login.url}/x", step="try")
    assert "cookie" not in fake.login.log[1].headers


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_server_that_hangs_or_drips_is_left_at_the_deadline(fake: FakeMicrosoft, kind: str) -> None:
    fake.login.fail("GET /x", 200 if kind == "drip" else 0, {"a": "x" * 1000}, kind=kind)
    with pytest.raises(TryLater) as error:
        get(fake, total=0.5)
    assert error.value.reason is Reason.TIMEOUT


def test_clear_text_addresses_are_refused() -> None:
    with pytest.raises(TryLater) as error:
        exchange(HttpSession(), "GET", "http://localhost:9/", step="try")
    assert not error.value.uncertain


def test_a_longer_answer_than_allowed_is_not_read(fake: FakeMicrosoft) -> None:
    fake.login.fail("GET /x", 200, b"x" * 100_000)
    with pytest.raises(TooLarge, match="longer than 5000 bytes"):
        get(fake, limit=5000)


@pytest.mark.parametrize("kind", ["drop", "truncate", "lose"])
def test_a_connection_that_breaks_is_a_network_fault(fake: FakeMicrosoft, kind: str) -> None:
    fake.login.fail("GET /x", 200 if kind == "truncate" else 0, {"a": 1}, kind=kind)
    with pytest.raises(TryLater) as error:
        get(fake)
    assert error.value.reason is Reason.NETWORK


def test_only_a_change_that_was_sent_and_not_answered_is_uncertain(fake: FakeMicrosoft) -> None:
    fake.login.fail("POST /x", kind="lose")
    with pytest.raises(TryLater) as sent:
        exchange(HttpSession(fake.ca_file), "POST", f"{fake.login.url}/x", step="try", body=b"x")
    fake.login.fail("GET /x", kind="lose")
    with pytest.raises(TryLater) as asked:
        get(fake)
    port = fake.login.port
    fake.login.close()
    with pytest.raises(TryLater) as refused:
        exchange(HttpSession(fake.ca_file), "POST", f"https://localhost:{port}/x", step="try", body=b"x")
    assert (sent.value.uncertain, asked.value.uncertain, refused.value.uncertain) == (True, False, False)
    assert refused.value.reason is Reason.NETWORK


def test_a_deadline_of_one_thread_does_not_bind_another(fake: FakeMicrosoft) -> None:
    fake.login.fail("GET /slow", kind="hang")
    failed = threading.Event()

    def short() -> None:
        with pytest.raises(TryLater):
            get(fake, "/slow", total=0.3)
        failed.set()

    thread = threading.Thread(target=short)
    thread.start()
    get(fake, total=30)
    thread.join()
    assert failed.is_set()


def test_the_tls_version_is_known_afterwards(fake: FakeMicrosoft) -> None:
    session = HttpSession(fake.ca_file)
    exchange(session, "GET", f"{fake.login.url}/x", step="try")
    assert session.tls.startswith("TLSv1.")
