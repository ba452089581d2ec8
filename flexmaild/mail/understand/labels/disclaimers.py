"""What companies and gateways add below every mail: disclaimers, footers of lists and scanners.

Called by `signatures` and `banners`. Only what is known as a whole gets such a label, and never across an
answer: a line too few leaves an answer undecided, a line too many would swallow a person's doubt. The texts
are in `languages`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from flexmaild.languages.load import EVERY, words
from flexmaild.mail.understand.labels.known import KnownLines, has_deciding_word, has_question_mark
from flexmaild.mail.understand.lines import Line, fold_case, weight
from flexmaild.mail.understand.words.doubt import doubts_in, refusing_signs
from flexmaild.mail.understand.words.normalised import clauses, visible_form
from flexmaild.mail.understand.words.pieces import PieceIndex
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.mail.understand.words.spelling import normal_word


def folded(text: str) -> str:
    """The text in the form in which it is looked through: as a person sees it, in lower case."""
    return visible_form(fold_case(visible_form(text)))


def as_compared(pieces: Iterable[str]) -> tuple[str, ...]:
    """Words of `languages` in the form of `folded`."""
    return tuple(folded(piece) for piece in pieces)


_FOOTERS = KnownLines(
    words(
        lambda language: (
            *language.notice.footers,
            *language.notice.lists,
            *language.notice.disclaimers,
            *language.signature.devices,
        )
    )
)
# A disclaimer speaks of this mail and of three of these seven; people hardly of two in one paragraph. In its
# own language: "delet" is a piece of Portuguese ones, and of "delete the rest". Those of many are in "mul".
_OF_MANY = {language.tag: language.notice.concepts for language in EVERY}["mul"]
_CONCEPTS = PieceIndex(
    (piece, (language.tag, n))
    for language in EVERY
    for n in range(7)
    for piece in as_compared((*language.notice.concepts[n], *_OF_MANY[n]))
)
_THIS_MAIL = PieceIndex(
    (piece, language.tag) for language in EVERY for piece in as_compared(language.notice.this_mail)
)

# Lines of one notice.
LONGEST_NOTICE = 40
# Words of a line that, when it doubts, is no banner's.
FEW_WORDS = 3
# Letters of so few words at most, a CJK one counted threefold.
_BRIEF = 32
# A paragraph wrapped by a mail program has lines of this length; what follows a shorter one is another's.
WRAPPED = range(45, 101)
AROUND = " \t\xa0-=*_#~"
_SENTENCE = re.compile(r"(?<=[.!?;:])[,\s]*\s+(?=\D)|(?<=[。！？；])")
# Where a disclaimer begins behind words without a full stop: "wait This e-mail and any attachments …"
_OPENINGS = sorted(
    {piece for piece in as_compared(words(lambda language: language.notice.this_mail)) if piece[:1].islower()}
)
_BEGINNING = re.compile(
    rf"\s+(?=(?:{'|'.join(f'{re.escape(p[0].upper())}(?i:{re.escape(p[1:])})' for p in _OPENINGS)}))"
)
# "sp. z o.o.", "ltd. of": behind so few letters a full stop ends no sentence that a small letter goes on.
_ABBREVIATED = re.compile(r"\b\w{1,4}\.$")
# Letters of a disclaimer that is known by what it speaks of, a CJK one counted threefold.
_SHORTEST_DISCLAIMER = 60
# What lists draw above their lines has this length at least; a shorter one begins a signature.
_SHORTEST_RULE = 8


def is_footer_line(text: str) -> bool:
    """A line that is known as a whole: of a virus scanner, a list, a firm, a law."""
    return _FOOTERS.has(text)


def notice_length(lines: Sequence[Line], rules: Rules) -> int:
    """How many of these lines, from the first on, are one notice; 0 where the first begins none.

    Lines that are known, or a disclaimer with the paragraphs that go on with it.
    """
    if rule := _rule_length(lines):
        below = notice_length(lines[rule:], rules) if rule < len(lines) else 0
        return rule + below if below else 0
    if known := _FOOTERS.length([line.bare for line in paragraph_of(lines)]):
        return known
    length = disclaimer_length(lines, rules)
    languages = _languages(" ".join(line.bare for line in lines[:length]))
    at = length
    while at and at < len(lines):
        if lines[at].is_blank:
            at += 1
        elif more := (
            _FOOTERS.length([line.bare for line in paragraph_of(lines[at:])])
            or disclaimer_length(lines[at:], rules, languages)
        ):
            length = at = at + more
        else:
            break
    return length


def _rule_length(lines: Sequence[Line]) -> int:
    """The length of a drawn line with the blank ones below it; 0 where there is none."""
    bare = lines[0].bare.strip() if lines else ""
    if len(bare) < _SHORTEST_RULE or bare.strip(AROUND):
        return 0
    return next((i for i in range(1, len(lines)) if not lines[i].is_blank), len(lines))


def paragraph_of(lines: Sequence[Line]) -> Sequence[Line]:
    end = next(
        (i for i, line in enumerate(lines[:LONGEST_NOTICE]) if line.is_blank or line.label), len(lines)
    )
    return lines[: min(end, LONGEST_NOTICE)]


def _wrapped_length(paragraph: Sequence[str], rules: Rules) -> int:
    """How many lines from the top were wrapped as one, never across an answer."""
    length = 1
    while (
        length < len(paragraph)
        and len(paragraph[length - 1].strip()) in WRAPPED
        and not paragraph[length - 1].rstrip().endswith((".", "!", ":"))
        and not rules.vocabulary.begins(normal_word(paragraph[length].lstrip(" *_")))
    ):
        length += 1
    return length


def _is_typed_between(paragraph: Sequence[str], at: int) -> bool:
    """Whether a line that doubts or asks stands here, less than half as long as the one above and not the
    last: no program breaks a line so early, so a person typed it."""
    line = paragraph[at].strip()
    is_short = 2 * len(line) < len(paragraph[at - 1].strip())
    return is_short and at + 1 < len(paragraph) and (_doubts(line) or bool(refusing_signs(line)))


def _doubts(text: str) -> bool:
    return bool(doubts_in(text)) or has_question_mark(text)


def _is_typed_alone(paragraph: Sequence[str], at: int, languages: frozenset[str], rules: Rules) -> bool:
    """Whether a line of doubt stands here that goes on with none and in none, and hardly a disclaimer's."""
    if _wrapped_length(paragraph[at : at + 2], rules) > 1 or (
        at and _wrapped_length(paragraph[at - 1 : at + 1], rules) > 1
    ):
        return False
    return _doubts(paragraph[at]) and not _speaks_clearly(paragraph[at], languages)


