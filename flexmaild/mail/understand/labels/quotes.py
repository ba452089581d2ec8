"""Quote headers: what mail programs write above the mail they quote, in any language.

Called by `label`, when it is known which lines we sent. Headers are labelled line by line and end nothing;
their kinds are in `attributions` and `header_blocks`, the rules and other lines near them are here.
"""

import re
from collections.abc import Sequence

from flexmaild.core.addresses import normal
from flexmaild.core.references import BEGINNING
from flexmaild.languages.load import words
from flexmaild.mail.understand.labels.attributions import (
    ATTRIBUTION,
    MOST_LINES,
    begins_attribution,
    is_attribution,
    label_attribution,
    label_lone_attributions,
)
from flexmaild.mail.understand.labels.header_blocks import (
    BLOCK_LINE,
    FROM_LABELS,
    begins_block,
    field_label,
    label_block,
)
from flexmaild.mail.understand.labels.quote_borders import PROGRAM_LINE, SPLIT, borders, line_above, names_us
from flexmaild.mail.understand.labels.sent import SentText
from flexmaild.mail.understand.lines import Label, Line, with_derived_fields
from flexmaild.mail.understand.words.doubt import doubts_in
from flexmaild.mail.understand.words.rules import Rules

_RULE_WORDS = words(lambda language: language.quote.rule_words)
# `FM> `, `flexmaild> ` (Supercite and its like): a short word before each quoted line.
_CITED = re.compile(r"[ \t]*([^\s>|:]{1,20}[>|])[ \t]")
# What mail programs write around a quote, or for a part they cannot quote.
_PROGRAM_LINE = re.compile(
    r"(?:references|visible links|links:?|non-text part: \S+|-{2,}\s*end quoted text\s*-{2,}"
    r"|\[?quoted text hidden\]?|\[message clipped\](?:\s+view entire message)?|\[your message is attached\]"
    r"|\[image: [^\]]*\]|\[cid:[^\]\s]+\]|<image\S*>"
    r"|-{2,} ?(?:start|end) (?:of )?(?:forwarded|included|quoted) (?:message|text) ?-{2,}"
    r"|>?from \S+@\S+ \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}|\[?\d+\]?:?|part \d+\.\d+)$",
    re.IGNORECASE,
)
# An address with a whole domain; our reference in one; a name in front of one, which says nothing of it.
_ADDRESS = re.compile(r"[\w.+&'~%#!=/-]+@[\w-]+(?:\.[\w-]+)+")
_OUR_ID = re.compile(BEGINNING)
_NAME = re.compile(r'"[^"]*"(?=\s*[<\[])')
_GLUED_RULE = re.compile(r"(?<=[^-—–=_*\s‐])[-—–=_*‐]{3,}[^-—–=_*]{3,60}[-—–=_*‐]{2,}\s*$")
_RULE = "a rule above a quote"
# The rules that begin a quote; a drawn line alone does not.
BEGINNINGS = (ATTRIBUTION, BLOCK_LINE, SPLIT)


def strip_citation_marks(lines: Sequence[Line]) -> None:
    """The same short word before at least three lines is a quote mark."""
    found = [_CITED.match(line.text + " ") for line in lines if ">" in line.text or "|" in line.text]
    counts: dict[str, int] = {}
    for mark in found:
        if mark and mark[1].strip(">|"):
            counts[mark[1]] = counts.get(mark[1], 0) + 1
    marks = {mark for mark, count in counts.items() if count >= 3}
    for line in lines if marks else ():
        mark = _CITED.match(line.text + " ")
        if mark and mark[1] in marks:
            line.text, line.depth = f"> {line.text[mark.end() :]}", line.depth + 1
            with_derived_fields(line)


def label_headers(lines: Sequence[Line], rules: Rules, sent: SentText) -> None:
    """Labels attributions, header blocks, rules above them and mail programs' own lines."""
    _label_program_lines(lines)
    for border in borders(lines):
        label_block(lines, border, rules, sent)
        label_attribution(lines, border, rules)
        if border < len(lines):
            _label_rules(lines, border)
    label_lone_attributions(lines, rules)
    _label_salutations(lines, rules)
    _label_program_lines(lines)
    for i, line in enumerate(lines):
        if line.label is Label.QUOTE_HEADER and line.rule not in (PROGRAM_LINE, _RULE):
            _label_rules(lines, i)


