"""What companies and mail gateways add to everybody's mail: banners on top, disclaimers and footers below.

Called by `label`. Only what is known as a whole is taken for such, and never over an answer: a line too few
leaves an answer undecided, a line too many would swallow a person's doubt. The texts are in `languages`.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from flexmaild.languages.load import EVERY, words
from flexmaild.mail.understand.doubt import doubts_in
from flexmaild.mail.understand.known import KnownLines, asks, decides, holds_answer, tokens_of
from flexmaild.mail.understand.lines import Label, Line, weight
from flexmaild.mail.understand.rules import Rules, normal_word
from flexmaild.mail.understand.seen import seen


def _low(text: str) -> str:
    """The text in the form in which it is looked through: as a person sees it, in lower case."""
    return seen(seen(text).casefold())


def _seen(pieces: Iterable[str]) -> tuple[str, ...]:
    """Words of `languages` in the same form."""
    return tuple(_low(piece) for piece in pieces)


_TAGS = KnownLines(words(lambda language: language.notice.banner_tags))
_TELLS = _seen(words(lambda language: language.notice.banner_tells))
_NOUNS = _seen(words(lambda language: language.notice.banner_nouns))
_BANNER_WORDS = frozenset(_seen(words(lambda language: language.notice.banner_words)))
# Of languages that write no blanks: what tells by itself, and what may stand around it.
_BANNER_PIECES = _seen(words(lambda language: language.notice.banner_pieces))
_UNSPACED = re.compile(
    "|".join(
        sorted(
            (re.escape(w) for w in (*_BANNER_WORDS, *_BANNER_PIECES) if w[0] > "\u2e80"),
            key=len,
            reverse=True,
        )
    )
)
_CLASSIFICATIONS = KnownLines(words(lambda language: language.notice.classifications))
_CLASSIFICATION_WORDS = frozenset(_seen(words(lambda language: language.notice.classification_words)))
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
    _seen(piece for language in EVERY for piece in language.notice.concepts[n]) for n in range(7)
)
_THIS_MAIL = _seen(words(lambda language: language.notice.this_mail))

# Lines of one notice, and notices above an answer: a gateway's banner, Outlook's, a classification.
LONGEST_NOTICE, _MOST_BANNERS = 40, 4
# Words of a banner's telling line that may be strange to it, for the firm's name ("outside of Corp plc").
_STRANGE_WORDS = 4
# Letters of a legal form behind the name, "plc", which many write small.
_LEGAL_FORM = 4
# Words of a line that, when it doubts, is no banner's.
_SHORTEST_LINE = 3
# A classification has few words, and fewer with a firm's name: "Orange Restricted".
_LONGEST_CLASSIFICATION, _LONGEST_WITH_NAME = 7, 3
# A paragraph wrapped by a mail program has lines of this length; what follows a shorter one is another's.
_WRAPPED = range(45, 101)
_AROUND = " \t\xa0-=*_#~"
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+(?=\D)|(?<=[。！？；])")
# "sp. z o.o.", "ltd. of": behind so few letters a full stop ends no sentence that a small letter goes on.
_ABBREVIATED = re.compile(r"\b\w{1,4}\.$")
# Letters of a disclaimer that is known by what it speaks of, a CJK one counted threefold.
_SHORTEST_DISCLAIMER = 60
# What lists draw above their lines has this length at least; a shorter one begins a signature.
_SHORTEST_RULE = 8


def label_banners(lines: Sequence[Line], start: int, stop: int, rules: Rules) -> None:
    """The banners, classifications and tags from `start` on, above an answer or above our mail in a quote."""
    at = start
    for _ in range(_MOST_BANNERS):
        while at < stop and (lines[at].label or not lines[at].bare.strip(_AROUND)):
            at += 1
        length = banner_length(lines[at : min(stop, at + LONGEST_NOTICE)], rules)
        if not length:
            break
        for line in lines[at : at + length]:
            line.set(Label.BANNER, "a known banner")
        at += length
    if at < stop and not lines[at].label:
        tagged = untagged(lines[at].bare)
        if tagged:
            lines[at].set(Label.BANNER, "behind a gateway's tag")
            lines[at].typed = tagged


def untagged(text: str) -> str:
    """`[EXTERNAL] Approve` without its tag; empty where there is none."""
    tag, bracket, after = text.strip().removeprefix("[").partition("]")
    if text.strip().startswith("[") and bracket and (_TAGS.has(tag) or is_classification(tag)):
        return after.strip()
    return ""


def is_classification(text: str) -> bool:
    """`Classification: Internal`, `TLP:AMBER`, `[Public]`, `社外秘`: all of it is a label's words."""
    if len(text) > 80:
        return False
    if _CLASSIFICATIONS.has(text):
        return True
    found = () if asks(text) else tokens_of(text)
    is_strange = [_low(token) not in _CLASSIFICATION_WORDS for token in found]
    if not any(is_strange):
        return 0 < len(found) <= _LONGEST_CLASSIFICATION
    # A firm's name before it: "Orange Restricted"
    is_named = is_strange[0] and not is_strange[-1] and is_strange == sorted(is_strange, reverse=True)
    return (
        is_named
        and len(found) <= _LONGEST_WITH_NAME
        and all(token[0].isupper() for token in found)
        and not doubts_in(text)
        and not any(decides(token) for token in found)
    )


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
    if known := _FOOTERS.length([line.bare for line in _paragraph(lines)]):
        return known
    length = _disclaimer(lines, rules)
    at = length
    while at and at < len(lines):
        if lines[at].is_blank:
            at += 1
        elif more := (
            _FOOTERS.length([line.bare for line in _paragraph(lines[at:])])
            or _disclaimer(lines[at:], rules, goes_on=True)
        ):
            length = at = at + more
        else:
            break
    return length


