"""Promise 10 for sign-ins and Graph: no token, secret, code or key in any log, error, status, trace or repr.

Everything is done at the lowest level the daemon lets each library write at, the faults included; then all
that was ever issued is searched.
"""

import logging
import time
from pathlib import Path

import pytest

from flexmaild.core.errors import Failure
from flexmaild.core.ports import Envelope
from flexmaild.oauth.manager import TokenManager
from flexmaild.oauth.probe import examine_application
from flexmaild.observe.logs import LOWEST
from flexmaild.transports.context import AdapterContext
from flexmaild.transports.graph.api import GraphApi
from flexmaild.transports.graph.inbox import GraphInbox
from flexmaild.transports.graph.outbox import GraphOutbox
from flexmaild.transports.graph.settings import GraphIncoming, GraphOutgoing
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.fake_microsoft.bench import KEY, USER, Clock, application, mail, sign_in, token_manager

pytestmark = pytest.mark.servers
SECRET = "canary~client.secret-value_0123456789"
COMMENT = "canary comment nobody else may read"


def test_nothing_that_was_issued_or_configured_shows_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for library, level in LOWEST.items():
        caplog.set_level(level, library)
    said: list[str] = []
    with FakeMicrosoft() as fake:
        fake.add_app("app", secrets={SECRET: time.time() + 999})
        box = fake.add_user(USER)
        assert box
        clock = Clock()
        table = {
            "m365": application(fake, flow="authorization_code", client_secret=lambda: SECRET),
            "alone": application(fake, flow="client_credentials", client_secret=lambda: SECRET, user=""),
        }
        at = token_manager(table, tmp_path, clock)
        sign_in(fake, at)
        use_graph(fake, at, said)
        provoke(fake, at, clock, said)
        said += [repr(at.status()), repr(table), repr(at._states)]
        said += [repr(step) for name in table for step in examine_application(at, name)]
        said += [repr(s) for s in examined(fake, at)]
        secrets = [*fake.entra.issued, *fake.entra._codes, SECRET, KEY, "opaque-upload-token", COMMENT]
    shown = "\n".join([*said, caplog.text, *capfd.readouterr()])
    assert len(secrets) >= 7
    assert [s for s in secrets if s in shown] == []


def use_graph(fake: FakeMicrosoft, at: TokenManager, said: list[str]) -> None:
    api = GraphApi(
        fake.graph_url, USER, lambda r: at.token("m365", "graph", force=r), fake.ca_file, said.append
    )
    outbox, inbox = GraphOutbox(api), GraphInbox(api, "INBOX")
    for size in (10, 4_000_000):
        data = mail(size, COMMENT + "\r\n" + ("x" * 70 + "\r\n") * (size // 70))
        data = data.replace(
            b"Subject", b"MIME-Version: 1.0\r\nContent-Type: application/zip; name=z\r\nSubject"
        )
        said.append(repr(outbox.send(Envelope(f"{size}@example.com", USER, (USER,), data))))
    inbox.open()
    inbox.delete([m.uid for m in inbox.fetch(30, lambda _: {})])
    for status, code in (
        (400, "ErrorMimeContentInvalid"),
        (403, "ErrorAccessDenied"),
        (500, "x"),
        (429, "y"),
    ):
        token = at.token("m365", "graph")
        fake.api.fail("POST", status, {"error": {"code": code, "message": f"Bearer {token}"}})
        caught(lambda: outbox.send(Envelope("9@example.com", USER, (USER,), mail(9, COMMENT))), said)


def provoke(fake: FakeMicrosoft, at: TokenManager, clock: Clock, said: list[str]) -> None:
    """Every kind of failure, with answers that quote what was sent to them."""
    for number, status in ((7000215, 401), (700082, 400), (90033, 503)):
        clock.now += 9999
        echo = f"AADSTS{number}: you sent {SECRET} and {fake.entra.issued[-1]}"
        answer = {"error": "invalid_client", "error_codes": [number], "error_description": echo}
        for name in ("m365", "alone"):
            fake.login.fail("POST .*token", status, answer)
            caught(lambda name=name: at.token(name, "graph", force=True), said)
    for kind in ("drop", "truncate"):
        clock.now += 9999
        fake.login.fail("POST .*token", 200 if kind == "truncate" else 0, {"access_token": SECRET}, kind=kind)
        caught(lambda: at.token("alone", "graph", force=True), said)
    clock.now += 9999
    fake.login.fail("POST .*token", 200, f"<html>{SECRET}</html>".encode())
    caught(lambda: at.token("alone", "graph", force=True), said)


def caught(work: object, said: list[str]) -> None:
    with pytest.raises(Failure) as error:
        work()  # type: ignore[operator]
    failure = error.value
    said += [str(failure), repr(failure), failure.answer, failure.cure]


def examined(fake: FakeMicrosoft, at: TokenManager) -> list[object]:
    context = AdapterContext(token=at.token)  # type: ignore[arg-type]
    facts = {"transport": "graph", "oauth_application": "m365", "mailbox": USER, "ca_file": fake.ca_file}
    out = GraphOutgoing(**facts, graph_url=fake.graph_url)
    way_in = GraphIncoming(**facts, graph_url=fake.graph_url)
    return [*out.examine(context), *way_in.examine(context)]
