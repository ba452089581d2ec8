"""Phrases of whole words, found in a sentence by their first word: listed doubts of several words, and what
people write every day although such a word is in it.

Called by `doubt`. The elements of a phrase are said in `languages/en.toml`. Cost: linear in the words.
"""

from collections.abc import Callable, Iterable, Sequence

# The beginning of what follows the deciding word, and what stands between two clauses.
START = "^"
BREAK = ","
# What a phrase may hold besides words.
_NUMBER = "#"
_ANY = "…"
_CONTENT = "~"
_ELEMENTS = frozenset((_NUMBER, _ANY, _CONTENT))
_MOST_ANY = 3
_MOST_CONTENT = 2

Phrase = tuple["str | frozenset[str]", ...]


class Phrases:
    """A set of phrases. is_filler: the words that `…` may stand for; is_content: those `~` may."""

    def __init__(
        self,
        phrases: Iterable[Phrase],
        is_filler: Callable[[str], bool],
        is_content: Callable[[str], bool],
    ) -> None:
        # By the first word and, where that is a word too, the second.
        self._known: dict[str, dict[str, list[Phrase]]] = {}
        for phrase in dict.fromkeys(phrases):
            first, second = phrase[0], phrase[1] if len(phrase) > 1 else ""
            assert isinstance(first, str), "a phrase begins with a word"
            literal = second if isinstance(second, str) and second not in _ELEMENTS else ""
            self._known.setdefault(first, {}).setdefault(literal, []).append(phrase)
        self._fillers = {_ANY: (_MOST_ANY, is_filler), _CONTENT: (_MOST_CONTENT, is_content)}

    def begins(self, word: str) -> bool:
        """Whether a phrase begins with that word."""
        return word in self._known

    def at(self, words: Sequence[str], index: int) -> int:
        """How many words the longest phrase covers that begins there; 0: none does."""
        known = self._known.get(words[index])
        if not known:
            return 0
        end = 0
        following = words[index + 1] if index + 1 < len(words) else BREAK
        for phrase in (*known.get(following, ()), *known.get("", ())):
            end = max(end, self._end(phrase, 1, words, index + 1))
        return max(0, end - index)

    def _end(self, phrase: Phrase, element: int, words: Sequence[str], index: int) -> int:
        """Where that rest of the phrase ends in the words; a number below any index if it is not there."""
        while element < len(phrase):
            wanted = phrase[element]
            if isinstance(wanted, str) and wanted in self._fillers:
                most, fits = self._fillers[wanted]
                return self._filled(phrase, element + 1, words, index, most, fits)
            if index >= len(words) or not _matches(wanted, words[index]):
                return -1
            element, index = element + 1, index + 1
        return index

    def _filled(
        self,
        phrase: Phrase,
        element: int,
        words: Sequence[str],
        index: int,
        most: int,
        fits: Callable[[str], bool],
    ) -> int:
        for end in range(index, min(index + most, len(words)) + 1):
            if end > index and (words[end - 1] == BREAK or not fits(words[end - 1])):
                return -1
            found = self._end(phrase, element, words, end)
            if found >= 0:
                return found
        return -1


def _matches(wanted: str | frozenset[str], word: str) -> bool:
    if isinstance(wanted, frozenset):
        return word in wanted
    return word == wanted or (wanted == _NUMBER and word[0].isdigit())
