"""Answers above our mails other than the first request: explanations, very long ones, unknown ones."""

from collections.abc import Callable, Sequence
from functools import cache, partial

import pytest

from flexmaild.core.model import Answer, MailKind
from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.core.work import SentMail
from flexmaild.languages.load import LANGUAGES, WRITTEN
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.verdict import WHY
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.compose.conftest import Composer, content
from tests.unit.mail.compose.conftest import read as parsed
from tests.unit.mail.compose.test_round_trip import inside_body, quoted
from tests.unit.mail.costs import grows_with_size, seconds
from tests.unit.mail.mails import OWN, REQUEST, mail, parts, read, sent

RULES = Rules.of("noreply@example.org", "approvals@example.org", names=("flexmaild",))
ATTRIBUTION = "On Sat, Nov 21, 2026 at 3:04 PM flexmaild <noreply@example.org> wrote:"
DOUBTFUL = "Approve once Bob agrees with the rollback plan"
COMPOSER = Composer()


def explanation(repeats: bool, why: str = "condition", language: str = "en") -> bytes:
    """The mail that says why an answer decided nothing, and repeats it or does not."""
    facts = {"why": why, **({"comment": DOUBTFUL} if repeats else {})}
    return COMPOSER.data(MailKind.UNCLEAR, facts=facts, language=language)


def answering(
    quote: bytes, typed: str, below: str = "", *, form: str, mails: Sequence[SentMail]
) -> ParsedReply:
    """What a mail program sends when this is typed above that mail of ours, and that below it."""
    asked = parsed(quote)
    text = f"{typed}\n\n{ATTRIBUTION}\n{quoted(content(asked, 'plain'))}\n{below}"
    page = (
        f'<div dir="ltr">{typed}</div><br><div class="gmail_quote"><div>{ATTRIBUTION}</div>'
        f'<blockquote class="gmail_quote">{inside_body(content(asked, "html"))}</blockquote></div>'
        f"<p>{below}</p>"
    )
    fields = (f"In-Reply-To: {asked['Message-ID']}", f"Subject: Re: {' '.join(asked['Subject'].split())}")
    plain, html = ("text/plain; charset=utf-8", text), ("text/html; charset=utf-8", page)
    data = {
        "text": lambda: mail(*fields, body=text),
        "page": lambda: mail(*fields, f"Content-Type: {html[0]}", body=page),
        "both": lambda: parts("alternative", plain, html, fields=fields),
    }[form]()
    return understand(data, len(data), RULES, mails_sent=lambda _: tuple(mails))


def sent_so_far(explained: bytes, repeats: bool) -> list[SentMail]:
    return [SentMail(explained, (DOUBTFUL,) if repeats else ()), SentMail(COMPOSER.data())]


@pytest.mark.parametrize("form", ["text", "page", "both"])
@pytest.mark.parametrize("repeats", [False, True], ids=["explains", "repeats the sentence"])
def test_approve_above_the_explanation_of_an_unclear_answer_decides(form: str, repeats: bool) -> None:
    explained = explanation(repeats)
    text = content(parsed(explained), "plain")
    assert (DOUBTFUL in text) is repeats
    said = answering(explained, "Approve", form=form, mails=sent_so_far(explained, repeats))
    assert (said.answer, said.unclear, said.comment) == (Answer.APPROVE, "", "")


@pytest.mark.parametrize("form", ["text", "page", "both"])
@pytest.mark.parametrize("repeats", [False, True], ids=["explains", "repeats the sentence"])
def test_the_doubtful_sentence_typed_once_more_above_the_explanation_is_doubt_again(
    form: str, repeats: bool
) -> None:
    """That our mail repeats it does not make it ours."""
    explained = explanation(repeats)
    for typed in (DOUBTFUL, f"Approve\n{DOUBTFUL}", f"Approve\n\n{DOUBTFUL.partition(' ')[2]}"):
        said = answering(explained, typed, form=form, mails=sent_so_far(explained, repeats))
        assert (said.answer, said.unclear) == (None, "condition")
    rest = DOUBTFUL.partition(" ")[2]
    said = answering(explained, "Approve", rest, form=form, mails=sent_so_far(explained, repeats))
    assert (said.answer, said.unclear) == (None, "condition")


def test_the_sentence_typed_below_a_quote_that_was_trimmed_is_doubt() -> None:
    """Our mail has the sentence once and so has the reply, but there the person typed it."""
    lines = content(parsed(explanation(True)), "plain").split("\n")
    kept = [line for line in lines if DOUBTFUL not in line]
    assert len(kept) == len(lines) - 1
    body = f"Approve\n\n{ATTRIBUTION}\n{quoted(chr(10).join(kept))}"
    for below, unclear in (("", ""), (DOUBTFUL, "condition"), (DOUBTFUL.partition(" ")[2], "condition")):
        data = mail(REPLY_TO, body=f"{body}\n{below}\n")
        mails = tuple(sent_so_far(explanation(True), True))
        said = understand(data, len(data), RULES, mails_sent=lambda _, mails=mails: mails)
        assert said.unclear == unclear
        assert (said.answer is Answer.APPROVE) is (not unclear)