def disclaimer_length(lines: Sequence[Line], rules: Rules, above: frozenset[str] = frozenset()) -> int:
    """How many of these lines are a disclaimer, or go on with one: as few as make one, wrapped lines whole.

    above: the languages of the one they go on with. The first line must speak of it already, so that a
    person's line above is no part of it.
    """
    paragraph = [line.bare for line in paragraph_of(lines)]
    languages = above or _languages(" ".join(paragraph))
    if not _may_be_disclaimer(paragraph, languages, goes_on=bool(above)):
        return 0
    typed = next(
        (
            i
            for i in range(len(paragraph))
            if (i and _is_typed_between(paragraph, i)) or _is_typed_alone(paragraph, i, languages, rules)
        ),
        None,
    )
    if typed is not None:
        paragraph = paragraph[:typed]
        if not _may_be_disclaimer(paragraph, languages, goes_on=bool(above)):
            return 0
    end = 0
    while end < len(paragraph):
        end += _wrapped_length(paragraph[end:], rules)
        if _is_disclaimer(" ".join(paragraph[:end]), rules, languages, goes_on=bool(above)):
            return end + _continuation_length(paragraph, end, rules, languages)
    return 0


def _may_be_disclaimer(paragraph: Sequence[str], languages: frozenset[str], *, goes_on: bool) -> bool:
    """Whether these lines are long enough, speak of enough, and begin so; else no part of them does."""
    if weight("".join(paragraph)) < _SHORTEST_DISCLAIMER or not _speaks(paragraph[0], languages):
        return False
    whole = " ".join(paragraph)
    return goes_on or (_is_of_this_mail(whole) and _concepts(whole, languages) >= 2)


