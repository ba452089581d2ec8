"""In which languages a text may be, guessed by its commonest words.

Called by `doubt`, for words that are a doubt in one language and ordinary in another: "mai" is Italian for
never and German for May. A wrong guess costs a mail back, or lets one ambiguous word pass; unambiguous ones
always count.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache

from flexmaild.languages.load import EVERY, Language, words
from flexmaild.mail.understand.words.spelling import spellings

_COMMON: dict[str, tuple[str, ...]] = {}
for _language in EVERY:
    # As they are looked for: the Turkish "ı" is seen as "i".
    for _word in {word.replace("ı", "i") for word in _language.doubt.common_words}:
        _COMMON[_word] = (*_COMMON.get(_word, ()), _language.tag)
COMMON_WORDS = frozenset(_COMMON)
_TAGS = frozenset(language.tag for language in EVERY)
# Words that doubt somewhere are no evidence for a language.
_DOUBTS = frozenset(words(lambda language: (*language.doubt.negations, *language.doubt.conditions)))
_ENGLISH, _KOREAN = "en", "ko"
# 김영만 is a person; in a line that may not have been typed, a word as short as a name is one.
_LONGEST_KOREAN_NAME = 3
# No more words than these are looked at; a text does not change its language behind them.
_MOST_WORDS = 400


# Letters that few languages write; one says as much as a common word: "grün" amid English is German.
_WRITES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys("ığş", ("tr",)),
    **dict.fromkeys("ö", ("de", "fi", "sv", "tr")),
    **dict.fromkeys("ü", ("de", "es", "tr")),
    **dict.fromkeys("ä", ("de", "fi", "sv")),
    "ß": ("de",),
    "å": ("da", "nb", "sv"),
    **dict.fromkeys("æø", ("da", "nb")),
    **dict.fromkeys("ąęłśćńźż", ("pl",)),
    **dict.fromkeys("řěůčšžýďťň", ("cs",)),
    **dict.fromkeys("èêœ", ("fr",)),
    **dict.fromkeys("ãõ", ("pt",)),
    "ñ": ("es",),
}
_FOREIGN = re.compile(f"[{''.join(_WRITES)}]")


class ClauseLanguage:
    """One clause, as far as it shows its language by common words; and the language of the deciding word.

    People answer our English mail with an English word and go on in their own language, or the other way
    round: a word that decides says little about the clause behind it, and a clause nothing of the next.
    is_turkish: the sentence has a dotless "ı", which is an "i" in these words.
    """

    __slots__ = ("_score", "is_turkish", "language", "words")

    def __init__(self, words: Sequence[str], language: str, *, is_turkish: bool = False) -> None:
        self.words, self.language, self.is_turkish = words, language, is_turkish
        self._score: Counter[str] | None = None

    def is_likelier(self, others: Iterable[str], means: Collection[str], word: str) -> bool:
        """Whether it has more words, without this one, of another language than of any in which it doubts."""
        score = self._scores_without(word)
        # "For" and "to" in an English answer are English, and do not show that it is Danish or Polish.
        shown = score if _ENGLISH in means or self.language != _ENGLISH else self._clear_scores_without(word)
        # Who writes a word for "not" in front writes English, whatever the word before it.
        speaks = _ENGLISH not in means or word not in self.words[:1]
        # Our mail proposes an English word, which people take who go on in another language.
        speaks = speaks and (self.language != _ENGLISH or _ENGLISH in _COMMON.get(word, ()))
        rather = max((shown[tag] + (speaks and tag == self.language) for tag in others), default=0)
        return rather > max(score[tag] + (tag == self.language) for tag in means)

    def has_words_of(self, languages: Iterable[str], word: str) -> bool:
        """Whether something says that it is one of these: a common word, a letter that no other language
        has."""
        score = self._scores_without(word)
        score.subtract(tag for of in self._by_letters() if len(of) > 1 for tag in of)
        return any(score[tag] > 0 for tag in languages)

    def _scores_without(self, word: str) -> Counter[str]:
        """How many common words of each language it has without this one, which is no evidence for itself,
        and whether it has letters of it, those of this word too."""
        if self._score is None:
            self._score = _score(self.words)
            self._score.update(tag for of in self._by_letters() for tag in of)
        score = self._score.copy()
        score.subtract(() if word in _DOUBTS else _COMMON.get(word, ()))
        return score

    def _clear_scores_without(self, word: str) -> Counter[str]:
        """The same, where a common word that is an English one as well says nothing of another language."""
        shown = self._scores_without(word)
        for other in self.words[:_MOST_WORDS]:
            tags = _COMMON.get(other, ())
            if other != word and other not in _DOUBTS and _ENGLISH in tags:
                shown.subtract(tag for tag in tags if tag != _ENGLISH)
        return shown

    def _by_letters(self) -> set[tuple[str, ...]]:
        """The languages that write its letters, together where they share them."""
        letters = _FOREIGN.findall(" ".join(self.words[:_MOST_WORDS]))
        return {_WRITES[letter] for letter in letters} | ({("tr",)} if self.is_turkish else set())


def _score(said: Iterable[str]) -> Counter[str]:
    """How many common words of each language there are."""
    score: Counter[str] = Counter()
    for _, word in zip(range(_MOST_WORDS), said, strict=False):
        score.update(() if word in _DOUBTS else _COMMON.get(word, ()))
    return score


def _likeliest_language(said: Iterable[str]) -> str:
    """The language that has more of these words than any other; empty where none has."""
    (tag, most), (_, second) = [*_score(said).most_common(2), ("", 0), ("", 0)][:2]
    return tag if most > second else ""


class AmbiguousWords:
    """Words of one kind from all languages, each with where it means that and where it is ordinary."""

    def __init__(self, of: Callable[[Language], Iterable[str]]) -> None:
        ordinary = {language.tag: _ordinary(language) for language in EVERY}
        self._means: dict[str, set[str]] = {}
        for language in EVERY:
            for word in of(language):
                for spelling in spellings(word):
                    if spelling == word or spelling not in ordinary[language.tag]:
                        self._means.setdefault(spelling, set()).add(language.tag)
        self._ordinary = {
            word: {tag for tag, words_ in ordinary.items() if word in words_} - means
            for word, means in self._means.items()
        }

    def __contains__(self, word: str) -> bool:
        return word in self._means

    def applies(self, word: str, spoken: ClauseLanguage) -> bool:
        """Whether the word means it here: unless the clause is rather of a language where it is ordinary."""
        if word not in self._means:
            return False
        ordinary = self._ordinary[word]
        return not ordinary or not spoken.is_likelier(ordinary, self._means[word], word)

    @property
    def words(self) -> frozenset[str]:
        """All of them, whatever the language."""
        return frozenset(self._means)


class OwnWords:
    """Words, endings ("-madan") and beginnings ("ne-") of one kind that count in their language only.

    A whole word counts unless its clause is rather in a language where it is an ordinary one. An ending or
    a beginning, which words of all languages may have, counts only where something says that it is this one.
    """

    def __init__(self, of: Callable[[Language], Iterable[str]]) -> None:
        self._words: dict[str, set[str]] = {}
        self._pieces: list[tuple[str, tuple[str, ...], tuple[str, ...], frozenset[str]]] = []
        plains = {
            language.tag: frozenset(form for word in _ordinary(language) for form in spellings(word))
            for language in EVERY
        }
        for language in EVERY:
            plain = plains[language.tag]
            found = {form: word for word in of(language) for form in spellings(word)}
            begins = tuple(form[:-1] for form in found if form[-1] == "-")
            ends = tuple(form[1:] for form in found if form[0] == "-")
            if begins or ends:
                self._pieces.append((language.tag, begins, ends, plain))
            for form, word in found.items():
                if "-" not in (form[0], form[-1]) and (form == word or form not in plain):
                    self._words.setdefault(form, set()).add(language.tag)
        self._elsewhere = {
            word: frozenset(tag for tag, plain in plains.items() if word in plain) - means
            for word, means in self._words.items()
        }
        self._by_piece = lru_cache(maxsize=4096)(self._languages_by_piece)

    def languages(self, word: str) -> frozenset[str]:
        """Where the word means it."""
        return self._by_piece(word).union(self._words.get(word, ()))

    def _languages_by_piece(self, word: str) -> frozenset[str]:
        """Beside an ending or a beginning it has two letters more at least, and no digit in front of it."""
        if word[-2:-1].isdigit():
            return frozenset()
        return frozenset(
            tag
            for tag, begins, ends, plain in self._pieces
            if word not in plain and (word[2:].endswith(ends) or word[:-2].startswith(begins))
        )

    def applies(self, word: str, spoken: ClauseLanguage) -> bool:
        """Whether the word means it here."""
        means = self._words.get(word)
        if means and not spoken.is_likelier(self._elsewhere[word], means, word):
            return True
        by_piece = self._by_piece(word)
        if _KOREAN in by_piece:
            return True  # no other language writes Hangul
        if not by_piece or spoken.is_likelier(_TAGS - by_piece, by_piece, word):
            return False
        return spoken.language in by_piece or spoken.has_words_of(by_piece, word)

    def may_apply(self, word: str, spoken: ClauseLanguage) -> bool:
        """Whether the word may mean it in a line that says too little to tell its language.

        One that is an ordinary word elsewhere, an ending or a beginning needs a word of its language.
        """
        means = self._words.get(word)
        if means and (not self._elsewhere[word] or spoken.has_words_of(means, word)):
            return not spoken.is_likelier(self._elsewhere[word], means, word)
        by_piece = self._by_piece(word)
        if _KOREAN in by_piece:
            return len(word) > _LONGEST_KOREAN_NAME
        return bool(by_piece) and _likeliest_language(spoken.words) in by_piece


def _ordinary(language: Language) -> frozenset[str]:
    return frozenset((*language.doubt.harmless_words, *language.doubt.common_words))
