"""The effects of a list of declarations on text, collected while they are read one after the other.

Filled by the judges of properties and by `mail.parse.styles.visibility`, which makes a judgment of it. What
hides is noted in groups, since a declaration undoes only what hides in the same way; which of them surely
hide is known when all have been read. Never raises.
"""

from dataclasses import dataclass, field

from flexmaild.mail.parse.shown import words
from flexmaild.mail.parse.styles.colours import Colour
from flexmaild.mail.parse.styles.lengths import Length

# Groups of declarations that can hide; as bits, because an element may have several.
DISPLAY, VISIBILITY, OPACITY, STRUCK, AWAY = (1 << n for n in range(5))
# Noted among the names of properties where an element has no place in the flow.
OUT_OF_FLOW = "(out of the flow)"
# Beside these a line through text may not be seen, or not go through it.
_STRIKE_STYLES = frozenset(
    ("text-decoration-color", "text-decoration-thickness", "text-decoration-style", "float", "position")
)
# What may stand beside "position:absolute; left:-9999px" without bringing it back.
_AWAY_BESIDES = frozenset(
    words(
        "position left top height width overflow color background background-color font-size"
        " font-family line-height"
    )
) | {OUT_OF_FLOW}


@dataclass(slots=True)
class Declared:
    """The effects of the declarations read so far."""

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


def hiding_groups(declared: Declared) -> int:
    """The groups that surely hide; those that may or may not become doubt."""
    hides = declared.hides
    if hides & declared.shows:
        # "display:none;display:block": which one counts is a question of importance and validity.
        declared.doubt, hides = True, hides & ~declared.shows
    if hides & STRUCK and not declared.names.isdisjoint(_STRIKE_STYLES):
        declared.doubt, hides = True, hides & ~STRUCK
    if hides & AWAY and not (OUT_OF_FLOW in declared.names and declared.names <= _AWAY_BESIDES):
        declared.doubt, hides = True, hides & ~AWAY
    return hides
