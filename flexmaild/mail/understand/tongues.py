"""In which languages a text may be, guessed by its commonest words.

Called by `doubt`, for words that are a doubt in one language and ordinary in another: "mai" is Italian for
never and German for May. A wrong guess costs a mail back, or lets one ambiguous word pass; unambiguous ones
always count.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from flexmaild.languages.load import EVERY, Language, words
from flexmaild.mail.understand.rules import spellings

_COMMON: dict[str, tuple[str, ...]] = {}
for _language in EVERY:
    # As they are looked for: the Turkish "ı" is seen as "i".
    for _word in {word.replace("ı", "i") for word in _language.doubt.common_words}:
        _COMMON[_word] = (*_COMMON.get(_word, ()), _language.tag)
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
        score = _score(self._words)
        own, best = score[self.language], max(score.values(), default=0)
        others = (tag for tag, count in score.items() if count > own and 2 * count >= best)
        return frozenset({self.language, *others})


def _score(said: Iterable[str]) -> Counter[str]:
    """How many common words of each language there are."""
    score: Counter[str] = Counter()
    for _, word in zip(range(_MOST_WORDS), said, strict=False):
        score.update(() if word in _DOUBTS else _COMMON.get(word, ()))
    return score


def likeliest(said: Iterable[str]) -> str:
    """The language that has more of these words than any other; empty where none has."""
    (tag, most), (_, second) = [*_score(said).most_common(2), ("", 0), ("", 0)][:2]
    return tag if most > second else ""


class Ambiguous:
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


class Own:
    """Words, endings ("-madan") and beginnings ("ne-") of one kind that count in their language only."""

    def __init__(self, of: Callable[[Language], Iterable[str]]) -> None:
        self._words: dict[str, set[str]] = {}
        self._pieces: list[tuple[str, tuple[str, ...], tuple[str, ...], frozenset[str]]] = []
        for language in EVERY:
            plain = frozenset(form for word in _ordinary(language) for form in spellings(word))
            found = {form: word for word in of(language) for form in spellings(word)}
            begins = tuple(form[:-1] for form in found if form[-1] == "-")
            ends = tuple(form[1:] for form in found if form[0] == "-")
            if begins or ends:
                self._pieces.append((language.tag, begins, ends, plain))
            for form, word in found.items():
                if "-" not in (form[0], form[-1]) and (form == word or form not in plain):
                    self._words.setdefault(form, set()).add(language.tag)

    def languages(self, word: str) -> frozenset[str]:
        """Where the word means it. Beside an ending or a beginning it has two letters more at least."""
        found = set(self._words.get(word, ()))
        for tag, begins, ends, plain in self._pieces:
            if (word[2:].endswith(ends) or word[:-2].startswith(begins)) and word not in plain:
                found.add(tag)
        return frozenset(found)

    def counts(self, word: str, spoken: Spoken) -> bool:
        """Whether the word means it in this text."""
        found = self.languages(word)
        return bool(found) and spoken.may_be(found)


def _ordinary(language: Language) -> frozenset[str]:
    return frozenset((*language.doubt.harmless_words, *language.doubt.common_words))
