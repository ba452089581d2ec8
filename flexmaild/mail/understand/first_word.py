"""The word that decides: the first one a person wrote, give or take a salutation, quotation marks and emoji.

Called by `verdict`. The word itself is read strictly: no letter of another alphabet, width or style, no
invisible character inside. Pure.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from flexmaild.core.model import Answer
from flexmaild.mail.understand.words.courtesy import dictated_mark_length, is_thanks, salutation_length
from flexmaild.mail.understand.words.deciding import Vocabulary
from flexmaild.mail.understand.words.normalised import LOOKALIKES
from flexmaild.mail.understand.words.spelling import normal_word

_LONGEST_WORD = 200
# A salutation, a sentence of courtesy, and once more: the word stands in one of the first lines.
_MOST_SALUTATIONS = 3

_AFTER_WORD = frozenset(".,!:;…。、！，：；．")
_HYPHENS = frozenset("-‐‑")
_DASHES = _HYPHENS | frozenset("–—―")
_EMPHASIS = "*_"
_CLOSING = {
    '"': '"', "'": "'", "“": "”\"“", "”": "”", "„": "“”\"", "«": "»", "»": "«", "‘": "’'‘", "‚": "‘’",
    "「": "」", "『": "』", "‹": "›", "›": "‹",
}  # fmt: skip
# Behind these no blank is written.
_FULL_WIDTH = ("」", "』")
# Invisible characters that programs put around words. None of them may stand inside a word that decides.
_MARKS = "\ufeff\u200e\u200f\u061c"
_UNSEEN = f"{_MARKS}\u200b\u200c\u200d\u2060\u00ad\u2069"
# Blanks behind a word, as some editors write them.
_ENTITY = re.compile(r"(?:&nbsp;|&#160;|&#xa0;)+", re.IGNORECASE)
_SMILE = re.compile(r"\s*(?:[:;=8]['’]?[-^o]?[)D\]pP*]+|[xX]D+|\^_?\^|<3|\(:|\(-:)(?=$|[\s.,!])")
_REST = "".join(_AFTER_WORD | _DASHES) + " \t\xa0\u3000"


@dataclass(frozen=True, slots=True)
class FirstWord:
    """The deciding word. rest: what follows it on its line; raw_rest: the same as typed.

    line: the index of its line; before: symbols in front of it.
    """

    answer: Answer
    language: str
    rest: str
    raw_rest: str
    line: int
    before: str


def first_word(lines: Sequence[str], known: Vocabulary) -> FirstWord | None:
    """The action word that begins the first of these lines that is no salutation; else None."""
    greeted = 0
    for number, line in enumerate(lines):
        text = _tidy(line)
        while text:
            if found := _at(text, known, number):
                return found
            length = salutation_length(text, known) if greeted < _MOST_SALUTATIONS else 0
            if not length:
                return None
            greeted, text = greeted + 1, _tidy(text[length:])
    return None


def _tidy(line: str) -> str:
    return unicodedata.normalize("NFC", line).strip().lstrip(_MARKS).strip()


def _at(line: str, known: Vocabulary, number: int) -> FirstWord | None:
    """The action word that begins this text."""
    symbols = _symbols(line)
    text = line[symbols:].lstrip()
    closing = _CLOSING.get(text[:1], "")
    emphasis = text[0] if text and text[0] in _EMPHASIS else ""
    text = text[1:].lstrip() if closing else text.lstrip(emphasis) if emphasis else text
    low = normal_word(text[:_LONGEST_WORD])
    for word, answer, language in known.beginning_as(low):
        if not low.startswith(word) or not (end := _length_of(word, text)):
            continue
        rest = _unquoted(text[end:], closing) if closing else text[end:]
        if rest is None:
            return None
        rest = rest.lstrip(_UNSEEN)
        rest = _ENTITY.sub(" ", rest.lstrip(emphasis) if emphasis else rest, count=1)
        if _ends_word(rest) or closing in _FULL_WIDTH:
            return FirstWord(answer, language, _comment(rest), rest, number, line[:symbols])
    return None


def _symbols(line: str) -> int:
    """How many characters before the first letter are emoji and check marks."""
    if unicodedata.category(line[0]) != "So":
        return 0
    end = 0
    for c in line:
        if not (
            unicodedata.category(c) in ("So", "Sk")
            or c in "\ufe0f\u200d "
            or "\U0001f3fb" <= c <= "\U0001f3ff"
        ):
            break
        end += 1
    return end


def _unquoted(rest: str, closing: str) -> str | None:
    """What follows the word inside quotation marks, without the closing one; None where there is none."""
    behind = rest.lstrip(".,! \xa0\u202f")
    if behind[:1] and behind[0] in closing:
        return rest[: len(rest) - len(behind)] + behind[1:]
    whole = rest.rstrip()
    return whole[:-1] if whole[-1:] and whole[-1] in closing else None


def _length_of(word: str, text: str) -> int:
    """How many characters of `text` fold to `word`: folding may lengthen ("ß" to "ss"). 0: none do."""
    for end in range(max(1, len(word) - 3), min(len(text), len(word) + 1) + 1):
        if normal_word(text[:end]) == word:
            return end
    return 0


def _ends_word(rest: str) -> bool:
    """Whether a word may end here: no letter, digit or accent follows, and nothing that joins words."""
    if not rest or rest[0].isspace() or rest[0] in _AFTER_WORD:
        return True
    mark, behind = rest[0], rest[1:].lstrip(rest[0])
    if mark.isalnum() or mark == "@" or unicodedata.category(mark)[0] not in "PSZ":
        return False
    if mark in _HYPHENS or mark in "/\\&+='’_":
        # "Approved-thanks" is written so; "Approve-not", "Approve's", "Approve/Reject" are something else.
        return not behind[:1].isalnum() or (mark not in "'’_" and is_thanks(behind))
    return True


def _comment(rest: str) -> str:
    """What follows the word without the punctuation, the smile or the bracket that ends it."""
    smile = _SMILE.match(rest)
    text = rest[smile.end() :] if smile else rest
    text = text.lstrip(_REST)
    if rest[:1] in ("]", ")", "}", "_", '"', "”", "»"):
        text = rest[1:].lstrip(_REST + "_")
    return text[dictated_mark_length(text) :].lstrip(_REST)


def resembles_deciding_word(line: str, known: Vocabulary) -> bool:
    """Whether the first word would be an action word if letters of other alphabets and widths were taken for
    the Latin ones they look like, or if it held nothing unseen. It only earns a better explanation."""
    token = line.split()[0] if line.split() else ""
    if token.isascii():
        return not token.isprintable()
    if any(unicodedata.category(c) in ("Cf", "Cc") for c in token.lstrip(_MARKS).rstrip(_UNSEEN)):
        return True
    apart = unicodedata.normalize("NFKD", token).casefold()
    plain = "".join(LOOKALIKES.get(c, c) for c in apart if not unicodedata.combining(c))
    return plain.strip(".,!:;") in known.words
