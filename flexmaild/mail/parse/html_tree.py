"""A page of HTML as a tree of elements, as browsers read it, unless parsing it would cost too much.

Called by `mail.parse.html` and `mail.parse.all_text`. The parser is quadratic in the depth of nesting, in the
attributes of one tag, and in formatting tags that are never closed (each paragraph repeats them). Small pages
pass by their number of tags alone; the tags of others are followed with a stack, as HTML's own algorithm has
it (HTML 13.2.6), with more depth rather than less where we cannot be exact. Linear; fetches nothing, runs no
script.
"""

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

from flexmaild.mail.parse.shown import words


class TooComplex(ValueError):
    """The page is nested too deep, or otherwise beyond limits: no person typed it."""


_DEEPEST = 400  # the deepest of the collections, a thread of 30 mails, has 130
_FEW_TAGS = 400
_SMALL_PAGE = 40_000
_MOST_ATTRIBUTES = 3_000
_MOST_ATTRIBUTES_OF_ALL = 60_000
# Drawings and formulas nest by other rules; no person types them.
_MOST_TAGS_WITH_DRAWINGS = 800
# How often open formatting tags may be repeated all in all.
_MOST_REPEATED = 200_000

_FORMATTING = frozenset(words("a b big code em font i nobr s small strike strong tt u"))
# Their end is implied by the next of their kind, or they hold nothing.
_IMPLIED = frozenset(
    words(
        "p li dt dd tr td th tbody thead tfoot option optgroup colgroup caption body html head area"
        " base basefont bgsound br col embed frame hr img image input keygen link meta param source"
        " track wbr frameset"
    )
)
_RAW = "script|style|title|textarea|xmp|iframe|noembed|noframes"
_SPECIAL_IMPLIED = frozenset(words("p li dt dd tr td th tbody thead tfoot caption colgroup"))
_CELLS, _ROWS = frozenset(("td", "th", "caption")), frozenset(("tr", "tbody", "thead", "tfoot"))
_ITEMS = {"li": 1, "dd": 2, "dt": 2}
_BORDERS = frozenset(words("applet marquee object table template select button"))
# An end tag of another element (span, o:p …) does not reach through one of these.
_SPECIAL = frozenset(
    words(
        "address article aside blockquote center details dialog dir div dl fieldset figcaption figure"
        " footer form frameset h1 h2 h3 h4 h5 h6 header hgroup listing main menu nav ol pre search"
        " section summary ul noscript plaintext"
    )
)
_TAG = re.compile(
    rf"<(?:!--(?:>|->|.*?--!?>|.*\Z)"
    rf"|[!?][^>]*+|/[^a-z][^>]*+"  # a comment that is none, up to the next ">"; so is <![CDATA[
    rf"|(?P<raw>{_RAW})(?=[\s/>])(?P<rawattrs>[^>]*+)>(?:.*?</(?P=raw)(?=[\s/>])|.*\Z)"
    rf"|(?P<close>/?)(?P<name>[a-z][^\s/>]*+)"
    rf"(?P<attrs>(?:[\s/]++|[^\s/>=][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>\"'][^\s>]*+)?)?+|=)*+))",
    re.IGNORECASE | re.DOTALL,
)
_DRAWING = re.compile(r"<(?:svg|math)", re.IGNORECASE)
_SEPARATOR = re.compile(r"[\s/=]")


