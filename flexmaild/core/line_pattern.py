"""A whole line as an operator names it in `approvals.ignore_lines`: how it is written and how it is compared.

Used by `settings`, which refuses wrong ones, and by `mail.understand`, which looks for such lines in replies.
Not a regular expression: `*` stands for at most 80 characters, everything else for itself, whatever its case
and its blanks.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# What `*` takes at most, and the letters that must stand beside it: with fewer it could swallow an answer.
LONGEST_GAP, FEWEST_LETTERS = 80, 12


def fits(pattern: str, line: str) -> bool:
    """Whether the whole line is what the pattern names."""
    return _compiled(pattern).fullmatch(_compared(line)) is not None


def fault_of(pattern: str, deciding: Iterable[str]) -> str:
    """What is wrong with this pattern and what would be right; empty when nothing is.

    deciding: the words that approve or reject.
    """
    if "\n" in pattern or not pattern.strip():
        return "must be one line that is not empty"
    letters = sum(c.isalpha() for c in pattern)
    if "*" in pattern and letters < FEWEST_LETTERS:
        return f"needs at least {FEWEST_LETTERS} letters beside the *, or it could hide what a person wrote"
    word = next((w for w in deciding if fits(pattern, w) or _letters(pattern) == _letters(w)), None)
    if word is not None:
        return (
            f"would hide the word {word!r}, which decides: name the whole line that your mail gateway writes"
        )
    return ""


def _letters(text: str) -> str:
    """Without accents and punctuation: an answer may lack the ones and have the others."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum())


def _compared(text: str) -> str:
    return " ".join(text.casefold().split())


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = (re.escape(piece) for piece in _compared(pattern).split("*"))
    return re.compile(f".{{0,{LONGEST_GAP}}}".join(pieces), re.DOTALL)
