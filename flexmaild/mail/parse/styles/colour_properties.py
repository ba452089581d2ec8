"""Which values of the properties of colour leave text readable: its own, and what is behind it.

Called by `mail.parse.styles.properties` through `COLOUR_JUDGES`. The colours are noted; whether one can be
read on the other is known only down the tree. Pictures behind text are never accepted.
"""

from typing import Final

from flexmaild.mail.parse.shown import words
from flexmaild.mail.parse.styles.colours import Colour, colour_of
from flexmaild.mail.parse.styles.css_values import Values, by_property, is_neutral, word_of
from flexmaild.mail.parse.styles.declared import OPACITY, Declared

# What may stand in "background" beside a colour when there is no picture.
_GROUND_WORDS = frozenset(
    words(
        "none repeat no-repeat repeat-x repeat-y scroll fixed local left right top bottom center auto"
        " border-box padding-box content-box initial unset"
    )
)


def _opacity(declared: Declared, name: str, values: Values) -> bool:
    token = values[0]
    if len(values) == 1 and token.type in ("number", "percentage"):
        value = token.value if token.type == "number" else token.value / 100
        if value < 0.1:
            declared.hides |= OPACITY
            return True
        declared.shows |= OPACITY
        return bool(value >= 0.99)  # they multiply down the tree
    declared.shows |= OPACITY
    return is_neutral(token)


def _colour(declared: Declared, name: str, values: Values) -> bool:
    found = colour_of(values[0]) if len(values) == 1 else None
    if found is None:
        return False
    declared.colours.append(found)
    return True


def _ground(declared: Declared, name: str, values: Values) -> bool:
    colour: Colour | None = None
    for token in values:
        if word_of(token) in _GROUND_WORDS or token.type in ("percentage", "dimension", "number", "literal"):
            continue
        found = colour_of(token)
        if found is None or colour is not None:
            return False
        colour = found
    declared.grounds.append(colour or (0.0, 0.0, 0.0, 0.0))
    declared.paints = declared.paints or bool(colour and colour[3])
    return True


def _ground_detail(declared: Declared, name: str, values: Values) -> bool:
    words = [word_of(v) for v in values]
    if "text" in words:
        return False
    return all(
        w in _GROUND_WORDS or v.type in ("percentage", "dimension", "number", "literal")
        for w, v in zip(words, values, strict=True)
    )


def _text_fill(declared: Declared, name: str, values: Values) -> bool:
    return all(word_of(v) in ("currentcolor", "initial", "inherit", "unset") for v in values)


def _scheme(declared: Declared, name: str, values: Values) -> bool:
    return all(word_of(v) in ("light", "normal", "only", "inherit") for v in values)


COLOUR_JUDGES: Final = by_property(
    {
        _opacity: ("opacity",),
        _colour: ("color",),
        _ground: ("background", "background-color"),
        _ground_detail: words(
            "background-image background-position background-size background-repeat"
            " background-origin background-clip background-attachment background-position-x"
            " background-position-y background-repeat-x background-repeat-y"
        ),
        _text_fill: ("-webkit-text-fill-color",),
        _scheme: ("color-scheme",),
    }
)
