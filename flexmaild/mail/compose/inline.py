"""The style sheet written into the tags of a template, once when it is loaded and not once a mail.

Mail programs drop `<style>` in many places (Gmail in replies, Outlook on Windows for much of it), so every
rule goes into `style=` attributes; only `@media` rules (dark mode, phones) stay in the head. The Jinja
tags are put aside as comments or marks while css-inline works. Called by `compose.render`.
"""

import re
from collections.abc import Iterator

import css_inline
from jinja2 import Environment

_INLINER = css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
_MARK = re.compile(r"<!--fmj(\d+)jmf-->|fmj(\d+)jmf")
_RAW_TEXT = re.compile(r"<(?:title|style|textarea)\b[^>]*>[^<]*\Z", re.IGNORECASE)
# A class attribute that a Jinja tag makes cannot be matched before the values are known.
_LATE_CLASS = re.compile(r"class\s*=\s*(\"[^\"]*fmj\d|'[^']*fmj\d)")


def inlined_page(html: str) -> str:
    """A whole page with its rules written into its tags; the at-rules stay in the head."""
    return _rules_last(_INLINER.inline(html))


def inlined_template(env: Environment, source: str, css: str) -> str | None:
    """The template with the rules written in, None where that cannot be done before the values are known."""
    aside: list[str] = []
    html = ""
    for is_tag, piece in _pieces(env, source):
        if not is_tag:
            html += piece
            continue
        html += f"fmj{len(aside)}jmf" if _no_comment_here(html) else f"<!--fmj{len(aside)}jmf-->"
        aside.append(piece)
    if _LATE_CLASS.search(html):
        return None
    is_page = "<html" in html.lower()
    styled = _INLINER.inline(html) if is_page else _INLINER.inline_fragment(html, css)
    found = [int(m.group(1) or m.group(2)) for m in _MARK.finditer(styled)]
    if found != list(range(len(aside))) or styled.count("<") < html.count("<"):
        return None  # css-inline's HTML parser moved or dropped something: a row outside a table, say
    return _MARK.sub(lambda m: aside[int(m.group(1) or m.group(2))], _rules_last(styled))


def _no_comment_here(html: str) -> bool:
    """Whether what follows stands inside a tag or in an element that knows no comments."""
    return html.rfind("<") > html.rfind(">") or _RAW_TEXT.search(html) is not None


def _rules_last(page: str) -> str:
    """The page with its at-rules last: css-inline puts them where the charset belongs (HTML 4.2.5.4: within
    1,024 bytes)."""
    start, end = page.find("<style>"), page.find("</style>")
    if page[:start].rstrip().endswith("<head>") and end > 0:
        rules = page[start : end + len("</style>")]
        page = page.replace(rules, "", 1).replace("</head>", f"{rules}\n</head>", 1)
    return page


def _pieces(env: Environment, source: str) -> Iterator[tuple[bool, str]]:
    """The template cut into (is a Jinja tag, text); whatever Jinja's own lexer takes for text is text."""
    tag = ""
    for _, kind, value in env.lex(source):
        if kind == "data" and not tag:
            yield False, value
            continue
        tag += value
        if kind in ("variable_end", "block_end", "comment_end", "raw_begin", "raw_end"):
            yield True, tag
            tag = ""
    if tag:
        yield True, tag
