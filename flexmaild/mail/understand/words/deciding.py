"""The words that decide, in the forms in which the rules look for them: made once for all mails.

Made by `Rules`, from the words of the languages and those of the settings. There are hundreds of them, so
each question is one look into a table.
"""

from collections.abc import Mapping
from functools import cached_property

from flexmaild.core import line_pattern
from flexmaild.core.model import Answer
from flexmaild.mail.understand.lines import compared_text
from flexmaild.mail.understand.words.normalised import words_in
from flexmaild.mail.understand.words.pieces import PieceIndex

# A word, normalised, what it says, and its language.
Word = tuple[str, Answer, str]


class Vocabulary:
    """entries: the longest first, for "approved by me" (an extra word) must win over "approved"."""

    def __init__(self, entries: tuple[Word, ...]) -> None:
        self._entries = entries

    def begins(self, low: str) -> bool:
        """Whether a normalised text begins as an answer does that decides."""
        return low.startswith(tuple(word for word, _, _ in self.beginning_as(low)))

    def beginning_as(self, low: str) -> tuple[Word, ...]:
        """The words that may stand at the beginning of this text, the longest first."""
        return self._by_letter.get(low[:1], ())

    @cached_property
    def _by_letter(self) -> Mapping[str, tuple[Word, ...]]:
        found: dict[str, list[Word]] = {}
        for entry in self._entries:
            found.setdefault(entry[0][0], []).append(entry)
        return {letter: tuple(entries) for letter, entries in found.items()}

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(word for word, _, _ in self._entries)

    @cached_property
    def compared_text(self) -> frozenset[str]:
        """As the lines of a reply are compared."""
        return frozenset(map(compared_text, self.words))

    @cached_property
    def letters(self) -> frozenset[str]:
        """As the lines are compared that an operator wants ignored."""
        return frozenset(map(line_pattern.letters, self.compared_text))

    @cached_property
    def pieces(self) -> PieceIndex[str]:
        """The words, wherever in a text they stand."""
        return PieceIndex((word, word) for word in self.words)

    @cached_property
    def others(self) -> Mapping[Answer, frozenset[str]]:
        """What contradicts each answer."""
        return {a: frozenset(word for word, says, _ in self._entries if says is not a) for a in Answer}

    @cached_property
    def other_pieces(self) -> Mapping[Answer, PieceIndex[tuple[int, str, str]]]:
        """The same of languages without blanks, and of several tokens from the settings, which are looked for
        as text: the number of each in the order of the entries, itself and its language."""
        return {
            a: PieceIndex(
                (word, (number, word, language))
                for number, (word, says, language) in enumerate(self._entries)
                if says is not a and (words_in(word) != [word] or "\u3040" <= word[0] <= "\u9fff")
            )
            for a in Answer
        }
