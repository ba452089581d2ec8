"""The parser: equal to the standard one on good mail, honest about mail that is not."""

from __future__ import annotations

import encodings.aliases
from email import message_from_bytes
from pathlib import Path

import pytest

from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import read as parse
from tests.unit.mail.mails import mail, parts, read, said

CORPUS = sorted((Path(__file__).parents[2] / "corpus").glob("*.eml"))
AMBIGUOUS = [
    *[mail(f"{name}: text/plain", f"{name}: text/plain") for name in ("Content-Type",)],
    mail("Subject: a", "Subject: b"),
    mail("Date: a", "Date: b"),
    mail("Message-ID: <a@b>", "Message-ID: <a@b>"),
    mail("MIME-Version: 1.0", "MIME-Version: 1.0"),
    mail("Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: 7bit"),
    mail("Sender: a@b.test", "Sender: a@b.test"),
    mail("Subject: a\rX: b"),
    mail("Subject: a\0b"),
    mail("no colon here"),
    mail("X : y"),
    b" starts folded\n" + mail(),
    mail(body="Approve\rthanks"),
    mail("Content-Transfer-Encoding: base64 x", body="Approve"),
    mail("Content-Transfer-Encoding: base64", body="QXBwcm92ZQ=="[:-1]),
    mail("Content-Transfer-Encoding: base64", body="QXBw!cm92ZQ=="),
    mail("Content-Transfer-Encoding: base64", body="QXBwcm92ZQ==QXBw"),
    mail("Content-Transfer-Encoding: quoted-printable", body="Approve=zz"),
    mail("Content-Transfer-Encoding: x-uuencode"),
    mail("Content-Type: text/plain; charset=utf-7"),
    mail("Content-Type: text/plain; charset=bogus"),
    mail("Content-Type: text/plain; charset=utf-8; charset=utf-8"),
    mail("Content-Type: text/plain; charset*0=utf-8"),
    mail("Content-Type: text/plain; charset=iso-2022-jp", body="Approve \x1b$B\x7f\x7f"),
    b"From: a@b.test\nContent-Type: text/plain; charset=utf-8\n\nApprove \xff",
    mail("Content-Type: text"),
    parts("mixed", ("text/plain", "Approve")).removesuffix(b"--x--\n"),
    mail('Content-Type: multipart/mixed; boundary="x"; boundary="y"', body="--x\n\nApprove\n--x--\n"),
    mail(
        'Content-Type: multipart/mixed; boundary="x"',
        "Content-Transfer-Encoding: base64",
        body="--x\n\nApprove\n--x--\n",
    ),
]


@pytest.mark.parametrize("data", AMBIGUOUS)
def test_a_mail_that_can_be_read_in_two_ways_decides_nothing(data: bytes) -> None:
    reading = read(data)
    assert reading.answer is None
    assert reading.unclear in ("ambiguous", "empty", "no_action_word", "stray_characters")


def test_an_ambiguous_mail_still_tells_its_reference_and_sender() -> None:
    reading = read(mail("Subject: a", "Subject: b", "In-Reply-To: <fm1-abc.x.1@c>"))
    assert (reading.unclear, reading.sender) == ("ambiguous", "ann@corp.test")
    assert reading.thread_references == ("FM1-ABC",)


@pytest.mark.parametrize(
    "name", sorted({*encodings.aliases.aliases, "utf-7", "x-unknown", "unicode_escape", "rot13"})
)
def test_only_character_sets_of_mail_decide(name: str) -> None:
    """A codec of Python that is no character set of mail makes the mail ambiguous, never something else."""
    assert said(mail(f"Content-Type: text/plain; charset={name}")) in ("approve", "ambiguous")
    if name in ("utf-7", "unicode_escape", "rot13", "punycode", "idna", "utf_16", "hex", "u7"):
        assert said(mail(f"Content-Type: text/plain; charset={name}")) == "ambiguous"


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_a_well_formed_mail_is_taken_apart_as_the_standard_parser_does(path: Path) -> None:
    data = path.read_bytes()
    ours = [p for p in parse(data, Limits()).walk() if not p.parts]
    theirs = [
        p
        for p in message_from_bytes(data).walk()
        if not p.is_multipart() or p.get_content_type() == "message/rfc822"
    ]
    outer = [p.get_content_type() for p in theirs]
    assert [p.kind for p in ours] == outer[: len(ours)]
    if "message/rfc822" not in outer:
        assert [bool(p.body) for p in ours] == [bool(p.get_payload()) for p in theirs]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (mail('Content-Type: TEXT/Plain; CharSet="UTF-8"'), "approve"),
        (mail("Content-Transfer-Encoding: QUOTED-PRINTABLE", body="=41pprove"), "approve"),
        (mail("Content-Transfer-Encoding: base64", body="QXBw\ncm92\nZQ==\n"), "approve"),
        (b"From: a@b.test\n\nApprove", "approve"),
        (b"From: a@b.test\r\n\r\nApprove\r\n", "approve"),
        (b"From: a@b.test\n\n\xe6\x89\xbf\xe8\xaa\x8d", "approve"),
        (b"From: a@b.test", "empty"),
        (mail(body=""), "empty"),
        (parts("mixed", ("text/plain", "Approve"), ("text/plain", "if tests pass")), "condition"),
        (parts("related", ("text/html", "<p>Approve</p>"), ("image/png", "x")), "approve"),
        (parts("digest", ("message/rfc822", "Approve")), "empty"),
        (parts("mixed", ("application/ms-tnef; name=winmail.dat", "Approve")), "empty"),
        (parts("mixed", ("text/plain; name=a.txt", "Approve")), "empty"),
        (
            mail(
                "Content-Type: multipart/mixed; boundary=x",
                body="Approve\n--xy\n\nReject\n--x\n\nApprove\n--x--\nReject",
            ),
            "approve",
        ),
        (mail("Content-Type: multipart/mixed; boundary=x", body="--x \t\n\nApprove\n--x-- \n"), "approve"),
    ],
)
def test_shapes_of_mail(data: bytes, expected: str) -> None:
    assert said(data) == expected


def test_a_partly_fetched_mail_may_be_cut_off() -> None:
    data = parts("mixed", ("text/plain", "Approve")).removesuffix(b"--x--\n")
    reading = read(data, partial=True)
    assert reading.partial and reading.answer is not None
