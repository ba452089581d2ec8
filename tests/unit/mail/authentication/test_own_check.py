"""Signatures that are verified here: as RFC 6376 and RFC 8301 have it, and for whom they speak."""

import base64
from collections.abc import Callable

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from flexmaild.core.addresses import domain_of
from flexmaild.core.approval.proof import proof_of
from flexmaild.core.model import Answer
from flexmaild.mail.authentication import own_check
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.parse.header import parse_header
from flexmaild.mail.parse.message import split_header
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.costs import grows_with_size, least
from tests.unit.mail.mails import OWN, mail, read

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)
RECORD = b"v=DKIM1; p=" + base64.b64encode(PUBLIC)
HEADERS = (b"from", b"subject", b"date", b"content-type")
GOOGLE = b"to:cc:subject:message-id:date:from:in-reply-to:references:mime-version"
OPENDKIM = b"from:to:subject:date:in-reply-to:references"
VERIFYING = Rules.of(OWN, verify_dkim=True)
OTHERS = Rules.of(OWN)


def lookup(name: bytes) -> bytes | None:
    return RECORD if name == b"sel._domainkey.corp.test." else None


def signed(
    headers: tuple[bytes, ...] = HEADERS,
    *fields: str,
    sender: str = "Ann <ann@corp.test>",
    domain: bytes = b"corp.test",
    body: str = "Approve\n",
    **more: object,
) -> bytes:
    fields = ("Subject: x", "Date: Fri, 20 Nov 2026 10:15:00 +0000", *fields)
    data = mail(*fields, body=body, sender=sender).replace(b"\n", b"\r\n")
    return dkim.sign(data, b"sel", domain, PEM, include_headers=list(headers), **more) + data


def proven(data: bytes, records: dict[str, bytes] | None = None) -> bool:
    """Whether From's domain is, where DNS has these records and the key of corp.test."""
    found = {"sel._domainkey.corp.test.": RECORD} | (records or {})
    reading = read(data, VERIFYING, lookup=lambda name: found.get(name.decode()))
    return reading.dkim_domains == (domain_of(reading.sender),)


def test_a_signature_over_everything_that_matters_is_verified() -> None:
    assert read(signed(), VERIFYING, lookup=lookup).dkim_domains == ("corp.test",)
    assert read(signed(), OTHERS, lookup=lookup).dkim_domains == ()
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


@pytest.mark.parametrize("headers", [GOOGLE, OPENDKIM])
def test_what_google_and_opendkim_sign_is_enough_where_the_text_can_be_read_in_one_way(
    headers: bytes,
) -> None:
    names = tuple(headers.split(b":"))
    honest = read(signed(names), VERIFYING, lookup=lookup)
    assert (honest.dkim_domains, honest.answer, honest.reads_otherwise) == (
        ("corp.test",),
        Answer.APPROVE,
        False,
    )
    flipped = signed(names, body="Approve <only staging>\n").replace(b"text/plain", b"text/html")
    reading = read(flipped, VERIFYING, lookup=lookup)
    assert (reading.dkim_domains, reading.answer, reading.reads_otherwise) == (
        ("corp.test",),
        Answer.APPROVE,
        True,
    )


@pytest.mark.parametrize(
    "record",
    [
        RECORD.replace(b"p=", b"t=y; p="),
        RECORD.replace(b"p=", b"t=s:Y; p="),
        RECORD.replace(b"p=", b"h=sha1; p="),
        RECORD.replace(b"p=", b"s=tlsrpt:x; p="),
        RECORD.replace(b"p=", b"s=other; p="),
        b"v=DKIM1; p=",
    ],
)
def test_a_key_that_is_tested_or_meant_for_something_else_proves_nothing(record: bytes) -> None:
    assert not proven(signed(), {"sel._domainkey.corp.test.": record})
    good = RECORD.replace(b"p=", b"t=s; s=email; h=sha1:sha256; k=rsa; p=")
    assert proven(signed(), {"sel._domainkey.corp.test.": good})


def test_a_key_for_its_domain_alone_signs_for_nobody_below_it() -> None:
    exact = {"sel._domainkey.corp.test.": RECORD.replace(b"p=", b"t=s; p=")}
    data = signed(identity=b"@dep.corp.test")
    assert proven(data) and not proven(data, exact)


def test_sha_1_proves_nothing() -> None:
    assert not proven(signed(signature_algorithm=b"rsa-sha1"))


@pytest.mark.parametrize(
    "field",
    [
        b"Subject: Approve\r\n",
        b"Date: Sat, 21 Nov 2026 10:15:00 +0000\r\n",
        b"Content-Type: text/html\r\n",
        b"From: Eve <eve@corp.test>\r\n",
    ],
)
def test_nor_does_one_on_top_of_whose_fields_others_were_put(field: bytes) -> None:
    assert not proven(field + signed())


