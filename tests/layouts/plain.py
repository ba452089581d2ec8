"""Programs that answer in plain text, each with its own way of marking what it quotes."""

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.layouts.mime import JAPANESE, LATIN, mail, part
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
    """The whole mail under its mbox line, without the fields that mailx leaves out."""
    line = f"From {original.sender} Fri Nov 20 10:15:02 2026"
    rows = original.raw.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n").split("\n")
    return [line, *(row for row in rows if not row.startswith("Message-ID:"))]


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
    charset: tuple[str, ...] = ("us-ascii", "utf-8")
    more: str = ""


def _filled(line: str, width: int, soft: str) -> list[str]:
    """soft: what a line that goes on ends with."""
    *more, last = textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
    return [*(f"{row}{soft}" for row in more), last]


def typist(quoting: Quoting) -> Client:
    def build(original: Original, draft: Draft, language: str) -> bytes:
        lines = quoting.source(original)
        if quoting.wrap:
            soft = " " if "flowed" in quoting.more else ""
            lines = [row for line in lines for row in _filled(line, quoting.wrap, soft)]
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

_MUTT = Quoting("mutt", headers=("User-Agent: Mutt/2.2.12 (2023-09-09)",))


def _forwarded(original: Original) -> list[str]:
    """Our mail below its header, as mutt forwards it inline."""
    return [
        f"Date: {original.date:%a, %d %b %Y %H:%M:%S} +0000",
        f"From: {original.sender_name} <{original.sender}>",
        f"To: {original.to}",
        f"Subject: {original.subject}",
        "",
        *original.text,
    ]


def _boxed(original: Original) -> list[str]:
    """The HTML part as Emacs shows it: title first, the hidden left out, indented, blanks at the ends."""
    page = re.sub(r'<div class="preheader".*?</div>', "", original.html, flags=re.S)
    shown = text_of(page, Rules(cell=" ")).rstrip("\n").split("\n")
    return [original.subject, "", *(f"  {line}    " for line in shown)]


_PLAIN = {
    "mutt": _MUTT,
    "mutt-tab": replace(_MUTT, mark="\t"),
    "mutt-blanks": replace(_MUTT, mark="    "),
    "mutt-bar": replace(_MUTT, mark="| "),
    "mutt-initials": replace(_MUTT, mark="FM> "),
    "mutt-lead": replace(_MUTT, mark=" > "),
    "mutt-hash": replace(_MUTT, mark="# "),
    "mutt-unmarked": replace(_MUTT, mark=""),
    "mutt-article": replace(_MUTT, program="mutt-article"),
    "mutt-header": replace(_MUTT, source=_forwarded),
    "mutt-no-attribution": replace(_MUTT, program=""),
    "mutt-forward": Quoting(
        "",
        "",
        source=_forwarded,
        above=("----- Forwarded message from flexmaild <approvals@corp.test> -----", ""),
        last=("", "----- End forwarded message -----", ""),
    ),
    "mutt-post-indent": replace(_MUTT, last=("---end quoted text---",)),
    "mutt-web": replace(_MUTT, source=as_seen, charset=LATIN, encoding="quoted-printable"),
    "neomutt-flowed": replace(_MUTT, mark=">", blank=">", more="; format=flowed"),
    "s-nail": Quoting("s-nail", "\t", gap=1, headers=("User-Agent: s-nail v14.9.24",)),
    "bsd-mailx-m": Quoting("", "\t", blank="", source=raw_mail),
    "bsd-mailx-f": Quoting("", "", source=raw_mail),
    "gnus": Quoting("gnus", blank=">", source=_boxed, gap=1, encoding=""),
    "gnus-outlook": Quoting(
        "mutt", "", source=_boxed, gap=1, above=("", "-----------------------"), encoding="", last=("", "")
    ),
    "gnus-gmail": Quoting("k9", "    ", source=_boxed, gap=1, encoding=""),
    "supercite": Quoting("supercite", "    flexmaild> ", blank="      ", source=_boxed, gap=1, encoding=""),
    "vm": Quoting("gnus", " > ", source=as_seen, gap=1, encoding=""),
    "rmail": Quoting("gnus", "> ", blank=">", gap=1, wrap=70),
    "nmh": Quoting("nmh", "> ", blank=">", source=raw_source, headers=("X-Mailer: MH-E 8.6",)),
    "notmuch": Quoting("notmuch", last=("", "Non-text part: text/html")),
    "alot": Quoting("alot"),
    "aerc": Quoting("aerc", blank=">", encoding="quoted-printable", headers=("X-Mailer: aerc 0.14.0",)),
    "alpine": Quoting("alpine", gap=1, more="; format=flowed"),
    "alpine-bar": Quoting("alpine", "| ", gap=1),
    "claws": Quoting("claws", gap=1, wrap=70, headers=("X-Mailer: Claws Mail 4.1.1",)),
    "evolution": Quoting("evolution", wrap=71, source=as_seen, headers=("User-Agent: Evolution 3.46.4-2",)),
    "roundcube": Quoting("roundcube", source=as_seen, wrap=72, headers=("User-Agent: Roundcube "
    "Webmail/1.6.5",)),
    "thunderbird-plain": Quoting(
        "thunderbird", source=as_seen, wrap=72, charset=("utf-8",), more="; format=flowed",
        headers=("User-Agent: Mozilla Thunderbird",),
    ),
    "horde": Quoting("horde", blank=">", gap=1, wrap=74, encoding="quoted-printable"),
    "k9-plain": Quoting("k9", blank=">", wrap=72),
    "apple-mac-plain": Quoting("apple", charset=("us-ascii", "utf-8"), encoding="quoted-printable", gap=1),
    "kmail": Quoting("kmail", charset=("us-ascii", "utf-8"), encoding="quoted-printable"),
    "latin-plain": Quoting("thunderbird", charset=LATIN, encoding="quoted-printable"),
    "japanese-plain": Quoting("apple", charset=JAPANESE, encoding="7bit"),
}  # fmt: skip

PLAIN = {name: typist(quoting) for name, quoting in _PLAIN.items()}
