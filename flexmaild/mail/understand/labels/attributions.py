"""Attributions: "On Friday, … wrote:" and its like above a quote, in any language.

Called by `quotes`. One is an attribution only where a quote follows, or where it names us and a date. What
has not the form of one was typed, so text that stands glued in front of it is split off. The words are in
`languages`.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from flexmaild.languages.load import words
from flexmaild.mail.understand.labels.known import is_deciding_word, tokens_of
from flexmaild.mail.understand.labels.quote_borders import CALENDAR, DATE, SPLIT, line_above, names_us
from flexmaild.mail.understand.lines import Label, Line, fold_case, has_meaning
from flexmaild.mail.understand.words.dates import is_date_line, words_outside_dates
from flexmaild.mail.understand.words.doubt import doubt_of, doubts_in, refusing_signs
from flexmaild.mail.understand.words.language_guess import ClauseLanguage
from flexmaild.mail.understand.words.normalised import tokens
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.mail.understand.words.spelling import normal_word

_STARTS = words(lambda language: language.quote.attribution_starts)
# Those of them that are words of their own: "On " begins an attribution, "mo" may be anything.
_CLEAR_STARTS = tuple(start for start in _STARTS if start.endswith(" ") and len(start) > 2)
_VERBS = words(lambda language: language.quote.attribution_verbs)
# An attribution is wrapped over at most so many lines, and as long as this at most.
MOST_LINES, _LONGEST = 4, 600
# No program wraps a line before it has so many letters.
_SHORTEST_WRAPPED = 40
# Where something begins that is written without a blank behind what was typed: "thanksNov 20", 'thanks"Bob"'.
_GLUED = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[^\W\d_])(?=[\"„«“>])")
_ADDRESS = re.compile(r"\S+@\S+")
_DIGIT = re.compile(r"[0-9]")
ATTRIBUTION = "attribution"


def label_attribution(lines: Sequence[Line], border: int, rules: Rules) -> None:
    """Labels the fewest lines above the border that are an attribution; text glued to its front is typed."""
    last = line_above(lines, border)
    if last < 0 or not _is_unlabelled(lines[last]):
        return
    joined = ""
    found: tuple[int, int] | None = None
    for first in range(last, max(-1, last - MOST_LINES), -1):
        line = lines[first]
        if line.is_blank or not _is_unlabelled(line) or len(joined) > _LONGEST:
            break
        if first < last and not _continues_attribution(lines[first + 1].low, rules):
            break  # a sentence stands in the line below, so what is above it is another's
        if first < last and not _may_stand_above(line, lines[first + 1], found is not None, rules):
            break
        joined = f"{line.bare.strip()} {joined}".strip()
        start = _attribution_start(joined, rules)
        is_dated = CALENDAR.search(joined) is not None
        if start >= 0 and (is_dated or found is None):
            found = first, start
        if found is not None and is_dated:
            break
    if found is not None:
        first, start = found
        text = " ".join(line.bare.strip() for line in lines[first : last + 1])
        _label_as_attribution(lines, first, last, text[:start])


def _may_stand_above(line: Line, below: Line, is_whole: bool, rules: Rules) -> bool:
    """Whether an attribution may go on from this line: a date, or one that was wrapped or ends with our name.

    is_whole: what is below is one without it. A person's line with a number in it would have a date.
    """
    text = line.bare.strip()
    if is_date_line(text) or any(is_date_line(text[at:]) for at in _possible_starts(text)):
        return True
    if is_whole and below.low[:1] not in ("<", "(", "[") and not _ADDRESS.match(below.low):
        return False  # what begins with a name needs nothing in front of it
    return len(text) >= _SHORTEST_WRAPPED or names_us(line.low, rules)


def _possible_starts(text: str) -> Iterator[int]:
    """Where in a line an attribution may begin behind other text."""
    low = fold_case(text)
    return _glued_starts(text, low, CALENDAR.search(low)) if len(low) == len(text) else iter(())


def _continues_attribution(low: str, rules: Rules) -> bool:
    """Whether this can be a further line of an attribution: a name, an address, a date or a verb soon."""
    marks = [at for mark in (*rules.marks, "<", "(", *_VERBS) if (at := low.find(mark)) >= 0]
    marks += _first_digit(low)
    return bool(marks) and len(low[: min(marks)].split()) <= 2


def _first_digit(text: str) -> list[int]:
    """Where it stands; empty where there is none."""
    return list(islice((at for at, c in enumerate(text) if c.isdigit()), 1))


def _is_unlabelled(line: Line) -> bool:
    """Whether the line may be an attribution; one that holds our reference has words that we sent."""
    return not line.label or (line.is_ours and not line.places)


def _label_as_attribution(lines: Sequence[Line], first: int, last: int, before: str) -> None:
    for line in lines[first : last + 1]:
        line.set(Label.QUOTE_HEADER, ATTRIBUTION)
    if before.strip() and has_meaning(before):
        lines[first].rule, lines[first].typed = SPLIT, before.rstrip()


def _attribution_start(joined: str, rules: Rules) -> int:
    """Where the shortest attribution with a whole date begins that ends this text; -1 where none does, or
    where a word or a sign in it answers."""
    start = _shortest_start(joined, rules)
    return -1 if start >= 0 and _answers(joined[start:], rules) else start


def _answers(text: str, rules: Rules) -> bool:
    said = _without_names(text, rules)
    return bool(refusing_signs(said)) or any(map(is_deciding_word, tokens_of(said)))


def _without_names(text: str, rules: Rules) -> str:
    """The text in small letters without addresses and our name."""
    low = _ADDRESS.sub(" ", fold_case(text))
    for name in rules.own_names:
        low = low.replace(name, " ")
    return low


def _shortest_start(joined: str, rules: Rules) -> int:
    low = fold_case(joined)
    if len(low) != len(joined):  # rare letters fold to two
        low = joined.lower()
        if len(low) != len(joined):
            return -1
    known, is_named = is_attribution(low), names_us(low, rules)
    if not known and not is_named:
        return -1
    # The last date: one in front of it may stand in what was typed.
    calendar = max(CALENDAR.finditer(low), key=lambda found: found.start(), default=None)
    date = calendar or DATE.search(low)
    if not known and not _is_unlisted_form(low, date is not None, rules):
        return -1
    if date is not None and _doubts_between(joined, low, date, rules):
        return -1
    for at in _glued_starts(joined, low, calendar or date):
        rest = low[at:]
        if is_attribution(rest) or (names_us(rest, rules) and _is_unlisted_form(rest, True, rules)):
            return at
    # A sentence in front of the date or the name that no list can split off: all of it was typed.
    places = [at for name in rules.marks if (at := low.find(name)) >= 0]
    places += _first_digit(low)
    at = min(places, default=len(low))
    if (
        0 < at < len(low)
        and low[at - 1].isalpha()
        and (DATE.search(low, at) or known or low.startswith(rules.marks, at))
    ):
        return at  # glued to a date or a name
    if glued := [m.start() for m in _GLUED.finditer(joined, 0, at)]:
        return glued[-1]
    head = low[:at]
    return (
        0 if len(re.findall(r"[^\W\d_]{2,}", head)) <= 4 and not _doubts_before(head.lstrip("-* >")) else -1
    )


def _doubts_between(joined: str, low: str, date: re.Match[str], rules: Rules) -> bool:
    """Whether words of doubt stand between the date and our name, where programs write the time."""
    places = [(at, at + len(name)) for name in rules.marks if (at := low.find(name)) >= 0]
    if not places:
        return False
    start, end = min(places)
    between = low[date.end() : start] if date.end() <= start else low[end : date.start()]
    # Words alone: "on Friday" is a term where a person wrote it. Single letters are "at" and "or".
    found = tokens(normal_word(_ADDRESS.sub(" ", between)))
    spoken = ClauseLanguage(tokens(normal_word(_GLUED.sub(" ", joined))), "")
    return any(len(word) > 1 and doubt_of(word, spoken) for word in found)


def _doubts_before(head: str) -> bool:
    """Whether words of doubt stand in front of the date; "am", "no dia" and other starts are none."""
    for start in _CLEAR_STARTS:
        if head.startswith(start):
            head = head[len(start) :]
            break
    return bool(doubts_in(head))


def _glued_starts(joined: str, low: str, date: re.Match[str] | None) -> Iterator[int]:
    """Where an attribution may begin behind other text, the last place in front of the date first."""
    if date is None:
        return
    for at in range(date.start(), 0, -1):
        before = joined[at - 1]
        if not joined[at].isalnum() or (before.isalpha() and not joined[at].isupper()):
            continue
        if low.startswith(_CLEAR_STARTS, at) and (joined[at].isupper() or not before.isspace()):
            yield at


def is_attribution(low: str) -> bool:
    digits = _DIGIT.search(low) is not None
    ending = low.rstrip(" -\xa0")
    if ending.endswith((":", "：")):
        ending = ending[:-1].rstrip(" \xa0")
        said = any(verb in ending for verb in _VERBS)
        return (said and (digits or "@" in ending)) or (
            digits and "@" in ending and ("<" in ending or '"' in ending)
        )
    return digits and "@" in ending and ending.endswith(_VERBS)


def _is_unlisted_form(low: str, dated: bool, rules: Rules) -> bool:
    """Whether it is a short line with our name and a date, or our name and a colon, directly above our text.

    Without a colon or a bracket at its end it holds nothing else: "deploy with flexmaild on 2026-05-16" is no
    attribution.
    """
    if _doubts_before(low):
        return False
    count = len(low.split())
    if dated and sum(c.isdigit() for c in low) >= 4 and count <= 14:
        if low[-1] in ":：>])-" or low.endswith(_VERBS):
            return True
        others = [word for word in words_outside_dates(_without_names(low, rules)) if word not in _VERBS]
        return not others and (low[-1].isdigit() or low.endswith(rules.marks))
    return low.endswith((":", "：")) and count <= 6


def label_lone_attributions(lines: Sequence[Line], rules: Rules) -> None:
    """Labels attributions whose quote was deleted: with a verb, a date and our name."""
    for i, line in enumerate(lines):
        if line.label or line.is_blank or len(line.low) > _LONGEST:
            continue
        low = line.low
        if names_us(low, rules) and CALENDAR.search(low) and is_attribution(low):
            start = _attribution_start(line.bare.strip(), rules)
            if start >= 0:
                _label_as_attribution(lines, i, i, line.bare.strip()[:start])


def begins_attribution(lines: Sequence[Line], i: int) -> bool:
    joined = ""
    for line in lines[i : i + MOST_LINES]:
        if line.is_blank:
            return False
        joined = f"{joined} {line.low}".strip()
        if is_attribution(joined) and (
            joined.lstrip("-* ")[:1].isdigit() or joined.lstrip("-* ").startswith(_STARTS)
        ):
            return True
    return False
