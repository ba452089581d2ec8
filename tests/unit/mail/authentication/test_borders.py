"""The receiving server's word about the sender counts, the sender's own word does not."""

import pytest

from flexmaild.core.approval.proof import proof_of
from flexmaild.core.parsed_reply import AuthResult
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.mails import OWN, mail, read

RULES = Rules.of(OWN, borders=[Border("mx.corp.test")])
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
                "DKIM-Signature: v=1; d=corp.test; s=a; h=from; b=x",
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
def test_only_what_the_border_wrote_counts_and_the_worst_of_it(
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
    assert len(results(forged, RECEIVED, NAMELESS, rules=EXCHANGE)) == 3
    signed = "DKIM-Signature: v=1; d=corp.test; s=a; h=from; b=x"
    assert ("dkim", "pass", "corp.test") in results(NAMELESS, RECEIVED, signed, rules=EXCHANGE)


def test_internal_is_exchange_online_s_word_given_once() -> None:
    field = "X-MS-Exchange-Organization-AuthAs: Internal"
    assert read(mail(field), EXCHANGE).internal
    assert not read(mail(field, sender="ann@other.test"), EXCHANGE).internal
    assert not read(mail(field), RULES).internal
    assert not read(mail(field, field), EXCHANGE).internal
    assert not read(mail("X-MS-Exchange-Organization-AuthAs: Anonymous"), EXCHANGE).internal


ABOVE = "Authentication-Results: mx.corp.test; dmarc=pass header.from=corp.test"
OUTSIDE = "Received: from out.test (out.test [192.0.2.7]) by mx.corp.test (Postfix) with ESMTP id A; now"
LMTP = "Received: from mx.corp.test by mx.corp.test with LMTP id B; now"
BACK = "Received: from localhost (localhost [127.0.0.1]) by mx.corp.test (Postfix) with ESMTP id C; now"
FILTER = "Received: from mx.corp.test ([127.0.0.1]) by localhost (amavis, port 10024) with ESMTP id D; now"
INNER = "Received: from gw.corp.test (gw.corp.test [10.0.0.1]) by in.corp.test (Postfix) with ESMTP id E; now"
PAST = "Received: from gw.corp.test (out.test [192.0.2.7]) by in.corp.test (Postfix) with ESMTP id F; now"
GATE = "Received: from out.test (out.test [192.0.2.7]) by gw.corp.test with ESMTPS id G; now"
GATES = ABOVE.replace("mx.", "gw.")
USER = "Received: from pc (pc [10.0.0.9]) by mx.corp.test (Postfix) with ESMTPSA id H; now"
LOGGED_IN = "Authentication-Results: mx.corp.test; auth=pass smtp.auth=ann@corp.test smtp.mailfrom=x@y.test"


@pytest.mark.parametrize(
    ("border", "fields", "proof", "faults"),
    [
        (Border("mx.corp.test"), (ABOVE, OUTSIDE), "dmarc", 0),
        (Border("mx.corp.test"), (OUTSIDE, ABOVE), "reference", 1),
        (Border("mx.corp.test"), (LMTP, ABOVE, OUTSIDE), "dmarc", 0),
        (Border("mx.corp.test"), (BACK, FILTER, ABOVE, OUTSIDE), "dmarc", 0),
        (Border("mx.corp.test"), (BACK, FILTER, OUTSIDE, ABOVE), "reference", 1),
        (Border("mx.corp.test", "MX2.corp.test".lower()), (ABOVE, OUTSIDE), "reference", 1),
        (Border("mx.corp.test", "*.corp.test"), (ABOVE, OUTSIDE), "dmarc", 0),
        (Border("gw.corp.test", "gw.corp.test"), (INNER, GATES, GATE), "dmarc", 0),
        (Border("gw.corp.test"), (INNER, GATES, GATE), "reference", 1),
        (Border("gw.corp.test", "gw.corp.test"), (PAST, GATES, GATE), "reference", 0),
        (Border("gw.corp.test", "gw.corp.test", via=("192.0.2.7",)), (PAST, GATES, GATE), "dmarc", 0),
        (Border("mx.corp.test", results="below"), (OUTSIDE, ABOVE), "dmarc", 0),
        (Border("mx.corp.test", results="below"), (OUTSIDE, ABOVE, ABOVE), "reference", 1),
        (Border("mx.corp.test", results="below"), (ABOVE, OUTSIDE), "reference", 1),
        (Border("mx.corp.test", results="below"), (USER, ABOVE), "reference", 0),
        (Border("mx.corp.test", results="below"), (USER, LOGGED_IN), "reference", 0),
        (Border("mx.corp.test", results="below", submission=True), (USER, LOGGED_IN), "auth", 0),
        (Border("mx.corp.test", results="below", submission=True), (USER, ABOVE), "reference", 0),
        (Border("mx.corp.test"), (LOGGED_IN, USER), "auth", 0),
        (Border("mx.corp.test"), (LOGGED_IN.replace("ann@", "eve@"), USER), "reference", 0),
        (Border("mx.corp.test"), (LOGGED_IN, OUTSIDE), "reference", 0),
        (
            Border("mx.corp.test"),
            (ABOVE.replace("mx.corp.test;", "mx.corp.test\x0b;"), OUTSIDE),
            "reference",
            1,
        ),
        (Border("mx.corp.test"), (ABOVE + ' (a "b)', OUTSIDE), "reference", 1),
        (Border("mx.corp.test"), (ABOVE + "; x=" + "y" * 9000, OUTSIDE), "reference", 1),
        (Border("mx.corp.test"), (ABOVE, OUTSIDE, "Received-SPF: Pass"), "reference", 1),
        (Border("mx.corp.test"), (ABOVE + "; spf=pass smtp.mailfrom=x@corp.test", OUTSIDE), "dmarc", 0),
    ],
)
def test_results_count_by_who_wrote_them(
    border: Border, fields: tuple[str, ...], proof: str, faults: int
) -> None:
    reading = read(mail(*fields), Rules.of(OWN, borders=[border]))
    assert (proof_of(reading), len(reading.auth_faults)) == (proof, faults)


@pytest.mark.parametrize(
    "client",
    [
        "[127.0.0.1] (out.test [192.0.2.7])",
        "[IPv6:::1] (unknown [192.0.2.7])",
        "[127.0.0.1]",
        "localhost (localhost [127.0.0.1]) (out.test [192.0.2.7])",
        "[127.0.0.1] (helo=x) (out.test [192.0.2.7])",
        "out.test ([192.0.2.7] helo=[127.0.0.1])",
        "[192.0.2.7] (helo=[127.0.0.1])",
        "x (out.test [192.0.2.7] helo=[127.0.0.1])",
    ],
)
def test_what_a_client_calls_itself_makes_no_local_step(client: str) -> None:
    """Else the hop below, which the client brought along with results of its own, were the border's."""
    taken_over = f"Received: from {client} by mx.corp.test (Postfix) with ESMTP id A; now"
    reading = read(mail(taken_over, ABOVE, OUTSIDE), RULES)
    assert proof_of(reading) == "reference"
    assert proof_of(read(mail(ABOVE, taken_over), RULES)) == "dmarc"


@pytest.mark.parametrize("end", ["", " by mx.corp.test", " by mx.corp.test (Postfix) with LMTP"])
@pytest.mark.parametrize(
    "more", [";", "; now", " via", " for", " id", " id 1 for", " with", "; (", " via x", ""]
)
def test_nor_does_a_greeting_with_clauses_of_its_own(end: str, more: str) -> None:
    greeting = f"x (localhost [127.0.0.1]){end}{more}"
    for rest in (" id A", " id A for <a@b.test>", ""):
        taken = f"from {greeting} (out.test [192.0.2.7])\tby mx.corp.test (Postfix) with ESMTP{rest}"
        reading = read(mail(f"Received: {taken}; now", ABOVE, OUTSIDE), RULES)
        assert proof_of(reading) == "reference"


def test_a_host_s_own_address_is_a_local_step_in_exim_s_words_too() -> None:
    for client in ("localhost ([127.0.0.1] helo=x)", "[127.0.0.1] (helo=x)", "x (localhost [::1])"):
        back = f"Received: from {client} by mx.corp.test with esmtp (Exim 4.96); now"
        assert proof_of(read(mail(back, ABOVE, OUTSIDE), RULES)) == "dmarc"


def test_a_mail_of_local_steps_alone_proves_nothing() -> None:
    reading = read(mail(BACK, ABOVE), RULES)
    assert (proof_of(reading), len(reading.auth_faults)) == ("reference", 1)


SIGNED = "DKIM-Signature: v=1; d=corp.test; s=a; h=from; b=abcdef"
DKIM = "Authentication-Results: mx.corp.test; dkim=pass header.d=corp.test"


@pytest.mark.parametrize(
    ("field", "signatures", "is_proven"),
    [
        (DKIM, (SIGNED,), True),
        (DKIM, (), False),
        (DKIM, (SIGNED.replace("corp", "evil"),), False),
        (DKIM + " header.s=a header.b=abc", (SIGNED,), True),
        (DKIM + " header.s=a header.b=zzz", (SIGNED,), False),
        (DKIM, (SIGNED.replace("v=1;", "v=1; l=3;"),), False),
        (DKIM, (SIGNED, "Subject: a", "Subject: b"), False),
        (DKIM, (SIGNED.replace("h=from", "h=from:subject:subject"), "Subject: a", "Subject: b"), True),
        (DKIM + "; dkim=fail header.d=list.test", (SIGNED, SIGNED.replace("corp", "list")), True),
        (DKIM + "; dkim=fail header.d=list.test", (SIGNED,), False),
        (DKIM + " header.b=abc; dkim=fail header.d=corp.test header.b=zzz", (SIGNED,), False),
        (
            DKIM + " header.b=abc; dkim=fail header.d=corp.test header.b=zzz",
            (SIGNED, SIGNED.replace("abcdef", "zzz")),
            True,
        ),
        # Of the same key, or by a border that names neither selector nor value (dkimpy-milter).
        (DKIM + "; dkim=fail header.d=corp.test", (SIGNED, SIGNED.replace("abcdef", "zzz")), True),
        (DKIM + "; dkim=neutral header.d=corp.test", (SIGNED, SIGNED.replace("s=a", "s=b")), True),
        (
            DKIM + " header.s=a; dkim=fail header.d=corp.test header.s=a",
            (SIGNED, SIGNED.replace("abcdef", "zzz")),
            True,
        ),
        (
            DKIM + " header.s=a; dkim=fail header.d=corp.test header.s=a",
            (SIGNED, SIGNED, SIGNED.replace("s=a", "s=b")),
            False,
        ),
        (DKIM + "; dkim=fail header.d=corp.test", (SIGNED,), False),
        (DKIM + "; dkim=fail header.d=corp.test", (SIGNED, SIGNED), False),
        (DKIM + "; dkim=fail header.d=corp.test", (SIGNED, SIGNED.replace("v=1;", "v=1; l=3;")), False),
        (DKIM.replace("d=corp", "d=sub.corp"), (SIGNED.replace("d=corp", "d=sub.corp"),), False),
        (DKIM.replace("d=corp.test", "d=test"), (SIGNED.replace("d=corp.test", "d=test"),), False),
    ],
)
def test_one_signature_of_the_sender_s_domain_that_passed_and_is_there_suffices(
    field: str, signatures: tuple[str, ...], is_proven: bool
) -> None:
    assert (proof_of(read(mail(field, OUTSIDE, *signatures))) == "dkim") is False  # nobody is trusted
    assert (proof_of(read(mail(field, OUTSIDE, *signatures), RULES)) == "dkim") is is_proven


def test_a_department_signs_with_its_company_s_key() -> None:
    assert proof_of(read(mail(DKIM, OUTSIDE, SIGNED, sender="ann@dep.corp.test"), RULES)) == "dkim"


@pytest.mark.parametrize(
    ("sender", "signer"),
    [
        ("ann@corp.test", "dep.corp.test"),
        ("ann@dep.corp.test", "lent.corp.test"),
        ("ann@corp.co.uk", "co.uk"),
        ("ann@corp.github.io", "github.io"),
        ("ann@city.kawasaki.jp", "kawasaki.jp"),
        ("ann@corp.test", "test"),
    ],
)
def test_neither_one_below_or_beside_nor_a_registry_does(sender: str, signer: str) -> None:
    """As far as `dkim=pass` goes, without anybody's having read the DMARC record."""
    fields = (DKIM.replace("corp.test", signer).replace(f"mx.{signer}", "mx.corp.test"), OUTSIDE)
    signed = SIGNED.replace("corp.test", signer)
    assert proof_of(read(mail(*fields, signed, sender=f"eve@{signer}"), RULES)) == "dkim"
    assert proof_of(read(mail(*fields, signed, sender=sender), RULES)) == "reference"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((), "no Authentication-Results field"),
        ((PASS, RECEIVED), "mx.corp.test: dmarc=pass"),
        (
            ("Authentication-Results: a.test; dmarc=pass", RECEIVED),
            "no field of a border; fields of a.test (1)",
        ),
        ((LOGGED_IN, OUTSIDE), "nothing that counts in the field of mx.corp.test"),
        (
            ("Authentication-Results: mx.corp.test; none", RECEIVED),
            "nothing that counts in the field of mx.corp.test",
        ),
        (
            (LOGGED_IN, OUTSIDE, "Authentication-Results: a.test; dmarc=pass"),
            "nothing that counts in the field of mx.corp.test; fields of a.test (1)",
        ),
    ],
)
def test_who_has_to_find_out_why_nothing_is_proven_is_told_what_is_there(
    fields: tuple[str, ...], said: str
) -> None:
    assert read(mail(*fields), RULES).auth_fields == said
