"""In which languages a text may be, guessed by its commonest words.

Called by `doubt`, for words that are a doubt in one language and ordinary in another: "mai" is Italian for
never and German for May. A wrong guess costs a mail back, or lets one ambiguous word pass; unambiguous ones
always count.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from flexmaild.languages.load import EVERY, Language, words
from flexmaild.mail.understand.rules import unaccented

_COMMON: Mapping[str, tuple[str, ...]] = {
    word: tuple(language.tag for language in EVERY if word in language.doubt.common_words)
    for word in {word for language in EVERY for word in language.doubt.common_words}
}
COMMON_WORDS = frozenset(_COMMON)
# A word in question is no evidence for itself.
_DOUBTS = frozenset(words(lambda language: (*language.doubt.negations, *language.doubt.conditions)))
# No more words than these are looked at; a text does not change its language behind them.
_MOST_WORDS = 400


class Spoken:
    """The languages a text may be in: the one of its deciding word, and those that have more of its words."""

    __slots__ = ("_found", "_words", "has_kana", "language")

    def __init__(self, words: Iterable[str], language: str, has_kana: bool = False) -> None:
        self._words, self.language, self.has_kana = words, language, has_kana
        self._found: frozenset[str] | None = None

    def may_be(self, languages: Iterable[str]) -> bool:
        """Whether the text may be in one of them."""
        if self._found is None:
            self._found = self._guess()
        return not self._found.isdisjoint(languages)

    def _guess(self) -> frozenset[str]:
        score: Counter[str] = Counter()
        for _, word in zip(range(_MOST_WORDS), self._words, strict=False):
            score.update(() if word in _DOUBTS else _COMMON.get(word, ()))
        own, best = score[self.language], max(score.values(), default=0)
        others = (tag for tag, count in score.items() if count > own and 2 * count >= best)
        return frozenset({self.language, *others})


class Ambiguous:
    """Words of one kind from all languages, each with where it means that and where it is ordinary."""

    def __init__(self, of: Callable[[Language], Iterable[str]]) -> None:
        self._means: dict[str, set[str]] = {}
        for language in EVERY:
            for word in of(language):
                for spelling in {word, unaccented(word)}:
                    if spelling == word or spelling not in _ordinary(language):
                        self._means.setdefault(spelling, set()).add(language.tag)
        self._ordinary = {
            word: {language.tag for language in EVERY if word in _ordinary(language)} - means
            for word, means in self._means.items()
        }

    def __contains__(self, word: str) -> bool:
        return word in self._means

    def counts(self, word: str, spoken: Spoken) -> bool:
        """Whether the word means it in this text: unless it is an ordinary word of the text's language."""
        if word not in self._means:
            return False
        ordinary = self._ordinary[word]
        return not ordinary or spoken.may_be(self._means[word]) or not spoken.may_be(ordinary)

    @property
    def words(self) -> frozenset[str]:
        """All of them, whatever the language."""
        return frozenset(self._means)


def _ordinary(language: Language) -> frozenset[str]:
    return frozenset((*language.doubt.harmless_words, *language.doubt.common_words))
