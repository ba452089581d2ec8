"""Lines that are known as a whole: what devices, virus scanners, lists and gateways write, with free places.

Called by `notices` and `signatures`. A line is known when *all* of it is known text; never by how it begins or
by a word in it. A free place takes a few words that cannot be a sentence: names, versions, numbers. Blanks,
case, punctuation and links play no part. The texts are in `languages`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flexmaild.languages.load import words
from flexmaild.mail.understand.doubt import as_seen, doubts_in
from flexmaild.mail.understand.lines import LINK

# Letters and digits; a run of CJK characters ends where another script begins.
_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+"
)
_ADDRESS = re.compile(r"<[^<>]*>|\S+@\S+\.\S+")
# A longer line is known as nothing, and its links are not looked for.
_LONGEST = 1000
_PLACE = re.compile(r"\{(\w+)\}")
# Words that each kind of place takes at most.
_PLACES = {"device": 6, "name": 8, "number": 8, "words": 4}
_DEVICE_WORDS = frozenset(words(lambda language: language.signature.device_words))


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A known line, cut at its free places: pieces[0] place[0] pieces[1] …"""

    pieces: tuple[tuple[str, ...], ...]
    places: tuple[str, ...]


class KnownLines:
    """Patterns such as "sent from my {device}", looked up by their first or last word."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._whole: set[tuple[str, ...]] = set()
        first: dict[str, list[_Pattern]] = {}
        last: dict[str, list[_Pattern]] = {}
        for text in patterns:
            pattern = _pattern(text)
            if not pattern.places:
                self._whole.add(pattern.pieces[0])
            elif pattern.pieces[0]:
                first.setdefault(pattern.pieces[0][0], []).append(pattern)
            else:
                last.setdefault(pattern.pieces[-1][-1], []).append(pattern)
        self._first: Mapping[str, Sequence[_Pattern]] = first
        self._last: Mapping[str, Sequence[_Pattern]] = last

    def has(self, text: str) -> bool:
        """Whether all of this text is one of the known lines."""
        return self._has(tokens_of(text))

    def _has(self, found: tuple[str, ...]) -> bool:
        if not found:
            return False
        low = tuple(token.casefold() for token in found)
        if low in self._whole:
            return True
        candidates = (*self._first.get(low[0], ()), *self._last.get(low[-1], ()))
        return any(_fits(found, low, pattern, 0, 0) for pattern in candidates)


@lru_cache(maxsize=512)
def tokens_of(text: str) -> tuple[str, ...]:
    """The words of a line as written, without its links and addresses."""
    if len(text) > _LONGEST:
        return tuple(_TOKEN.findall(text))
    if ":" in text or "@" in text or "<" in text or "www." in text:
        text = _ADDRESS.sub(" ", LINK.sub(" ", text))
    return tuple(_TOKEN.findall(as_seen(text)))


def _pattern(text: str) -> _Pattern:
    pieces = [tuple(_TOKEN.findall(as_seen(piece).casefold())) for piece in _PLACE.split(text)[::2]]
    places = tuple(_PLACE.findall(text))
    if not any(pieces) or any(place not in _PLACES for place in places):
        raise ValueError(f"no pattern of a known line: {text!r}")
    return _Pattern(tuple(pieces), places)


def _fits(found: Sequence[str], low: Sequence[str], pattern: _Pattern, at: int, piece: int) -> bool:
    """Whether the words from `at` on are the pieces and places from `piece` on."""
    wanted = pattern.pieces[piece]
    if tuple(low[at : at + len(wanted)]) != wanted:
        return False
    at += len(wanted)
    if piece == len(pattern.places):
        return at == len(low)
    place = pattern.places[piece]
    for taken in range(1, min(_PLACES[place], len(low) - at) + 1):
        if not _may_stand_for(place, found[at : at + taken]):
            return False
        if _fits(found, low, pattern, at + taken, piece + 1):
            return True
    return False


def _may_stand_for(place: str, found: Sequence[str]) -> bool:
    """Whether these words may stand at a free place: no sentence can."""
    if place == "number":
        return all(any(c.isdigit() for c in token) for token in found)
    if place == "words":
        return not doubts_in(" ".join(found))
    return all(_is_name(token) for token in found) and (place == "name" or not doubts_in(" ".join(found)))


def _is_name(token: str) -> bool:
    """A capital letter or a digit, a script without case, or a word that devices are called by."""
    first = token[0]
    return not first.islower() or any(c.isdigit() for c in token) or token.casefold() in _DEVICE_WORDS
