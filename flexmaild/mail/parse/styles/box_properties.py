"""Which values of the properties of boxes leave the text in them, and beside them, readable.

Called by `mail.parse.styles.properties` through `BOX_JUDGES`: whether there is a box at all, where it stands,
how large it is and what it has around it. What leaves its place may lie on text of others, which is noted.
"""

import math
from typing import Final

from tinycss2.ast import Node

from flexmaild.mail.parse.styles.css_values import (
    Values,
    by_property,
    coloured,
    is_neutral,
    pixels_of,
    word_of,
)
from flexmaild.mail.parse.styles.declared import AWAY, DISPLAY, OUT_OF_FLOW, STRUCK, VISIBILITY, Declared

_SIDES = {"top": 0, "right": 1, "bottom": 2, "left": 3}
# Outlook lets tables stand out by the padding of their cells, 5.4pt; a page's own margin is 8px.
_OUTDENT = -8.0
# Half a window's height of nothing above a text: it is not seen without scrolling.
_LOWEST = 300.0
# In a wider box text at its right side is not seen.
_WIDEST = 900.0
# Where pages put text that is not to be seen.
_FAR = -2000.0
_DISPLAYS = {
    **dict.fromkeys(("block", "list-item", "table", "flow-root"), "block"),
    **dict.fromkeys(("table-row", "table-row-group", "table-header-group", "table-caption"), "block"),
    **dict.fromkeys(("inline", "inline-block", "inline-table", "initial", "unset"), "inline"),
    "table-cell": "cell",
}


def _display(declared: Declared, name: str, values: Values) -> bool:
    word = word_of(values[0]) if len(values) == 1 else ""
    if word == "none":
        declared.hides |= DISPLAY
        return True
    declared.shows |= DISPLAY
    if word in ("inline-block", "inline-table"):
        declared.shows |= STRUCK  # a line through the parent does not go through it
    declared.display = _DISPLAYS.get(word, "")
    return bool(declared.display)


def _visibility(declared: Declared, name: str, values: Values) -> bool:
    word = word_of(values[0]) if len(values) == 1 else ""
    if word in ("hidden", "collapse"):
        declared.hides |= VISIBILITY
        return True
    declared.shows |= VISIBILITY
    return word in ("visible", "initial", "inherit", "unset")


def _edge(values: Values, side: int) -> Node:
    """The value for a side (0 top, 1 right, 2 bottom, 3 left) of a shorthand with one to four values."""
    return values[side if side < len(values) else side - 2 if side - 2 < len(values) and side > 1 else 0]


def _margin(declared: Declared, name: str, values: Values) -> bool:
    side = _SIDES.get(name.rpartition("-")[2])
    if len(values) > (4 if side is None else 1):
        return False
    for at in range(4) if side is None else (side,):
        token = _edge(values, at) if side is None else values[0]
        if is_neutral(token):
            continue
        pixels = pixels_of(token)
        if pixels is None:
            return False
        if pixels < (_OUTDENT if at in (1, 3) else 0):
            declared.moves = declared.paints = True  # what follows is moved with it
            return False
        if at == 3:
            declared.margin = pixels
        declared.outdent = declared.outdent or pixels < 0
        if at == 0 and pixels > _LOWEST:
            return False
    if side in (None, 3) and declared.margin is None:
        declared.margin = 0.0
    return True


def _padding(declared: Declared, name: str, values: Values) -> bool:
    side = _SIDES.get(name.rpartition("-")[2])
    if len(values) > (4 if side is None else 1):
        return False
    token = _edge(values, 3) if side is None else values[0]
    above = _edge(values, 0) if side in (None, 0) else None
    if above is not None and (pixels_of(above) or 0.0) > _LOWEST:
        return False
    if side in (None, 3):
        pixels = 0.0 if is_neutral(token) else pixels_of(token)
        if pixels is None:
            return False
        declared.padding = pixels
    return all(is_neutral(v) or pixels_of(v) is not None for v in values)


def _border(declared: Declared, name: str, values: Values) -> bool:
    declared.paints = True
    for token in values:
        if token.type == "dimension":
            pixels = pixels_of(token)
            if pixels is None or not 0 <= pixels <= 40:
                return False
            declared.border = max(declared.border, pixels)
    return coloured(declared, name, values) and all(v.type not in ("url", "{} block") for v in values)


