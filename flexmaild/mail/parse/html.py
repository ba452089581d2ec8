"""The visible text of an HTML part, line by line, by one linear scan.

For `reply`. Not a browser: it answers "what would a person see, from the top". What is surely
hidden (display:none, size 0, off-screen, comments, templates) never appears; what may be hidden
(a class a style sheet hides, white letters) makes a second reading that must agree with the first. The
standard `html.parser` is quadratic (17 s for 200 kB of "<!--"); here every character is looked at a
bounded number of times. Never raises.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import unescape

from flexmaild.mail.format import REPLY_MARKER
from flexmaild.mail.parse.visibility import Visibility, hidden_by_style_sheet, names_in, visibility

# Where the quoted mail begins in the source of the common clients: our own marker, Gmail, Apple Mail and
# Thunderbird, Outlook desktop/web/mobile, Yahoo, Proton. What follows need not be scanned at all.
QUOTE_STARTS = (
    "##-",
    "<blockquote",
    "gmail_quote",
    "divrplyfwdmsg",
    "mail-editor-reference-message-container",
    "moz-cite-prefix",
    "yahoo_quoted",
    "protonmail_quote",
    "border-top:solid #e1e1e1",
    "border-top:solid #b5c4df",
)
# Those whose quote is a blockquote, which ends.
_MARKED_QUOTES = ("<blockquote", "gmail_quote", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote")
_SIGNATURE_MARKS = (
    'id="signature"',
    "gmail_signature",
    "moz-signature",
    "ms-outlook-mobile-signature",
    "msoautosig",
)

_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "hr",
        "li",
        "ul",
        "ol",
        "table",
        "tr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "section",
        "article",
        "header",
        "footer",
        "address",
        "dl",
        "dt",
        "dd",
        "form",
        "fieldset",
        "center",
        "body",
        "html",
        "main",
        "aside",
        "nav",
        "figure",
        "caption",
    ]
)
_CELLS = frozenset(("td", "th"))
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
# What is inside these is never shown as text.
_RAW = frozenset(
    [
        "script",
        "style",
        "title",
        "template",
        "textarea",
        "noscript",
        "xml",
        "object",
        "svg",
        "math",
        "select",
        "iframe",
        "noframes",
        "noembed",
        "datalist",
        "audio",
        "video",
        "head",
    ]
)
# Seen by some and not by others, or struck out.
_DOUBTFUL = frozenset(("details", "dialog", "del", "s", "strike", "rp", "marquee", "button", "canvas"))
_TAG_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789:-")
_LONGEST_TAG = 8192


@dataclass(slots=True)
class _Page:
    """What was seen so far. `lines` with everything doubtful, `sure` without it."""

    lines: list[str] = field(default_factory=list)
    sure: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    current_sure: list[str] = field(default_factory=list)
    quoted: int = 0
    hidden: str = ""
    hidden_depth: int = 0
    doubtful: str = ""
    doubtful_depth: int = 0
    saw_doubtful: bool = False
    preformatted: int = 0
    suspects: frozenset[str] = frozenset()
    low: str = ""
    saw_head: bool = False

    def end_line(self) -> None:
        prefix = "> " * min(self.quoted, 9)
        self.lines.append(prefix + _squeezed(self.current))
        self.sure.append(prefix + _squeezed(self.current_sure))
        self.current, self.current_sure = [], []

    def add(self, text: str) -> None:
        if self.hidden:
            return
        if "&" in text:
            text = unescape(text)
        if self.preformatted and "\n" in text:
            for piece in text.split("\n"):
                self._add(piece)
                self.end_line()
            return
        self._add(text)

    def _add(self, text: str) -> None:
        self.current.append(text)
        if not self.doubtful:
            self.current_sure.append(text)
        elif text.strip():
            self.saw_doubtful = True


def visible(html: str, most_lines: int) -> tuple[str, ...]:
    """The readings of this page as plain text: one, or two where something may or may not be visible."""
    low = _lowered(html)
    page = _Page(low=low, suspects=hidden_by_style_sheet(low))
    at, size = 0, len(html)
    while at < size and len(page.lines) < most_lines:
        tag = html.find("<", at)
        if tag < 0:
            page.add(html[at:])
            break
        if tag > at:
            page.add(html[at:tag])
        at = _tag(html, tag, page)
    page.end_line()
    readings = ["\n".join(page.lines)]
    if page.saw_doubtful:
        readings.append("\n".join(page.sure))
    return tuple(readings)


def head_of(html: str) -> str:
    """The page up to where the quoted mail begins, our marker in its place; all of it where none is known."""
    low = _lowered(html)
    starts = [at for mark in QUOTE_STARTS if (at := low.find(mark)) >= 0]
    if not starts:
        return html
    first = min(starts)
    if low[first] not in "<#":
        # A class or an id: the tag it stands in is where the quote begins.
        first = max(html.rfind("<", 0, first), 0)
    return f"{html[:first]}<br>{REPLY_MARKER}"


def tail_of(html: str) -> str:
    """What stands below the quoted mail where the mail program marks its end; empty where it does not.

    Beneath an Outlook header everything is quoted, and so is what still has our reference below it.
    """
    low = _lowered(html)
    starts = [(at, mark) for mark in QUOTE_STARTS if (at := low.find(mark)) >= 0]
    end = low.rfind("</blockquote")
    if not starts or min(starts)[1] not in _MARKED_QUOTES or end < 0:
        return ""
    return "" if "fm1-" in low[end:] else html[end:]


def _tag(html: str, start: int, page: _Page) -> int:
    """Deal with the markup at `start`; where to go on."""
    following = html[start + 1 : start + 2]
    if following == "!":
        return _declaration(html, start)
    if following == "?":
        end = html.find(">", start)
        return len(html) if end < 0 else end + 1
    closing = following == "/"
    name_at = start + 2 if closing else start + 1
    if not html[name_at : name_at + 1].isalpha():
        page.add("<")
        return start + 1
    end = _tag_end(html, name_at)
    inside = html[name_at:end]
    name = _name(inside)
    if closing:
        _close(name, page)
        return end + 1
    if name in _RAW and not inside.endswith("/"):
        return _after_raw(page, end + 1, name)
    _open(name, inside[len(name) :], page)
    return end + 1


def _declaration(html: str, start: int) -> int:
    if html.startswith("<!--", start):
        # Conditional comments included: what stands in <!--[if mso]> is for Outlook's eyes only.
        end = html.find("-->", start + 4)
        return len(html) if end < 0 else end + 3
    end = html.find(">", start)
    return len(html) if end < 0 else end + 1


def _tag_end(html: str, at: int) -> int:
    """The position of the ">" that ends the tag, quoted attribute values skipped."""
    end = html.find(">", at)
    if end < 0:
        return len(html)
    window = min(len(html), at + _LONGEST_TAG)
    while at < end < window:
        quotes = [q for mark in ("'", '"') if (q := html.find(mark, at, end)) >= 0]
        if not quotes:
            break
        close = html.find(html[min(quotes)], min(quotes) + 1, window)
        if close < 0:
            break
        at = close + 1
        if close > end:
            end = html.find(">", at)
            end = len(html) if end < 0 else end
    return end


def _name(inside: str) -> str:
    low = inside[:24].lower()
    for i, character in enumerate(low):
        if character not in _TAG_NAME:
            return low[:i]
    return low


def _lowered(html: str) -> str:
    """The page in lower case with every character at its place (U+0130 would become two)."""
    low = html.lower()
    return low if len(low) == len(html) else "".join(c.lower()[:1] for c in html)


def _after_raw(page: _Page, at: int, name: str) -> int:
    """Past the content of an element that holds no text; one that never ends hides the rest."""
    if name == "head":
        # Only the first counts; browsers ignore the others, and the end tag may be missing (HTML 13.2.6.4.4).
        ends = [] if page.saw_head else [p for m in ("</head", "<body") if (p := page.low.find(m, at)) >= 0]
        page.saw_head = True
        return min(ends) if ends else at
    end = page.low.find(f"</{name}", at)
    return len(page.low) if end < 0 else end


def _open(name: str, attributes: str, page: _Page) -> None:
    if name in _BLOCKS:
        if page.current or name == "br":
            page.end_line()
        if name == "blockquote":
            page.quoted += 1
        elif name == "hr" and not page.hidden:
            page.add("_" * 10)
            page.end_line()
        elif name == "pre":
            page.preformatted += 1
    elif name in _CELLS:
        page.add(" ")
    if name in _VOID:
        return
    if page.hidden:
        page.hidden_depth += name == page.hidden
        return
    if page.doubtful:
        page.doubtful_depth += name == page.doubtful
    if attributes:
        _judge(name, attributes, page)
    if not page.doubtful and (name in _DOUBTFUL or name in page.suspects):
        page.doubtful, page.doubtful_depth = name, 1


def _judge(name: str, attributes: str, page: _Page) -> None:
    """Does this element hide what is in it, or begin a signature?"""
    if len(attributes) > _LONGEST_TAG:
        return
    if "=" not in attributes and "hidden" not in attributes.lower() and not page.suspects:
        return
    packed = "".join(unescape(attributes).lower().split())
    if not page.quoted and any(mark in packed for mark in _SIGNATURE_MARKS):
        page.add("--")
        page.end_line()
    found = visibility(packed)
    if found is Visibility.HIDDEN:
        page.hidden, page.hidden_depth = name, 1
        return
    if page.suspects and not page.suspects.isdisjoint(names_in(attributes)):
        found = Visibility.DOUBTFUL
    if found is Visibility.DOUBTFUL and not page.doubtful:
        page.doubtful, page.doubtful_depth = name, 1


def _close(name: str, page: _Page) -> None:
    if page.hidden and name == page.hidden:
        page.hidden_depth -= 1
        if page.hidden_depth <= 0:
            page.hidden = ""
    if page.doubtful and name == page.doubtful:
        page.doubtful_depth -= 1
        if page.doubtful_depth <= 0:
            page.doubtful = ""
    if name in _BLOCKS:
        if page.current:
            page.end_line()
        if name == "blockquote":
            page.quoted = max(0, page.quoted - 1)
        elif name == "pre":
            page.preformatted = max(0, page.preformatted - 1)


def _squeezed(pieces: list[str]) -> str:
    """The pieces as one line, blanks collapsed as a browser does; a no-break space stays one blank."""
    return " ".join("".join(pieces).split())


# ---- interim
import unicodedata

from selectolax.lexbor import LexborHTMLParser

from flexmaild.mail.parse.shown import ShownLine


class _L:
    def __init__(self, text, depth=0, mark=""):
        self.text = text
        self.depth = depth
        self.mark = mark


_PB = frozenset(
    [
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "table",
        "tr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "section",
        "article",
        "header",
        "footer",
        "address",
        "dl",
        "dt",
        "dd",
        "form",
        "fieldset",
        "center",
        "body",
        "html",
        "main",
        "aside",
        "nav",
        "figure",
        "caption",
        "tbody",
        "thead",
        "hr",
    ]
)
_PU = frozenset(
    [
        "script",
        "style",
        "title",
        "template",
        "textarea",
        "noscript",
        "xml",
        "object",
        "svg",
        "math",
        "select",
        "iframe",
        "noframes",
        "noembed",
        "datalist",
        "audio",
        "video",
        "head",
    ]
)
_PD = frozenset(["details", "dialog", "del", "s", "strike", "rp", "marquee", "button", "canvas"])
_PS = ('id="signature"', "gmail_signature", "moz-signature", "ms-outlook-mobile-signature", "msoautosig")


def _proto_lines(html: str) -> tuple[list, list | None]:
    """The lines of a page; and, where some of it may not be seen, those that surely are."""
    suspects = hidden_by_style_sheet(html.lower())
    lines: list = []
    buffer: list[tuple[str, bool]] = []
    sure: list[str] = []
    doubted = False

    def end(depth: int, mark: str) -> None:
        shown = " ".join("".join(t for t, _ in buffer).split())
        if shown or not lines or lines[-1].text:
            lines.append(_L(shown, depth, mark))
            sure.append(" ".join("".join(t for t, d in buffer if not d).split()))
        buffer.clear()

    # (node, depth, mark, doubtful, preformatted) or a closing action
    stack: list[tuple] = [(LexborHTMLParser(html).root, 0, "", False, False)]
    while stack:
        node, depth, mark, doubtful, pre = stack.pop()
        if node is None:  # the end of a block
            end(depth, mark)
            continue
        tag = node.tag
        if tag == "-text":
            text = node.text_content or ""
            if doubtful and text.strip():
                doubted = True
            if pre and "\n" in text:
                for piece in text.split("\n")[:-1]:
                    buffer.append((piece, doubtful))
                    end(depth, mark)
                text = text.rsplit("\n", 1)[1]
            buffer.append((text, doubtful))
            continue
        if tag[0] == "-" or tag in _PU:
            continue
        if tag == "br":
            end(depth, mark)
            continue
        block = tag in _PB
        outer = (depth, mark)
        if block and any(t.strip() for t, _ in buffer):
            end(depth, mark)
        attributes = node.attributes
        if attributes:
            packed = "".join(f'{k}="{v or ""}";' for k, v in attributes.items()).lower()
            packed = "".join(packed.split())
            seen = visibility(packed)
            if seen is Visibility.HIDDEN:
                continue
            if suspects and not suspects.isdisjoint(names_in(packed)):
                seen = Visibility.DOUBTFUL
            doubtful = doubtful or seen is Visibility.DOUBTFUL
            if any(s in packed for s in _PS):
                mark = "signature"
        doubtful = doubtful or tag in _PD or tag in suspects
        if tag == "img":
            alt = attributes.get("alt") or ""
            if any(unicodedata.category(c) == "So" for c in alt):  # an emoji that is a picture
                buffer.append((alt, doubtful))
            continue
        if tag == "hr":
            lines.append(_L("_" * 10, depth, "hr"))
            sure.append("_" * 10)
            continue
        if tag in ("td", "th"):
            buffer.append((" ", doubtful))
        if tag == "blockquote":
            depth += 1
        if block:
            stack.append((None, depth, mark, False, False))
        children = list(node.iter(include_text=True))
        for child in reversed(children):
            stack.append((child, depth, mark, doubtful, pre or tag == "pre"))
    end(0, "")
    if not doubted:
        return lines, None
    return lines, [_L(t, line.depth, line.mark) for t, line in zip(sure, lines, strict=True)]


def html_lines(page):
    a, b = _proto_lines(page)
    b = b or a
    return [ShownLine(x.text, y.text, x.depth, "rule" if x.mark == "hr" else x.mark) for x, y in zip(a, b)]


def html_text(page):
    t = LexborHTMLParser(page)
    for n in t.css("style,script,title"):
        n.decompose()
    return t.root.text(separator="\n")


def link_targets(page):
    return [n.attributes["href"] or "" for n in LexborHTMLParser(page).css("a[href]")]
