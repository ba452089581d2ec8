"""A request is named by any spelling of its reference anywhere in the mail; a ticket names none."""

import base64
from functools import partial
from urllib.parse import quote

import pytest

from flexmaild.core import references
from flexmaild.core.parsed_reply import MailNature
from flexmaild.mail.understand.identification import mentions
from tests.unit.mail.costs import grows_with_size, least
from tests.unit.mail.mails import REFERENCE, mail, parts, read

CODE = REFERENCE[4:]
ID = references.named_id(CODE)

SPELLINGS = {
    "whole": REFERENCE,
    "lower case": REFERENCE.lower(),
    **{
        f"dash {dash!a}": f"FM1{dash}{CODE}"
        for dash in "\u2010\u2011\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
    },
    "soft hyphen": f"FM1\u00ad{CODE}",
    "no dash": f"FM1{CODE}",
    **{f"{gap!a} inside": f"F{gap}M1-{CODE[:7]}{gap}{CODE[7:]}" for gap in "\u200b\u2060\ufeff\u00ad"},
    "full width": "".join(chr(ord(c) + 0xFEE0) for c in REFERENCE),
    "glued in front": f"xy{REFERENCE}",
    "glued behind": f"{REFERENCE}REGARDS",
    "glued to an underscore": f"_{REFERENCE}_",
    "cut": REFERENCE[:24],
    "altered behind the id": f"{REFERENCE[:-1]}{'A' if REFERENCE[-1] != 'A' else 'B'}",
    "quoted and wrapped": f"> FM1-{CODE[:9]}\n> {CODE[9:20]}\n> {CODE[20:]}",
    "wrapped at the dash": f"FM1-\n| {CODE}",
    "percent": f"https://x.test/?u=FM1%2D{CODE}",
    "percent twice": f"https://x.test/?u=FM1%252D{CODE}",
    "entity": f"FM1&#45;{CODE}",
    **{f"percent {dash!a}": f"https://x.test/?u=FM1{quote(dash)}{CODE}" for dash in references.DASHES},
    **{f"entity {dash!a}": f"FM1&#{ord(dash)};{CODE}" for dash in references.DASHES},
    **{f"hex entity {dash!a}": f"FM1&#x{ord(dash):04X};{CODE}" for dash in references.DASHES},
    **{f"tag read as {tag}": f"{tag}-{CODE}" for tag in ("FMI", "FMl", "fmi", "FM|", "F\u041c1")},
    "tag read and no dash": f"FMl{CODE}",
    "tag read, wrapped": f"> FMI-{CODE[:9]}\n> {CODE[9:20]}\n> {CODE[20:]}",
    "Cyrillic behind it": f"FM1-{CODE}\u0421\u043f\u0430\u0441\u0438\u0431\u043e",
    "digits for letters": f"FM1-{CODE[:16].replace('O', '0').replace('I', '1').replace('B', '8')}{CODE[16:]}",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_request_is_named_by_any_spelling_in_the_text(spelling: str) -> None:
    assert ID in read(mail(body=f"Approve\n\n{spelling}\n")).named_requests


@pytest.mark.parametrize("spelling", ["glued behind", "glued in front", "whole", "percent", "no dash"])
def test_what_is_whole_but_for_its_surroundings_is_a_reference_of_some_kind(spelling: str) -> None:
    said = read(mail(body=f"Approve\n\n{SPELLINGS[spelling]}\n"))
    assert REFERENCE in (*said.body_references, *said.hidden_references)


ATTACHED = (
    f"From: a@x.test\r\nMessage-ID: <{REFERENCE.lower()}.approval_request.0@corp.test>\r\n\r\nDeploy?\r\n"
)


@pytest.mark.parametrize(
    ("kind", "encoded"),
    [
        ("message/rfc822", False),
        ("message/rfc822", True),
        ('application/octet-stream; name="mail.eml"', True),
        ('application/ms-tnef; name="winmail.dat"', True),
    ],
)
def test_a_forward_as_attachment_names_its_request_and_decides_nothing(kind: str, encoded: bool) -> None:
    content = base64.encodebytes(ATTACHED.encode()).decode() if encoded else ATTACHED
    encoding = "\nContent-Transfer-Encoding: base64" if encoded else ""
    file = f"{kind}{encoding}\nContent-Disposition: attachment"
    said = read(
        parts("mixed", ("text/plain", "Approve"), (file, content), fields=("To: approvals@corp.test",))
    )
    assert (said.body_references, said.thread_references, said.hidden_references) == ((), (), (REFERENCE,))
    assert said.named_requests[0] == ID


@pytest.mark.parametrize("field", ["Subject", "In-Reply-To", "References", "X-Anything", "Cc"])
def test_a_request_is_named_by_any_field(field: str) -> None:
    value = f"<{REFERENCE.lower()}.approval_request.0@corp.test>"
    assert ID in read(mail(f"{field}: {value}", body="Approve")).named_requests


def test_an_encoded_subject_is_looked_into() -> None:
    word = base64.b64encode(REFERENCE.encode()).decode()
    assert ID in read(mail(f"Subject: =?utf-8?b?{word}?=", body="x")).named_requests


TITLES = [
    "Deploy pfm1-web for FM1-1234 (FM1-ABCDEFGH)",
    "xfm1-abcdefghijklmnopqrstuvwxyzabcd",
    "https://jira.test/browse/FM1-1234567890123456",
    "FM1-report-2024.pdf",
]


@pytest.mark.parametrize("title", TITLES)
def test_a_ticket_beside_the_reference_changes_nothing(title: str) -> None:
    said = read(mail(f"Subject: Re: {title}", body=f"Approve, see {title}\n\n{REFERENCE}\n"))
    assert [r for r in said.body_references if references.parse(r)] == [REFERENCE]
    assert said.hidden_references == ()


def test_a_long_tag_of_a_page_inside_a_reference_is_left_out() -> None:
    style = "color:red;" * 60
    page = f"<p>About FM1-{CODE[:7]}<span style='{style}'>{CODE[7:]}</span></p>"
    assert ID in read(mail("Content-Type: text/html; charset=utf-8", body=page)).named_requests


def test_ordinary_words_that_hold_the_tag_as_it_may_be_read_name_nothing() -> None:
    text = "One of mine, a loaf, half million litres of milk from fmincon, of missing files and of limits"
    assert mentions.requests(mentions.candidates_in_bytes(text.encode())) == ()


FLOODS = {
    "prefixes": b"FM1-" * 300_000,
    "read prefixes": b"FMI-" * 300_000,
    "ids": b"".join(b"FM1-%016d " % n for n in range(60_000)),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FLOODS)
def test_ids_are_few_and_soon_found_whatever_a_mail_is_full_of(kind: str) -> None:
    def found(size: int) -> tuple[str, ...]:
        return mentions.requests(mentions.candidates_in_bytes(FLOODS[kind][:size]))

    assert len(found(1 << 20)) <= mentions.MOST
    assert grows_with_size(*(least([partial(found, size)] * 3) for size in (1 << 18, 1 << 20)))


def test_of_a_mail_that_cannot_be_taken_apart_a_mebibyte_is_looked_through() -> None:
    data = b" " * (1 << 20) + REFERENCE.encode()
    assert mentions.candidates_in_bytes(data) == ()
    assert mentions.candidates_in_bytes(data[100:]) != ()


def test_the_references_where_we_write_them_come_before_what_a_mail_is_full_of() -> None:
    flood = " ".join(f"FM1-{base64.b32encode(n.to_bytes(10, 'big')).decode()}" for n in range(100))
    said = read(mail(f"In-Reply-To: <{REFERENCE.lower()}.x.0@corp.test>", body=f"{flood}\n"))
    assert said.named_requests[0] == ID
    assert len(said.named_requests) <= mentions.MOST


@pytest.mark.parametrize("data", [b"\0" * 100, b"", b"fm1-", b"\xff\xfe" * 50, REFERENCE.encode()])
def test_what_cannot_be_taken_apart_is_looked_over_as_it_is(data: bytes) -> None:
    assert mentions.requests(mentions.candidates_in_bytes(data)) == (
        (ID,) if data == REFERENCE.encode() else ()
    )


def test_a_mail_over_a_limit_still_names_its_request() -> None:
    data = mail(f"In-Reply-To: <{REFERENCE.lower()}.x.0@corp.test>", *["X-A: b"] * 600)
    said = read(data)
    assert (said.nature, said.named_requests) == (MailNature.UNPARSABLE, (ID,))


def test_an_answer_to_a_mail_of_ours_without_a_reference_names_that_mail() -> None:
    said = read(mail("In-Reply-To: <M-ABCDEFGHIJKLMNOP@corp.test>", body="Why?"))
    assert said.answered_jobs == ("m-abcdefghijklmnop",)


def test_the_same_words_have_the_same_digest_however_they_are_wrapped() -> None:
    first, again, other = (
        read(mail(body=f"{b}\n")) for b in ("What for, please?", "What for,\nplease?", "Why?")
    )
    assert first.text_digest == again.text_digest != other.text_digest