def _rule_length(lines: Sequence[Line]) -> int:
    """The length of a drawn line with the blank ones below it; 0 where there is none."""
    bare = lines[0].bare.strip() if lines else ""
    if len(bare) < _SHORTEST_RULE or bare.strip(_AROUND):
        return 0
    return next((i for i in range(1, len(lines)) if not lines[i].is_blank), len(lines))


def _paragraph(lines: Sequence[Line]) -> Sequence[Line]:
    end = next(
        (i for i, line in enumerate(lines[:LONGEST_NOTICE]) if line.is_blank or line.label), len(lines)
    )
    return lines[: min(end, LONGEST_NOTICE)]


def banner_length(lines: Sequence[Line], rules: Rules) -> int:
    """How many of these lines, from the first on, are one banner; 0 where the first is none."""
    if not lines or lines[0].label or normal_word(lines[0].bare.lstrip(" *_")).startswith(rules.beginnings):
        return 0
    if is_classification(lines[0].bare) and not holds_answer(lines[0].bare, rules):
        return 1
    paragraph = [line.bare for line in _paragraph(lines)]
    if known := _TAGS.length(paragraph):
        return known
    usual = next((i for i in range(len(paragraph)) if _is_foreign(paragraph, i)), len(paragraph))
    told = next((i for i, line in enumerate(paragraph[: usual + 1]) if _tells(line)), -1)
    if told >= 0:
        after = told + 1
        while after < len(paragraph) and not _is_foreign(paragraph, after):
            after += 1
        return after
    return _disclaimer(lines, rules)


def _strange(line: str) -> list[str]:
    """The words of this line, as written, that banners do not consist of."""
    found = []
    for word in _words(line):
        low = _low(word)
        if low not in _BANNER_WORDS and (low.isascii() or _UNSPACED.sub("", low)):
            found.append(word)
    return [*found, "?"] if asks(line) else found


