"""What Graph demands of the application it signs in with: each rule names the setting to change."""

import pytest

from flexmaild.settings.faults import SettingsError
from flexmaild.settings.load import Kinds, parse
from flexmaild.sinks import SINKS
from flexmaild.transports import INCOMING, OUTGOING

KINDS = Kinds(OUTGOING, INCOMING, SINKS)
MICROSOFT = "tenant: t"


def faults(application: str, incoming: str = "") -> list[str]:
    text = f"""
outgoing: {{transport: graph, oauth_application: a}}
incoming: {{transport: graph, reply_address: a@firm.example{incoming}}}
oauth_applications: {{a: {{client_id: x, {application}}}}}
"""
    try:
        parse(text, "f", KINDS, check_secrets=False)
    except SettingsError as error:
        return [f"{fault.line} {fault.path}: {fault.text}" for fault in error.faults]
    return []


def test_an_application_of_microsoft_is_accepted() -> None:
    assert faults(MICROSOFT) == []


def test_an_application_of_google_cannot_reach_graph() -> None:
    text = "outgoing.oauth_application: is not a Microsoft application, so it cannot reach Graph"
    assert faults("provider: google, flow: authorization_code, client_secret: x") == [f"2 {text}"]


def test_without_an_application_graph_is_not_used() -> None:
    with pytest.raises(SettingsError) as caught:
        parse("outgoing: {transport: graph}\n", "f", KINDS)
    assert [str(fault) for fault in caught.value.faults] == [
        "f:1:1: outgoing.oauth_application: is needed for transport: graph: name one of oauth_applications"
    ]


@pytest.mark.parametrize(("cloud", "found"), [("global", 0), ("china", 1), ("us_gov", 1)])
def test_permanent_deletion_is_refused_where_the_cloud_has_none(cloud: str, found: int) -> None:
    named = faults(f"{MICROSOFT}, cloud: {cloud}", ", permanent_delete: true")
    assert (
        named
        == [
            f"3 incoming.permanent_delete: Graph has no permanent deletion in the cloud {cloud}: leave it out"
        ]
        * found
    )


def test_a_name_that_is_inherited_is_reported_once_where_it_was_written() -> None:
    text = "outgoing: {transport: graph, oauth_application: b}\nincoming: {transport: graph, enabled: true}\n"
    with pytest.raises(SettingsError) as caught:
        parse(text, "f", KINDS)
    assert [fault.path for fault in caught.value.faults] == ["outgoing.oauth_application"]