def test_the_signature_that_is_verified_is_the_one_that_was_looked_at() -> None:
    decoy = (
        b"DKIM-Signature : v=1; a=rsa-sha256; d=corp.test; s=sel; h=from:subject:date; bh=QUJD; b=QUJD\r\n"
    )
    assert not proven(decoy + signed(length=True))
    assert not proven(decoy.replace(b" :", b":") + signed(length=True))
    assert proven(decoy.replace(b" :", b":") + signed())


BELOW, ABOVE = ("Ann <ann@corp.test>", b"sub.corp.test"), ("Ann <ann@dep.corp.test>", b"corp.test")
SISTER = ("Ann <ann@dep.corp.test>", b"sub.corp.test")


@pytest.mark.parametrize(
    ("who", "policies", "is_proven"),
    [
        (ABOVE, {}, True),
        (ABOVE, {"corp.test": b"v=DMARC1; p=none"}, True),
        (ABOVE, {"corp.test": b"v=DMARC1; p=none; adkim=s"}, False),
        (ABOVE, {"dep.corp.test": b"v=DMARC1; adkim=s"}, False),
        (ABOVE, {"dep.corp.test": b"v=DMARC1; adkim=r", "corp.test": b"v=DMARC1; adkim=s"}, True),
        (ABOVE, {"dep.corp.test": b"v=spf1 -all", "corp.test": b"v=DMARC1; adkim=S"}, False),
        (BELOW, {}, False),
        (BELOW, {"corp.test": b"v=DMARC1; p=none"}, True),
        (BELOW, {"corp.test": b"v=DMARC1; p=none; adkim=s"}, False),
        (BELOW, {"corp.test": b"v=DMARC1; p=none; psd=y"}, False),
        (BELOW, {"test": b"v=DMARC1; p=none"}, False),
        (SISTER, {}, False),
        (SISTER, {"corp.test": b"v=DMARC1; p=none"}, True),
        (SISTER, {"corp.test": b"v=DMARC1; p=none; psd=y"}, False),
        (SISTER, {"corp.test": b"v=DMARC1; p=none; adkim=s"}, False),
        (SISTER, {"dep.corp.test": b"v=DMARC1; p=none", "corp.test": b"v=DMARC1; adkim=s"}, True),
        (SISTER, {"dep.corp.test": b"v=DMARC1; p=none; adkim=s"}, False),
        (SISTER, {"sub.corp.test": b"v=DMARC1; p=none", "test": b"v=DMARC1; p=none"}, False),
    ],
)
def test_another_domain_speaks_for_the_sender_s_as_its_dmarc_record_says(
    who: tuple[str, bytes], policies: dict[str, bytes], is_proven: bool
) -> None:
    sender, domain = who
    records = {f"_dmarc.{name}.": record for name, record in policies.items()}
    records[f"sel._domainkey.{domain.decode()}."] = RECORD
    assert proven(signed(sender=sender, domain=domain), records) is is_proven
    assert proven(signed(sender="Ann <ann@sub.corp.test>", domain=b"sub.corp.test"), records) is (
        domain[:3] == b"sub"
    )


@pytest.mark.parametrize("covered", [HEADERS, HEADERS[:1]])
@pytest.mark.parametrize(("policy", "proof"), [("s", "reference"), ("r", "dkim")])
def test_a_border_s_word_on_a_domain_above_gives_way_to_a_record_that_was_read(
    policy: str, proof: str, covered: tuple[bytes, ...]
) -> None:
    """Whether or not our own check takes that signature."""
    rules = Rules.of(OWN, verify_dkim=True, borders=[Border("mx.corp.test")])
    brought = (
        b"Authentication-Results: mx.corp.test; dkim=pass header.d=corp.test\r\n"
        b"Received: from out.test (out.test [192.0.2.7]) by mx.corp.test (Postfix) with ESMTP id A; now\r\n"
    )
    data = brought + signed(covered, sender=ABOVE[0], domain=ABOVE[1])
    found = {
        b"sel._domainkey.corp.test.": RECORD,
        b"_dmarc.corp.test.": b"v=DMARC1; p=none; adkim=" + policy.encode(),
    }
    assert proof_of(read(data, rules, lookup=found.get)) == proof
    assert proof_of(read(data, rules)) == "dkim"


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ("ann@corp.co.uk", b"co.uk"),
        ("ann@corp.co.uk", b"evil.co.uk"),
        ("ann@co.uk", b"evil.co.uk"),
        ("ann@corp.github.io", b"github.io"),
        ("ann@corp.github.io", b"evil.github.io"),
        ("ann@corp.test", b"test"),
        ("ann@test", b"evil.test"),
    ],
)
def test_domains_of_one_registry_do_not_speak_for_each_other(sender: str, domain: bytes) -> None:
    names = sender.partition("@")[2], domain.decode()
    records = {f"_dmarc.{name}.": b"v=DMARC1; p=none" for name in (*names, "co.uk", "github.io", "test")}
    records[f"sel._domainkey.{names[1]}."] = RECORD
    assert not proven(signed(sender=f"Ann <{sender}>", domain=domain), records)
    assert proven(signed(sender=f"Eve <eve@{names[1]}>", domain=domain), records)


