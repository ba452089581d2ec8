"""Apple Mail, iPhones, Samsung and other phones, also where an Exchange server wrote their mail anew."""

from dataclasses import replace

from tests.layouts.layout import Layout, client, labelled, wrote
from tests.layouts.model import Draft, Original
from tests.layouts.pages import Rules, block, text_of
from tests.layouts.phrases import SAMSUNG_MESSAGE

# -------------------------------------------------------------------------------------------------- Apple

_HEAD = '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
_EXCHANGE = "_000_1A2B3C4D5E6F70819203A4B5C6D7E8F9corptest_"
_MAC = Layout(
    page='<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body '
    'style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: '
    'after-white-space;">$top$signature'
    '$aftersignature<div><br id="lineBreakAtBeginningOfMessage"><div><br>$open<div>$glue$head</div><br '
    'class="Apple-interchange-newline"><div>$under$quote</div>$close</div><br>$below$dashes</div></body></html>',
    head=wrote("apple"),
    bare=True,
    open='<blockquote type="cite">',
    close="</blockquote>",
    rules=Rules(quote="> ", link="{label} <{url}>"),
    signature='<div><br><div><meta charset="UTF-8"><div>$rows</div></div></div>',
    charset=("us-ascii", "utf-8"),
    mark="Apple-Mail=_6D7C4E8A-3B2F-4C1D-9E5A-0F1B2C3D4E5F",
    headers=("X-Mailer: Apple Mail (2.3864.100.1.1.5)",),
)
_IPHONE = (
    f'{_HEAD}<body dir="auto">$top<br id="lineBreakAtBeginningOfSignature"><div '
    f'dir="ltr">$mobile</div>$aftermobile'
    '<div dir="ltr"><br><blockquote type="cite">$glue$head<br><br></blockquote></div>$under'
    '$open<div dir="ltr">\ufeff$quote</div>$close$below</body></html>'
)
_IOS = Layout(
    page=_IPHONE,
    head=wrote("iphone"),
    bare=True,
    open='<blockquote type="cite">',
    rules=Rules(quote="> ", link="{label}"),
    mobile="iphone",
    mark="Apple-Mail-3F2E1D0C-9B8A-4766-8554-433221100FEE",
    headers=("X-Mailer: iPhone Mail (22A3354)",),
)
_OLD_IPHONE = (
    f'{_HEAD}<body dir="auto">$top<div id="AppleMailSignature" dir="ltr">$mobile</div>$aftermobile'
    '<div dir="ltr"><br>$glue$head<br><br></div>$under$open<div '
    'dir="ltr">$quote</div>$close$below</body></html>'
)
_APPLES = {
    "apple-mac": _MAC,
    "apple-mac-exchange": replace(_MAC, rules=Rules(link="{label}<{url}>", apart=False), mark=_EXCHANGE),
    # The program put its line break on top, so that the typed text stands behind it.
    "apple-mac-moved": replace(
        _MAC,
        page=_MAC.page.replace("$top", '<br id="lineBreakAtBeginningOfMessage"><div>$top</div>').replace(
            '<div><br id="lineBreakAtBeginningOfMessage">', "<div>"
        ),
    ),
    "apple-ios": _IOS,
    "apple-ios-old": replace(_IOS, page=_OLD_IPHONE, encoding="base64"),
    "apple-ios-exchange": replace(
        _IOS, page=_OLD_IPHONE, rules=Rules(link="{label}<{url}>", apart=False), mark=_EXCHANGE
    ),
    "apple-ios-html-only": replace(_IOS, rules=None, encoding="base64"),
    # The typed lines stand in further signatures of the same id.
    "apple-ios-signatures": replace(
        _IOS, page=_OLD_IPHONE, line=block("div", 'id="AppleMailSignature" dir="ltr"'), bare=False
    ),
}  # fmt: skip

# ------------------------------------------------------------------------------------------------ Samsung


def _rule(language: str) -> str:
    return f"-------- {SAMSUNG_MESSAGE[language]} --------"


_block = labelled(dated=True, bold=False, end=" </div><div>", when="{d}/{m}/{y}  {hh}:{mm}  (GMT+01:00)")


def _samsung_head(original: Original, draft: Draft, language: str) -> str:
    return f"{_rule(language)}</div><div>{_block(original, draft, language)}"


def _run_together(page: str, original: Original, draft: Draft, language: str) -> str:
    """All letters on one line but for the rule."""
    text = text_of(page, Rules(glued="all"))
    rule = _rule(language)
    return text.replace(rule, f"\n{rule}").strip() + "\n"


