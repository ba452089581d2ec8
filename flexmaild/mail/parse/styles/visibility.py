"""What declarations (an inline style, a rule of a style sheet) do to the text they apply to.

Called by `mail.parse.styles.style_sheets` and `mail.parse.styles.element_style`. Text is certainly seen only
where every declaration is on a list of ours (`properties`): a property whose value leaves text readable. What
hides surely is told apart, so that such text appears nowhere; all the rest is doubt. A false alarm costs a
question, a missed one would count text that the person did not see. Linear; never raises; knows no tree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import tinycss2
from tinycss2.ast import Node

from flexmaild.mail.parse.styles.colours import Colour, attribute_colour
from flexmaild.mail.parse.styles.declared import DISPLAY, OPACITY, Declared, hiding_groups
from flexmaild.mail.parse.styles.lengths import Length
from flexmaild.mail.parse.styles.properties import apply_declaration
from flexmaild.mail.parse.styles.text_properties import SYMBOL_FONTS

# These hide all that is inside, and nothing inside can undo it.
FOR_GOOD: Final = DISPLAY | OPACITY

# Smaller text is not typed and read by a person; below the second nothing is seen at all.
READABLE_SIZE, SEEN_SIZE, LARGEST_SIZE = 6.0, 2.0, 200.0
_LONGEST_STYLE = 4096  # Word's longest in the collections has 600 characters
_LONGEST_CACHED = 600


@dataclass(frozen=True, slots=True)
class Judgment:
    """What one list of declarations says about the text of its element.

    `hides` and `declares` are groups; `sizes` may be relative to the parent's; `shift` is how far it moves
    the text to the right, `indent` how far the first line hangs out to the left.
    """

    doubt: bool = False
    moves: bool = False  # may cover, or lie under, text of other elements
    paints: bool = False  # has a background or a border of its own
    boxed: bool = False  # its box may be smaller than its text, which then stands on the parent's ground
    clips: bool = False  # cuts off what its box has no room for
    sized: bool = False  # its box does not grow with its text
    tight: bool | None = None  # its lines may lie on those above; None where it says nothing of them
    outdent: bool = False  # a margin that is a little less than nothing, as Outlook's tables have
    backwards: bool = False  # from right to left, where a first line hangs out to the right
    placed: bool = False  # has a position, so that an offset moves it
    offset: float = 0.0
    hides: int = 0
    declares: int = 0
    important: int = 0
    colours: tuple[Colour, ...] | None = None
    grounds: tuple[Colour, ...] | None = None
    colour_important: bool = False
    ground_important: bool = False
    sizes: tuple[Length, ...] = ()
    size_important: bool = False
    display: str = ""  # "block", "inline", "cell"
    space: str = ""  # "pre", "pre-wrap", "nowrap", "normal"
    shift: float = 0.0
    left: float | None = None  # margin, border and padding; None where it says nothing of them
    indent: float = 0.0
    symbols: bool | None = None  # a font whose letters are pictures
    plain: bool = False  # an element with it looks like one without; nothing needs to be tracked


DOUBTFUL: Final = Judgment(doubt=True)


def _is_plain(declared: Declared) -> bool:
    """Whether nothing is noted that changes how text looks or where it stands, but for what hides it and the
    lengths at its left."""
    boxes = (
        declared.clips,
        declared.sized,
        declared.placed,
        declared.tight,
        declared.outdent,
        declared.offset,
        declared.backwards,
    )
    colours_and_fonts = (declared.colours, declared.grounds, declared.sizes, declared.symbols)
    layout = (declared.display, declared.space, declared.indent, declared.moves, declared.shows)
    return not any((*boxes, *colours_and_fonts, *layout, declared.important, declared.doubt))


def _finished(declared: Declared) -> Judgment:
    hides = hiding_groups(declared)
    told = declared.margin is not None or declared.padding is not None
    left = (declared.margin or 0.0) + (declared.padding or 0.0) + declared.border
    return Judgment(
        plain=not (hides or left) and _is_plain(declared),
        doubt=declared.doubt,
        moves=declared.moves,
        paints=declared.paints,
        boxed=declared.boxed and bool(declared.grounds),
        clips=declared.clips,
        sized=declared.sized,
        tight=declared.tight,
        outdent=declared.outdent,
        backwards=declared.backwards,
        placed=declared.placed,
        offset=declared.offset,
        hides=hides,
        declares=declared.hides | declared.shows,
        important=declared.important,
        colours=tuple(declared.colours[:4]) if declared.colours else None,
        grounds=tuple(declared.grounds[:4]) if declared.grounds else None,
        colour_important=declared.colour_important,
        ground_important=declared.ground_important,
        sizes=tuple(declared.sizes[:4]),
        size_important=declared.size_important,
        display=declared.display,
        space=declared.space,
        shift=left + max(0.0, declared.indent),
        left=left if told else None,
        indent=max(0.0, -declared.indent),
        symbols=declared.symbols,
    )


def judge_style(style: str) -> Judgment:
    """The judgment of a `style` attribute."""
    if len(style) <= _LONGEST_CACHED:
        return _cached(style)
    return _judged(style) if len(style) <= _LONGEST_STYLE else DOUBTFUL


@lru_cache(maxsize=2048)
def _cached(style: str) -> Judgment:
    return _judged(style)


def _judged(style: str) -> Judgment:
    try:
        return judge(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True))
    except (ValueError, RecursionError, ArithmeticError):
        return DOUBTFUL  # a number of 5,000 digits, or brackets within brackets


def judge(content: Iterable[Node]) -> Judgment:
    """The judgment of what tinycss2 found in a style attribute or between the braces of a rule."""
    declared = Declared()
    for node in content:
        if node.type != "declaration":
            declared.doubt = True
            continue
        apply_declaration(declared, node)
    return _finished(declared)


# HTML, "rules for parsing a legacy font size"; signs count from 3.
_FONT_SIZES = {1: 10.0, 2: 13.0, 3: 16.0, 4: 18.0, 5: 24.0, 6: 32.0, 7: 48.0}
_STEPS = frozenset("1234567")


@lru_cache(maxsize=512)
def judge_font(colour: str, size: str, face: str) -> Judgment:
    """`<font color size face>`, each empty where it is not there."""
    declared = Declared()
    if colour:
        found = attribute_colour(colour)
        declared.doubt = found is None
        if found is not None:
            declared.colours.append(found)
    if size:
        step = size.strip()
        number = int(step) if step.lstrip("+-") in _STEPS else 0
        declared.doubt = declared.doubt or not number
        declared.sizes.append(Length(_FONT_SIZES[max(1, min(7, 3 + number if step[:1] in "+-" else number))]))
    if face:
        declared.symbols = face.strip(" '\"").lower().startswith(SYMBOL_FONTS)
    return _finished(declared)


@lru_cache(maxsize=512)
def judge_ground(colour: str) -> Judgment:
    """`bgcolor`, which body, tables and their parts may have."""
    found = attribute_colour(colour)
    return DOUBTFUL if found is None else Judgment(grounds=(found,), paints=True)


@lru_cache(maxsize=512)
def judge_colour(colour: str) -> Judgment:
    """`<body text>`."""
    found = attribute_colour(colour)
    return DOUBTFUL if found is None else Judgment(colours=(found,))
