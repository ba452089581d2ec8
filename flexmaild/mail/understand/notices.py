"""What companies and mail gateways add to everybody's mail: banners on top, signatures and disclaimers below.

For `trim`. "CAUTION: this email originated outside …" above an answer, or "if you are not the
intended recipient" below it, is nobody's word and must not make every answer of a firm undecided. Only known
shapes are taken for such, line by line: a line too few leaves an answer undecided, a line too many would
swallow a person's doubt. Words are in `languages`. Pure, linear, no regular expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flexmaild.languages.load import EVERY, words

BANNER_TAGS = frozenset(words(lambda language: language.notice.banner_tags))
BANNER_TELLS = words(lambda language: language.notice.banner_tells)
BANNER_NOUNS = words(lambda language: language.notice.banner_nouns)
BANNER_WORDS = frozenset(words(lambda language: language.notice.banner_words))
BANNER_PIECES = words(lambda language: language.notice.banner_pieces)
CLASSIFICATIONS = words(lambda language: language.notice.classifications)
FOOTERS = words(lambda language: language.notice.footers)
DISCLAIMERS = words(lambda language: language.notice.disclaimers)
# Of these seven, a disclaimer speaks of three at least; people hardly of two in one paragraph.
DISCLAIMER_CONCEPTS = tuple(
    tuple(piece for language in EVERY for piece in language.notice.concepts[n]) for n in range(7)
)
CLOSINGS = frozenset(words(lambda language: language.signature.closings))
CLOSING_THANKS = frozenset(words(lambda language: language.signature.thanks))
CONTACT_LABELS = frozenset(words(lambda language: language.signature.contact_labels))
DEVICE_SIGNATURES = words(lambda language: language.signature.devices)
EXCUSES = words(lambda language: language.signature.excuses)

# Lines of one notice, and notices above an answer: a gateway's banner, Outlook's, a classification.
_LONGEST_NOTICE, _MOST_BANNERS = 12, 4
# Words of a banner's telling line that may be strange to it, for the firm's name ("outside of Corp plc").
_STRANGE_WORDS = 4
# A paragraph wrapped by a mail program has lines of this length; what follows a shorter one is another's.
_WRAPPED = range(45, 101)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote the mail, as far as it helps to find where their signature begins; in lower case."""

    names: frozenset[str] = frozenset()
    address: str = ""

    @classmethod
    def of(cls, name: str, address: str) -> Writer:
        words = _words(f"{name} {address.partition('@')[0]}".casefold())
        return cls(frozenset(word for word in words if len(word) > 1), address.casefold())


NOBODY = Writer()

_HEDGES = frozenset(words(lambda language: (*language.doubt.negations, *language.doubt.conditions)))


def without_banners(lines: Sequence[str], action_words: tuple[str, ...]) -> list[str]:
    """The lines without the banners, disclaimers and tags that stand above what was typed."""
    rest = ["" if _is_picture(line) else line for line in lines]
    for _ in range(_MOST_BANNERS):
        start = next((i for i, line in enumerate(rest) if line.strip(" \t\xa0-=*_#~")), len(rest))
        length = _banner(rest[start : start + _LONGEST_NOTICE], action_words)
        if not length:
            tagged = _untagged(rest[start]) if start < len(rest) else ""
            return [tagged, *rest[start + 1 :]] if tagged else rest
        rest = rest[start + length :]
    return rest


def _is_picture(line: str) -> bool:
    """`[cid:image001.png@01D…]`: where Outlook and Apple Mail have a picture, such as a firm's logo."""
    bare = line.strip()
    inside = bare[1:-1]
    if any(c in inside for c in " []<>"):
        return False
    return (bare[:5] == "[cid:" and bare[-1] == "]") or (bare[:6] == "<image" and bare[-1] == ">")


def _untagged(line: str) -> str:
    """`[EXTERNAL] Approve` without its tag; empty where there is none."""
    tag, bracket, after = line.strip().removeprefix("[").partition("]")
    if line.strip().startswith("[") and bracket and _bare(tag) in BANNER_TAGS:
        return after.strip()
    return ""


