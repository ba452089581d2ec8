"""Masks references in texts that are shown, since a whole one lets its reader answer as the approver; and
addresses for callers who may not see them.

`masked` leaves of each the beginning by which it is found again; `Mask` also hides the pieces of those that
are known, wherever a line break or a program has torn them apart. Pure; used for what is logged, for what is
shown of a stranger's mail, and for comments.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from flexmaild.core.references import DASHES, ENCODED_DASH, ID_LETTERS, PREFIX, TAG

_DASH = rf"(?:-|[{DASHES}]|{ENCODED_DASH})"
# "FM1-" and four characters are enough to find it by. With fewer letters than an id has it names no request,
# as a ticket FM1-PAYMENTS does.
_REFERENCE = re.compile(rf"({TAG}{_DASH}[A-Z2-7=]{{4}})[A-Z2-7=]{{{ID_LETTERS - 4},}}", re.IGNORECASE)
# A local part may be quoted, and hold an address that was written with "=" (RFC 5321 section 4.1.2; VERP).
# What stands before one in a results field is no part of it (RFC 8601 section 2.2).
_LOCAL_PART = re.compile(
    r"(\b(?:smtp|header|policy)\.[\w-]+=)?(?:\"(?:\\.|[^\"\\\r\n])*\"|[^\s@<>()\[\]\",;:]+)@(?=\S)"
)
# A piece of a known one is hidden from so many letters on; fewer are found in words as well.
_PIECE = 8
_LETTERS = re.compile(rf"\w{{{_PIECE},}}")


def masked(text: str, rest: str = "…") -> str:
    """The text with only the beginning of each reference; `rest` replaces what is hidden."""
    return _REFERENCE.sub(lambda found: found[1] + rest, text)


def without_people(text: str) -> str:
    """The text with only the domain of each address."""
    return _LOCAL_PART.sub(lambda found: f"{found[1] or ''}***@", text)


class Mask:
    """Hides references, those given in every piece."""

    def __init__(self, references: Iterable[str]) -> None:
        bodies = [text.upper().removeprefix(PREFIX) for text in references]
        # Its beginning is the request's id, which everybody may see.
        first = ID_LETTERS - _PIECE + 1
        self._windows = {b[i : i + _PIECE] for b in bodies for i in range(first, len(b) - _PIECE + 1)}

    def text(self, text: str) -> str:
        text = masked(text)
        return _LETTERS.sub(lambda found: self._piece(found[0]), text) if self._windows else text

    def _piece(self, word: str) -> str:
        upper = word.upper() if word.isascii() else "".join(map(_plain, word))
        starts = [i for i in range(len(word) - _PIECE + 1) if upper[i : i + _PIECE] in self._windows]
        if not starts:
            return word
        return word[: starts[0]] + "…" + word[starts[-1] + _PIECE :]

    def tree(self, value: Any) -> Any:
        """The same for every text in a tree of mappings and lists."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.tree(item) for key, item in value.items()}
        return [self.tree(item) for item in value] if isinstance(value, list | tuple) else value


def _plain(character: str) -> str:
    """The letter that a full-width or otherwise drawn one stands for."""
    plain = unicodedata.normalize("NFKC", character).upper()
    return plain if len(plain) == 1 else character
