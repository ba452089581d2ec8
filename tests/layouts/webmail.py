"""Webmailers and their phones: Gmail, Yahoo, GMX, Proton, Zoho, Roundcube and others."""

from collections.abc import Callable
from dataclasses import replace

from tests.layouts.layout import Layout, client, labelled, wrote
from tests.layouts.mime import mail, part
from tests.layouts.model import Client, Draft, Original
from tests.layouts.pages import Rules, block, renamed, text_of
from tests.layouts.phrases import header_block
from tests.layouts.places import BOTTOM, TEXT_QUOTE, TOP, below_lines, quoted_text


def _renaming(prefix: str) -> Callable[[str], str]:
    return lambda page: renamed(page, prefix)


# -------------------------------------------------------------------------------------------------- Gmail

_GMAIL_MARK = "000000000000b6f3a2062a1d7c51"
_GMAIL_STYLE = "margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"
_GMAIL_END = (
    '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">$glue$head<br></div>'
    "$under$open$quote$close</div>$below"
)
_GMAIL_SIGNATURE = (
    '<div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" '
    'class="gmail_signature" data-smartmail="gmail_signature"><div dir="ltr">$rows</div></div>'
)
_GMAIL = Layout(
    page=f'<div dir="ltr">$top$signature$aftersignature</div><br>{_GMAIL_END}\r\n',
    head=wrote("gmail", linked=True),
    bare=True,
    remade=lambda page: "<u></u>" + renamed(page, "m_-1742913305561127343"),
    open=f'<blockquote class="gmail_quote" style="{_GMAIL_STYLE}">',
    rules=Rules(quote="> ", link="{label}\n<{url}>", wrap=76, bold="*"),
    signature=_GMAIL_SIGNATURE,
    mark=_GMAIL_MARK,
)
_GMAILS = {
    "gmail-web": _GMAIL,
    "gmail-web-signature-below": replace(
        _GMAIL, page=f'<div dir="ltr">$top</div><br>{_GMAIL_END}<br clear="all">$signature$dashes\r\n'
    ),
    "gmail-android": replace(
        _GMAIL,
        page=f'<div dir="auto"><div>$top<br>{_GMAIL_END}</div></div>\r\n',
        line=block("div", 'dir="auto"'),
        signature="",
        encoding="base64",
    ),
    "gmail-ios": replace(
        _GMAIL,
        page=f'<div><div dir="auto">$top</div></div><div><br>{_GMAIL_END}</div>\r\n',
        line=block("div", 'dir="auto"'),
        signature="",
    ),
    "gmail-html-only": replace(_GMAIL, rules=None),
}

# -------------------------------------------------------------------------------------------------- Yahoo


def _yahoo_text(page: str, original: Original, draft: Draft, language: str) -> str:
    """Letters run together, a blank in front, the attribution indented."""
    above, _, rest = page.partition('<div id="yahoo_quoted')
    head, _, quote = rest.partition("<div><br></div>")
    glue = Rules(glued="siblings")
    wrote_line = text_of(head.partition(">")[2], glue).strip()
    return f" {text_of(above, glue).strip()}\n\n    {wrote_line}  \n \n {text_of(quote, glue).strip()}  \n"


