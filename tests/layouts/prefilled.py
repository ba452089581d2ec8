"""What a program makes of the answer that a button of our mail opens."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from tests.layouts.mime import LATIN, alternative, escape, mail, part
from tests.layouts.model import Client, Draft, Original
from tests.layouts.pages import Rules, block, text_of
from tests.layouts.phrases import SIGNATURE, phone

SLOTS = frozenset(
    [
        "pre",
        "p-hint",
        "p-hint-end",
        "p-guard",
        "p-guard-end",
        "p-reference",
        "p-reference-end",
        "p-below",
        "p-below-blank",
    ]
)
SIGNED = frozenset({"signature", "p-dashes"})


def filled(original: Original, draft: Draft) -> list[str]:
    """The lines of the draft with what was typed among them; its first word is the person's own."""
    lines = [line for line in original.drafts[draft.reject] if line]
    hint, guard, reference = lines[1:4]
    blank = draft.at("p-below-blank")
    return [
        *draft.at("pre"), "", *draft.at("p-hint"),
        " ".join([hint, *draft.at("p-hint-end")]), *draft.at("p-guard"),
        " ".join([guard, *draft.at("p-guard-end")]), *draft.at("p-reference"),
        " ".join([reference, *draft.at("p-reference-end")]), *draft.at("p-below"),
        *(("", "", *blank) if blank else ()),
    ]  # fmt: skip


def _send(original: Original, content: bytes, *headers: str) -> bytes:
    return mail(original, content, *headers, threaded=False)


def _signature(draft: Draft) -> list[str]:
    return ["", "-- ", *SIGNATURE, *draft.at("p-dashes")] if draft.signature else []


def _terminal(original: Original, draft: Draft, language: str) -> bytes:
    lines = [*filled(original, draft), "", *_signature(draft)]
    return _send(original, part("\n".join(lines), charset=("us-ascii", "utf-8"), encoding="8bit"))


def _outlook(original: Original, draft: Draft, language: str) -> bytes:
    """One paragraph for each line; the text part without line ends of its own."""
    line = block("p", 'class="MsoNormal"', "<o:p>&nbsp;</o:p>")
    rows = [*filled(original, draft), *_signature(draft)]
    page = (
        f'<html><head></head><body><div class="WordSection1">{"".join(map(line, rows))}</div></body></html>'
    )
    return _send(original, alternative(text_of(page, Rules()), page, charset=LATIN))


def _iphone(original: Original, draft: Draft, language: str) -> bytes:
    """Lines end in <br>; the phone's own line below all."""
    rows = "<br>".join(map(escape, filled(original, draft)))
    own = phone("iphone", language)
    page = f'<html><body dir="auto">{rows}<br><br><div dir="ltr">{escape(own)}</div></body></html>'
    return _send(original, alternative(text_of(page, Rules()), page, charset="utf-8"))


def slots_of(*more: Iterable[str]) -> frozenset[str]:
    return SLOTS.union(*more)


PREFILLED = {
    "button-mutt": Client("", _terminal, SLOTS | SIGNED),
    "button-outlook": Client("", _outlook, SLOTS | SIGNED),
    "button-iphone": Client("", _iphone, SLOTS),
}
_ = textwrap