def test_no_mail_makes_us_ask_dns_for_long() -> None:
    asked: list[bytes] = []
    deep = f"{'a.' * 20}corp.test"
    read(
        signed(sender=f"Ann <ann@{deep}>"),
        VERIFYING,
        lookup=lambda name: asked.append(name) or lookup(name),
    )
    assert len(asked) == 4


def checking(data: bytes) -> Callable[[], object]:
    """The check of signatures alone: what reading costs besides is measured elsewhere."""
    header = parse_header(split_header(data)[0])
    return lambda: own_check.verify_signatures(data, header, "corp.test", lookup)


def blanks_in_a_body(size: int) -> bytes:
    return worthless("c=relaxed/relaxed; ") + mail("Subject: x", body=f"Approve\n{' ' * size}x\n")


def blanks_in_a_signature(size: int) -> bytes:
    return worthless("", "A" + " " * (size // 8) + "-") + mail("Subject: x")


def worthless(tags: str, value: str = "AAAA") -> bytes:
    return (
        f"DKIM-Signature: v=1; a=rsa-sha256; d=corp.test; s=sel; {tags}h=from:subject:date;"
        f" bh=AAAA; b={value}\r\n"
    ).encode() * 3


@pytest.mark.slow
@pytest.mark.parametrize("built", [blanks_in_a_body, blanks_in_a_signature])
def test_a_mail_costs_no_more_than_its_size(built: Callable[[int], bytes]) -> None:
    """Whoever sends one needs but a key of his own, and no reference."""
    few, many = (
        least(checking(built(size + run).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")) for run in range(3))
        for size in (10_000, 40_000)
    )
    assert grows_with_size(few, many)


@pytest.mark.parametrize("way", [b"relaxed", b"simple"])
def test_blanks_in_a_row_change_no_signature(way: bytes) -> None:
    body = "Approve\n\n  a" + " " * 3_000 + "\tb \t \n" + " " * 50 + "\n\n"
    data = signed(body=body, canonicalize=(b"relaxed", way))
    assert proven(data)
    assert proven(data.replace(b" \tb", b"\t  b")) is (way == b"relaxed")
    assert not proven(data.replace(b" \tb", b" \tB"))
    assert not proven(data.replace(b"  a", b"a"))


def respelled(data: bytes, change: Callable[[int], int], length: int) -> bytes:
    """The same mail with the number in its signature changed."""
    field, end, rest = data.partition(b"\r\nFrom:")
    before, tag, value = field.rpartition(b" b=")
    number = change(int.from_bytes(base64.b64decode(b"".join(value.split()))))
    return before + tag + base64.b64encode(number.to_bytes(length)) + end + rest


@pytest.mark.parametrize("more", [1, 2, 2**64])
def test_a_number_that_is_equal_modulo_the_key_is_another_spelling_of_a_signature(more: int) -> None:
    """RFC 8017 section 8.2.2 refuses it, some verifiers take it: a mail that decided would be a new one."""
    modulus = KEY.public_key().public_numbers().n
    data = signed((b"from", b"subject", b"date"))
    changed = respelled(data, lambda number: number + more * modulus, 300)
    again = changed.replace(b"From:", b"Message-ID: <another@corp.test>\r\nFrom:")
    assert dkim.verify(again, dnsfunc=lambda name, timeout: RECORD)
    assert proven(data) and not proven(again)
    before, after = (read(each, OTHERS).signed_as for each in (data, again))
    assert set(before) & set(after)


def test_nor_is_one_with_zeros_in_front() -> None:
    assert proven(signed()) and not proven(respelled(signed(), lambda number: number, 257))


def test_two_mails_are_two_though_they_have_the_same_text() -> None:
    names = (b"from", b"subject", b"date")
    other = signed(names, "Date: Fri, 20 Nov 2026 10:15:01 +0000")
    first, second = (read(data, OTHERS).signed_as for data in (signed(names), other))
    assert first and second and not set(first) & set(second)
