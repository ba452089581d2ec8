"""The Outlooks: Word's, the web's, the Mac's, the phones'. None marks a quotation in its text part."""

from dataclasses import replace

from tests.layouts.layout import Layout, client, labelled
from tests.layouts.mime import JAPANESE, LATIN, mail, part
from tests.layouts.model import Client, Draft, Original
from tests.layouts.pages import Rules, block, renamed, wordlike
from tests.layouts.phrases import ORIGINAL_MESSAGE, SIGNATURE, SUBJECT, header_block
from tests.layouts.places import BOTTOM, SIGNED, TEXT_QUOTE, TOP, below_lines, quoted_text

_SENT, _DATED = labelled(end="<br>\n"), labelled(dated=True, end="<br>\n")
_CHARSETS = (*LATIN[:3], "iso-2022-jp", "utf-8")


# ------------------------------------------------------------------------------------------------- Word


def _word_line(line: str) -> str:
    paragraph = block("p", 'class="MsoNormal"', "<o:p>&nbsp;</o:p>")(line)
    return paragraph.replace("</p>", "<o:p></o:p></p>\n" if line else "</p>\n")


_WORD_HEAD = """<html xmlns:v="urn:schemas-microsoft-com:vml" \
xmlns:o="urn:schemas-microsoft-com:office:office" \
xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">
<head><meta name="Generator" content="Microsoft Word 15 (filtered medium)"><style><!--
@font-face
\t{font-family:Aptos;}
p.MsoNormal, li.MsoNormal, div.MsoNormal
\t{margin:0cm;
\tfont-size:11.0pt;}
span.EmailStyle20
\t{mso-style-type:personal-reply;}
.MsoChpDefault
\t{mso-style-type:export-only;}
--></style></head>
<body lang="EN-GB" link="#467886" vlink="#96607D" style="word-wrap:break-word">
"""
_BLANK = '<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n'
_BORDER = """<div><div style="border:none;border-top:solid {} 1.0pt;padding:3.0pt 0cm 0cm 0cm">
<p class="MsoNormal">$glue$head<o:p></o:p></p></div></div>
"""
_TYPED = f'<div class="WordSection1">$top$signature$aftersignature{_BLANK}'
_QUOTED = f"$under{_BLANK}$quote$below</div></body></html>"
_WORD = Layout(
    page=_WORD_HEAD + _TYPED + _BORDER.format("#E1E1E1") + _QUOTED,
    head=_SENT,
    line=_word_line,
    remade=wordlike,
    rules=Rules(link="{label}<{url}>", cell="\n", apart=False),
    signature=f'{_BLANK}<p class="MsoNormal">$rows<o:p></o:p></p>\n',
    charset=_CHARSETS,
    mark="_000_AM0PR01MB4321eurprd01pr_",
    headers=("Thread-Topic: Approval needed", "Thread-Index: AdlaX1n2s0m1Xw=="),
    answers=True,
    separate=True,
)
_BAR = (
    '<div style="border:none;border-left:solid blue 1.5pt;padding:0cm 0cm 0cm 4.0pt">\n'
    + _BORDER.format("#E1E1E1")
    + f"$under{_BLANK}$quote</div>$below</div></body></html>"
)
_LABEL = (
    '<p class="msipheaderc10f11a2" align="Left" style="margin:0"><span style="font-size:10.0pt;'
    'font-family:Calibri;color:#000000">[Internal]</span></p>\n<br>\n'
)
_MAC_CONTAINER = (
    f'$top$signature$aftersignature{_BLANK}<div id="mail-editor-reference-message-container">$container<div>'
    '<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal" '
    f'style="margin-bottom:12.0pt">$glue$head<o:p></o:p></p></div>$under{_BLANK}$quote</div></div>$below'
)
_WORDS = {
    "outlook-classic": _WORD,
    "outlook-2010": replace(
        _WORD,
        page=_WORD_HEAD + _TYPED + _BORDER.format("#B5C4DF") + _QUOTED,
        rules=Rules(link="{label} <{url}>", cell="\t"),
        encoding="base64",
    ),
    "outlook-blue": replace(
        _WORD, page=_WORD_HEAD + _TYPED + _BAR, rules=Rules(link="{label}<{url}>", cell=" ")
    ),
    "outlook-labelled": replace(
        _WORD,
        page=_WORD_HEAD + _TYPED.replace("$top", f"{_LABEL}$top") + _BORDER.format("#E1E1E1")
        + _QUOTED.replace("$quote", f"{_LABEL}$quote"),
    ),
    "outlook-html-only": replace(_WORD, rules=None),
    "outlook-mac-word": replace(
        _WORD,
        page=f'{_WORD_HEAD}<div class="WordSection1">{_MAC_CONTAINER}</div></body></html>',
        head=_DATED,
    ),
    "outlook-mac-container": replace(
        _WORD,
        page=f'{_WORD_HEAD}<div class="WordSection1"><div id="mail-editor-reference-message-container">'
        f"{_TYPED.split('>', 1)[1]}{_BORDER.format('#B5C4DF')}$under{_BLANK}$quote</div>$below</div></body>"
        "</html>",
        head=_DATED,
    ),
    "windows-mail": replace(
        _WORD,
        page=f'{_WORD_HEAD}<div class="WordSection1">$top{_BLANK}<p class="MsoNormal">$mobile<o:p></o:p></p>'
        f'$aftermobile{_BLANK}<div style="mso-element:para-border-div;border:none;border-top:solid #E1E1E1 '
        '1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal" style="border:none;padding:0cm">$glue$head'
        f"<o:p></o:p></p></div>{_QUOTED}",
        head=labelled(order=(0, 1, 2)),
        signature="",
        mobile="windows",
        rules=None,
    ),
}  # fmt: skip

