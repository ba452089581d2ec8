"""What programs do to an HTML mail that they quote, and how they make a text part of a page of HTML.

Our page comes in and goes out as a string; `Put` writes typed text into it at an anchor. Only as much HTML is
understood as our own composer writes.
"""

import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from tests.layouts.mime import escape

_TOKEN = re.compile(r"<!--.*?-->|<!\w[^>]*>|</?[a-zA-Z](?:[^>\"']|\"[^\"]*\"|'[^']*')*>|[^<]+|<", re.S)
_VOID = {"br", "hr", "img", "meta", "link", "wbr", "input", "base", "col"}
_SILENT = {"style", "script", "title", "head"}
_BLOCK = {
    "address", "article", "blockquote", "body", "center", "div", "dl", "fieldset", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "html", "li", "ol", "p", "pre", "section", "table", "tbody", "tr", "ul",
}  # fmt: skip
_CELL = {"td", "th"}
# Where an editor's Enter makes a new block: it leaves these and stays within the element around them.
_LEFT = {"a", "b", "span", "p", "h1", "h2", "h3", "strong", "em", "font", "i", "o:p", "u"}


@dataclass(frozen=True, slots=True)
class Token:
    raw: str
    start: int
    name: str = ""  # of a tag; "" for text and comments
    closes: bool = False
    text: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.raw)


