"""A reference is found wherever it comes back, in one spelling, and an altered one is not overlooked."""

from __future__ import annotations

import pytest

from flexmaild.core.tokens import parse
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
        f"FM1\u2011{CODE}",
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
    "written", [REFERENCE[:-1], REFERENCE + "A", REFERENCE.replace("A", "1", 1), "FM1-ABC"]
)
def test_an_altered_reference_is_seen_and_is_none_of_ours(written: str) -> None:
    found = read(mail(body=f"Approve\n\nReference {written}")).body_references
    assert len(found) == 1 and parse(found[0]) is None


def test_no_reference_is_not_an_altered_one() -> None:
    assert read(mail(body="Approve FM1 and FM-1")).body_references == ()
    assert read(mail()).body_references == ()


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
        (("In-Reply-To: <fm1-abc.x.1@corp.test>",), ("FM1-ABC",)),
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
