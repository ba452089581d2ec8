"""The visible lines of a reply while they are labelled: what each line is, and by which rule.

The modules of `labels` fill them in. Nothing is ever removed: each line gets one label, and a line that holds
a person's words and something else says which part is theirs.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from flexmaild.mail.parse.plain import unmarked
from flexmaild.mail.parse.shown import ShownLine


class Label(StrEnum):
    """What a visible line is. BLANK lines show nothing; only TYPED ones are read for an answer."""

    NONE = ""
    BLANK = "blank"
    TYPED = "typed"
    OURS = "ours"
    QUOTE = "quote"
    QUOTE_HEADER = "quote header"
    SIGNATURE = "signature"
    CLOSING = "closing"
    DISCLAIMER = "disclaimer"
    BANNER = "banner"


# Kana, Chinese characters and Hangul, within a set of a pattern.
CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
# Each of them is a word of its own: most of these scripts write no blanks.
WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
# Mail programs and border software rewrite, bracket and add links, and number them; none of that is typed. A
# blank in one is where format=flowed broke it, behind "?" or "&".
_SCHEME = r"(?:(?<![a-z])[a-z][a-z0-9+.-]{1,30}://|mailto:|tel:|www\.)"
_ADDRESS = rf"{_SCHEME}[^\s<>\"]+(?:(?<=[?&]) [^\s<>\"]*=[^\s<>\"]*)*"
_LINK = re.compile(rf"<{_ADDRESS}>|{_ADDRESS}|\[\d{{1,3}}\]", re.IGNORECASE)
QUESTION_MARKS = "?？¿؟❓❔⁇⁈⁉‽"
# A frown or more on a line, behind quote marks: ":-(", ":/", "):", ":'(".
_FROWNS = re.compile(r"[>\s]*(?:(?:[:;=8]['’]?[-^o]?[(\[{|\\/]+|[)\]]-?['’]?[:;=8])[.!\s]*)+")
# All but letters and digits of ASCII text in lower case: what WORD leaves out of it.
_NO_LETTERS = {code: None for code in range(128) if not chr(code).isalnum()}


class Word(NamedTuple):
    """A word of a line in its compared form, and its place in the text of the line."""

    norm: str
    start: int
    end: int


@dataclass(slots=True)
class Line:
    """text: as shown, quote marks included. bare: without them. norm: its letters and digits, links left out.

    places: where in what we sent the whole line stands; parts: the runs of words of a line that is ours in
    part only. hidden: stretches of `text` that are the rest of a link. typed: the person's part of a line
    that is not TYPED as a whole; None where it has none.
    """

    text: str
    depth: int = 0
    mark: str = ""
    bare: str = ""
    norm: str = ""
    is_blank: bool = False
    label: Label = Label.NONE
    rule: str = ""
    typed: str | None = None
    changed: bool = False
    hidden: tuple[tuple[int, int], ...] = ()
    places: frozenset[int] = frozenset()
    parts: list["Run"] = field(default_factory=list)
    _folded: tuple[str, str] = ("", "")

    def set(self, label: Label, rule: str) -> None:
        self.label, self.rule = label, rule
        self.typed, self.changed = None, False

    @property
    def low(self) -> str:
        """`bare` folded; cached until a rule changes `bare`."""
        of, low = self._folded
        if of is not self.bare:
            low = fold_case(self.bare.strip())
            self._folded = self.bare, low
        return low

    @property
    def is_ours(self) -> bool:
        return self.label is Label.OURS

    def words(self) -> list[Word]:
        """The words that count, with their places in `text`; those of links do not."""
        text = self.text
        links = [*self.hidden]
        if _may_have_link(text):
            links += [m.span() for m in _LINK.finditer(text)]
        found = [Word(normalised(m[0]), *m.span()) for m in WORD.finditer(text)]
        return _words_outside(found, sorted(links)) if links else found


def _words_outside(words: Iterable[Word], links: Sequence[tuple[int, int]]) -> list[Word]:
    """The words that begin in none of these stretches; both in order, so that each is looked at once."""
    found = []
    passed = end = 0
    for word in words:
        while passed < len(links) and links[passed][0] <= word.start:
            end = max(end, links[passed][1])
            passed += 1
        if word.start >= end:
            found.append(word)
    return found


@dataclass(frozen=True, slots=True)
class Run:
    """Words first to last (exclusive) of a line, which stand from `place` to `end` of what we sent.

    is_last: the last of them is the last of the line.
    """

    first: int
    last: int
    place: int
    end: int
    is_last: bool = False


def lines_of(shown: Iterable[ShownLine], *, sure: bool = False) -> list[Line]:
    """The lines of one rendering, to be labelled. sure: only what is certainly visible."""
    return [_line_of(line, line.sure if sure else line.text) for line in shown]


def _line_of(shown: ShownLine, text: str) -> Line:
    if not text:
        return Line("", shown.depth, shown.mark, is_blank=True)
    return with_derived_fields(Line(nfc(text), shown.depth, shown.mark))


def nfc(text: str) -> str:
    """The text with each letter and its accent as one character, where there is one."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def with_derived_fields(line: Line) -> Line:
    """The line with what follows from its text."""
    line.bare = unmarked(line.text) if line.depth else line.text
    line.norm = compared_text(line.text)
    line.is_blank = not line.norm and not line.bare.strip()
    return line


