"""Characters that copy and paste leaves behind: invisible ones, typographic quotes, full-width letters.

FlexDeploy's page warns of "extra special chars" without finding them. Used by `document` for YAML scalars and
by `properties` for property blocks. Pure functions on text.
"""

import unicodedata
from collections.abc import Iterator

# Dashes and quotes that word processors put in place of - ' and ".
_TYPOGRAPHIC = frozenset("‐‑‒–—―−‘’‚‛“”„‟′″«»‹›…")
# Letters of every language are fine; these categories are blanks that look like a space (Zs), line
# separators, formatting and bidi controls (Cf: U+200B, U+FEFF, U+202E, U+00AD, …) and control codes.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cf", "Cc", "Co", "Cn"})


def _is_invisible(char: str) -> bool:
    """Whether a character is invisible, or looks like a plain blank and is none."""
    return char not in " \t\n\r" and unicodedata.category(char) in _UNSEEN


def is_stray(char: str) -> bool:
    """Whether it is invisible or a look-alike of an ASCII one (typographic quotes and dashes, full width)."""
    if char.isascii():
        return _is_invisible(char)
    return char in _TYPOGRAPHIC or "！" <= char <= "～" or _is_invisible(char)


def name_of(char: str) -> str:
    """The name as "U+00A0 NO-BREAK SPACE"; control codes have no Unicode name."""
    return f"U+{ord(char):04X} {unicodedata.name(char, 'control character')}"


def stray_characters(text: str) -> Iterator[tuple[int, int, str]]:
    """Line and column (both from 0) and the character, for each stray character."""
    line, begin = 0, 0
    for at, char in enumerate(text):
        if char == "\n":
            line, begin = line + 1, at + 1
        elif is_stray(char):
            yield line, at - begin, char


def complaint(char: str) -> str:
    """The fault's text for one stray character."""
    cure = "probably from copy and paste: delete it and type it again"
    return f"holds the stray character {name_of(char)}, {cure}"
