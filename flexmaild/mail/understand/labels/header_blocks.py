"""Header blocks: "From: … Sent: … To: …" above the quoted mail, in any language.

Called by `quotes`. Each line is taken by its own form; what stands behind a value was typed. The labels are
in `languages`.
"""

import re
from collections.abc import Sequence

from flexmaild.languages.load import words
from flexmaild.mail.understand.labels.known import is_deciding_word, tokens_of
from flexmaild.mail.understand.labels.quote_borders import DATE, line_above, names_us
from flexmaild.mail.understand.labels.sent import SentText
from flexmaild.mail.understand.lines import QUESTION_MARKS, Label, Line
from flexmaild.mail.understand.words.doubt import doubts_in, refusing_signs
from flexmaild.mail.understand.words.rules import Rules

FROM_LABELS = frozenset(words(lambda language: language.quote.from_labels))
_OTHER_LABELS = frozenset(words(lambda language: language.quote.other_labels))
# A header block stands within so many lines above its mail: Outlook wraps long addresses.
_LONGEST_BLOCK = 14
# Its labels may be spread by wide blanks to one width: "主　题：".
_LABEL = re.compile(r"[ \t*_|]*([^\W\d_][\w \u3000.-]{0,22}?)[ \t*_\xa0]{0,3}[:：]")
_ADDRESS = re.compile(r"\S+@[^\s;,>\])]+")
_BEHIND_DIGITS = re.compile(r"\D*$")
# One question mark was typed; letters that were lost leave others as well.
_ASKS = re.compile(rf"[^{QUESTION_MARKS}]*[{QUESTION_MARKS}]{{1,3}}[\s.!]*")
_ASKS_AMID = re.compile(rf"[{QUESTION_MARKS}](?=\s|$)")
BLOCK_LINE = "header block"


def field_label(text: str) -> str:
    """The header label a line begins with, empty where it begins with none that is known."""
    if ":" not in text and "：" not in text:
        return ""
    found = _LABEL.match(text)
    label = found[1].strip().replace("\u3000", "").casefold() if found else ""
    return label if label in FROM_LABELS or label in _OTHER_LABELS else ""


def _field_label_or_bare(text: str) -> str:
    """The same, also without a colon as some programs write it; only for lines within a block."""
    if found := field_label(text):
        return found
    words_ = text.split(maxsplit=1)
    label = words_[0].casefold() if words_ else ""
    return label if label in FROM_LABELS or label in _OTHER_LABELS else ""


def label_block(lines: Sequence[Line], border: int, rules: Rules, sent: SentText) -> None:
    """Labels the header block above this border or beginning at it, each line by its own form."""
    if line_above(lines, border) < 0 and (border >= len(lines) or not field_label(lines[border].bare)):
        return
    for first in range(max(0, border - _LONGEST_BLOCK), min(border + 1, len(lines))):
        if lines[first].label in (Label.NONE, Label.OURS) and begins_block(lines, first):
            _take_block(lines, first, border + 9, rules, sent)
            return
    _label_unlisted_block(lines, border, rules, sent)


def begins_block(lines: Sequence[Line], i: int) -> bool:
    """Whether a block `From: … Sent: … To: …` begins here, in any language: three labels, one the
    sender's."""
    first = field_label(lines[i].bare)
    if not first:
        return False
    labels = {first}
    for line in lines[i + 1 : i + 8]:
        if label := field_label(line.bare):
            labels.add(label)
    senders = any(label in FROM_LABELS for label in labels)
    return (senders and len(labels) >= 3) or (
        len(labels) == 2 and first in FROM_LABELS and "@" in lines[i].bare
    )


def _take_block(lines: Sequence[Line], first: int, stop: int, rules: Rules, sent: SentText) -> None:
    last = first
    for i in range(first, min(stop, len(lines))):
        goes_on = i > first and "@" in lines[i].bare and field_label(lines[i - 1].bare)
        if field_label(lines[i].bare) or goes_on:
            last = i
        elif lines[i].is_blank and i > first + 1:
            break
    labels = [field_label(line.bare) for line in lines[first : last + 1]]
    for i in range(first, last + 1):
        if labels.count(labels[i - first]) > 1 and labels[i - first] and not _is_genuine(lines[i], rules):
            continue  # a person's line in the form of a field that the block has already
        _label_field(lines, i, sent)


