"""What a person's mail answers: the decision on which all renderings of the mail agree.

Called by `reply`. A mail has several renderings: its HTML part, what of that is certainly visible, its text
part. Where two of them decide differently, nothing is decided. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flexmaild.core.model import Answer
from flexmaild.mail.parse.charset import REPLACEMENT
from flexmaild.mail.parse.header import decoded
from flexmaild.mail.parse.html import html_lines
from flexmaild.mail.parse.html_tree import TooComplex
from flexmaild.mail.parse.message import Mail, Text
from flexmaild.mail.parse.plain import plain_lines
from flexmaild.mail.parse.shown import ShownLine
from flexmaild.mail.understand.contradiction import contradiction
from flexmaild.mail.understand.evidence import Evidence
from flexmaild.mail.understand.identification import addressees
from flexmaild.mail.understand.labels.label import Labelled, label
from flexmaild.mail.understand.labels.placeholders import without_placeholders
from flexmaild.mail.understand.labels.sent import SentText
from flexmaild.mail.understand.labels.signatures import Writer
from flexmaild.mail.understand.lines import (
    QUESTION_MARKS,
    Label,
    Line,
    letters,
    lines_of,
    nfc,
    without_links,
)
from flexmaild.mail.understand.verdict import Decision, decide
from flexmaild.mail.understand.words.doubt import doubts_in, refusing_signs
from flexmaild.mail.understand.words.rules import Rules

# Text parts that are read; a mail with more of them is too long to decide.
_MOST_TEXTS = 8
# Lines that show something, of all renderings of a mail; the page and the text of the longest thread have
# fewer than a quarter of them. A mail with more is too long to decide and is not read line by line.
_MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What a mail is read with. is_cut: text is missing from it, or may be; then it decides nothing."""

    rules: Rules
    writer: Writer
    sent: SentText
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Understood:
    """What a mail answers, and the lines that say so (None where no rendering has text)."""

    decision: Decision
    labelled: Labelled | None = None


class _Rendering(NamedTuple):
    """One way in which a mail program may show the mail. is_certain: it leaves out what may be hidden.

    source: what it was made of, as `flexmaild explain` names it.
    """

    lines: list[Line]
    is_certain: bool
    source: str


def answer_of(mail: Mail, context: AnswerContext, evidence: Evidence | None = None) -> Understood:
    """The answer of a person's mail; none where it is too long, or answers another person's mail.

    evidence: records each rendering and what it says.
    """
    try:
        understood = _agreed(mail, context, evidence)
    except TooComplex:
        understood = Understood(Decision(None, "too_long"))
    if addressees.answers_another(mail.header, context.rules):
        return Understood(Decision(None, "other_mail"), understood.labelled)
    return understood


def _agreed(mail: Mail, context: AnswerContext, evidence: Evidence | None) -> Understood:
    """The answer on which all renderings agree, unless something in the mail forbids to trust it."""
    rules = context.rules
    subject = decoded(mail.header.first(b"subject"), rules.limits)
    first: Understood | None = None
    is_ambiguous = bool(mail.header.faults or mail.root.faults) or any(text.faults for text in mail.texts)
    is_damaged = any(text.is_damaged for text in mail.texts)
    for rendering in _renderings(without_placeholders(mail.texts, subject, rules)):
        labelled = label(rendering.lines, context.sent, rules, context.writer)
        decision = decide(labelled, rules)
        if evidence is not None:
            evidence.saw(rendering.source, labelled, decision)
        if not rendering.is_certain and not any(map(str.strip, labelled.typed)):
            continue
        is_ambiguous = is_ambiguous or (is_damaged and _has_lost_letters(labelled))
        if first is not None and decision.answer is not first.decision.answer:
            return Understood(Decision(None, "parts_disagree", language=first.decision.language), labelled)
        first = first or Understood(decision, labelled)
    if first is None:
        return Understood(Decision(None, "empty"))
    unclear = _obstacle(mail, subject, first, context, is_ambiguous=is_ambiguous)
    if unclear:
        return Understood(Decision(None, unclear, language=first.decision.language), first.labelled)
    return first