def _is_foreign(paragraph: Sequence[str], i: int) -> bool:
    """Whether this line is no banner's: by its words, or as a doubt of its own ("Stop", "only Bob")."""
    line = paragraph[i]
    wraps = i > 0 and len(paragraph[i - 1].strip()) in _WRAPPED
    is_doubt = not wraps and len(_words(line)) <= _SHORTEST_LINE and bool(doubts_in(line))
    return is_doubt or bool(_strange(line))


def _tells(line: str) -> bool:
    """Whether this line says what only a banner says, in nothing but a banner's words and a firm's name."""
    low = _low(line)
    if not any(piece in low for piece in _BANNER_PIECES) and (
        not any(tell in low for tell in _TELLS) or not any(noun in low for noun in _NOUNS)
    ):
        return False
    strange = _strange(line)
    return (
        len(strange) <= _STRANGE_WORDS
        and all(word[0].isupper() or (at and len(word) <= _LEGAL_FORM) for at, word in enumerate(strange))
        and not doubts_in(" ".join(strange))
        and not any(decides(word) for word in strange)
    )


def _wrapped_length(paragraph: Sequence[str], rules: Rules) -> int:
    """How many lines from the top were wrapped as one, and never over an answer."""
    length = 1
    while (
        length < len(paragraph)
        and len(paragraph[length - 1].strip()) in _WRAPPED
        and not paragraph[length - 1].rstrip().endswith((".", "!", ":"))
        and not normal_word(paragraph[length].lstrip(" *_")).startswith(rules.beginnings)
    ):
        length += 1
    return length


def _disclaimer(lines: Sequence[Line], rules: Rules, *, goes_on: bool = False) -> int:
    """How many of these lines are a disclaimer, or go on with one: as few as make one, wrapped lines whole.

    The first line must speak of it already, so that a person's line above is no part of it.
    """
    paragraph = [line.bare for line in _paragraph(lines)]
    if weight("".join(paragraph)) < _SHORTEST_DISCLAIMER:
        return 0
    if not _concepts(paragraph[0]) and not _is_of_this_mail(paragraph[0]):
        return 0
    whole = " ".join(paragraph)
    if not goes_on and (not _is_of_this_mail(whole) or _concepts(whole) < 2):
        return 0  # nor does any part of it speak of enough
    end = 0
    while end < len(paragraph):
        end += _wrapped_length(paragraph[end:], rules)
        if _is_disclaimer(" ".join(paragraph[:end]), rules, goes_on=goes_on):
            if end == len(paragraph) or not _is_disclaimer(" ".join(paragraph), rules, goes_on=True):
                return end
            return len(paragraph)
    return 0


def _is_disclaimer(text: str, rules: Rules, *, goes_on: bool) -> bool:
    """Whether this text speaks of this mail and of three of secrecy, the recipient, an error, deleting …

    Where nothing in it doubts two will do; where it goes on with a disclaimer, one thing less. A sentence
    that doubts must speak of one itself, and none may decide.
    """
    doubts = False
    for sentence in _sentences(text):
        if doubts_in(sentence) or asks(sentence):
            doubts = True
            if not _concepts(sentence) and not _is_of_this_mail(sentence) and not _FOOTERS.has(sentence):
                return False
    if holds_answer(text, rules):
        return False
    things = _concepts(text) + _is_of_this_mail(text)
    if goes_on:
        return things >= (2 if doubts else 1)
    return _is_of_this_mail(text) and things >= (4 if doubts else 3)


def _sentences(text: str) -> list[str]:
    """The text cut at its full stops and colons, but not behind "sp." in "sp. z o.o."."""
    found: list[str] = []
    for piece in _SENTENCE.split(text):
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
    return " ".join(_low(text).split())


def _words(line: str) -> list[str]:
    kept = (p for p in seen(line).replace("<", " <").split() if "://" not in p and "@" not in p)
    spaced = "".join(c if c.isalnum() or c in "'-" else " " for c in " ".join(kept))
    return [word for piece in spaced.split() if (word := piece.strip("'-"))]
