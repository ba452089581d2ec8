"""What gateways and the servers behind them write is read; the same, brought along past them, is not."""

import pytest

from flexmaild.core.approval.proof import failed_dmarc, proof_of
from flexmaild.mail.authentication.arrivals import results_fields
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.parse.header import parse_header
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.authentication.test_honest_shapes import EVIL, OK, OUT, SIGNED, judged, received, results
from tests.unit.mail.mails import OWN, mail, read

GW = "gw.example.test"
GATEWAY = Border(GW, GW, via=("203.0.113.24",))
AT_GATEWAY = (results(GW), received(f"{OUT} by {GW} (Postfix) with ESMTPS id 4"))


@pytest.mark.parametrize(
    "inner",
    [
        # Exchange, qmail, Courier, Exim with log_selector incoming_port, fetchmail.
        f"from {GW} ({{}}) by EX1 (10.1.2.4) with Microsoft SMTP Server id 15 via Frontend Transport",
        f"from {GW} (HELO {GW}) ({{}}) by in.test with SMTP",
        "from unknown (HELO x) ({}) by in.test with SMTP",
        f"from {GW} ([::ffff:{{}}]) (TLS: TLSv1.3,256bits) by in.test with ESMTPS",
        f"from x ({GW} [IPv6:::ffff:{{}}]) by in.test with ESMTPS",
        f"from [{{}}] (port=50000 helo={GW}) by in.test with esmtps (TLS1.3) (Exim 4.96) id 1",
        "from [{}] (port=50000) by in.test with esmtps (Exim 4.96) id 1",
        "from pop.example.test [{}] by localhost with POP3 (fetchmail-6.4.37) for <a@localhost>",
        "from pop.example.test [{}] by localhost with IMAP (fetchmail-6.4.37) for <a@localhost>",
    ],
)
def test_the_address_that_the_inner_server_saw_is_read(inner: str) -> None:
    assert judged(GATEWAY, received(inner.format("203.0.113.24")), *AT_GATEWAY) == ("dmarc", False)
    past = received(inner.format("198.51.100.6"))
    assert judged(GATEWAY, past, *AT_GATEWAY)[0] == "reference"
    assert judged(Border(GW, GW), received(inner.format("203.0.113.24")), *AT_GATEWAY)[0] == "reference"


@pytest.mark.parametrize(
    "client",
    [
        "[203.0.113.24] (port=50000)",
        "[203.0.113.24] (helo=x)",
        "gw (203.0.113.24) (198.51.100.6)",
        "gw (203.0.113.24) (evil.test [198.51.100.6])",
        "gw (203.0.113.24) (u@198.51.100.6)",
        "203.0.113.24 (evil.test)",
        "[203.0.113.24] (evil.test)",
        "evil (HELO 203.0.113.24) (198.51.100.6)",
        "evil (HELO x) (203.0.113.24) (198.51.100.6)",
        "evil (HELO x) (y) (203.0.113.24)",
        "evil (HELO [203.0.113.24]) (198.51.100.6)",
        "evil (HELO x) ([203.0.113.24]) (198.51.100.6)",
        "gw ([203.0.113.24]) (198.51.100.6)",
        "gw (x 203.0.113.24)",
        "[203.0.113.24] (port=1) (evil.test [198.51.100.6])",
        "[203.0.113.24] (port=1 x)",
        "[203.0.113.24] (x port=1)",
        "[203.0.113.24] (port=1 helo=x) (203.0.113.24)",
        "gw [203.0.113.24] (evil.test [198.51.100.6])",
        "gw [203.0.113.24]",
        "gw x [203.0.113.24]",
    ],
)
def test_what_a_client_calls_itself_is_no_address(client: str) -> None:
    inner = received(f"from {client} by in.test with ESMTP id 1")
    assert judged(GATEWAY, inner, *AT_GATEWAY)[0] == "reference"


