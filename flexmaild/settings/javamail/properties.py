"""A parser for Java `.properties` text that keeps the position of everything.

The syntax is that of java.util.Properties.load: comments with # and !, keys ended by =, : or blanks, lines
continued by a backslash, escapes with a backslash. Knows nothing of mail.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flexmaild.settings.characters import complaint, is_stray
from flexmaild.settings.faults import Finding

At = tuple[int, int]
# A character with its line and column (from 0).
_Placed = tuple[str, At]
_BLANKS = " \t\f"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One key with its value. Positions are line and column from 0; `end` is just past the value."""

    key: str
    value: str
    key_at: At
    value_at: At
    end: At


def parse(text: str) -> tuple[tuple[Entry, ...], tuple[Finding, ...]]:
    """All entries in their order, and mistakes in the text as such. Never raises."""
    entries: list[Entry] = []
    findings: list[Finding] = []
    for line in _logical_lines(text):
        findings += (problem(at, complaint(char)) for char, at in line if is_stray(char))
        entries.append(_entry(line, findings))
    return tuple(entries), tuple(findings)


def problem(at: At, text: str, *, grave: bool = True) -> Finding:
    """A finding at a position in a property block."""
    return Finding(("properties",), text, at, grave)


def _logical_lines(text: str) -> Iterator[list[_Placed]]:
    """Lines that hold an entry, continued ones joined, without comments and leading blanks."""
    joined: list[_Placed] = []
    goes_on = False
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        bare = line.lstrip(_BLANKS)
        if not goes_on and (not bare or bare[0] in "#!"):
            continue
        indent = len(line) - len(bare)
        joined += ((char, (number, indent + column)) for column, char in enumerate(bare))
        goes_on = (len(bare) - len(bare.rstrip("\\"))) % 2 == 1
        if goes_on:
            joined.pop()
            continue
        if joined:
            yield joined
        joined = []
    if joined:
        yield joined


def _entry(line: list[_Placed], findings: list[Finding]) -> Entry:
    end = _key_end(line)
    start = end
    while start < len(line) and line[start][0] in _BLANKS:
        start += 1
    if start < len(line) and line[start][0] in "=:":
        start += 1
        while start < len(line) and line[start][0] in _BLANKS:
            start += 1
    last = line[-1][1]
    past = (last[0], last[1] + 1)
    key, value = _unescaped(line[:end], findings), _unescaped(line[start:], findings)
    return Entry(key, value, line[0][1], line[start][1] if start < len(line) else past, past)


def _key_end(line: list[_Placed]) -> int:
    escaped = False
    for number, (char, _) in enumerate(line):
        if not escaped and char in "=:" + _BLANKS:
            return number
        escaped = char == "\\" and not escaped
    return len(line)


def _unescaped(chars: list[_Placed], findings: list[Finding]) -> str:
    text: list[str] = []
    at = 0
    while at < len(chars):
        char = chars[at][0]
        at += 1
        if char != "\\" or at >= len(chars):
            text.append(char)
            continue
        escape = chars[at][0]
        at += 1
        if escape != "u":
            text.append(_ESCAPES.get(escape, escape))
            continue
        digits = "".join(c for c, _ in chars[at : at + 4])
        if len(digits) == 4 and all(c in "0123456789abcdefABCDEF" for c in digits):
            text.append(chr(int(digits, 16)))
            at += 4
        else:
            findings.append(problem(chars[at - 2][1], "\\u must be followed by four hexadecimal digits"))
    # A pair of \u escapes may spell one character beyond U+FFFF, as UTF-16 does in Java.
    return "".join(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
