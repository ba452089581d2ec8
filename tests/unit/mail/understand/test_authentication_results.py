"""The receiving server's word about the sender counts, the sender's own word does not."""

from __future__ import annotations

import base64

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from flexmaild.core.model import AuthResult
from flexmaild.mail.understand.rules import Rules
from tests.unit.mail.mails import OWN, mail, read

RULES = Rules.of(OWN, trusted_authserv_ids=["MX.corp.test"])
EXCHANGE = Rules.of(OWN, exchange_online=True)
RECEIVED = "Received: from a by mx.corp.test; Fri, 20 Nov 2026 10:15:00 +0000"
PASS = "Authentication-Results: mx.corp.test; dmarc=pass header.from=corp.test"


def results(*fields: str, rules: Rules = RULES) -> list[tuple[str, str, str]]:
    return [(r.method, r.result, r.domain) for r in read(mail(*fields), rules).auth_results]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((PASS, RECEIVED), [("dmarc", "pass", "corp.test")]),
        ((PASS.replace("mx.corp", "MX.CORP"), RECEIVED), [("dmarc", "pass", "corp.test")]),
        ((PASS.replace("mx.corp.test", "evil.test"), RECEIVED), []),
        ((PASS,), []),
        ((RECEIVED,), []),
        ((PASS.replace("pass", "fail"), RECEIVED, PASS), [("dmarc", "fail", "corp.test")]),
        (("Authentication-Results: mx.corp.test; none", RECEIVED, PASS), []),
        (("Authentication-Results: mx.corp.test; ((((", RECEIVED, PASS), []),
        (("Authentication-Results: mx.corp.test; dmarc=pass" + " x" * 5000, RECEIVED, PASS), []),
        ((PASS + "; dmarc=fail header.from=corp.test", RECEIVED), [("dmarc", "fail", "corp.test")]),
        ((PASS + "; dmarc=permerror header.from=corp.test", RECEIVED), [("dmarc", "permerror", "corp.test")]),
        ((PASS + "; dmarc=pass header.from=evil.test", RECEIVED), [("dmarc", "pass", "")]),
        (
            (
                "Authentication-Results: mx.corp.test 1; spf=pass smtp.mailfrom=ann@Corp.Test;"
                " dkim=pass header.d=corp.test header.s=a (2048-bit; dmarc=pass)",
                RECEIVED,
            ),
            [("spf", "pass", "corp.test"), ("dkim", "pass", "corp.test")],
        ),
        (
            (
                'Authentication-Results: mx.corp.test; dkim=fail reason="dmarc=pass header.from=corp.test"',
                RECEIVED,
            ),
            [("dkim", "fail", "")],
        ),
    ],
)
def test_only_the_topmost_trusted_field_counts_and_its_worst_result(
    fields: tuple[str, ...], expected: list[tuple[str, str, str]]
) -> None:
    assert results(*fields) == expected


NAMELESS = (
    "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=corp.test; dkim=pass"
    " (signature was verified) header.d=corp.test;"
    "dmarc=pass action=none header.from=corp.test;compauth=pass reason=100"
)


def test_exchange_online_s_nameless_field_counts_only_where_it_is_configured_and_on_top() -> None:
    assert ("dmarc", "pass", "corp.test") in results(NAMELESS, RECEIVED, rules=EXCHANGE)
    assert read(mail(NAMELESS, RECEIVED), EXCHANGE).auth_results[0] == AuthResult(
        "exchange-online", "spf", "pass", "corp.test"
    )
    assert results(NAMELESS, RECEIVED) == []
    forged = NAMELESS.replace("dmarc=pass", "dmarc=fail")
    assert ("dmarc", "fail", "corp.test") in results(forged, RECEIVED, NAMELESS, rules=EXCHANGE)
    assert len(results(forged, RECEIVED, NAMELESS, rules=EXCHANGE)) == 4


def test_internal_is_exchange_online_s_word_given_once() -> None:
    field = "X-MS-Exchange-Organization-AuthAs: Internal"
    assert read(mail(field), EXCHANGE).internal
    assert not read(mail(field), RULES).internal
    assert not read(mail(field, field), EXCHANGE).internal
    assert not read(mail("X-MS-Exchange-Organization-AuthAs: Anonymous"), EXCHANGE).internal


KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)
HEADERS = (b"from", b"subject", b"date", b"content-type")
VERIFYING = Rules.of(OWN, verify_dkim=True)


def lookup(name: bytes) -> bytes | None:
    return b"v=DKIM1; p=" + base64.b64encode(PUBLIC) if name == b"sel._domainkey.corp.test." else None


def signed(headers: tuple[bytes, ...] = HEADERS, **more: object) -> bytes:
    data = mail("Subject: x", "Date: Fri, 20 Nov 2026 10:15:00 +0000", body="Approve\n").replace(
        b"\n", b"\r\n"
    )
    return dkim.sign(data, b"sel", b"corp.test", PEM, include_headers=list(headers), **more) + data


def test_a_signature_over_everything_that_matters_is_verified() -> None:
    assert read(signed(), VERIFYING, lookup=lookup).dkim_domains == ("corp.test",)
    assert read(signed(), RULES, lookup=lookup).dkim_domains == ()
    assert read(signed(), VERIFYING).dkim_domains == ()


def test_one_key_is_asked_for_by_the_name_in_the_signature() -> None:
    asked: list[str] = []
    read(signed(), VERIFYING, lookup=lambda name: asked.append(name.decode()))
    assert asked == ["sel._domainkey.corp.test."]


def test_a_signature_that_leaves_something_open_is_worth_nothing() -> None:
    assert read(signed(length=True), VERIFYING, lookup=lookup).dkim_domains == ()
    assert read(signed(HEADERS[:1]), VERIFYING, lookup=lookup).dkim_domains == ()
    assert read(signed().replace(b"Approve", b"Reject!"), VERIFYING, lookup=lookup).dkim_domains == ()
    assert read(signed(), VERIFYING, lookup=lambda name: None).dkim_domains == ()