_YAHOO = Layout(
    page='<html><head></head><body><div class="ydp5b1d2a3eyahoo-style-wrap" style="font-family:Helvetica '
    "Neue, "
    'Helvetica, Arial, sans-serif;font-size:16px;"><div></div>\n        '
    "$top<div><br></div>$signature$aftersignature"
    '</div><div id="yahoo_quoted_8712345678" class="yahoo_quoted">\n<div style="font-family:Helvetica '
    "Neue, Arial;"
    'font-size:13px;color:#26282a;"><div>$glue$head</div><div><br></div><div><br></div>$under<div>'
    '<div id="yiv1234567890">$quote</div></div></div></div>$below</body></html>',
    head=wrote("yahoo"),
    line=block("div", 'dir="ltr" data-setdir="false"'),
    remade=_renaming("yiv1234567890"),
    rules=_yahoo_text,
    signature='<div class="ydp77signature"><div dir="ltr">$rows</div></div>',
    mark="----=_Part_4711_815.1795177200",
)
_YAHOOS = {
    "yahoo": _YAHOO,
    "yahoo-android": replace(
        _YAHOO,
        page='$top<br><br><div id="ymail_android_signature"><a id="ymail_android_signature_link" '
        'href="https://mail.onelink.test/1">$mobile</a></div> $aftermobile<br> <blockquote style="margin: '
        "0 0 20px "
        '0;"> <div style="font-family:Roboto, sans-serif; color:#6D00F6;"> <div>$glue$head</div></div> <div '
        'style="padding: 10px 0 0 20px; margin: 10px 0 0 0; border-left: 1px solid #6D00F6;">$under '
        "$quote </div>"
        "</blockquote>$below",
        head=wrote("yahoo", broken=True),
        line=block("div", 'id="ymail_android_signature"'),
        bare=True,
        rules=Rules(glued="siblings"),
        signature="",
        mobile="yahoo",
    ),
    "yahoo-android-cursor": replace(
        _YAHOO,
        page='<div id="yMail_cursorElementTracker_1795177">$top</div><br><div>$mobile</div>$aftermobile'
        '<blockquote style="margin: 0 0 20px 0;"><div>$glue$head</div><div style="border-left: 1px solid '
        '#6D00F6;">$under$quote'
        "</div></blockquote>$below",
        line=block("div", 'id="yMail_cursorElementTracker_1795178"'),
        rules=Rules(),
        signature="",
        mobile="yahoo",
    ),
    "yahoo-ios": replace(
        _YAHOO,
        page='$top<span id="yahoo-rte-cursor-span"></span><br><br>$mobile<br>$aftermobile<br>\x00<p '
        'class="yahoo-quoted-begin" style="font-size: 15px; color: #715FFA; padding-top: '
        '15px;">$glue$head</p>'
        "$under$open$quote$close$below",
        bare=True,
        open='<blockquote class="iosymail">',
        rules=Rules(),
        signature="",
        mobile="yahoo",
    ),
}

# ---------------------------------------------------------------------------------------------- and others

