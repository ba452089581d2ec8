"""The parser: equal to the standard one on good mail, honest about mail that is not."""

from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest

from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import read as parse
from tests.unit.mail.mails import MARKER, REFERENCE, RULES, mail, parts, read, said

CORPUS = sorted((Path(__file__).parents[3] / "corpus").glob("*.eml"))
TEXT = "Content-Type: text/plain; charset=utf-8"
# What two programs could read in two ways: another sender, another text, another decoding of it.
AMBIGUOUS = [
    mail("Content-Type: text/plain", "Content-Type: text/html"),
    mail("Content-Type: text/plain; charset=utf-8", "Content-Type: text/plain; charset=utf-16"),
    mail("Sender: a@b.test", "Sender: a@b.test"),
    mail("Sender : a@b.test"),
    mail("Content-Type : text/html; charset=utf-8", TEXT),
    mail("From boss@corp.test", TEXT),
    mail("Subject: a\rX: b"),
    mail("Subject: a\0b"),
    b" starts folded\n" + mail(),
    mail(TEXT, "Approve this, please", body="but not today"),
    mail(TEXT, "Please note: today is bad", body="Approve"),
    mail("Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: 8bit", body="QXBwcm92ZQ=="),
    mail("Content-Transfer-Encoding: base64 x", body="Approve"),
    mail("Content-Transfer-Encoding: base64", body="QXBw!cm92ZQ=="),
    mail("Content-Transfer-Encoding: base64", body="QXBwcm92ZQ==QXBw"),
    mail("Content-Transfer-Encoding: base64", body="QXBwcm92"[:-1]),
    mail("Content-Transfer-Encoding: quoted-printable", body="Approve\nok=4"),
    mail("Content-Transfer-Encoding: x-uuencode"),
    mail("Content-Type: text/plain; charset=utf-7"),
    mail("Content-Type: text/plain; charset=utf-8; charset=utf-16"),
    mail("Content-Type: text/plain; charset*0=utf-8"),
    mail("Content-Type: text/plain; charset=iso-2022-jp", body="Approve \x1b$B\x7f\x7f"),
    mail("Content-Type: text/plain; charset=iso-2022-jp", body="Approve\n\x1b$B8!\nsee ops"),
    b"From: a@b.test\nContent-Type: text/plain; charset=utf-8\n\nApprove \xff",
    mail("Content-Type: html"),
    mail("Content-Type: multipart; boundary=x", body="--x\n\nApprove\n--x--\n"),
    parts("mixed", ("text/plain", "Approve")).removesuffix(b"--x--\n"),
    parts("mixed", ("text/plain", "Approve"), ("image/png", "abc")).removesuffix(b"--x--\n"),
    mail('Content-Type: multipart/mixed; boundary="x"; boundary="y"', body="--x\n\nApprove\n--x--\n"),
    mail('Content-Type: multipart/mixed; boundary="x"; boundary="X"', body="--x\n\nApprove\n--x--\n"),
    mail(
        'Content-Type: multipart/mixed; boundary="x"',
        "Content-Transfer-Encoding: base64",
        body="--x\n\nApprove\n--x--\n",
    ),
]
QUOTE = f"\n\n> {MARKER}\n> Reference {REFERENCE}\n"
# What a gateway or a program wrote carelessly, and what all programs read alike.
CARELESS = [
    mail("MIME-Version: 1.0", "Mime-Version: 1.0 (Mail 16.0)"),
    mail("Subject: a", "Subject: b"),
    mail("Date: a", "Date: b"),
    mail("Message-ID: <a@b>", "Message-ID: <c@d>"),
    mail(TEXT, TEXT),
    mail(TEXT, 'content-type: TEXT/plain; charset="UTF-8"; name=x'),
    mail("Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: 8bit"),
    mail("X : y"),
    mail("Anti Virus: clean", "X\xe9: y", TEXT),
    mail("no colon here", " and folded", TEXT),
    mail("X-Gateway scanned"),
    mail("Content-Type: text/plain; charset=utf-8; charset=UTF8"),
    mail("Content-Type: text/plain; charset=utf-8; name=a; name=b"),
    mail('Content-Type: text/plain; charset=utf-8; x="a;'),
    mail("Content-Type: text/plain; charset=utf-8; garbage; name=\xe9"),
    mail("Content-Type: text/plain; charset=utf-8;"),
    mail("Content-Type: text/plain, charset=utf-8"),
    mail("Content-Type: text/plain charset=utf-8"),
    mail("Content-Type: text"),
    mail("Content-Type: text/markdown; charset=utf-8"),
    mail("Content-Type: text/x-unheard-of"),
    b"From a@b.test Fri Nov 27 10:02:11 2026\n" + mail(),
    b">From a@b.test Fri Nov 27 10:02:11 2026\n" + mail(),
    b"\xef\xbb\xbf" + mail(),
    mail(TEXT, "Subject: a").replace(b"\n", b"\r\r\n"),
    parts("mixed", (TEXT[14:], f"Approve{QUOTE}")).removesuffix(b"--x--\n"),
    parts("mixed", ("text/html", "<p>Approve</p></body></html>\n")).removesuffix(b"--x--\n"),
    parts("mixed", ("text/plain", "Approve")).replace(b"--x--\n", b"--x\n"),
    parts("mixed", ("multipart/mixed; boundary=y", "--y\n\nApprove\n")),
]


