"""Which lines of a reply are ours, wholly or in part, and where the quote of our mail begins.

Called by `label` with lines that `match` has compared with what we sent. A line that has words of ours and
others says which part is the person's; what was changed inside a line of ours is said, too. Above the quote
nothing is ours but the lines of a prefilled reply, and nothing is ours more often than we sent it.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from flexmaild.core.references import TAG
from flexmaild.mail.format import GUARD_LINE, REPLY_MARKER
from flexmaild.mail.understand.labels import quotes
from flexmaild.mail.understand.labels.known import is_deciding_word, tokens_of
from flexmaild.mail.understand.labels.match import SHORTEST_RUN, goes_on
from flexmaild.mail.understand.labels.quote_borders import PROGRAM_LINE
from flexmaild.mail.understand.labels.sent import SEED, SentText
from flexmaild.mail.understand.lines import (
    QUESTION_MARKS,
    Label,
    Line,
    Run,
    Word,
    compared_text,
    has_meaning,
    weight,
    without_links,
)
from flexmaild.mail.understand.words.doubt import doubts_in, refusing_signs
from flexmaild.mail.understand.words.rules import Rules

_TAG = TAG.lower()
# Letters of ours on unmarked lines that may begin a quote which has neither header nor marker.
_CERTAIN_WEIGHT = 25
# Letters of ours that may be missing between two runs of one line before they are two lines run together, and
# between two lines before they are two places of what we sent.
_SHORTEST_SKIP, _LONGEST_SKIP = 60, 400
# Lines of one header block stand this near to each other.
_NEAR = 4
# A line of a person may have this share of its letters in common with one of ours.
_COMMON_SHARE = 0.4
# The lines of a prefilled reply, as much of each as no wrapping tears apart.
_GUARDS = (*(compared_text(line)[:24] for line in (REPLY_MARKER, GUARD_LINE)), "youmayaddacomment")
# Question marks that no program writes for a letter it lost.
_UNLOST_MARKS = frozenset(QUESTION_MARKS) - {"?"}
BEFORE_OURS, BEHIND_OURS = "typed in front of what we sent", "typed behind what we sent"


def label_ours(lines: Sequence[Line], sent: SentText, rules: Rules) -> None:
    shown = [line for line in lines if line.norm and not line.label]
    for k, line in enumerate(shown):
        before = shown[k - 1] if k else None
        following = shown[k + 1] if k + 1 < len(shown) else None
        if line.places:
            if _is_ours(line, before, following, sent, rules):
                line.set(Label.OURS, "a run of words we sent")
                if refusing_signs(line.text) - sent.signs or _asks(line, sent):
                    _mark_changed(line)
        elif line.parts:
            _split_line(line, before, following, sent)
        elif line.depth and _is_short_of_ours(line, before, following, sent, rules):
            line.set(Label.OURS, "short, and marked as quoted")


def _asks(line: Line, sent: SentText) -> bool:
    """Whether a question mark was added; it may stand for a character that was lost, or in a link."""
    if not line.text.isascii() and (set(line.text) & _UNLOST_MARKS) - sent.signs:
        return True
    text = without_links(line.text) if "?" in line.text else ""
    return "?" in text and "?" not in sent.signs and sent.is_plain


def _is_ours(line: Line, before: Line | None, following: Line | None, sent: SentText, rules: Rules) -> bool:
    """Whether the line is ours. Few unmarked words are only if the run goes on: "Approve" alone never is.

    Of the lines that every prefilled reply has, whether one was sent or not, that goes for more words.
    """
    if line.norm in rules.vocabulary.compared_text and not line.depth:
        # Ours only where a requester's own text has the word as a line, or wrapped, on top of the whole next
        # line; not where it ends the line above already.
        is_whole = any(sent.is_line(p, p + len(line.norm)) for p in line.places)
        return (
            following is not None
            and goes_on(line, following)
            and (is_whole or (before is not None and goes_on(before, line)))
            and bool(following.places)
            and following.bare.strip()[:1].isalnum()
        )
    is_of_guards = _TAG not in line.norm and min(line.places) < sent.guards
    if weight(line.norm) >= (_CERTAIN_WEIGHT if is_of_guards else SHORTEST_RUN) and not _may_answer(
        line, sent
    ):
        return True
    if line.depth and not _may_answer(line, sent):
        return True
    if line.places <= _begins_at(following):
        return False  # the next line begins with the same words
    continues = following is not None and goes_on(line, following)
    return continues or (before is not None and goes_on(before, line))


def _is_short_of_ours(
    line: Line, before: Line | None, following: Line | None, sent: SentText, rules: Rules
) -> bool:
    """Whether few words stand in what we sent; such as doubt only where the line above goes on with them and
    the next one does not repeat them, or as a whole line of ours: "not" stands in the middle of one."""
    if line.norm in rules.vocabulary.compared_text or not sent.has(line.norm):
        return False
    if not _answers(line):
        return True
    ends = frozenset(_ends_at(before)) - _begins_at(following)
    return any(p in ends or sent.is_line(p, p + len(line.norm)) for p in sent.places(line.norm))


def _may_answer(line: Line, sent: SentText) -> bool:
    """Whether few words that doubt or decide stand here, taken from the middle of a line that we sent."""
    if weight(line.norm) >= _CERTAIN_WEIGHT:
        return False
    if min(line.places) >= sent.guards and any(sent.is_line(p, p + len(line.norm)) for p in line.places):
        return False
    return _answers(line)


def _answers(line: Line) -> bool:
    """Whether something in it doubts or decides."""
    return bool(doubts_in(line.low)) or any(map(is_deciding_word, tokens_of(line.low)))


def _split_line(line: Line, before: Line | None, following: Line | None, sent: SentText) -> None:
    """Divides a line with words of ours and others between us and the person."""
    words = line.words()
    _release_single_words(line, words)
    first, last = line.parts[0], line.parts[-1]
    ours = sum(weight(words[k].norm) for run in line.parts for k in range(run.first, run.last))
    if ours < _CERTAIN_WEIGHT and (not line.depth or _answers(line)):
        near = (before is not None and goes_on(before, line)) or (
            following is not None and goes_on(line, following)
        )
        if (ours < _COMMON_SHARE * weight(line.norm) and not line.depth) or not near:
            return  # a person's line that has some words in common
    head = line.text[: words[first.first].start].rstrip(" *#-_>|[(<")
    tail = line.text[words[last.last - 1].end :]
    line.set(Label.OURS, "in part")
    has_gap = any(_is_gap(one, two, sent) for one, two in pairwise(line.parts))
    typed_before, typed_after = first.first > 0, last.last < len(words)
    if (
        has_gap
        or (typed_before and typed_after)
        or (typed_before and _is_skipped_before(before, first.place))
    ):
        _mark_changed(line)
    elif typed_before:
        if line.depth and re.fullmatch(r"[ >\t]*\d{1,2}[.)]?", head):
            line.rule = "a number before what we sent"
        elif "---" in head or "___" in head:
            _mark_changed(line)  # a mail program ran its own header and our text together
        else:
            line.rule, line.typed = BEFORE_OURS, head
    elif typed_after:
        if _TAG in line.norm and re.fullmatch(r"[-\w*\[\]…]+", tail.strip()) and not tail[:1].isspace():
            line.rule = "a reference, masked or with something glued to it"
        elif following is not None and _is_skipped(last.end, following):
            _mark_changed(line)  # other words stood here
        else:
            line.rule, line.typed = BEHIND_OURS, tail.strip(" \t*_>|")


def _is_gap(one: Run, two: Run, sent: SentText) -> bool:
    """Whether words stand between these two runs, or words of ours are missing there.

    Whole lines may be missing where a mail program ran two lines together; and the second run may go on where
    the words before it stand once more.
    """
    if one.last < two.first or 0 < two.place - one.end < _SHORTEST_SKIP:
        return True
    is_whole = sent.is_line_start(two.end) or two.end - two.place >= _CERTAIN_WEIGHT
    are_lines = is_whole and sent.is_line_start(one.end) and sent.is_line_start(two.place)
    goes_on_elsewhere = sent.text[one.end - SEED : one.end] == sent.text[two.place - SEED : two.place]
    return not are_lines and not goes_on_elsewhere


def _release_single_words(line: Line, words: Sequence[Word]) -> None:
    """Removes a single word of ours beyond the end of a sentence: it belongs to the person's sentence."""
    first = line.parts[0]
    if first.first and first.last - first.first >= 2 and _is_apart(line, words, first.first):
        line.parts[0] = Run(
            first.first + 1, first.last, first.place + len(words[first.first].norm), first.end
        )
    run = line.parts[-1]
    if run.last < len(words) and run.last - run.first >= 2 and _is_apart(line, words, run.last - 2):
        run = Run(run.first, run.last - 1, run.place, run.end - len(words[run.last - 1].norm))
        line.parts[-1] = run


