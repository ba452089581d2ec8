"""Lengths of CSS in pixels, or in the size of a letter where their unit is one.

Called by the judges of properties and by `mail.parse.styles.visibility`. Apart, since `declared` holds
lengths and is imported by all of them. Units that depend on the window are not known here. Never raises.
"""

from dataclasses import dataclass

from tinycss2.ast import Node

# CSS Values 4, section 6: 96 pixels are an inch.
_PIXELS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54, "q": 2.4 / 2.54}
_LETTERS = {"em": 1.0, "ex": 0.5, "ch": 0.5}
_ROOT = {"rem": 16.0}


@dataclass(frozen=True, slots=True)
class Length:
    """Pixels, or a factor of the letter's size."""

    value: float
    relative: bool = False


def length_of(token: Node) -> Length | None:
    """The length this component value is; a bare number is pixels, as in pages without a doctype."""
    if token.type == "number":
        return Length(float(token.value))
    if token.type != "dimension":
        return None
    unit, value = token.lower_unit, float(token.value)
    if unit in _LETTERS:
        return Length(value * _LETTERS[unit], True)
    factor = _PIXELS.get(unit) or _ROOT.get(unit)
    return None if factor is None else Length(value * factor)
