"""What one element changes of the text style that it inherits, declaration by declaration.

Called by `mail.parse.styles.element_style` in the order of the cascade: the element itself, its attributes,
rules that may or may not win, its inline style, rules that win over that. What rules leave open makes more
colours and sizes possible, or is doubt. Never raises.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from flexmaild.mail.parse.elements import (
    BOXES,
    INDENTED,
    LARGER,
    PREFORMATTED,
    REMARKABLE,
    SMALLER,
    STRUCK_OUT,
)
from flexmaild.mail.parse.shown import words
from flexmaild.mail.parse.styles.colours import BLACK, YELLOW
from flexmaild.mail.parse.styles.declared import AWAY, STRUCK, VISIBILITY
from flexmaild.mail.parse.styles.lengths import Length
from flexmaild.mail.parse.styles.paints import Paint, behind, boxed, merged, painted
from flexmaild.mail.parse.styles.style_sheets import Rule
from flexmaild.mail.parse.styles.text_style import TextStyle
from flexmaild.mail.parse.styles.visibility import (
    FOR_GOOD,
    LARGEST_SIZE,
    READABLE_SIZE,
    SEEN_SIZE,
    Judgment,
    judge_colour,
)

# A desktop's window; what stands further to the right is not seen without scrolling.
_WIDEST = 900.0
_RAISED = 12.0
# Letters so large that they reach into the line above; Outlook's headings have 21, web pages' 32.
_LARGE = 36.0
_DOUBTED = frozenset(words("hidden popover cellpadding cellspacing border hspace vspace width height"))


class StyleChange:
    """The text style of an element while it is computed."""

    def __init__(self, outer: TextStyle, tag: str, doubtful: bool, box: str) -> None:
        self.outer = outer
        self.box = box
        self.paints_before = [behind(paint, box) for paint in outer.paints]
        self.paints_inside = self.paints_before
        self.doubt = outer.doubt or doubtful
        self.away = outer.away
        self.least, self.most = outer.least, outer.most
        self.shift, self.room = outer.shift, outer.room
        self.space, self.symbols, self.tight = outer.space, outer.symbols, outer.tight
        self.backwards = outer.backwards
        self.display = ""
        self.moves = self.paints = False
        if tag in REMARKABLE:
            self._by_tag(tag)

    def _by_tag(self, tag: str) -> None:
        factor = SMALLER.get(tag)
        if factor is not None:
            self.least *= factor
        self.most *= LARGER.get(tag, 1.0)
        self.space = PREFORMATTED.get(tag, self.space)
        if tag in INDENTED:
            self.shift += 40
        elif tag in STRUCK_OUT:
            self.away |= STRUCK
        elif tag == "mark":
            self.paints_inside = [Paint((BLACK,), (YELLOW,), p.links, p.boxed) for p in self.paints_inside]
        elif tag == "a":
            self.paints_inside = [replace(p, colours=merged(p.colours, p.links)) for p in self.paints_inside]
        elif tag == "table":
            self._by_table()

    def _by_table(self) -> None:
        """Without a doctype a table takes nothing but the body's colour from what is around it."""
        self.paints_inside = [
            replace(paint, colours=merged(paint.colours, body.colours))
            for paint, body in zip(self.paints_inside, self.outer.body, strict=True)
        ]
        self.least, self.most = min(self.least, 16.0), max(self.most, 16.0)
        if self.away & STRUCK:
            self.away, self.doubt = self.away & ~STRUCK, True

    def replace_by(self, judgment: Judgment) -> None:
        """Applies an attribute or an inline style, which wins over all that was inherited."""
        self._note_effects(judgment)
        self.paints_inside = [painted(p, o, judgment, False) for p, o in self._pairs()]
        if judgment.sizes:
            self._size(judgment.sizes, True)
        if judgment.symbols is not None:
            self.symbols = judgment.symbols
        if judgment.tight is not None:
            self.tight = judgment.tight
        self.backwards = self.backwards or judgment.backwards
        self.space = judgment.space or self.space
        self.display = judgment.display or self.display
        self._shift(judgment)
        self.room += judgment.left or 0.0

    def _shift(self, judgment: Judgment) -> None:
        """Moves text to the right; lengths in letters were taken for letters of 16 pixels."""
        self.shift += judgment.shift * max(1.0, self.most / 16)

    def add(self, rule: Rule) -> None:
        """Applies a rule of a sheet, which may or may not win."""
        judgment = rule.judgment
        self._note_effects(judgment)
        self.doubt = self.doubt or bool(judgment.hides) or bool(judgment.symbols)
        self.paints_inside = [
            painted(p, o, judgment, True) if at or not rule.dark else p
            for at, (p, o) in enumerate(self._pairs())
        ]
        if judgment.sizes:
            self._size(judgment.sizes, False)
        if judgment.space in ("pre", "nowrap") and self.space != "pre":
            self.space = "nowrap"
        self._shift(judgment)
        self.tight = self.tight or bool(judgment.tight)

    def add_important(self, rule: Rule) -> None:
        """Applies a rule that wins over an inline style as well."""
        judgment = rule.judgment
        if judgment.colour_important or judgment.ground_important:
            self.paints_inside = [
                painted(p, o, judgment, not (rule.dark and at)) if at or not rule.dark else p
                for at, (p, o) in enumerate(self._pairs())
            ]
        if judgment.size_important:
            self._size(judgment.sizes, False)

    def _pairs(self) -> Iterable[tuple[Paint, Paint]]:
        return zip(self.paints_inside, self.paints_before, strict=True)

    def _note_effects(self, judgment: Judgment) -> None:
        self.doubt = self.doubt or judgment.doubt
        self.moves = self.moves or judgment.moves
        self.paints = self.paints or judgment.paints
        undone = self.away & judgment.declares & ~judgment.hides
        if judgment.moves:
            undone |= self.away & AWAY
        if undone:
            self.away, self.doubt = self.away & ~undone, True

    def _size(self, sizes: tuple[Length, ...], replaces: bool) -> None:
        least, most = self.outer.least, self.outer.most
        low = min(s.value * least if s.relative else s.value for s in sizes)
        high = max(_at_least_six_pixels(s.value * most) if s.relative else s.value for s in sizes)
        self.least = low if replaces else min(self.least, low)
        self.most = high if replaces else max(self.most, high)

    def hide(self, inline: Judgment, rules: Sequence[Rule]) -> None:
        """Applies what an inline style hides; an important rule may undo that, then it is doubtful."""
        hides = inline.hides
        if not hides:
            return
        if any(rule.judgment.important & hides for rule in rules) or hides & FOR_GOOD:
            self.doubt = True
            hides = 0
        self.away |= hides & (VISIBILITY | STRUCK | AWAY)

    def finish(
        self, tag: str, attributes: dict[str, str | None], inline: Judgment | None, rules: Sequence[Rule]
    ) -> None:
        if not attributes.keys().isdisjoint(_DOUBTED):
            self.doubt = True
        if "nowrap" in attributes and tag in ("td", "th") and not self.space:
            self.space = "nowrap"
        if tag == "pre" and "wrap" in attributes and self.space == "pre":
            self.space = "pre-wrap"  # Thunderbird's quoted plain text
        if any(rule.judgment.display == "inline" for rule in rules) and tag in BOXES:
            self.doubt = True
        if tag == "body" and not {"link", "vlink", "alink"}.isdisjoint(attributes):
            self._links(attributes)
        judged = [rule.judgment for rule in rules]
        self._check_hanging(inline, judged)
        self._check_combinations([*judged, inline] if inline is not None else judged, tag)

    def _check_combinations(self, judged: list[Judgment], tag: str) -> None:
        """Checks declarations that have an effect only together, perhaps in different rules."""
        if any(j.clips for j in judged) and any(j.sized for j in judged):
            self.doubt = True
        offset = max((j.offset for j in judged), default=0.0)
        if offset and any(j.placed for j in judged):
            self.doubt = True
            # Word raises text by a few points; that covers nothing if it has no ground of its own.
            self.moves = self.moves or offset > _RAISED
            self.tight = True
        inline = self.display == "inline" or (tag not in BOXES and self.display != "block")
        if any(j.outdent for j in judged) and inline:
            self.doubt = self.moves = self.paints = True  # one after the other they go far to the left
        if inline and any(j.sized for j in judged):
            self.tight = True  # what does not fit into it lies on what is beside it
        self._check_crowding(inline and any(j.grounds for j in judged))

    def _check_crowding(self, on_its_line: bool) -> None:
        """A ground behind words, or words that are not to be seen, may cover a line that is too close."""
        if self.tight or self.most > _LARGE:
            unseen = not all(paint.readable() for paint in self.paints_inside)
            self.moves = self.moves or on_its_line or unseen
            self.paints = self.paints or on_its_line

    def _links(self, attributes: dict[str, str | None]) -> None:
        values = [value for name in ("link", "vlink") if (value := attributes.get(name))]
        judgments = [judge_colour(value) for value in values]
        self.doubt = self.doubt or any(judgment.doubt for judgment in judgments)
        links = tuple(colour for judgment in judgments for colour in judgment.colours or ())
        self.paints_inside = [replace(p, links=links or p.links) for p in self.paints_inside]

    def _check_hanging(self, inline: Judgment | None, judged: list[Judgment]) -> None:
        """A first line that hangs out to the left, as in lists, needs room there."""
        lefts = [judgment.left for judgment in judged if judgment.left is not None]
        if inline is None or inline.left is None:
            self.room += min(lefts, default=0.0)
        indent = max(
            [judgment.indent for judgment in judged] + [inline.indent if inline is not None else 0.0]
        )
        indent *= max(1.0, self.most / 16)
        self.backwards = self.backwards or any(judgment.backwards for judgment in judged)
        if self.room - indent < -8 or self.room < -8 or (indent and self.backwards):
            self.doubt = True
            self.moves = self.moves or indent > 0

    def text_style(self, tag: str) -> TextStyle:
        outer = self.outer
        paints = tuple(self.paints_inside)
        if self.box != "inline":
            paints = tuple(boxed(paint, self.box) for paint in paints)
        hidden = bool(self.away) or self.most < SEEN_SIZE
        legible = (
            not (self.doubt or hidden)
            and self.least >= READABLE_SIZE
            and self.most <= LARGEST_SIZE
            and self.shift <= _WIDEST
            and all(paint.readable() for paint in paints)
        )
        return TextStyle(
            paints,
            paints if tag == "body" else outer.body,
            self.doubt,
            self.away,
            self.least,
            self.most,
            self.shift,
            self.room,
            self.space,
            self.symbols,
            self.tight,
            self.backwards,
            hidden,
            legible,
            any(paint.grounds != paint.boxed for paint in paints),
        )


def _at_least_six_pixels(size: float) -> float:
    """The size as Chromium shows it: a relative one has 6 pixels at least, unless it is 0."""
    return max(size, 6.0) if size > 0 else size
