"""The form in which words are compared, and the ways in which people spell them.

Used by every module that compares words. Apart from `normalised`, which folds wider: a word that decides is
never read through that. Pure.
"""

import unicodedata

from flexmaild.mail.understand.lines import fold_case

# Letters that do not fall into a plain one and its accent.
_STROKES = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "ı": "i"})


def normal_word(text: str) -> str:
    """The form in which words are compared: composed and case-folded, never compatibility-mapped.

    NFKC would make a full-width or mathematical "Approve" the same word.
    """
    return unicodedata.normalize("NFC", fold_case(unicodedata.normalize("NFC", text)))


def unaccented(word: str) -> str:
    """The word as people write it who leave off accents; of another alphabet than the Latin: itself."""
    apart = unicodedata.normalize("NFD", word).translate(_STROKES)
    if not all(ord(c) < 0x250 or unicodedata.combining(c) for c in apart):
        return word
    return "".join(c for c in apart if not unicodedata.combining(c))


def spellings(word: str) -> tuple[str, ...]:
    """The word, without its accents, and as its capitals fold: that of the Turkish "ı" is "I", hence "i"."""
    return tuple(dict.fromkeys((word, unaccented(word), word.replace("ı", "i"))))