def _outline(declared: Declared, name: str, values: Values) -> bool:
    """It is painted over what is beside the element."""
    sizes = [pixels_of(v) for v in values if v.type in ("dimension", "number")]
    if any(size is None or abs(size) > 4 for size in sizes):
        declared.moves = declared.paints = True
        return False
    return coloured(declared, name, values)


def _extent(declared: Declared, name: str, values: Values) -> bool:
    """Without a cut-off they hide nothing; but what is next may lie on text that stands out."""
    token = values[0]
    if len(values) != 1:
        return False
    if is_neutral(token) or word_of(token) in ("fit-content", "max-content", "min-content"):
        return True
    if token.type == "percentage":
        declared.sized = declared.sized or name == "height"
        return bool(1 <= token.value <= 100)
    pixels = pixels_of(token)
    declared.boxed = declared.sized = True
    return pixels is not None and 10 <= pixels <= _WIDEST


def _least_extent(declared: Declared, name: str, values: Values) -> bool:
    pixels = 0.0 if is_neutral(values[0]) else pixels_of(values[0])
    return len(values) == 1 and pixels is not None and 0 <= pixels <= _WIDEST


def _greatest_extent(declared: Declared, name: str, values: Values) -> bool:
    if len(values) != 1:
        return False
    if is_neutral(values[0]):
        return True
    pixels = pixels_of(values[0])
    declared.boxed = declared.sized = True
    return pixels is not None and pixels >= 10


def _position(declared: Declared, name: str, values: Values) -> bool:
    word = word_of(values[0])
    if word in ("static", "relative", "initial", "inherit", "unset"):
        declared.placed = word == "relative"
        return True
    declared.placed = True
    declared.moves = True
    declared.shows |= STRUCK
    if word in ("absolute", "fixed"):
        declared.names.add(OUT_OF_FLOW)
    return False


def _offset(declared: Declared, name: str, values: Values) -> bool:
    pixels = 0.0 if is_neutral(values[0]) else pixels_of(values[0])
    if pixels == 0 and len(values) == 1:
        return True
    # Only what has a position is moved, and that may be said by another rule.
    declared.offset = max(declared.offset, math.inf if pixels is None or len(values) != 1 else abs(pixels))
    if pixels is not None and pixels <= _FAR and name in ("left", "top"):
        declared.hides |= AWAY
    else:
        declared.shows |= AWAY
    return True


def _float(declared: Declared, name: str, values: Values) -> bool:
    declared.shows |= STRUCK
    return all(is_neutral(v) for v in values)


def _overflow(declared: Declared, name: str, values: Values) -> bool:
    """Scroll bars cut off nothing where the box grows with its text; `clips` and `sized` are put together."""
    declared.clips = any(word_of(v) in ("auto", "scroll") for v in values)
    return all(word_of(v) in ("visible", "auto", "scroll", "initial", "unset") for v in values)


def _layer(declared: Declared, name: str, values: Values) -> bool:
    """Below 0 text lies behind the backgrounds around it."""
    return all(v.type == "ident" or (v.type == "number" and v.value >= 0) for v in values)


def _gaps(declared: Declared, name: str, values: Values) -> bool:
    sizes = [0.0 if is_neutral(v) else pixels_of(v) for v in values]
    return all(size is not None and 0 <= size <= 40 for size in sizes)


def _zoom(declared: Declared, name: str, values: Values) -> bool:
    token = values[0]
    whole = {"number": 1, "percentage": 100}.get(token.type)
    return is_neutral(token) or (whole is not None and token.value == whole)


BOX_JUDGES: Final = by_property(
    {
        _display: ("display",),
        _visibility: ("visibility",),
        _margin: ("margin", *(f"margin-{side}" for side in _SIDES)),
        _padding: ("padding", *(f"padding-{side}" for side in _SIDES)),
        _border: (
            "border",
            "border-width",
            *(f"border-{s}{k}" for s in _SIDES for k in ("", "-width", "-style")),
        ),
        _outline: ("outline", "outline-width", "outline-style", "outline-offset", "outline-color"),
        _extent: ("width", "height"),
        _least_extent: ("min-width", "min-height"),
        _greatest_extent: ("max-width", "max-height"),
        _position: ("position",),
        _offset: ("left", "top", "right", "bottom", "inset"),
        _float: ("float",),
        _overflow: ("overflow", "overflow-x", "overflow-y"),
        _layer: ("z-index",),
        _gaps: ("border-spacing",),
        _zoom: ("zoom",),
    }
)
