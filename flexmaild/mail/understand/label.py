"""Gives every visible line of a reply its label: `label(shown, sent, rules, writer)`.

Called by `reply` with one reading of a mail. First the lines that we sent are found again (`match`), then what
mail programs wrote around them (`quotes`), then what companies and devices add (`notices`, `signatures`);
whatever is nothing of that, certainly, was typed. Nothing is cut: all lines in are all lines labelled, and
the answer is read from the labels (`verdict`). Pure; linear in the number of lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flexmaild.core import line_pattern
from flexmaild.mail.format import GUARD_LINE, REPLY_MARKER
from flexmaild.mail.parse.shown import ShownLine
from flexmaild.mail.understand import quotes
from flexmaild.mail.understand.lines import Label, Line, has_link, line_of, says_something, squeezed, weight
from flexmaild.mail.understand.match import SHORTEST_RUN, goes_on, match
from flexmaild.mail.understand.notices import label_banners
from flexmaild.mail.understand.rules import Rules
from flexmaild.mail.understand.sent import SentText
from flexmaild.mail.understand.signatures import Writer, label_endings

# Letters of ours on unmarked lines that may begin a quote which has neither header nor marker.
STRONG = 25
# A line of a person may have this share of its letters in common with one of ours.
_COMMON_SHARE = 0.4
_BEFORE_OURS, _BEHIND_OURS = "typed in front of what we sent", "typed behind what we sent"
IGNORED = "named in approvals.ignore_lines"
_GUARDS = tuple(squeezed(line)[:24] for line in (REPLY_MARKER, GUARD_LINE)) + ("youmayaddacomment",)


@dataclass(frozen=True, slots=True)
class Labelled:
    """The lines with their labels, and what of them a person typed, by place.

    above, among, below: the typed lines above what is ours, between its lines, below it. changed: lines of
    ours that were changed. is_foreign: it answers somebody else's mail. has_quote: something of ours, or a
    quote header, is among the lines.
    """

    lines: tuple[Line, ...]
    above: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    is_foreign: bool = False
    has_quote: bool = False


def label(
    shown: Sequence[ShownLine], sent: SentText, rules: Rules, writer: Writer, *, sure: bool = False
) -> Labelled:
    """sure: read only what is certainly visible."""
    lines = [line_of(line, line.sure if sure else line.text) for line in shown]
    _label_ignored(lines, rules)
    _label_armour(lines)
    quotes.strip_citation_marks(lines)
    match(lines, sent)
    _label_ours(lines, sent, rules)
    quotes.label_headers(lines, rules)
    _label_surplus(lines, sent)
    _label_links(lines)
    quote = _quote_begins(lines)
    for line in lines[:quote]:
        if line.is_ours or (line.typed is not None and line.label is Label.OURS):
            line.label, line.rule, line.typed, line.changed = Label.NONE, "", None, False
    ours = [i for i, line in enumerate(lines) if line.is_ours]
    first, last = (ours[0], ours[-1]) if ours else (len(lines), -1)
    label_banners(lines, 0, quote, rules)
    label_banners(lines, quote, first, rules)
    label_endings(lines, 0, quote, rules, writer)
    label_endings(lines, max(last + 1, quote), len(lines), rules, writer)
    _label_rest(lines)
    return _by_place(lines, quote, last, quotes.is_foreign(lines, rules))


def _label_ignored(lines: Sequence[Line], rules: Rules) -> None:
    for line in lines if rules.ignore_lines else ():
        if not line.is_blank and any(line_pattern.fits(pattern, line.bare) for pattern in rules.ignore_lines):
            line.set(Label.DISCLAIMER, IGNORED)


def _label_armour(lines: Sequence[Line]) -> None:
    """The frame of a clear-signed OpenPGP message (RFC 9580 section 7); what stands around it is read too."""
    inside = ""
    for line in lines:
        text = line.text.strip()
        if text == "-----BEGIN PGP SIGNED MESSAGE-----":
            inside = "head"
        elif text == "-----BEGIN PGP SIGNATURE-----":
            inside = "signature"
        elif inside == "head" and not text:
            inside = "text"
            continue
        if inside in ("head", "signature") and text:
            line.set(Label.SIGNATURE, "OpenPGP armour")
        elif inside == "text" and line.text.startswith("- "):
            line.text = line.text[2:]
            line.bare = line.text
        if text == "-----END PGP SIGNATURE-----":
            inside = ""


# --- what is ours


def _label_ours(lines: Sequence[Line], sent: SentText, rules: Rules) -> None:
    shown = [line for line in lines if line.norm and not line.label]
    for k, line in enumerate(shown):
        before = shown[k - 1] if k else None
        following = shown[k + 1] if k + 1 < len(shown) else None
        if line.places:
            if _is_ours(line, before, following, rules):
                line.set(Label.OURS, "a run of words we sent")
        elif line.parts:
            _share(line, before, following)
        elif line.depth and sent.has(line.norm) and line.norm not in rules.squeezed_words:
            line.set(Label.OURS, "short, and marked as quoted")


def _is_ours(line: Line, before: Line | None, following: Line | None, rules: Rules) -> bool:
    """Few words of an unmarked line are ours only where the run goes on: "Approve" alone never is by itself."""
    continues = following is not None and goes_on(line, following)
    if line.norm in rules.squeezed_words and not line.depth:
        # Ours only where a requester's own text has the word on top of the whole next line.
        return (
            continues
            and following is not None
            and bool(following.places)
            and following.bare.strip()[:1].isalnum()
        )
    if line.depth or weight(line.norm) >= SHORTEST_RUN:
        return True
    return continues or (before is not None and goes_on(before, line))


def _share(line: Line, before: Line | None, following: Line | None) -> None:
    """A line with words of ours and others: what is whose."""
    words = line.words()
    first, last = line.parts[0], line.parts[-1]
    ours = sum(weight(words[k].norm) for run in line.parts for k in range(run.first, run.last))
    if not line.depth and ours < STRONG:
        near = (before is not None and goes_on(before, line)) or (
            following is not None and goes_on(line, following)
        )
        if ours < _COMMON_SHARE * weight(line.norm) or not near:
            return  # a person's line that has some words in common
    head = line.text[: words[first.first].start].rstrip(" *#-_>|[(<")
    tail = line.text[words[last.last - 1].end :]
    line.set(Label.OURS, "in part")
    has_gap = any(one.last < two.first for one, two in zip(line.parts, line.parts[1:], strict=False))
    typed_before, typed_after = first.first > 0, last.last < len(words)
    if has_gap or (typed_before and typed_after):
        _change(line)
    elif typed_before:
        if line.depth and re.fullmatch(r"[ >\t]*\d{1,2}[.)]?", head):
            line.rule = "a number before what we sent"
        elif "---" in head or "___" in head:
            _change(line)  # a mail program ran its own header and our text together
        else:
            line.rule, line.typed = _BEFORE_OURS, head
    elif typed_after:
        if "fm1" in line.norm and re.fullmatch(r"[-\w*\[\]…]+", tail.strip()) and not tail[:1].isspace():
            line.rule = "a reference, masked or with something glued to it"
        elif following is not None and _is_skipped(last.end, following):
            _change(line)  # other words stood here
        else:
            line.rule, line.typed = _BEHIND_OURS, tail.strip(" \t*_>|")


def _is_skipped(end: int, following: Line) -> bool:
    """Whether the next line of ours begins a little later than this one ended."""
    places = following.places or frozenset(run.place for run in following.parts[:1] if not run.first)
    return bool(places) and 0 < min((p - end for p in places if p >= end), default=0) < 400


def _change(line: Line) -> None:
    line.rule, line.typed, line.changed = "changed inside ours", line.text, True


def _label_surplus(lines: Sequence[Line], sent: SentText) -> None:
    """What stands there more often than we sent it: somebody typed or copied it. Each quote counts anew."""
    seen: dict[str, int] = {}
    above = Label.NONE
    for line in lines:
        if line.label is Label.QUOTE_HEADER and above is not Label.QUOTE_HEADER:
            seen = {}
        above = line.label or above
        if line.is_ours and line.places:
            seen[line.norm] = seen.get(line.norm, 0) + 1
            if not line.depth and seen[line.norm] > 1 and seen[line.norm] > sent.most(line.norm):
                line.set(Label.TYPED, "more often than we sent it")


def _label_links(lines: Sequence[Line]) -> None:
    """Links among what is ours: as we sent them, or rewritten by a border."""
    ours = [i for i, line in enumerate(lines) if line.is_ours]
    if not ours:
        return
    for line in lines[ours[0] : ours[-1] + 1]:
        if line.label or line.is_blank:
            continue
        if not line.norm and (has_link(line.bare) or not says_something(line.bare)):
            line.set(Label.QUOTE, "a link, or no word in it")


def _quote_begins(lines: Sequence[Line]) -> int:
    """The first line of the quote; above it everything is the person's."""
    shown = [line for line in lines if line.norm]
    position = {id(line): k for k, line in enumerate(shown)}
    for i, line in enumerate(lines):
        if line.label is Label.QUOTE_HEADER and line.rule != quotes.PROGRAM_LINE:
            return i
        if not line.is_ours:
            continue
        if line.parts and any(later.label is Label.QUOTE_HEADER for later in lines[i + 1 :]):
            continue  # a person's line that repeats our reference
        if line.depth or any(guard in line.norm for guard in _GUARDS) or "fm1" in line.norm:
            return i
        k = position.get(id(line), -1)
        following = shown[k + 1] if 0 <= k < len(shown) - 1 else None
        strong = (
            following is not None
            and following.is_ours
            and goes_on(line, following)
            and weight(line.norm) + weight(following.norm) >= STRONG
        )
        if strong and not any(later.label is Label.QUOTE_HEADER for later in lines[i:]):
            return i
    return len(lines)


