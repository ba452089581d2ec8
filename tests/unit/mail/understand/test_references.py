"""A reference is found wherever it comes back, in one spelling, and an altered one is not overlooked."""

import pytest

from flexmaild.core.references import parse
from flexmaild.mail.understand.identification.references import in_text
from tests.unit.mail.mails import REFERENCE, mail, read

CODE = REFERENCE[4:]
OTHER = "FM1-" + CODE[::-1]


@pytest.mark.parametrize(
    "written",
    [
        REFERENCE,
        REFERENCE.lower(),
        f"(Reference: {REFERENCE}).",
        f"FM1-{CODE[:20]}\n{CODE[20:]}",
        f"> FM1-{CODE[:20]}\n> {CODE[20:]}",
        f">> FM1-{CODE[:20]}\n>> {CODE[20:]}",
        f"FM1-\n{CODE}",
        f"FM1-{CODE[:20]}=\n{CODE[20:]}",
        f"FM1-{CODE[:20]}\u00ad{CODE[20:]}",
        f"FM1-{CODE[:20]}\u200b{CODE[20:]}",
        *(f"FM1{dash}{CODE}" for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"),
        f"FM1- {CODE}",
        f"FM1-{CODE[:5]} {CODE[5:10]} {CODE[10:15]} {CODE[15:20]} {CODE[20:25]} {CODE[25:30]} {CODE[30:35]} "
        f"{CODE[35:40]} {CODE[40:]}",
        f"FM1-{CODE[:20]}<tel:{CODE[:10]}>{CODE[20:]}",
        f"*{REFERENCE}* _{REFERENCE}_ [{REFERENCE}]<https://x.test/>",
        f"{REFERENCE}Sent from my iPhone",
        f"{REFERENCE.lower()}Von meinem Mobiltelefon gesendet",
        f"{REFERENCE}iPhoneから送信",
        f"{REFERENCE}です",
        f"Reference{REFERENCE}",
        f"approvals+{REFERENCE.lower()}@corp.test",
        f"{REFERENCE}\nhost fm1-a, pfm1-web, FM1-1234 and {REFERENCE[:30]}",
        f"{REFERENCE}\n\n{REFERENCE.lower()}",
        f"{REFERENCE} FM1-{CODE[:30]}…",
        f"<mailto:approvals@corp.test?body=Reference%20{REFERENCE}%0D%0A>",
        "x " * 100_000 + REFERENCE,
    ],
)
def test_a_reference_survives_what_mail_programs_do_to_it(written: str) -> None:
    assert read(mail(body=f"Approve\n\n{written}\n")).body_references == (REFERENCE,)


@pytest.mark.parametrize(
    "page",
    [
        f"<p>FM1-{CODE[:20]}<br>{CODE[20:]}</p>",
        f"<p>FM1-{CODE[:20]}<wbr>{CODE[20:]}</p>",
        f"<p>FM1-<b>{CODE[:20]}</b>{CODE[20:]}</p>",
        f"<p>FM1-{CODE[:20]}&shy;{CODE[20:]}</p>",
        f"<blockquote>FM1-{CODE[:20]}\n{CODE[20:]}</blockquote>",
        f'<a href="mailto:approvals+{REFERENCE.lower()}@corp.test">x</a>',
    ],
)
def test_a_reference_is_found_in_html(page: str) -> None:
    data = mail("Content-Type: text/html; charset=utf-8", body=f"<p>Approve</p>{page}")
    assert read(data).body_references == (REFERENCE,)


@pytest.mark.parametrize(
    "written",
    [
        REFERENCE[:-1],
        REFERENCE + "A",
        REFERENCE + "and more",
        REFERENCE.replace("A", "1", 1),
        f"FM1-7{CODE[:9]}[REDACTED]",
        REFERENCE[:24] + "…",
        f"FM1-7{CODE[:10]}{'X' * 20}{CODE[30:]}",
        f"FM1-7{CODE[:10]}{'X' * 34}",
    ],
)
def test_an_altered_reference_is_seen_and_is_none_of_ours(written: str) -> None:
    found = read(mail(body=f"Approve\n\nReference {written}")).body_references
    assert len(found) == 1 and parse(found[0]) is None


def test_no_reference_is_not_an_altered_one() -> None:
    assert read(mail(body="Approve FM1 and FM-1")).body_references == ()
    assert read(mail()).body_references == ()


@pytest.mark.parametrize(
    "word",
    [
        *("pfm1-web", "fm1-web", "host fm1-a is drained", "FM1-1234", "FM1-2026-11", "fm1-db2", "xFM1-ABC"),
        "host fm1-a is drained now and all the other ones look fine so let us go on",
        "hosts fm1-a\nand fm1-b\nare drained and everything else is well",
        f"p{REFERENCE.lower()}",
        f"9{REFERENCE}",
        "https://ci.test/fm1-nightly/3",
    ],
)
def test_a_host_or_a_ticket_is_no_reference(word: str) -> None:
    assert read(mail(body=f"Approve\n\n{word}\n")).body_references == ()
    assert read(mail(f"In-Reply-To: <{word.split()[0]}@x.test>")).thread_references == ()


@pytest.mark.timeout(5)
def test_many_words_that_begin_like_a_reference_are_looked_over_quickly() -> None:
    tags = "FM1-" + "<b fm1->" * 30_000
    assert in_text([tags, "fm1-a " * 60_000, "FM1-" + "\n> " * 80_000]) == ()
    assert read(mail("References: " + "fm1- " * 20_000)).thread_references == ()


def test_two_references_are_both_seen() -> None:
    assert read(mail(body=f"{REFERENCE}\n{OTHER}")).body_references == (REFERENCE, OTHER)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((f"In-Reply-To: <{REFERENCE.lower()}.approval_request.1@corp.test>",), (REFERENCE,)),
        ((f"In-Reply-To: <{REFERENCE}.reminder.2@corp.test>",), (REFERENCE,)),
        ((f"References: <a@b> <{OTHER}.x.1@c>\n <{REFERENCE}.y.2@c> <z@b>",), (REFERENCE,)),
        ((f"In-Reply-To: <{REFERENCE}.x.1@c>", f"References: <{OTHER}.x.1@c>"), (REFERENCE,)),
        (("In-Reply-To: <a@b>", f"References: <{OTHER}.x.1@c>"), (OTHER,)),
        (("In-Reply-To: <x.fm1-abc@corp.test>",), ()),
        ((f"In-Reply-To: <x.{REFERENCE}@corp.test>",), ()),
        (("In-Reply-To: <fm1-abc.x.1@corp.test>",), ()),
        ((f"In-Reply-To: <{REFERENCE[:40]}.x.1@corp.test>",), (REFERENCE[:40],)),
        ((f"In-Reply-To: < {REFERENCE}.x.1@c >",), (REFERENCE,)),
        ((f"In-Reply-To:\n <{REFERENCE}.x.1@c>",), (REFERENCE,)),
        ((f"In-Reply-To: {REFERENCE}.x.1@c",), (REFERENCE,)),
        ((f'In-Reply-To: "<{REFERENCE}.x.1@c>"',), (REFERENCE,)),
        ((f"In-Reply-To: Ann's message of Friday <{REFERENCE}.x.1@c> (x)",), (REFERENCE,)),
        ((f"In-Reply-To: <a@b> <{REFERENCE}.x.1@c>",), (REFERENCE,)),
        ((f"In-Reply-To: <{REFERENCE}.x.1@c>", f"In-Reply-To: <{OTHER}.x.1@c>"), (REFERENCE, OTHER)),
        ((f"In-Reply-To: =?utf-8?q?<{REFERENCE}=2Ex=2E1@c>?=",), (REFERENCE,)),
        ((f"In-Reply-To: <{OTHER[:40]}.x.1@c>", f"References: <{REFERENCE}.x.1@c>"), (REFERENCE,)),
        ((f"References: <{REFERENCE}.x.1@c> " + "<a@b> " * 500,), (REFERENCE,)),
        ((f"References: <{REFERENCE}.x.1@c> <{OTHER}.x.1@c> <{REFERENCE}.y.2@c>",), (REFERENCE,)),
        ((), ()),
    ],
)
def test_the_thread_names_the_mail_that_was_answered(
    fields: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert read(mail(*fields)).thread_references == expected


@pytest.mark.parametrize("field", ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_a_plus_address_carries_the_reference(field: str) -> None:
    lower = REFERENCE.lower()
    for value in (f"approvals+{lower}@corp.test", f"x@y.test, flexmaild <Approvals+{REFERENCE}@corp.test>"):
        assert read(mail(f"{field}: {value}")).address_references == (REFERENCE,)
    assert read(mail(f"{field}: approvals@corp.test, {lower}@corp.test")).address_references == ()


@pytest.mark.parametrize(
    "address",
    [
        "approvals-{}@corp.test",
        "SRS0=ab12=XY=corp.test=approvals+{}@relay.test",
        "approvals+{}=corp.test@relay.test",
        "flexmaild <approvals+{}@corp.test>",
        '"approvals+{}"@corp.test',
    ],
)
def test_a_forwarder_s_address_carries_it_too(address: str) -> None:
    data = mail(f"To: {address.format(REFERENCE.lower())}")
    assert read(data).address_references == (REFERENCE,)
    assert read(mail(f"To: {address.format('fm1-web')}")).address_references == ()
