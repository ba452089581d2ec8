"""A mail of which text is missing, or was not read, decides nothing."""

import base64

import pytest

from flexmaild.core.model import Answer
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import read as parse
from tests.unit.mail.mails import mail, parts, read, said

LINE = "words that say nothing, for a whole line\n"
# Decoded; the limit of a text is 256 KiB.
BELOW, ABOVE = 250 * 1024 // len(LINE), 300 * 1024 // len(LINE)


@pytest.mark.parametrize("body", ["Approve", "Reject", "Approve with thanks"])
def test_a_cut_mail_never_decides(body: str) -> None:
    assert read(mail(body=body)).answer is not None
    cut = read(mail(body=body), is_cut=True)
    assert (cut.answer, cut.unclear, cut.comment) == (None, "too_long", "")


def test_a_cut_mail_that_says_why_it_decides_nothing_says_that() -> None:
    assert read(mail(body="Approve if the tests pass"), is_cut=True).unclear == "condition"
    assert read(mail(body=""), is_cut=True).unclear == "empty"


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("kind", ["text/plain", "text/plain; format=flowed", "text/html", "text/enriched"])
def test_a_text_beyond_the_limit_decides_nothing(kind: str, partial: bool) -> None:
    blank = "<p>{}</p>\n".format if "html" in kind else "{}\n".format
    long = mail(f"Content-Type: {kind}", body=blank("Approve") + blank(LINE) * ABOVE)
    reading = read(long, partial=partial)
    assert (reading.answer, reading.unclear) == (None, "too_long")


def test_a_text_of_white_space_beyond_the_limit_decides_nothing() -> None:
    """Whatever stands behind it was not read."""
    assert said(mail(body="Approve\n" + " " * 300_000 + "\nif the tests pass")) == "too_long"
    assert said(mail("Content-Type: text/html", body="Approve" + "\n" * 300_000 + "if")) == "too_long"


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_encoded_text_is_measured_decoded(encoding: str) -> None:
    def encoded(text: str) -> str:
        if encoding == "base64":
            return base64.encodebytes(text.encode()).decode()
        return text.replace("w", "=77")

    field = f"Content-Transfer-Encoding: {encoding}"
    (text,) = parse(mail(field, body=encoded("Approve\n" + LINE * BELOW)), Limits()).texts
    assert not text.is_cut
    assert said(mail(field, body=encoded("Approve\n" + LINE * ABOVE))) == "too_long"


def test_a_text_cut_before_it_is_decoded_is_cut() -> None:
    """Three times the limit is decoded at most; most of that may be line breaks that count for nothing."""
    text = "Approve\n" + "=\n" * 400_000 + "if the tests pass"
    assert said(mail("Content-Transfer-Encoding: quoted-printable", body=text)) == "too_long"


@pytest.mark.slow
def test_one_alternative_beyond_the_limit_is_enough() -> None:
    long = "<p>Approve</p>" + "\n" * 300_000 + "if the tests pass"
    assert said(parts("alternative", ("text/plain", "Approve"), ("text/html", long))) == "too_long"
    assert said(parts("mixed", ("text/plain", "Approve"), ("text/plain", "\n" * 300_000))) == "too_long"


def test_a_file_beyond_the_limit_is_a_file() -> None:
    log = ("text/plain; name=build.log", LINE * ABOVE)
    assert said(parts("mixed", ("text/plain", "Approve"), log)) == "approve"


def test_more_readings_than_are_looked_at_decide_nothing() -> None:
    assert said(parts("alternative", *[("text/plain", "Approve")] * 8)) == "approve"
    more = [*[("text/plain", "Approve")] * 8, ("text/plain", "Approve if the tests pass")]
    assert said(parts("alternative", *more)) == "too_long"


@pytest.mark.parametrize("kind", ["text/enriched", "text/richtext", "text/watch-html", "text/x-amp-html"])
def test_what_a_rare_alternative_says_more_is_doubt(kind: str) -> None:
    both = ("text/plain", "Approve"), ("text/html", "<p>Approve</p>")
    assert read(parts("alternative", *both, (kind, "<p>Approve</p>"))).answer is Answer.APPROVE
    assert said(parts("alternative", *both, (kind, "<p>Approve if the tests pass</p>"))) == "parts_disagree"
    assert said(parts("alternative", *both, (f"{kind}; name=x", "if the tests pass"))) == "approve"
