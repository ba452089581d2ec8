"""Labels every visible line of a reply: `label(lines, sent, rules, writer)`.

Called by `answer` with one rendering of a mail. First the lines that we sent are found again (`match`,
`ours`), then what mail programs wrote around them (`quotes`), then what companies and devices add (`banners`,
`disclaimers`, `signatures`); whatever is nothing of that, certainly, was typed. Nothing is cut: all lines in
are all lines labelled, and the answer is read from the labels (`verdict`). Pure; linear in the number of
lines.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flexmaild.core import line_pattern
from flexmaild.mail.understand.labels import ours, quotes
from flexmaild.mail.understand.labels.banners import label_banners
from flexmaild.mail.understand.labels.match import match
from flexmaild.mail.understand.labels.quote_borders import SPLIT
from flexmaild.mail.understand.labels.sent import SentText
from flexmaild.mail.understand.labels.signatures import Writer, label_endings, label_known
from flexmaild.mail.understand.lines import Label, Line, has_meaning
from flexmaild.mail.understand.words.rules import Rules

# Characters of lines that are neither ours nor a quote header. An answer has fewer with all its notices, and
# what more of them say is not looked for: they are typed, and so too long to decide.
_LONGEST_REST = 60_000
IGNORED = "named in approvals.ignore_lines"
# The lines of the frame of a signed message: its begin and end, its fields, its base64.
_ARMOUR = re.compile(r"-----(?:BEGIN|END) PGP [A-Z ]+-----|[A-Za-z]+: .*|[A-Za-z0-9+/=]+")


@dataclass(frozen=True, slots=True)
class Labelled:
    """The lines with their labels, and what of them a person typed, by place.

    above, among, below: the typed lines above what is ours, between its lines, below it. changed: lines of
    ours that were changed. is_foreign: it answers a mail that is not ours. has_quote: something of ours, a
    quote header or a line marked as quoted is among the lines.
    """

    lines: tuple[Line, ...]
    above: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    is_foreign: bool = False
    has_quote: bool = False

    @property
    def typed(self) -> tuple[str, ...]:
        return (*self.above, *self.among, *self.below)


def label(lines: Sequence[Line], sent: SentText, rules: Rules, writer: Writer) -> Labelled:
    _label_ignored(lines, rules)
    _label_armour(lines)
    quotes.strip_citation_marks(lines)
    match(lines, sent)
    ours.label_ours(lines, sent, rules)
    quotes.label_headers(lines, rules, sent)
    ours.label_copied_lines(lines, sent)
    ours.label_links(lines)
    quote = ours.quote_begins(lines)
    for line in lines[:quote]:
        if line.is_ours and not ours.is_guard(line, sent):
            line.set(Label.NONE, "")  # a person's line that has words of ours
    found = [i for i, line in enumerate(lines) if line.is_ours]
    first, last = (found[0], found[-1]) if found else (len(lines), -1)
    if sum(len(line.bare) for line in lines if not line.label) <= _LONGEST_REST:
        _label_additions(lines, quote, first, last, rules, writer)
    _label_rest(lines)
    return _by_place(lines, quote, last, quotes.is_foreign(lines, rules))


def _label_additions(
    lines: Sequence[Line], quote: int, first: int, last: int, rules: Rules, writer: Writer
) -> None:
    """Labels what companies and devices add."""
    label_banners(lines, 0, quote, rules)
    marked = next((i for i, line in enumerate(lines) if line.depth), len(lines))
    label_known(lines, min(quote, marked), max(last, first), rules)
    label_endings(lines, 0, quote, rules, writer)
    label_endings(lines, max(last + 1, quote), len(lines), rules, writer)


def _label_ignored(lines: Sequence[Line], rules: Rules) -> None:
    for line in lines if rules.ignore_lines else ():
        if not line.is_blank and any(line_pattern.fits(pattern, line.bare) for pattern in rules.ignore_lines):
            line.set(Label.DISCLAIMER, IGNORED)


def _label_armour(lines: Sequence[Line]) -> None:
    """Labels the frame of a clear-signed OpenPGP message (RFC 9580 section 7); the text around it is read
    too."""
    if not any("-----BEGIN PGP" in line.text for line in lines):
        return
    inside = ""
    for line in lines:
        text = line.text.strip()
        if text == "-----BEGIN PGP SIGNED MESSAGE-----":
            inside = "head"
        elif text == "-----BEGIN PGP SIGNATURE-----":
            inside = "signature"
        elif inside == "head" and not text:
            inside = "text"
            continue
        if inside in ("head", "signature") and _ARMOUR.fullmatch(text):
            line.set(Label.SIGNATURE, "OpenPGP armour")
        elif inside == "text" and line.text.startswith("- "):
            line.text = line.text[2:]
            line.bare = line.text
        if text == "-----END PGP SIGNATURE-----":
            inside = ""


# --- the rest, and the result


def _label_rest(lines: Sequence[Line]) -> None:
    amid = _amid_quote(lines)
    for line, is_amid in zip(lines, amid, strict=True):
        if line.label:
            continue
        if line.is_blank:
            line.label = Label.BLANK
        elif not line.norm and (line.depth or is_amid) and not has_meaning(line.text):
            line.set(Label.QUOTE, "no word in it")
        else:
            line.set(Label.TYPED, line.rule or "nothing else")


def _amid_quote(lines: Sequence[Line]) -> list[bool]:
    """For each line, whether the nearest lines with words above and below it are of the quote."""
    above = _behind_quote(lines)
    below = reversed(_behind_quote(reversed(lines)))
    return [a and b for a, b in zip(above, below, strict=True)]


def _behind_quote(lines: Iterable[Line]) -> list[bool]:
    """For each line, whether the last one with words before it is of the quote."""
    found: list[bool] = []
    of_quote = False
    for line in lines:
        found.append(of_quote)
        if line.norm:
            of_quote = line.is_ours or line.label is Label.QUOTE_HEADER
    return found


def _by_place(lines: Sequence[Line], quote: int, last: int, is_foreign: bool) -> Labelled:
    above: list[str] = []
    among: list[str] = []
    below: list[str] = []
    for i, line in enumerate(lines):
        if line.label is Label.BLANK:
            said = ""
        elif line.label is Label.TYPED:
            said = line.text if i < quote else line.bare
        elif line.typed is not None:
            said = line.typed
        else:
            continue
        if i < quote or (i == quote and line.rule in (SPLIT, ours.BEFORE_OURS)):
            above.append(said)
        elif i > last or (i == last and line.rule == ours.BEHIND_OURS):
            below.append(said)
        else:
            among.append(said)
    return Labelled(
        tuple(lines),
        tuple(above),
        tuple(among),
        tuple(below),
        tuple(line.text for line in lines if line.changed),
        is_foreign,
        quote < len(lines) or last >= 0 or any(line.depth for line in lines),
    )