def _of_2017(page: str, original: Original, draft: Draft, language: str) -> str:
    """Lines kept, but rule and header block on one."""
    text = text_of(page, Rules())
    above, rule, rest = text.partition(_rule(language))
    lines = rest.lstrip("\n").split("\n")
    return f"{above}{rule}{' '.join(lines[:4])}\n" + "\n".join(lines[4:])


_SAMSUNG = Layout(
    page=f'{_HEAD}<body>$top<div dir="auto"><br></div><div dir="auto"><br></div><div id="composer_signature" '
    'dir="auto"><div style="font-size:12px;color:#575757" dir="auto">$mobile</div></div>$aftermobile<div '
    'dir="auto">'
    '<br></div><div><br></div><div align="left" dir="auto" '
    'style="font-size:100%;color:#000000"><div>$glue$head '
    "</div><div><br></div></div>$under$quote$below</body></html>",
    head=_samsung_head,
    line=block("div", 'dir="auto"'),
    rules=_run_together,
    mobile="samsung",
    encoding="base64",
    mark="--_com.samsung.android.email_9876543210987650",
)
_SAMSUNGS = {
    "samsung": _SAMSUNG,
    "samsung-2017": replace(_SAMSUNG, rules=_of_2017, page=_SAMSUNG.page.replace("composer_", "")),
    "samsung-exchange": replace(
        _SAMSUNG, rules=Rules(link="{label}<{url}>"), encoding="quoted-printable", mark=_EXCHANGE
    ),
    "eas-android": replace(_SAMSUNG, rules=None),
}

# ------------------------------------------------------------------------------------------------- others

_K9_STYLE = "margin: 0pt 0pt 0pt 0.8ex; border-left: 1px solid rgb(204, 204, 204); padding-left: 1ex;"
_OTHERS = {
    "k9": Layout(
        page='<!DOCTYPE html><html><body><div dir="auto">$top</div><br><br><div '
        'class="k9mail-signature">-- <br>'
        '$mobile</div>$aftermobile<div class="gmail_quote"><div '
        'dir="auto">$glue$head</div>$under$open$quote$close'
        "</div>$below</body></html>",
        head=wrote("k9"),
        bare=True,
        open=f'<blockquote class="gmail_quote" style="{_K9_STYLE}">',
        rules=Rules(quote="> ", link="{label}"),
        mobile="k9",
        mark="----O6N7XZ0YVUS0UQVXK9MAIL",
    ),
    "fairemail": Layout(
        page=f'{_HEAD}<body><div>$top</div><div fairemail="signature">$signature</div>$aftersignature<div '
        'fairemail="reference"><p>$glue$head</p>$under$open$quote$close</div>$below</body></html>',
        head=wrote("fairemail"),
        line=block("p"),
        open='<blockquote style="margin:0; padding-left:5px; border-left:3px solid #1b5e20">',
        rules=Rules(quote="> ", wrap=71),
        signature="<p>$rows</p>",
    ),
    "spark": Layout(
        page=f'{_HEAD}<body><div name="messageBodySection"><div dir="auto">$top</div></div><div '
        'name="messageSignatureSection"><br>$signature</div>$aftersignature<div '
        'name="messageReplySection">$glue$head'
        "<br>$under$open$quote$close</div>$below</body></html>",
        head=wrote("spark"),
        line=block("div", 'dir="auto"'),
        open='<blockquote type="cite" class="spark_quote" style="margin: 5px 5px; border-left-color: '
        '#1abc9c;">',
        rules=Rules(quote="> "),
        signature='<div class="matchFont">$rows</div>',
        mark="65a1b2c3_6b8b4567_1a2b",
    ),
    "mailspring": Layout(
        page="$top<br><signature>$signature</signature>$aftersignature<div "
        "class=\"gmail_quote_attribution\">$glue"
        "$head</div>$under$open$quote$close$below",
        head=wrote("mailspring", linked=True),
        open='<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;">',
        rules=Rules(quote="> "),
        signature="<div>$rows</div>",
    ),
    "tuta": Layout(
        page=f"{_HEAD}<body>$top<br>$signature$aftersignature<br>$glue$head<br>$under$open$quote$close$below"
        "</body></html>",
        head=wrote("tuta"),
        open='<blockquote class="tutanota_quote" style="border-left: 1px solid #93A3B8; padding-left: '
        '10px;">',
        rules=Rules(quote="> "),
        signature="<div>-- <br>$rows</div>",
        encoding="base64",
    ),
}  # fmt: skip

DEVICES = {name: client(layout) for group in (_APPLES, _SAMSUNGS, _OTHERS) for name, layout in group.items()}