@pytest.mark.parametrize("client", ["gw [203.0.113.24] (x)", "gw x [203.0.113.24]", "gw 203.0.113.24"])
def test_nor_where_a_program_fetched_the_mail(client: str) -> None:
    fetched = received(f"from {client} by localhost with POP3 (fetchmail) for <a@localhost>")
    assert judged(GATEWAY, fetched, *AT_GATEWAY)[0] == "reference"


@pytest.mark.parametrize(
    "client", ["localhost (localhost [::ffff:127.0.0.1])", "unknown (HELO x) (127.0.0.1)"]
)
def test_a_local_step_by_another_spelling_of_the_same_address(client: str) -> None:
    step = received(f"from {client} by {GW} with ESMTP")
    assert judged(Border(GW), step, *AT_GATEWAY) == ("dmarc", False)
    for seen in ("(evil.test [198.51.100.6])", "(198.51.100.6)"):
        taken = received(f"from {client} {seen} by {GW} with ESMTP")
        assert judged(Border(GW), taken, *AT_GATEWAY)[0] == "reference"


@pytest.mark.parametrize("said", ["from network", "by alias"])
def test_qmail_s_own_step_names_no_host(said: str) -> None:
    step = received(f"(qmail 8453 invoked {said})")
    inner = received(f"from {GW} (HELO {GW}) (203.0.113.24) by in.test with SMTP")
    assert judged(GATEWAY, step, inner, *AT_GATEWAY) == ("dmarc", False)
    assert judged(GATEWAY, step, inner, step, *AT_GATEWAY)[0] == "reference"
    assert (
        judged(GATEWAY, step, received(f"{EVIL} by in.test with SMTP"), step, inner, *AT_GATEWAY)[0]
        == "reference"
    )


@pytest.mark.parametrize(
    "said", ["(qmail 1 invoked by uid 33)", "(qmail 1 invoked from network) x", "(x)", ""]
)
def test_a_program_that_hands_in_a_mail_is_no_such_step(said: str) -> None:
    """It may bring a whole block, also through what is no network."""
    assert judged(Border(GW), received(said), *AT_GATEWAY)[0] == "reference"


def test_what_qmail_says_that_a_user_handed_in_is_a_step_only_if_via_holds_the_host_itself() -> None:
    step = received("(qmail 8453 invoked by uid 89)")
    inner = received(f"from {GW} (HELO {GW}) (203.0.113.24) by in.test with SMTP")
    for host in (GW, ""):
        border = Border(GW, host, via=("203.0.113.24", "127.0.0.1"))
        assert judged(border, step, inner, *AT_GATEWAY) == ("dmarc", False)
        past = received(f"{EVIL} by in.test with SMTP")
        assert judged(border, step, past, step, inner, *AT_GATEWAY)[0] == "reference"
        assert judged(border, past, step, inner, *AT_GATEWAY)[0] == "reference"
        assert judged(border, received("(qmail 1 invoked by uid 89) (x)"), *AT_GATEWAY)[0] == "reference"
    assert judged(GATEWAY, step, inner, *AT_GATEWAY)[0] == "reference"


AMAVIS = (
    received(f"from localhost (localhost [127.0.0.1]) by {GW} (Postfix) with ESMTP id 2"),
    received(
        f"from {GW} ([127.0.0.1]) by localhost ({GW} [127.0.0.1]) (amavisd-new, port 10024) with ESMTP id 3"
    ),
)
INNER = received(f"from {GW} ({GW} [203.0.113.24]) by in.test (Postfix) with ESMTPS id 1")
FILTERED = Border(GW, GW, via=("203.0.113.24", "127.0.0.1"))