@dataclass(slots=True)
class _Open:
    """What is open at a place of the page."""

    stack: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    borders: list[int] = field(default_factory=list)
    specials: list[int] = field(default_factory=list)
    implied: list[tuple[int, str]] = field(default_factory=list)
    in_cell: bool = False
    item: str = ""
    formatting: int = 0
    kept: int = 0  # formatting whose parent was closed before it: it is opened again
    repeated: int = 0
    attributes: int = 0

    def start(self, name: str) -> None:
        if name in _IMPLIED:
            self.repeated += self.formatting + self.kept
            self._implied(name)
            return
        if name == "select" and self.end(name):
            return  # a second start tag is an end tag
        if name == "button" or (name == "table" and self.stack[-1:] == ["table"] and not self.in_cell):
            self.end(name)  # the one that is open ends here
        if name == "table":
            self.in_cell = False
        if name in _BORDERS:
            self.borders.append(len(self.stack))
            self.specials.append(len(self.stack))
        elif name in _SPECIAL:
            self.specials.append(len(self.stack))
        elif name in _FORMATTING:
            self.formatting += 1
        self.stack.append(name)
        self.counts[name] = self.counts.get(name, 0) + 1
        self.repeated += self.formatting + self.kept

    def _implied(self, name: str) -> None:
        if name in _SPECIAL_IMPLIED and self.implied[-1:] != [(len(self.stack), name)]:
            self.implied.append((len(self.stack), name))
        if name in _CELLS:
            self.in_cell = True
        elif name in _ROWS:
            self.in_cell = False
        elif name in _ITEMS:
            # Items of two kinds of list do not end each other.
            self.kept += self.item in _ITEMS and _ITEMS[name] != _ITEMS[self.item]
            self.item = name

    def end(self, name: str) -> bool:
        """Close the element if the tag reaches it; whether it did."""
        self.repeated += self.formatting + self.kept
        if name in _CELLS:
            self.in_cell = False
        if self.implied and self.implied[-1][1] == name:
            self.implied.pop()
        if not self.counts.get(name):
            return False
        if name == "table":
            self.in_cell = True  # perhaps; one table within another is what is usual
        if name in _FORMATTING or (name in _SPECIAL and name != "noscript"):
            low = self.borders[-1] + 1 if self.borders else 0
        elif name in _BORDERS:
            low = self.borders[-1] if self.borders else 0
        else:
            low = self._highest()
        above = self.stack[low:]
        above.reverse()
        if name not in above:
            return False
        at = len(self.stack) - 1 - above.index(name)
        if name == "form":
            self._take_out(at, name)  # alone: what is open in it stays open
        elif name in _FORMATTING and self._highest() > at:
            # Closed across a block: what is inside gets a copy of it, and so may all that follows.
            self._take_out(at, name)
            self.formatting -= 1
            self.kept += 1
        else:
            self._drop(at, name)
        return True

    def _highest(self) -> int:
        """Above which place of the stack there is nothing special."""
        special = self.specials[-1] + 1 if self.specials else 0
        return max(special, self.implied[-1][0]) if self.implied else special

    def _take_out(self, at: int, name: str) -> None:
        del self.stack[at]
        self.counts[name] -= 1
        self.specials = [s - (s > at) for s in self.specials if s != at]
        self.borders = [b - (b > at) for b in self.borders if b != at]

    def _drop(self, at: int, name: str) -> None:
        while self.implied and self.implied[-1][0] > at:
            self.implied.pop()
        dropped = self.stack[at:]
        del self.stack[at:]
        for gone in dropped:
            self.counts[gone] -= 1
        count = sum(map(_FORMATTING.__contains__, dropped))
        self.formatting -= count
        self.kept += count - (name in _FORMATTING)
        while self.specials and self.specials[-1] >= at:
            self.specials.pop()
        while self.borders and self.borders[-1] >= at:
            self.borders.pop()


def _refuse_the_complex(page: str) -> None:
    """Raise TooComplex for a page that we will not parse."""
    tags = page.count("<")
    if tags <= _FEW_TAGS and len(page) <= _SMALL_PAGE:
        return
    if _DRAWING.search(page):
        if tags > _MOST_TAGS_WITH_DRAWINGS or len(page) > _SMALL_PAGE:
            raise TooComplex("a drawing among very many tags")
        return
    opened = _Open()
    for match in _TAG.finditer(page):
        name, attributes = match["name"], match["attrs"] or match["rawattrs"]
        if attributes and len(attributes) > _MOST_ATTRIBUTES:
            _count(opened, attributes)
        if name is None:
            continue
        if match["close"]:
            opened.end(name.lower())
        else:
            opened.start(name.lower())
        if len(opened.stack) + opened.kept > _DEEPEST or opened.repeated > _MOST_REPEATED:
            raise TooComplex("nested too deep")


def _count(opened: _Open, attributes: str) -> None:
    count = len(_SEPARATOR.findall(attributes))
    opened.attributes += count
    if count > _MOST_ATTRIBUTES or opened.attributes > _MOST_ATTRIBUTES_OF_ALL:
        raise TooComplex("a tag with thousands of attributes")


def tree_of(page: str) -> LexborHTMLParser:
    """The parsed page; TooComplex where it is beyond all that anyone types."""
    _refuse_the_complex(page)
    # Without events: with them each <option> is copied into the list of all before it.
    return LexborHTMLParser(page, options=LexborDocumentOptions.WO_EVENTS)