def _banner(lines: Sequence[str], action_words: tuple[str, ...]) -> int:
    """How many of these lines, from the first on, are one banner; 0 where the first is none."""
    if not lines:
        return 0
    first = _bare(lines[0])
    if first in BANNER_TAGS or _is_classification(first) or _holds_banner_piece(lines[0]):
        return 1
    paragraph = _paragraph(lines)
    usual = next((i for i, line in enumerate(paragraph) if not _is_usual(line)), len(paragraph))
    told = next((i for i, line in enumerate(paragraph[: usual + 1]) if _tells(line)), -1)
    if told >= 0:
        after = told + 1
        while after < len(paragraph) and _is_usual(paragraph[after]):
            after += 1
        return after
    return _disclaimer_length(paragraph, action_words)


def _paragraph(lines: Sequence[str]) -> list[str]:
    end = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    return list(lines[:end])


def _is_usual(line: str) -> bool:
    """Whether every word of this line is one that banners consist of."""
    return BANNER_WORDS.issuperset(_words(_bare(line)))


def _tells(line: str) -> bool:
    """Whether this line says what only a banner says, in little but a banner's words."""
    low = _bare(line)
    if not any(tell in low for tell in BANNER_TELLS) or not any(noun in low for noun in BANNER_NOUNS):
        return False
    return sum(1 for word in _words(low) if word not in BANNER_WORDS) <= _STRANGE_WORDS


def _holds_banner_piece(line: str) -> bool:
    return any(tell in line for tell in BANNER_PIECES)


def _is_classification(low: str) -> bool:
    return len(low) < 60 and low.startswith(CLASSIFICATIONS)


def _disclaimer_length(paragraph: Sequence[str], action_words: tuple[str, ...]) -> int:
    """How many lines from the top are one disclaimer: as far as it was wrapped, and never over an answer."""
    length = 1
    while (
        length < len(paragraph)
        and len(paragraph[length - 1].strip()) in _WRAPPED
        and not paragraph[length - 1].rstrip().endswith((".", "!", ":"))
        and not paragraph[length].lstrip(" *_").casefold().startswith(action_words)
    ):
        length += 1
    return length if _is_disclaimer(paragraph[:length]) else 0


def _is_disclaimer(lines: Sequence[str]) -> bool:
    """Whether these lines speak of at least three of secrecy, the recipient, an error, deleting and the like.

    The first line must speak of one already, so that a person's line above is no part of it.
    """
    return bool(lines) and _concepts(lines[0]) >= 1 and _concepts(" ".join(lines)) >= 3


def _concepts(text: str) -> int:
    low = " ".join(text.casefold().split())
    return sum(1 for concept in DISCLAIMER_CONCEPTS if any(piece in low for piece in concept))


def begins_signature(lines: Sequence[str], i: int, start: int, writer: Writer) -> bool:
    """Whether a signature, a device's line or a firm's footer begins at this line."""
    if is_delimiter(lines[i]) or is_device_line(lines[i]) or is_footer(lines, i, start):
        return True
    low = lines[i].strip().casefold()
    # A name or closing on the first line closes nothing: there is nothing above it.
    if not any(earlier.strip() for earlier in lines[start:i]):
        return start > 0 and _signs(low, writer)
    return _closes(low, writer) or _signs(low, writer) or _thanks_above_name(lines, i, writer)


def is_delimiter(line: str) -> bool:
    """The line that mail programs put above a signature (RFC 3676 section 4.3), and what is left of it."""
    return line in ("-- ", "--", "—")