def compared_text(text: str) -> str:
    """The letters and digits of a text in compared form: no blanks, punctuation, case or links."""
    return letters(without_links(text))


def without_links(text: str) -> str:
    """The text with a blank in place of each link."""
    return _LINK.sub(" ", text) if _may_have_link(text) else text


def links_in(text: str) -> Iterator[str]:
    """The links of a text; none goes over the end of a line."""
    for line in text.split("\n"):
        if _may_have_link(line):
            yield from (link[0] for link in _LINK.finditer(line))


def words_of(line: str) -> list[str]:
    """The words of a text as they are compared, those of links left out."""
    plain = without_links(line)
    if plain.isascii():
        return _ASCII_WORD.findall(plain.lower())
    return [normalised(word) for word in WORD.findall(plain)]


def _may_have_link(text: str) -> bool:
    """A quick test, since searching for links takes longer than all else done with most lines."""
    return "[" in text or "://" in text or (("." in text or ":" in text) and _has_scheme(text.lower()))


def _has_scheme(low: str) -> bool:
    return "www." in low or "mailto:" in low or "tel:" in low


def fold_case(text: str) -> str:
    """The text case-folded; the Turkish "İ", which would fold to two characters, is an "i"."""
    return text.casefold().replace("i\u0307", "i")


def letters(text: str) -> str:
    """The letters and digits of a text as `compared_text` gives them, those of links included."""
    if text.isascii():
        return text.lower().translate(_NO_LETTERS)
    return "".join([normalised(word) for word in WORD.findall(text)])


@lru_cache(maxsize=4096)
def normalised(word: str) -> str:
    """The word in its compared form."""
    return word.lower() if word.isascii() else unicodedata.normalize("NFKC", word).casefold()


def weight(norm: str) -> int:
    """The weight of a run of characters: a CJK one counts as three letters."""
    return len(norm) if norm.isascii() else sum(3 if c > "\u3040" else 1 for c in norm)


def shown(lines: Sequence[Line], start: int, stop: int) -> list[int]:
    """The indexes of the lines from start to stop that show something."""
    return [i for i in range(start, stop) if not lines[i].is_blank]


def has_meaning(text: str) -> bool:
    """Whether it holds anything that may answer: a letter, a digit, an emoji, a frown, "?", "!"."""
    return is_frown(text) or any(map(_may_answer, set(text)))  # a drawn line has one sign, many times


def _may_answer(sign: str) -> bool:
    return sign.isalnum() or sign in f"!+！{QUESTION_MARKS}" or unicodedata.category(sign) == "So"


def is_frown(text: str) -> bool:
    """Whether a frown stands alone in a line."""
    return _FROWNS.fullmatch(text) is not None
