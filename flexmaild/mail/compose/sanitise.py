"""Strangers' text and HTML made fit for our HTML part: plain text escaped, HTML through a short allow-list.

`terms.html` comes from whoever may ask on the socket, and the approver must be able to trust the page
around it: no scripts, styles, forms, images, remote content or hidden text, links only to http, https
and mailto. The output is written anew, tag by tag, so it is always well-formed. One linear scan: the
standard `html.parser` needs 80 s for 100 kB of "<a ". Called by `compose.context`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from markupsafe import Markup, escape

from flexmaild.mail.compose.mime import tidy

# What is longer is shown as text; Gmail cuts a mail's page at 102 kB.
MAX_HTML = 100_000
_MAX_DEPTH = 40

_CELL = "border: 1px solid #dfe2e7; padding: 4px 10px; text-align: left;"
_CODE = "font-family: Consolas, Menlo, monospace; font-size: 13px; background-color: #f3f4f6;"
_ALLOWED = {
    **dict.fromkeys(("p", "ul", "ol", "div"), "margin: 0 0 14px 0;"),
    **dict.fromkeys(("b", "strong", "i", "em", "u", "s", "small", "sub", "sup", "span", "li", "tr"), ""),
    **dict.fromkeys(("thead", "tbody", "dl", "dt", "dd", "br", "hr"), ""),
    **dict.fromkeys(("h1", "h2", "h3", "h4"), "margin: 0 0 8px 0; font-size: 16px; line-height: 24px;"),
    "table": "border-collapse: collapse; margin: 0 0 14px 0; font-size: 14px;",
    "td": _CELL,
    "th": _CELL,
    "blockquote": "margin: 0 0 14px 0; padding-left: 12px; border-left: 3px solid #dfe2e7;",
    "code": _CODE,
    "pre": _CODE + " padding: 10px 12px; margin: 0 0 14px 0; white-space: pre-wrap; word-break: break-word;",
    "a": "color: #0b5cad;",
}
_VOID = frozenset(
    ("br", "hr", "img", "input", "meta", "link", "wbr", "col", "embed", "source", "area", "base")
)
# Elements whose content is not text for people either.
_DROPPED = frozenset(
    {"script", "style", "head", "title", "template", "iframe", "object", "svg", "math", "noscript",
     "textarea", "select", "option", "button", "form", "audio", "video", "canvas", "noembed", "xmp"}
)  # fmt: skip
_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20<>\"]+\Z", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0", re.I)
# A tag; possessive, and never past the next "<", so that no input makes it look at a character many times.
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*+)((?:[^"'<>]++|"[^"<]*+"|'[^'<]*+')*+)>""")
_ATTRIBUTE = re.compile(r"""([^\s=/"'<>]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>]++)))?""")
_LINE_END = re.compile(r"<(?:br|/p|/li|/tr|/h\d|/div|/pre|/blockquote)>\n?")
_ANY_TAG = re.compile(r"<[^<>]*>")
# Longer numbers are no characters, and int() refuses those of more than 4,300 digits.
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{8,}+;?")


def text_as_html(text: str) -> Markup:
    """The text as it was typed: line breaks and indents kept, nothing in it becomes markup or a link."""
    escaped = str(escape(tidy(text).strip("\n")))
    return Markup(escaped.replace("  ", "&nbsp; ").replace("\n", "<br>\n"))  # noqa: S704  (escaped above)


def html_as_text(html: str) -> str:
    """A plain reading of HTML that `safe_html` or an operator's template has made."""
    return unescape(_ANY_TAG.sub("", _LINE_END.sub("\n", html.replace("</td>", "  ")))).strip()


@lru_cache(maxsize=16)
def safe_html(html: str) -> Markup:
    """What is allowed of this HTML; the same request goes to many approvers, so results are kept."""
    if len(html) > MAX_HTML:
        return text_as_html(html[:MAX_HTML])
    html = tidy(html)
    writer, at = _Writer(), 0
    while (start := html.find("<", at)) >= 0:
        writer.text(html[at:start])
        if html.startswith(("<!", "<?"), start):
            at = _after_comment(html, start)
        elif tag := _TAG.match(html, start):
            writer.tag(tag[2].lower(), tag[3], is_end=bool(tag[1]))
            at = tag.end()
        else:
            writer.text("<")
            at = start + 1
    writer.text(html[at:])
    return writer.result()


def _after_comment(html: str, start: int) -> int:
    mark = "-->" if html.startswith("<!--", start) else ">"
    end = html.find(mark, start)
    return end + len(mark) if end >= 0 else len(html)


class _Writer:
    """Writes allowed tags with our own attributes and escaped text, and leaves out all else.

    While something is left out with its content, `_dropped` is that element and `_depth` how many of its
    name are open.
    """

    def __init__(self) -> None:
        self._out: list[str] = []
        self._open: list[str] = []
        self._dropped = ""
        self._depth = 0

    def text(self, source: str) -> None:
        if source and not self._dropped:
            self._out.append(str(escape(_plain(source))))

    def tag(self, name: str, attributes: str, *, is_end: bool) -> None:
        if self._dropped:
            if name == self._dropped:
                self._depth += -1 if is_end else 1
            if self._depth == 0:
                self._dropped = ""
        elif is_end:
            self._close(name)
        else:
            self._start(name, attributes)

    def result(self) -> Markup:
        ends = (f"</{name}>" for name in reversed(self._open))
        return Markup("".join([*self._out, *ends]))  # noqa: S704  (made of our own tags and escaped text)

    def _start(self, name: str, source: str) -> None:
        values: dict[str, str] = {}
        for key, *quoted in _ATTRIBUTE.findall(source):
            values.setdefault(key.lower(), _plain("".join(quoted)))
        hidden = "hidden" in values or _HIDDEN.search(values.get("style", ""))
        if (name in _DROPPED or hidden) and name not in _VOID:
            self._dropped, self._depth = name, 1
        elif name in _ALLOWED and len(self._open) < _MAX_DEPTH:
            self._out.append(f"<{name}{_attributes(name, values)}>")
            if name not in _VOID:
                self._open.append(name)

    def _close(self, name: str) -> None:
        if name in self._open:
            while (last := self._open.pop()) != name:
                self._out.append(f"</{last}>")
            self._out.append(f"</{name}>")


def _plain(source: str) -> str:
    """The characters that text or an attribute stands for."""
    return tidy(unescape(_LONG_NUMBER.sub("\ufffd", source))) if "&" in source else source


def _attributes(tag: str, values: dict[str, str]) -> str:
    style = f' style="{_ALLOWED[tag]}"' if _ALLOWED[tag] else ""
    if tag == "a" and _LINK.match(values.get("href", "").strip()):
        return f'{style} href="{escape(values["href"].strip())}"'
    spans = (
        n
        for n in ("colspan", "rowspan")
        if tag in ("td", "th") and re.fullmatch(r"\d{1,2}", values.get(n, ""))
    )
    return style + "".join(f' {name}="{values[name]}"' for name in spans)
