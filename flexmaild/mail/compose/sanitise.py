"""Text and HTML of callers made safe for our HTML part: plain text escaped, HTML through a short allow-list.

`terms.html` comes from any caller on the socket, and the approver must be able to trust the page
around it: no scripts, styles, forms, images, remote content or hidden text, links only to http, https
and mailto. nh3 parses it as a browser does and writes it anew. Our own code does only what nh3 cannot: it
leaves out what is hidden and bounds the depth and the size of the result. Called by `compose.context` and
`compose.render`. Never reads a reply.
"""

import re
from functools import lru_cache
from html import unescape

import nh3
from markupsafe import Markup, escape

from flexmaild.mail.compose.mime import tidy, without_delimiters

# What is longer is shown as text; Gmail cuts a mail's page at 102 kB.
MAX_HTML = 100_000
# css-inline overflows the stack at some thousands, and mail programs give up long before.
_MAX_DEPTH = 40

_CELL = "border: 1px solid #dfe2e7; padding: 4px 10px; text-align: left;"
_CODE = "font-family: Consolas, Menlo, monospace; font-size: 13px; background-color: #f3f4f6;"
_STYLES = {
    **dict.fromkeys(("p", "ul", "ol", "div"), "margin: 0 0 14px 0;"),
    **dict.fromkeys(("h1", "h2", "h3", "h4"), "margin: 0 0 8px 0; font-size: 16px; line-height: 24px;"),
    "table": "border-collapse: collapse; margin: 0 0 14px 0; font-size: 14px;",
    "td": _CELL,
    "th": _CELL,
    "blockquote": "margin: 0 0 14px 0; padding-left: 12px; border-left: 3px solid #dfe2e7;",
    "code": _CODE,
    "pre": _CODE + " padding: 10px 12px; margin: 0 0 14px 0; white-space: pre-wrap; word-break: break-word;",
    "a": "color: #0b5cad;",
}
_VOID = {"br", "hr"}
_ALLOWED = {
    *_STYLES, *_VOID, "b", "strong", "i", "em", "u", "s", "small", "sub", "sup", "span", "li", "tr", "thead",
    "tbody", "dl", "dt", "dd",
}  # fmt: skip
# Left out with their tags only, and hidden with all that is in them when they are.
_UNWRAPPED = {
    "address", "article", "aside", "caption", "center", "details", "figcaption", "figure", "footer", "h5",
    "h6", "header", "main", "nav", "section", "summary", "tfoot",
}  # fmt: skip
# Elements whose content is not text for people either.
_DROPPED = {
    "script", "style", "title", "template", "iframe", "object", "svg", "math", "noscript", "textarea",
    "select", "option", "button", "form", "audio", "video", "canvas", "noembed", "noframes", "xmp",
}  # fmt: skip
# These a browser opens again in each paragraph until they are closed: 9 kB of them with different
# attributes make 4 MB. As elements of no meaning they are not, and get their names back afterwards.
_FORMATTING = re.compile(r"<(/?)(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.I)
_NAMELESS = {f"x-{name}" for name in ("b", "code", "em", "font", "i", "s", "small", "strong", "u")}

_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20<>\"]+\Z", re.IGNORECASE)
_NONE = r"\s*:\s*0(?![\d.]*[1-9])"
_HIDDEN = re.compile(
    rf"display\s*:\s*none|visibility\s*:\s*hidden|font-size{_NONE}|opacity{_NONE}", re.IGNORECASE
)
# The three below are for HTML as nh3 writes it, where no "<" or ">" stands in text or in our attributes.
_TAG = re.compile(r"<(/?)(?:x-)?([a-z0-9]+)([^<>]*)>")
_BLOCK_EDGE = re.compile(
    r"(?:\s*</?(?:blockquote|caption|d[dlt]|div|h[1-6]|hr|li|ol|p|section|t(?:able|body|foot|head|r)|ul)\b"
    r"[^<>]*>\s*)+"
)
_PRE = re.compile(r"<pre\b[^<>]*>(.*?)</pre>", re.DOTALL)


def text_as_html(text: str) -> Markup:
    """The text as it was typed: line breaks and indents kept, nothing in it becomes markup or a link."""
    escaped = str(escape(without_delimiters(tidy(text).strip("\n"))))
    return Markup(escaped.replace("  ", "&nbsp; ").replace("\n", "<br>\n"))  # noqa: S704  (escaped above)


def html_as_text(html: str) -> str:
    """HTML as plain text: blocks and rows on lines of their own, cells apart, nothing hidden."""
    between_pres = _PRE.split(_visible_html(html))
    lines = [piece if at % 2 else _flowing(piece) for at, piece in enumerate(between_pres)]
    return tidy(unescape(_TAG.sub("", "\n".join(lines)))).strip()


@lru_cache(maxsize=16)
def safe_html(html: str) -> Markup:
    """The allowed part of this HTML; cached, since a request goes to many approvers."""
    if len(html) > MAX_HTML:
        return text_as_html(html[:MAX_HTML])
    page = nh3.clean(
        _visible_html(html),
        tags=_ALLOWED,
        clean_content_tags=_DROPPED,
        attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        link_rel=None,
        set_tag_attribute_values={tag: {"style": style} for tag, style in _STYLES.items()},
        url_schemes={"http", "https", "mailto"},
    )
    return Markup(tidy(page))  # noqa: S704  (the allow-list's)


def _visible_html(html: str) -> str:
    """The HTML well-formed, with the elements we know and without what is hidden."""
    page = nh3.clean(
        _FORMATTING.sub(r"<\1x-\2", tidy(html)),
        tags=_ALLOWED | _UNWRAPPED | _NAMELESS,
        clean_content_tags=_DROPPED,
        attributes={"*": {"hidden", "style", "href", "colspan", "rowspan"}},
        attribute_filter=_harmless,
        link_rel=None,
    )
    return _without_hidden(page)


def _without_hidden(page: str) -> str:
    """Drops marked elements with their content, and tags that stand too deep without theirs."""
    kept: list[str] = []
    at = depth = hidden_at = 0
    for tag in _TAG.finditer(page):
        kept.append("" if hidden_at else page[at : tag.start()])
        at = tag.end()
        is_start = not tag[1] and tag[2] not in _VOID
        depth += is_start
        if is_start and not hidden_at and (' hidden="' in tag[3] or ' style="' in tag[3]):
            hidden_at = depth
        if not hidden_at and depth <= _MAX_DEPTH:
            kept.append(f"<{tag[1]}{tag[2]}{tag[3]}>")
        if tag[1]:
            hidden_at = 0 if depth == hidden_at else hidden_at
            depth -= 1
    return "".join([*kept, page[at:]])


def _harmless(tag: str, name: str, value: str) -> str | None:
    """The attribute's value as we let it through, None for none; of a style only that it hides is kept."""
    if name == "href":
        return value.strip() if _LINK.match(value.strip()) else None
    if name == "style":
        return "" if _HIDDEN.search(value) else None
    if name == "hidden":
        return ""
    return value if re.fullmatch(r"\d{1,2}", value) else None


def _flowing(html: str) -> str:
    """HTML outside <pre> with the lines that a page would have."""
    flat = re.sub(r" ?</t[dh]> ?(?=<t[dh]\b)", "  ", re.sub(r"[ \t\n]+", " ", html))
    return re.sub(r" ?<br> ?", "\n", _BLOCK_EDGE.sub("\n", flat))
