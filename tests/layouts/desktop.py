"""Desktop programs that write HTML: Thunderbird, Evolution, KMail, eM Client, Notes."""

import re
from collections.abc import Callable
from dataclasses import replace

from tests.layouts.layout import Layout, client, labelled, wrote
from tests.layouts.mime import mail, part
from tests.layouts.model import Client, Draft, Original
from tests.layouts.pages import Rules, block, text_of
from tests.layouts.phrases import header_block
from tests.layouts.places import BOTTOM, TEXT_QUOTE, TOP, below_lines, quoted_text

_MOZ = (
    '<!DOCTYPE html>\n<html>\n  <head>\n    <meta http-equiv="Content-Type" content="text/html; '
    'charset=UTF-8">\n'
    "  </head>\n  <body>\n    "
)
_CITE = '<blockquote type="cite" cite="mid:fm1.approval_request.0@corp.test">'


def _moz(page: str) -> str:
    """Thunderbird quotes the whole page: title and style stand in the blockquote."""
    return (
        '<meta http-equiv="content-type" content="text/html; charset=UTF-8">\n      <title>Approval '
        "needed</title>\n"
        f"      <style>@scope {{  }}</style>\n      {page}"
    )


def _moz_text(page: str, original: Original, draft: Draft, language: str) -> str:
    """format=flowed: soft ends have a blank, the title of the page is its first line."""
    shown = re.sub(r"<title>(.*?)</title>", r"<div>\1</div>", page)
    text = text_of(shown, Rules(quote="> ", link="{label} <{url}>", cell="\t", wrap=71))
    return text.replace("\n> <mailto:", " \n> <mailto:")


_THUNDERBIRD = Layout(
    page=f'{_MOZ}$top\n    $signature$aftersignature<div class="moz-cite-prefix">$glue$head<br>\n    '
    f"</div>\n    "
    "$under$open\n      $quote\n    $close\n    $below$dashes\n  </body>\n</html>\n",
    head=wrote("thunderbird"),
    line=block("p"),
    remade=_moz,
    open=_CITE,
    rules=_moz_text,
    signature='<div class="moz-signature">-- <br>$rows</div>\n    ',
    encoding="8bit",
    mark="------------yEwVv9WTTas0nnBygpF6Btoy",
    headers=("User-Agent: Mozilla Thunderbird",),
)
_LAYOUTS = {
    "thunderbird-html": _THUNDERBIRD,
    "thunderbird-signature-below": replace(
        _THUNDERBIRD,
        page=_THUNDERBIRD.page.replace("$signature$aftersignature", "").replace(
            "$dashes", "$signature$dashes"
        ),
    ),
    "thunderbird-bare": replace(_THUNDERBIRD, line=lambda line: f"{block('span')(line)}<br>\n    "),
    "evolution-html": Layout(
        page="<html><head></head><body>$top<div><br></div>$signature$aftersignature<div>$glue$head</div>$under$open"
        "$quote$close<div><br></div>$below</body></html>",
        head=wrote("evolution"),
        open='<blockquote type="cite" style="margin:0 0 0 .8ex; border-left:2px #729fcf '
        'solid;padding-left:1ex">',
        rules=Rules(quote="> ", wrap=71),
        signature='<div><span><pre>-- <br></pre><div>$rows</div></span></div>',
        mark="=-Xq4cO0vGZ4y8KxZb3jGe",
        headers=("User-Agent: Evolution 3.46.4-2",),
    ),
    "kmail-html": Layout(
        page='<html>\n<head>\n<meta http-equiv="content-type" content="text/html; '
        'charset=UTF-8">\n</head>\n<body>'
        '$top\n<br />$signature$aftersignature<p style="margin-top:0;">$glue$head</p>\n$under<div '
        'style="margin-left:'
        '20px; border-left: 2px solid #729fcf">$quote</div>\n$below</body>\n</html>',
        head=wrote("kmail"),
        line=block("p", 'style="margin-top:0;margin-bottom:0;"'),
        rules=Rules(),
        signature="<p>-- <br />$rows</p>",
    ),
    "emclient": Layout(
        page='<html><head></head><body><div>$top</div><div><br '
        '/></div><signature>$signature</signature>$aftersignature'
        '<div><br /></div><div>$glue------ Original Message ------</div>\n<div>$head</div>\n<div><br /></div>'
        '$under<div id="x9b2d6b3c5e"><blockquote cite="mid:fm1" type="cite" '
        'class="cite2">$quote</blockquote></div>'
        "$below</body></html>",
        head=labelled(dated=True, bold=False, colon="", end="</div>\n<div>"),
        rules=Rules(),
        signature="<div>$rows</div>",
    ),
    "notes-block-html": Layout(
        page='<html><body><font size=2 '
        'face="sans-serif">$top</font>\n<br>\n$signature$aftersignature<br>\n<br><table '
        'width=100%><tr><td><font size=1 color=#5f5f5f '
        'face="sans-serif">$glue$head</font></td></tr></table><hr '
        "noshade>\n$under<br>$quote\n<br>$below</body></html>",
        head=labelled(dated=True, bold=False, gap=" &nbsp; &nbsp; ", end="<br>\n", order=(0, 2, 1, 3)),
        line=lambda line: f'<tt><font size=2>{block("span")(line) if line else ""}</font></tt><br>\n',
        rules=None,
        signature='<font size=2 face="sans-serif">$rows</font><br>',
        charset=("us-ascii", "iso-8859-1", "utf-8"),
    ),
}  # fmt: skip

