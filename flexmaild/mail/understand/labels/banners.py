"""What gateways add above every mail: banners, classification marks, tags.

Called by `label` and `signatures`. Only what is known as a whole gets such a label, never across an answer.
The texts are in `languages`.
"""

import re
from collections.abc import Sequence

from flexmaild.languages.load import words
from flexmaild.mail.understand.labels.disclaimers import (
    AROUND,
    FEW_WORDS,
    LONGEST_NOTICE,
    WRAPPED,
    as_compared,
    disclaimer_length,
    folded,
    paragraph_of,
    words_of,
)
from flexmaild.mail.understand.labels.known import (
    KnownLines,
    has_deciding_word,
    has_question_mark,
    is_deciding_word,
    tokens_of,
)
from flexmaild.mail.understand.lines import Label, Line
from flexmaild.mail.understand.words.doubt import doubts_in
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.mail.understand.words.spelling import normal_word

_TAGS = KnownLines(words(lambda language: language.notice.banner_tags))
_BANNER_SIGNS = as_compared(words(lambda language: language.notice.banner_tells))
_NOUNS = as_compared(words(lambda language: language.notice.banner_nouns))
_BANNER_WORDS = frozenset(as_compared(words(lambda language: language.notice.banner_words)))
# Pieces of languages without blanks: each shows a banner by itself.
_BANNER_PIECES = as_compared(words(lambda language: language.notice.banner_pieces))
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
_CLASSIFICATION_WORDS = frozenset(as_compared(words(lambda language: language.notice.classification_words)))

# Notices above an answer: a gateway's banner, Outlook's, a classification.
_MOST_BANNERS = 4
# Foreign words that a banner's main line may have, for the firm's name ("outside of Corp plc").
_STRANGE_WORDS = 4
# Letters of a legal form behind the name, "plc", which many write small.
_LEGAL_FORM = 4
# A classification has few words, and fewer with a firm's name: "Orange Restricted".
_LONGEST_CLASSIFICATION, _LONGEST_WITH_NAME = 7, 3


def label_banners(lines: Sequence[Line], start: int, stop: int, rules: Rules) -> None:
    """The banners, classifications and tags from `start` on, above an answer or above our mail in a quote."""
    at = start
    for _ in range(_MOST_BANNERS):
        while at < stop and (lines[at].label or not lines[at].bare.strip(AROUND)):
            at += 1
        length = banner_length(lines[at : min(stop, at + LONGEST_NOTICE)], rules)
        if not length:
            break
        for line in lines[at : at + length]:
            line.set(Label.BANNER, "a known banner")
        at += length
    if at < stop and not lines[at].label:
        tagged = _without_tag(lines[at].bare)
        if tagged:
            lines[at].set(Label.BANNER, "behind a gateway's tag")
            lines[at].typed = tagged


def _without_tag(text: str) -> str:
    """The text behind a tag (`[EXTERNAL] Approve`); empty without a tag."""
    tag, bracket, after = text.strip().removeprefix("[").partition("]")
    if text.strip().startswith("[") and bracket and (_TAGS.has(tag) or is_classification(tag)):
        return after.strip()
    return ""


def is_classification(text: str) -> bool:
    """Whether it holds only the words of a classification: `Classification: Internal`, `TLP:AMBER`."""
    if len(text) > 80:
        return False
    if _CLASSIFICATIONS.has(text):
        return True
    found = () if has_question_mark(text) else tokens_of(text)
    is_strange = [folded(token) not in _CLASSIFICATION_WORDS for token in found]
    if not any(is_strange):
        return 0 < len(found) <= _LONGEST_CLASSIFICATION
    # A firm's name before it: "Orange Restricted"
    is_named = is_strange[0] and not is_strange[-1] and is_strange == sorted(is_strange, reverse=True)
    return (
        is_named
        and len(found) <= _LONGEST_WITH_NAME
        and all(token[0].isupper() for token in found)
        and not doubts_in(text)
        and not any(is_deciding_word(token) for token in found)
    )


def banner_length(lines: Sequence[Line], rules: Rules) -> int:
    """How many of these lines, from the first on, are one banner; 0 where the first is none."""
    if not lines or lines[0].label or rules.vocabulary.begins(normal_word(lines[0].bare.lstrip(" *_"))):
        return 0
    if is_classification(lines[0].bare) and not has_deciding_word(lines[0].bare, rules):
        return 1
    paragraph = [line.bare for line in paragraph_of(lines)]
    if known := _TAGS.length(paragraph):
        return known
    first_foreign = next((i for i in range(len(paragraph)) if _ends_banner(paragraph, i)), len(paragraph))
    banner_line = next(
        (i for i, line in enumerate(paragraph[: first_foreign + 1]) if _is_banner_line(line)), -1
    )
    if banner_line >= 0:
        after = banner_line + 1
        while after < len(paragraph) and not _ends_banner(paragraph, after):
            after += 1
        return after
    return disclaimer_length(lines, rules)


def _foreign_words(line: str) -> list[str]:
    """The words of this line, as written, that banners do not consist of."""
    found = []
    for word in words_of(line):
        low = folded(word)
        if low not in _BANNER_WORDS and (low.isascii() or _UNSPACED.sub("", low)):
            found.append(word)
    return [*found, "?"] if has_question_mark(line) else found


def _ends_banner(paragraph: Sequence[str], i: int) -> bool:
    """Whether this line is no banner's: by its words, or as a doubt of its own ("Stop", "only Bob")."""
    line = paragraph[i]
    wraps = i > 0 and len(paragraph[i - 1].strip()) in WRAPPED
    is_doubt = not wraps and len(words_of(line)) <= FEW_WORDS and bool(doubts_in(line))
    return is_doubt or bool(_foreign_words(line))


def _is_banner_line(line: str) -> bool:
    """Whether this line says what only a banner says, in words of banners and a firm's name."""
    low = folded(line)
    if not any(piece in low for piece in _BANNER_PIECES) and (
        not any(tell in low for tell in _BANNER_SIGNS) or not any(noun in low for noun in _NOUNS)
    ):
        return False
    strange = _foreign_words(line)
    return (
        len(strange) <= _STRANGE_WORDS
        and all(word[0].isupper() or (at and len(word) <= _LEGAL_FORM) for at, word in enumerate(strange))
        and not doubts_in(" ".join(strange))
        and not any(is_deciding_word(word) for word in strange)
    )