def _continuation_length(paragraph: Sequence[str], end: int, rules: Rules, languages: frozenset[str]) -> int:
    """How many lines of the paragraph go on with the disclaimer that ends here: each speaks of one."""
    at = end
    while at < len(paragraph):
        length = _wrapped_length(paragraph[at:], rules)
        if not _is_disclaimer(" ".join(paragraph[at : at + length]), rules, languages, goes_on=True):
            break
        at += length
    return at - end


def _is_disclaimer(text: str, rules: Rules, languages: frozenset[str], *, goes_on: bool) -> bool:
    """Whether this text speaks of this mail and of three of secrecy, the recipient, an error, deleting …

    Where nothing in it doubts two will do; where it goes on with a disclaimer, one thing less. A sentence
    that doubts must speak of one itself, the first one clearly, and none may decide.
    """
    doubts = False
    for number, sentence in enumerate(_sentences(text)):
        if _doubts(sentence):
            doubts = True
            if not _may_doubt(sentence, languages):
                return False
            if not number and not goes_on and not _speaks_clearly(sentence, languages):
                return False
    if has_deciding_word(text, rules) or refusing_signs(text):
        return False
    things = _concepts(text, languages) + _is_of_this_mail(text)
    if goes_on:
        return things >= (2 if doubts else 1)
    return _is_of_this_mail(text) and things >= (4 if doubts else 3)


def _may_doubt(sentence: str, languages: frozenset[str]) -> bool:
    """Whether a disclaimer may doubt so: it speaks of one, and neither it nor its end is a few words."""
    if _FOOTERS.has(sentence):
        return True
    if not _speaks(sentence, languages) or _has_at_most(FEW_WORDS, sentence):
        return False
    *before, last = clauses(sentence) or [sentence]
    is_brief = bool(before) and _has_at_most(FEW_WORDS - 1, last)
    return not (is_brief and doubts_in(last) and not _speaks(last, languages))


def _has_at_most(count: int, text: str) -> bool:
    """Whether the text has at most so many words, and is no sentence of a language without blanks."""
    return len(words_of(text)) <= count and weight(text) <= _BRIEF


def _speaks(text: str, languages: frozenset[str]) -> bool:
    return bool(_concepts(text, languages)) or _is_of_this_mail(text)


def _speaks_clearly(text: str, languages: frozenset[str]) -> bool:
    """Whether this speaks of itself as a mail, or of two things that people hardly put in one sentence."""
    return _is_of_this_mail(text) or _concepts(text, languages) >= 2 or _FOOTERS.has(text)


def _sentences(text: str) -> list[str]:
    """The text cut at its full stops and colons, but not behind "sp." in "sp. z o.o."."""
    found: list[str] = []
    pieces = (piece for sentence in _SENTENCE.split(text) for piece in _BEGINNING.split(sentence))
    for piece in pieces:
        if found and piece[:1].islower() and _ABBREVIATED.search(found[-1]):
            found[-1] += f" {piece}"
        else:
            found.append(piece)
    return found


def _concepts(text: str, languages: frozenset[str]) -> int:
    """The number of the seven concepts that the text mentions, in the language in which it mentions most."""
    counts = _concepts_by_language(text)
    return max((counts[tag] for tag in languages or counts), default=0)


@lru_cache(maxsize=128)
def _concepts_by_language(text: str) -> Counter[str]:
    return Counter(tag for tag, _ in _CONCEPTS.found_in(_spaced(text)))


@lru_cache(maxsize=128)
def _languages(text: str) -> frozenset[str]:
    """The languages in which a mail speaks of itself here."""
    return frozenset(_THIS_MAIL.found_in(_spaced(text)))


def _is_of_this_mail(text: str) -> bool:
    """Whether a mail speaks of itself here."""
    return bool(_languages(text))


@lru_cache(maxsize=128)
def _spaced(text: str) -> str:
    return " ".join(folded(text).split())


def words_of(line: str) -> list[str]:
    kept = (p for p in visible_form(line).replace("<", " <").split() if "://" not in p and "@" not in p)
    spaced = "".join(c if c.isalnum() or c in "'-" else " " for c in " ".join(kept))
    return [word for piece in spaced.split() if (word := piece.strip("'-"))]
