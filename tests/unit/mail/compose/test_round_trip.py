"""What we write is what we read: answers to our own mails, in every language, as mail programs send them."""

import email.policy
import re
from email.message import EmailMessage
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from flexmaild.core.model import Answer, MailKind
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.work import SentMail
from flexmaild.languages.load import LANGUAGES, WRITTEN
from flexmaild.mail.compose.context import ASKING
from flexmaild.mail.understand.reply import Rules, understand

RULES = Rules.of("noreply@example.org", "approvals@example.org", names=("flexmaild",))
FACTS = {"answer": "approve", "state": "approved", "noted": 1, "needed": 2, "why": "negated"}


def reading(
    composer: Any, asked: EmailMessage, text: str, html: str = "", prefix: str = "Re: "
) -> ParsedReply:
    reply = EmailMessage()
    reply["From"] = "Ann Lee <ann@example.org>"
    reply["To"] = asked["Reply-To"] or asked["From"]
    reply["Subject"] = f"{prefix}{asked['Subject']}"
    reply["Message-ID"] = "<reply-1@mail.example.org>"
    reply["In-Reply-To"] = str(asked["Message-ID"])
    reply.set_content(text)
    if html:
        reply.add_alternative(html, subtype="html")
    # With its usual line length, email.policy would encode In-Reply-To (cpython#100991).
    data = reply.as_bytes(policy=email.policy.SMTP.clone(max_line_length=998))
    sent = SentMail(asked.as_bytes(policy=email.policy.SMTP))
    return understand(data, len(data), RULES, mails_sent=lambda _: (sent,))


def inside_body(page: str) -> str:
    """What Gmail quotes of a page: neither its head nor the body's own style."""
    return page.partition("<body")[2].partition(">")[2].partition("</body>")[0]


def quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.split("\n"))


@pytest.mark.parametrize("kind", sorted(ASKING))
@pytest.mark.parametrize("lang", WRITTEN)
def test_the_links_answer_is_understood(composer: Any, html_of: Any, kind: MailKind, lang: str) -> None:
    asked = composer.mail(kind, language=lang, settings={"plus_address": True})
    found = [unescape(link) for link in re.findall(r'href="(mailto:[^"]*)"', html_of(asked))]
    for link, answer in zip(found, (Answer.APPROVE, Answer.REJECT), strict=True):
        said = reading(composer, asked, parse_qs(urlsplit(link).query)["body"][0])
        assert (said.answer, said.comment, said.nature) == (answer, "", MailNature.HUMAN)
        assert said.body_references == (composer.reference,)
        assert [r.upper() for r in (*said.thread_references, *said.address_references)] == [
            composer.reference
        ] * 2


def test_what_is_typed_where_a_program_puts_the_caret_stands_apart_from_our_lines(
    composer: Any, html_of: Any
) -> None:
    """Claws Mail, Sylpheed and Roundcube open the prefilled answer with the caret at its end."""
    link = unescape(re.findall(r'href="(mailto:[^"]*)"', html_of(composer.mail()))[0])
    body = parse_qs(urlsplit(link).query)["body"][0]
    assert f"{body}not before Tuesday".split("\r\n")[-3:] == [
        f"Reference {composer.reference}",
        "",
        "not before Tuesday",
    ]


@pytest.mark.parametrize("kind", [k for k in MailKind if k not in (MailKind.TEST, MailKind.NOTIFICATION)])
@pytest.mark.parametrize("lang", WRITTEN)
def test_an_answer_above_our_quoted_mail_is_found_and_our_mail_alone_says_nothing(
    composer: Any, text_of: Any, html_of: Any, kind: MailKind, lang: str
) -> None:
    asked = composer.mail(kind, language=lang, facts=FACTS)
    intro = "On Sat, Nov 21, 2026 at 3:04 PM flexmaild <noreply@example.org> wrote:\n"
    for word in ("", LANGUAGES[lang].decide.reject[0]):
        text = f"{word}\n\n{intro}\n{quoted(text_of(asked))}"
        html = (
            f'<div dir="ltr">{word}</div><br><div class="gmail_quote"><div class="gmail_attr">{intro}</div>'
            f'<blockquote class="gmail_quote">{inside_body(html_of(asked))}</blockquote></div>'
        )
        # A mail without the reference belongs to no request: nobody knows what was sent, nothing is decided.
        expected = Answer.REJECT if word and composer.reference in text_of(asked) else None
        assert reading(composer, asked, text).answer is expected
        assert reading(composer, asked, text, html).answer is expected


@pytest.mark.parametrize("kind", [k for k in MailKind if k not in (MailKind.TEST, MailKind.NOTIFICATION)])
@pytest.mark.parametrize("lang", WRITTEN)
def test_no_subject_of_ours_makes_an_answer_look_like_a_machines(
    composer: Any, kind: MailKind, lang: str
) -> None:
    """An out-of-office note is known by how its subject begins, with or without a program's "Re:"."""
    asked = composer.mail(kind, language=lang, facts=FACTS)
    for prefix in ("", "Re: "):
        said = reading(composer, asked, LANGUAGES[lang].decide.reject[0], prefix=prefix)
        assert (said.nature, said.answer) == (MailNature.HUMAN, Answer.REJECT)


@pytest.mark.parametrize("kind", sorted(ASKING))
@pytest.mark.parametrize("lang", WRITTEN)
def test_our_mail_quoted_without_any_sign_of_a_quotation_decides_nothing(
    composer: Any, text_of: Any, html_of: Any, kind: MailKind, lang: str
) -> None:
    """Some programs put the old mail below unmarked: only our own first line shows where it begins."""
    asked = composer.mail(kind, language=lang, facts=FACTS)
    assert reading(composer, asked, text_of(asked), html_of(asked)).answer is None
    answered = reading(composer, asked, f"{LANGUAGES[lang].decide.approve[0]}\n\n{text_of(asked)}")
    assert (answered.answer, answered.comment) == (Answer.APPROVE, "")


@pytest.mark.parametrize("kind", MailKind)
def test_a_mail_of_ours_that_comes_back_is_known_as_ours(composer: Any, kind: MailKind) -> None:
    data = composer.data(kind, facts=FACTS)
    said = understand(data, len(data), RULES)
    assert said.nature is not MailNature.HUMAN
    assert said.answer is None