# --- the rest, and the result


def _label_rest(lines: Sequence[Line]) -> None:
    for k, line in enumerate(lines):
        if line.label:
            continue
        if line.is_blank:
            line.label = Label.BLANK
        elif not line.norm and not says_something(line.text) and _is_amid_quote(lines, k):
            line.set(Label.QUOTE, "no word in it")
        else:
            line.set(Label.TYPED, line.rule or "nothing else", certain=False)


def _is_amid_quote(lines: Sequence[Line], k: int) -> bool:
    if lines[k].depth:
        return True
    near = [next((line for line in side if line.norm), None) for side in (lines[:k][::-1], lines[k + 1 :])]
    return all(line is not None and (line.is_ours or line.label is Label.QUOTE_HEADER) for line in near)


def _by_place(lines: Sequence[Line], quote: int, last: int, is_foreign: bool) -> Labelled:
    above: list[str] = []
    among: list[str] = []
    below: list[str] = []
    for i, line in enumerate(lines):
        if line.label is Label.BLANK:
            said = ""
        elif line.label is Label.TYPED:
            said = line.text if i < quote else line.bare
        elif line.typed is not None:
            said = line.typed
        else:
            continue
        if i < quote or (i == quote and line.rule in (quotes.SPLIT, _BEFORE_OURS)):
            above.append(said)
        elif i > last or (i == last and line.rule == _BEHIND_OURS):
            below.append(said)
        else:
            among.append(said)
    return Labelled(
        tuple(lines),
        tuple(above),
        tuple(among),
        tuple(below),
        tuple(line.text for line in lines if line.changed),
        is_foreign,
        quote < len(lines) or last >= 0,
    )
