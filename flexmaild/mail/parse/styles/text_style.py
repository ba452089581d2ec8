"""The style of text inside an element: all that its content inherits.

Made by `mail.parse.styles.changes`, read by `mail.parse.styles.element_style` and `mail.parse.html`. A style
holds all colours and sizes that are possible, because which rule of a sheet wins is not worked out: text is
certain only where it can be read in every case. Frozen, so that elements share it; never raises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flexmaild.mail.parse.styles.paints import Paint


@dataclass(frozen=True, slots=True, eq=False)
class TextStyle:
    """What an element hands down to those inside it.

    `paints` has one paint, and a second for dark mode where the page has rules for it. `away` are the groups
    by which text is hidden in a way that something inside may undo. `shift` is how far to the right text
    begins at most, `room` how far at least; `least` and `most` bound the size of its letters.
    """

    paints: tuple[Paint, ...]
    body: tuple[Paint, ...]
    doubt: bool = False
    away: int = 0
    least: float = 16.0
    most: float = 16.0
    shift: float = 0.0
    room: float = 0.0
    space: str = ""
    symbols: bool = False
    tight: bool = False
    backwards: bool = False
    hidden: bool = False
    legible: bool = True
    split: bool = False  # what is behind a block is not what is behind the text before it

    @property
    def breaks(self) -> bool:
        """Whether a line end in the source is one on the page."""
        return self.space in ("pre", "pre-wrap")

    def with_doubt(self) -> TextStyle:
        return replace(self, doubt=True, legible=False)


_LIGHT = TextStyle((Paint(),), (Paint(),))
_LIGHT_AND_DARK = TextStyle((Paint(), Paint()), (Paint(), Paint()))


def initial_text_style(dark: bool) -> TextStyle:
    """The style of a page without any declaration: one object for all pages, so that results can be
    cached."""
    return _LIGHT_AND_DARK if dark else _LIGHT
