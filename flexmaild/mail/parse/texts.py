"""Every way in which a mail client could show the text of a mail, from its parts.

Called by `parse.message`. What two programs would show differently (alternatives, odd transfer encodings, a
bare CR) makes several texts; `understand.answer` checks that they say the same. Linear; never raises.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from flexmaild.core.references import BODY_LENGTH, LETTER, TAG
from flexmaild.mail.parse.charset import decode_known
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.part import Part, Text
from flexmaild.mail.parse.shown import words
from flexmaild.mail.parse.transfer import transferred

# Read as HTML, also those that only look like it: what one of them says more than the others is doubt.
_PAGES = tuple(f"text/{kind}" for kind in ("html", "x-amp-html", "watch-html", "enriched", "richtext"))
# Files, and what other modules look at. Any other text is shown as it is (RFC 2046 section 4.1.4).
_FILES = frozenset(
    f"text/{kind}"
    for kind in words(
        "calendar x-vcalendar vcard x-vcard directory css csv tab-separated-values xml xsl javascript "
        "x-javascript rtf rfc822-headers x-patch x-diff x-log"
    )
)
# Ways to read one part; no person's mail has more.
_MOST = 4
# Our last line, and nothing said below it.
_OUR_END = re.compile(rf"{TAG}\W?(?:[\s>|]*{LETTER}){{{BODY_LENGTH}}}[^\w?!]*\Z", re.IGNORECASE)
_PAGE_ENDS = ("</html>", "</body>")
_OPEN = "a multipart that does not end"


def mark_texts(root: Part) -> Part:
    """The same parts, with `is_text` where one holds words of the person."""
    return _Marker().mark(root, None)


class _Marker:
    """Goes over one mail from its first part to the last."""

    def __init__(self) -> None:
        self.has_text = False

    def mark(self, part: Part, parent: Part | None) -> Part:
        if not part.parts:
            is_text = self._is_text(part, parent)
            self.has_text = self.has_text or is_text
            return replace(part, is_text=True) if is_text else part
        if self.has_text and not part.kind.startswith("multipart/"):
            # A signed mail attached to another one is a file, though S/MIME marks every one as that.
            return part
        return replace(part, parts=tuple(self.mark(child, part) for child in part.parts))

    def _is_text(self, part: Part, parent: Part | None) -> bool:
        if not part.kind.startswith("text/") or part.kind in _FILES or part.disposition == "reaction":
            return False
        if not part.is_attachment:
            return True
        # Phones and Notes give their own text a name: the first text, or each form of it.
        return part.disposition != "attachment" and (not self.has_text or _is_choice_of_named(parent))


def _is_choice_of_named(part: Part | None) -> bool:
    return (
        part is not None
        and part.kind == "multipart/alternative"
        and all(child.is_named for child in part.parts if child.kind.startswith("text/"))
    )


def texts(part: Part, limits: Limits) -> tuple[Text, ...]:
    """Every way to read this part, whose texts are marked: one for each alternative."""
    if part.parts:
        return _of_many(part, limits)
    if part.is_text:
        return tuple(_of_one(part, limits))
    # A multipart that could not be taken apart shows nothing, but taints what it stands in; so does a file in
    # which the mail ends, for a text may have stood behind it.
    if part.kind.startswith("multipart/"):
        return (Text((), part.faults),)
    return (Text((), (_OPEN,)),) if part.is_open else ()


def _of_many(part: Part, limits: Limits) -> tuple[Text, ...]:
    children = [found for child in part.parts if (found := texts(child, limits))]
    if part.kind == "multipart/alternative":
        readings = [text for found in children for text in found]
    else:
        # One after the other; a child's alternatives go with their fellows of the same rank.
        rank = max((len(found) for found in children), default=0)
        readings = [_joined([f[min(i, len(f) - 1)] for f in children]) for i in range(rank)]
    if not part.faults:
        return tuple(readings)
    return tuple(replace(t, faults=(*part.faults, *t.faults)) for t in readings) or (Text((), part.faults),)


def _of_one(part: Part, limits: Limits) -> Iterator[Text]:
    style, most = _style(part), limits.text
    encoding = part.header.first(b"content-transfer-encoding").decode("latin-1")
    # Three times the limit: one character of quoted-printable takes three bytes.
    found = transferred(part.body[: 3 * most], encoding)
    is_cut = len(part.body) > 3 * most or any(len(data) > most for data in found.readings)
    faults = [*part.faults, *([found.fault] if found.fault and not is_cut else [])]
    seen: set[str] = set()
    for data in found.readings:
        decoded = decode_known(data[:most], part.params.get("charset", ""))
        if decoded.fault and not is_cut:  # else the cut may have fallen inside a character
            faults.append(decoded.fault)
        for text in (decoded.text, *filter(None, (decoded.other,))):
            for way in _line_ends(text, style):
                if way in seen or len(seen) == _MOST:
                    continue
                seen.add(way)
                if part.is_open and not _is_whole(way, style):
                    faults.append(_OPEN)
                yield Text(((style, way),), tuple(faults), is_cut, decoded.is_damaged)


def _line_ends(text: str, style: str) -> Iterator[str]:
    """The text with LF at each line's end. A CR elsewhere ends a line for some programs and is a blank for
    others."""
    text = text.removeprefix("\ufeff")
    if "\r" in (text := text.replace("\r\n", "\n")):
        text = "\n".join([line.rstrip("\r") for line in text.split("\n")])
    yield text.replace("\r", "\n")
    if "\r" in text and "\n" in text and style != "html":
        yield text.replace("\r", " ")


def _is_whole(text: str, style: str) -> bool:
    """Whether a part whose end is missing ends as a reply does: with a whole page, or with our last line.

    An empty one stands behind a last boundary that lacks its two hyphens.
    """
    end = text[-400:].rstrip()
    if not end:
        return not text.strip()
    return end.lower().endswith(_PAGE_ENDS) if style == "html" else bool(_OUR_END.search(end))


def _style(part: Part) -> str:
    if part.kind in _PAGES:
        return "html"
    if part.kind != "text/plain" or part.params.get("format", "").lower() != "flowed":
        return "plain"
    return "delsp" if part.params.get("delsp", "").lower() == "yes" else "flowed"


def _joined(texts: list[Text]) -> Text:
    if len(texts) == 1:
        return texts[0]
    return Text(
        tuple(segment for text in texts for segment in text.segments),
        tuple(fault for text in texts for fault in text.faults),
        any(text.is_cut for text in texts),
        any(text.is_damaged for text in texts),
    )
