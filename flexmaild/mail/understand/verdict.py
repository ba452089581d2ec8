"""From what a person typed to approve, reject or undecided: the one place where that is ruled.

Called by `understand.reply` with labelled lines. The action word must be the first word of the
first line that is not empty. What else there is may only make it undecided, by the table
below, first hit wins; that costs one mail back. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flexmaild.core.model import Answer
from flexmaild.languages.load import EVERY, LANGUAGES, words
from flexmaild.mail.understand.doubt import (
    CONDITION_PIECES,
    CONDITIONS,
    HARMLESS_PIECES,
    NEGATION_PIECES,
    NEGATIONS,
    as_seen,
    is_contraction,
    phrases,
    spaced,
    tokens,
)
from flexmaild.mail.understand.label import Labelled
from flexmaild.mail.understand.rules import Rules, Word, normal_word

# what is found                                     beside Approve            beside Reject
# ------------------------------------------------  ------------------------  ------------------------
# no line at all                                    empty                     empty
# invisible or bidirectional characters, 1st line   stray_characters          stray_characters
# first word is no action word, or only looks so    no_action_word            no_action_word
# the other answer's word                           anywhere: both_words      anywhere: both_words
# the other answer's stem ("rejection")             anywhere: both_words      -
# "?"                                               anywhere: question        1st line: question
# a negation                                        anywhere: negated         as all of the comment: negated
# a condition, exception, doubt, delay              anywhere: condition       as the very next word: condition
# a change of mind ("oops", "just kidding")         anywhere: condition       anywhere: condition
#
# Approving starts a deployment and rejecting stops one, so the right column is milder: "Reject, tests do not
# pass when X" is a rejection with its reason. "Anywhere" is all that was typed, comment lines included;
# habitual phrases ("no objections") are taken out first.


_RETRACTIONS = phrases(words(lambda language: language.doubt.retractions))
_PHRASES = phrases(words(lambda language: language.doubt.phrases)) + _RETRACTIONS
# Phrases people write with an approval every day although a word of the above is in them; taken out first.
_HARMLESS = phrases(phrase for language in EVERY for phrase in language.doubt.harmless)
_OPPOSED_STEMS = words(lambda language: language.doubt.opposed_stems)
# Only these directly after the word make a rejection conditional; "Reject until fixed" is one all the same.
_AFTER_REJECT = frozenset(words(lambda language: language.doubt.after_reject))
# A thumb down or a stop sign beside an approval.
_REFUSING_SYMBOLS = frozenset("👎❌🚫⛔🛑✋❎✖✗✘🙅⏸⏳⌛🤔🤷")

WHY: Mapping[str, str] = {
    "empty": "There was no text above the quoted mail.",
    "no_action_word": "The first word was neither of the two words that decide.",
    "both_words": "It contained both words, the one that approves and the one that rejects.",
    "negated": "It contained a negation.",
    "question": "It read like a question.",
    "condition": "It contained a condition, an exception or a doubt.",
    "parts_disagree": "Its plain text and its formatted text said different things.",
    "ambiguous": "The mail was built so that two programs could read it in two ways.",
    "stray_characters": "It contained invisible characters or characters that only look like letters.",
    "too_long": "Its first line was too long.",
    "other": "It was not clear what it answered.",
}

# A decision and a comment of one line; what is longer was not typed as an answer (RFC 5322 allows 998).
_LONGEST_LINE = 1000
_LONGEST_WORD = 200
# An answer that is longer was not typed as one; its end is not looked through, so it decides nothing.
_LONGEST_TEXT = 20000

_AFTER_WORD = frozenset(".,!:;…。、！，：；．")
# Blanks that `str.isprintable` does not count as printable.
# A reference opens a request; a comment goes to everybody who may see the decision.
_REFERENCE = re.compile(r"\bFM1-[A-Z2-7]{20,}", re.IGNORECASE)
_BLANKS = frozenset("\t\xa0\u2002\u2003\u2007\u2009\u202f\u3000")
_DASHES = frozenset("-–—―")
_EMPHASIS = "*_"


@dataclass(frozen=True, slots=True)
class Decision:
    """answer None: undecided, and `unclear` is a key of WHY. comment: as typed, cleaned and cut."""

    answer: Answer | None
    unclear: str = ""
    comment: str = ""
    language: str = ""


def decide(said: Labelled, rules: Rules) -> Decision:
    """What the typed lines say, by the table above, and whether they can be taken at their word."""
    if said.is_foreign:
        return Decision(None, "other")
    above, among, below = (any(map(str.strip, part)) for part in (said.above, said.among, said.below))
    parts = (said.above, said.among, said.below) if above else (said.among, said.below)
    decision = _decide(_joined(*parts), rules)
    if decision.answer is None:
        return decision
    if said.changed or (among and not above):
        # What stands between quoted lines answers one of them; which, cannot be known.
        return Decision(None, "other", language=decision.language)
    return decision


def _joined(*parts: Sequence[str]) -> list[str]:
    """The parts one after the other, without the blank lines where they meet."""
    joined: list[str] = []
    for part in parts:
        shown = [i for i, line in enumerate(part) if line.strip()]
        joined += part[shown[0] : shown[-1] + 1] if shown else ()
    return joined


def _decide(typed: Sequence[str], rules: Rules) -> Decision:
    lines = [line for line in typed if line.strip()]
    if not lines:
        return Decision(None, "empty")
    first = lines[0].strip()
    if not first.isprintable() and any(c not in _BLANKS and not c.isprintable() for c in first):
        return Decision(None, "stray_characters")
    if len(first) > _LONGEST_LINE or sum(map(len, lines)) > _LONGEST_TEXT:
        return Decision(None, "too_long")
    found = _first_word(first, rules.words)
    if found is None:
        return Decision(
            None, "stray_characters" if _looks_like_a_word(first, rules.words) else "no_action_word"
        )
    (_, answer, language), rest = found
    unclear = _doubt(answer, language, [rest, *lines[1:]], rules)
    if unclear:
        return Decision(None, unclear, language=language)
    return Decision(answer, "", _comment(rest, typed, rules.max_comment), language)


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The words of the rules, prepared: all of them, and for each answer the ones that contradict it."""

    beginnings: tuple[str, ...]
    others: Mapping[Answer, frozenset[str]]
    others_inside: Mapping[Answer, tuple[str, ...]]


