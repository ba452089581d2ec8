"""The Outlooks: Word's, the web's, the Mac's, the phones'. None of them marks a quotation in its text part."""

from __future__ import annotations

from tests.layouts.mime import JAPANESE, LATIN, alternative, escape, mail, part
from tests.layouts.model import Client, Draft, Original
from tests.layouts.pages import Rules, block, renamed, text_of, wordlike
from tests.layouts.phrases import (
    ORIGINAL_MESSAGE,
    SIGNATURE,
    SUBJECT,
    header_block,
    phone,
)
from tests.layouts.places import (
    BOTTOM,
    HTML_QUOTE,
    SIGNED,
    TEXT_QUOTE,
    TOP,
    below_lines,
    quoted_page,
    quoted_text,
)

_WORD_STYLE = (
    "<style><!--\n@font-face\n\t{font-family:Aptos;}\np.MsoNormal, li.MsoNormal, div.MsoNormal\n\t{margin:0cm;"
    "\n\tfont-size:11.0pt;}\nspan.EmailStyle20\n\t{mso-style-type:personal-reply;}\n.MsoChpDefault\n\t"
    "{mso-style-type:export-only;}\n--></style>"
)
_msonormal = block("p", 'class="MsoNormal"', "<o:p>&nbsp;</o:p>")
_SLOTS = TOP | HTML_QUOTE | BOTTOM | SIGNED | {"glued", "under-attribution", "header-end"}
_ACCEPT = "X-MS-Exchange-Organization-SCL: -1"


def _word_line(line: str) -> str:
    return _msonormal(line).replace("</p>", "<o:p></o:p></p>\n" if line else "</p>\n")


def _bold_block(original: Original, draft: Draft, language: str, dated: bool = False, glue: str = "") -> str:
    rows = header_block(original, language, dated)
    shown = "<br>\n".join(f"<b>{label}:</b> {escape(value)}" for label, value in rows)
    return escape(glue) + shown + "".join(f" {escape(line)}" for line in draft.at("header-end"))


def _word_page(original: Original, draft: Draft, language: str, border: str, bar: bool, dated: bool) -> str:
    top = "".join(map(_word_line, draft.at("top")))
    if draft.signature:
        top += "".join(map(_word_line, ("", *SIGNATURE, *draft.at("signature-end"))))
    after = draft.at("after-signature")
    top += "".join(map(_word_line, ("", *after) if after else ()))
    glue = " ".join(draft.at("glued"))
    rows = _bold_block(original, draft, language, dated, glue)
    under = "".join(map(_word_line, draft.at("under-attribution")))
    quote = quoted_page(wordlike(original.body), draft, _word_line)
    below = "".join(map(_word_line, below_lines(draft)))
    head = (
        f'<div><div style="border:none;border-top:solid {border} 1.0pt;padding:3.0pt 0cm 0cm 0cm">\n'
        f'<p class="MsoNormal">{rows}<o:p></o:p></p></div></div>\n'
    )
    if bar:
        head = f'<div style="border:none;border-left:solid blue 1.5pt;padding:0cm 0cm 0cm 4.0pt">\n{head}'
        below = f"</div>{below}"
    return (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">'
        f'<head>{_WORD_STYLE}</head><body lang="EN-GB" link="#467886" style="word-wrap:break-word">'
        f'<div class="WordSection1">{top}{_word_line("")}{head}{under}{_word_line("")}{quote}{below}</div>'
        "</body></html>"
    )


def _classic(border: str, rules: Rules, bar: bool = False, dated: bool = False, **how: object) -> Client:
    def build(original: Original, draft: Draft, language: str) -> bytes:
        page = _word_page(original, draft, language, border, bar, dated)
        charset = JAPANESE if language == "ja" else LATIN
        content = alternative(
            text_of(page, rules), page, mark="_000_AM0PR01MB4321eurprd01pr_", charset=charset, **how
        )
        return mail(original, content, "Thread-Topic: Approval needed", prefix=SUBJECT[language])

    return Client("", build, _SLOTS)


def _classic_plain(original: Original, draft: Draft, language: str) -> bytes:
    """Outlook answering in plain text: rules of dashes, nothing marked."""
    head = [f"{label}: {value}" for label, value in header_block(original, language)]
    head[-1] = " ".join([head[-1], *draft.at("header-end")])
    quote = quoted_text(original.text, draft, str)
    rule = " ".join(draft.at("glued")) + f"-----{ORIGINAL_MESSAGE[language]}-----"
    signature = ["", *SIGNATURE, *draft.at("signature-end"), ""] if draft.signature else []
    lines = [*draft.at("top"), *signature, *draft.at("after-signature"), "", rule, *head, ""]
    lines += [*draft.at("under-attribution"), *quote, *below_lines(draft)]
    return mail(
        original,
        part("\n".join(lines), charset=JAPANESE if language == "ja" else LATIN),
        "X-Mailer: Microsoft Outlook 16.0",
        prefix=SUBJECT[language],
    )


_aptos = "font-family: Aptos, Aptos_EmbeddedFont, Calibri, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);"
_owa_line = block("div", f'class="elementToProof" style="{_aptos}"')


