"""The colours that text may have at a place of a page, and what may be behind it.

Called by `mail.parse.styles.changes`, held by the looks of `mail.parse.styles.text_style`. Rules of a sheet
add to what is possible; beyond a bound nothing is certain. Frozen; never raises.
"""

from dataclasses import dataclass, replace

from flexmaild.mail.parse.styles.colours import BLACK, INHERITED, LINK, WHITE, Colour, over, readable
from flexmaild.mail.parse.styles.visibility import Judgment

_MOST_COLOURS = 8


@dataclass(frozen=True, slots=True)
class Paint:
    """The colours that text may have at a place, and those that may be behind it.

    `boxed` are those behind a block: the ground of a <span> ends where a block within it begins.
    """

    colours: tuple[Colour, ...] = (BLACK,)
    grounds: tuple[Colour, ...] = (WHITE,)
    links: tuple[Colour, ...] = (LINK,)
    boxed: tuple[Colour, ...] = (WHITE,)

    def readable(self) -> bool:
        return all(readable(colour, ground) for colour in self.colours for ground in self.grounds)


def merged(colours: tuple[Colour, ...], more: tuple[Colour, ...]) -> tuple[Colour, ...]:
    found = tuple(dict.fromkeys((*colours, *more)))
    # Beyond a bound nothing is certain: a colour on itself cannot be read.
    return found if len(found) <= _MOST_COLOURS else (WHITE, BLACK)


def painted(paint: Paint, outer: Paint, judgment: Judgment, adds: bool) -> Paint:
    """The paint after a judgment's colours; INHERITED stands for the parent's."""
    if judgment.colours is None and judgment.grounds is None:
        return paint
    colours, grounds = paint.colours, paint.grounds
    if judgment.colours is not None:
        own = _known(judgment.colours, outer.colours)
        colours = merged(colours, own) if adds else own
    if judgment.grounds is not None:
        under = outer.grounds
        own = tuple(over(top, ground) for top in _known(judgment.grounds, under) for ground in under)
        keeps = adds or judgment.boxed
        grounds = merged(grounds if adds else under, own) if keeps else merged((), own)
    return Paint(colours, grounds, paint.links, paint.boxed)


def behind(paint: Paint, box: str) -> Paint:
    """What is behind an element before it has a ground of its own."""
    if box == "inline" or paint.grounds == paint.boxed:
        return paint
    return replace(paint, grounds=paint.boxed if box == "box" else merged(paint.grounds, paint.boxed))


def boxed(paint: Paint, box: str) -> Paint:
    """What is behind the blocks within an element."""
    if paint.grounds == paint.boxed:
        return paint
    return replace(paint, boxed=paint.grounds if box == "box" else merged(paint.grounds, paint.boxed))


def _known(own: tuple[Colour, ...], inherited: tuple[Colour, ...]) -> tuple[Colour, ...]:
    return tuple(c for colour in own for c in (inherited if colour == INHERITED else (colour,)))
