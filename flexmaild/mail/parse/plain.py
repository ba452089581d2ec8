"""The lines of a plain text part as a person sees them, with how deep each is quoted.

Called by `understand.answer`. Undoes format=flowed (RFC 3676); nothing is removed, quote marks stay in
the text of their line.
"""

import re

from flexmaild.mail.parse.shown import ShownLine

# Some programs put a few blanks before the mark, or write it full width.
_MARKS = re.compile(r"[ \t]{0,4}(?:[>＞][ \t]?)+")


def plain_lines(text: str, style: str) -> list[ShownLine]:
    """style: "plain", "flowed", or "delsp" (flowed with DelSp=yes)."""
    if style == "plain":
        return [ShownLine(line, line, _depth(line)) for line in text.split("\n")]
    return _flowed(text, delete_space=style == "delsp")


def unmarked(line: str) -> str:
    """The line without the quote marks before it."""
    marks = _MARKS.match(line)
    return line[marks.end() :] if marks else line


def _depth(line: str) -> int:
    if ">" not in line and "＞" not in line:
        return 0
    marks = _MARKS.match(line)
    return marks[0].count(">") + marks[0].count("＞") if marks else 0


def _flowed(text: str, *, delete_space: bool) -> list[ShownLine]:
    """Soft breaks undone among lines of one depth; a stuffed ">" is no quote mark (RFC 3676 section 4.4)."""
    lines: list[ShownLine] = []
    joins = False
    for raw in text.split("\n"):
        content = raw.lstrip(">")
        depth = len(raw) - len(content)
        content = content.removeprefix(" ")
        soft = content.endswith(" ") and content != "-- "
        kept = content[:-1] if soft and delete_space else content
        if joins and lines[-1].depth == depth and content != "-- " and len(lines[-1].text) < 65536:
            lines[-1].text += kept
            lines[-1].sure = lines[-1].text
        else:
            lines.append(ShownLine(kept, kept, depth))
        joins = soft
    return lines
