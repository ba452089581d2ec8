"""What companies and mail gateways add to everybody's mail: banners on top, disclaimers and footers below.

Called by `label`. Only what is known as a whole is taken for such, and never over an answer: a line too few
leaves an answer undecided, a line too many would swallow a person's doubt. The texts are in `languages`.
"""

from collections.abc import Sequence

from flexmaild.languages.load import EVERY, words
from flexmaild.mail.understand.doubt import as_seen, doubts_in
from flexmaild.mail.understand.known import KnownLines, tokens_of
from flexmaild.mail.understand.lines import Label, Line
from flexmaild.mail.understand.rules import Rules, normal_word

_TAGS = KnownLines(words(lambda language: language.notice.banner_tags))
_TELLS = words(lambda language: language.notice.banner_tells)
_NOUNS = words(lambda language: language.notice.banner_nouns)
_BANNER_WORDS = frozenset(words(lambda language: language.notice.banner_words))
_BANNER_PIECES = words(lambda language: language.notice.banner_pieces)
_CLASSIFICATIONS = KnownLines(words(lambda language: language.notice.classifications))
_CLASSIFICATION_WORDS = frozenset(words(lambda language: language.notice.classification_words))
_FOOTERS = KnownLines(words(lambda language: language.notice.footers))
_LISTS = KnownLines(words(lambda language: language.notice.lists))
_DISCLAIMERS = KnownLines(words(lambda language: language.notice.disclaimers))
# Of these seven, a disclaimer speaks of three at least; people hardly of two in one paragraph.
_CONCEPTS = tuple(
    tuple(piece for language in EVERY for piece in language.notice.concepts[n]) for n in range(7)
)
# How a mail speaks of itself.
_THIS_MAIL = words(lambda language: language.notice.this_mail)

# Lines of one notice, and notices above an answer: a gateway's banner, Outlook's, a classification.
LONGEST_NOTICE, _MOST_BANNERS = 14, 4
# Words of a banner's telling line that may be strange to it, for the firm's name ("outside of Corp plc").
_STRANGE_WORDS = 4
# A classification has few words.
_LONGEST_CLASSIFICATION = 7
# A paragraph wrapped by a mail program has lines of this length; what follows a shorter one is another's.
_WRAPPED = range(45, 101)
_AROUND = " \t\xa0-=*_#~"


def label_banners(lines: Sequence[Line], start: int, stop: int, rules: Rules) -> None:
    """The banners, classifications and tags from `start` on, above an answer or above our mail in a quote."""
    at = start
    for _ in range(_MOST_BANNERS):
        while at < stop and (lines[at].label or not lines[at].bare.strip(_AROUND)):
            at += 1
        length = _banner(lines[at : min(stop, at + LONGEST_NOTICE)], rules)
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
    found = [token.casefold() for token in tokens_of(text)]
    return 0 < len(found) <= _LONGEST_CLASSIFICATION and _CLASSIFICATION_WORDS.issuperset(found)


def is_footer_line(text: str) -> bool:
    """A line that is known as a whole: of a virus scanner, a list, a firm, a law."""
    return len(text) < 400 and (_FOOTERS.has(text) or _LISTS.has(text) or _DISCLAIMERS.has(text))


def notice_length(lines: Sequence[Line], rules: Rules) -> int:
    """How many of these lines, from the first on, are one disclaimer; 0 where the first is none."""
    paragraph = [line.bare for line in _paragraph(lines)]
    if not paragraph:
        return 0
    text = " ".join(paragraph)
    if is_footer_line(text) or _is_disclaimer(paragraph):
        return len(paragraph)
    length = _wrapped_length(paragraph, rules)
    return length if length < len(paragraph) and _is_disclaimer(paragraph[:length]) else 0


def _paragraph(lines: Sequence[Line]) -> Sequence[Line]:
    near = lines[:LONGEST_NOTICE]
    end = next((i for i, line in enumerate(near) if line.is_blank or line.label), len(near))
    return near[:end]


def _banner(lines: Sequence[Line], rules: Rules) -> int:
    """How many of these lines, from the first on, are one banner; 0 where the first is none."""
    if not lines or lines[0].label:
        return 0
    first = lines[0].bare
    if _TAGS.has(first) or is_classification(first) or any(piece in first for piece in _BANNER_PIECES):
        return 1
    paragraph = [line.bare for line in _paragraph(lines)]
    usual = next((i for i, line in enumerate(paragraph) if not _is_usual(line)), len(paragraph))
    told = next((i for i, line in enumerate(paragraph[: usual + 1]) if _tells(line)), -1)
    if told >= 0:
        after = told + 1
        while after < len(paragraph) and _is_usual(paragraph[after]):
            after += 1
        return after
    length = _wrapped_length(paragraph, rules)
    return length if _is_disclaimer(paragraph[:length]) else 0


def _is_usual(line: str) -> bool:
    """Whether every word of this line is one that banners consist of."""
    return _BANNER_WORDS.issuperset(_words(line))


def _tells(line: str) -> bool:
    """Whether this line says what only a banner says, in little but a banner's words."""
    low = as_seen(line).casefold()
    if not any(tell in low for tell in _TELLS) or not any(noun in low for noun in _NOUNS):
        return False
    strange = [word for word in _words(line) if word not in _BANNER_WORDS]
    return len(strange) <= _STRANGE_WORDS and not doubts_in(" ".join(strange))


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


def _is_disclaimer(lines: Sequence[str]) -> bool:
    """Whether these lines speak of this mail and of three of secrecy, the recipient, an error, deleting …

    The first line must speak of one already, so that a person's line above is no part of it.
    """
    if not lines or _concepts(lines[0]) < 1:
        return False
    low = _spaced(" ".join(lines))
    return _concepts(low) >= 3 and any(piece in low for piece in _THIS_MAIL)


def _concepts(text: str) -> int:
    low = _spaced(text)
    return sum(1 for concept in _CONCEPTS if any(piece in low for piece in concept))


def _spaced(text: str) -> str:
    return " ".join(as_seen(text).casefold().split())


def _words(line: str) -> list[str]:
    low = as_seen(line).casefold()
    kept = (p for p in low.replace("<", " <").split() if "://" not in p and "@" not in p)
    spaced = "".join(c if c.isalnum() or c in "'’-" else " " for c in " ".join(kept))
    return [word for piece in spaced.split() if (word := piece.strip("'’-"))]