def test_a_gateway_that_has_the_mail_back_from_its_own_filter_took_it_over_before() -> None:
    assert judged(FILTERED, INNER, *AMAVIS, *AT_GATEWAY) == ("dmarc", False)
    # Only where the settings say that it hands mail to itself: behind a proxy all clients seem to be itself.
    assert judged(GATEWAY, INNER, *AMAVIS, *AT_GATEWAY)[0] == "reference"
    assert judged(GATEWAY, INNER, results(GW), AMAVIS[0]) == ("dmarc", False)
    own = received(f"{EVIL} by {GW} (Postfix) with ESMTPS id 4")
    assert judged(FILTERED, INNER, *AMAVIS, own, *AMAVIS, *AT_GATEWAY)[0] == "reference"
    past = INNER.replace(f"({GW} [203.0.113.24]", "(evil.test [198.51.100.6]")
    assert judged(FILTERED, past, *AMAVIS, *AT_GATEWAY)[0] == "reference"
    greeting = received(
        f"from localhost (localhost [127.0.0.1]) (evil.test [198.51.100.6]) by {GW} with ESMTP id 4"
    )
    assert judged(FILTERED, INNER, greeting, *AT_GATEWAY)[0] == "reference"


PROOFPOINT = "mx0a-1.pphosted.com"
AT_PROOFPOINT = (
    received(f"from {PROOFPOINT} ({PROOFPOINT} [203.0.113.24]) by in.test (Postfix) with ESMTPS id 1"),
    received(
        f"from pps.filterd (m009.ppops.net [127.0.0.1]) by {PROOFPOINT} (8.17.1.19/8.17.1.19) with ESMTP id w"
    ),
)


def test_proofpoint_has_the_mail_back_from_its_filter_without_a_second_step() -> None:
    border = Border("example.test", "*.pphosted.com", via=("127.0.0.1",))
    taken = received(f"{OUT} by {PROOFPOINT} (PPS) with ESMTPS id 2hwx-1")
    own = received(f"{EVIL} by {PROOFPOINT} (PPS) with ESMTPS id 2hwx-1")
    brought = (results("example.test"), taken)
    assert judged(border, *AT_PROOFPOINT, *brought) == ("dmarc", False)
    assert judged(border, *AT_PROOFPOINT, own, *AT_PROOFPOINT, *brought)[0] == "reference"
    assert judged(border, *AT_PROOFPOINT, own, *brought)[0] == "reference"


@pytest.mark.parametrize("lines", [(INNER, *AMAVIS, *AT_GATEWAY), (*AT_PROOFPOINT, *AT_GATEWAY)])
def test_what_would_believe_such_a_gateway_is_proposed(lines: tuple[str, ...]) -> None:
    found = results_fields(parse_header("\n".join(lines).replace(PROOFPOINT, GW).encode()), (), False, 4096)
    assert found[0].entry == Border(GW, GW, via=("203.0.113.24", "127.0.0.1"))
    assert not found[0].is_receivers


ESA = "esa1.example.test"
AT_ESA = received(f"from out.corp.test ([192.0.2.9]) by {ESA} with ESMTP/TLS/ECDHE-RSA-AES256-GCM-SHA384")
FROM_ESA = received(f"from {ESA} ({ESA} [10.1.1.1]) by in.test (Postfix) with ESMTPS id 1")
MAIL_FROM = "spf=Pass smtp.mailfrom=ann@corp.test"