# ---------------------------------------------------------------------------------------- web and new ones

_APTOS = "font-family: Aptos, Aptos_EmbeddedFont, Calibri, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);"
_REPLY = (
    '<div id="appendonsend"></div>\n<hr style="display:inline-block;width:98%" tabindex="-1">\n'
    '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" '
    'color="#000000">$glue$head</font>\n<div>&nbsp;</div>\n</div>\n$under'
)
_OWA_HEAD = (
    '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n'
    '<style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:0;} </style>\n'
    '</head>\n<body dir="ltr">\n'
)


def _x(page: str) -> str:
    return renamed(page, "x_")


_OWA = Layout(
    page=f"{_OWA_HEAD}$top$signature$aftersignature{_REPLY}<div>$quote</div>\n$below</body>\n</html>\n",
    head=_SENT,
    line=block("div", f'class="elementToProof" style="{_APTOS}"'),
    remade=_x,
    rules=Rules(link="{label}<{url}>", cell="\t"),
    signature=f'<div class="elementToProof"><br></div><div id="Signature"><div '
    f'style="{_APTOS}">$rows</div></div>',
    charset=LATIN,
    mark="_000_DB9PR05MB1234eurprd05pr_",
    headers=("Thread-Topic: Approval needed", "X-MS-Exchange-Organization-SCL: -1"),
    answers=True,
)
_STAMP = (
    '<div><div style="font-family:Calibri;font-size:10pt;color:#000000;margin-left:5pt;" align="Left">'
    "Internal</div><br></div>"
)
_WEBS = {
    "owa": _OWA,
    "owa-signature-wraps": replace(
        _OWA,
        page=f"{_OWA_HEAD}$top$signature$aftersignature{_REPLY}<div>$quote</div>\n</div>$below</body>\n</html>\n",
        signature=f'<div id="Signature" class="elementToProof"><div style="{_APTOS}">$rows</div>',
    ),
    "owa-labelled": replace(_OWA, page=_OWA.page.replace("$top", f"{_STAMP}$top")),
}

# --------------------------------------------------------------------------------------------------- phones

