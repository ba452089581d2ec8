"""incoming.sender_authentication: what could have no effect is a fault that says what to write instead."""

import pytest

from flexmaild.engine.policies import rules_without_dns
from flexmaild.mail.authentication.borders import Border
from flexmaild.settings.faults import SettingsError
from flexmaild.settings.load import parse
from flexmaild.settings.schema import Settings
from tests.unit.settings.kinds import KINDS


def settings_of(members: str) -> Settings:
    return parse(f"incoming:\n  sender_authentication: {{{members}}}\n", "test.yaml", KINDS)


def faults_of(members: str) -> list[str]:
    try:
        settings_of(members)
    except SettingsError as fault:
        return [str(one).partition("sender_authentication.")[2] for one in fault.faults]
    return []


BELOW = "require: auth, borders: [{id: mx.test, results: below"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (f"{BELOW}}}]", "require: is auth, which nothing here can prove: with results: below a border"),
        (
            "require: auth, verify_dkim: true",
            "require: is auth, which nothing here can prove: name in borders",
        ),
        (
            "borders: [{id: mx.test, results: below, via: [203.0.113.24]}]",
            "borders.0.via: with results: below needs host",
        ),
        ("borders: [{id: mx.test}, {id: MX.test}]", "borders.1.id: is named twice, with the same host"),
        ("borders: [{id: mx.test}, {id: mx.test., results: below}]", "borders.1.id: is named twice"),
        (
            "borders: [{id: a.test, host: a.test}, {id: b.test}, {id: a.test, host: A.test.}]",
            "borders.2.id: is named twice",
        ),
        ("trusted_authserv_ids: [mx.test, mx.test]", "trusted_authserv_ids.1: is named twice"),
        ("borders: [{id: exchange-online}]", "borders.0.id: is Exchange Online's: set exchange_online: true"),
        ("trusted_authserv_ids: [Exchange-Online]", "trusted_authserv_ids.0: is Exchange Online's"),
        ("borders: [{id: mx.test/4F2A}]", "borders.0.id: is not an authserv-id: one word of letters, digits"),
        ("borders: [{id: mx.test/4F2A}]", "without the number of its job"),
        ("borders: [{id: mx.test, host: mx.exämple.test}]", "xn--"),
        (
            "borders: [{id: mx.test, via: [203.0.113.24/24]}]",
            "write the one, or 203.0.113.0/24 for the other",
        ),
        ("borders: [{id: mx.test, via: ['::ffff:203.0.113.24/120']}]", "an address within a network"),
        ("borders: [{id: mx.test, via: [0.0.0.0/0]}]", "holds addresses that are not yours"),
        ("borders: [{id: mx.test, via: ['::/0']}]", "holds addresses that are not yours"),
        ("borders: [{id: mx.test, via: ['::ffff:0:0/96']}]", "holds addresses that are not yours"),
        ("borders: [{id: mx.test, via: [gw.test]}]", "neither an IP address nor a network"),
    ],
)
def test_what_has_no_effect_is_a_fault_with_its_cure(members: str, said: str) -> None:
    (fault,) = faults_of(members)
    assert said in fault


@pytest.mark.parametrize(
    "members",
    [
        f"{BELOW}, submission: true}}]",
        f"{BELOW}}}, {{id: b.test}}]",
        "require: auth, trusted_authserv_ids: [mx.test]",
        "require: dmarc, borders: [{id: mx.test, results: below}]",
        "borders: [{id: mx.test, host: a.test, via: [203.0.113.24]}, {id: mx.test, host: b.test}]",
        "borders: [{id: mx.test, via: [203.0.113.24]}]",
        "borders: [{id: mx.test, host: a.test, results: below, via: [203.0.113.24]}]",
    ],
)
def test_what_has_one_is_none(members: str) -> None:
    assert faults_of(members) == []


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("203.0.113.24/32", "203.0.113.24"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("'::ffff:203.0.113.0/120'", "203.0.113.0/24"),
        ("'2001:db8::/32'", "2001:db8::/32"),
    ],
)
def test_a_network_is_normalised(written: str, taken: str) -> None:
    (found,) = rules_without_dns(settings_of(f"borders: [{{id: mx.test, via: [{written}]}}]")).borders
    assert found.via == (taken,)


def test_a_name_and_an_address_mean_the_same_in_each_spelling() -> None:
    border = "{id: MX.test., host: GW.test., via: ['::ffff:203.0.113.24', '2001:DB8::0:1']}"
    (found,) = rules_without_dns(settings_of(f"borders: [{border}]")).borders
    assert found == Border("mx.test", "gw.test", via=("203.0.113.24", "2001:db8::1"))
    (short,) = rules_without_dns(settings_of("trusted_authserv_ids: [MX.test.]")).borders
    assert short == Border("mx.test")