def _label_salutations(lines: Sequence[Line], rules: Rules) -> None:
    """Labels "Hi flexmaild,", which some programs write above the attribution."""
    for line in lines:
        if line.label or not line.low.endswith((",", "!")) or len(line.low.split()) > 4:
            continue
        is_named = any(name in line.low for name in rules.own_names)
        if is_named and not doubts_in(line.low) and line.norm not in rules.vocabulary.compared_text:
            line.set(Label.CLOSING, "a salutation that names us")


def _is_drawn(text: str) -> bool:
    """Whether the line has nothing but dashes, underscores, stars or equals signs."""
    return bool(text.strip()) and not text.strip(" \t\xa0-_=*—–~#‐")


def _is_titled_rule(low: str) -> bool:
    """Whether it is `-----Original Message-----` or the like: known words between dashes."""
    bare = low.strip()
    words_ = bare.strip("-—–=_* ‐")
    if len(bare) - len(words_) < 4 or not 0 < len(words_) < 120 or bare[0].isalnum():
        return False
    return any(word in words_ for word in _RULE_WORDS) and not doubts_in(words_)


def _label_rules(lines: Sequence[Line], border: int) -> None:
    """Labels a rule directly above a quote."""
    at = line_above(lines, border)
    if at < 0 or lines[at].label:
        return
    line = lines[at]
    if _is_drawn(line.bare) or _is_titled_rule(line.low) or _is_message_line(line.low):
        line.set(Label.QUOTE_HEADER, _RULE)
    elif (glued := _GLUED_RULE.search(line.text)) and _is_titled_rule(glued[0]):
        line.set(Label.QUOTE_HEADER, SPLIT)
        line.typed = line.text[: glued.start()].rstrip()


def _is_message_line(low: str) -> bool:
    """Whether it is "Original message from …" with a date, directly above a header block."""
    return (
        len(low.split()) < 8
        and any(c.isdigit() for c in low)
        and any(word in low for word in _RULE_WORDS)
        and not doubts_in(low)
    )


def _label_program_lines(lines: Sequence[Line]) -> None:
    """Labels what mail programs write near a quote or at the very end, and no person types."""
    found = [
        i
        for i, line in enumerate(lines)
        if not (line.label or line.is_blank) and _PROGRAM_LINE.match(line.bare.strip())
    ]
    if not found:
        return
    near = [line.is_ours or line.label is Label.QUOTE_HEADER for line in lines]
    if not any(near):
        return
    last = [i for i, line in enumerate(lines) if not line.is_blank][-2:]
    for i in found:
        if any(near[max(0, i - 4) : i + 5]) or i in last:
            lines[i].set(Label.QUOTE_HEADER, PROGRAM_LINE)


def is_foreign(lines: Sequence[Line], rules: Rules) -> bool:
    """Whether the topmost quote header names an address that is not ours: then it answers another mail."""
    for i, line in enumerate(lines):
        if line.label is Label.OURS:
            return False
        if line.is_blank or line.rule in (PROGRAM_LINE, _RULE):
            continue
        if line.label is Label.QUOTE_HEADER or begins_block(lines, i) or begins_attribution(lines, i):
            return _names_another(_header_at(lines, i), rules)
    return False


def _header_at(lines: Sequence[Line], i: int) -> str:
    """The text that names the sender in the header here: its line of a block, or the attribution."""
    if field_label(lines[i].bare):
        block = lines[i : i + 8]
        return next((line.low for line in block if field_label(line.bare) in FROM_LABELS), "")
    text = ""
    for line in lines[i : i + MOST_LINES]:
        text = f"{text} {line.low}"
        if line.is_blank or is_attribution(text):
            break
    return text


def _names_another(text: str, rules: Rules) -> bool:
    """Whether it names an address that is not ours. False without own addresses (`flexmaild explain` without
    settings).

    Whole addresses are compared: another's may hold ours, and so may a name. Where none can be read, as of a
    program that writes names alone or wrapped it, our name will do.
    """
    if not rules.own_addresses or "@" not in text:
        return False
    addresses = _ADDRESS.findall(_NAME.sub(" ", text)) or _ADDRESS.findall(text)
    if not addresses:
        return not names_us(text, rules)
    return not any(_is_own(address.strip("_'/-."), rules) for address in addresses)


def _is_own(address: str, rules: Rules) -> bool:
    """Whether the address is ours, with or without a plus part (RFC 5233), or holds our reference."""
    if _OUR_ID.search(address):
        return True
    try:
        local, _, domain = normal(address).partition("@")
    except ValueError:
        return False
    return {f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"} & rules.own_addresses != set()