def tokens(page: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(page):
        raw = found[0]
        if raw.startswith(("<!", "<?")):
            yield Token(raw, found.start())
        elif raw.startswith("<") and len(raw) > 1:
            name = re.match(r"</?([\w:]+)", raw)
            yield Token(raw, found.start(), name[1].lower() if name else "", raw.startswith("</"))
        else:
            yield Token(raw, found.start(), text=True)


@dataclass(frozen=True, slots=True)
class Node:
    """A visible text and the elements around it: their start tags, and where each ends."""

    start: int
    end: int
    around: tuple[tuple[str, str, int], ...]  # name, start tag, where its end tag ends

    def outside(self) -> int:
        """Behind this text and the inline elements and paragraphs around it."""
        at = self.end
        for name, _, end in reversed(self.around):
            if name not in _LEFT:
                break
            at = end
        return at

    @property
    def in_cell(self) -> bool:
        return any(name in _CELL for name, _, _ in self.around[-2:])


@lru_cache(maxsize=512)
def nodes(page: str) -> tuple[Node, ...]:
    ends: dict[int, int] = {}
    open_tags: list[Token] = []
    texts: list[tuple[Token, tuple[Token, ...]]] = []
    for token in tokens(page):
        if token.text:
            hidden = any(t.name in _SILENT or "display: none" in t.raw for t in open_tags)
            if token.raw.replace("&nbsp;", " ").strip() and not hidden:
                texts.append((token, tuple(open_tags)))
        elif token.name and token.closes:
            while open_tags:
                tag = open_tags.pop()
                ends[tag.start] = token.end
                if tag.name == token.name:
                    break
        elif token.name and token.name not in _VOID and not token.raw.endswith("/>"):
            open_tags.append(token)
    return tuple(
        Node(
            token.start + len(token.raw) - len(token.raw.lstrip()),
            token.start + len(token.raw.rstrip()),
            tuple((t.name, t.raw, ends.get(t.start, len(page))) for t in around),
        )
        for token, around in texts
    )


def anchor(page: str, share: float, cell: bool = False) -> Node:
    found = [n for n in nodes(page) if n.in_cell] if cell else nodes(page)
    found = found or nodes(page)
    return found[min(int(share * len(found)), len(found) - 1)]


def insert(page: str, at: int, what: str) -> str:
    return page[:at] + what + page[at:]


def split(page: str, at: int, between: str, close: str, reopen: str) -> str:
    """The quote ended in its middle: all open elements are closed, and opened again below."""
    open_tags: list[Token] = []
    for token in tokens(page[:at]):
        if not token.name or token.name in _VOID:
            continue
        if not token.closes:
            open_tags.append(token)
        else:
            while open_tags and open_tags.pop().name != token.name:
                pass
    ended = "".join(f"</{tag.name}>" for tag in reversed(open_tags))
    begun = "".join(tag.raw for tag in open_tags)
    return page[:at] + ended + close + between + reopen + begun + page[at:]


def renamed(page: str, prefix: str) -> str:
    """Ids and classes with a prefix, as webmailers protect their own page from ours."""

    def rename(found: re.Match[str]) -> str:
        names = " ".join(prefix + name for name in found[2].split())
        return f'{found[1]}="{names}"'

    return re.sub(r'(?<=\s)(class|id)="([^"]*)"', rename, page)


def bare(page: str) -> str:
    """Without classes, comments and line ends."""
    return re.sub(r'\s(class|id|role)="[^"]*"|<!--.*?-->', "", page, flags=re.S).replace("\n", " ")


def wordlike(page: str) -> str:
    """As Word writes a page again: every text in a MsoNormal paragraph, tables renamed, styles its own."""
    out: list[str] = []
    run: list[str] = []

    def flush() -> None:
        content = "".join(run).strip()
        content = re.sub(r"^(<br>\s*)+|(<br>\s*)+$", "", content)
        if re.sub(r"<[^>]*>", "", content).strip():
            style = "font-family:&quot;Segoe UI&quot;,sans-serif;color:#1C2128"
            out.append(f'<p class="MsoNormal"><span style="{style}">{content}<o:p></o:p></span></p>\n')
        run.clear()

    hidden = 0
    for token in tokens(page):
        if token.name in _SILENT:
            hidden += -1 if token.closes else 1
        elif hidden or (not token.name and not token.text):
            continue
        elif token.text:
            run.append(re.sub(r"\s+", " ", token.raw))
        elif token.name == "br":
            run.append("<br>\n")
        elif token.name in ("a", "b"):
            run.append(re.sub(r'\s(class|style)="[^"]*"', "", token.raw))
        elif token.name in _BLOCK | _CELL:
            flush()
            if token.name == "table" and not token.closes:
                out.append('<table class="MsoNormalTable" border="0" cellspacing="0" cellpadding="0">\n')
            elif token.name in ("table", "tbody", "tr"):
                out.append(f"<{'/' if token.closes else ''}{token.name}>\n")
            elif token.name in _CELL:
                out.append("</td>\n" if token.closes else '<td valign="top" style="padding:5.25pt 0cm">\n')
    flush()
    return "".join(out)


# ------------------------------------------------------------------------------------------------ text


@dataclass(frozen=True, slots=True)
class Rules:
    """How a program makes its text part of its HTML. link: with {label} and {url}; "" drops the address."""

    quote: str = ""
    link: str = ""
    cell: str = " "
    apart: bool = True  # a blank line between paragraphs
    rule: str = "_" * 32
    bold: str = ""
    wrap: int = 0
    glued: str = ""  # "all": blocks end nothing (Samsung); "siblings": only an empty block does (Yahoo)
    doubled: bool = False  # a blank line below every line (Zoho)


def text_of(page: str, rules: Rules) -> str:
    """The text part. U+0001 marks the depth of quotation until the lines are known."""
    if rules.glued:
        return _glued(page, rules)
    lines: list[tuple[int, str]] = []
    line: list[str] = []
    depth, silent, href, since = 0, 0, "", 0

    def end(blank: bool = False) -> None:
        joined = re.sub(r"[ \n\r]+", " ", "".join(line)).strip(" ")
        if joined:
            lines.append((depth, joined))
        if blank and lines and lines[-1][1]:
            lines.append((depth, ""))
        line.clear()

    for token in tokens(page):
        if token.name in _SILENT:
            silent += -1 if token.closes else 1
        elif silent or (not token.name and not token.text):
            continue
        elif token.text:
            line.append(unescape(token.raw).replace("\xa0", " ") if token.raw.strip() else " ")
        elif token.name == "br":
            joined = re.sub(r"[ \n\r]+", " ", "".join(line)).strip(" ")
            lines.append((depth, joined))
            line.clear()
        elif token.name == "hr":
            end()
            lines.append((depth, rules.rule))
        elif token.name == "img":
            alt = re.search(r'alt="([^"]*)"', token.raw)
            line.append(f"[{alt[1] if alt else 'image'}]")
        elif token.name == "a":
            href, since = _link(token, line, rules, href, since)
        elif token.name in ("b", "strong") and rules.bold:
            line.append(rules.bold)
        elif token.name == "blockquote":
            end()
            depth += -1 if token.closes else 1
        elif token.name in ("p", "h1", "h2", "h3"):
            end(blank=rules.apart and token.closes)
        elif token.name in _CELL and token.closes:
            line.append(rules.cell)
            if "\n" in rules.cell:
                end()
        elif token.name in _BLOCK:
            end()
    end()
    return _written(lines, rules)


def _link(token: Token, line: list[str], rules: Rules, href: str, since: int) -> tuple[str, int]:
    if not token.closes:
        found = re.search(r'href="([^"]*)"', token.raw)
        return (unescape(found[1]) if found else ""), len(line)
    label = "".join(line[since:]).strip()
    if rules.link and href and href not in (label, f"mailto:{label}"):
        line[since:] = [rules.link.format(label=label, url=href)]
    return "", 0


def _written(lines: list[tuple[int, str]], rules: Rules) -> str:
    out: list[str] = []
    for depth, line in lines:
        mark = rules.quote * depth
        pieces = [line]
        if rules.wrap and len(line) > rules.wrap:
            pieces = textwrap.wrap(line, rules.wrap, break_long_words=False, break_on_hyphens=False) or [line]
        out.extend(f"{mark}{piece}" if piece else mark.rstrip() for piece in pieces)
    while out and not out[0]:
        out.pop(0)
    if rules.doubled:
        out = [piece for line in out for piece in (line, "") if line]
    return "\n".join(out) + "\n"


def _glued(page: str, rules: Rules) -> str:
    """Letters run together: Samsung's and Yahoo's own text parts."""
    out: list[str] = []
    silent, empty, opened = 0, True, 0
    for token in tokens(page):
        if token.name in _SILENT:
            silent += -1 if token.closes else 1
        elif silent or (not token.name and not token.text):
            continue
        elif token.text:
            text = re.sub(r"\s+", " ", unescape(token.raw).replace("\xa0", " "))
            if text.strip():
                empty = False
                out.append(text)
        elif rules.glued == "siblings" and token.name == "div":
            if not token.closes:
                empty, opened = True, opened + 1
            elif empty:
                out.append("\n")
                empty = False
        elif rules.glued == "siblings" and token.name in ("p", "h1", "td", "th", "tr") and token.closes:
            out.append(" ")
    return "".join(out)


Wrap = Callable[[str], str]


def block(tag: str = "div", attributes: str = "", blank: str = "<br>") -> Wrap:
    """How an editor writes one typed line."""
    opening = f"<{tag}{' ' + attributes if attributes else ''}>"
    return lambda line: f"{opening}{escape(line) if line else blank}</{tag}>"
