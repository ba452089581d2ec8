"""Where a quote begins, and what stands at once above it: there mail programs write their headers.

Called by `quotes` and by the modules of each kind of header. Pure.
"""

import re
from collections.abc import Sequence

from flexmaild.mail.understand.lines import Line
from flexmaild.mail.understand.words.rules import Rules

PROGRAM_LINE = "a mail program's line at a quote"
SPLIT = "typed in front of an attribution"
CALENDAR = re.compile(r"20\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
DATE = re.compile(rf"{CALENDAR.pattern}|\d{{1,2}}:\d\d")


def borders(lines: Sequence[Line]) -> list[int]:
    """Where a stretch of what we sent, or of quoted lines, begins; and the end, where a quote was deleted."""
    found = []
    depth, was_whole = 0, False
    for i, line in enumerate(lines):
        if line.is_blank or (was_whole and not line.norm and line.depth == depth):
            continue  # what has no word interrupts nothing
        is_whole = line.is_ours and bool(line.places)
        if line.depth > depth or (is_whole and not was_whole):
            found.append(i)
        depth, was_whole = line.depth, is_whole
    ends = [i for i, line in enumerate(lines) if not line.is_blank]
    if ends and (not lines[ends[-1]].label or lines[ends[-1]].parts):
        found.append(ends[-1] + 1)
    return found


def line_above(lines: Sequence[Line], border: int) -> int:
    """The last line that shows something at most three blank ones above; -1 where there is none."""
    at = border - 1
    while at >= 0 and (lines[at].is_blank or lines[at].rule == PROGRAM_LINE) and border - at <= 4:
        at -= 1
    return -1 if at >= 0 and (lines[at].is_blank or lines[at].rule == PROGRAM_LINE) else at


def names_us(low: str, rules: Rules) -> bool:
    return any(name in low for name in rules.marks)
