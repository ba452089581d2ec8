"""Which values of which properties of CSS leave text readable: the list of what may certainly be seen.

Called by `mail.parse.visibility`, one function for each kind of property; what has no function is accepted
only with a keyword that undoes it. Lists from the mail programs' own sources and from the CSS
specifications. Each function says whether text stays readable and notes in the draft what must be tracked
down the tree. Linear; never raises for what tinycss2 parsed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tinycss2.ast import Declaration, Node

from flexmaild.mail.parse.colours import Colour, colour_of
from flexmaild.mail.parse.lengths import Length, length_of
from flexmaild.mail.parse.shown import words

# Groups of declarations that can hide; as bits, because an element may have several.
DISPLAY, VISIBILITY, OPACITY, STRUCK, AWAY = (1 << n for n in range(5))


@dataclass(slots=True)
class Draft:
    """A judgment while its declarations are read."""

    doubt: bool = False
    moves: bool = False
    paints: bool = False
    boxed: bool = False
    clips: bool = False
    sized: bool = False
    tight: bool | None = None
    outdent: bool = False
    backwards: bool = False
    placed: bool = False
    offset: float = 0.0
    hides: int = 0
    shows: int = 0
    important: int = 0
    colours: list[Colour] = field(default_factory=list)
    grounds: list[Colour] = field(default_factory=list)
    colour_important: bool = False
    ground_important: bool = False
    sizes: list[Length] = field(default_factory=list)
    size_important: bool = False
    display: str = ""
    space: str = ""
    margin: float | None = None
    padding: float | None = None
    border: float = 0.0
    indent: float = 0.0
    symbols: bool | None = None
    names: set[str] = field(default_factory=set)


_Values = list[Node]
_Judge = Callable[[Draft, str, _Values], bool]


# One function for each kind of property follows: whether text stays readable, noting what must be tracked.


def _word(token: Node) -> str:
    return str(token.lower_value) if token.type == "ident" else ""


# Keywords that undo a property or leave it as it would be without a style sheet.
_NEUTRAL = frozenset(("none", "normal", "auto", "initial", "unset", "inherit", "revert"))


def _neutral(token: Node) -> bool:
    return _word(token) in _NEUTRAL


def _any(draft: Draft, name: str, values: _Values) -> bool:
    """Whatever it says, text can be read; functions (calc, attr, url, env) are not looked into."""
    return all(v.type not in ("function", "url", "{} block", "error") for v in values)


def _coloured(draft: Draft, name: str, values: _Values) -> bool:
    """A colour of something beside the text."""
    return all(v.type != "function" or colour_of(v) is not None for v in values)


def _neutral_only(draft: Draft, name: str, values: _Values) -> bool:
    return all(_neutral(v) for v in values)


def _words_only(draft: Draft, name: str, values: _Values) -> bool:
    return all(v.type == "ident" for v in values)


_DISPLAYS = {
    **dict.fromkeys(("block", "list-item", "table", "flow-root"), "block"),
    **dict.fromkeys(("table-row", "table-row-group", "table-header-group", "table-caption"), "block"),
    **dict.fromkeys(("inline", "inline-block", "inline-table", "initial", "unset"), "inline"),
    "table-cell": "cell",
}


def _display(draft: Draft, name: str, values: _Values) -> bool:
    word = _word(values[0]) if len(values) == 1 else ""
    if word == "none":
        draft.hides |= DISPLAY
        return True
    draft.shows |= DISPLAY
    if word in ("inline-block", "inline-table"):
        draft.shows |= STRUCK  # a line through the parent does not go through it
    draft.display = _DISPLAYS.get(word, "")
    return bool(draft.display)


def _visibility(draft: Draft, name: str, values: _Values) -> bool:
    word = _word(values[0]) if len(values) == 1 else ""
    if word in ("hidden", "collapse"):
        draft.hides |= VISIBILITY
        return True
    draft.shows |= VISIBILITY
    return word in ("visible", "initial", "inherit", "unset")


def _opacity(draft: Draft, name: str, values: _Values) -> bool:
    token = values[0]
    if len(values) == 1 and token.type in ("number", "percentage"):
        value = token.value if token.type == "number" else token.value / 100
        if value < 0.1:
            draft.hides |= OPACITY
            return True
        draft.shows |= OPACITY
        return bool(value >= 0.99)  # they multiply down the tree
    draft.shows |= OPACITY
    return _neutral(token)


_MEASURED = frozenset(("dimension", "number", "percentage"))
_STRIKE_STYLES = frozenset(
    ("text-decoration-color", "text-decoration-thickness", "text-decoration-style", "float", "position")
)


def _decoration(draft: Draft, name: str, values: _Values) -> bool:
    words = [_word(v) for v in values]
    if "line-through" in words:
        draft.hides |= STRUCK
        # A line in a colour of its own may be one that is not seen.
        return set(words) <= {"line-through", "underline", "overline", "solid", "double"}
    draft.shows |= STRUCK
    return _coloured(draft, name, values) and _thin(draft, name, values)


def _thin(draft: Draft, name: str, values: _Values) -> bool:
    """A line by the text, or how far it is from it; a broad one lies on the line above."""
    sizes = [0.0 if v.type == "ident" else _pixels(v, 16.0) for v in values if v.type in _MEASURED]
    if all(size is not None and abs(size) <= 8 for size in sizes):
        return True
    draft.moves = draft.paints = True
    return False


def _colour(draft: Draft, name: str, values: _Values) -> bool:
    found = colour_of(values[0]) if len(values) == 1 else None
    if found is None:
        return False
    draft.colours.append(found)
    return True


# What may stand in "background" beside a colour when there is no picture.
_GROUND_WORDS = frozenset(
    words(
        "none repeat no-repeat repeat-x repeat-y scroll fixed local left right top bottom center auto"
        " border-box padding-box content-box initial unset"
    )
)


def _ground(draft: Draft, name: str, values: _Values) -> bool:
    colour: Colour | None = None
    for token in values:
        if _word(token) in _GROUND_WORDS or token.type in ("percentage", "dimension", "number", "literal"):
            continue
        found = colour_of(token)
        if found is None or colour is not None:
            return False
        colour = found
    draft.grounds.append(colour or (0.0, 0.0, 0.0, 0.0))
    draft.paints = draft.paints or bool(colour and colour[3])
    return True


def _ground_detail(draft: Draft, name: str, values: _Values) -> bool:
    words = [_word(v) for v in values]
    if "text" in words:
        return False
    return all(
        w in _GROUND_WORDS or v.type in ("percentage", "dimension", "number", "literal")
        for w, v in zip(words, values, strict=True)
    )


SYMBOL_FONTS = ("wingdings", "webdings", "symbol", "marlett", "zapfdingbats", "zapf dingbats", "mt extra")


def _family(draft: Draft, name: str, values: _Values) -> bool:
    first = values[0]
    family = " ".join(_word(v) or str(v.value) for v in values[:2] if v.type in ("ident", "string"))
    if any(v.type == "error" for v in values):
        return True  # a line end in quotes, as mail programs fold: browsers drop the declaration
    draft.symbols = first.type in ("ident", "string") and family.lower().startswith(SYMBOL_FONTS)
    return _any(draft, name, values)


_SIZES = {
    "xx-small": 9.0,
    "x-small": 10.0,
    "small": 13.0,
    "medium": 16.0,
    "large": 18.0,
    "x-large": 24.0,
    "xx-large": 32.0,
    "xxx-large": 48.0,
    "initial": 16.0,
}
_SIZES_OF_PARENT = {"smaller": 0.83, "larger": 1.2, "inherit": 1.0, "unset": 1.0}


def _size_of(token: Node) -> Length | None:
    word = _word(token)
    if word in _SIZES:
        return Length(_SIZES[word])
    if word in _SIZES_OF_PARENT:
        return Length(_SIZES_OF_PARENT[word], True)
    if token.type == "percentage":
        return Length(token.value / 100, True)
    return length_of(token)


def _size(draft: Draft, name: str, values: _Values) -> bool:
    found = _size_of(values[0]) if len(values) == 1 else None
    if found is None or found.value < 0:
        return False
    draft.sizes.append(found)
    if values[0].type == "dimension" and values[0].lower_unit == "rem":
        # Of the root's size, which is 16 unless somebody says so.
        draft.sizes.append(Length(float(values[0].value), True))
    return True


# "font: caption" and the like: a size of the system's.
_SYSTEM_FONTS = frozenset(("caption", "icon", "menu", "message-box", "small-caption", "status-bar"))


def _font(draft: Draft, name: str, values: _Values) -> bool:
    words = [_word(v) for v in values]
    if len(values) == 1:
        draft.symbols = False
        if words[0] in ("inherit", "unset", "initial"):
            return _size(draft, name, values)
        if words[0] in _SYSTEM_FONTS or words[0].startswith("-apple-system-"):
            draft.sizes.append(Length(13.0))
            return True
        return False
    for at, token in enumerate(values):
        size = None if token.type == "number" else _size_of(token)
        if size is None or words[at] in ("inherit", "initial", "unset") or size.value < 0:
            if token.type in ("ident", "number"):
                continue  # style, variant, weight
            return False
        rest = values[at + 1 :]
        if not rest:
            return True  # without a family it is none
        draft.sizes.append(size)
        if rest and rest[0].type == "literal" and rest[0].value == "/":
            tall = _line_height(draft, name, rest[1:2])
            return tall and bool(rest[2:]) and _family(draft, name, rest[2:])
        return _family(draft, name, rest)
    return False


def _line_height(draft: Draft, name: str, values: _Values) -> bool:
    """Lines that are too close lie on each other; those of 1 have no space between them."""
    if len(values) != 1 or _neutral(values[0]):
        draft.tight = len(values) != 1
        return len(values) == 1
    token = values[0]
    found = length_of(token)
    if found is not None and not found.relative and token.type != "number":
        draft.tight = found.value < 12
        return 8 <= found.value <= 120
    factor = token.value / 100 if token.type == "percentage" else found.value if found is not None else 0.0
    draft.tight = factor < 1
    return bool(0.8 <= factor <= 5)


def _pixels(token: Node, whole: float = 1000.0) -> float | None:
    """A length in pixels of a page 1,000 wide whose letters have 16; None where it is no plain length."""
    if token.type == "percentage":
        return float(token.value) * whole / 100
    found = length_of(token)
    if found is None:
        return None
    return found.value * 16.0 if found.relative else found.value


def _edge(values: _Values, side: int) -> Node:
    """The value for a side (0 top, 1 right, 2 bottom, 3 left) of a shorthand with one to four values."""
    return values[side if side < len(values) else side - 2 if side - 2 < len(values) and side > 1 else 0]


_SIDES = {"top": 0, "right": 1, "bottom": 2, "left": 3}
# Outlook lets tables stand out by the padding of their cells, 5.4pt; a page's own margin is 8px.
_OUTDENT = -8.0
# Half a window's height of nothing above a text: it is not seen without scrolling.
_LOWEST = 300.0
# In a wider box text at its right side is not seen.
_WIDEST = 900.0


def _margin(draft: Draft, name: str, values: _Values) -> bool:
    side = _SIDES.get(name.rpartition("-")[2])
    if len(values) > (4 if side is None else 1):
        return False
    for at in range(4) if side is None else (side,):
        token = _edge(values, at) if side is None else values[0]
        if _neutral(token):
            continue
        pixels = _pixels(token)
        if pixels is None:
            return False
        if pixels < (_OUTDENT if at in (1, 3) else 0):
            draft.moves = draft.paints = True  # what follows is moved with it
            return False
        if at == 3:
            draft.margin = pixels
        draft.outdent = draft.outdent or pixels < 0
        if at == 0 and pixels > _LOWEST:
            return False
    if side in (None, 3) and draft.margin is None:
        draft.margin = 0.0
    return True


def _padding(draft: Draft, name: str, values: _Values) -> bool:
    side = _SIDES.get(name.rpartition("-")[2])
    if len(values) > (4 if side is None else 1):
        return False
    token = _edge(values, 3) if side is None else values[0]
    above = _edge(values, 0) if side in (None, 0) else None
    if above is not None and (_pixels(above) or 0.0) > _LOWEST:
        return False
    if side in (None, 3):
        pixels = 0.0 if _neutral(token) else _pixels(token)
        if pixels is None:
            return False
        draft.padding = pixels
    return all(_neutral(v) or _pixels(v) is not None for v in values)


def _border(draft: Draft, name: str, values: _Values) -> bool:
    draft.paints = True
    for token in values:
        if token.type == "dimension":
            pixels = _pixels(token)
            if pixels is None or not 0 <= pixels <= 40:
                return False
            draft.border = max(draft.border, pixels)
    return _coloured(draft, name, values) and all(v.type not in ("url", "{} block") for v in values)


def _outline(draft: Draft, name: str, values: _Values) -> bool:
    """It is painted over what is beside the element."""
    sizes = [_pixels(v) for v in values if v.type in ("dimension", "number")]
    if any(size is None or abs(size) > 4 for size in sizes):
        draft.moves = draft.paints = True
        return False
    return _coloured(draft, name, values)


def _indent(draft: Draft, name: str, values: _Values) -> bool:
    if len(values) != 1:
        return False
    pixels = 0.0 if _neutral(values[0]) else _pixels(values[0])
    if pixels is None or pixels < -100:
        draft.moves = True
        return False
    draft.indent = pixels
    return True


def _spacing(draft: Draft, name: str, values: _Values) -> bool:
    pixels = 0.0 if _neutral(values[0]) else _pixels(values[0])
    least = -1 if name == "letter-spacing" else -2
    if pixels is None or pixels < least:
        draft.moves = draft.paints = True
    return len(values) == 1 and pixels is not None and least <= pixels <= 10


_SPACES = {"normal": "normal", "nowrap": "nowrap", "pre": "pre", "initial": "normal"} | dict.fromkeys(
    ("pre-wrap", "pre-line", "break-spaces", "-moz-pre-wrap", "-o-pre-wrap"), "pre-wrap"
)


def _white_space(draft: Draft, name: str, values: _Values) -> bool:
    word = _word(values[0]) if len(values) == 1 else ""
    if word in ("inherit", "unset"):
        return True
    draft.space = _SPACES.get(word, "")
    return bool(draft.space)


def _extent(draft: Draft, name: str, values: _Values) -> bool:
    """Without a cut-off they hide nothing; but what is next may lie on text that stands out."""
    token = values[0]
    if len(values) != 1:
        return False
    if _neutral(token) or _word(token) in ("fit-content", "max-content", "min-content"):
        return True
    if token.type == "percentage":
        draft.sized = draft.sized or name == "height"
        return bool(1 <= token.value <= 100)
    pixels = _pixels(token)
    draft.boxed = draft.sized = True
    return pixels is not None and 10 <= pixels <= _WIDEST


def _least_extent(draft: Draft, name: str, values: _Values) -> bool:
    pixels = 0.0 if _neutral(values[0]) else _pixels(values[0])
    return len(values) == 1 and pixels is not None and 0 <= pixels <= _WIDEST


def _greatest_extent(draft: Draft, name: str, values: _Values) -> bool:
    if len(values) != 1:
        return False
    if _neutral(values[0]):
        return True
    pixels = _pixels(values[0])
    draft.boxed = draft.sized = True
    return pixels is not None and pixels >= 10


def _position(draft: Draft, name: str, values: _Values) -> bool:
    word = _word(values[0])
    if word in ("static", "relative", "initial", "inherit", "unset"):
        draft.placed = word == "relative"
        return True
    draft.placed = True
    draft.moves = True
    draft.shows |= STRUCK
    if word in ("absolute", "fixed"):
        draft.names.add(_OUT)
    return False


_FAR = -2000.0
_OUT = "(out of the flow)"
# What may stand beside "position:absolute; left:-9999px" without bringing it back.
_AWAY_BESIDES = frozenset(
    words(
        "position left top height width overflow color background background-color font-size"
        " font-family line-height"
    )
) | {_OUT}


def _offset(draft: Draft, name: str, values: _Values) -> bool:
    pixels = 0.0 if _neutral(values[0]) else _pixels(values[0])
    if pixels == 0 and len(values) == 1:
        return True
    # Only what has a position is moved, and that may be said by another rule.
    draft.offset = max(draft.offset, math.inf if pixels is None or len(values) != 1 else abs(pixels))
    if pixels is not None and pixels <= _FAR and name in ("left", "top"):
        draft.hides |= AWAY
    else:
        draft.shows |= AWAY
    return True


def _float(draft: Draft, name: str, values: _Values) -> bool:
    draft.shows |= STRUCK
    return all(_neutral(v) for v in values)


def _direction(draft: Draft, name: str, values: _Values) -> bool:
    draft.backwards = _word(values[0]) == "rtl"
    return _any(draft, name, values)


def _bidi(draft: Draft, name: str, values: _Values) -> bool:
    return all(_word(v) in ("normal", "embed", "isolate", "plaintext", "initial", "inherit") for v in values)


def _overflow(draft: Draft, name: str, values: _Values) -> bool:
    """Scroll bars cut off nothing where the box grows with its text; `clips` and `sized` are put together."""
    draft.clips = any(_word(v) in ("auto", "scroll") for v in values)
    return all(_word(v) in ("visible", "auto", "scroll", "initial", "unset") for v in values)


def _layer(draft: Draft, name: str, values: _Values) -> bool:
    """Below 0 text lies behind the backgrounds around it."""
    return all(v.type == "ident" or (v.type == "number" and v.value >= 0) for v in values)


def _tabs(draft: Draft, name: str, values: _Values) -> bool:
    return all(_neutral(v) or (v.type == "number" and v.value <= 16) for v in values)


def _gaps(draft: Draft, name: str, values: _Values) -> bool:
    sizes = [0.0 if _neutral(v) else _pixels(v) for v in values]
    return all(size is not None and 0 <= size <= 40 for size in sizes)


def _wrap(draft: Draft, name: str, values: _Values) -> bool:
    if any(_word(v) == "nowrap" for v in values):
        draft.space = draft.space or "nowrap"
    return _words_only(draft, name, values)


def _stroke(draft: Draft, name: str, values: _Values) -> bool:
    return all(_neutral(v) or (v.type in ("number", "dimension") and v.value == 0) for v in values)


def _text_fill(draft: Draft, name: str, values: _Values) -> bool:
    return all(_word(v) in ("currentcolor", "initial", "inherit", "unset") for v in values)


def _zoom(draft: Draft, name: str, values: _Values) -> bool:
    token = values[0]
    whole = {"number": 1, "percentage": 100}.get(token.type)
    return _neutral(token) or (whole is not None and token.value == whole)


def _behaviour(draft: Draft, name: str, values: _Values) -> bool:
    """Word's `v\\:* {behavior:url(#default#VML)}`; only the Internet Explorer of old knew it."""
    return all(v.type in ("url", "function") for v in values)


