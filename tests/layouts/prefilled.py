"""What a program makes of the answer that a button of our mail opens: no thread, our lines below."""

import textwrap
from collections.abc import Callable
from functools import partial

from tests.layouts.mime import LATIN, alternative, escape, mail, part
from tests.layouts.model import Client, Draft, Original
from tests.layouts.pages import Rules, Wrap, block, text_of
from tests.layouts.phrases import SIGNATURE, phone

SLOTS = frozenset(
    "pre p-hint p-hint-end p-guard p-guard-end p-reference p-reference-end p-below p-below-blank".split()  # noqa: SIM905
)
SIGNED = frozenset({"signature", "p-dashes"})
_PLAIN = Rules(apart=False)


def filled(original: Original, draft: Draft) -> list[str]:
    """The lines of the draft with what was typed among them; its first word is the person's own."""
    hint, guard, reference = [line for line in original.drafts[draft.reject] if line][1:4]
    blank = draft.at("p-below-blank")
    return [
        *draft.at("pre"), "", *draft.at("p-hint"),
        " ".join([hint, *draft.at("p-hint-end")]), *draft.at("p-guard"),
        " ".join([guard, *draft.at("p-guard-end")]), *draft.at("p-reference"),
        " ".join([reference, *draft.at("p-reference-end")]), *draft.at("p-below"),
        *(("", "", *blank) if blank else ()),
    ]  # fmt: skip


def _signature(draft: Draft, always: bool = False) -> list[str]:
    """Below all; `always`: the dashes stand there even when the signature is empty."""
    dashes = draft.at("p-dashes")
    if always:
        return ["", "", "-- ", *dashes] if dashes or not draft.signature else ["", "-- ", *SIGNATURE]
    return ["", "-- ", *SIGNATURE, *(("", *dashes) if dashes else ())] if draft.signature else []


def _send(original: Original, content: bytes, *headers: str) -> bytes:
    return mail(original, content, *headers, threaded=False)


def _text(
    original: Original, draft: Draft, language: str, width: int = 0, more: str = "", dashes: bool = False
) -> bytes:
    """Plain. width: paragraphs are filled, adjacent lines run together, as Claws and Evolution do."""
    rows = filled(original, draft)
    if width:
        rows = [line for each in _paragraphs(rows) for line in (textwrap.wrap(each, width) or [""])]
    rows += ["", *_signature(draft, dashes)]
    return _send(original, part("\n".join(rows), charset=("us-ascii", "utf-8"), encoding="8bit", more=more))


def _paragraphs(rows: list[str]) -> list[str]:
    """The two lines of stars become one paragraph; the reference keeps its own line."""
    out: list[str] = []
    for row in rows:
        if out and out[-1].startswith("***") and row.startswith("***"):
            out[-1] += f" {row}"
        else:
            out.append(row)
    return out


def _flowed(original: Original, draft: Draft, language: str) -> bytes:
    """Thunderbird: soft ends, and a blank line in front of our reference."""
    rows: list[str] = []
    for row in filled(original, draft):
        pieces = textwrap.wrap(row, 70, break_long_words=False) or [""]
        rows += [f"{piece} " for piece in pieces[:-1]] + [pieces[-1]]
        if row.startswith("***") and "DO NOT" in row:
            rows.append("")
    content = part(
        "\n".join([*rows, *_signature(draft), ""]), charset="utf-8", encoding="7bit", more="; format=flowed"
    )
    return _send(original, content, "User-Agent: Mozilla Thunderbird")


def _blocks(
    line: Wrap, rules: Rules | None = _PLAIN, own: str = "", top: bool = False
) -> Callable[..., bytes]:
    """A block for each line. own: whose line the program adds, below or (top) above all."""

    def build(original: Original, draft: Draft, language: str) -> bytes:
        rows = [*filled(original, draft), *_signature(draft)]
        added = [line(""), line(phone(own, language))] if own else []
        lines = [*map(line, rows)]
        shown = "".join([*lines[:2], *added, *lines[2:]] if top else [*lines, *added])
        page = f'<html><head></head><body><div class="WordSection1">{shown}</div></body></html>'
        if rules is None:
            return _send(original, part(page, "html"))
        return _send(original, alternative(text_of(page, rules), page, charset=LATIN))

    return build


def _breaks(original: Original, draft: Draft, language: str, own: str = "", glued: bool = False) -> bytes:
    """Lines end in <br>, all in one block; the phone's own line below, or on the last line of ours."""
    rows = "<br>".join(map(escape, filled(original, draft)))
    mine = escape(phone(own, language)) if own else ""
    if glued:
        page = f'<html><body dir="auto"><div>{rows}{mine}</div></body></html>'
    else:
        page = f'<html><body dir="auto">{rows}<br><br><div dir="ltr">{mine}</div></body></html>'
    return _send(original, alternative(text_of(page, _PLAIN), page, charset="utf-8"))


def _one_line(original: Original, draft: Draft, language: str) -> bytes:
    """A phone that drops the line ends of the link."""
    rows = " ".join(line for line in filled(original, draft) if line)
    page = f'<div dir="auto">{escape(rows)}</div>'
    return _send(original, alternative(rows + "\n", page))


def _run_together(original: Original, draft: Draft, language: str) -> bytes:
    """Samsung: the HTML has the lines, the text part has none."""
    rows = "".join(map(block("div", 'dir="auto"'), filled(original, draft)))
    own = f'<div id="composer_signature" dir="auto"><div>{phone("samsung", language)}</div></div>'
    page = f"<html><body>{rows}{own}</body></html>"
    return _send(
        original, alternative(text_of(page, Rules(glued="all")).strip() + "\n", page, encoding="base64")
    )


_WORD = block("p", 'class="MsoNormal"', "<o:p>&nbsp;</o:p>")
_AUTO = block("div", 'dir="auto"')
_BOTH = SLOTS | SIGNED
# On one line there is no telling where the draft's empty line was.
_LINE = frozenset({"pre", "p-hint-end", "p-guard-end", "p-reference-end"})

PREFILLED = {
    "button-mutt": Client("", _text, _BOTH),
    "button-claws": Client("", partial(_text, width=72, dashes=True), _BOTH),
    "button-evolution": Client("", partial(_text, width=71), _BOTH),
    "button-roundcube": Client("", partial(_text, more="; format=flowed"), _BOTH),
    "button-thunderbird": Client("", _flowed, _BOTH),
    "button-outlook": Client("", _blocks(_WORD, Rules()), _BOTH),
    "button-owa": Client("", _blocks(block("div", 'class="elementToProof"')), _BOTH),
    "button-gmail": Client("", _blocks(block("div"), Rules(wrap=76)), _BOTH),
    "button-html-only": Client("", _blocks(block("div"), None), SLOTS),
    "button-outlook-ios": Client("", _blocks(block("div", 'dir="ltr"'), own="outlook"), SLOTS),
    "button-signature-on-top": Client("", _blocks(_AUTO, own="outlook", top=True), SLOTS),
    "button-iphone": Client("", partial(_breaks, own="iphone"), SLOTS),
    "button-iphone-glued": Client("", partial(_breaks, own="iphone", glued=True), SLOTS - {"p-below"}),
    "button-apple-mac": Client("", _breaks, SLOTS),
    "button-gmail-android": Client("", _one_line, _LINE),
    "button-samsung": Client("", _run_together, SLOTS),
}
