"""Text as a person sees it, and its words and sentences: where doubt is looked for.

Called by `doubt` and `verdict`, and by the labelling. What is folded here may only make an answer
undecided: a word that decides is never read through it. Pure; every function is linear.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from flexmaild.mail.parse.shown import words
from flexmaild.mail.understand.words.spelling import normal_word

# Characters without a shape of their own, and strokes through a letter.
_INVISIBLE = re.compile(
    "[\u00ad\u0334-\u0338\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
# Apostrophes as keyboards and programs write them.
_APOSTROPHES = str.maketrans(dict.fromkeys("`´‘’ʼ′＇`‛ˈ‵ʹʻʽˊˋ´΄᾽᾿῾", "'"))
# Letters of other alphabets that only look like Latin ones.
_LETTERS = (
    ("аеорсухіјѕԁɡһԛԝոօս", "aeopcyxijsdghqwnou"),
    ("АВЕЅІЈКМНОРСТУХҮԌԚԜѴ", "abesijkmhopctyxygqwv"),
    ("νοερτικαβωѵ", "voeptikabwv"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx"),
)
# Shapes of Latin letters that have no compatibility form but a name: small capitals, squared, and so on.
_NAMED = re.compile(
    r"(?:LATIN LETTER SMALL CAPITAL|LATIN SMALL LETTER DOTLESS|(?:NEGATIVE )?(?:SQUARED|CIRCLED) LATIN"
    r" CAPITAL LETTER|(?:CROSSED NEGATIVE SQUARED) LATIN CAPITAL LETTER) ([A-Z])"
)
_NAMED_RANGES = ((0x0130, 0x0180), (0x0237, 0x0300), (0x1D00, 0x1D80), (0xA730, 0xA800), (0x1F100, 0x1F190))


def _shapes() -> dict[str, str]:
    found = {}
    for first, last in _NAMED_RANGES:
        for code in range(first, last):
            match = _NAMED.fullmatch(unicodedata.name(chr(code), ""))
            if match and unicodedata.normalize("NFKC", chr(code)) == chr(code):
                found[chr(code)] = match[1].lower()
    return found


_SHAPES = str.maketrans(_shapes())
LOOKALIKES = {look: plain for likes, plains in _LETTERS for look, plain in zip(likes, plains, strict=True)}
_LOOKALIKES = str.maketrans(LOOKALIKES)

# The verbs that are contracted with "not"; some programs make a blank of the apostrophe.
VERBS = frozenset(
    words(
        "do does did is are was were have has had wo would ca could "
        "sho should must might need dare sha ai can"
    )
)
_LOST_APOSTROPHE = re.compile(rf"(?<= )({'|'.join(sorted(VERBS))})n t ")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:['-]+[a-z0-9]+)*")
# A link goes on where a mail program broke it before its query.
_BROKEN_LINK = re.compile(r"(?<=\?)\n(?=[\w.%-]+=\S)")
# Where a sentence ends. A line end does where the line is too short to have been wrapped.
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？｡]+|\n|[\u2028\u2029\x85\x0b\x0c]")
_WRAPPED = 50
_BETWEEN = re.compile(r"[,;:()\[\]{}<>\"“”„«»/、，；：–—―|…「」『』（）]+|\s-+(?=\s)|(?<=\w)\.(?=[^\W\d])")


def visible_form(text: str) -> str:
    """Without invisible characters; one kind of apostrophe; letters of compatibility shapes as plain ones."""
    if text.isascii():
        return text.replace("`", "'")
    visible = _INVISIBLE.sub("", text).translate(_APOSTROPHES).translate(_SHAPES)
    return unicodedata.normalize("NFKC", visible).translate(_APOSTROPHES)


@lru_cache(maxsize=128)
def folded_forms(text: str) -> tuple[str, ...]:
    """The text folded as it may be read: in its own alphabet, and in Latin letters if it looks like them."""
    visible = visible_form(text)
    plain = normal_word(visible)
    if plain.isascii():
        return (plain,)
    latin = normal_word(visible.translate(_LOOKALIKES))
    return (plain,) if latin == plain else (plain, latin)


def words_in(low: str) -> list[str]:
    """The words of a folded text in order: letters, digits, and the apostrophes and hyphens inside a word."""
    if low.isascii():
        found = _ASCII_WORD.findall(low)
        if "t" in found:
            found = _ASCII_WORD.findall(_LOST_APOSTROPHE.sub(r"\1n't ", f" {' '.join(found)} "))
        return found
    spaced = "".join(c if c.isalnum() or c in "'-" or unicodedata.combining(c) else " " for c in low)
    if " t " in spaced:
        spaced = _LOST_APOSTROPHE.sub(r"\1n't ", f" {spaced} ")
    return [bare for token in spaced.split() if (bare := token.strip("'-"))]


def tokens(low: str) -> list[str]:
    """The words, and the pieces of those with a hyphen behind each."""
    found: list[str] = []
    for word in words_in(low):
        found.append(word)
        if "-" in word:
            found.extend(piece for piece in word.split("-") if piece)
    return found


def clauses(low: str) -> list[str]:
    """The pieces of a folded sentence between its commas, brackets and dashes."""
    return [piece for piece in _BETWEEN.split(low) if piece.strip()]


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, as written, without blanks around them; a wrapped line goes on."""
    text = _BROKEN_LINK.sub("", text) if "?\n" in text else text
    start = line = 0
    for end in _END.finditer(text):
        if end[0] == "\n":
            if end.start() - line >= _WRAPPED and text[end.end() : end.end() + 1].strip():
                line = end.end()
                continue
            line = end.end()
        if sentence := text[start : end.end()].strip():
            yield sentence
        start = end.end()
    if sentence := text[start:].strip():
        yield sentence
