"""Quote headers: what mail programs write above the mail they quote, in any language.

Called by `label`, when it is known which lines we sent. An attribution ("On Friday, … wrote:") or a header
block ("From: … Sent: …") is one only where a quote follows, or where it names us and a date. Headers are
labelled line by line and end nothing; what has not the form of one was typed, so text that stands glued in
front of an attribution is split off it. The words are in `languages`.
"""

import re
from collections.abc import Iterator, Sequence

from flexmaild.languages.load import words
from flexmaild.mail.understand.doubt import doubts_in, refusing_signs
from flexmaild.mail.understand.known import decides, tokens_of
from flexmaild.mail.understand.lines import Label, Line, dressed, says_something
from flexmaild.mail.understand.rules import Rules

FROM_LABELS = frozenset(words(lambda language: language.quote.from_labels))
OTHER_LABELS = frozenset(words(lambda language: language.quote.other_labels))
_STARTS = words(lambda language: language.quote.attribution_starts)
# Those of them that are words of their own: "On " begins an attribution, "mo" may be anything.
_CLEAR_STARTS = tuple(start for start in _STARTS if start.endswith(" ") and len(start) > 2)
_VERBS = words(lambda language: language.quote.attribution_verbs)
_RULE_WORDS = words(lambda language: language.quote.rule_words)

