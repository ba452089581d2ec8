"""Looks up the lines of a reply in what we sent: whole lines first, then runs of words within a line.

Called by `label`. A whole line is ours by its letters and digits; it may stand at several places, and the
next line says at which of them the quote goes on. Nothing here says what a line is; only what it has in
common with what we sent.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import TypeAlias

from flexmaild.mail.understand.labels.sent import SEED, SentText
from flexmaild.mail.understand.lines import Line, Run, Word, letters, weight

# Letters and digits (a CJK character counts as three) that make a run of its own, wherever it stands. Any
# number from 6 to 13 reads the trials' 1,900 replies alike; from 14 on, the label of a button is a person's.
SHORTEST_RUN = 10
# A run has two words at least, or one of so many letters.
_LONG_WORD = 20
# Where the quote goes on, so many are enough.
_SHORTEST_CONTINUATION = 4
# What of the next line tells whether a run goes on there.
_AHEAD = 24

# What `_whole_line_places` found for a line, the beginning of the next one, and the ends of the one above.
_KnownPlaces: TypeAlias = dict[tuple[str, str, frozenset[int]], frozenset[int]]
# The same for `_parts`.
_KnownParts: TypeAlias = dict[tuple[str, tuple[tuple[int, int], ...], str, frozenset[int]], list[Run]]


def match(lines: Sequence[Line], sent: SentText) -> None:
    """Fills in `places` and `parts` of every line that has words."""
    with_words = [line for line in lines if line.norm]
    ends: frozenset[int] = frozenset()
    seen: _KnownPlaces = {}
    shared: _KnownParts = {}
    for line, following in zip(with_words, [*with_words[1:], None], strict=False):
        ahead = following.norm[:_AHEAD] if following else ""
        line.places = _places(line.norm, ahead, ends, sent, seen)
        if not line.places and _hide_pieces_of_links(line, sent) and line.norm:
            line.places = _places(line.norm, ahead, ends, sent, seen)
        if line.places:
            ends = frozenset(place + len(line.norm) for place in line.places)
            continue
        key = line.text, line.hidden, ahead, ends
        if key not in shared:
            shared[key] = _parts(line, ahead, ends, sent)
        line.parts = [*shared[key]]
        ends = frozenset(run.end for run in line.parts[-1:] if run.is_last)


def _hide_pieces_of_links(line: Line, sent: SentText) -> bool:
    """Leaves the rest of a link of ours, which a mail program wrapped onto this line, out of its words."""
    found: list[tuple[int, int]] = []
    at = 0
    for piece in line.text.split() if _has_link_signs(line.text) else ():
        at = line.text.index(piece, at)
        if _has_link_signs(piece) and letters(piece) in sent.links:
            found.append((at, at + len(piece)))
        at += len(piece)
    if found:
        line.hidden = tuple(found)
        line.norm = "".join(word.norm for word in line.words())
    return bool(found)


def _has_link_signs(text: str) -> bool:
    """Whether there are two of the signs that an address on the web is full of."""
    return sum(map(text.count, "/%=&")) >= 2 and len(text) >= 6


def goes_on(line: Line, following: Line) -> bool:
    """Whether what we sent goes on from this line to that one without a gap."""
    if line.places:
        ends = {place + len(line.norm) for place in line.places}
    elif line.parts:
        ends = {line.parts[-1].end}
    else:
        return False
    if following.places:
        return not ends.isdisjoint(following.places)
    return bool(following.parts) and following.parts[0].place in ends


def _places(
    norm: str, ahead: str, ends: frozenset[int], sent: SentText, seen: _KnownPlaces
) -> frozenset[int]:
    """The places where the whole line stands; equal lines before equal ones are looked for once."""
    key = norm, ahead, ends
    if key not in seen:
        seen[key] = frozenset(_whole_line_places(norm, ahead, ends, sent))
    return seen[key]


def _whole_line_places(norm: str, ahead: str, ends: frozenset[int], sent: SentText) -> list[int]:
    """The places where the whole line stands."""
    text = sent.text
    continuing = [e for e in ends if text.startswith(norm, e) and _may_end(e + len(norm), ahead, sent)]
    if continuing:
        return continuing
    found = [place for place in sent.places(norm) if _may_end(place + len(norm), ahead, sent)]
    if not found or sent.is_address(norm):
        return []
    if weight(norm) >= SHORTEST_RUN:
        return found
    # Few letters are ours only where the next line goes on from there.
    return [
        p
        for p in found
        if ahead and text.startswith(ahead, p + len(norm)) and len(norm + ahead) >= SHORTEST_RUN
    ]


def _may_end(end: int, ahead: str, sent: SentText) -> bool:
    """Whether a line may end here: where a word of ours does, or where the next line goes on with it."""
    return sent.is_bound(end) or (bool(ahead) and sent.text.startswith(ahead[:_SHORTEST_CONTINUATION], end))


def _parts(line: Line, ahead: str, ends: frozenset[int], sent: SentText) -> list[Run]:
    """The runs of words of this line that we sent, in order."""
    words = line.words()
    starts = list(accumulate((len(word.norm) for word in words), initial=0))
    runs: list[Run] = []
    first = 0
    expected: set[int] = set(ends)
    while first < len(words):
        run = _run(line.norm, words, starts, first, ahead, expected, sent)
        if run is None:
            first += 1
        else:
            runs.append(run)
            first, expected = run.last, {run.end}
    return runs


def _run(
    norm: str,
    words: Sequence[Word],
    starts: Sequence[int],
    first: int,
    ahead: str,
    expected: set[int],
    sent: SentText,
) -> Run | None:
    """The longest run of ours that begins with this word."""
    at = starts[first]
    best, place = _longest_match(norm[at:] + ahead, expected, sent)
    if place < 0:
        return None
    end = first
    while end < len(words) and starts[end + 1] - at <= best:
        end += 1
    goes_beyond = end == len(words) and best > starts[end] - at
    last = end if goes_beyond else _back_to_bound(starts, first, end, place, sent)
    if end < len(words) and ahead:
        # A word typed behind ours may be the one that the next line of ours begins with: then it is not ours.
        again = (
            k
            for k in range(max(first, last - 3), last)
            if sent.text.startswith(ahead, place + starts[k] - at)
        )
        last = next(again, last)
    length = starts[last] - at
    said = norm[at : at + length]
    counted = weight(said) + (best - length if last == len(words) else 0)
    goes_on = place in expected and length >= _SHORTEST_CONTINUATION
    is_long = counted >= SHORTEST_RUN and (last - first >= 2 or length >= _LONG_WORD)
    if last == first or not (goes_on or is_long) or sent.is_address(said):
        return None
    return Run(first, last, place, place + length, last == len(words))


def _longest_match(rest: str, expected: set[int], sent: SentText) -> tuple[int, int]:
    """How many characters of `rest` we sent at one place, and that place; -1 where there is none."""
    best, place = 0, -1
    for candidate in (*expected, *sent.places(rest[:SEED])):
        common = _common(rest, sent.text, candidate)
        if common > best:
            best, place = common, candidate
    return best, place


def _back_to_bound(starts: Sequence[int], first: int, last: int, place: int, sent: SentText) -> int:
    """The last place up to here where a word ends in what we sent as well."""
    while last > first and not sent.is_bound(place + starts[last] - starts[first]):
        last -= 1
    return last


def _common(rest: str, text: str, place: int) -> int:
    """How many characters agree from the start of `rest` and from this place on."""
    if text.startswith(rest, place):
        return len(rest)
    low, high = 0, len(rest)
    while low + 1 < high:  # by halves: comparing slices is quick, comparing letters is not
        middle = (low + high) // 2
        if text.startswith(rest[:middle], place):
            low = middle
        else:
            high = middle
    return low
