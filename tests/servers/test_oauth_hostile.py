"""Answers nobody should give: they become named faults, never a bug that ends a thread."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from flexmaild.core.errors import Failure, TryLater
from flexmaild.core.ports import Envelope
from flexmaild.oauth.errors import OAuthFault
from flexmaild.oauth.grants import ApplicationState, OAuthApplication
from flexmaild.oauth.manager import TokenManager
from flexmaild.oauth.token_store import TokenStore
from flexmaild.transports.graph.inbox import GraphInbox
from flexmaild.transports.graph.outbox import GraphOutbox
from tests.support.fake_google import FakeGoogle
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.fake_microsoft.bench import (
    KEY,
    USER,
    Clock,
    api,
    application,
    mail,
    sign_in,
    token_manager,
)

pytestmark = pytest.mark.servers
DEEP = b'{"a":' * 100_000

ODD: list[Any] = [
    b"", b"null", b"[]", b"7", b'"text"', b"{", DEEP, b"\xff\xfe\x00", b'{"value": 7}', b'{"value": null}',
    b'{"value": {"id": "x"}}', b'{"error": "text"}', b'{"error": {"code": 7, "innerError": []}}',
    b"{}", b'{"access_token_": null}', b'{"error_codes": {}}', b"9" * 5000,
]  # fmt: skip
OBJECTS = [body for body in ODD if body.startswith(b"{") and body.endswith(b"}")]
ABSURD = {
    "Content_Type": "application/json",
    "Retry_After": "9" * 400,
    "Date": "Mon, 99 Foo 99999 99:99:99 GMT",
    "Location": "https://localhost:1/elsewhere",
}


@pytest.fixture
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        microsoft.add_app("app", secrets={"s3cret-value": time.time() + 999})
        microsoft.add_user(USER)
        yield microsoft


def answers(fake: FakeMicrosoft, where: str, status: int, body: bytes) -> None:
    """From now on this, wherever the pattern fits, with headers as odd as the body."""
    server = fake.login if "token" in where or "openid" in where else fake.api
    server.faults.clear()
    server.fail(where, status, body, times=999, **ABSURD)


def fails(work: Callable[..., object], *given: object) -> Failure:
    with pytest.raises(Failure) as error:
        work(*given)
    return error.value


def opened_and_read(door: GraphInbox) -> None:
    door.open()
    door.fetch(10, lambda _: {})


def read_and_deleted(door: GraphInbox) -> None:
    door.delete([m.uid for m in door.fetch(10, lambda _: {})])


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 503])
@pytest.mark.parametrize("where", ["mailFolders/inbox$", "/messages$", "/sentitems/"])
def test_whatever_graph_says_is_a_failure_and_no_empty_folder(
    fake: FakeMicrosoft, where: str, status: int
) -> None:
    fake.post.box(USER).put(mail())
    for body in ODD:
        answers(fake, where, status, body)
        graph = api(fake)
        door, way_out = GraphInbox(graph, "INBOX"), GraphOutbox(graph)
        if where.startswith("/sent"):
            unsure = Envelope("1@example.com", USER, (USER,), mail(), uncertain=True)
            # Not being allowed to look means not knowing; all else means trying later.
            if status in (400, 401, 403, 404):
                with suppress(Failure):
                    way_out.send(unsure)
            else:
                fails(way_out.send, unsure)
        elif where.endswith("inbox$") and status == 200 and body in (b"{}", *OBJECTS):
            assert door.open().messages == 0  # how many there are is only shown
        else:
            fails(opened_and_read, door)
        graph.close()


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 503])
def test_whatever_stands_in_the_place_of_a_batch_loses_and_deletes_nothing(
    fake: FakeMicrosoft, status: int
) -> None:
    box = fake.post.box(USER)
    raws = [box.put(mail(n)).raw for n in range(3)]
    for body in ODD:
        answers(fake, "batch", status, body)
        graph = api(fake)
        door = GraphInbox(graph, "INBOX")
        door.open()
        fails(read_and_deleted, door)
        assert [m.raw for m in box.listing("inbox")] == raws
        graph.close()


@pytest.mark.parametrize("status", [200, 302, 400, 401, 429, 503])
@pytest.mark.parametrize("where", ["POST .*token", "GET .*openid"])
def test_whatever_the_sign_in_service_says_is_a_fault_with_a_pause(
    fake: FakeMicrosoft, tmp_path: Path, where: str, status: int
) -> None:
    facts: dict[str, Any] = {
        "flow": "client_credentials",
        "client_secret": lambda: "s3cret-value",
        "user": "",
    }
    for body in ODD:
        answers(fake, where, status, body)
        at = token_manager(application(fake, **facts), tmp_path, Clock())
        fault = fails(at.token, "m365", "graph")
        assert isinstance(fault, TryLater) and fault.retry_after and fault.retry_after <= 3600
        assert at.status()[0].error


@pytest.mark.parametrize("status", [200, 302, 400, 401, 429, 503])
def test_whatever_google_says_is_a_fault_with_a_pause(tmp_path: Path, status: int) -> None:
    with FakeGoogle() as google:
        store = TokenStore(tmp_path, {"google": lambda: KEY})
        store.write("google", json.dumps({"refresh_token": "r", "account": USER}).encode())
        facts: dict[str, Any] = {"flow": "authorization_code", "client_secret": lambda: google.secret}
        given = OAuthApplication(
            "google", google.client_id, authority=google.url, ca_file=google.ca_file, user=USER, **facts
        )
        for body in ODD:
            google.server.faults.clear()
            google.server.fail(".*", status, body, times=9, **ABSURD)
            at = TokenManager({"google": given}, store)
            fault = fails(at.token, "google", "imap")
            assert isinstance(fault, TryLater) and fault.retry_after and fault.retry_after <= 3600


@pytest.mark.parametrize("state", [b"null", b"{}", b"[]", b"no json", b"\xff", b'{"refresh_token": "x"}'])
def test_tokens_of_another_provider_ask_for_a_new_authorisation(
    fake: FakeMicrosoft, tmp_path: Path, state: bytes
) -> None:
    TokenStore(tmp_path / "tokens", {"m365": lambda: KEY}).write("m365", state)
    at = token_manager(application(fake), tmp_path)
    assert at.status()[0].state is ApplicationState.DEAD
    with pytest.raises(OAuthFault) as error:
        at.token("m365", "graph")
    assert error.value.code == "token_file" and "authorize m365" in error.value.cure
    sign_in(fake, at)
    assert at.token("m365", "graph") and token_manager(application(fake), tmp_path).token("m365", "graph")


def test_the_status_is_right_before_anybody_needs_a_token(fake: FakeMicrosoft, tmp_path: Path) -> None:
    first = sign_in(fake, token_manager(application(fake), tmp_path))
    shown = token_manager(application(fake), tmp_path).status()[0]
    assert (shown.state, shown.account) == (ApplicationState.READY, first.account)
    assert shown.refreshed_at and shown.alarm_at


def test_an_unused_authorisation_is_kept_alive(fake: FakeMicrosoft, tmp_path: Path) -> None:
    clock = Clock()
    at = token_manager(application(fake, uses=("smtp", "imap")), tmp_path, clock)
    sign_in(fake, at)
    at.keep_fresh()
    before = fake.login.count("POST .*token")
    at.keep_fresh()
    assert fake.login.count("POST .*token") == before
    clock.now += fake.entra.lifetime
    at.keep_fresh()
    assert fake.login.count("POST .*token") > before


def test_an_operator_who_asks_sees_the_current_state(fake: FakeMicrosoft, tmp_path: Path) -> None:
    """After a cure at Microsoft nobody has to wait for the quarter of an hour."""
    clock = Clock()
    at = token_manager(application(fake), tmp_path, clock)
    sign_in(fake, at)
    fake.entra.revoke(USER)
    clock.now += fake.entra.lifetime
    refuse(lambda: at.token("m365", "graph"))
    fake.entra.revoked.clear()
    refuse(lambda: at.token("m365", "graph"))
    at.retry_now()
    assert at.token("m365", "graph")


def refuse(work: Callable[[], object]) -> None:
    with pytest.raises(OAuthFault):
        work()
