"""Which of many pieces of text stand in a line: found by how they begin, not by trying each.

Used where a list holds hundreds of pieces, of all languages. Pure; linear in the text, and in the few pieces
that begin as some place of it does.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

# Characters by which a piece is looked up; a shorter one is by all it has.
_BEGINNING = 3


class PieceIndex(Generic[T]):
    """Pieces of text, each with what it means; one piece may mean several things."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        # By the length of the beginnings, and each.
        self._known: dict[int, dict[str, list[tuple[str, T]]]] = {}
        for piece, meaning in dict.fromkeys(entries):
            start = piece[:_BEGINNING]
            self._known.setdefault(len(start), {}).setdefault(start, []).append((piece, meaning))

    def found_in(self, text: str) -> set[T]:
        """What the pieces mean that stand in this text."""
        return {
            meaning
            for length, by_start in self._known.items()
            for start in by_start.keys() & {text[at : at + length] for at in range(len(text))}
            for piece, meaning in by_start[start]
            if piece in text
        }