@pytest.mark.parametrize("why", sorted(WHY))
@pytest.mark.parametrize("lang", WRITTEN)
def test_no_reason_in_any_language_keeps_an_answer_above_it_from_deciding(lang: str, why: str) -> None:
    explained = explanation(False, why, lang)
    for word, answer in (
        (LANGUAGES[lang].decide.approve[0], Answer.APPROVE),
        (LANGUAGES[lang].decide.reject[0], Answer.REJECT),
    ):
        said = answering(explained, word, form="both", mails=sent_so_far(explained, False))
        assert (said.answer, said.unclear, said.comment) == (answer, "", "")


# --- the cost of a long request

TEXT = "the hosts of every region were looked at by two of us in step number and nothing was left out"
WORDS = TEXT.split()


@cache
def long_lines(size: int) -> tuple[str, ...]:
    """Lines of fourteen words, all different, each word on many of them; so many characters with "> "."""
    lines, length = [], 0
    while length < size:
        at = len(lines)
        line = " ".join(f"{WORDS[(at * 7 + k * 5) % len(WORDS)]}{at if k == 5 else ''}" for k in range(14))
        lines.append(line)
        length += len(line) + len("> \n")
    return tuple(lines)


def rewrapped(lines: Sequence[str]) -> Sequence[str]:
    words = " ".join(lines).split()
    return [" ".join(words[i : i + 9]) for i in range(0, len(words), 9)]


QUOTES: dict[str, Callable[[Sequence[str]], Sequence[str]]] = {
    "as it was sent": lambda lines: lines,
    "wrapped otherwise": rewrapped,
    "a word changed in each line": lambda lines: [line.replace("was ", "is ", 1) for line in lines],
    "the words in another order": lambda lines: [" ".join(reversed(line.split())) for line in lines],
    "one long line": lambda lines: [" ".join(lines)],
}