@lru_cache(maxsize=8)
def _vocabulary(words: tuple[Word, ...]) -> _Vocabulary:
    others = {a: frozenset(word for word, says, _ in words if says is not a) for a in Answer}
    # Words of languages without blanks, and of several tokens from the settings, are looked for as text.
    inside = {a: tuple(w for w in others[a] if " " in w or "\u3040" <= w[0] <= "\u9fff") for a in Answer}
    return _Vocabulary(tuple(word for word, _, _ in words), others, inside)


def _first_word(line: str, words: tuple[Word, ...]) -> tuple[Word, str] | None:
    """The action word that begins this line, and what follows it, or None."""
    emphasis = line[0] if line[0] in _EMPHASIS else ""
    text = unicodedata.normalize("NFC", line).lstrip(emphasis)
    low = normal_word(text[:_LONGEST_WORD])
    if not low.startswith(_vocabulary(words).beginnings):
        return None
    for entry in words:
        word = entry[0]
        if not low.startswith(word):
            continue
        end = _length_of(word, text)
        rest = text[end:].lstrip(emphasis) if emphasis else text[end:]
        if end and _ends_word(rest):
            return entry, rest.lstrip("".join(_AFTER_WORD | _DASHES) + " \t\xa0\u3000")
    return None


def _length_of(word: str, text: str) -> int:
    """How many characters of `text` fold to `word`: folding may lengthen ("ß" to "ss"). 0: none do."""
    for end in range(max(1, len(word) - 3), min(len(text), len(word) + 1) + 1):
        if normal_word(text[:end]) == word:
            return end
    return 0


def _ends_word(rest: str) -> bool:
    """Whether a word may end here: nothing, a blank, a full stop or the like, a dash that begins nothing."""
    if not rest or rest[0].isspace() or rest[0] in _AFTER_WORD or rest[0] in "?？)":
        return True
    if rest[0] in _DASHES:
        return len(rest) == 1 or not rest[1].isalnum()
    return unicodedata.category(rest[0]) == "So"


