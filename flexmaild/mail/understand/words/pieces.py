"""Pieces of text that doubt, of languages that write no blanks, and in which text a piece counts.

Called by `doubt` and `contradiction`; `PieceIndex` also where a list holds hundreds of pieces of all
languages. Japanese and Chinese share characters, so the writing decides: kana
make a sentence Japanese, in which a Chinese piece may stand inside an innocent word, as 不 does in 不具合;
without kana, what follows a Chinese word that decides is Chinese. In doubt a piece counts. The lists are in
`languages`. Pure.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from flexmaild.languages.load import EVERY, Language

_JAPANESE, _CHINESE = "ja", "zh"
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
# The letters of a language: a text without any holds none of its pieces.
_LETTERS = {
    _JAPANESE: re.compile("[\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff]"),
    _CHINESE: re.compile("[\u3400-\u9fff]"),
    "ko": re.compile("[\uac00-\ud7a3]"),
}


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The pieces of some languages; good news and what is harmless are taken out first, the longest first."""

    negations: tuple[str, ...]
    conditions: tuple[str, ...]
    harmless: tuple[str, ...]
    good_news: re.Pattern[str]

    def in_text(self, low: str) -> list[tuple[str, str]]:
        """What is found, each with the key of `verdict.WHY` it has; negations first."""
        if not any(piece in low for piece in (*self.negations, *self.conditions)):
            return []
        low = self.good_news.sub(" ", low)
        for phrase in self.harmless:
            low = low.replace(phrase, " ")
        found = [("negated", piece) for piece in self.negations if piece in low]
        return found + [("condition", piece) for piece in self.conditions if piece in low]


def has_kana(texts: Iterable[str]) -> bool:
    """Whether one of these texts is Japanese beyond doubt."""
    return any(_KANA.search(text) for text in texts)


def may_apply_to(language: str, low: str) -> bool:
    """Whether a piece of this language can mean something in this text."""
    return language != _CHINESE or not _KANA.search(low)


def doubtful_pieces(low: str, language: str = "", text_has_kana: bool = False) -> list[tuple[str, str]]:
    """The pieces in a sentence that doubt, each with its key of `verdict.WHY`; negations first.

    language: of the word that decides, if there is one; beside_kana: whether the rest of the text has some.
    """
    if low.isascii():
        return []
    kana = _KANA.search(low) is not None
    tags = [tag for tag in _LANGUAGES_WITH_PIECES if tag not in _LETTERS or _LETTERS[tag].search(low)]
    if language == _CHINESE and not kana and not text_has_kana:
        tags = [tag for tag in tags if tag != _JAPANESE]
    elif language != _CHINESE and kana:
        tags = [tag for tag in tags if tag != _CHINESE]
    # A single Chinese character is inside many a Japanese word or name that is written without kana.
    shortest = 2 if language != _CHINESE and (language == _JAPANESE or text_has_kana) else 1
    return _pieces(tuple(tags), shortest).in_text(low)


@lru_cache(maxsize=32)
def _pieces(tags: tuple[str, ...], shortest: int) -> _Pieces:
    """The pieces of these languages. shortest: how many characters a Chinese one has at least."""
    known = [language for language in EVERY if language.tag in tags]

    def long_enough(language: Language, pieces: Iterable[str]) -> list[str]:
        return [piece for piece in pieces if language.tag != _CHINESE or len(piece) >= shortest]

    return _Pieces(
        tuple(
            dict.fromkeys(
                p for language in known for p in long_enough(language, language.doubt.negation_pieces)
            )
        ),
        tuple(
            dict.fromkeys(
                p for language in known for p in long_enough(language, language.doubt.condition_pieces)
            )
        ),
        _longest_first(piece for language in known for piece in language.doubt.harmless_pieces),
        re.compile("|".join(news for language in known for news in _good_news(language)) or r"(?!)"),
    )


def _longest_first(pieces: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(pieces), key=lambda piece: (-len(piece), piece)))


def _good_news(language: Language) -> Iterable[str]:
    """Patterns of it: "ありません" behind "問題", or "没有" before "问题"."""
    doubt = language.doubt
    troubles, behind, before = (
        f"(?:{'|'.join(map(re.escape, _longest_first(pieces)))})"
        for pieces in (doubt.trouble_pieces, doubt.none_pieces, doubt.none_of)
    )
    if doubt.trouble_pieces and doubt.none_pieces:
        yield troubles + behind
    if doubt.trouble_pieces and doubt.none_of:
        yield before + troubles


_LANGUAGES_WITH_PIECES = tuple(language.tag for language in EVERY if language.doubt.negation_pieces)


_T = TypeVar("_T")

# Characters by which a piece is looked up; a shorter one is by all it has.
_BEGINNING = 3


class PieceIndex(Generic[_T]):
    """Pieces of text, each with what it means; one piece may mean several things."""

    def __init__(self, entries: Iterable[tuple[str, _T]]) -> None:
        # By the length of the beginnings, and each.
        self._known: dict[int, dict[str, list[tuple[str, _T]]]] = {}
        for piece, meaning in dict.fromkeys(entries):
            start = piece[:_BEGINNING]
            self._known.setdefault(len(start), {}).setdefault(start, []).append((piece, meaning))

    def found_in(self, text: str) -> set[_T]:
        """What the pieces mean that stand in this text."""
        return {
            meaning
            for length, by_start in self._known.items()
            for start in by_start.keys() & {text[at : at + length] for at in range(len(text))}
            for piece, meaning in by_start[start]
            if piece in text
        }