def _scheme(draft: Draft, name: str, values: _Values) -> bool:
    return all(_word(v) in ("light", "normal", "only", "inherit") for v in values)


def _vertical(draft: Draft, name: str, values: _Values) -> bool:
    pixels = 0.0 if values[0].type == "ident" else _pixels(values[0], 16.0)
    if len(values) == 1 and pixels is not None and -16 <= pixels <= 16:
        return True
    draft.moves = draft.paints = True
    return False


# Office's own, which browsers do not know and which change no text in Outlook either. Not mso-hide,
# mso-font-width, mso-text-raise, mso-style-textfill-…, and what we do not know.
_OFFICE = words(
    "mso-style- mso-fareast- mso-bidi- mso-ansi- mso-ascii- mso-hansi- mso-list mso-ligatures"
    " mso-themecolor mso-themeshade mso-themetint mso-margin- mso-line-height- mso-border-"
    " mso-padding- mso-yfti- mso-cellspacing mso-table- mso-no-proof mso-pagination mso-outline-level"
    " mso-highlight mso-symbol-font-family mso-char-type mso-font-kerning mso-font-charset"
    " mso-font-pitch mso-font-signature mso-level- mso-layout-grid mso-width- mso-height-"
    " mso-generic-font-family mso-font-alt mso-default- mso-para-margin mso-header-margin"
    " mso-footer-margin mso-paper-source mso-add-space mso-cell-special mso-row-margin mso-displayed-"
    " mso-effects- mso-spacerun mso-tab-count mso-font-format mso-number-format"
    " mso-background-themecolor mso-shading mso-pattern mso-element- mso-wrap- mso-position-"
    " mso-comment- mso-footnote- mso-break-type"
)


