"""Colours of text and of what is behind it, and whether the one can be read on the other.

Called by `mail.parse.styles.visibility`, the judges of properties and `mail.parse.styles.paints`. A colour
that is not understood is None, and text in it is not certainly seen. Never raises.
"""

from functools import lru_cache

from tinycss2 import color4
from tinycss2.ast import Node

# Red, green, blue and alpha, each from 0 to 1.
Colour = tuple[float, float, float, float]

BLACK: Colour = (0.0, 0.0, 0.0, 1.0)
WHITE: Colour = (1.0, 1.0, 1.0, 1.0)
YELLOW: Colour = (1.0, 1.0, 0.0, 1.0)
LINK: Colour = (0.0, 0.0, 0.93, 1.0)
# "The colour of the parent", for which there is no colour of its own.
INHERITED: Colour = (-1.0, -1.0, -1.0, -1.0)

# WCAG 2 asks for 4.5 and mail programs write grey at 2.3 (#aaa). Orange on white, in which remarks are
# typed, has 1.97 and Outlook's light green 1.84; black on #333 has 1.66, yellow on white 1.07.
_READABLE = 1.8

# CSS Color 4, section 6.2; Outlook writes windowtext for the colour of ordinary text.
_SYSTEM = {"windowtext": BLACK, "canvastext": BLACK, "window": WHITE, "canvas": WHITE}
_INHERITING = frozenset(("inherit", "currentcolor", "unset"))
_FUNCTIONS = frozenset(("rgb", "rgba", "hsl", "hsla", "hwb"))


def colour_of(token: Node) -> Colour | None:
    """The colour that this component value is; INHERITED for the parent's; None if it is none we know."""
    if token.type == "ident":
        name = token.lower_value
        if name in _INHERITING:
            return INHERITED
        if name in _SYSTEM:
            return _SYSTEM[name]
        if name == "initial":
            return BLACK
    elif token.type == "function":
        if token.lower_name not in _FUNCTIONS:
            return None
    elif token.type != "hash":
        return None
    return _parsed(token)


def _parsed(token: Node) -> Colour | None:
    try:
        found = color4.parse_color(token)
        if found is None or found == "currentcolor":
            return None
        red, green, blue = found.to("srgb").coordinates
        channels = [min(1.0, max(0.0, float(c or 0.0))) for c in (red, green, blue, found.alpha)]
    except (ValueError, ArithmeticError, TypeError, AttributeError, NotImplementedError):
        return None
    return (channels[0], channels[1], channels[2], channels[3])


@lru_cache(maxsize=512)
def attribute_colour(value: str) -> Colour | None:
    """The colour of `<font color>` or `bgcolor`: #rgb, #rrggbb or a name, else not understood."""
    text = value.strip()
    if not 2 < len(text) < 30:
        return None
    bare = text.removeprefix("#")
    if len(bare) in (3, 6) and all(c in "0123456789abcdefABCDEF" for c in bare):
        text = f"#{bare}"  # a number without "#" is one as well (HTML, "legacy colour value")
    elif not bare.isalpha() or text.lower() == "transparent":
        return None
    try:
        found = color4.parse_color(text)
    except (ValueError, ArithmeticError):
        return None
    if found is None or found == "currentcolor":
        return None
    red, green, blue = found.coordinates
    return (float(red), float(green), float(blue), 1.0)


def over(top: Colour, bottom: Colour) -> Colour:
    """What is seen where `top`, perhaps half transparent, lies on `bottom`."""
    alpha = top[3]
    if alpha >= 1.0:
        return top
    red, green, blue = (t * alpha + b * (1.0 - alpha) for t, b in zip(top[:3], bottom[:3], strict=True))
    return (red, green, blue, 1.0)


@lru_cache(maxsize=4096)
def readable(text: Colour, ground: Colour) -> bool:
    """Whether the contrast ratio (WCAG 2, 1.4.3) is one at which a word is seen."""
    light, dark = _luminance(over(text, ground)), _luminance(ground)
    if light < dark:
        light, dark = dark, light
    return (light + 0.05) / (dark + 0.05) >= _READABLE


def _luminance(colour: Colour) -> float:
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
