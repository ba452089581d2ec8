"""Programs that answer in plain text, each with its own way of marking what it quotes."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from tests.layouts.mime import LATIN, mail, part
from tests.layouts.model import Client, Draft, Original
from tests.layouts.pages import Rules, text_of
from tests.layouts.phrases import SIGNATURE, attribution
from tests.layouts.places import BOTTOM, TEXT_QUOTE, TOP, below_lines, quoted_text

Lines = Callable[[Original], list[str]]


def own_text(original: Original) -> list[str]:
    return list(original.text)


def as_seen(original: Original) -> list[str]:
    """The HTML part as a text browser shows it."""
    return text_of(original.html, Rules(cell=" ")).rstrip("\n").split("\n")


def raw_source(original: Original) -> list[str]:
    """The mail's body with its MIME lines, as nmh and bsd-mailx quote it."""
    body = original.raw.replace(b"\r\n", b"\n").split(b"\n\n", 1)[1]
    return body.decode("utf-8", "replace").rstrip("\n").split("\n")


def raw_mail(original: Original) -> list[str]:
    """The whole mail under its mbox line."""
    line = f"From {original.sender} Fri Nov 20 10:15:02 2026"
    return [line, *original.raw.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n").split("\n")]


@dataclass(frozen=True, slots=True)
class Quoting:
    """program: whose attribution; "" for none. mark: before each line; blank: for an empty one.

    gap: empty lines between attribution and quote. last: what the program writes below the quote.
    """

    program: str
    mark: str = "> "
    blank: str | None = None
    gap: int = 0
    source: Lines = own_text
    above: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    wrap: int = 0
    dashes: bool = True
    headers: tuple[str, ...] = ()
    encoding: str = "8bit"
    charset: tuple[str, ...] = LATIN
    more: str = ""


def typist(quoting: Quoting) -> Client:
    def build(original: Original, draft: Draft, language: str) -> bytes:
        lines = quoting.source(original)
        if quoting.wrap:
            lines = [row for line in lines for row in textwrap.wrap(line, quoting.wrap) or [""]]
        quote = quoted_text(lines, draft, lambda line: f"{quoting.mark}{line}", quoting.blank)
        wrote = attribution(quoting.program, original, language) if quoting.program else ""
        head = [row for row in (*quoting.above, *wrote.split("\n")) if row]
        glue = " ".join(draft.at("glued"))
        if glue:
            head[:1] = [glue + (head[0] if head else "")]
        own = ["-- ", *SIGNATURE, *draft.at("signature-end")] if quoting.dashes else ["", *SIGNATURE]
        dashes = draft.at("below-dashes")
        signature = [*own, *(("", *dashes) if dashes else ())] if draft.signature else []
        rows = [
            *draft.at("top"), *([""] if head and not glue else []), *head, *([""] * quoting.gap),
            *draft.at("under-attribution"), *quote, *below_lines(draft), *quoting.last, *signature, "",
        ]  # fmt: skip
        charsets = (
            ("us-ascii", "utf-8")
            if quoting.charset is LATIN and quoting.encoding == "8bit"
            else quoting.charset
        )
        content = part("\n".join(rows), charset=charsets, encoding=quoting.encoding, more=quoting.more)
        return mail(original, content, *quoting.headers)

    return Client("", build, _SLOTS)


_SLOTS = (
    TOP | TEXT_QUOTE | BOTTOM | {"glued", "under-attribution", "signature", "signature-end", "below-dashes"}
)

PLAIN = {
    "mutt": typist(Quoting("mutt")),
    "mutt-tab": typist(Quoting("mutt", "\t")),
    "thunderbird-plain": typist(
        Quoting("thunderbird", source=as_seen, headers=("User-Agent: Mozilla Thunderbird",), more="; format=flowed",
                wrap=72, charset=("utf-8",))
    ),
}  # fmt: skip