@pytest.mark.parametrize(
    ("said", "proof"),
    [
        (
            f"{MAIL_FROM}; spf=None smtp.helo=a@out.corp.test; dmarc=pass (p=none) d=corp.test",
            "dmarc",
        ),
        ("dmarc=pass (p=none dis=none) d=corp.test", "dmarc"),
        ("dmarc=pass (p=none dis=none) d=evil.test", "reference"),
        ("dmarc=pass d=corp.test header.from=evil.test", "reference"),
        ("dmarc=pass d=corp.test; dmarc=pass d=evil.test", "reference"),
        ("dmarc=fail (p=none dis=none) d=corp.test", "reference"),
    ],
)
def test_the_domain_that_passed_may_be_called_d(said: str, proof: str) -> None:
    assert judged(Border(ESA, ESA), FROM_ESA, results(ESA, said), AT_ESA)[0] == proof
    assert (
        judged(Border(ESA, ESA), received(f"{EVIL} by in.test"), results(ESA, said), AT_ESA)[0] == "reference"
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"{MAIL_FROM}; spf=None smtp.helo=postmaster@out.test", ("pass", "corp.test")),
        (f"{MAIL_FROM}; spf=Pass smtp.helo=postmaster@out.test", ("pass", "corp.test")),
        (f"spf=None smtp.helo=out.test; {MAIL_FROM}", ("pass", "corp.test")),
        (f"{MAIL_FROM}; spf=Fail smtp.helo=out.test", ("fail", "out.test")),
        (f"{MAIL_FROM}; spf=None smtp.mailfrom=evil.test", ("none", "evil.test")),
        (f"{MAIL_FROM}; spf=Pass smtp.mailfrom=evil.test", ("pass", "")),
        (f"{MAIL_FROM}; spf=Pass", ("pass", "")),
        ("spf=Pass smtp.helo=out.test", ("pass", "out.test")),
    ],
)
def test_spf_of_a_greeting_says_nothing_beside_that_of_the_envelope(
    said: str, shown: tuple[str, str]
) -> None:
    found = read(mail(FROM_ESA, results(ESA, said), AT_ESA), Rules.of(OWN, borders=[Border(ESA, ESA)]))
    assert [(r.result, r.domain) for r in found.auth_results if r.method == "spf"] == [shown]


def test_what_an_appliance_wrote_at_an_earlier_passage_is_no_evidence() -> None:
    again = received(f"from f.other.test ([192.0.2.9]) by {ESA} with ESMTP")
    border, field = Border(ESA, ESA), results(ESA, OK)
    assert judged(border, FROM_ESA, field, again, field, "IronPort-SDR: abc", AT_ESA) == ("dmarc", False)
    assert judged(border, FROM_ESA, again, field, "IronPort-SDR: abc", AT_ESA) == ("reference", False)
    assert judged(border, FROM_ESA, again, field, "Subject: abc", AT_ESA) == ("reference", True)


NETWORK, NETWORK_6 = ("203.0.113.0/24",), ("2001:db8:7::/48",)
INNER_6 = INNER.replace("[203.0.113.24]", "[IPv6:2001:db8:7::25]")


@pytest.mark.parametrize("host", [GW, ""])
@pytest.mark.parametrize(("inner", "via"), [(INNER, NETWORK), (INNER_6, NETWORK_6), (INNER, GATEWAY.via)])
def test_a_gateway_may_come_from_a_network_and_need_not_be_named(
    inner: str, via: tuple[str, ...], host: str
) -> None:
    border = Border(GW, host, via=via)
    inner = inner.replace("(Postfix)", "(Other)")
    assert judged(border, inner, *AT_GATEWAY) == ("dmarc", False)
    assert judged(border, inner, inner, *AT_GATEWAY) == ("dmarc", False)
    for stranger in ("198.51.100.6", "203.0.114.24", "IPv6:2001:db8:8::1", "IPv6:::1:cb00:7118"):
        past = received(f"from {GW} ({GW} [{stranger}]) by in.test (Other) with ESMTP id 1")
        assert judged(border, past, *AT_GATEWAY)[0] == "reference"
        assert judged(border, past, inner, *AT_GATEWAY)[0] == "reference"
        # What he brings may begin with what the gateway writes when it has nothing to say.
        assert judged(border, inner, received(f"{EVIL} by {GW}"), past, *AT_GATEWAY)[0] == "reference"
    own = received(f"{EVIL} by {GW} (Postfix) with ESMTPS id 5")
    assert judged(border, inner, own, inner, *AT_GATEWAY)[0] == "reference"
    assert judged(border, inner, own, *AT_GATEWAY)[0] == "reference"
    assert judged(border, inner, inner)[0] == "reference"
    assert judged(border, received("from x"), *AT_GATEWAY)[0] == "reference"


