"""Signatures: delimiters, closings, names, posts, telephone numbers, and the lines that devices write.

Called by `label`. A signature is free text, so no list decides what belongs to it: below a delimiter or a
name a line is taken for a part of it unless it can be a person's sentence. One that doubts, asks, or holds a
word that decides never is, unless the whole line is known.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flexmaild.languages.load import words
from flexmaild.mail.understand.labels import banners, disclaimers
from flexmaild.mail.understand.labels.known import KnownLines, has_deciding_word, tokens_of
from flexmaild.mail.understand.lines import QUESTION_MARKS, Label, Line, fold_case, is_frown
from flexmaild.mail.understand.words.doubt import GIVEN_NAME, doubts_in, refusing_signs
from flexmaild.mail.understand.words.rules import Rules

_CLOSINGS = frozenset(words(lambda language: language.signature.closings))
_THANKS = frozenset(words(lambda language: language.signature.thanks))
_CONTACT_LABELS = frozenset(words(lambda language: language.signature.contact_labels))
_DEVICES = KnownLines(words(lambda language: language.signature.devices))
_SIGNATURE_LINES = KnownLines(words(lambda language: language.signature.lines))
_TITLE_WORDS = frozenset(words(lambda language: language.signature.title_words))

_LONGEST_CLOSING, _LONGEST_NUMBER = 60, 120
# Words of a post or a department.
_LONGEST_TITLE = 10
_DIGITS = r"[+(0-9][0-9 ()./+-]{5,}[0-9)]"
_NUMBER = re.compile(rf"^(\w+)[ .:]{{1,3}}{_DIGITS}(?:[ ,;|/-]+\w{{0,10}}[ .:]{{0,3}}{_DIGITS})*$")
_POSTSCRIPT = ("ps:", "p.s.", "ps ", "p.s:", "ps.", "nb:", "n.b.", "p.s ")
_CONTACT = re.compile(r"[@|]|://|www\.|\d{3}|\d{2}[ .-]\d{2}")
# What signatures put between the things they set on one line.
_PIECES = re.compile(r"\s+[-–—|·•/]\s+|[|;,]\s")
_LETTERS = re.compile(r"[^\W\d_]+")
# Chinese shows a sentence by its punctuation, Korean by the ending of its verb.
_EASTERN_SENTENCE = re.compile(r"[\u3400-\u9fff][，。！；]|[\uac00-\ud7a3] .*[다요죠][.!~]*\s*$")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote the mail, as far as it helps to find where their signature begins; in lower case."""

    names: frozenset[str] = frozenset()
    address: str = ""

    @classmethod
    def of(cls, name: str, address: str) -> "Writer":
        found = _LETTERS.findall(fold_case(f"{name} {address.partition('@')[0]}"))
        return cls(frozenset(word for word in found if len(word) > 1), address.casefold())


def label_endings(lines: Sequence[Line], start: int, stop: int, rules: Rules, writer: Writer) -> None:
    """Labels signatures, device lines, footers and disclaimers among the lines without a label."""
    inside = anything_above = False
    i = start - 1
    while (i := i + 1) < stop:
        line = lines[i]
        if line.label or line.is_blank:
            continue
        if length := _label_known_lines(lines, i, stop, rules):
            i += length - 1
            continue
        if inside and _is_postscript(line):
            return
        opens = _signature_opening(lines, i, stop, writer) if anything_above or start else ""
        if (
            start
            and not opens
            and _CONTACT.search(line.bare)
            and _is_signature_line(lines, i, start, rules, writer)
        ):
            opens = "contact details below the quote"
        if opens or line.mark == "signature":
            inside = True
        if opens in ("closing", "thanks above a name"):
            line.set(Label.CLOSING, opens)
        elif opens == "delimiter" or (inside and _is_signature_line(lines, i, start, rules, writer)):
            line.set(Label.SIGNATURE, opens or "below a signature's first line")
        elif not anything_above and line.mark == "signature":
            inside = False  # some programs put all that is typed into the element of the signature
        anything_above = True


def label_known(lines: Sequence[Line], start: int, stop: int, rules: Rules) -> None:
    """Labels banners and footers that a border wrote into our mail before it was quoted."""
    i = start
    while i < stop:
        if lines[i].label or lines[i].is_blank:
            i += 1
            continue
        near = lines[i : min(stop, i + disclaimers.LONGEST_NOTICE)]
        if length := banners.banner_length(near, rules):
            for line in near[:length]:
                line.set(Label.BANNER, "a known banner")
        i += length or _label_known_lines(lines, i, stop, rules) or 1


def _label_known_lines(lines: Sequence[Line], i: int, stop: int, rules: Rules) -> int:
    """Labels the lines from here on that are known as a whole, and returns their number."""
    text = lines[i].bare
    if is_device_line(text):
        lines[i].set(Label.SIGNATURE, "a device's line")
        return 1
    length = disclaimers.notice_length(lines[i : min(stop, i + disclaimers.LONGEST_NOTICE)], rules)
    if not length and not has_deciding_word(text, rules):
        length = int(disclaimers.is_footer_line(text) or banners.is_classification(text))
    for line in lines[i : i + length]:
        line.set(Label.DISCLAIMER, "a known footer or disclaimer")
    return length


def is_device_line(text: str) -> bool:
    """Whether it is `Sent from my iPhone` or the like, and nothing else."""
    return len(text) < 140 and _DEVICES.has(text)


