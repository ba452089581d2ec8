"""Where a person can type, and how typed text stands in a quoted mail: as lines of text and as HTML."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.layouts.mime import escape
from tests.layouts.model import Draft
from tests.layouts.pages import Wrap, anchor, insert, nodes, split


@dataclass(frozen=True, slots=True)
class Place:
    """Slots with the lines typed there; {answer} and {extra} are filled in. In reading order."""

    name: str
    slots: dict[str, tuple[str, ...]]
    anchor: float = 0.5
    signature: bool = False

    @property
    def has_extra(self) -> bool:
        return any("{extra}" in line for lines in self.slots.values() for line in lines)

    def draft(self, answer: str, extra: str, reject: bool = False) -> Draft:
        filled = {
            slot: tuple(line.format(answer=answer, extra=extra) for line in lines)
            for slot, lines in self.slots.items()
        }
        return Draft(self.name, filled, self.anchor, self.signature, reject)


def _on_top(name: str, slot: str, at: float = 0.5, signature: bool = False) -> Place:
    return Place(name, {"top": ("{answer}",), slot: ("{extra}",)}, at, signature)


_INSIDE = ("q-own", "q-tight", "q-break", "q-append", "q-colour", "q-prepend", "q-word", "q-marked")
_MIDDLES = (0.12, 0.4, 0.65, 0.9)

PLACES: tuple[Place, ...] = (
    Place("plain", {"top": ("{answer}",)}),
    Place("plain-signed", {"top": ("{answer}",)}, signature=True),
    Place("plain-dot", {"top": ("{answer}.", "")}),
    Place("line", {"top": ("{answer} {extra}",)}),
    Place("line-dash", {"top": ("{answer} - {extra}",)}),
    Place("next", {"top": ("{answer}", "{extra}")}),
    Place("next-signed", {"top": ("{answer}", "{extra}", "")}, signature=True),
    Place("blank", {"top": ("{answer}", "", "{extra}")}),
    Place("blanks", {"top": ("{answer}", "", "", "{extra}", "")}),
    _on_top("below-signature", "after-signature", signature=True),
    _on_top("in-signature", "in-signature"),
    _on_top("signature-end", "signature-end", signature=True),
    _on_top("below-mobile", "after-mobile"),
    Place("glued", {"top": ("{answer}",), "glued": ("{extra}",)}),
    Place("glued-answer", {"glued": ("{answer} {extra}",)}),
    _on_top("under-attribution", "under-attribution"),
    _on_top("header-end", "header-end"),
    _on_top("container", "container"),
    _on_top("quote-start", "q-start"),
    *(
        _on_top(f"{slot.replace('q-', 'quote-')}-{int(at * 100)}", slot, at)
        for slot in _INSIDE
        for at in (_MIDDLES if slot in ("q-own", "q-tight") else _MIDDLES[1:3])
    ),
    _on_top("quote-cell-30", "q-cell", 0.3),
    _on_top("quote-cell-80", "q-cell", 0.8),
    _on_top("quote-end", "q-end"),
    _on_top("quote-reference", "q-reference"),
    _on_top("split-20", "split", 0.2),
    _on_top("split-60", "split", 0.6),
    _on_top("split-table", "split-table"),
    _on_top("below", "below"),
    _on_top("below-blank", "below-blank"),
    _on_top("below-dashes", "below-dashes", signature=True),
    Place("bottom", {"bottom": ("{answer}",)}),
    Place("bottom-line", {"bottom": ("{answer} {extra}",)}),
    Place("bottom-next", {"bottom": ("{answer}", "{extra}")}),
    Place("bottom-blank", {"bottom": ("{answer}", "", "{extra}")}),
    Place("bottom-top", {"top": ("{extra}",), "bottom": ("{answer}",)}),
    Place("bottom-inside", {"q-own": ("{extra}",), "bottom": ("{answer}",)}),
    Place("pre", {"pre": ("{answer}",)}),
    Place("pre-line", {"pre": ("{answer} {extra}",)}),
    Place("pre-next", {"pre": ("{answer}", "{extra}")}),
    Place("pre-above-hint", {"pre": ("{answer}",), "p-hint": ("{extra}",)}),
    Place("pre-hint-end", {"pre": ("{answer}",), "p-hint-end": ("{extra}",)}),
    Place("pre-between", {"pre": ("{answer}",), "p-guard": ("{extra}",)}),
    Place("pre-guard-end", {"pre": ("{answer}",), "p-guard-end": ("{extra}",)}),
    Place("pre-above-reference", {"pre": ("{answer}",), "p-reference": ("{extra}",)}),
    Place("pre-reference-end", {"pre": ("{answer}",), "p-reference-end": ("{extra}",)}),
    Place("pre-below", {"pre": ("{answer}",), "p-below": ("{extra}",)}),
    Place("pre-below-blank", {"pre": ("{answer}",), "p-below-blank": ("{extra}",)}),
    Place("pre-signed", {"pre": ("{answer}",)}, signature=True),
    Place("pre-below-signed", {"pre": ("{answer}",), "p-below": ("{extra}",)}, signature=True),
    Place("pre-below-dashes", {"pre": ("{answer}",), "p-dashes": ("{extra}",)}, signature=True),
)

TEXT_QUOTE = frozenset(
    ["q-start", "q-own", "q-tight", "q-append", "q-prepend", "q-word", "q-marked", "q-end", "q-reference"]
)
HTML_QUOTE = frozenset(
    [
        "q-start",
        "q-own",
        "q-tight",
        "q-break",
        "q-append",
        "q-colour",
        "q-prepend",
        "q-word",
        "q-cell",
        "q-end",
        "q-reference",
    ]
)
TOP = frozenset({"top"})
BOTTOM = frozenset({"below", "below-blank", "bottom"})
SPLIT = frozenset({"split"})
SIGNED = frozenset({"signature", "after-signature", "signature-end"})


def places(slots: frozenset[str]) -> Iterator[Place]:
    """Those that a client with these slots has. A signature needs a slot below it, or its own."""
    for place in PLACES:
        if place.slots.keys() <= slots and (not place.signature or "signature" in slots):
            yield place


def below_lines(draft: Draft) -> tuple[str, ...]:
    """What was typed below the quote, at once or after two empty lines."""
    blank, bottom = draft.at("below-blank"), draft.at("bottom")
    return (*draft.at("below"), *(("", "", *blank) if blank else ()), *(("", *bottom) if bottom else ()))


def quoted_text(
    lines: Sequence[str], draft: Draft, mark: Callable[[str], str], blank: str | None = None
) -> list[str]:
    """The quoted mail as marked lines, with what was typed among them. blank: an empty line's mark."""
    full = [at for at, line in enumerate(lines) if line.strip()]
    at = full[min(int(draft.anchor * len(full)), len(full) - 1)] if full else 0
    out: list[str] = [mark(line) for line in draft.at("q-start")]
    for row, line in enumerate(lines):
        if row == at:
            line = " ".join([*draft.at("q-prepend"), line, *draft.at("q-append")])
        if full and row == full[-1]:
            line = " ".join([line, *draft.at("q-reference")])
        if row == at and draft.at("q-word"):
            words = line.split(" ")
            half = (len(words) + 1) // 2
            out += [mark(" ".join(words[:half])), *draft.at("q-word"), mark(" ".join(words[half:]))]
        else:
            out.append(mark(line) if line or blank is None else blank)
        if row == at:
            out += draft.at("q-tight")
            out += [mark(typed) for typed in draft.at("q-marked")]
            if draft.at("q-own"):
                out += ["", *draft.at("q-own"), ""]
    return [*out, *(mark(line) for line in draft.at("q-end"))]