def cost(
    size: int, quote: Callable[[Sequence[str]], Sequence[str]], times: int = 3
) -> tuple[float, ParsedReply]:
    """The least time of some; each reads another mail, since what was sent is kept for the next reply."""
    best, readings = float("inf"), list[ParsedReply]()

    def reply(data: bytes, asked: tuple[SentMail, ...]) -> None:
        readings.append(read(data, mails_sent=lambda _: asked))

    for more in range(times):
        lines = (*long_lines(size), f"and run {more} of all of them")
        asked = (sent(*REQUEST[:5], *lines, *REQUEST[5:]),)
        shown = (*REQUEST[:5], *quote(lines), *REQUEST[5:])
        head = f"Approve\n\nOn Friday, 20 Nov 2026, flexmaild <{OWN}> wrote:\n"
        data = mail("Subject: Re: Approval needed", body=head + "".join(f"> {line}\n" for line in shown))
        best = min(best, seconds(partial(reply, data, asked)))
    return best, readings[-1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", QUOTES)
def test_the_cost_of_a_long_quote_grows_with_its_size_and_not_faster(kind: str) -> None:
    """Up to the limit of a text, 256 KiB; four times the size would be sixteen times the work if squared."""
    # Where runs of words are looked for in vain, half of it is long enough.
    most = 120 if kind == "the words in another order" else 240
    small, _ = cost(most * 1024 // 4, QUOTES[kind])
    large, _ = cost(most * 1024, QUOTES[kind])
    assert grows_with_size(small, large)


@pytest.mark.slow
def test_a_request_of_a_quarter_of_a_mebibyte_is_known_to_its_last_word_in_its_quote() -> None:
    for kind in ("as it was sent", "wrapped otherwise"):
        _, said = cost(250 * 1024, QUOTES[kind], times=1)
        assert (said.answer, said.comment) == (Answer.APPROVE, "")
    _, changed = cost(250 * 1024, lambda lines: [*lines[:-1], lines[-1].replace("all", "some")], times=1)
    assert (changed.answer, changed.unclear) == (None, "quote_changed")


# --- a request whose words are not known

QUOTED = f"On Friday, 20 Nov 2026, flexmaild <{OWN}> wrote:\n" + "".join(f"> {line}\n" for line in REQUEST)
OUTLOOK = f"From: flexmaild <{OWN}>\nSent: Friday, 20 November 2026\nTo: Ann\nSubject: Approval needed\n"
REPLY_TO = "In-Reply-To: <FM1-ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLM.approval_request.0@corp.test>"


@pytest.mark.parametrize("word", ["Approve", "Reject"])
@pytest.mark.parametrize(
    "quote",
    [
        f"On Friday, 20 Nov 2026, flexmaild <{OWN}> wrote:\n> All tests are green.",
        f"On Friday, 20 Nov 2026, flexmaild <{OWN}> wrote:",
        f"{OUTLOOK}\nAll tests are green.",
    ],
    ids=["attribution", "attribution alone", "header block"],
)
def test_a_quote_of_a_mail_whose_words_are_not_known_decides_nothing(quote: str, word: str) -> None:
    """Whether its lines are ours or were typed cannot be told."""
    said = read(mail(REPLY_TO, body=f"{word}\n\n{quote}\n"), mails_sent=lambda _: None)
    assert (said.answer, said.unclear, said.comment) == (None, "words_unknown", "")


def test_marked_lines_decide_nothing_while_the_words_are_not_known() -> None:
    said = read(mail(REPLY_TO, body="Approve\n\n> All tests are green."), mails_sent=lambda _: None)
    assert (said.answer, said.unclear) == (None, "words_unknown")
    said = read(mail(REPLY_TO, body="Approve\n\n> only once Bob agrees"), mails_sent=lambda _: None)
    assert (said.answer, said.unclear) == (None, "condition")


@pytest.mark.parametrize("word", ["Approve", "Reject"])
def test_a_whole_quoted_request_whose_words_are_not_known_decides_nothing(word: str) -> None:
    """Both words stand in a request, so its quoted lines may be doubt as well."""
    body = f"{word}\n\n{QUOTED}"
    unknown = read(mail(REPLY_TO, body=body), mails_sent=lambda _: None)
    assert unknown.answer is None and unknown.unclear in ("words_unknown", "both_words")
    assert read(mail(REPLY_TO, body=body)).answer == Answer(word.lower())


@pytest.mark.parametrize("word", ["Approve", "Reject"])
def test_without_a_quote_it_does_not_matter_that_the_words_are_not_known(word: str) -> None:
    for body in (word, f"{word}, thanks\n\nKind regards,\nAnn\n"):
        said = read(mail(REPLY_TO, body=body), mails_sent=lambda _: None)
        assert (said.answer, said.unclear) == (Answer(word.lower()), "")


# --- what is typed behind a line of a header block

SUBJECT = "Approval needed: Deploy billing 2.3.1 to production"
BLOCK = (
    f"From: flexmaild <{OWN}>",
    "Sent: Friday, 20 November 2026 10:15",
    "To: Ann Approver <ann@corp.test>",
    f"Subject: {SUBJECT}",
)


def beside_a_block(*block: str, subject: str = SUBJECT) -> tuple[Answer | None, str, str]:
    body = "\n".join(("Approve", "", *block, "", *REQUEST))
    said = read(mail(REPLY_TO, body=body), mails_sent=lambda _: (sent(*REQUEST, subject=subject),))
    return said.answer, said.unclear, said.comment


def test_a_header_block_says_nothing() -> None:
    assert beside_a_block(*BLOCK) == (Answer.APPROVE, "", "")


@pytest.mark.parametrize("field", range(len(BLOCK)))
@pytest.mark.parametrize(
    "added",
    [
        " 👎",
        "?",
        " ?",
        " reject",
        " rejected",
        " Rejected!",
        " not yet",
        " 不批准",
        " abgelehnt",
        "？",
        " why??",
    ],
)
def test_what_answers_behind_a_field_of_a_header_block_is_not_lost(field: int, added: str) -> None:
    block = [line + added * (i == field) for i, line in enumerate(BLOCK)]
    answer, unclear, _ = beside_a_block(*block)
    assert answer is None and unclear


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Approval needed: Deploy the 版", "Approval needed: Deploy the ?"),
        ("Approval needed: Deploy billing 2.3.1 …", "Approval needed: Deploy billing 2.3.1 ?"),
        ("Approval needed: Deploy billing today?", "Approval needed: Deploy billing today?"),
        ("Approval needed: Deploy billing 2026.1?", "Approval needed: Deploy billing 2026.1?"),
        ("Approval needed: 👎 is a thumb", "Approval needed: 👎 is a thumb"),
    ],
)
def test_a_question_mark_of_our_own_or_for_a_lost_letter_asks_nothing(subject: str, shown: str) -> None:
    assert beside_a_block(*BLOCK[:3], f"Subject: {shown}", subject=subject) == (Answer.APPROVE, "", "")


@pytest.mark.parametrize(
    "sent_at",
    [
        "2026?11?20? 10:15",
        "???????, 20 ?????? 2026 ?. 10:15",
        "2026年11月20日 10:15",
        "Fr., 20. M?rz 2026, 10:15 Uhr",
    ],
)
def test_a_date_that_lost_its_letters_asks_nothing(sent_at: str) -> None:
    assert beside_a_block(BLOCK[0], f"Sent: {sent_at}", *BLOCK[2:]) == (Answer.APPROVE, "", "")


@pytest.mark.parametrize("added", [" ?", "?", " 👎", " no", " why? really?"])
def test_what_answers_behind_a_date_of_digits_alone_is_not_lost(added: str) -> None:
    for block in ((BLOCK[0], f"Sent: 2026-11-20 10:15{added}", BLOCK[2]), (*BLOCK[:2], f"{BLOCK[2]}{added}")):
        answer, unclear, _ = beside_a_block(*block, BLOCK[3])
        assert answer is None and unclear
