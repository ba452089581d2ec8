"""Strangers' text and HTML made fit for our HTML part: plain text escaped, HTML through a short allow-list.

`terms.html` comes from whoever may ask on the socket, and the approver must be able to trust the page
around it: no scripts, styles, forms, images, remote content or hidden text, links only to http, https
and mailto. The output is written anew, tag by tag, so it is always well-formed. Called by `mail.view`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser

from markupsafe import Markup, escape

from flexmaild.mail.mime import tidy

# What is longer is shown as text: html.parser is quadratic for some floods of "<" (CVE-2025-6069).
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
_VOID = frozenset({"br", "hr"})
# Elements whose content is not text for people either.
_DROPPED = frozenset(
    {"script", "style", "head", "title", "template", "iframe", "object", "svg", "math", "noscript",
     "textarea", "select", "option", "button", "form", "audio", "video", "canvas", "noembed", "xmp"}
)  # fmt: skip
_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20<>\"]+\Z", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0", re.I)


def text_as_html(text: str) -> Markup:
    """The text as it was typed: line breaks and indents kept, nothing in it becomes markup or a link."""
    escaped = str(escape(tidy(text).strip("\n")))
    return Markup(escaped.replace("  ", "&nbsp; ").replace("\n", "<br>\n"))  # noqa: S704  (escaped above)


@lru_cache(maxsize=16)
def safe_html(html: str) -> Markup:
    """What is allowed of this HTML; the same request goes to many approvers, so results are kept."""
    if len(html) > MAX_HTML:
        return text_as_html(html[:MAX_HTML])
    writer = _Writer()
    writer.feed(tidy(html))
    writer.close()
    return Markup("".join(writer.out) + "".join(f"</{tag}>" for tag in reversed(writer.open)))  # noqa: S704


class _Writer(HTMLParser):
    """Writes allowed tags with our own attributes and escaped text, and leaves out all else."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        hidden = "hidden" in values or _HIDDEN.search(values.get("style", ""))
        if self._dropping or tag in _DROPPED or (hidden and tag not in _VOID):
            if tag not in _VOID:
                self._dropping.append(tag)
            return
        if tag not in _ALLOWED or len(self.open) >= _MAX_DEPTH:
            return
        self.out.append(f"<{tag}{_attributes(tag, values)}>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag in self._dropping:
                while self._dropping.pop() != tag:
                    pass
        elif tag in self.open:
            while (last := self.open.pop()) != tag:
                self.out.append(f"</{last}>")
            self.out.append(f"</{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.out.append(str(escape(data)))


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
