"""How text looks at a place of a page: what is inherited, and what an element changes of it.

Called by `mail.parse.html` for each element that has attributes, rules of a style sheet or a look of its
own. A look holds all colours and sizes that are possible, because which rule of a sheet wins is not worked
out: text is certain only where it can be read in every case. Frozen, so that elements share it; never
raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from flexmaild.mail.parse.colours import BLACK, INHERITED, LINK, WHITE, YELLOW, Colour, over, readable
from flexmaild.mail.parse.lengths import Length
from flexmaild.mail.parse.properties import AWAY, DISPLAY, STRUCK, VISIBILITY
from flexmaild.mail.parse.shown import words
from flexmaild.mail.parse.style_sheets import Rule
from flexmaild.mail.parse.visibility import (
    DOUBTFUL,
    FOR_GOOD,
    LARGEST_SIZE,
    READABLE_SIZE,
    SEEN_SIZE,
    Judgment,
    judge_colour,
    judge_font,
    judge_ground,
    judge_style,
)

# A desktop's window; what stands further to the right is not seen without scrolling.
_WIDEST = 900.0
_MOST_COLOURS = 8
_RAISED = 12.0
# Letters so large that they reach into the line above; Outlook's headings have 21, web pages' 32.
_LARGE = 36.0
# What Outlook's autocorrection makes of :-) :-| :-( --> <-- ==> <== <=>: letters of a font of pictures.
_DRAWN = {
    "J": "☺",
    "K": "😐",
    "L": "☹",
    "à": "→",
    "ß": "←",
    "è": "⇒",
    "ç": "⇐",
    "ó": "⇔",
    # And the marks of its lists.
    "l": "●",
    "n": "■",
    "o": "□",
    "q": "❑",
    "v": "❖",
    "§": "▪",
    "Ø": "➢",
    "ü": "✓",
    "û": "✗",
}


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


@dataclass(frozen=True, slots=True, eq=False)
class Look:
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

    def doubted(self) -> Look:
        return replace(self, doubt=True, legible=False)


def drawn(text: str) -> str | None:
    """What text in a font of pictures shows: Outlook's own few, or a mark; None where that is not known."""
    bare = text.strip()
    if bare in _DRAWN:
        return text.replace(bare, _DRAWN[bare])
    return text if len(bare) <= 1 and not bare.isalnum() else None


_LIGHT = Look((Paint(),), (Paint(),))
_LIGHT_AND_DARK = Look((Paint(), Paint()), (Paint(), Paint()))


def first_look(dark: bool) -> Look:
    """The look of a page before anything is said of it: the same object for all pages, see `_kept`."""
    return _LIGHT_AND_DARK if dark else _LIGHT


_SMALLER = {
    **dict.fromkeys(("small", "sub", "sup", "h5", "big"), 0.83),
    **dict.fromkeys(("code", "tt", "kbd", "samp", "pre", "listing", "xmp", "plaintext", "textarea"), 0.81),
    "h6": 0.67,
}
_LARGER = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "big": 1.2}
_PREFORMATTED = {
    "nobr": "nowrap",
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext"), "pre"),
    "textarea": "pre-wrap",
}
_INDENTED = frozenset(("ul", "ol", "blockquote", "dd", "menu", "dir"))
# Elements that make lines of their own, and those that share one but have a box.
BLOCKS = frozenset(
    words(
        "address article aside blockquote body caption center dd details dialog dir div dl dt"
        " fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li"
        " listing main menu nav ol optgroup option p plaintext pre search section summary table tbody"
        " tfoot thead tr ul xmp"
    )
)
CELLS = frozenset(("td", "th"))
_BOXES = BLOCKS | CELLS
# Elements that look unlike their parent without any attribute.
REMARKABLE = (
    frozenset((*_SMALLER, *_LARGER, *_PREFORMATTED))
    | _INDENTED
    | frozenset(("s", "strike", "del", "mark", "a", "table", "body"))
)
_STRUCK = frozenset(("s", "strike", "del"))


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The look inside an element, how it is displayed, and whether it may lie on text of others."""

    look: Look
    display: str = ""
    moves: bool = False
    paints: bool = False


_DOUBTED = frozenset(words("hidden popover cellpadding cellspacing border hspace vspace width height"))


# What of an element's attributes has a part in its look.
_TELLING = frozenset(
    words("style hidden popover color size face bgcolor background text link vlink alink wrap nowrap")
)
_LONGEST_KEPT, _LONGEST_VALUE = 600, 200
# Of these only what is large: how far text may be moved by it.
_LENGTHS = {
    **dict.fromkeys(("cellpadding", "cellspacing", "border", "hspace", "vspace"), 99),
    "width": 900,
    "height": 300,
}


def _tells(name: str, value: str | None) -> bool:
    if name == "dir":
        return value is not None and value.lower() == "rtl"
    return name in _TELLING or (name in _LENGTHS and value is not None and _is_large(name, value[:20]))


@lru_cache(maxsize=512)
def _is_large(name: str, value: str) -> bool:
    """Whether an attribute's length is more than it should be; what is no number is left to the browser."""
    digits = value.strip().partition(".")[0].rstrip("%px ")
    most = 100 if "%" in value else _LENGTHS[name]
    return len(digits) > 2 and (not digits.isdecimal() or len(digits) > 5 or int(digits) > most)