def _office(name: str) -> bool:
    return name.startswith(_OFFICE) and not name.startswith("mso-style-text")


def _table() -> dict[str, _Judge]:
    table: dict[str, _Judge] = {}
    for judge_one, names in (
        (
            _any,
            words(
                "font-style font-weight font-stretch text-align text-align-last text-justify"
                " text-transform text-underline-position text-rendering text-overflow text-wrap-style"
                " text-size-adjust -webkit-text-size-adjust -ms-text-size-adjust -moz-text-size-adjust"
                " text-autospace text-spacing-trim word-break word-wrap overflow-wrap hyphens"
                " -webkit-hyphens -ms-hyphens -moz-hyphens -epub-hyphens line-break -webkit-line-break"
                " -khtml-line-break -webkit-nbsp-mode widows orphans page page-break-before"
                " page-break-after page-break-inside break-before break-after break-inside size"
                " panose-1 cursor border-collapse border-radius box-sizing -webkit-box-sizing"
                " empty-cells caption-side user-select -webkit-user-select -moz-user-select"
                " -ms-user-select pointer-events touch-action resize clear transition"
                " transition-property transition-duration transition-delay transition-timing-function"
                " -webkit-font-smoothing -moz-osx-font-smoothing text-kashida-space punctuation-wrap"
                " layout-grid-mode tab-stops tab-interval nav-index gap row-gap flex-direction"
                " align-items align-self justify-content justify-items flex-wrap -webkit-box-align"
                " font-optical-sizing font-synthesis -webkit-touch-callout vertical-align-last"
                " text-combine object-fit object-position scroll-behavior -ms-interpolation-mode"
                " font-variant-east-asian font-variant-numeric font-variant-ligatures"
                " font-variant-caps font-kerning font-language-override"
            ),
        ),
        (
            _coloured,
            words(
                "caret-color text-decoration-style text-decoration-skip text-decoration-skip-ink"
                " text-decoration-color border-color border-top-color border-right-color"
                " border-bottom-color border-left-color column-rule-color -webkit-tap-highlight-color"
                " accent-color scrollbar-color"
            ),
        ),
        (
            _words_only,
            words("list-style list-style-type list-style-position quotes font-variant border-style"),
        ),
        (_decoration, ("text-decoration", "text-decoration-line")),
        (_ground, ("background", "background-color")),
        (
            _ground_detail,
            words(
                "background-image background-position background-size background-repeat"
                " background-origin background-clip background-attachment background-position-x"
                " background-position-y background-repeat-x background-repeat-y"
            ),
        ),
        (_margin, ("margin", *(f"margin-{side}" for side in _SIDES))),
        (_padding, ("padding", *(f"padding-{side}" for side in _SIDES))),
        (
            _border,
            ("border", "border-width", *(f"border-{s}{k}" for s in _SIDES for k in ("", "-width", "-style"))),
        ),
        (_outline, words("outline outline-width outline-style outline-offset outline-color")),
        (_spacing, ("letter-spacing", "word-spacing")),
        (_white_space, ("white-space",)),
        (_extent, ("width", "height")),
        (_least_extent, ("min-width", "min-height")),
        (_greatest_extent, ("max-width", "max-height")),
        (_offset, ("left", "top", "right", "bottom", "inset")),
        (_overflow, ("overflow", "overflow-x", "overflow-y")),
        (_tabs, ("tab-size", "-moz-tab-size", "-o-tab-size")),
        (_wrap, ("text-wrap", "text-wrap-mode")),
        (_thin, ("text-decoration-thickness", "text-underline-offset")),
        (_stroke, ("-webkit-text-stroke-width", "-webkit-text-stroke")),
    ):
        table.update(dict.fromkeys(names, judge_one))
    return table