def _is_genuine(line: Line, rules: Rules) -> bool:
    """Whether this field says what only a mail program knows: an address, our name, our words."""
    return line.is_ours or "@" in line.bare or (bool(line.parts) and names_us(line.low, rules))


def _label_field(lines: Sequence[Line], i: int, sent: SentText) -> None:
    """Labels one line of a block: a label and a value of the right form; the rest was typed."""
    line = lines[i]
    known = _field_label_or_bare(line.bare)
    if line.is_blank or (line.is_ours and not known):
        return
    is_field = bool(known) or _LABEL.match(line.bare) is not None
    continues = (
        i > 0
        and lines[i - 1].label is Label.QUOTE_HEADER
        and ("@" in line.bare or line.low.endswith((";", ">")))
    )
    if not is_field and not continues:
        return
    rest = _typed_behind(line, sent)
    if not known and not line.places and _answers_before_field(line.bare):
        rest = line.bare.strip()
    if line.places and line.changed:
        return  # a line of ours with a sign that we did not send
    line.set(Label.QUOTE_HEADER, BLOCK_LINE)
    if rest:
        line.rule, line.typed = "typed behind a header field", rest


def _typed_behind(line: Line, sent: SentText) -> str:
    """What of a header field is no value: words behind its address, or all of a value that answers."""
    value = _LABEL.sub("", line.bare, count=1)
    if line.places:
        return ""
    if not re.search(r"[^\W\d_]{2,}", value):
        return line.bare.strip() if refusing_signs(value) or _ASKS.fullmatch(value) else ""
    if "@" in value:
        tail = _ADDRESS.split(value)[-1].strip(" \t\xa0<>[]()\"',;")
        return tail if len(re.findall(r"\w{2,}", tail)) > 2 or _answers(tail) else ""
    has_added_sign = bool(refusing_signs(value) - sent.signs)
    has_added_mark = _ASKS.fullmatch(value) is not None and not (line.parts and _may_ask(sent))
    if DATE.search(value) and not _answers_in_words(value) and len(value.split()) <= 12:
        behind = _BEHIND_DIGITS.search(value)
        tail = behind[0].strip() if behind else ""
        return tail if has_added_mark or (not line.parts and _asks(tail)) else ""
    if line.parts:
        tail = line.text[line.words()[line.parts[-1].last - 1].end :]
        is_typed = has_added_sign or has_added_mark or re.search(r"[^\W\d_]{2,}", tail)
        return (tail.strip() or line.bare.strip()) if is_typed else ""
    return line.bare.strip() if _answers(value) or len(value.split()) > 9 else ""


def _answers(text: str) -> bool:
    return _asks(text) or _answers_in_words(text)


def _asks(text: str) -> bool:
    has_words = any(map(str.isalpha, text))
    return _ASKS.fullmatch(text) is not None or (has_words and text.rstrip().endswith(tuple(QUESTION_MARKS)))


def _answers_in_words(text: str) -> bool:
    """Whether a word or a sign in it decides or doubts."""
    return bool(doubts_in(text)) or any(map(is_deciding_word, tokens_of(text)))


def _answers_before_field(text: str) -> bool:
    """Whether something in front of a field answers: "after the backup To: Ann <…", "kun test Sent: …"."""
    head = _ADDRESS.split(text)[0]
    front, is_field, _ = head.rpartition(":") if "@" in text else head.partition(":")
    return bool(is_field) and (_ASKS_AMID.search(front) is not None or _answers_in_words(front))


def _may_ask(sent: SentText) -> bool:
    """Whether a question mark behind our subject may be ours, or stand for a letter of it that was lost."""
    return any(not subject.isascii() or "?" in subject for subject in sent.subjects)


def _label_unlisted_block(lines: Sequence[Line], border: int, rules: Rules, sent: SentText) -> None:
    """Labels three or more lines `label: value` directly above what we sent, one with our name."""
    last = line_above(lines, border)
    first = last
    named = False
    while first >= 0 and last - first < 8 and not lines[first].is_blank:
        line = lines[first]
        known = _field_label_or_bare(line.bare)
        if line.label not in (Label.NONE, Label.OURS) or not (known or _LABEL.match(line.bare)):
            break
        if doubts_in(line.bare) and not known:
            break
        named = named or names_us(line.low, rules)
        first -= 1
    if named and last - first >= 3:
        for i in range(first + 1, last + 1):
            _label_field(lines, i, sent)
