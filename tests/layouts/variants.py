"""What stands between us and the approver: gateways that rewrite links, put warnings on top and stamps below,
programs that make links of what looks like one, charsets that lose letters, cuts.

Each takes our mail as we sent it and gives it as the approver's program shows and quotes it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote

from tests.layouts.mime import escape
from tests.layouts.model import Original
from tests.layouts.pages import anchor, nodes, split

_URL = re.compile(r"https?://[^\s<>\"]+")
_ADDRESS = re.compile(r"(?<![\w.:+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+(?![\w@])")
Change = Callable[[Original], Original]


def _safelink(url: str) -> str:
    return (
        f"https://eur01.safelinks.protection.outlook.com/?url={quote(url, safe='')}&data=05%7C02"
        "%7Cann%40corp.test%7C0a1b2c3d4e5f%7C0%7C0%7C638500000000000000%7CUnknown&sdata=AbCdEf%2Bxyz%3D&reserved=0"
    )


def _defended_2(url: str) -> str:
    packed = quote(url, safe="/:").replace("_", "-5F").replace("/", "_").replace("%", "-").replace(":", "-3A")
    return f"https://urldefense.proofpoint.com/v2/url?u={packed}&d=DwMFaQ&c=euGZstcaTDll&r=q1w2e3&m=a-b_c&s=z_y-x&e="


def _defended_3(url: str) -> str:
    return f"https://urldefense.com/v3/__{url.replace('?', '*')}__;Pw!!OepYZ6Q!AbC-dEf_123$"


def _mimecast(url: str) -> str:
    return f"https://protect-eu.mimecast.com/s/QwErC1rt5Y6uI?domain={url.split('/')[2]}"


def _rewriting(link: Callable[[str], str]) -> Change:
    """Replaced in the text part; in HTML the address stays to be seen and leads to the gateway."""

    def change(original: Original) -> Original:
        text = tuple(_URL.sub(lambda found: link(found[0]), line) for line in original.text)
        return replace(original, text=text, html=_in_texts(original.html, _URL, link))

    return change


def _in_texts(page: str, what: re.Pattern[str], link: Callable[[str], str]) -> str:
    """Links made of what the pattern finds in visible texts that are not one already."""
    for node in reversed(nodes(page)):
        if not any(name == "a" for name, _, _ in node.around):
            linked = what.sub(
                lambda found: f'<a href="{escape(link(found[0]))}">{found[0]}</a>',
                page[node.start : node.end],
            )
            page = page[: node.start] + linked + page[node.end :]
    return page


def _linked(original: Original) -> Original:
    """Addresses and URLs made links by the program that shows them."""
    page = _in_texts(original.html, _ADDRESS, lambda address: f"mailto:{address}")
    return replace(original, html=_in_texts(page, _URL, str))


def _dates_detected(original: Original) -> Original:
    """A phone that makes links of dates."""
    date = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?: UTC)?")
    return replace(original, html=_in_texts(original.html, date, lambda _: "x-apple-data-detectors://0"))


def _bannered(line: str, style: str = "background:#ffeb9c;padding:2pt;border:1pt solid #9c6500") -> Change:
    """On top of what the receiver sees."""

    def change(original: Original) -> Original:
        box = f'<div style="{style}">{escape(line)}</div><br>'
        page = re.sub(r"(<body[^>]*>)", lambda found: found[1] + box, original.html, count=1)
        return replace(original, text=(line, "", *original.text), html=page)

    return change


def _stamped(line: str) -> Change:
    """Below our last line."""

    def change(original: Original) -> Original:
        page = original.html.replace("</body>", f"<br><hr><p>{escape(line)}</p></body>")
        return replace(original, text=(*original.text, "", "_" * 60, line), html=page)

    return change


def _lossy(original: Original) -> Original:
    """Letters beyond ASCII become question marks."""

    def lose(text: str) -> str:
        return re.sub(r"[^\x00-\x7f]", "?", text)

    return replace(original, text=tuple(map(lose, original.text)), html=lose(original.html))


def _cut(original: Original) -> Original:
    """The end of our mail is missing, as where programs quote only so much."""
    body = original.body
    at = anchor(body, 0.75).outside()
    opened = split(body, at, "\x00", "", "").partition("\x00")[0]
    kept = len(original.text) * 3 // 4
    return replace(original, text=original.text[:kept], html=f"<html><body>{opened}</body></html>")


VARIANTS: Mapping[str, Change] = {
    "safelinks": _rewriting(_safelink),
    "urldefense-2": _rewriting(_defended_2),
    "urldefense-3": _rewriting(_defended_3),
    "mimecast": _rewriting(_mimecast),
    "linked": _linked,
    "dates": _dates_detected,
    "banner": _bannered(
        "CAUTION: This email originated from outside of the organization. Do not click links or open "
        "attachments "
        "unless you recognize the sender and know the content is safe."
    ),
    "banner-de": _bannered(
        "ACHTUNG: Diese E-Mail stammt von einem externen Absender. Bitte klicken Sie nicht auf Links und "
        "öffnen Sie "
        "keine Anhänge, wenn Sie den Absender nicht kennen."
    ),
    "banner-seldom": _bannered(
        "You don't often get email from approvals@corp.test. Learn why this is important", "font-size:9pt"
    ),
    "stamp": _stamped("This email has been scanned for viruses and malware by the Corp Mail Security "
    "service."),
    "lossy": _lossy,
    "cut": _cut,
}  # fmt: skip