# ------------------------------------------------------------------------------------- Notes, in plain text


def _notes(mark: str, head: Callable[[Original, str, str], list[str]]) -> Client:
    def build(original: Original, draft: Draft, language: str) -> bytes:
        rows = head(original, " ".join(draft.at("glued")), language)
        rows[-1] = " ".join([rows[-1], *draft.at("header-end")])
        text = [piece for line in original.text for piece in _wrapped(line, 75)]
        lines = [*draft.at("top"), "", "", "", *rows, "", *draft.at("under-attribution")]
        lines += [*quoted_text(text, draft, lambda line: mark + line), *below_lines(draft), ""]
        body = part("\n".join(lines), charset=("us-ascii", "iso-8859-1", "utf-8"))
        return mail(original, body.replace(b"_", b"=5F"), "X-Mailer: Lotus Notes Release 9.0.1")

    slots = TOP | TEXT_QUOTE | BOTTOM | {"glued", "under-attribution", "header-end"}
    return Client("", build, slots)


def _wrapped(line: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]


def _columns(original: Original, glue: str, language: str) -> list[str]:
    rows = header_block(original, language, dated=True)
    return [
        f"{glue if not at else ''}{rows[row][0] + ':':<8}{rows[row][1]}"
        for at, row in enumerate((0, 2, 1, 3))
    ]


def _wrote_on(original: Original, glue: str, language: str) -> list[str]:
    rows = header_block(original, language, dated=True)
    when = f"{original.date:%d/%m/%Y %H:%M:%S}"
    line = f'{glue}"{original.sender_name}" <{original.sender}> wrote on {when}:'
    return [line, "", *(f"> {label}: {value}" for label, value in rows)]


def _dashes(original: Original, glue: str, language: str) -> list[str]:
    rows = header_block(original, language, dated=True)
    first = f'{glue}-----"{original.sender_name}" <{original.sender}> wrote: -----'
    return [first, *(f"{rows[at][0]}: {rows[at][1]}" for at in (2, 0, 1, 3))]


DESKTOP = {name: client(layout) for name, layout in _LAYOUTS.items()} | {
    "notes-block": _notes("", _columns),
    "notes-text": _notes("> ", _wrote_on),
    "notes-internet": _notes("", _dashes),
}