def _obstacle(
    mail: Mail, subject: str, found: Understood, context: AnswerContext, *, is_ambiguous: bool
) -> str:
    """Why the mail cannot decide although its text does, as a key of `verdict.WHY`; empty if it can."""
    answer, sent = found.decision.answer, context.sent
    if answer is None:
        return ""
    if context.is_cut or len(mail.texts) > _MOST_TEXTS or any(text.is_cut for text in mail.texts):
        return "too_long"
    if is_ambiguous:
        return "ambiguous"
    if sent.subjects and _subject_doubts(subject, sent, answer, context.rules):
        return "condition"
    if not sent.is_known and found.labelled is not None and found.labelled.has_quote:
        return "words_unknown"
    return ""


def _subject_doubts(subject: str, sent: SentText, answer: Answer, rules: Rules) -> bool:
    """Whether what was added to our subject doubts, asks, or says the opposite."""
    added = sent.added_to_subject(subject)
    ours = "".join(sent.subjects)
    asks = subject.rstrip().endswith(tuple(QUESTION_MARKS)) and "?" not in ours and ours.isascii()
    return bool(
        asks
        or doubts_in(added)
        or refusing_signs(subject) - sent.signs
        or (answer is Answer.APPROVE and contradiction(answer, added, rules.vocabulary))
    )


def _has_lost_letters(labelled: Labelled) -> bool:
    """Whether a byte that could not be read stands where a person typed; elsewhere it does not matter."""
    return any(
        REPLACEMENT in line.text and not line.depth and (line.label is Label.TYPED or line.typed is not None)
        for line in labelled.lines
    )


def _renderings(texts: Sequence[Text]) -> Iterator[_Rendering]:
    """Every way in which a mail program may show these texts. Raises TooComplex where they are too long."""
    read = texts[:_MOST_TEXTS]
    shown = {i: _shown(text) for i, text in enumerate(read) if _has_page(text)}
    others = {i: _visible(text) for i, text in enumerate(read) if i not in shown}
    count = sum(map(_count, shown.values())) + sum(map(_count_visible, others.values()))
    if count > _MOST_LINES:
        raise TooComplex("more lines than a person's mail has")
    pages = {i: lines_of(lines) for i, lines in shown.items()}
    on_pages = {"".join([line.norm for line in lines]) for lines in pages.values()}
    for i, text in enumerate(read):
        # Some programs write a text part without line ends: the lines of the page are the person's.
        if i in pages:
            yield _Rendering(pages[i], False, "page")
            if _is_unsure(shown[i]):
                yield _Rendering(lines_of(shown[i], sure=True), True, "page, what is certainly visible")
        elif not on_pages or _letters(others[i]) not in on_pages:
            yield _Rendering(lines_of(_shown(text)), False, "text")


def _has_page(text: Text) -> bool:
    return any(style == "html" for style, _ in text.segments)


def _shown(text: Text) -> list[ShownLine]:
    lines: list[ShownLine] = []
    for style, content in text.segments:
        lines += html_lines(content) if style == "html" else plain_lines(content, style)
    return lines


def _visible(text: Text) -> list[str]:
    """The lines of a text without a page, as they are seen; mostly nothing else of them is needed, for they
    say the same as a page. All of them are certainly visible."""
    lines: list[str] = []
    for style, content in text.segments:
        lines += content.split("\n") if style == "plain" else [x.text for x in plain_lines(content, style)]
    return lines


def _is_unsure(shown: Iterable[ShownLine]) -> bool:
    return any(line.sure != line.text for line in shown)


def _count(shown: Sequence[ShownLine]) -> int:
    """The lines that are labelled of this text: twice, where not all of it is certainly visible."""
    count = _count_visible(line.text for line in shown)
    return 2 * count if _is_unsure(shown) else count


def _count_visible(lines: Iterable[str]) -> int:
    return sum(not line.isspace() for line in lines if line)


def _letters(lines: Iterable[str]) -> str:
    """The letters and digits of all lines at once; no word crosses the end of a line."""
    return letters("\n".join([without_links(nfc(line)) for line in lines]))