def quoted_page(page: str, draft: Draft, line: Wrap, close: str = "", reopen: str = "") -> str:
    """The quoted page with what was typed in it. close, reopen: how the client ends its quote and begins
    it again where an answer splits it."""
    node = anchor(page, draft.anchor, cell=bool(draft.at("q-cell")))
    last = nodes(page)[-1]
    blank = line("")
    page_end = [line(typed) for typed in draft.at("q-end")]
    if draft.at("q-reference"):
        page = insert(page, last.end, " " + escape(" ".join(draft.at("q-reference"))))
    for slot, at, form in (
        ("q-own", node.outside(), f"{blank}{{lines}}{blank}"),
        ("q-tight", node.outside(), "{lines}"),
        ("q-break", node.end, "<br>{text}"),
        ("q-append", node.end, " {text}"),
        ("q-colour", node.end, ' <span style="color:#C00000">{text}</span>'),
        ("q-prepend", node.start, "{text} "),
        ("q-word", _middle(page, node.start, node.end), "<br>{text}<br>"),
        ("q-cell", node.end, " {text}"),
    ):
        typed = draft.at(slot)
        if typed:
            lines = "".join(line(each) for each in typed)
            page = insert(page, at, form.format(lines=lines, text=escape(" ".join(typed))))
    for slot, at in (("split", node.outside()), ("split-table", max(page.find("<table"), 0))):
        if draft.at(slot):
            between = "".join(line(typed) for typed in draft.at(slot))
            page = split(page, at, between, close, reopen)
    start = "".join(line(typed) for typed in draft.at("q-start"))
    return start + page + "".join(page_end)


def _middle(page: str, start: int, end: int) -> int:
    space = page.find(" ", (start + end) // 2, end)
    return space if space >= 0 else end