def look_of(
    outer: Look, tag: str, attributes: dict[str, str | None], rules: tuple[Rule, ...], doubtful: bool
) -> Found | None:
    """The look inside an element; None where all that is in it is hidden for good."""
    told = tuple([item for item in attributes.items() if _tells(*item)]) if attributes else ()
    if not told and not rules and not doubtful and not outer.split and tag not in REMARKABLE:
        return Found(outer)
    for _, value in told:
        if value is not None and len(value) > _LONGEST_KEPT:
            return _worked_out(outer, tag, told, rules, doubtful)
    return _kept(outer, tag, told, rules, doubtful)


def _worked_out(
    outer: Look,
    tag: str,
    told: tuple[tuple[str, str | None], ...],
    rules: tuple[Rule, ...],
    doubtful: bool,
) -> Found | None:
    attributes = dict(told)
    style = attributes.get("style")
    inline = judge_style(style) if style else None
    like_outer = not (rules or doubtful or outer.split or tag in REMARKABLE)
    if like_outer and len(told) == 1 and inline is not None and inline.plain:
        return Found(outer)
    if _is_hidden(attributes, inline, rules):
        return None
    change = _Change(outer, tag, doubtful, _box(tag, inline, rules))
    for judgment in _attribute_judgments(tag, attributes):
        change.replace_by(judgment)
    for rule in rules:
        change.add(rule)
    if inline is not None:
        change.replace_by(inline)
        change.hide(inline, rules)
    for rule in rules:
        change.add_important(rule)
    change.finish(tag, attributes, inline, rules)
    return Found(change.look(tag), change.display, change.moves, change.paints)


# Mails of one program have the same elements within the same elements: nearly all looks are known already.
_kept = lru_cache(maxsize=2048)(_worked_out)


def _is_hidden(attributes: dict[str, str | None], inline: Judgment | None, rules: Sequence[Rule]) -> bool:
    """Whether nothing inside can be seen. What another declaration may undo is not hidden, but doubtful."""
    hides = inline.hides & FOR_GOOD if inline is not None else 0
    if hides and not any(rule.judgment.important & hides for rule in rules):
        return True
    if "hidden" in attributes:
        told = [rule.judgment for rule in rules] + ([inline] if inline is not None else [])
        return not any(judgment.declares & DISPLAY and not judgment.hides & DISPLAY for judgment in told)
    return False


def _attribute_judgments(tag: str, attributes: dict[str, str | None]) -> list[Judgment]:
    found: list[Judgment] = []
    if any(
        value is not None and len(value) > _LONGEST_VALUE
        for name, value in attributes.items()
        if name != "style"
    ):
        return [DOUBTFUL]  # and no place in a cache
    if tag == "font":
        values = [attributes.get(name) or "" for name in ("color", "size", "face")]
        found.append(judge_font(*values))
    if ground := attributes.get("bgcolor"):
        found.append(judge_ground(ground))
    if attributes.get("background"):
        found.append(Judgment(doubt=True, paints=True))
    if (attributes.get("dir") or "").lower() == "rtl":
        found.append(Judgment(backwards=True))
    if tag == "body" and (colour := attributes.get("text")):
        found.append(judge_colour(colour))
    return found