_JUDGES: Final[dict[str, _Judge]] = _table() | {
    "display": _display,
    "visibility": _visibility,
    "opacity": _opacity,
    "color": _colour,
    "font-family": _family,
    "font-size": _size,
    "font": _font,
    "line-height": _line_height,
    "text-indent": _indent,
    "position": _position,
    "float": _float,
    "z-index": _layer,
    "border-spacing": _gaps,
    "direction": _direction,
    "unicode-bidi": _bidi,
    "-webkit-text-fill-color": _text_fill,
    "zoom": _zoom,
    "behavior": _behaviour,
    "color-scheme": _scheme,
    "vertical-align": _vertical,
}
_GROUPS: Final = {
    "display": DISPLAY,
    "visibility": VISIBILITY,
    "opacity": OPACITY,
    "text-decoration": STRUCK,
    "text-decoration-line": STRUCK,
    "float": STRUCK,
    "position": AWAY | STRUCK,
    "left": AWAY,
    "top": AWAY,
    "right": AWAY,
    "bottom": AWAY,
    "inset": AWAY,
}


# Whatever they say, text does not leave its place by them.
_STAYING = words(
    "table-layout text-transform text-overflow text-wrap text-decoration text-underline -webkit-text-"
    " font- list- column flex order mask clip content grid block-size inline-size max-block-size"
    " max-inline-size background all writing-mode mso- color"
)