def is_footer(lines: Sequence[str], i: int, start: int = 0) -> bool:
    """Whether at this line begins what a firm or its mail gateway puts below everybody's mail."""
    low = lines[i].strip().casefold()
    bare = low.removeprefix("p ")
    if bare.startswith(DISCLAIMERS) or any(phrase in bare for phrase in FOOTERS):
        return True
    if _is_classification(bare) and ":" in bare and len(bare.split()) < 6:
        return True
    # On its own, or one long line as pages of HTML have them.
    alone = i == start or not lines[i - 1].strip(" \t\xa0-=*_#~") or len(lines[i]) > max(_WRAPPED)
    return alone and _is_disclaimer(_paragraph(lines[i : i + _LONGEST_NOTICE]))


def is_device_line(line: str) -> bool:
    bare = line.strip()
    low = bare.casefold()
    if len(bare) >= 100 or not low.startswith(DEVICE_SIGNATURES):
        return False
    return not bare.endswith((".", "!", "?")) or any(excuse in low for excuse in EXCUSES)


def _closes(low: str, writer: Writer) -> bool:
    """A closing, perhaps with the name on its line: "Kind regards, Ann"."""
    if len(low) >= 60:
        return False
    bare = low.strip(" .,;!*_-–—")
    if bare in CLOSINGS or bare.partition(" aus ")[0] in CLOSINGS:
        return True
    words = _words(low)
    while words and words[-1] in writer.names:
        words.pop()
    return bool(words) and " ".join(words) in CLOSINGS


def _thanks_above_name(lines: Sequence[str], i: int, writer: Writer) -> bool:
    if _bare(lines[i]) not in CLOSING_THANKS:
        return False
    following = next((line for line in lines[i + 1 : i + 4] if line.strip()), "")
    return _signs(following.strip().casefold(), writer)


def _signs(low: str, writer: Writer) -> bool:
    """The writer's name (alone, or followed by a title or post), their address, or a telephone number."""
    if hedges_in(low):
        return False
    if (writer.address and writer.address in low) or _is_telephone(low):
        return True
    names = 0
    rest = low.lstrip("*_ ")
    while rest:
        word = _first_word(rest)
        if word not in writer.names:
            break
        names += 1
        rest = rest[len(word) :]
        after = rest.lstrip(" \t\xa0*_.")
        if not after:
            return True
        if names >= 2 and not after[0].isalnum() and after[0] not in ":?!":
            return True
        rest = after.lstrip(", ")
    return False


def _is_telephone(low: str) -> bool:
    """`T: +44 20 …`: a label and its number."""
    label = _first_word(low)
    number = low[len(label) :].lstrip(" .:")
    marked = low[len(label) : len(label) + 1] in (":", ".") or len(label) > 2
    digits = sum("0" <= c <= "9" for c in number[:30])
    return label in CONTACT_LABELS and marked and number[:1] in tuple("+(0123456789") and digits >= 7


def speaks_again(line: str, delimited: bool) -> bool:
    """Whether a line below a name takes something back: "PS: …", "but only …", "not before …".

    delimited: below "-- " only a postscript does; nobody goes on typing there.
    """
    low = line.strip().casefold()
    if low.startswith(("ps:", "p.s.", "ps ", "p.s:", "ps.", "nb:", "n.b.")):
        return True
    words = _words(low)
    return not delimited and len(words) > 2 and "|" not in low and words[0] in _HEDGES and low[:3] != "no."


def hedges_in(low: str) -> set[str]:
    """The negations and conditions among the words of a line, in any language."""
    return {word for word in _words(low) if word in _HEDGES}


def _first_word(text: str) -> str:
    end = next((i for i, c in enumerate(text) if not c.isalnum()), len(text))
    return text[:end]


def _bare(line: str) -> str:
    """The line in lower case without addresses and the punctuation around it."""
    kept = (p for p in line.casefold().replace("<", " <").split() if "://" not in p and "@" not in p)
    return " ".join(kept).strip(" \t[]()<>*_#-–—=!.,:;⚠️🛑⛔\xa0")


def _words(low: str) -> list[str]:
    spaced = "".join(c if c.isalnum() or c in "'’-" else " " for c in low)
    return [word for piece in spaced.split() if (word := piece.strip("'’-"))]