def _owa(original: Original, draft: Draft, language: str, wraps: bool = False, label: str = "") -> bytes:
    """The web's and the new Windows one. wraps: the signature's div stays open around all below it."""
    top = "".join(map(_owa_line, draft.at("top")))
    lines = [f'<div style="{_aptos}">{escape(line)}</div>' for line in SIGNATURE]
    inside = "".join(map(_owa_line, draft.at("signature-end")))
    signature = (
        f'<div id="Signature" class="elementToProof">{"".join(lines)}{inside}' if draft.signature else ""
    )
    end = "</div>" if signature and not wraps else ""
    rest = "".join(map(_owa_line, draft.at("after-signature")))
    glue = " ".join(draft.at("glued"))
    rows = _bold_block(original, draft, language, glue=glue)
    under = "".join(map(_owa_line, draft.at("under-attribution")))
    quote = quoted_page(renamed(original.body, "x_"), draft, _owa_line)
    below = "".join(map(_owa_line, below_lines(draft)))
    page = (
        '<html><head>\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n'
        '<style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:0;} </style>\n'
        f'</head>\n<body dir="ltr">\n{label}{top}{signature}{end}{rest}<div id="appendonsend"></div>\n'
        '<hr style="display:inline-block;width:98%" tabindex="-1">\n'
        '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" '
        f'color="#000000">{rows}</font>\n<div>&nbsp;</div>\n</div>\n{under}<div>{quote}</div>\n'
        f"{'</div>' if signature and wraps else ''}{below}</body>\n</html>"
    )
    text = text_of(page, Rules(link="{label}<{url}>", cell="\t"))
    content = alternative(text, page, charset=LATIN, mark="_000_DB9PR05MB1234eurprd05pr_")
    return mail(original, content, _ACCEPT, prefix=SUBJECT[language])


def _owa_wrapped(original: Original, draft: Draft, language: str) -> bytes:
    return _owa(original, draft, language, wraps=True)


def _mobile(original: Original, draft: Draft, language: str, system: str = "ios") -> bytes:
    """Outlook on a phone. in-signature: typed inside the signature's element, whose id it repeats."""
    line = block("div", 'dir="ltr"' if system == "ios" else 'dir="auto"')
    top = "".join(map(line, draft.at("top")))
    name = phone("outlook", language).replace("iOS", "iOS" if system == "ios" else "Android")
    repeated = block("div", 'id="ms-outlook-mobile-signature" dir="ltr"')
    inside = "".join(map(repeated, draft.at("in-signature")))
    mobile = f'<div id="ms-outlook-mobile-signature"><a href="https://aka.ms/o0ukef">{escape(name)}</a>'
    after = "".join(map(line, draft.at("after-mobile")))
    rows = _bold_block(original, draft, language, glue=" ".join(draft.at("glued")))
    container = "".join(map(line, draft.at("container")))
    under = "".join(map(line, draft.at("under-attribution")))
    quote = quoted_page(renamed(original.body, "x_"), draft, line)
    below = "".join(map(line, below_lines(draft)))
    cursor = '<span id="ms-outlook-ios-cursor"></span>' if system == "ios" else ""
    page = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head>'
        f'<body><div dir="ltr"><div></div>{top}{cursor}<div><br></div>{inside}{mobile}</div>{after}</div>'
        '<div id="ms-outlook-mobile-body-separator-line"></div>'
        '<div id="mail-editor-reference-message-container" class="ms-outlook-mobile-reference-message">'
        f'{container}<hr style="display:inline-block;width:98%" tabindex="-1">'
        '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" '
        f'color="#000000">{rows}</font><div>&nbsp;</div></div>{under}'
        f'<meta name="Generator" content="Microsoft Exchange Server">{quote}</div>{below}</body></html>'
    )
    text = text_of(page, Rules(link="{label}<{url}>", cell="\n"))
    content = alternative(text, page, charset=LATIN, mark="_000_VI1PR07MB5555eurprd07pr_")
    return mail(original, content, _ACCEPT, prefix=SUBJECT[language])


def _android(original: Original, draft: Draft, language: str) -> bytes:
    return _mobile(original, draft, language, "android")


_PHONE = _SLOTS - SIGNED | {"in-signature", "after-mobile", "container"}

OUTLOOK = {
    "outlook-classic": _classic("#E1E1E1", Rules(link="{label}<{url}>", cell="\n", apart=False)),
    "outlook-2010": _classic("#B5C4DF", Rules(link="{label} <{url}>", cell="\t"), encoding="base64"),
    "outlook-blue": _classic("#E1E1E1", Rules(link="{label}<{url}>", cell=" "), bar=True),
    "outlook-plain": Client(
        "",
        _classic_plain,
        TOP | TEXT_QUOTE | BOTTOM | SIGNED | {"glued", "under-attribution", "header-end"},
    ),
    "owa": Client("", _owa, _SLOTS),
    "owa-signature-wraps": Client("", _owa_wrapped, _SLOTS),
    "outlook-ios": Client("", _mobile, _PHONE),
    "outlook-android": Client("", _android, _PHONE),
}