def _is_delimiter(text: str) -> bool:
    """The line that mail programs put above a signature (RFC 3676 section 4.3), and what is left of it."""
    return text in ("-- ", "--", "—", "-- \xa0", "–")


def _signature_opening(lines: Sequence[Line], i: int, stop: int, writer: Writer) -> str:
    """What begins a signature at this line; empty where none does."""
    text = lines[i].bare
    low = lines[i].low
    if text == "-- " or (lines[i].mark and text == "--"):
        return "delimiter"
    if _is_delimiter(text):
        below = next((line for line in lines[i + 1 : min(stop, i + 4)] if not line.is_blank), None)
        return "delimiter" if below is None or _is_signed(below, writer) or below.mark == "signature" else ""
    if doubts_in(low) and not _is_name(low, writer):
        return ""
    if _is_closing(low, writer):
        return "closing"
    if _is_signed(lines[i], writer):
        return "the writer's name or number"
    if " ".join(_LETTERS.findall(low)) in _THANKS and not _asks(low):
        below = next((line for line in lines[i + 1 : i + 4] if not line.is_blank), None)
        if below is not None and _is_signed(below, writer):
            return "thanks above a name"
    return ""


def _asks(text: str) -> bool:
    return any(c in text for c in QUESTION_MARKS)


def _is_closing(low: str, writer: Writer) -> bool:
    """A closing, perhaps with the name on its line: "Kind regards, Ann"."""
    if len(low) >= _LONGEST_CLOSING or _asks(low):
        return False
    bare = low.strip(" .,;!*_-–—")
    if bare in _CLOSINGS:
        return True
    found = re.findall(r"[^\W\d_]+(?:['’&-][^\W\d_]+)*|&", low)
    while found and found[-1] in writer.names:
        found.pop()
    return bool(found) and " ".join(found) in _CLOSINGS


def _is_signed(line: Line, writer: Writer) -> bool:
    """The writer's name (alone, or followed by a title or post), their address, or a telephone number."""
    low = line.low
    if writer.address and writer.address in low and len(tokens_of(low)) <= 2:
        return True
    number = _NUMBER.match(low) if len(low) < _LONGEST_NUMBER else None
    if number and number[1] in _CONTACT_LABELS and not _is_date(low):
        return True
    return _is_name(low, writer)


def _is_name(low: str, writer: Writer) -> bool:
    """The writer's name, alone or followed by a title or post."""
    if doubts_in(low) - writer.names:
        return False  # Jen is a name, and a word of some language
    names = 0
    rest = low.lstrip("*_ ")
    while rest:
        word = _LETTERS.match(rest)
        if word is None or word[0] not in writer.names:
            break
        names += 1
        rest = rest[word.end() :]
        after = rest.lstrip(" \t\xa0*_.")
        if not after:
            return True
        if names >= 2 and not after[0].isalnum() and after[0] not in ":?!":
            return not _is_sentence(after)
        rest = after.lstrip(", ")
    return False


def _is_date(low: str) -> bool:
    """A date or a span of hours, which is no telephone number."""
    return re.search(r"20\d\d-\d\d|\d{1,2}:\d\d|\d{4} ?- ?\d{4}$|\d{1,2}\.\d{1,2}\.20", low) is not None


def _is_signature_line(lines: Sequence[Line], i: int, start: int, rules: Rules, writer: Writer) -> bool:
    """Whether this line below the first of a signature is a part of it."""
    text = lines[i].bare
    if refusing_signs(text) or is_frown(text):
        return False
    if _SIGNATURE_LINES.has(text):
        return True
    if has_deciding_word(text, rules):
        return False
    unknown = [
        piece for piece in _PIECES.split(text) if not _SIGNATURE_LINES.has(piece) and not _is_title(piece)
    ]
    if not unknown:
        return True
    if _is_name(lines[i].low, writer) or text.strip(" ,.") == GIVEN_NAME.title():
        return True
    if _asks(text) or any(map(doubts_in, unknown)):
        return False
    if (_CONTACT.search(text) and not _is_sentence(text)) or _is_signed(lines[i], writer):
        return True
    above = lines[i - 1] if i > start else None
    if (
        above is not None
        and above.label is Label.SIGNATURE
        and _is_name(above.low, writer)
        and text[-1:] not in ".!。"
    ):
        return True  # the post below the name
    return not _is_sentence(text)


def _is_title(text: str) -> bool:
    """A post or a department: all its words are a title's, or names; two of them at least a title's."""
    found = tokens_of(text)
    if not 0 < len(found) <= _LONGEST_TITLE:
        return False
    others = [t for t in found if fold_case(t) not in _TITLE_WORDS]
    return (
        len(found) - len(others) >= 2
        and not doubts_in(" ".join(others))
        and not any(t[0].islower() for t in others)
    )


def _is_sentence(text: str) -> bool:
    """Whether it is running text, as in few lines of a signature."""
    if sum("\u3040" <= c <= "\u30ff" for c in text) >= 3 or _EASTERN_SENTENCE.search(text):
        return len(text) >= 8
    found: list[str] = _LETTERS.findall(text)
    fold_case: int = sum(word.islower() for word in found[1:])
    if len(found) >= 3 and text.rstrip()[-1:] in ".!":
        return fold_case >= 1
    return (len(found) >= 3 and fold_case == len(found) - 1) or bool(
        len(found) >= 4 and 2 * fold_case >= len(found) - 1
    )


def _is_postscript(line: Line) -> bool:
    return line.low.startswith(_POSTSCRIPT)