def _looks_like_a_word(line: str, words: Sequence[Word]) -> bool:
    """Whether the first word would be an action word if letters of other alphabets and widths were taken
    for the Latin ones they look like. It never matches; it only earns a better explanation."""
    token = line.split()[0]
    if token.isascii():
        return False
    folded = unicodedata.normalize("NFKD", token).casefold()
    plain = "".join(_LOOKALIKES.get(c, c) for c in folded if not unicodedata.combining(c))
    return any(plain.strip(".,!:;") == word for word, _, _ in words)


_LOOKALIKES = dict(zip("аеорсухіјѕԁɡɑνοερτικαβνω", "aeopcyxijsdgavoeptikabvw", strict=False))


def _doubt(answer: Answer, language: str, more: Sequence[str], rules: Rules) -> str:
    """The reason why the answer does not stand, a key of WHY; empty when it does."""
    low = normal_word(as_seen("\n".join(more)))
    found = tokens(low)
    if _says_other(answer, found, low, rules.words):
        return "both_words"
    asked = low if answer is Answer.APPROVE else normal_word(as_seen(more[0]))
    if _asks(asked):
        return "question"
    if answer is Answer.APPROVE:
        return _doubt_of_approval(language, found, low)
    return _doubt_of_rejection(found, tokens(normal_word(as_seen(more[0]))))


def _doubt_of_approval(language: str, found: Sequence[str], low: str) -> str:
    if not found and not low.strip():
        return ""
    line = spaced(found)
    for phrase in _HARMLESS:
        if phrase in line:
            line = line.replace(phrase, " ")
    present = set(line.split()) - _harmless_words(language or "en")
    if (
        not NEGATIONS.isdisjoint(present)
        or any(map(is_contraction, present))
        or any(symbol in low for symbol in _REFUSING_SYMBOLS)
    ):
        return "negated"
    if not CONDITIONS.isdisjoint(present) or any(phrase in line for phrase in _PHRASES):
        return "condition"
    return _doubt_in_pieces(low) if not low.isascii() else ""


@lru_cache(maxsize=32)
def _harmless_words(language: str) -> frozenset[str]:
    """Words of doubt of another language that are ordinary ones in this."""
    return frozenset(LANGUAGES[language].doubt.harmless_words) if language in LANGUAGES else frozenset()


def _doubt_in_pieces(low: str) -> str:
    for phrase in HARMLESS_PIECES:
        low = low.replace(phrase, " ")
    if any(piece in low for piece in NEGATION_PIECES):
        return "negated"
    return "condition" if any(piece in low for piece in CONDITION_PIECES) else ""


def _doubt_of_rejection(found: Sequence[str], first_line: Sequence[str]) -> str:
    line = spaced(found)
    if any(phrase in line for phrase in _RETRACTIONS):
        return "condition"
    if found and NEGATIONS.issuperset(found):
        return "negated"
    if first_line and first_line[0] in _AFTER_REJECT:
        return "condition"
    return ""


def _says_other(answer: Answer, found: Sequence[str], low: str, entries: tuple[Word, ...]) -> bool:
    known = _vocabulary(entries)
    if not known.others[answer].isdisjoint(found):
        return True
    if any(word in low for word in known.others_inside[answer]):
        return True
    return answer is Answer.APPROVE and any(token.startswith(_OPPOSED_STEMS) for token in found)


def _asks(low: str) -> bool:
    """A question mark outside an address on the web."""
    if not any(mark in low for mark in "?？¿؟"):
        return False
    return any(any(m in piece for m in "?？¿؟") for piece in low.split() if "://" not in piece)


def _comment(rest: str, lines: Iterable[str], limit: int) -> str:
    """The rest of the decision's line and the lines below it, control and bidi characters removed."""
    below = list(lines)
    while below and not below[0].strip():
        below.pop(0)
    kept = [_REFERENCE.sub("FM1-…", _plain(line)).rstrip() for line in (rest, *below[1:])]
    return "\n".join(kept).strip()[:limit].rstrip()


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else (" " if c.isspace() else "") for c in text)
