"""A whole line as an operator names it in `approvals.ignore_lines`: how it is written and how it is compared.

Used by `settings`, which refuses wrong ones, and by `mail.understand`, which looks for such lines in replies.
Not a regular expression: `*` stands for at most 80 characters, everything else for itself, whatever its case
and its blanks.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

# What `*` takes at most, and the letters that must stand beside it: with fewer it could swallow an answer.
LONGEST_GAP, FEWEST_LETTERS = 80, 12
# No gateway's line is longer.
LONGEST = 1000


def fits(pattern: str, line: str) -> bool:
    """Whether the whole line is what the pattern names."""
    first, *rest = _pieces(pattern)
    text = _normalised(line)
    if not text.startswith(first):
        return False
    ends = [len(first)]  # where what was found so far may end, ascending: no way is tried twice
    for piece in rest:
        ends = list(_ends(text, piece, ends))
    return len(text) in ends


def fault_of(pattern: str, deciding: Iterable[str]) -> str:
    """What is wrong with this pattern and what would be right; empty when nothing is.

    deciding: the words that approve or reject.
    """
    if "\n" in pattern or not pattern.strip():
        return "must be one line that is not empty"
    if len(pattern) > LONGEST:
        return f"must have at most {LONGEST} characters"
    count = sum(c.isalpha() for c in pattern)
    if "*" in pattern and count < FEWEST_LETTERS:
        return f"needs at least {FEWEST_LETTERS} letters beside the *, or it could hide what a person wrote"
    said = letters(pattern)
    word = next((w for w in deciding if said == letters(w) or ("*" in pattern and fits(pattern, w))), None)
    if word is not None:
        return (
            f"would hide the word {word!r}, which decides: name the whole line that your mail gateway writes"
        )
    return ""


@lru_cache(maxsize=1024)
def letters(text: str) -> str:
    """Without accents and punctuation: an answer may lack the ones and have the others."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum())


def _normalised(text: str) -> str:
    return " ".join(text.casefold().split())


def _ends(text: str, piece: str, before: list[int]) -> Iterator[int]:
    """Where `piece` ends that begins at most a gap behind one of these places."""
    nearest = 0  # the last of `before` that is not behind `at`
    at = text.find(piece, before[0]) if before else -1
    while at >= 0:
        while nearest + 1 < len(before) and before[nearest + 1] <= at:
            nearest += 1
        if at - before[nearest] <= LONGEST_GAP:
            yield at + len(piece)
        at = text.find(piece, at + 1)


@lru_cache(maxsize=256)
def _pieces(pattern: str) -> list[str]:
    """What stands between the gaps; a row of asterisks is one gap."""
    return re.split(r"\*+", _normalised(pattern))