# An attribution is wrapped over at most so many lines, and as long as this at most.
_MOST_LINES, _LONGEST = 4, 600
# A header block stands within so many lines above its mail: Outlook wraps long addresses.
_BLOCK = 14
_DATE = re.compile(r"20\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}|\d{1,2}:\d\d")
_CALENDAR = re.compile(r"20\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
_LABEL = re.compile(r"[ \t*_|]*([^\W\d_][\w .-]{0,22}?)[ \t*_\xa0]{0,3}[:：]")
# `FM> `, `flexmaild> ` (Supercite and its like): a short word before each quoted line.
_CITED = re.compile(r"[ \t]*([^\s>|:]{1,20}[>|])[ \t]")
# What mail programs write around a quote, or for a part they cannot quote.
_PROGRAM_LINE = re.compile(
    r"(?:references|visible links|links:?|non-text part: \S+|-{2,}\s*end quoted text\s*-{2,}"
    r"|\[?quoted text hidden\]?|\[message clipped\](?:\s+view entire message)?|\[your message is attached\]"
    r"|\[image: [^\]]*\]|\[cid:[^\]\s]+\]|<image\S*>"
    r"|-{2,} ?(?:start|end) (?:of )?(?:forwarded|included|quoted) (?:message|text) ?-{2,}"
    r"|>?from \S+@\S+ \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}|\[?\d+\]?:?|part \d+\.\d+)$",
    re.IGNORECASE,
)
_GLUED_RULE = re.compile(r"(?<=[^-—–=_*\s‐])[-—–=_*‐]{3,}[^-—–=_*]{3,60}[-—–=_*‐]{2,}\s*$")
# Where something begins that is written without a blank behind what was typed: "thanksNov 20", 'thanks"Bob"'.
_GLUED = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[^\W\d_])(?=[\"„«“>])")
PROGRAM_LINE = "a mail program's line at a quote"
_ATTRIBUTION, _BLOCK_LINE = "attribution", "header block"
SPLIT = "typed in front of an attribution"
# The rules that begin a quote; a drawn line alone does not.
BEGINNINGS = (_ATTRIBUTION, _BLOCK_LINE, SPLIT)


def strip_citation_marks(lines: Sequence[Line]) -> None:
    """The same short word before at least three lines is a quote mark."""
    found = [_CITED.match(line.text + " ") for line in lines if ">" in line.text or "|" in line.text]
    counts: dict[str, int] = {}
    for mark in found:
        if mark and mark[1].strip(">|"):
            counts[mark[1]] = counts.get(mark[1], 0) + 1
    marks = {mark for mark, count in counts.items() if count >= 3}
    for line in lines if marks else ():
        mark = _CITED.match(line.text + " ")
        if mark and mark[1] in marks:
            line.text, line.depth = f"> {line.text[mark.end() :]}", line.depth + 1
            dressed(line)


def label_headers(lines: Sequence[Line], rules: Rules) -> None:
    """Labels attributions, header blocks, rules above them and mail programs' own lines."""
    _label_program_lines(lines)
    for border in _borders(lines):
        _label_block(lines, border, rules)
        _label_attribution(lines, border, rules)
        if border < len(lines):
            _label_rules(lines, border)
    _label_lone_attributions(lines, rules)
    _label_salutations(lines, rules)
    _label_program_lines(lines)
    for i, line in enumerate(lines):
        if line.label is Label.QUOTE_HEADER and line.rule not in (PROGRAM_LINE, _RULE):
            _label_rules(lines, i)


_RULE = "a rule above a quote"


def _borders(lines: Sequence[Line]) -> list[int]:
    """Where a stretch of what we sent, or of quoted lines, begins; and the end, where a quote was deleted."""
    found = []
    depth, was_whole = 0, False
    for i, line in enumerate(lines):
        if line.is_blank:
            continue
        is_whole = line.is_ours and bool(line.places)
        if line.depth > depth or (is_whole and not was_whole):
            found.append(i)
        depth, was_whole = line.depth, is_whole
    ends = [i for i, line in enumerate(lines) if not line.is_blank]
    if ends and (not lines[ends[-1]].label or lines[ends[-1]].parts):
        found.append(ends[-1] + 1)
    return found


def _above(lines: Sequence[Line], border: int) -> int:
    """The last line that shows something at most three blank ones above; -1 where there is none."""
    at = border - 1
    while at >= 0 and (lines[at].is_blank or lines[at].rule == PROGRAM_LINE) and border - at <= 4:
        at -= 1
    return -1 if at >= 0 and (lines[at].is_blank or lines[at].rule == PROGRAM_LINE) else at


# --- attributions


def _label_attribution(lines: Sequence[Line], border: int, rules: Rules) -> None:
    """The fewest lines above the border that are an attribution; what is glued to its front is typed."""
    last = _above(lines, border)
    if last < 0 or not _is_free(lines[last]):
        return
    joined = ""
    found: tuple[int, int] | None = None
    for first in range(last, max(-1, last - _MOST_LINES), -1):
        line = lines[first]
        if line.is_blank or not _is_free(line) or len(joined) > _LONGEST:
            break
        if first < last and not _continues_attribution(lines[first + 1].low, rules):
            break  # a sentence stands in the line below, so what is above it is another's
        joined = f"{line.bare.strip()} {joined}".strip()
        start = _attribution_start(joined, rules)
        is_dated = _CALENDAR.search(joined) is not None
        if start >= 0 and (is_dated or found is None):
            found = first, start
        if found is not None and is_dated:
            break
    if found is not None:
        first, start = found
        text = " ".join(line.bare.strip() for line in lines[first : last + 1])
        _take_attribution(lines, first, last, text[:start])


def _continues_attribution(low: str, rules: Rules) -> bool:
    """Whether this can be a further line of an attribution: a name, an address, a date or a verb soon."""
    marks = [at for mark in (*_names(rules), "<", "(", *_VERBS) if (at := low.find(mark)) >= 0]
    marks += [at for at, c in enumerate(low) if c.isdigit()][:1]
    return bool(marks) and len(low[: min(marks)].split()) <= 2


def _is_free(line: Line) -> bool:
    """Not known for something else; an attribution may hold our reference, and so words that we sent."""
    return not line.label or (line.is_ours and not line.places)


def _take_attribution(lines: Sequence[Line], first: int, last: int, before: str) -> None:
    for line in lines[first : last + 1]:
        line.set(Label.QUOTE_HEADER, _ATTRIBUTION)
    if before.strip() and says_something(before):
        lines[first].rule, lines[first].typed = SPLIT, before.rstrip()


def _attribution_start(joined: str, rules: Rules) -> int:
    """Where the shortest attribution with a whole date begins that ends this text; -1 where none does."""
    low = joined.casefold()
    if len(low) != len(joined):  # rare letters fold to two
        low = joined.lower()
        if len(low) != len(joined):
            return -1
    names_us = _names_us(low, rules)
    # The last date: one in front of it may stand in what was typed.
    calendar = max(_CALENDAR.finditer(low), key=lambda found: found.start(), default=None)
    date = calendar or _DATE.search(low)
    known = _is_attribution(low)
    if not known and not (names_us and _is_unlisted_form(low, date is not None, rules)):
        return -1
    for at in _glued_starts(joined, low, calendar or date, rules):
        rest = low[at:]
        if _is_attribution(rest) or (_names_us(rest, rules) and _is_unlisted_form(rest, True, rules)):
            return at
    # A sentence in front of the date or the name that no list can split off: all of it was typed.
    places = [at for name in _names(rules) if (at := low.find(name)) >= 0]
    places += [at for at, c in enumerate(low) if c.isdigit()][:1]
    at = min(places, default=len(low))
    if 0 < at < len(low) and low[at - 1].isalpha() and (_DATE.search(low, at) or known):
        return at  # glued to a date or a name
    if glued := [m.start() for m in _GLUED.finditer(joined, 0, at)]:
        return glued[-1]
    head = low[:at]
    return (
        0 if len(re.findall(r"[^\W\d_]{2,}", head)) <= 4 and not _doubts_before(head.lstrip("-* >")) else -1
    )


def _doubts_before(head: str) -> bool:
    """Words of doubt in front of the date; "am", "no dia" and other starts are none."""
    for start in _CLEAR_STARTS:
        if head.startswith(start):
            head = head[len(start) :]
            break
    return bool(doubts_in(head))


def _glued_starts(joined: str, low: str, date: re.Match[str] | None, rules: Rules) -> Iterator[int]:
    """Where an attribution may begin behind other text, the last place in front of the date first."""
    if date is None:
        return
    for at in range(date.start(), 0, -1):
        before = joined[at - 1]
        if not joined[at].isalnum() or (before.isalpha() and not joined[at].isupper()):
            continue
        if low.startswith(_CLEAR_STARTS, at) and (joined[at].isupper() or not before.isspace()):
            yield at


def _is_attribution(low: str) -> bool:
    digits = any("0" <= c <= "9" for c in low)
    ending = low.rstrip(" -\xa0")
    if ending.endswith((":", "：")):
        ending = ending[:-1].rstrip(" \xa0")
        said = any(verb in ending for verb in _VERBS)
        return (said and (digits or "@" in ending)) or (
            digits and "@" in ending and ("<" in ending or '"' in ending)
        )
    return digits and "@" in ending and ending.endswith(_VERBS)


def _is_unlisted_form(low: str, dated: bool, rules: Rules) -> bool:
    """A short line with our name and a date, or our name and a colon, at once above our text."""
    if doubts_in(low):
        return False
    count = len(low.split())
    if dated and sum(c.isdigit() for c in low) >= 4 and count <= 14:
        return low[-1] in ":：>])-" or low[-1].isdigit() or low.endswith((*_VERBS, *_names(rules)))
    return low.endswith((":", "：")) and count <= 6


def _label_lone_attributions(lines: Sequence[Line], rules: Rules) -> None:
    """Those whose quote was deleted: with a verb, a date and our name."""
    for i, line in enumerate(lines):
        if line.label or line.is_blank or len(line.low) > _LONGEST:
            continue
        low = line.low
        if _names_us(low, rules) and _CALENDAR.search(low) and _is_attribution(low):
            start = _attribution_start(line.bare.strip(), rules)
            if start >= 0:
                _take_attribution(lines, i, i, line.bare.strip()[:start])


def _label_salutations(lines: Sequence[Line], rules: Rules) -> None:
    """ "Hi flexmaild,": some programs write it above the attribution."""
    for line in lines:
        if line.label or not line.low.endswith((",", "!")) or len(line.low.split()) > 4:
            continue
        names_us = any(name in line.low for name in rules.own_names)
        if names_us and not doubts_in(line.low) and line.norm not in rules.squeezed_words:
            line.set(Label.CLOSING, "a salutation that names us")


def _names(rules: Rules) -> tuple[str, ...]:
    return (*rules.own_addresses, *rules.own_names, "fm1-")


def _names_us(low: str, rules: Rules) -> bool:
    return any(name in low for name in _names(rules))


# --- header blocks


def labelled(text: str) -> str:
    """The header label a line begins with, empty where it begins with none that is known."""
    if ":" not in text and "：" not in text:
        return ""
    found = _LABEL.match(text)
    label = found[1].strip().casefold() if found else ""
    return label if label in FROM_LABELS or label in OTHER_LABELS else ""


def _bare_label(text: str) -> str:
    """The same without its colon, as some programs write it; only among others of a block."""
    words_ = text.split(maxsplit=1)
    label = words_[0].casefold() if words_ else ""
    return label if label in FROM_LABELS or label in OTHER_LABELS else ""


def _label_block(lines: Sequence[Line], border: int, rules: Rules) -> None:
    """The header block above this border, or beginning at it: each line by its own form."""
    if _above(lines, border) < 0 and (border >= len(lines) or not labelled(lines[border].bare)):
        return
    for first in range(max(0, border - _BLOCK), min(border + 1, len(lines))):
        if lines[first].label in (Label.NONE, Label.OURS) and begins_block(lines, first):
            _take_block(lines, first, border + 9, rules)
            return
    _label_unlisted_block(lines, border, rules)


def begins_block(lines: Sequence[Line], i: int) -> bool:
    """`From: … Sent: … To: …` in any language: a label, and two others, one of them the sender's, near it."""
    first = labelled(lines[i].bare)
    if not first:
        return False
    labels = {first}
    for line in lines[i + 1 : i + 8]:
        if label := labelled(line.bare):
            labels.add(label)
    senders = any(label in FROM_LABELS for label in labels)
    return (senders and len(labels) >= 3) or (
        len(labels) == 2 and first in FROM_LABELS and "@" in lines[i].bare
    )


def _take_block(lines: Sequence[Line], first: int, stop: int, rules: Rules) -> None:
    last = first
    for i in range(first, min(stop, len(lines))):
        if labelled(lines[i].bare) or (i > first and "@" in lines[i].bare and labelled(lines[i - 1].bare)):
            last = i
        elif lines[i].is_blank and i > first + 1:
            break
    for i in range(first, last + 1):
        _label_field(lines, i, rules)


def _label_field(lines: Sequence[Line], i: int, rules: Rules) -> None:
    """One line of a header block: a label and a value of the right form; the rest of it was typed."""
    line = lines[i]
    if line.is_blank or (line.is_ours and not (labelled(line.bare) or _bare_label(line.bare))):
        return
    is_field = bool(labelled(line.bare) or _bare_label(line.bare)) or _LABEL.match(line.bare) is not None
    continues = (
        i > 0
        and lines[i - 1].label is Label.QUOTE_HEADER
        and ("@" in line.bare or line.low.endswith((";", ">")))
    )
    if not is_field and not continues:
        return
    rest = _typed_behind(line)
    line.set(Label.QUOTE_HEADER, _BLOCK_LINE, certain=not rest)
    if rest:
        line.rule, line.typed = "typed behind a header field", rest


def _typed_behind(line: Line) -> str:
    """What of a header field is no value: words behind its address, or all of a value that doubts."""
    value = _LABEL.sub("", line.bare, count=1)
    if line.places:
        return ""
    if not re.search(r"[^\W\d_]{2,}", value):
        return line.bare.strip() if refusing_signs(value) else ""
    if "@" in value:
        tail = re.split(r"\S+@[^\s;,]+", value)[-1]
        return tail.strip() if len(re.findall(r"\w{2,}", tail)) > 2 or doubts_in(tail) else ""
    if _DATE.search(value) and not doubts_in(value) and len(value.split()) <= 12:
        return ""
    if line.parts:
        tail = line.text[line.words()[line.parts[-1].last - 1].end :]
        return tail.strip() if re.search(r"[^\W\d_]{2,}", tail) else ""
    answers = value.rstrip().endswith(("?", "？")) or any(map(decides, tokens_of(value)))
    return line.bare.strip() if answers or doubts_in(value) or len(value.split()) > 9 else ""


def _label_unlisted_block(lines: Sequence[Line], border: int, rules: Rules) -> None:
    """Three or more lines `label: value` at once above what we sent, one with our name, in any language."""
    last = _above(lines, border)
    first = last
    named = False
    while first >= 0 and last - first < 8 and not lines[first].is_blank:
        line = lines[first]
        known = labelled(line.bare) or _bare_label(line.bare)
        if line.label not in (Label.NONE, Label.OURS) or not (known or _LABEL.match(line.bare)):
            break
        if doubts_in(line.bare) and not known:
            break
        named = named or _names_us(line.low, rules)
        first -= 1
    if named and last - first >= 3:
        for i in range(first + 1, last + 1):
            _label_field(lines, i, rules)


# --- rules and the lines of mail programs


def is_drawn(text: str) -> bool:
    """A line of nothing but dashes, underscores, stars or equals signs."""
    return bool(text.strip()) and not text.strip(" \t\xa0-_=*—–~#‐")


def is_titled_rule(low: str) -> bool:
    """`-----Original Message-----` and its like: known words between dashes."""
    bare = low.strip()
    words_ = bare.strip("-—–=_* ‐")
    if len(bare) - len(words_) < 4 or not 0 < len(words_) < 120 or bare[0].isalnum():
        return False
    return any(word in words_ for word in _RULE_WORDS) and not doubts_in(words_)


def _label_rules(lines: Sequence[Line], border: int) -> None:
    """A rule that leads over to a quote: nothing else stands between them."""
    at = _above(lines, border)
    if at < 0 or lines[at].label:
        return
    line = lines[at]
    if is_drawn(line.bare) or is_titled_rule(line.low) or _is_message_line(line.low):
        line.set(Label.QUOTE_HEADER, _RULE)
    elif (glued := _GLUED_RULE.search(line.text)) and is_titled_rule(glued[0]):
        line.set(Label.QUOTE_HEADER, SPLIT)
        line.typed = line.text[: glued.start()].rstrip()


def _is_message_line(low: str) -> bool:
    """ "Original message from …" with a date, at once above a header block."""
    named = any(word in low for word in _RULE_WORDS) and any(c.isdigit() for c in low)
    return named and len(low.split()) < 8 and not doubts_in(low)


def _label_program_lines(lines: Sequence[Line]) -> None:
    """What a mail program writes beside a quote or at the very end, and nobody types."""
    near = [line.is_ours or line.label is Label.QUOTE_HEADER for line in lines]
    if not any(near):
        return
    shown = [i for i, line in enumerate(lines) if not line.is_blank]
    for i in shown:
        line = lines[i]
        if line.label or not _PROGRAM_LINE.match(line.bare.strip()):
            continue
        if any(near[max(0, i - 4) : i + 5]) or i in shown[-2:]:
            line.set(Label.QUOTE_HEADER, PROGRAM_LINE)


def is_foreign(lines: Sequence[Line], rules: Rules) -> bool:
    """Whether the topmost quote header names an address that is not ours: then it answers somebody else."""
    for i, line in enumerate(lines):
        if line.label is Label.OURS:
            return False
        if line.is_blank or line.rule in (PROGRAM_LINE, _RULE):
            continue
        if line.label is Label.QUOTE_HEADER or begins_block(lines, i) or _begins_attribution(lines, i):
            return _names_another(_header_at(lines, i), rules)
    return False


def _header_at(lines: Sequence[Line], i: int) -> str:
    """Who is named by the header that begins here: the sender's line of a block, or the attribution."""
    if labelled(lines[i].bare):
        block = lines[i : i + 8]
        return next((line.low for line in block if labelled(line.bare) in FROM_LABELS), "")
    text = ""
    for line in lines[i : i + _MOST_LINES]:
        text = f"{text} {line.low}"
        if line.is_blank or _is_attribution(text):
            break
    return text


def _names_another(text: str, rules: Rules) -> bool:
    return "@" in text and not _names_us(text, rules)


def _begins_attribution(lines: Sequence[Line], i: int) -> bool:
    joined = ""
    for line in lines[i : i + _MOST_LINES]:
        if line.is_blank:
            return False
        joined = f"{joined} {line.low}".strip()
        if _is_attribution(joined) and (
            joined.lstrip("-* ")[:1].isdigit() or joined.lstrip("-* ").startswith(_STARTS)
        ):
            return True
    return False
