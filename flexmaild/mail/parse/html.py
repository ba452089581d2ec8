"""What a person sees of an HTML part, line by line.

Called by `mail.understand` for each HTML part of a reply. The page is parsed as browsers do (lexbor), then
walked once with what is inherited: colours, size, whether the text is shown at all. Certainly hidden text
appears nowhere, text that may be hidden only in `text`, struck-out words nowhere. Never fetches anything;
raises only TooComplex; the cost is linear in the size of the page.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from flexmaild.mail.parse.elements import BLOCKS, CELLS, FOREIGN, REMARKABLE, UNRELIABLE, UNSEEN, is_signature
from flexmaild.mail.parse.html_tree import TooComplex, tree_of
from flexmaild.mail.parse.shown import RULE, RULE_TEXT, SIGNATURE, ShownLine, words
from flexmaild.mail.parse.styles.element_style import ElementStyle, element_style_of
from flexmaild.mail.parse.styles.style_sheets import Styles, styles_of
from flexmaild.mail.parse.styles.text_properties import shown_by_symbol_font
from flexmaild.mail.parse.styles.text_style import TextStyle, initial_text_style

_LOOKED_AT = REMARKABLE | UNRELIABLE | {"summary"}
_NO_TEXT_IN_PICTURES = re.compile(r"(?i)(?:\.\w{2,5}|^image|^img|^picture|^logo)\b.{0,12}$")
_SHEET = re.compile(r"(?i)<style|<link")
_LONGEST_UNBROKEN = 200
_LONG_GAP = "\xa0" * 60
_OF_COLUMNS = frozenset(("width", "span", "class", "align", "valign"))
# Different inline styles, and their characters (the longest are not parsed); a thread of 30 mails has 300.
_MOST_STYLES, _MOST_STYLED, _COSTLY_STYLE = 3_000, 60_000, 4_096
_PAINTED = frozenset(words("img svg canvas video object embed input button textarea select hr iframe table"))
_PAINTED_INSIDE = ",".join(
    (
        *sorted(_PAINTED),
        *("[bgcolor]", "[background]"),
        *(f'[style*="{name}" i]' for name in ("background", "border", "shadow", "outline")),
    )
)


@dataclass(slots=True)
class _Frame:
    """An element whose children are being walked."""

    node: LexborNode
    text_style: TextStyle
    depth: int
    signature: bool
    block: bool
    summary: TextStyle | None = (
        None  # how the first <summary> in it looks, which is seen when the rest is not
    )


@dataclass(slots=True)
class _Page:
    """The lines so far, and the one that is being written."""

    styles: Styles
    lines: list[ShownLine] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    sure: list[str] = field(default_factory=list)
    differs: bool = False
    unsure: bool = False
    different: set[str] = field(default_factory=set)  # inline styles, each of which is parsed once
    parsed: int = 0
    unbroken: bool = False
    signed: bool = False  # all words of the line stand in a signature
    started: bool = False

    def add(self, text: str, text_style: TextStyle, signature: bool) -> None:
        if text_style.hidden:
            return
        self.shown.append(text)
        blank = not text.strip()
        if not blank:
            self.signed = signature and (self.signed or not self.started)
            self.started = True
        if text_style.legible and not self.unsure:
            self.sure.append(text)
        elif not blank:
            self.differs = True
        self.unbroken = self.unbroken or text_style.space in ("pre", "nowrap")

    def count(self, style: str) -> None:
        self.different.add(style)
        self.parsed += min(len(style), _COSTLY_STYLE)
        if len(self.different) > _MOST_STYLES or self.parsed > _MOST_STYLED:
            raise TooComplex("thousands of different styles")

    def end_line(self, depth: int, forced: bool = False) -> None:
        """Ends the line, if there is one; a break makes one even where nothing stands on it."""
        if not self.shown and not forced:
            return
        whole = "".join(self.shown)
        text = " ".join(whole.split())
        if not text and not forced and "\xa0" not in whole:
            self.shown.clear()
            self.sure.clear()
            return
        if text or not self.lines or self.lines[-1].text:
            sure = " ".join("".join(self.sure).split()) if self.differs else text
            if (self.unbroken and len(whole.expandtabs()) > _LONGEST_UNBROKEN) or _LONG_GAP in whole:
                sure = ""
            self.lines.append(ShownLine(text, sure, depth, SIGNATURE if self.signed and text else ""))
        self.shown.clear()
        self.sure.clear()
        self.differs = self.unbroken = self.signed = self.started = False


def html_lines(page: str) -> list[ShownLine]:
    """What is seen of the page, from the top; TooComplex where it is beyond all that anyone types."""
    tree = tree_of(page)
    styles = styles_of(tree, page) if _SHEET.search(page) else Styles()
    state = _Page(styles, unsure=styles.unsure)
    root = tree.root
    if root is not None:
        _walk(root, state)
    if state.unsure:
        for line in state.lines:
            line.sure = ""
    return state.lines


def _walk(root: LexborNode, page: _Page) -> None:
    """Visits each node once, in the order of the page; without recursion, since pages nest deeper than
    Python's stack."""
    stack: list[_Frame] = []
    frame = _Frame(root, initial_text_style(page.styles.dark), 0, False, True)
    node: LexborNode | None = root
    while node is not None:
        entered = _enter(node, frame, page)
        if entered is not None:
            child = node.first_child
            if child is not None:
                stack.append(frame)
                frame, node = entered, child
                continue
            _leave(entered, page)
        following = node.next if stack else None
        while following is None and stack:
            _leave(frame, page)
            node = frame.node
            frame = stack.pop()
            following = node.next if stack else None
        node = following
    page.end_line(0)