_GMX = Layout(
    page='<html><head></head><body><div style="font-family: Verdana;font-size: '
    '12.0px;">$top\n<div>&nbsp;$aftersignature\n'
    '<div>&nbsp;\n$signature<div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; '
    'border-left:2px solid #C3D9E5; word-wrap: break-word;">\n<div style="margin:0 0 10px '
    '0;">$glue$head</div>\n'
    '$under\n<div name="quoted-content">$quote</div>\n</div>\n</div>\n</div>$below</div></body></html>\n',
    head=labelled(gap="&nbsp;", end="<br/>\n", order=(1, 0, 2, 3)),
    line=block("div", blank="&nbsp;"),
    rules=None,
    signature='<div class="signature">$rows</div>',
)
_ARIAL = "font-family: Arial, sans-serif; font-size: 14px;"
_PROTON = Layout(
    page=f'$top<div style="{_ARIAL}"><br></div>$signature<div class="protonmail_signature_block" '
    f'style="{_ARIAL}">'
    '<div class="protonmail_signature_block-user protonmail_signature_block-empty"></div><div '
    'class="protonmail_signature_block-proton">$mobile</div></div>$aftermobile'
    f'<div style="{_ARIAL}"><br></div><div '
    f'class="protonmail_quote">$glue$head<br>$under$open$quote$close<br></div>'
    "$below",
    head=wrote("proton"),
    line=block("div", f'style="{_ARIAL}"'),
    open='<blockquote class="protonmail_quote" type="cite">',
    rules=Rules(quote="> "),
    mobile="proton",
    encoding="base64",
)
_ZOHO = Layout(
    page='<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN"><html><head><meta '
    'content="text/html;'
    'charset=UTF-8" http-equiv="Content-Type"></head><body ><div style="font-family: Verdana, Arial, '
    "Helvetica, "
    'sans-serif; font-size: 10pt;">$top<div><br></div>$signature$aftersignature<div class="zmail_extra_hr" '
    'style="border-top: 1px solid rgb(204, 204, 204); height: 0px; margin-top: 10px;"><br></div><div '
    'class="zmail_extra" data-zbluepencil-ignore="true"><div><br></div><div '
    'id="Zm-_Id_-Sgn1">$glue$head<br></div>'
    "<div><br></div>$under$open$quote$close</div><div><br></div>$below</div><br></body></html>",
    head=wrote("zoho", linked=True),
    line=lambda line: block("div")(line).replace("</div>", "<br></div>" if line else "</div>"),
    remade=_renaming("x_-1234567890zm_-99_parse_"),
    open='<blockquote id="blockquote_zmail" style="margin: 0px;">',
    rules=Rules(doubled=True, link="{label} <{url}>"),
    signature='<div id="Zm-_Id_-Sgn" data-sigid="1"><div>$rows<br></div></div>',
)
_PARAGRAPH = block("p", blank="&nbsp;")
_OTHERS = {
    "gmx": _GMX,
    "proton-web": _PROTON,
    "proton-mobile": replace(
        _PROTON,
        page="<div>$top<caret></caret></div><br>$mobile<br>$aftermobile<br>$glue$head<br>$under$open$quote$close$below",
        line=block("div"),
        bare=True,
        mobile="proton-mobile",
        rules=None,
    ),
    "zoho": _ZOHO,
    "roundcube-html": Layout(
        page="<html><head></head><body style='font-size: 10pt; font-family: "
        "Verdana,Geneva,sans-serif'>\n$top\n"
        "$signature$aftersignature<p id=\"reply-intro\">$glue$head</p>\n$under$open\n<div "
        "id=\"replybody1\">\n"
        '<div class="v1page">$quote</div>\n</div>\n$close\n$below$dashes</body></html>\n',
        head=wrote("roundcube"),
        line=_PARAGRAPH,
        remade=_renaming("v1"),
        open='<blockquote type="cite" style="padding: 0 0.4em; border-left: #1010ff 2px solid; margin: 0">',
        rules=Rules(quote="> ", link="{label} [1]"),
        signature='<div id="_rc_sig">-- <br>$rows</div>',
        headers=("User-Agent: Roundcube Webmail",),
    ),
    "openxchange": Layout(
        page='<!doctype html>\n<html>\n <head> \n  <meta charset="UTF-8"> \n </head>\n <body>\n  $top'
        '<div class="default-style">&nbsp;</div>$signature$aftersignature$open<div>$glue$head</div>'
        "<div>&nbsp;</div>"
        "$under$quote$close$below</body>\n</html>\n",
        head=wrote("openxchange"),
        line=block("div", 'class="default-style"', "&nbsp;"),
        remade=_renaming("ox-a1b2c3d4-"),
        open='<blockquote type="cite">',
        rules=Rules(quote="> "),
        signature='<div class="io-ox-signature"><p>$rows</p></div>',
    ),
    "fastmail": Layout(
        page="<!DOCTYPE "
        "html><html><head><title></title></head><body>$top<div><br></div>$signature$aftersignature"
        '<div>$glue$head<br></div>$under$open$quote$close<div><br></div>$below</body></html>',
        head=wrote("fastmail"),
        remade=_renaming("qt-"),
        open='<blockquote type="cite" id="qt" style="">',
        rules=Rules(quote="> ", wrap=72),
        signature='<div id="sig123">-- <br></div><div class="signature">$rows</div>',
    ),
    "sogo": Layout(
        page="<html>$top<br><br>$glue$head<br>&nbsp;$under$open$quote$close<br>$below</html>",
        head=wrote("sogo"),
        line=_PARAGRAPH,
        open='<blockquote type="cite" cite="mid:fm1">',
        rules=Rules(link=""),
    ),
    "yandex": Layout(
        page="$top<div>&nbsp;</div><div>$glue$head</div>$under$open$quote$close$below",
        head=wrote("yandex"),
        line=block("div", blank="&nbsp;"),
        open="<blockquote>",
        rules=None,
    ),
    "inotes": Layout(
        page='<font face="Default Sans Serif,Verdana,Arial,Helvetica,sans-serif" '
        'size="2">$top<br><br>$signature'
        '$aftersignature<font color="#990099">$glue-----&quot;flexmaild&quot; wrote: -----</font><div '
        'class="iNotesHistory" style="padding-left:5px;"><div '
        'style="padding-right:0px;padding-left:5px;border-left:'
        'solid black 2px;">$head<br><br>$under$quote</div></div>$below</font>',
        head=labelled(dated=True, bold=False, order=(2, 0, 1, 3)),
        rules=None,
        signature="<div>$rows</div>",
        charset=("us-ascii", "iso-8859-1", "utf-8"),
    ),
}  # fmt: skip


def _gmx_plain(original: Original, draft: Draft, language: str) -> bytes:
    rows = [f"{label}:\xa0{value}" for label, value in header_block(original, language)]
    rows = [rows[1], rows[0], rows[2], " ".join([rows[3], *draft.at("header-end")])]
    rows[0] = " ".join(draft.at("glued")) + rows[0]
    lines = [*draft.at("top"), "", "", *rows, "", *draft.at("under-attribution")]
    lines += [*quoted_text(original.text, draft, str), *below_lines(draft), ""]
    return mail(original, part("\n".join(lines)))


WEBMAIL = {
    name: client(layout) for group in (_GMAILS, _YAHOOS, _OTHERS) for name, layout in group.items()
} | {
    "gmx-plain": Client(
        "", _gmx_plain, TOP | TEXT_QUOTE | BOTTOM | {"glued", "under-attribution", "header-end"}
    ),
}  # fmt: skip
