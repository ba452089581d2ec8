"""What companies and gateways add below everybody's mail: disclaimers, footers of lists and scanners.

Called by `signatures` and `banners`. Only what is known as a whole is taken for such, and never over an
answer: a line too few leaves an answer undecided, a line too many would swallow a person's doubt. The texts
are in `languages`.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from flexmaild.languages.load import EVERY, words
from flexmaild.mail.understand.doubt import doubts_in, refusing_signs
from flexmaild.mail.understand.known import KnownLines, asks, holds_answer
from flexmaild.mail.understand.lines import Line, small, weight
from flexmaild.mail.understand.rules import Rules, normal_word
from flexmaild.mail.understand.seen import clauses, seen


def folded(text: str) -> str:
    """The text in the form in which it is looked through: as a person sees it, in lower case."""
    return seen(small(seen(text)))


def as_compared(pieces: Iterable[str]) -> tuple[str, ...]:
    """Words of `languages` in the same form."""
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
# A disclaimer speaks of this mail and of three of these seven; people hardly of two in one paragraph.
_CONCEPTS = tuple(
    as_compared(piece for language in EVERY for piece in language.notice.concepts[n]) for n in range(7)
)
_THIS_MAIL = as_compared(words(lambda language: language.notice.this_mail))

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
_BEGINNING = re.compile(
    rf"\s+(?=(?:{'|'.join(sorted(re.escape(p[0].upper() + p[1:]) for p in _THIS_MAIL if p[:1].islower()))}))"
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
    at = length
    while at and at < len(lines):
        if lines[at].is_blank:
            at += 1
        elif more := (
            _FOOTERS.length([line.bare for line in paragraph_of(lines[at:])])
            or disclaimer_length(lines[at:], rules, goes_on=True)
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


def wrapped_length(paragraph: Sequence[str], rules: Rules) -> int:
    """How many lines from the top were wrapped as one, and never over an answer."""
    length = 1
    while (
        length < len(paragraph)
        and len(paragraph[length - 1].strip()) in WRAPPED
        and not paragraph[length - 1].rstrip().endswith((".", "!", ":"))
        and not normal_word(paragraph[length].lstrip(" *_")).startswith(rules.beginnings)
    ):
        length += 1
    return length


def _is_typed_between(paragraph: Sequence[str], at: int) -> bool:
    """Whether a line of doubt stands here, less than half as long as the one above and not the last: no
    program breaks a line so early, somebody typed there."""
    line = paragraph[at].strip()
    is_short = 2 * len(line) < len(paragraph[at - 1].strip())
    return is_short and at + 1 < len(paragraph) and bool(doubts_in(line) or refusing_signs(line))


def disclaimer_length(lines: Sequence[Line], rules: Rules, *, goes_on: bool = False) -> int:
    """How many of these lines are a disclaimer, or go on with one: as few as make one, wrapped lines whole.

    The first line must speak of it already, so that a person's line above is no part of it.
    """
    paragraph = [line.bare for line in paragraph_of(lines)]
    typed = next((i for i in range(1, len(paragraph)) if _is_typed_between(paragraph, i)), None)
    paragraph = paragraph[:typed]
    if weight("".join(paragraph)) < _SHORTEST_DISCLAIMER:
        return 0
    if not _concepts(paragraph[0]) and not _is_of_this_mail(paragraph[0]):
        return 0
    whole = " ".join(paragraph)
    if not goes_on and (not _is_of_this_mail(whole) or _concepts(whole) < 2):
        return 0  # nor does any part of it speak of enough
    end = 0
    while end < len(paragraph):
        end += wrapped_length(paragraph[end:], rules)
        if _is_disclaimer(" ".join(paragraph[:end]), rules, goes_on=goes_on):
            return end + _further(paragraph, end, rules)
    return 0


def _further(paragraph: Sequence[str], end: int, rules: Rules) -> int:
    """How many lines of the paragraph go on with the disclaimer that ends here: each speaks of one."""
    at = end
    while at < len(paragraph):
        length = wrapped_length(paragraph[at:], rules)
        if not _is_disclaimer(" ".join(paragraph[at : at + length]), rules, goes_on=True):
            break
        at += length
    return at - end


def _is_disclaimer(text: str, rules: Rules, *, goes_on: bool) -> bool:
    """Whether this text speaks of this mail and of three of secrecy, the recipient, an error, deleting …

    Where nothing in it doubts two will do; where it goes on with a disclaimer, one thing less. A sentence
    that doubts must speak of one itself, and none may decide.
    """
    doubts = False
    for sentence in _sentences(text):
        if doubts_in(sentence) or asks(sentence):
            doubts = True
            if not _may_doubt(sentence):
                return False
    if holds_answer(text, rules):
        return False
    things = _concepts(text) + _is_of_this_mail(text)
    if goes_on:
        return things >= (2 if doubts else 1)
    return _is_of_this_mail(text) and things >= (4 if doubts else 3)


def _may_doubt(sentence: str) -> bool:
    """Whether a disclaimer may doubt so: it speaks of one, and neither it nor its end is a few words."""
    if _FOOTERS.has(sentence):
        return True
    if not _speaks(sentence) or _has_at_most(FEW_WORDS, sentence):
        return False
    *before, last = clauses(sentence) or [sentence]
    return not (before and _has_at_most(FEW_WORDS - 1, last) and doubts_in(last) and not _speaks(last))


def _has_at_most(count: int, text: str) -> bool:
    """So few words, and not a sentence in a language that writes no blanks."""
    return len(words_of(text)) <= count and weight(text) <= _BRIEF


def _speaks(text: str) -> bool:
    return bool(_concepts(text)) or _is_of_this_mail(text)


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


def _concepts(text: str) -> int:
    low = _spaced(text)
    return sum(1 for concept in _CONCEPTS if any(piece in low for piece in concept))


def _is_of_this_mail(text: str) -> bool:
    """Whether a mail speaks of itself here."""
    low = _spaced(text)
    return any(piece in low for piece in _THIS_MAIL)


@lru_cache(maxsize=128)
def _spaced(text: str) -> str:
    return " ".join(folded(text).split())


def words_of(line: str) -> list[str]:
    kept = (p for p in seen(line).replace("<", " <").split() if "://" not in p and "@" not in p)
    spaced = "".join(c if c.isalnum() or c in "'-" else " " for c in " ".join(kept))
    return [word for piece in spaced.split() if (word := piece.strip("'-"))]
