"""Which markup keeps text from being seen: inline styles, attributes and style sheets of a page.

Called by `mail.html` for every tag of the part somebody typed (threat T13). Declarations are looked for in
the text with its blanks removed, not parsed: a false alarm costs a question, a missed one would show text
nobody saw. What hides surely and what may hide are kept apart. Linear; never raises.
"""

from __future__ import annotations

from enum import Enum

_MOST_SHEETS = 50
_WHITE = ("#fff", "white", "#fefefe", "rgb(255,255,255", "rgba(255,255,255", "transparent")
_OUTWARDS = ("left:-", "top:-", "text-indent:-", "margin-left:-", "right:-")
_MAY_HIDE = (
    *(f"{before}color:{white}" for before in (";", '"', "'") for white in _WHITE),
    "mso-hide:all",
    "max-height:0",
    "max-width:0",
    "line-height:0",
    "clip:rect(0",
    "clip-path:",
    "/*",
    "\\",
    "var(",
)


class Visibility(Enum):
    SHOWN = 0
    DOUBTFUL = 1
    HIDDEN = 2


def visibility(packed: str) -> Visibility:
    """What a tag's attributes (lower case, entities decoded, blanks removed) make of what is in it."""
    if "hidden=" in packed or packed.startswith("hidden"):
        return Visibility.HIDDEN
    if "style" in packed:
        if _hides(packed):
            return Visibility.HIDDEN
        if any(s in packed for s in _MAY_HIDE):
            return Visibility.DOUBTFUL
    # <font color=white>
    colour = packed.partition("color=")[2].lstrip("\"'")
    return Visibility.DOUBTFUL if colour.startswith(_WHITE) else Visibility.SHOWN


def _hides(packed: str) -> bool:
    """Whether a declaration in this text surely makes its element invisible, tiny, or off the page."""
    if "display:none" in packed or "visibility:hidden" in packed or "visibility:collapse" in packed:
        return True
    at = packed.find("font-size:")
    if at >= 0 and _number(packed, at + 10) < 2 and not _relative(packed, at):
        return True
    at = packed.find("opacity:")
    if at >= 0 and _number(packed, at + 8) < 0.1:
        return True
    return any(
        (at := packed.find(name)) >= 0 and _number(packed, at + len(name)) >= 500 for name in _OUTWARDS
    )


def _relative(low: str, at: int) -> bool:
    """A font size in em, rem or per cent of at least a fifth, which is small but can be read."""
    value = low[at + 10 : at + 30]
    number = _number(value, 0)
    rest = value.lstrip("0123456789.")
    return (rest.startswith(("em", "rem")) and number >= 0.2) or (rest.startswith("%") and number >= 20)


def _number(text: str, at: int) -> float:
    end = at
    while end < len(text) and end < at + 12 and (text[end].isdigit() or text[end] == "."):
        end += 1
    try:
        return float(text[at:end])
    except ValueError:
        return 1000.0


def hidden_by_style_sheet(low: str) -> frozenset[str]:
    """Classes, ids and elements that a style sheet of the page (in lower case) hides, in any medium."""
    found: set[str] = set()
    for sheet in low.split("<style")[1:_MOST_SHEETS]:
        rules = sheet.partition("</style")[0].split("}") if "{" in sheet else ()
        for rule in rules:
            selector, _, declarations = rule.rpartition("{")
            packed = '"' + "".join(declarations.split())
            if _hides(packed) or any(s in packed for s in _MAY_HIDE):
                found.update(_subjects(selector.rpartition("{")[2]))
    return frozenset(found)


def _subjects(selectors: str) -> list[str]:
    """What the selectors select: the classes and ids of their last compound, else its element."""
    found: list[str] = []
    for selector in selectors.split(","):
        last = (selector.split() or [""])[-1]
        _, mark, rest = last.partition("." if "." in last else "#")
        found.extend(names_in(rest if mark else last))
    return found


def names_in(text: str) -> list[str]:
    """The words of a selector or of a tag's attributes."""
    return "".join(c if c.isalnum() or c in "-_" else " " for c in text.lower()).split()
