"""The words that make an answer doubtful, looked for in text as a person sees it.

Called by `verdict`, which rules on them, and by the labelling, which never takes a line with one of them for
something that nobody typed unless the whole line is known. The lists are in `languages`.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from flexmaild.languages.load import words
from flexmaild.mail.understand.rules import normal_word

NEGATIONS = frozenset(words(lambda language: language.doubt.negations))
CONDITIONS = frozenset(words(lambda language: language.doubt.conditions))
_DOUBTS = NEGATIONS | CONDITIONS
# Of languages that write no blanks, looked for as pieces of the text.
NEGATION_PIECES = words(lambda language: language.doubt.negation_pieces)
CONDITION_PIECES = words(lambda language: language.doubt.condition_pieces)
HARMLESS_PIECES = words(lambda language: language.doubt.harmless_pieces)
# "15. Mai 2026", "20 de nov. de 2026": in a date a word is a month, whatever it is elsewhere.
_DATE = re.compile(
    r"\d{1,2}\.?ª?º?(?: de)? [^\W\d_]{3,10}\.?,?(?: de)? \d{2,4}|[^\W\d_]{3,10}\.? \d{1,2}, \d{4}"
)
# The verbs that are contracted with "not"; some programs make a blank of the apostrophe.
_VERBS = frozenset(
    [
        "do",
        "does",
        "did",
        "is",
        "are",
        "was",
        "were",
        "have",
        "has",
        "had",
        "wo",
        "would",
        "ca",
        "could",
        "sho",
        "should",
        "must",
        "might",
        "need",
        "dare",
        "sha",
        "ai",
        "can",
    ]
)
_LOST_APOSTROPHE = re.compile(rf"(?<= )({'|'.join(sorted(_VERBS))})n t ")
# Apostrophes as keyboards and programs write them, and letters that only look like Latin ones. Used towards
# doubt only: a word that decides is never read through this.
_AS_SEEN = str.maketrans(
    dict.fromkeys("´‘’ʼ′＇`‛ˈ‵", "'")
    | dict(zip("аеорсухіјѕԁɡνοερτικαβωɴᴏᴛᴀᴇɪʟᴜʀѵ", "aeopcyxijsdgvoeptikabwnotaeilurv", strict=True))
)


@lru_cache(maxsize=256)
def as_seen(text: str) -> str:
    """The text as a person sees it: no invisible characters, one kind of letters and of apostrophes."""
    if text.isascii():
        return text.replace("`", "'")
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", visible.translate(_AS_SEEN)).translate(_AS_SEEN)


def doubts_in(text: str) -> set[str]:
    """The negations and conditions among the words of a line, in any language; dates do not count."""
    low = normal_word(as_seen(text))
    if any(c.isdigit() for c in low):
        low = _DATE.sub(" ", low)
    found = {token for token in tokens(low) if token in _DOUBTS or is_contraction(token)}
    if not low.isascii():
        for piece in HARMLESS_PIECES:
            low = low.replace(piece, " ")
        found |= {piece for piece in (*NEGATION_PIECES, *CONDITION_PIECES) if piece in low}
    return found


def is_contraction(token: str) -> bool:
    """A verb with "not" in it, with or without its apostrophe: hasn't, didnt, cannot, donot."""
    if token.endswith("n't"):
        return True
    return (token.endswith("nt") and token[:-2] in _VERBS) or (token.endswith("not") and token[:-3] in _VERBS)


def tokens(low: str) -> list[str]:
    """The words of a text in order: letters, digits, and the apostrophe or hyphen inside a word."""
    spaced = "".join(c if c.isalnum() or c in "'-" or unicodedata.combining(c) else " " for c in low)
    if " t " in spaced:
        spaced = _LOST_APOSTROPHE.sub(r"\1n't ", f" {spaced} ")
    found: list[str] = []
    for token in spaced.split():
        bare = token.strip("'-")
        if not bare:
            continue
        found.append(bare)
        if "-" in bare:
            found.extend(piece for piece in bare.split("-") if piece)
    return found


def phrases(entries: Iterable[str]) -> tuple[str, ...]:
    """Phrases of whole words, to be looked for in `spaced(tokens)`."""
    return tuple(f" {entry} " for entry in entries)


def spaced(found: Sequence[str]) -> str:
    """The words with a blank around each."""
    return f" {' '.join(found)} "
