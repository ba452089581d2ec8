"""Which markup keeps text from being seen: inline styles, attributes and style sheets of a page.

Called by `parse.html` for every tag of the part somebody typed. Declarations are looked for in
the text with its blanks removed, not parsed: a false alarm costs a question, a missed one would show text
nobody saw. What hides surely and what may hide are kept apart. Linear; never raises.
"""

from __future__ import annotations

from enum import Enum

_MOST_SHEETS = 50
# Colours nobody reads on white; those of CSS's other notations are not computed but doubted.
_PALE_NAMES = (
    *(
        "white",
        "transparent",
        "snow",
        "ivory",
        "ghostwhite",
        "mintcream",
        "azure",
        "floralwhite",
        "aliceblue",
    ),
    *("seashell", "honeydew", "lavenderblush", "hsl", "hwb(", "lab(", "lch(", "ok", "color(", "inherit;back"),
)
_PALE = 0xE0
_OUTWARDS = ("left:-", "top:-", "text-indent:-", "margin-left:-", "right:-")
_STARTS = (";", '"', "'")
# Declarations that text somebody just typed does not have.
_MAY_HIDE = (
    *(f"{before}{size}" for before in _STARTS for size in ("height:0", "height:1px", "width:0", "width:1px")),
    *(f"{before}font:{size}" for before in _STARTS for size in ("0", "1px", "1pt")),
    *("mso-hide:all", "max-height:0", "max-width:0", "line-height:0", "clip:rect(0", "clip-path:", "mask:"),
    *("transform:", "scale:", "rotate:", "translate:", "zoom:", "filter:", "z-index:-", "inset:"),
    *("letter-spacing:-", "unicode-bidi", "text-fill-color", "content-visibility", "calc(", "margin:-"),
    *("position:fixed", "line-through", "animation:", "/*", "\\", "var("),
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
        if _may_hide(packed):
            return Visibility.DOUBTFUL
    # <font color=white>
    attribute, _, colour = packed.partition("color=")
    is_text = bool(colour) and not attribute.endswith("bg")
    return Visibility.DOUBTFUL if is_text and _is_pale(colour.lstrip("\"'")) else Visibility.SHOWN


def _may_hide(packed: str) -> bool:
    if any(declaration in packed for declaration in _MAY_HIDE):
        return True
    colours = [packed.split(f"{before}color:", 1)[1] for before in _STARTS if f"{before}color:" in packed]
    if any(_is_pale(colour) for colour in colours):
        return True
    grounds = (packed.partition(name)[2] for name in ("background:", "background-color:"))
    return any(_value(ground) == _value(c) for ground in grounds if ground for c in colours)


def _value(declaration: str) -> str:
    end = next((i for i, c in enumerate(declaration[:40]) if c in ";\"'!"), 40)
    return declaration[:end]


def _is_pale(colour: str) -> bool:
    """Whether text of this colour (`#fefefe…`, `rgb(250,…`, a name) may not be seen on white."""
    if colour.startswith("rgb"):
        numbers = colour.partition("(")[2].partition(")")[0].replace("/", ",").split(",")
        faint = len(numbers) == 4 and _number(numbers[3], 0) < 0.3
        return len(numbers) not in (3, 4) or faint or all(_number(n, 0) >= _PALE for n in numbers[:3])
    bare = colour.removeprefix("#")
    digits = next((i for i, c in enumerate(bare[:9]) if c not in "0123456789abcdef"), len(bare[:9]))
    if colour.startswith("#") or digits in (3, 6):
        if digits in (3, 6):
            step = digits // 3
            channels = (bare[i : i + step] * (3 - step) for i in range(0, digits, step))
            return all(int(channel, 16) >= _PALE for channel in channels)
        return digits in (4, 8)
    return colour.startswith(_PALE_NAMES)


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
            if _hides(packed) or _may_hide(packed):
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