def _box(tag: str, inline: Judgment | None, rules: Sequence[Rule]) -> str:
    """Whether an element is a "box", part of a line ("inline"), or we do not say ("either")."""
    displays = {rule.judgment.display for rule in rules} | {inline.display if inline is not None else ""}
    displays.discard("")
    if tag in _BOXES:
        return "either" if "inline" in displays else "box"
    return "either" if displays else "inline"


class _Change:
    """The look of an element while it is worked out."""

    def __init__(self, outer: Look, tag: str, doubtful: bool, box: str) -> None:
        self.outer = outer
        self.box = box
        self.paints_before = [_behind(paint, box) for paint in outer.paints]
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
        factor = _SMALLER.get(tag)
        if factor is not None:
            self.least *= factor
        self.most *= _LARGER.get(tag, 1.0)
        self.space = _PREFORMATTED.get(tag, self.space)
        if tag in _INDENTED:
            self.shift += 40
        elif tag in _STRUCK:
            self.away |= STRUCK
        elif tag == "mark":
            self.paints_inside = [Paint((BLACK,), (YELLOW,), p.links, p.boxed) for p in self.paints_inside]
        elif tag == "a":
            self.paints_inside = [replace(p, colours=_merged(p.colours, p.links)) for p in self.paints_inside]
        elif tag == "table":
            self._by_table()

    def _by_table(self) -> None:
        """Without a doctype a table takes nothing but the body's colour from what is around it."""
        self.paints_inside = [
            replace(paint, colours=_merged(paint.colours, body.colours))
            for paint, body in zip(self.paints_inside, self.outer.body, strict=True)
        ]
        self.least, self.most = min(self.least, 16.0), max(self.most, 16.0)
        if self.away & STRUCK:
            self.away, self.doubt = self.away & ~STRUCK, True

    def replace_by(self, judgment: Judgment) -> None:
        """By an attribute or an inline style, which wins over all that was inherited."""
        self._mark(judgment)
        self.paints_inside = [_painted(p, o, judgment, False) for p, o in self._pairs()]
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
        """To the right; lengths in letters were taken for letters of 16 pixels."""
        self.shift += judgment.shift * max(1.0, self.most / 16)

    def add(self, rule: Rule) -> None:
        """By a rule of a sheet, which may or may not win."""
        judgment = rule.judgment
        self._mark(judgment)
        self.doubt = self.doubt or bool(judgment.hides) or bool(judgment.symbols)
        self.paints_inside = [
            _painted(p, o, judgment, True) if at or not rule.dark else p
            for at, (p, o) in enumerate(self._pairs())
        ]
        if judgment.sizes:
            self._size(judgment.sizes, False)
        if judgment.space in ("pre", "nowrap") and self.space != "pre":
            self.space = "nowrap"
        self._shift(judgment)
        self.tight = self.tight or bool(judgment.tight)

    def add_important(self, rule: Rule) -> None:
        """By a rule that wins over an inline style as well."""
        judgment = rule.judgment
        if judgment.colour_important or judgment.ground_important:
            self.paints_inside = [
                _painted(p, o, judgment, not (rule.dark and at)) if at or not rule.dark else p
                for at, (p, o) in enumerate(self._pairs())
            ]
        if judgment.size_important:
            self._size(judgment.sizes, False)

    def _pairs(self) -> Iterable[tuple[Paint, Paint]]:
        return zip(self.paints_inside, self.paints_before, strict=True)

    def _mark(self, judgment: Judgment) -> None:
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
        high = max(_grown(s.value * most) if s.relative else s.value for s in sizes)
        self.least = low if replaces else min(self.least, low)
        self.most = high if replaces else max(self.most, high)

    def hide(self, inline: Judgment, rules: Sequence[Rule]) -> None:
        """By an inline style; a rule that is important may undo it, then it is doubtful."""
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
        if any(rule.judgment.display == "inline" for rule in rules) and tag in _BOXES:
            self.doubt = True
        if tag == "body" and not {"link", "vlink", "alink"}.isdisjoint(attributes):
            self._links(attributes)
        judged = [rule.judgment for rule in rules]
        self._hang(inline, judged)
        self._together([*judged, inline] if inline is not None else judged, tag)

    def _together(self, judged: list[Judgment], tag: str) -> None:
        """Declarations that do something only beside each other, perhaps in different rules."""
        if any(j.clips for j in judged) and any(j.sized for j in judged):
            self.doubt = True
        offset = max((j.offset for j in judged), default=0.0)
        if offset and any(j.placed for j in judged):
            self.doubt = True
            # Word raises text by a few points; that covers nothing if it has no ground of its own.
            self.moves = self.moves or offset > _RAISED
            self.tight = True
        inline = self.display == "inline" or (tag not in _BOXES and self.display != "block")
        if any(j.outdent for j in judged) and inline:
            self.doubt = self.moves = self.paints = True  # one after the other they go far to the left
        if inline and any(j.sized for j in judged):
            self.tight = True  # what does not fit into it lies on what is beside it
        self._crowd(inline and any(j.grounds for j in judged))

    def _crowd(self, on_its_line: bool) -> None:
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

    def _hang(self, inline: Judgment | None, judged: list[Judgment]) -> None:
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

    def look(self, tag: str) -> Look:
        outer = self.outer
        paints = tuple(self.paints_inside)
        if self.box != "inline":
            paints = tuple(_boxed(paint, self.box) for paint in paints)
        hidden = bool(self.away) or self.most < SEEN_SIZE
        legible = (
            not (self.doubt or hidden)
            and self.least >= READABLE_SIZE
            and self.most <= LARGEST_SIZE
            and self.shift <= _WIDEST
            and all(paint.readable() for paint in paints)
        )
        return Look(
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


def _grown(size: float) -> float:
    """Chromium shows no relative size smaller than 6 pixels, unless it is 0."""
    return max(size, 6.0) if size > 0 else size


def _merged(colours: tuple[Colour, ...], more: tuple[Colour, ...]) -> tuple[Colour, ...]:
    merged = tuple(dict.fromkeys((*colours, *more)))
    # Beyond a bound nothing is certain: a colour on itself cannot be read.
    return merged if len(merged) <= _MOST_COLOURS else (WHITE, BLACK)


def _painted(paint: Paint, outer: Paint, judgment: Judgment, adds: bool) -> Paint:
    """The paint after a judgment's colours; INHERITED stands for the parent's."""
    if judgment.colours is None and judgment.grounds is None:
        return paint
    colours, grounds = paint.colours, paint.grounds
    if judgment.colours is not None:
        own = _known(judgment.colours, outer.colours)
        colours = _merged(colours, own) if adds else own
    if judgment.grounds is not None:
        behind = outer.grounds
        own = tuple(over(top, ground) for top in _known(judgment.grounds, behind) for ground in behind)
        keeps = adds or judgment.boxed
        grounds = _merged(grounds if adds else behind, own) if keeps else _merged((), own)
    return Paint(colours, grounds, paint.links, paint.boxed)


def _behind(paint: Paint, box: str) -> Paint:
    """What is behind an element before it has a ground of its own."""
    if box == "inline" or paint.grounds == paint.boxed:
        return paint
    return replace(paint, grounds=paint.boxed if box == "box" else _merged(paint.grounds, paint.boxed))


def _boxed(paint: Paint, box: str) -> Paint:
    """What is behind the blocks within an element."""
    if paint.grounds == paint.boxed:
        return paint
    return replace(paint, boxed=paint.grounds if box == "box" else _merged(paint.grounds, paint.boxed))


def _known(own: tuple[Colour, ...], inherited: tuple[Colour, ...]) -> tuple[Colour, ...]:
    return tuple(c for colour in own for c in (inherited if colour == INHERITED else (colour,)))
