"""Webmailers: Gmail, Yahoo, GMX, Proton, Zoho, Roundcube and others."""

from __future__ import annotations

from tests.layouts.mime import alternative, escape, mail
from tests.layouts.model import Client, Draft, Original
from tests.layouts.pages import Rules, block, renamed, text_of
from tests.layouts.phrases import SIGNATURE, attribution
from tests.layouts.places import BOTTOM, HTML_QUOTE, SIGNED, SPLIT, TOP, below_lines, quoted_page

_div = block("div")


def gmail_page(
    original: Original, draft: Draft, language: str, tag: str, signature_below: bool = False
) -> str:
    """`tag` is the div that the typed text stands in; the first line is bare in it."""
    first, *more = draft.at("top") or ("",)
    top = f"{escape(first)}{''.join(map(_div, more))}"
    rows = "<br>".join(escape(line) for line in (*SIGNATURE, *draft.at("signature-end")))
    signature = (
        '<div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" '
        f'class="gmail_signature" data-smartmail="gmail_signature"><div dir="ltr">{rows}</div></div>'
        if draft.signature
        else ""
    )
    after = "".join(map(_div, draft.at("after-signature")))
    wrote = escape(attribution("gmail", original, language)).replace(
        escape(original.sender), f'<a href="mailto:{original.sender}">{original.sender}</a>'
    )
    glue = escape(" ".join(draft.at("glued")))
    under = "".join(map(_div, draft.at("under-attribution")))
    style = 'style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"'
    quoting = f'<blockquote class="gmail_quote" {style}>'
    body = renamed(original.body, "m_-1742913305561127343")
    quote = quoted_page(f"<u></u>{body}", draft, _div, "</blockquote>", quoting)
    below = "".join(map(_div, below_lines(draft)))
    between, end = (signature, "") if not signature_below else ("", signature)
    dashes = "".join(map(_div, draft.at("below-dashes")))
    return (
        f"{tag}{top}{between}{after}</div><br>"
        '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f"{glue}{wrote}<br></div>{under}{quoting}{quote}</blockquote></div>{below}{end}{dashes}\r\n"
    )


def _gmail(tag: str, signature_below: bool = False) -> Client:
    def build(original: Original, draft: Draft, language: str) -> bytes:
        page = gmail_page(original, draft, language, tag, signature_below)
        text = text_of(page, Rules(quote="> ", link="{label}\n<{url}>", wrap=76, bold="*"))
        content = alternative(text, page, charset="utf-8", mark="000000000000b6f3a2062a1d7c51")
        return mail(original, content)

    slots = TOP | HTML_QUOTE | BOTTOM | SPLIT | {"split-table", "glued", "under-attribution"}
    return Client("", build, slots | ({"signature", "below-dashes"} if signature_below else SIGNED))


WEBMAIL = {
    "gmail-web": _gmail('<div dir="ltr">'),
    "gmail-android": _gmail('<div dir="auto">', signature_below=True),
}