_SIGNATURE = '<div id="ms-outlook-mobile-signature"><a href="https://aka.ms/o0ukef">$mobile</a></div>'
_MOBILE_END = (
    '<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">'
    '<font face="Calibri, sans-serif" style="font-size:11pt" '
    'color="#000000">$glue$head</font><div>&nbsp;</div>'
    '</div>$under<meta name="Generator" content="Microsoft Exchange Server">$quote'
)
_CONTAINER = (
    '<div id="mail-editor-reference-message-container" class="ms-outlook-mobile-reference-message">'
    f"$container{_MOBILE_END}</div>$below</body></html>"
)
_PHONE_HEAD = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head>'
_IOS = Layout(
    page=f'{_PHONE_HEAD}<body><div dir="ltr"><div></div>$top<span '
    f'id="ms-outlook-ios-cursor"></span><div><br></div>'
    f"$insignature{_SIGNATURE}$aftermobile</div><div "
    f'id="ms-outlook-mobile-body-separator-line"></div>{_CONTAINER}',
    head=_SENT,
    line=block("div", 'dir="ltr"'),
    remade=_x,
    rules=Rules(link="{label}<{url}>", cell="\n"),
    mobile="outlook",
    charset=LATIN,
    mark="_000_VI1PR07MB5555eurprd07pr_",
    answers=True,
)
_PHONES = {
    "outlook-ios": _IOS,
    "outlook-android": replace(
        _IOS,
        page=f'{_PHONE_HEAD}<body>$top<div '
        f'dir="auto"><br></div>$insignature{_SIGNATURE}$aftermobile{_CONTAINER}',
        line=block("div", 'dir="auto" style="color: rgb(33, 33, 33); background-color: rgb(255, 255, 255);"'),
        charset=("us-ascii", "gb2312", "utf-8"),
    ),
    "outlook-ios-old": replace(
        _IOS,
        page=f'{_PHONE_HEAD}<body><div style="color: rgb(33, 33, '
        f'33);">$top<div><br></div>$insignature{_SIGNATURE}'
        f"</div>$aftermobile{_MOBILE_END}$below</body></html>",
        encoding="base64",
        charset="utf-8",
    ),
    # Seen once each: typed lines bear the ids of the header block, or all stands inside the signature.
    "outlook-ios-ids": replace(
        _IOS, line=block("div", 'id="divRplyFwdMsg" dir="ltr"'),
    ),
    "outlook-android-in-signature": replace(
        _IOS,
        page=f'{_PHONE_HEAD}<body><div id="ms-outlook-mobile-signature" dir="auto">$top<div '
        f'dir="auto"><br></div>'
        f"<div>$mobile</div></div>$aftermobile{_CONTAINER}",
    ),
    "outlook-ios-no-header": replace(
        _IOS,
        page=_IOS.page.replace(
            _MOBILE_END, '<meta name="Generator" content="Microsoft Exchange Server">$glue$quote$under'
        ),
        head=lambda original, draft, language: "",
        without=frozenset({"under-attribution", "glued"}),
    ),
}  # fmt: skip

# --------------------------------------------------------------------------------------------------- plain


def _plain(original: Original, draft: Draft, language: str) -> bytes:
    """Answering in plain text: a rule of dashes, nothing marked."""
    head = [f"{label}: {value}" for label, value in header_block(original, language)]
    head[-1] = " ".join([head[-1], *draft.at("header-end")])
    rule = " ".join(draft.at("glued")) + f"-----{ORIGINAL_MESSAGE[language]}-----"
    signature = ["", *SIGNATURE, *draft.at("signature-end"), ""] if draft.signature else []
    lines = [*draft.at("top"), *signature, *draft.at("after-signature"), "", rule, *head, ""]
    lines += [*draft.at("under-attribution"), *quoted_text(original.text, draft, str), *below_lines(draft)]
    charset = JAPANESE if language == "ja" else LATIN
    content = part("\n".join(lines), charset=charset)
    return mail(original, content, "X-Mailer: Microsoft Outlook 16.0", prefix=SUBJECT[language])


OUTLOOK = {
    name: client(layout) for group in (_WORDS, _WEBS, _PHONES) for name, layout in group.items()
} | {
    "outlook-plain": Client(
        "", _plain, TOP | TEXT_QUOTE | BOTTOM | SIGNED | {"glued", "under-attribution", "header-end"}
    ),
}  # fmt: skip