@pytest.mark.parametrize("data", AMBIGUOUS)
def test_a_mail_that_can_be_read_in_two_ways_decides_nothing(data: bytes) -> None:
    reading = read(data)
    assert reading.answer is None
    assert reading.unclear in ("ambiguous", "empty", "no_action_word", "stray_characters")


@pytest.mark.parametrize("data", CARELESS)
def test_what_can_change_neither_sender_nor_text_is_no_fault(data: bytes) -> None:
    reading = read(data)
    assert (said(data), reading.sender) == ("approve", "ann@corp.test")


def test_a_line_of_text_that_went_into_the_header_is_not_read_over() -> None:
    """Where the empty line was lost, the first lines of the text stand among the fields."""
    assert said(mail(TEXT, "Reject, do not deploy", body="\nApprove")) == "ambiguous"
    lost = b"From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x\nnot today\n\nApprove\n--x--\n"
    assert said(lost) == "ambiguous"


def test_an_ambiguous_mail_still_tells_its_reference_and_sender() -> None:
    reading = read(mail("X: a\0b", f"In-Reply-To: <{REFERENCE.lower()}.x.1@c>"))
    assert (reading.unclear, reading.sender) == ("ambiguous", "ann@corp.test")
    assert reading.thread_references == (REFERENCE,)


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
        (parts("mixed", ("text/plain; name=a.txt", "Approve")), "approve"),
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


NAMED = "text/plain; charset=utf-8; name=body.txt\nContent-Disposition: inline; filename=body.txt"
FILE = "text/plain\nContent-Disposition: attachment; filename=notes.txt"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (parts("mixed", (NAMED, "Approve")), "approve"),
        (parts("mixed", (NAMED, "Approve"), ("text/plain", "if tests pass")), "condition"),
        (
            parts("alternative", (NAMED, "Approve"), ("text/html; name=x.html", "<p>Reject</p>")),
            "parts_disagree",
        ),
        (parts("alternative", (NAMED, "Approve"), ("text/html; name=x.html", "<p>Approve</p>")), "approve"),
        (parts("mixed", ("text/plain", "Approve"), (NAMED, "Reject")), "approve"),
        (parts("mixed", ("text/plain", "Approve"), (FILE, "Reject")), "approve"),
        (parts("mixed", (FILE, "Approve")), "empty"),
        (parts("mixed", (FILE, "Approve"), ("text/plain", "Reject")), "reject"),
        (mail("Content-Disposition: attachment; filename=reply.txt"), "approve"),
        (mail("Content-Disposition: inline; filename*=utf-8''reply.txt"), "approve"),
        (mail("Content-Disposition: reaction"), "empty"),
        (parts("mixed", ("text/plain\nContent-Disposition: reaction", "Approve")), "empty"),
        (
            parts("alternative", ("text/plain", "Approve"), ("text/enriched", "<bold>Approve</bold>")),
            "approve",
        ),
        (parts("alternative", ("text/enriched", "Approve")), "approve"),
        (parts("signed", ("text/plain", "Approve"), ("text/plain", "if tests pass")), "condition"),
    ],
)
def test_a_text_with_a_file_s_name_is_a_file_only_beside_the_text(data: bytes, expected: str) -> None:
    assert said(data) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Approve\r\r\nok", ["Approve/ok"]),
        ("Approve\rok", ["Approve/ok"]),
        ("Approve\nok\r", ["Approve/ok"]),
        ("\ufeffApprove\nok", ["Approve/ok"]),
        ("Approve\rlooks good\nok", ["Approve/looks good/ok", "Approve looks good/ok"]),
    ],
)
def test_a_cr_before_a_line_end_is_nothing_and_elsewhere_is_read_both_ways(
    body: str, expected: list[str]
) -> None:
    found = [text.segments[0][1] for text in parse(mail(body=body), Limits()).texts]
    assert [text.replace("\n", "/") for text in found] == expected


def test_a_cr_decides_nothing_where_its_two_readings_do_not_agree() -> None:
    assert said(mail(body="Approve\rlooks good\nok")) == "approve"
    assert said(mail(body="Approve\rd by nobody\nok\rReject\n")) == "both_words"
    assert said(mail(body="Hello\rApprove\nok")) != "approve"


def test_a_text_beyond_the_limit_decides_nothing() -> None:
    assert said(mail(body="Approve\n" + "x\n" * 1000), RULES) == "approve"
    small = replace(RULES, limits=replace(RULES.limits, text=1000))
    assert said(mail(body="Approve\n" + "x\n" * 1000), small) == "too_long"


def test_a_partly_fetched_mail_may_be_cut_off() -> None:
    data = parts("mixed", ("text/plain", "Approve")).removesuffix(b"--x--\n")
    reading = read(data, partial=True)
    assert reading.partial and reading.answer is not None