def _leave(frame: _Frame, page: _Page) -> None:
    if frame.block and page.shown:
        page.end_line(frame.depth)


def _enter(node: LexborNode, frame: _Frame, page: _Page) -> _Frame | None:
    """Handles a node; returns the frame for its children if they may be seen."""
    tag = node.tag
    if tag == "-text":
        _text(node.text_content or "", frame, page)
        return None
    if tag is None or tag[0] == "-":
        return None
    if tag in UNSEEN:
        _unseen(node, tag, page)
        return None
    attributes = node.attributes
    rules = page.styles.rules.get(node.mem_id, ()) if page.styles.rules else ()
    text_style, display = frame.text_style, ""
    if attributes or rules or tag in _LOOKED_AT or text_style.split:
        if attributes and (style := attributes.get("style")) and style not in page.different:
            page.count(style)
        found = element_style_of(text_style, tag, attributes, rules, tag in UNRELIABLE)
        if found is None:
            return None
        text_style, display = found.text_style, found.display
        if tag == "summary" and frame.summary is not None:
            text_style, frame.summary = text_style if attributes or rules else frame.summary, None
        if found.moves and not page.unsure and _covers(node, found, bool(page.styles.rules)):
            page.unsure = True
    return _entered(node, tag, attributes, frame, text_style, display, page)


def _entered(
    node: LexborNode,
    tag: str,
    attributes: dict[str, str | None],
    outer: _Frame,
    text_style: TextStyle,
    display: str,
    page: _Page,
) -> _Frame | None:
    """Writes the part of a shown element into the lines; returns the frame for its content."""
    if tag == "br":
        if not text_style.hidden:
            page.end_line(outer.depth, forced=True)
        return None
    if tag in ("img", "image", "input"):
        _picture(tag, attributes, outer, text_style, page)
        return None
    if tag in FOREIGN:
        page.unsure = True
        return None
    if tag == "dialog" and "open" in attributes:
        page.unsure = True  # it lies on the rest
    block = (tag in BLOCKS and display != "inline") or display == "block"
    if block or tag == "hr":
        page.end_line(outer.depth)
    if tag == "hr":
        _rule(text_style, outer, page)
        return None
    if tag in CELLS or display == "cell":
        page.shown.append(" ")
        page.sure.append(" ")
    signature = outer.signature or (bool(attributes) and is_signature(attributes))
    depth = outer.depth + (tag == "blockquote")
    summary = outer.text_style if tag == "details" and not attributes else None
    return _Frame(node, text_style, depth, signature, block, summary)


def _text(text: str, frame: _Frame, page: _Page) -> None:
    text_style = frame.text_style
    if text_style.symbols:
        picture = shown_by_symbol_font(text)
        text_style = text_style if picture is not None else text_style.with_doubt()
        text = text if picture is None else picture
    if text_style.breaks and ("\n" in text or "\r" in text):
        pieces = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for piece in pieces[:-1]:
            page.add(piece, text_style, frame.signature)
            if not text_style.hidden:
                page.end_line(frame.depth, forced=True)
        text = pieces[-1]
        if not text:
            return
    page.add(text, text_style, frame.signature)


def _unseen(node: LexborNode, tag: str, page: _Page) -> None:
    if tag == "template" and "shadowrootmode" in node.attributes:
        page.unsure = True  # it is shown in place of what stands around it
    elif tag == "frameset" or (tag == "head" and node.css_first("noscript") is not None):
        page.unsure = True  # without scripts the text of <noscript> is text of the body
    elif tag == "colgroup" and (page.styles.rules or _has_ground(node)):
        page.unsure = True  # its background is that of all cells below it


def _has_ground(group: LexborNode) -> bool:
    columns = (group, *group.iter())
    return not all(column.attributes.keys() <= _OF_COLUMNS for column in columns)


def _rule(text_style: TextStyle, outer: _Frame, page: _Page) -> None:
    if not text_style.hidden:
        page.lines.append(
            ShownLine(RULE_TEXT, RULE_TEXT if outer.text_style.legible else "", outer.depth, RULE)
        )


def _picture(
    tag: str, attributes: dict[str, str | None], outer: _Frame, text_style: TextStyle, page: _Page
) -> None:
    """An emoji that is a picture was typed; other words of a picture are seen only where it is missing."""
    if tag == "input":
        if (attributes.get("type") or "").lower() != "hidden":
            words = " ".join(filter(None, (attributes.get("value"), attributes.get("placeholder"))))
            page.add(words, text_style.with_doubt(), outer.signature)
        return
    words = (attributes.get("alt") or "").strip()
    if not words or len(words) > 100:
        return
    if any(unicodedata.category(c) == "So" for c in words):
        bare = not any(c.isalnum() for c in words) and not _tiny(attributes)
        page.add(words, text_style if bare else text_style.with_doubt(), outer.signature)
    elif len(words) <= 20 and not _NO_TEXT_IN_PICTURES.search(words):
        page.add(f" {words} ", text_style.with_doubt(), outer.signature)


def _tiny(attributes: dict[str, str | None]) -> bool:
    return any((attributes.get(side) or "").strip() in ("0", "1", "2", "3") for side in ("width", "height"))


def _covers(node: LexborNode, found: ElementStyle, ruled: bool) -> bool:
    """Whether an element that does not stand where it should has anything that may lie on other text."""
    if found.paints or node.tag in _PAINTED:
        return True
    child = node.first_child
    # Hidden words lie on nothing; but an element among them may show its own again.
    alone = found.text_style.hidden and child is not None and child.tag == "-text" and child.next is None
    if not alone and node.text(deep=True).strip():
        return True
    return node.css_first(_PAINTED_INSIDE + (",[class] *,[id] *" if ruled else "")) is not None
