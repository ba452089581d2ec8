"""Hostile mails: everything ends in a Reading, within bounds, and none approves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from flexmaild.core.model import Answer
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.mail.parse.plain import plain_lines
from flexmaild.mail.understand import answer
from flexmaild.mail.understand.labels.label import Labelled
from flexmaild.mail.understand.labels.match import match
from flexmaild.mail.understand.labels.sent import sent_text
from flexmaild.mail.understand.lines import Line, lines_of
from flexmaild.mail.understand.reply import understand
from tests.support.examples import examples
from tests.unit.mail.mails import OWN, REFERENCE, RULES, SENT, mail, parts, read

CORPUS = Path(__file__).parents[3] / "corpus"
SEEDS = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]
# In these nobody typed an approving word, so none can be uncovered by damage.
UNAPPROVED = (
    "flexdeploy-wrapped",
    "empty-reply",
    "empty-outlook-reply",
    "forwarded-approval-inside",
    "charset-euc-jp",
)
NO_APPROVAL = [(CORPUS / f"{name}.eml").read_bytes() for name in UNAPPROVED]


def nested(levels: int) -> str:
    opening = "".join(f"--b{i}\nContent-Type: multipart/mixed; boundary=b{i + 1}\n\n" for i in range(levels))
    return f"{opening}--b{levels}\n\nApprove\n--b{levels}--\n"


BOMBS = {
    "nested 3,000 deep": mail("Content-Type: multipart/mixed; boundary=b0", body=nested(3000)),
    "20,000 empty parts": mail("Content-Type: multipart/mixed; boundary=x", body="--x\n\n\n" * 20000),
    "100,000 fields": mail(*["X: y"] * 100_000),
    "20,000 encoded words": mail("Subject: " + "=?utf-8?q?a?= " * 20_000),
    "400 encoded words": mail("Subject: " + "=?utf-8?q?a?= " * 400, body="hello"),
    "20,000 addresses": mail("To: " + "a@b.c, " * 20_000),
    "1,000 brackets in To": mail("To: " + "(" * 1000, body="hello"),
    "From of quotes": mail(sender='"a" ' * 2000, body="hello"),
    "20,000 parameters": mail("Content-Type: text/plain;" + " a=b;" * 20_000),
    "1,500 parameters": mail("Content-Type: text/plain;" + " a=b;" * 1500),
    "quotes in parameters": mail("Content-Type: text/plain; a=" + '";' * 3000),
    "message/rfc822 3,000 deep": mail(
        "Content-Type: message/rfc822", body="Content-Type: message/rfc822\n\n" * 3000
    ),
    "a bounce nested 2,000 deep": mail(
        "Content-Type: message/rfc822",
        body="Content-Type: message/rfc822\n\n" * 2000,
        sender="MAILER-DAEMON@x",
    ),
    "a bounce of brackets": mail("To: " + "(" * 5000, body="(" * 60_000, sender="MAILER-DAEMON@x"),
    "a base64 line of 8 MB": mail("Content-Transfer-Encoding: base64", body="QUFB" * 2_000_000),
    "On On On": mail(body="On " * 60_000),
    "On a b c lines": mail(body="On a b c\n" * 20_000),
    "From: lines": mail(body="From: a\n" * 20_000),
    "newlines": mail(body="\n" * 200_000),
    "quote marks": mail(body=">" * 200_000),
    "one long line": mail(body="Approve " + "x" * 250_000),
    "brackets": mail("Content-Type: text/html", body="<" * 250_000),
    "comments": mail("Content-Type: text/html", body="<!--" * 50_000),
    "unfinished tags": mail("Content-Type: text/html", body="<a " * 80_000),
    "tags with quotes": mail("Content-Type: text/html", body="<a \"'" * 50_000 + ">"),
    "quotes before a far end": mail("Content-Type: text/html", body="<a " + "'\"" * 100_000 + ">"),
    "end tags": mail("Content-Type: text/html", body="</" * 120_000),
    "end tags of style": mail("Content-Type: text/html", body="<style></" * 25_000),
    "head tags": mail("Content-Type: text/html", body="<head>" * 40_000),
    "style tags": mail("Content-Type: text/html", body="<style>x{display:none}" * 11_000),
    "script tags": mail("Content-Type: text/html", body="<script>" * 30_000),
    "processing instructions": mail("Content-Type: text/html", body="<?" * 120_000),
    "nested divs": mail("Content-Type: text/html", body="<div>" * 50_000),
    "nested hidden divs": mail("Content-Type: text/html", body="<div hidden>" * 20_000),
    "blockquotes": mail("Content-Type: text/html", body="<blockquote>" * 20_000),
    "entities": mail("Content-Type: text/html", body="&amp" * 60_000),
    "preformatted": mail("Content-Type: text/html", body="<pre>" + "\n" * 200_000),
    "references": mail(body="FM1-" * 60_000),
    "references with gaps": mail(body="FM1-" + "\n> " * 80_000),
    "references with tags": mail("Content-Type: text/html", body="FM1-A" + "<b>" * 80_000),
    "References": mail("References: " + "<fm1-a.b.1@c> " * 2000, body="hello"),
    "flowed": mail("Content-Type: text/plain; format=flowed", body="a \n" * 80_000),
    "quoted-printable": mail("Content-Transfer-Encoding: quoted-printable", body="=" * 250_000),
    "boundaries that are none": mail("Content-Type: multipart/mixed; boundary=x", body="--xy\n" * 50_000),
    "alternatives": mail(
        "Content-Type: multipart/alternative; boundary=x", body="--x\n\nApprove\n" * 99 + "--x--"
    ),
    "combining marks": mail(body="Approve" + "\u0301" * 100_000),
    "dashes": mail(body="-" * 100_000),
    "results": mail("Received: x", "Authentication-Results: " + "mx; " * 1900, body="hello"),
}


# These take most of a second each, or more.
LONG_READ = {"newlines", "From: lines", "flowed"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in LONG_READ else []) for name in BOMBS],
)
@pytest.mark.timeout(20)
def test_a_hostile_mail_ends_in_a_reading_and_approves_nothing(name: str) -> None:
    assert read(BOMBS[name]).answer is None


@pytest.mark.parametrize(
    ("data", "nature"),
    [
        (mail(*["X: y"] * 498), MailNature.HUMAN),
        (mail(*["X: y"] * 499), MailNature.UNPARSABLE),
        (parts("mixed", *[("text/plain", "")] * 99), MailNature.HUMAN),
        (parts("mixed", *[("text/plain", "")] * 100), MailNature.UNPARSABLE),
        (mail("Content-Type: multipart/mixed; boundary=b0", body=nested(19)), MailNature.HUMAN),
        (mail("Content-Type: multipart/mixed; boundary=b0", body=nested(20)), MailNature.UNPARSABLE),
        (mail("X: " + "y" * 130_000), MailNature.HUMAN),
        (mail("X: " + "y" * 131_072), MailNature.OVERSIZE),
        (b"From: a@b.test\n\n" + b"x" * (10 * 1024 * 1024 - 16), MailNature.HUMAN),
        (b"From: a@b.test\n\n" + b"x" * (10 * 1024 * 1024 - 15), MailNature.OVERSIZE),
        (b"", MailNature.UNPARSABLE),
        (b"\n\nApprove", MailNature.UNPARSABLE),
        (b"no header at all", MailNature.UNPARSABLE),
    ],
)
def test_each_limit_is_where_it_is_said_to_be(data: bytes, nature: MailNature) -> None:
    reading = read(data)
    assert reading.nature is nature
    assert bool(reading.nature_because) == (nature is not MailNature.HUMAN)


def check(reading: ParsedReply, data: bytes) -> None:
    assert isinstance(reading, ParsedReply) and reading.size == len(data)
    for text in (
        reading.subject,
        reading.sender_name,
        reading.message_id,
        reading.date,
        reading.nature_because,
    ):
        assert text.isprintable()
    assert reading.comment.replace("\n", "").isprintable() and len(reading.comment) <= 2000
    if reading.answer is None and reading.nature is MailNature.HUMAN:
        assert reading.unclear


@given(st.binary(max_size=3000))
@examples(300)
def test_any_bytes_are_understood_as_something(data: bytes) -> None:
    check(understand(data, len(data), RULES), data)


PIECES = st.sampled_from(
    [
        *(b"From: ann@corp.test\n", b"Content-Type: text/html\n", b"\n", b"--x\n", b"--x--\n", b"Approve\n"),
        *(b"Content-Type: multipart/alternative; boundary=x\n", b"Reject\n", b"> quoted\n", b"<p>", b"<!--"),
        *(b"Content-Type: multipart/report; boundary=x; report-type=delivery-status\n", b"</div>", b"-->"),
        *(b"<div style='display:none'>", b"Content-Transfer-Encoding: base64\n", b"QXBwcm92ZQ==\n", b"\r"),
        *(
            b"FM1-ABC\n",
            b"\0",
            b"\xff",
            b"=?utf-8?b?QQ?=",
            b"Content-Type: message/delivery-status\n",
            b" x\n",
        ),
        *(b"Action: failed\n", b"Final-Recipient: rfc822; a@b.c\n", b"Received: x\n", b"Return-Path: <>\n"),
        *(b"Authentication-Results: mx.corp.test; dmarc=pass header.from=a.b\n", b"From: mailer-daemon@x\n"),
        *(b"DKIM-Signature: d=a; s=b; h=from:subject:date\n", "承認\n".encode()),
    ]
)


@given(st.lists(PIECES, max_size=40).map(b"".join))
@examples(300)
def test_any_mixture_of_mail_pieces_is_understood_as_something(data: bytes) -> None:
    check(understand(data, len(data), RULES), data)


@given(st.data())
@examples(300, suppress_health_check=[HealthCheck.too_slow])
def test_no_small_damage_turns_what_is_not_an_approval_into_one(data: st.DataObject) -> None:
    original = data.draw(st.sampled_from(NO_APPROVAL))
    at = data.draw(st.integers(0, len(original)))
    length = data.draw(st.integers(0, 40))
    new = data.draw(st.one_of(st.binary(max_size=4), st.just(b"\r\n"), st.just(b"")))
    damaged = original[:at] + new + original[at + length :]
    reading = understand(damaged, len(damaged), RULES)
    check(reading, damaged)
    assert reading.answer is not Answer.APPROVE


@given(st.sampled_from(SEEDS), st.data())
@examples(200)
def test_a_mail_cut_short_is_still_understood_as_something(original: bytes, data: st.DataObject) -> None:
    cut = original[: data.draw(st.integers(0, len(original)))]
    check(understand(cut, len(cut), RULES), cut)
    check(understand(cut, len(cut), RULES, partial=True), cut)


def test_our_own_address_is_the_one_the_corpus_answers_to() -> None:
    assert all(OWN.encode() in seed for seed in SEEDS)


@pytest.mark.parametrize(
    ("count", "of_each", "kind"),
    [
        (1, 20_001, "plain"),
        (8, 2_501, "plain"),
        (8, 120_000, "plain"),
        (1, 20_001, "html"),
        (8, 2_501, "html"),
    ],
)
def test_of_a_mail_with_too_many_lines_none_is_labelled(
    monkeypatch: pytest.MonkeyPatch, count: int, of_each: int, kind: str
) -> None:
    """All readings of a mail share one bound; what is in its references is seen all the same."""
    monkeypatch.setattr(answer, "label", lambda *_: pytest.fail("a line was labelled"))
    end, text = ("<br>\n" if kind == "html" else "\n"), f"Approve\nReference {REFERENCE}\n"
    bodies = [(f"text/{kind}", f"{text}{f'a{end}' * of_each}{i}") for i in range(count)]
    reading = read(parts("alternative", *bodies))
    assert (reading.answer, reading.unclear, reading.body_references) == (None, "too_long", (REFERENCE,))


def test_as_many_lines_as_a_mail_may_have_are_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank ones do not count."""
    seen: list[int] = []

    def labelled(lines: Sequence[Line], *more: Any) -> Labelled:
        seen.append(sum(not line.is_blank for line in lines))
        return Labelled(tuple(lines))

    monkeypatch.setattr(answer, "label", labelled)
    read(mail(body="Approve\n" + "\n" * 30_000 + "> a\n" * 19_999))
    assert seen == [20_000]


def test_equal_lines_are_looked_for_once() -> None:
    """To look for a line in what we sent costs the more, the more we sent."""
    known = sent_text((SENT,), RULES.limits, RULES.own_addresses)
    asked: list[str] = []
    places = known.places
    known.places = lambda norm: (asked.append(norm), places(norm))[1]  # type: ignore[method-assign]
    match(lines_of(plain_lines("a\n" * 1000, "plain")), known)
    few = len(asked)
    match(lines_of(plain_lines("a\n" * 10_000, "plain")), known)
    assert len(asked) - few < 20
