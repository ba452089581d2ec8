"""The doctor's steps for sign-ins and Graph: what was tried, what was said, and a cure for every failure."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flexmaild.core.steps import Step
from flexmaild.oauth.probe import examine_application
from flexmaild.transports import examine_incoming, examine_outgoing
from flexmaild.transports.context import AdapterContext
from flexmaild.transports.graph.settings import GraphIncoming, GraphOutgoing, graph_root
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.fake_microsoft.bench import USER, application, mail, sign_in, token_manager

pytestmark = pytest.mark.servers


@pytest.fixture
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        microsoft.add_app("app", secrets={"s3cret-value": time.time() + 999})
        microsoft.add_user(USER)
        yield microsoft


def by_name(steps: list[Step]) -> dict[str, Step]:
    assert all(step.tried for step in steps)
    assert all(step.cure for step in steps if not step.ok)
    return {step.name: step for step in steps}


def graph_steps(
    fake: FakeMicrosoft, *, scp: str = "Mail.Send Mail.ReadWrite", **facts: object
) -> list[dict[str, Step]]:
    token = fake.graph_token(USER, scp)
    context = AdapterContext(token=lambda application, purpose, *, force=False: token)
    given: dict[str, object] = {
        "transport": "graph", "oauth_application": "m365", "mailbox": USER, "ca_file": fake.ca_file,
        "graph_url": fake.graph_url, **facts,
    }  # fmt: skip
    folder = given.pop("reply_folder", "INBOX")
    out = examine_outgoing(GraphOutgoing(**given), context)
    way_in = examine_incoming(GraphIncoming(**given, reply_folder=folder), context)
    return [by_name(out), by_name(way_in)]


def test_all_is_well(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(application(fake, uses=("graph_send", "imap")), tmp_path)
    sign_in(fake, at)
    steps = by_name(examine_application(at, "m365"))
    assert all(step.ok for step in steps.values())
    assert {
        "authority",
        "clock",
        "token for graph",
        "token for imap",
        "account",
        "permissions for graph",
    } <= set(steps)


def test_a_wrong_tenant_shows_at_the_authority(fake: FakeMicrosoft, tmp_path: Path) -> None:
    at = token_manager(application(fake, tenant="nowhere.example"), tmp_path)
    step = by_name(examine_application(at, "m365"))["authority"]
    assert not step.ok and "AADSTS90002" in step.answer and "tenant" in step.cure


def test_a_wrong_clock_and_a_missing_sign_in_are_steps_of_their_own(
    fake: FakeMicrosoft, tmp_path: Path
) -> None:
    fake.login.clock_skew = 1000
    steps = by_name(examine_application(token_manager(application(fake), tmp_path), "m365"))
    assert not steps["clock"].ok and "chrony" in steps["clock"].cure
    assert not steps["token for graph"].ok and "authorize" in steps["token for graph"].cure


def test_another_account_than_configured_is_named(fake: FakeMicrosoft, tmp_path: Path) -> None:
    sign_in(fake, token_manager(application(fake), tmp_path))
    at = token_manager(application(fake, user="other@example.com"), tmp_path)
    step = by_name(examine_application(at, "m365"))["account"]
    assert not step.ok and step.answer == USER and "other@example.com" in step.cure


def test_graph_is_probed_in_both_directions_without_touching_a_mail(fake: FakeMicrosoft) -> None:
    box = fake.post.box(USER)
    box.put(mail())
    out, way_in = graph_steps(fake)
    assert all(step.ok for step in (*out.values(), *way_in.values()))
    names = ["dns", "connect", "tls", "token", "permissions", "mailbox"]
    assert list(out) == names and list(way_in) == [*names, "folder", "delete"]
    assert "1 mails wait" in way_in["folder"].answer
    assert {r.method for r in fake.api.log} == {"GET"} and len(box.listing("inbox")) == 1


def test_mail_send_alone_is_enough_for_outgoing_mail(fake: FakeMicrosoft) -> None:
    out, way_in = graph_steps(fake, scp="Mail.Send")
    assert all(step.ok for step in out.values())
    assert not way_in["permissions"].ok and "Mail.ReadWrite" in way_in["permissions"].cure


def test_a_mailbox_without_licence_differs_from_a_missing_one(fake: FakeMicrosoft) -> None:
    assert "ErrorInvalidUser" in graph_steps(fake, mailbox="nobody@example.com")[1]["mailbox"].answer
    fake.post.box(USER).enabled = False
    step = graph_steps(fake)[1]["mailbox"]
    assert "MailboxNotEnabledForRESTAPI" in step.answer and "licence" in step.cure


def test_a_missing_folder_fails_with_the_names_of_the_others(fake: FakeMicrosoft) -> None:
    fake.post.box(USER).add_folder("Freigaben")
    step = graph_steps(fake, reply_folder="Aprovals")[1]["folder"]
    assert not step.ok and "'Freigaben'" in step.cure


def test_an_unavailable_graph_fails_the_probe(fake: FakeMicrosoft) -> None:
    fake.api.close()
    out, way_in = graph_steps(fake)
    assert not out["connect"].ok and not way_in["connect"].ok


def test_an_untrusted_certificate_of_graph_fails_at_tls(fake: FakeMicrosoft) -> None:
    assert graph_steps(fake)[0]["tls"].ok
    step = graph_steps(fake, ca_file=None)[0]["tls"]
    assert not step.ok and "CA certificate" in step.cure


@pytest.mark.parametrize("given", ["https://g.example", "https://g.example/", "https://g.example/v1.0"])
def test_the_version_is_added_to_graphs_address_once(given: str) -> None:
    assert graph_root(given) == "https://g.example/v1.0"
