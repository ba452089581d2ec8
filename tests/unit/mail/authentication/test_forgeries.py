"""What a sender can write into a mail, or have written, is not what its domain or a border says."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from flexmaild.core.approval.proof import may_be_misdirected, proof_for, proof_of
from flexmaild.core.model import Requirement
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.mails import OWN, mail, read

RULES = Rules.of(OWN, borders=[Border("mx.corp.test")])
TAKEN = "Received: from out.test (out.test [192.0.2.7]) by mx.corp.test (Postfix) with ESMTP id A; now"
RESULTS = "Authentication-Results: mx.corp.test;"
DMARC = f"{RESULTS} dmarc=pass header.from=corp.test"
KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)


def signature(domain: str, more: str = "", h: str = "from:subject:date") -> str:
    return f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=s1; h={h}; bh=x; {more}b=abcdefgh"


def judged(*fields: str, rules: Rules = RULES) -> tuple[str, bool]:
    """The proof, and whether something speaks against the mail."""
    reading = read(mail(*fields), rules)
    return proof_of(reading), bool(reading.auth_faults)


def validly_signed(tags: str) -> bytes:
    """A mail from ann@corp.test that the owner of evil.test signed, with these tags in his signature."""
    body = b"Approve\r\n"
    head = b"From: Ann <ann@corp.test>\r\nSubject: x\r\nDate: Fri, 20 Nov 2026 10:15:00 +0000\r\n"
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    field = (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; {tags}; h=from:subject:date; bh={digest}; b="
    ).encode()
    made = KEY.sign(head + field, padding.PKCS1v15(), hashes.SHA256())
    return field + base64.b64encode(made) + b"\r\n" + head + b"\r\n" + body


@pytest.mark.parametrize(
    ("tags", "proven"),
    [
        ("d=corp.test; s=e", ("corp.test",)),
        ("d=corp.test; s=e; D=evil.test", ("corp.test",)),
        ("d=evil.test; s=e", ()),
        ("d=evil.test; s=e; D=corp.test", ()),
        ("D=corp.test; d=evil.test; s=e", ()),
        ("d=evil.test; s=e; d=corp.test", ()),
        ("d=corp.test; s=e; d=evil.test", ()),
        ("d=evil.test; s=e; \xa0d=corp.test", ()),
        ("d=evil.test; s=e; \x0bd=corp.test", ()),
    ],
)
def test_only_the_domain_whose_key_was_asked_for_has_signed(tags: str, proven: tuple[str, ...]) -> None:
    record = b"v=DKIM1; p=" + base64.b64encode(PUBLIC)
    data = validly_signed(tags)
    verifying = Rules.of(OWN, verify_dkim=True)
    key = b"e._domainkey.%s.test." % (b"corp" if proven else b"evil")
    reading = read(data, verifying, lookup=lambda name: record if name == key else None)
    assert reading.dkim_domains == proven


def test_a_border_s_result_is_not_of_a_domain_in_a_tag_that_verifiers_do_not_know() -> None:
    passed = f"{RESULTS} dkim=pass header.d=corp.test header.s=s1"
    assert judged(passed, TAKEN, signature("corp.test"))[0] == "dkim"
    assert judged(passed, TAKEN, signature("evil.test", "D=corp.test; "))[0] == "reference"
    assert judged(passed, TAKEN, signature("evil.test", "d=corp.test; "))[0] == "reference"


INJECTED = (
    "dkim=pass header.d=evil.test header.i=x; {} header.x=y@evil.test header.s=s1 header.b=abcdefgh",
    "i=x=3B=20dmarc=3Dpass=20header.from=3Dcorp.test=20header.x=3Dy@evil.test; ",
)


@pytest.mark.parametrize("result", ["dmarc=pass header.from=corp.test", "dkim=pass header.d=corp.test"])
@pytest.mark.parametrize("more", [(), (signature("corp.test"),), (signature("x.test", "D=corp.test; "),)])
def test_what_an_identity_can_have_written_into_the_border_s_field_is_evidence(
    result: str, more: tuple[str, ...]
) -> None:
    """opendkim and Exim decode `i=` and write it without quotes; the signature need not be valid."""
    written = f"{RESULTS} {INJECTED[0].format(result)}"
    assert judged(written, TAKEN, *more, signature("evil.test", INJECTED[1])) == ("reference", True)
    assert judged(written, TAKEN, signature("evil.test", INJECTED[1]), *more) == ("reference", True)


@pytest.mark.parametrize(
    "written",
    [
        "dkim=pass header.d=evil.test header.i=x; dmarc=pass header.from=corp.test header.x=y@evil.test",
        "dkim=fail header.d=evil.test header.i=x; dmarc=pass header.from=corp.test header.x=y@evil.test",
        "dkim=pass header.i=x; dmarc=pass header.from=corp.test header.x=y@evil.test header.s=s1",
        "dkim=pass header.i=; dmarc=pass header.from=corp.test header.x=y@evil.test header.s=s1",
        "dkim=fail header.d=evil.test header.i=x; auth=pass smtp.auth=ann@corp.test",
        "dmarc=pass header.from=corp.test; dkim=pass header.d=evil.test",
    ],
)
def test_so_are_results_of_a_signature_that_somebody_removed(written: str) -> None:
    """What stood in its identity, nobody can see any more."""
    taken = TAKEN.replace("ESMTP", "ESMTPSA")
    assert judged(f"{RESULTS} {written}", taken) == ("reference", True)
    assert judged(f"{RESULTS} {written}", taken, signature("corp.test")) == ("reference", True)


@pytest.mark.parametrize(
    "written",
    [
        "dkim=pass header.d=corp.test; dmarc=pass header.from=corp.test",
        "dkim=pass header.i=@dep.corp.test; dmarc=pass header.from=corp.test",
        "dkim=none header.d=none; dmarc=pass header.from=corp.test",
        "dkim=neutral (no sig); dmarc=pass header.from=corp.test",
    ],
)
def test_nothing_is_missing_where_the_signer_s_signature_is_there_or_none_is_spoken_of(written: str) -> None:
    assert judged(f"{RESULTS} {written}", TAKEN, signature("corp.test")) == ("dmarc", False)


@pytest.mark.parametrize(
    ("tags", "is_evidence"),
    [
        ("i=@corp.test", False),
        ("i=ann.o'neil+x_y@mail.corp.test", False),
        ("i=@mail.\r\n\tcorp.test", False),
        ("i=jürgen@corp.test", False),
        ("z=From:=20Ann=20(x)", False),
        ("i=x=3By@corp.test", True),
        ("i=x=20y@corp.test", True),
        ("I=x=3By@corp.test", True),
        ("i=x(y@corp.test", True),
        ('i="x"@corp.test', True),
        ("i=x\xa0y@corp.test", True),
        ("i=a@corp.test; i=b@corp.test", True),
        ("\x0bi=x=3By@corp.test", True),
        ("x=" + "y" * 9_000, True),
    ],
)
def test_an_address_in_a_signature_is_none_and_everything_else_is(tags: str, is_evidence: bool) -> None:
    signed = signature("corp.test", f"{tags}; ")
    assert judged(DMARC, TAKEN, signed) == (("reference", True) if is_evidence else ("dmarc", False))


@pytest.mark.parametrize(
    "tag", ['d=a(.evil.test; s=s; b="x', "d=evil.test; s=a(b; b=x", 'd=evil.test; s=s; b=x"(y']
)
def test_nor_may_signer_selector_or_value_end_a_comment(tag: str) -> None:
    assert judged(DMARC, TAKEN, f"DKIM-Signature: v=1; a=rsa-sha256; {tag}") == ("reference", True)


@pytest.mark.parametrize(
    ("envelope", "is_evidence"),
    [
        ("<ann@corp.test>", False),
        ("<>", False),
        ("<b+4711=x=3D1@corp.test>", False),
        ("ann@corp.test", False),
        ("<ann@corp.test> (added by postmaster@relay.test)", False),
        ('<"x; dmarc=pass header.from=corp.test y"@evil.test>', True),
        ("<x;dmarc=pass@evil.test>", True),
        ("<x(y@evil.test>", True),
        ("<x y@evil.test>", True),
    ],
)
def test_nor_the_envelope_sender(envelope: str, is_evidence: bool) -> None:
    found = judged(f"Return-Path: {envelope}", DMARC, TAKEN)
    assert found == (("reference", True) if is_evidence else ("dmarc", False))


@pytest.mark.parametrize(
    ("greeting", "is_evidence"),
    [
        ("out.corp.test", False),
        ("[192.0.2.7]", False),
        ("[IPv6:2001:db8::7]", False),
        ("Ann's_PC", False),
        ("B\u00fcro-PC", False),
        ("b?ro", False),
        ("x?dkim=pass?a?header.d=corp.test", True),
        ("x=y", True),
    ],
)
def test_nor_the_name_by_which_the_sending_host_greeted(greeting: str, is_evidence: bool) -> None:
    """opendmarc writes it as it came, of mail without an envelope sender; Postfix puts "?" into Received."""
    taken = TAKEN.replace("out.test", greeting, 1)
    assert judged(DMARC, taken) == (("reference", True) if is_evidence else ("dmarc", False))


def test_signatures_that_are_the_same_make_no_room_for_another_result() -> None:
    failed = "dkim=fail header.d=corp.test header.s=s1 header.b=abcdefgh"
    said = f"{RESULTS} {failed}; {failed}; dkim=pass header.d=corp.test"
    assert judged(said, TAKEN, signature("corp.test"), signature("corp.test"))[0] == "reference"


def test_where_no_border_wrote_anything_an_odd_signature_says_nothing() -> None:
    assert judged(signature("evil.test", INJECTED[1])) == ("reference", False)


GATEWAY = Border("gw.corp.test", "gw.corp.test")
BROUGHT = (
    "Authentication-Results: gw.corp.test; dmarc=pass header.from=corp.test",
    "Received: from out.corp.test (out.corp.test [192.0.2.9]) by gw.corp.test (Postfix) with ESMTP id A; now",
)


@pytest.mark.parametrize(
    ("client", "server", "is_believed"),
    [
        ("x (gw.corp.test [192.0.2.7])", "(Postfix) with ESMTP", True),
        ("x (gw.corp.test [IPv6:2001:db8::7])", "(Postfix) with ESMTPS", True),
        ("x (gw.corp.test [192.0.2.7])", "(8.17.1/8.17.1/Debian-2) with ESMTP", True),
        ("x (gw.corp.test [192.0.2.7] (may be forged))", "(8.17.1/8.17.1) with ESMTP", False),
        ("x (gw.corp.test [192.0.2.7])", "(OpenSMTPD) with ESMTP", False),
        ("x (gw.corp.test [192.0.2.7])", "with ESMTP", False),
        ("x ([192.0.2.7] helo=x ident=a gw.corp.test)", "with esmtp (Exim 4.94)", False),
        ("x (a gw.corp.test [192.0.2.7])", "(Postfix) with ESMTP", False),
        ("gw.corp.test (unknown [192.0.2.7])", "(Postfix) with ESMTP", False),
    ],
)
def test_a_name_that_nobody_verified_leads_past_no_gateway(
    client: str, server: str, is_believed: bool
) -> None:
    inner = f"Received: from {client} by in.corp.test {server} id B; now"
    rules = Rules.of(OWN, borders=[GATEWAY])
    assert judged(inner, *BROUGHT, rules=rules)[0] == ("dmarc" if is_believed else "reference")
    known = Border("gw.corp.test", "gw.corp.test", via=("192.0.2.7", "2001:db8::7"))
    assert judged(inner, *BROUGHT, rules=Rules.of(OWN, borders=[known]))[0] == "dmarc"


@pytest.mark.parametrize(
    "client",
    [
        "[192.0.2.7] (helo=x ident=a [127.0.0.1])",
        "[192.0.2.7] (ident=a [127.0.0.1])",
        "[192.0.2.7] (helo=x ident=a) (localhost [127.0.0.1])",
        "out.test ([192.0.2.7] helo=x ident=a [127.0.0.1])",
        "out.test ([192.0.2.7] helo=x ident=a) (localhost [127.0.0.1])",
        "[127.0.0.1] ()",
    ],
)
def test_what_a_client_s_ident_server_answers_makes_no_local_step(client: str) -> None:
    taken = f"Received: from {client} by mx.corp.test with esmtp (Exim 4.84) id B; now"
    assert judged(taken, DMARC, TAKEN)[0] == "reference"
    assert judged(DMARC, taken)[0] == "dmarc"


def test_a_domain_that_reads_as_the_sender_s_in_another_version_of_idna_is_not_the_sender_s() -> None:
    """Anybody may own the domain of which these letters are the name."""
    for domain in ("stra\u00dfe.test", "\uff53trasse.test"):
        passed = f"{RESULTS} dmarc=pass header.from={domain}"
        for name in ("strasse.test", domain):
            assert proof_of(read(mail(passed, TAKEN, sender=f"ann@{name}"), RULES)) == "reference"
    passed = f"{RESULTS} dmarc=pass header.from=xn--strae-oqa.test"
    assert proof_of(read(mail(passed, TAKEN, sender="ann@xn--strae-oqa.test"), RULES)) == "dmarc"


LENT = "Received-SPF: pass (x: domain of corp.test designates 192.0.2.9) envelope-from=ann@corp.test"


@pytest.mark.parametrize(
    ("domain", "is_believed"), [("evil.test", False), ("corp.test", True), ("mail.corp.test", True)]
)
def test_a_signature_of_another_domain_does_not_explain_why_dmarc_passed(
    domain: str, is_believed: bool
) -> None:
    signed = f"{RESULTS} dkim=pass header.d={domain} header.s=s1"
    assert judged(f"{RESULTS} dmarc=pass d=corp.test", signed, TAKEN, signature(domain), LENT)[1] is not (
        is_believed
    )
    found = judged(DMARC, signed, TAKEN, signature(domain), LENT)
    assert found == (("dmarc", False) if is_believed else ("reference", True))
    assert judged(DMARC, signed, TAKEN, signature(domain)) == ("dmarc", False)
    assert judged(DMARC, signed, TAKEN, LENT)[1]  # the signature is not there


@pytest.mark.parametrize("count", [19, 20, 40])
def test_a_signature_is_not_hidden_below_others(count: int) -> None:
    worthless = [signature("evil.test")] * count
    reading = read(
        mail(DMARC, TAKEN, *worthless, signature("corp.test", "l=0; "), "In-Reply-To: <x@y>"), RULES
    )
    assert reading.reference_is_open
    assert proof_of(reading) == "reference"


SPF = "; spf={} smtp.mailfrom={}"
MICROSOFT = "From:Date:Subject:Message-ID:Content-Type:MIME-Version"


@pytest.mark.parametrize(
    ("covered", "fields", "spf", "is_misdirected"),
    [
        ("from:to:subject", (f"To: {OWN}",), "", False),
        ("from:to:subject", ("To: x@evil.test", f"Cc: {OWN}"), "", True),
        ("from:to:subject", ("To: x@evil.test", f"Cc: {OWN}"), SPF.format("pass", "evil.test"), True),
        ("from:to:subject", ("To: x@corp.test", f"Cc: {OWN}"), SPF.format("pass", "corp.test"), False),
        ("from:to:cc:subject", ("To: x@corp.test", f"Cc: {OWN}"), "", False),
        ("from:cc:subject", (f"To: {OWN}",), "", True),
        ("from:to:subject", (f"To: {OWN}", "To: x@evil.test"), SPF.format("pass", "corp.test"), True),
        (MICROSOFT, (f"To: {OWN}",), SPF.format("pass", "corp.test"), False),
        (MICROSOFT, (f"To: {OWN}",), SPF.format("pass", "evil.test"), True),
        (MICROSOFT, (f"To: {OWN}",), SPF.format("fail", "corp.test"), True),
        # A border that checks no SPF: else nobody of Microsoft 365 could be proven.
        (MICROSOFT, (f"To: {OWN}",), "", False),
        (MICROSOFT, ("To: x@evil.test",), SPF.format("pass", "corp.test"), True),
    ],
)
@pytest.mark.parametrize("require", ["dkim", "dmarc"])
def test_whom_a_mail_is_for_is_what_was_signed_or_came_from_the_sender_s_server(
    require: Requirement, covered: str, fields: tuple[str, ...], spf: str, is_misdirected: bool
) -> None:
    """Whoever has a signed mail can put our address where the signature does not reach."""
    said = f"{DMARC}; dkim=pass header.d=corp.test header.s=s1{spf}"
    reading = read(mail(said, TAKEN, signature("corp.test", h=covered), *fields), RULES)
    assert may_be_misdirected(reading, require) is is_misdirected
    assert not may_be_misdirected(reading, "reference")
    if len(fields) == len({field.partition(":")[0] for field in fields}):
        assert proof_for(reading, require) in ("dmarc", "dkim")


def test_a_worthless_signature_adds_nothing_to_what_another_covers() -> None:
    fields = ("To: x@evil.test", f"Cc: {OWN}")
    said = f"{DMARC}; dkim=pass header.d=corp.test header.s=s1 header.b=abc"
    added = signature("corp.test", h="from:to:cc")
    reading = read(mail(said, TAKEN, added, signature("corp.test", h="from:to"), *fields), RULES)
    assert may_be_misdirected(reading, "dkim")


def test_whom_nobody_signed_for_is_whom_the_mail_names() -> None:
    reading = read(mail(f"{DMARC}{SPF.format('pass', 'corp.test')}", TAKEN, f"To: {OWN}"), RULES)
    assert not may_be_misdirected(reading, "dmarc")
