"""Lines that are known as a whole: what devices, virus scanners, lists and gateways write, with free places.

Called by `banners`, `disclaimers` and `signatures`. A line is known when *all* of it is known text; never by
how it begins or by a word in it. A free place takes a few words that cannot be a sentence: names, versions,
numbers; never one that doubts or decides. Blanks, case, accents, hyphens, punctuation and links play no part;
a question mark and an emoji do, for they may be an answer. The texts are in `languages`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypeAlias

from flexmaild.languages.load import words
from flexmaild.mail.understand.lines import CJK
from flexmaild.mail.understand.words.doubt import doubts_in
from flexmaild.mail.understand.words.normalised import folded_forms, visible_form
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.mail.understand.words.spelling import normal_word, spellings

# Letters and digits; a run of CJK characters ends where another script begins.
_RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+")
# What is compared: a Chinese or Japanese character, a word with its accents, apostrophes and hyphens, a
# question mark, an emoji.
_LETTER = (
    rf"(?:[^\W_{CJK}]"
    r"|[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0e31\u0e34-\u0e4e\u0900-\u0903\u093a-\u094f])+"
)
_TOKEN = re.compile(
    rf"{_LETTER}(?:['‐-]{_LETTER})*|[\uac00-\ud7a3]+|[\u3040-\u30fa\u30fc-\u30ff\u3400-\u9fff]"
    r"|[?¿؟‽\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
)
# Links, addresses and the names of pictures; only what is written without a blank, and in ASCII.
_LINK = re.compile(
    r"(?:https?://|mailto:|www\.)[!#-;=?-~]+|[a-z0-9._%+='-]+@[a-z0-9-]+\.[a-z0-9.-]+"
    r"|(?:[a-z0-9-]+\.)+[a-z]{2,}/[!#-;=?-~]*|\[cid:[^\]\s]*\]|\[[^\]\s]{0,60}\.(?:png|gif|jpe?g|svg)\]|\[\d{1,3}\]",
    re.IGNORECASE,
)
# The parts of a pattern: "(this|that)", either of which may be empty, "{place}", words.
_PART = re.compile(r"[(|)]|\{\w+\}|[^(|){]+")
_DIGIT = re.compile(r"\d")
# What ends a sentence, between two words.
_STOP = re.compile(r"[.:]\s|[;!。！？；：]")
# Words that each kind of place takes at most.
_PLACES = {"device": 10, "terms": 10, "name": 10, "number": 10, "words": 5}
_LONGEST = 160
# Characters of a text that may be known; the links of a longer one are not looked for.
_LONGEST_TEXT = 4000
# Lines that a mail program may have made of one.
_MOST_LINES = 6
_DECIDING = frozenset(
    spelling
    for word in words(lambda language: (*language.decide.approve, *language.decide.reject))
    for spelling in spellings(normal_word(word))
)
# Signs that people add to such a line, a telephone or a tree; they say nothing.
_DECORATION = frozenset(
    word for word in words(lambda language: language.signature.device_words) if not word[0].isalnum()
)
_OPPOSED = words(lambda language: language.doubt.opposed_stems)


@dataclass(frozen=True, slots=True)
class _Text:
    """The tokens of a line as written and as compared, and where a sentence ends behind one."""

    found: tuple[str, ...]
    low: tuple[str, ...]
    stops: frozenset[int]


@dataclass(slots=True, eq=False)
class _Node:
    """A place in the tree of all patterns: what may follow here."""

    words: dict[str, "_Node"] = field(default_factory=dict)
    places: dict[str, "_Node"] = field(default_factory=dict)
    joins: list["_Node"] = field(default_factory=list)
    is_end: bool = False

    def after(self, part: str) -> "_Node":
        """What follows here behind a word or a place."""
        if part[0] == "{":
            return self.places.setdefault(part[1:-1], _Node())
        return self.words.setdefault(part, _Node())

    def goes_on(self, low: Sequence[str]) -> bool:
        """Whether a pattern may end here or go on with one of these words: a quick look ahead."""
        return self.is_end or bool(self.places or self.joins) or not self.words.keys().isdisjoint(low)


# A word, a place such as "{name}", or a choice.
_Part: TypeAlias = "str | list[list[_Part]]"


class KnownLines:
    """Patterns such as "(sent|written) from my {device}"; a line may hold several, one after the other.

    Places: {device} takes names and the words of `device_words`, {terms} these alone, {name} names, {number}
    what has a digit, {words} any few words; none of them one that doubts or decides.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(patterns)
        # The same lines stand in a mail's text and page, and in every mail of one person.
        self._known = lru_cache(maxsize=2048)(self._is_known)

    @cached_property
    def _root(self) -> _Node:
        """The tree of all patterns, made when first asked for: a command that reads no mail needs none."""
        root = _Node()
        for pattern in self._patterns:
            ends = _extended(root, [root], _parts(pattern))
            if root in ends:
                raise ValueError(f"no pattern of a known line: {pattern!r}")
            for end in ends:
                end.is_end = True
        return root

    def has(self, text: str) -> bool:
        """Whether all of this text is known."""
        return len(text) <= _LONGEST_TEXT and self._known(text)

    def _is_known(self, text: str) -> bool:
        tokens = _tokens(text)
        count = len(tokens.low)
        if not 0 < count <= _LONGEST:
            return False
        todo, tried = [0], {0}
        while todo:
            for end in _match_ends(self._root, tokens, todo.pop()):
                if end == count:
                    return True
                if end not in tried:
                    tried.add(end)
                    todo.append(end)
        return False

    def length(self, lines: Sequence[str]) -> int:
        """How many of these lines, from the first on, are known, alone or wrapped as one."""
        at = 0
        while at < len(lines):
            ends = range(min(at + _MOST_LINES, len(lines)), at, -1)
            end = next((end for end in ends if self.has(" ".join(lines[at:end]))), 0)
            if not end:
                break
            at = end
        return at