def _is_apart(line: Line, words: Sequence[Word], k: int) -> bool:
    """Whether a sentence ends between word k and the next: then only one of the two is ours."""
    gap = line.text[words[k].end : words[k + 1].start]
    return "  " in gap or any(c in gap for c in ".!?:;。！？*#_|")


def _begins_at(line: Line | None) -> frozenset[int]:
    """Where in what we sent the beginning of this line stands."""
    if line is None:
        return frozenset()
    return line.places or frozenset(run.place for run in line.parts[:1] if not run.first)


def _is_skipped_before(before: Line | None, place: int) -> bool:
    """Whether the line above ended a little earlier than this run of ours begins: other words stood here."""
    return 0 < min((place - end for end in _ends_at(before) if place >= end), default=0) < _LONGEST_SKIP


def _ends_at(line: Line | None) -> list[int]:
    """Where in what we sent the end of this line stands."""
    if line is None:
        return []
    return [p + len(line.norm) for p in line.places] or [run.end for run in line.parts[-1:]]


def _is_skipped(end: int, following: Line) -> bool:
    """Whether the next line of ours begins a little later than this one ended."""
    return 0 < min((p - end for p in _begins_at(following) if p >= end), default=0) < _LONGEST_SKIP


def _mark_changed(line: Line) -> None:
    line.rule, line.typed, line.changed = "changed inside ours", line.text, True