def test_a_gateway_that_is_not_named_may_have_filters_too() -> None:
    border = Border(GW, via=FILTERED.via)
    own = received(f"{EVIL} by {GW} (Postfix) with ESMTPS id 4")
    assert judged(border, INNER, *AMAVIS, *AT_GATEWAY) == ("dmarc", False)
    assert judged(border, INNER, *AMAVIS, own, *AMAVIS, *AT_GATEWAY)[0] == "reference"


@pytest.mark.parametrize("border", [Border(GW), Border(GW, GW), Border(GW, results="below")])
def test_opendkim_may_add_the_number_of_its_job_to_the_name(border: Border) -> None:
    took = received(f"{OUT} by {GW} (Postfix) with ESMTPS id 4")
    field, subject = results(f"{GW}/4F2A"), "Subject: x"
    fields = (took, field) if border.results == "below" else (field, took)
    assert judged(border, *fields) == ("dmarc", False)
    assert judged(border, took, subject, field) == ("reference", True)
    failed = results(GW, "dmarc=fail header.from=corp.test")
    assert judged(border, *(field.replace(results(f"{GW}/4F2A"), failed) for field in fields), field) == (
        "reference",
        True,
    )


IN = "in.test"
TWO = (Border(GW, GW, via=("203.0.113.24",)), Border(IN, IN))
AT_INNER, PAST = results(IN), received(f"{EVIL} by {IN} (Postfix) with ESMTP id 9")
FAILED = "dmarc=fail header.from=corp.test"


def judged_by_two(*fields: str) -> tuple[str, bool]:
    reading = read(mail(*fields, SIGNED), Rules.of(OWN, borders=TWO))
    shown = "reference" if failed_dmarc(reading) else proof_of(reading)
    return shown, bool(reading.auth_faults)


@pytest.mark.parametrize(
    "fields",
    [
        (AT_INNER, INNER, *AT_GATEWAY),
        # The inner one strips all others' results, or wrote nothing of this mail.
        (AT_INNER, INNER, AT_GATEWAY[1]),
        (INNER, *AT_GATEWAY),
        # What goes within the daemon, or straight to the inner server.
        (AT_INNER, received(f"{OUT} by {IN} (Postfix) with ESMTPS id 8")),
    ],
)
def test_two_hops_that_both_write_are_two_borders(fields: tuple[str, ...]) -> None:
    assert judged_by_two(*fields) == ("dmarc", False)


@pytest.mark.parametrize(
    "fields",
    [
        (results(IN, FAILED), INNER, *AT_GATEWAY),
        (AT_INNER, INNER, results(GW, FAILED), AT_GATEWAY[1]),
    ],
)
def test_the_worse_word_of_two_counts(fields: tuple[str, ...]) -> None:
    assert judged_by_two(*fields) == ("reference", False)


BY_GATEWAY = received(f"{EVIL} by {GW} (Postfix) with ESMTPS id 4")


@pytest.mark.parametrize("said", [(), (results(IN, "dmarc=none"),), (results(IN, FAILED),)])
@pytest.mark.parametrize(
    "brought",
    [
        # Past the gateway, and through it, where it strips its own fields alone.
        (PAST, *AT_GATEWAY),
        (PAST, results(GW)),
        (PAST, results(GW), AT_INNER),
        (PAST, INNER, *AT_GATEWAY),
        (PAST, AT_INNER, INNER, *AT_GATEWAY),
        (PAST, AT_INNER, received(f"{OUT} by {IN} (Postfix) with ESMTPS id 8")),
        (INNER, BY_GATEWAY, AT_INNER),
        (INNER, BY_GATEWAY, AT_INNER, INNER, *AT_GATEWAY),
        (INNER, results(GW, "dmarc=none"), BY_GATEWAY, *AT_GATEWAY),
    ],
)
def test_a_field_of_either_that_an_outsider_brings_proves_nobody(
    said: tuple[str, ...], brought: tuple[str, ...]
) -> None:
    assert judged_by_two(*said, *brought)[0] == "reference"