def note(draft: Draft, node: Declaration) -> None:
    """Take a declaration into the draft."""
    name = node.lower_name
    if name.startswith("--"):
        return  # does nothing until var() uses it, and var() is on no list
    values = [v for v in node.value if v.type not in ("whitespace", "comment")]
    if not values:
        return  # browsers drop it; Outlook on the web leaves "background:" behind
    judged = _JUDGES.get(name)
    if judged is not None:
        draft.names.add(name)
        accepted = judged(draft, name, values)
    elif name.startswith("mso-"):
        accepted = _office(name) or (name == "mso-element" and _word(values[0]) == "para-border-div")
    else:
        draft.names.add(name)
        accepted = name != "all" and all(_neutral(v) for v in values)
        if not accepted and not name.startswith(_STAYING):
            # What we do not know may move its element onto others, some of it what follows as well.
            draft.moves = True
            draft.paints = draft.paints or "margin" in name or "spacing" in name
    if not accepted:
        draft.doubt = True
    if node.important:
        draft.important |= _GROUPS.get(name, 0)
        draft.colour_important |= name == "color"
        draft.ground_important |= name.startswith("background")
        draft.size_important |= name in ("font", "font-size")


def settled(draft: Draft) -> int:
    """The groups that surely hide; those that may or may not become doubt."""
    hides = draft.hides
    if hides & draft.shows:
        # "display:none;display:block": which one counts is a question of importance and validity.
        draft.doubt, hides = True, hides & ~draft.shows
    if hides & STRUCK and not draft.names.isdisjoint(_STRIKE_STYLES):
        draft.doubt, hides = True, hides & ~STRUCK
    if hides & AWAY and not (_OUT in draft.names and draft.names <= _AWAY_BESIDES):
        draft.doubt, hides = True, hides & ~AWAY
    return hides