def is_guard(line: Line, sent: SentText) -> bool:
    """Whether this is a line of our prefilled replies, which no person types."""
    return bool(line.places) and (min(line.places) < sent.guards or _TAG in line.norm)


def label_copied_lines(lines: Sequence[Line], sent: SentText) -> None:
    """Labels lines of ours that a person copied: unmarked in a marked quote, or more often than we sent them.

    Each quote counts anew. A badly wrapped line of a marked quote goes on from the line above it.
    """
    marked = {line.norm for line in lines if line.depth and line.is_ours}
    is_marked = sum(1 if line.depth else -1 for line in lines if line.is_ours) > 0
    seen: dict[str, int] = {}
    last_header = -_NEAR
    above: Line | None = None
    for i, line in enumerate(lines):
        if line.label is Label.QUOTE_HEADER and line.rule in quotes.BEGINNINGS:
            if last_header < 0:
                _release_above_header(lines[:i], sent)
            if i - last_header >= _NEAR:
                seen = {}
            last_header = i
        if line.is_ours and line.places and not line.depth and not is_guard(line, sent):
            seen[line.norm] = seen.get(line.norm, 0) + 1
            goes_with_it = above is not None and above.depth and goes_on(above, line)
            if is_marked and (line.norm in marked or not goes_with_it):
                line.set(Label.TYPED, "unmarked amid a marked quote")
            elif seen[line.norm] > 1 and seen[line.norm] > sent.most_occurrences(line.norm):
                line.set(Label.TYPED, "more often than we sent it")
        if line.norm:
            above = line


def _release_above_header(lines: Sequence[Line], sent: SentText) -> None:
    """Removes the label OURS above the first quote header: such words are the person's."""
    for line in lines:
        if line.is_ours and not line.depth and not is_guard(line, sent):
            line.set(Label.NONE, "")


def label_links(lines: Sequence[Line]) -> None:
    """Labels links among our lines, as we sent them or as a border rewrote them."""
    ours = [i for i, line in enumerate(lines) if line.is_ours]
    if not ours:
        return
    for line in lines[ours[0] : ours[-1] + 1]:
        if line.label or line.is_blank:
            continue
        if not line.norm and not has_meaning(without_links(line.bare)):
            line.set(Label.QUOTE, "a link, or no word in it")


def quote_begins(lines: Sequence[Line]) -> int:
    """The first line of the quote; above it everything is the person's."""
    header = _first_header(lines)
    shown = [i for i, line in enumerate(lines) if line.norm]
    following = dict(pairwise(shown))
    for i, line in enumerate(lines[:header]):
        if not line.is_ours:
            continue
        if line.depth:
            return i
        if header < len(lines):
            continue  # a person's line that repeats one of ours above the quote
        if any(guard in line.norm for guard in _GUARDS) or _TAG in line.norm:
            return i
        after = lines[following[i]] if i in following else None
        goes_with_it = after is not None and after.is_ours and goes_on(line, after)
        if after is not None and goes_with_it and weight(line.norm) + weight(after.norm) >= _CERTAIN_WEIGHT:
            return i
    return header


def _first_header(lines: Sequence[Line]) -> int:
    """The first quote header with something of ours below it, else the first; the end where there is none."""
    headers = [
        i for i, line in enumerate(lines) if line.label is Label.QUOTE_HEADER and line.rule != PROGRAM_LINE
    ]
    last = max((i for i, line in enumerate(lines) if line.is_ours), default=-1)
    return next((i for i in headers if i < last), headers[0] if headers and last < 0 else len(lines))