def _extended(root: _Node, nodes: list[_Node], parts: list[_Part]) -> list[_Node]:
    """The nodes at the ends of these parts, which begin at some nodes.

    All but the root are joined into one behind a choice, so that the tree stays small.
    """
    for part in parts:
        if isinstance(part, str):
            nodes = [node.after(part) for node in nodes]
            continue
        ends = [end for choice in part for end in _extended(root, nodes, choice)]
        joined = _Node()
        for end in ends:
            if end is not root:
                end.joins.append(joined)
        nodes = [root, joined] if root in ends else [joined]
    return nodes


def _parts(pattern: str) -> list[_Part]:
    """The words, places and choices of a pattern, in order; a choice is the list of what may be chosen."""
    open_choices: list[list[list[_Part]]] = [[[]]]
    for part in _PART.findall(pattern):
        if part == "(":
            open_choices.append([[]])
        elif part == "|":
            open_choices[-1].append([])
        elif part == ")" and len(open_choices) > 1:
            choice = open_choices.pop()
            open_choices[-1][-1].append(choice)
        elif part[0] not in "{)":
            open_choices[-1][-1] += _tokens(part).low
        elif part[1:-1] in _PLACES:
            open_choices[-1][-1].append(part)
        else:
            raise ValueError(f"no such place, or a bracket too many: {pattern!r}")
    if len(open_choices) != 1 or len(open_choices[0]) != 1:
        raise ValueError(f"a choice without its bracket: {pattern!r}")
    return open_choices[0][0]


@lru_cache(maxsize=512)
def tokens_of(text: str) -> tuple[str, ...]:
    """The words of a line as written, without its links and addresses."""
    return tuple(_RUN.findall(visible_form(_without_addresses(text)) if len(text) < _LONGEST_TEXT else text))


@lru_cache(maxsize=4096)
def is_deciding_word(token: str) -> bool:
    """Whether this word decides, or begins as one for the opposite of an approval, in any language."""
    return any(low in _DECIDING or low.startswith(_OPPOSED) for low in folded_forms(token))


def has_deciding_word(text: str, rules: Rules) -> bool:
    """Whether a word that decides, by the settings, stands in this text."""
    return not rules.vocabulary.words.isdisjoint(map(normal_word, tokens_of(text)))


def has_question_mark(text: str) -> bool:
    """Whether a question mark or an emoji stands in it that may be an answer."""
    return any(not token[0].isalnum() for token in _tokens(text).found)


def _without_addresses(text: str) -> str:
    if "@" in text or "/" in text or "[" in text or "www." in text or ":" in text:
        return _LINK.sub(" ", text)
    return text


@lru_cache(maxsize=512)
def _tokens(text: str) -> _Text:
    visible = visible_form(_without_addresses(text))
    found: list[str] = []
    stops: list[int] = []
    end = 0
    for match in _TOKEN.finditer(visible):
        if match[0] in _DECORATION:
            continue
        if found and _STOP.search(visible, end, match.start()):
            stops.append(len(found) - 1)
        found.append(match[0])
        end = match.end()
    return _Text(tuple(found), tuple(_compared(word) for word in found), frozenset(stops))


@lru_cache(maxsize=4096)
def _compared(word: str) -> str:
    low = word.casefold()
    if not low.isascii():
        bare = "".join(c for c in unicodedata.normalize("NFD", low) if unicodedata.category(c) != "Mn")
        low = visible_form(unicodedata.normalize("NFC", bare))
    return low.replace("'", "").replace("-", "").replace("‐", "")


def _match_ends(node: _Node, tokens: _Text, at: int) -> Iterator[int]:
    """Where a pattern may end that goes on from this node at this token."""
    if node.is_end:
        yield at
    for join in node.joins:
        yield from _match_ends(join, tokens, at)
    if at == len(tokens.low):
        return
    if (after := node.words.get(tokens.low[at])) is not None:
        yield from _match_ends(after, tokens, at + 1)
    for place, after in node.places.items():
        most = min(at + _PLACES[place], len(tokens.low))
        if not after.goes_on(tokens.low[at + 1 : most + 1]):
            continue
        for end in range(at + 1, most + 1):
            if not _may_stand_for(place, tokens, at, end):
                break
            yield from _match_ends(after, tokens, end)


def _may_stand_for(place: str, tokens: _Text, at: int, end: int) -> bool:
    """Whether these words may stand at a free place: no sentence can."""
    last, low = tokens.found[end - 1], tokens.low[end - 1]
    if place == "terms" or (place == "device" and low in _TERMS):
        return low in _TERMS and (place == "terms" or not _stops(tokens, at, end))
    if not last[0].isalnum() or is_deciding_word(last):
        return False
    has_digit = _DIGIT.search(last) is not None
    if place == "number":
        return has_digit
    if place == "device" and not has_digit and last == last.lower():
        return False
    if place == "name" and last.islower() and not has_digit:
        return False
    if place != "name" and _stops(tokens, at, end):
        return False
    others = [
        token
        for token, low in zip(tokens.found[at:end], tokens.low[at:end], strict=True)
        if low not in _TERMS
    ]
    return not doubts_in(" ".join(others)) and (last.isascii() or not doubts_in("".join(others)))


def _stops(tokens: _Text, at: int, end: int) -> bool:
    """Whether a sentence ends among these words."""
    return any(k in tokens.stops for k in range(at, end - 1))


_TERMS = frozenset(
    token for word in words(lambda language: language.signature.device_words) for token in _tokens(word).low
)
