"""What the person typed, cut out of the text of a reply.

Called by `understand.reply` with one reading of a mail. Lines are looked at from the top until one belongs to
something nobody typed just now: our guard lines, our marker, an attribution, a quoted header, a signature.
No regular expression: the best known reply trimmers are cubic (14 s for 9 kB), this is one pass with a
bounded look-ahead. A line too many can cost a question to the approver; our own words are always below
a line of ours that is found whatever the mail program wrote around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from flexmaild.languages.load import words
from flexmaild.mail.format import GUARD_LINE, HINT_LINE, REFERENCE_LABEL, REPLY_MARKER
from flexmaild.mail.understand.notices import (
    NOBODY,
    Writer,
    begins_signature,
    is_delimiter,
    is_device_line,
    is_footer,
    speaks_again,
    without_banners,
)
from flexmaild.mail.understand.rules import Rules

# FlexDeploy's older hint says "on the second line above"; both begin like this. A mail program may have
# wrapped them, so their stars at the start of a line are enough.
_STARS = "*****"
_OUR_LINES = (
    REPLY_MARKER.strip("#- ").casefold(),
    GUARD_LINE.strip("* ").casefold(),
    HINT_LINE.partition("[")[0].strip("* ").casefold(),
    "you may add a comment on the second line above",
)
_REFERENCE = "fm1-"

FROM_LABELS = frozenset(words(lambda language: language.quote.from_labels))
OTHER_LABELS = frozenset(words(lambda language: language.quote.other_labels))
ATTRIBUTION_STARTS = words(lambda language: language.quote.attribution_starts)
ATTRIBUTION_VERBS = words(lambda language: language.quote.attribution_verbs)
RULE_WORDS = words(lambda language: language.quote.rule_words)


@dataclass(frozen=True, slots=True)
class Typed:
    """lines: what stands above the quote and the signature (below the quote for a bottom-posted answer).

    afterthought: what was typed beneath a quote marked with ">"; it may not decide, but it may contradict.
    between: the typed lines stand between quoted ones, so it cannot be known what they answer.
    cut: a quote was found, so that more text would not have changed what is above it.
    """

    lines: tuple[str, ...]
    afterthought: tuple[str, ...] = ()
    between: bool = False
    cut: bool = False


def trim(segments: Sequence[tuple[str, str]], rules: Rules, writer: Writer = NOBODY) -> Typed:
    """What was typed in this reading: segments of ("plain" | "flowed" | "delsp", text), in order.

    writer: whose signature is looked for.
    """
    lines: list[str] = []
    for style, text in segments:
        piece = [line[: rules.limits.line] for line in text.split("\n", rules.limits.lines)]
        del piece[rules.limits.lines :]
        lines.extend(unflowed(piece, style == "delsp") if style in ("flowed", "delsp") else piece)
    lines = without_banners(_without_armour(lines), rules.beginnings)
    top, quote = _typed(lines, 0, rules, writer)
    after, amid, broken = _beneath(lines, quote, rules, writer)
    if any(line.strip() for line in top):
        later = (*_beneath_device(lines[:quote], writer), *amid, *after)
        return Typed(tuple(top), later, cut=quote < len(lines))
    return Typed(after, between=bool(amid) or broken)


def unflowed(lines: Sequence[str], delsp: bool) -> list[str]:
    """The lines with soft breaks undone (RFC 3676 section 4.2); quoted and signature lines stay."""
    out: list[str] = []
    joining = False
    for line in lines:
        if line.startswith(">") or line == "-- ":
            out.append(line)
            joining = False
            continue
        unstuffed = line[1:] if line.startswith(" ") else line
        if joining:
            out[-1] += unstuffed
        else:
            out.append(unstuffed)
        joining = unstuffed.endswith(" ") and len(out[-1]) < 65536
        if joining and delsp:
            out[-1] = out[-1][:-1]
    return out


def _without_armour(lines: list[str]) -> list[str]:
    """The text inside a clear-signed OpenPGP message (RFC 9580 section 7), which must begin the mail."""
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if not lines or not lines[first].startswith("-----BEGIN PGP SIGNED MESSAGE-----"):
        return lines
    start = first + 1
    while start < len(lines) and lines[start].strip():
        start += 1
    ends = (i for i in range(start, len(lines)) if lines[i].startswith("-----BEGIN PGP SIGNATURE-----"))
    inner = lines[start : next(ends, len(lines))]
    return [line[2:] if line.startswith("- ") else line for line in inner]


def _typed(lines: Sequence[str], start: int, rules: Rules, writer: Writer) -> tuple[list[str], int]:
    """The typed lines from `start` on, and where the quote begins (the end, where there is none)."""
    signature = -1
    for i in range(start, len(lines)):
        line = lines[i]
        if not line or line.isspace():
            continue
        if _begins_quote(lines, i, rules):
            end = i if signature < 0 else signature
            typed = _postscript(lines, end, i, start)
            return _without_rule([*typed, _before_ours(line)]), i
        if signature < 0 and begins_signature(lines, i, start, writer):
            signature = i
    end = len(lines) if signature < 0 else signature
    return _postscript(lines, end, len(lines), start), len(lines)


def _before_ours(line: str) -> str:
    """What was typed on the very line on which ours begin: some mail programs lose the line breaks of a
    prefilled mail. Nothing where it may be our own link, written out as text."""
    low = line.casefold()
    ours = [at for mark in (_STARS, "##-", _REFERENCE) if (at := low.find(mark)) > 0]
    before = line[: min(ours)] if ours and len(low) == len(line) else ""
    if not before.strip() or any(c in before for c in "<>[]%:|") or _is_rule(before.lstrip().casefold()):
        return ""
    return before.rstrip().removesuffix(REFERENCE_LABEL)


def _without_rule(typed: list[str]) -> list[str]:
    """The lines without the blank ones and the drawn rule that led over to the quote."""
    while typed and not typed[-1].strip(" \t\xa0-=—–*#"):
        typed.pop()
    return typed


def _postscript(lines: Sequence[str], signature: int, end: int, start: int) -> list[str]:
    """The lines above the signature, and what below it was typed after all and may change everything."""
    typed = list(lines[start:signature])
    first = lines[signature] if signature < end else ""
    delimited = is_delimiter(first) or is_device_line(first)  # see _beneath_device
    for i in range(signature + 1, end):
        if is_footer(lines, i):
            break
        if speaks_again(lines[i], delimited):
            typed.extend(lines[i:end])
            break
    return typed


def _begins_quote(lines: Sequence[str], i: int, rules: Rules) -> bool:
    """Whether what nobody typed just now begins at this line."""
    line = lines[i]
    bare = line.lstrip()
    if bare[0] in ">＞" or bare.startswith((_STARS, "\\*\\*\\*")):
        return True
    low = bare.casefold()
    if _REFERENCE in low or any(ours in low for ours in _OUR_LINES):
        return True
    if bare[0] in "-_—–=*" and _is_rule(low):
        return True
    if "@" in low and any(own in low for own in rules.own_addresses) and _looks_attributing(low):
        return True
    if any(name in low for name in rules.own_names) and _looks_attributing(low):
        return True
    return _begins_header_block(lines, i) or _begins_attribution(lines, i, low)


def _is_rule(low: str) -> bool:
    """`____`, `-----Original Message-----` and their like; not a rule somebody drew in their text."""
    bare = low.rstrip()
    if len(bare) >= 2 and not bare.strip("_"):
        return True
    if bare.startswith("-----begin pgp"):
        return True
    words = bare.strip("-—–=_* ")
    dashes = len(bare) - len(words)
    return dashes >= 4 and 0 < len(words) < 120 and any(word in words for word in RULE_WORDS)


def _looks_attributing(low: str) -> bool:
    """A line that names us: an attribution (colon, digits, address in brackets), not a sentence about us."""
    bare = low.rstrip()
    if bare.endswith((":", "：", ">", "]", "wrote", "----")):
        return True
    head, colon, _ = bare.partition(":")
    return bool(colon) and (_label(head) in FROM_LABELS or _label(head) in OTHER_LABELS)


def _label(text: str) -> str:
    return text.strip(" \t*_:：\xa0").casefold()


def _labelled(line: str) -> str:
    """The header label a line begins with, empty where it begins with none."""
    head = line.lstrip(" \t*_|")[:24]
    cut = min((at for mark in ":：" if (at := head.find(mark)) > 0), default=0)
    label = _label(head[:cut]) if cut else ""
    return label if label in FROM_LABELS or label in OTHER_LABELS else ""


def _begins_header_block(lines: Sequence[str], i: int) -> bool:
    """`From: … Sent: … To: …` in any language: a label, and two others, one of them the sender's, near it.

    Seven lines on, because Outlook wraps long addresses onto lines of their own.
    """
    first = _labelled(lines[i])
    if not first:
        return False
    labels = {first}
    for line in lines[i + 1 : i + 8]:
        label = _labelled(line)
        if label:
            labels.add(label)
    senders = [label for label in labels if label in FROM_LABELS]
    return (bool(senders) and len(labels) >= 3) or (
        len(labels) == 2 and first in FROM_LABELS and "@" in lines[i]
    )


def _begins_attribution(lines: Sequence[str], i: int, low: str) -> bool:
    """`On Friday, Bob <bob@…> wrote:` in any language, wrapped over at most four lines."""
    bare = low.lstrip("-* ")
    if not bare or not (bare[0].isdigit() or bare.startswith(ATTRIBUTION_STARTS)):
        return False
    joined = ""
    for line in lines[i : i + 4]:
        piece = line.strip()
        if not piece or (piece.startswith(">") and piece.strip(">:： ")):
            break
        joined = f"{joined} {piece}" if joined else piece
        if len(joined) > 600:
            return False
        if _is_attribution(joined.casefold()):
            return True
    return False


def _is_attribution(low: str) -> bool:
    digits = any("0" <= c <= "9" for c in low)
    ending = low.rstrip(" -\xa0")
    if ending.endswith((":", "：")):
        ending = ending[:-1].rstrip(" \xa0")
        said = any(verb in ending for verb in ATTRIBUTION_VERBS)
        return (said and (digits or "@" in ending)) or (
            digits and "@" in ending and ("<" in ending or '"' in ending)
        )
    return digits and "@" in ending and ending.endswith(ATTRIBUTION_VERBS)


def _beneath_device(lines: Sequence[str], writer: Writer) -> tuple[str, ...]:
    """What was typed beneath "Sent from my iPhone", where many a thumb goes on writing."""
    start = next((i + 1 for i, line in enumerate(lines) if line.strip() and is_device_line(line)), len(lines))
    ends = (i for i in range(start, len(lines)) if lines[i].strip() and begins_signature(lines, i, 0, writer))
    return tuple(lines[start : next(ends, len(lines))])


def _beneath(
    lines: Sequence[str], quote: int, rules: Rules, writer: Writer
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """What was typed beneath a quote marked with ">", what in its midst, and whether lines there lack it.

    Only ">" marks where a quote ends; beneath an Outlook header everything is quoted to the end. In its midst
    a paragraph of its own was typed; a line at once below a quoted one was only wrapped badly.
    """
    marked = [i for i in range(quote, len(lines)) if lines[i].startswith(">")]
    if not marked or not _only_introduces(lines[quote : marked[0]]):
        return (), (), False
    typed, _ = _typed(lines, marked[-1] + 1, rules, writer)
    amid: list[str] = []
    broken = False
    for before, line in pairwise(lines[marked[0] : marked[-1]]):
        if line.startswith(">") or not line.strip():
            continue
        if before.strip(" >") and not (amid and amid[-1] is before):
            broken = True
        else:
            amid.append(line)
    return tuple(typed) if any(line.strip() for line in typed) else (), tuple(amid), broken


def _only_introduces(lines: Sequence[str]) -> bool:
    """Whether the lines before the first ">" are an attribution and nothing else (at most five lines)."""
    return sum(1 for line in lines if line.strip()) <= 5 and not any(
        line.lstrip().startswith(_STARS) or _REFERENCE in line.casefold() for line in lines
    )
