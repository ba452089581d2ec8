"""Our references in a mail, by the places where they come back: body, thread headers, addresses.

For `reply`. A reference is "FM1-" and 45 letters and digits of base32 (RFC 4648), at a word's boundary; here
it is only found and brought to one spelling, whether it is genuine is for `core.references` to say. A piece
of one (clipped, masked, altered) is reported as well, so that it can be told from a mail without any; a host
called fm1-a or a ticket FM1-1234 is none. Linear, bounded, never raises.
"""

import re
from collections.abc import Iterable, Iterator

from flexmaild.core.references import ALPHABET, BODY_LENGTH, DASHES, LETTER, PREFIX
from flexmaild.mail.parse.header import Header, decoded
from flexmaild.mail.parse.limits import Limits

_LETTERS = re.compile(rf"{LETTER}{{1,{BODY_LENGTH}}}")
_PREFIX = PREFIX.lower()
_ASCII_ALNUM = ALPHABET | frozenset("0189")
# What wrapping, quoting, copying and bad decoding put inside a word.
_GAPS = frozenset(" \t\r\n\xa0>|\u00ad\u200b\u200c\u200d\u2060\ufeff")
_UNSEEN = ("&#8203;", "&shy;", "&nbsp;", "&zwnj;")
# A gap longer than this is no line wrap; a tag longer than that is not looked over.
_LONGEST_GAP, _LONGEST_TAG = 24, 200
# A mail program wraps a word of ours in so many places at most.
_MOST_WRAPS = 6
# So many letters, or with a digit among them so many, are no word, host or ticket any more.
_LONGEST_WORD, _SHORTEST_PIECE = 16, 8
# No reference has one letter so often in a row (1 of 10^9 has); a mask does.
_MASK = re.compile(r"(.)\1{7}")
# Copies of one reference stand in text, buttons and footer; more are not needed.
_MOST = 50
_MOST_TRIED, _MOST_IN_GAP = 1000, 40
# What stands in front of one in a field with Message-IDs, and in an address.
_BEFORE_ID, _BEFORE_TAG = " \t\"'<>(,;:", "+-=_#"
# What may stand before a reference in an escaped or unfinished text although it is a letter or a digit.
_ESCAPE = re.compile(r"[%=][0-9a-f]{2}\Z")

_ADDRESS_FIELDS = (
    b"to",
    b"cc",
    b"delivered-to",
    b"x-original-to",
    b"envelope-to",
    b"x-delivered-to",
    b"x-envelope-to",
    b"x-forwarded-to",
    b"apparently-to",
)


def in_text(texts: Iterable[str]) -> tuple[str, ...]:
    """The distinct references of these texts (HTML as source), normalised, in order of appearance.

    Pieces are only given where there is no whole one: then they are its clipped copies, or nothing.
    """
    return _best(reference for text in texts for reference in _scan(text))


def in_thread(header: Header, limits: Limits) -> tuple[str, ...]:
    """The reference of the mail this one answers: from In-Reply-To, else the last of References, which is
    searched whole: sending services replace Message-IDs, and then only an older one is ours."""
    answered = in_message_ids(header.all(b"in-reply-to"), limits)
    if any(map(is_whole, answered)):
        return answered
    mentioned = list(_ids(header.all(b"references"), limits))
    last = [r for r in mentioned if is_whole(r)] or answered or mentioned
    return tuple(last[-1:])


def in_message_ids(values: Iterable[bytes], limits: Limits) -> tuple[str, ...]:
    """The references in fields that hold Message-IDs."""
    return _best(_ids(values, limits))


def in_addresses(header: Header, limits: Limits) -> tuple[str, ...]:
    """The references in the addresses it was sent to: `local+fm1-…@domain` (RFC 5233) and what forwarders
    make of it (`SRS0=…=local+fm1-…@relay`, `local-fm1-…@domain`)."""
    values = (value for name in _ADDRESS_FIELDS for value in header.all(name))
    texts = (value[: limits.references].decode("latin-1") for value in values)
    return _best(reference for text in texts for reference in _scan(text, _BEFORE_TAG, is_field=True))


def is_whole(reference: str) -> bool:
    """Whether this has a reference's length and letters."""
    body = reference[len(PREFIX) :].lower()
    return len(body) == BODY_LENGTH and ALPHABET.issuperset(body)


def _best(found: Iterable[str]) -> tuple[str, ...]:
    distinct = tuple(dict.fromkeys(found))
    return tuple(filter(is_whole, distinct)) or distinct


def _ids(values: Iterable[bytes], limits: Limits) -> Iterator[str]:
    """The references in Message-IDs of ours, `<fm1-….kind.n@domain>`, however they are bracketed.

    Python's own mail library writes long ids as encoded-words, which RFC 2047 section 5 forbids.
    """
    for value in values:
        text = value.decode("latin-1")
        if "=?" in text:
            text = f"{text} {decoded(value, limits)}"
        yield from _scan(text, _BEFORE_ID, is_field=True)


def _scan(text: str, before: str = "", *, is_field: bool = False) -> Iterator[str]:
    """before: what must stand in front of it, else anything but a letter or digit. is_field: unfolded."""
    low = _lowered(text)
    at, found, tried = low.find(_PREFIX), 0, 0
    while at >= 0 and found < _MOST and tried < _MOST_TRIED:
        if _may_begin(text, low, at, before):
            tried += 1
            collected, end = _collect(text, low, at + len(PREFIX), is_field=is_field)
            mask = _MASK.search(collected)
            if mask:
                collected = collected[: mask.start()]
            if _is_reference(collected):
                found += 1
                yield PREFIX + collected.upper()
                at = end - len(PREFIX)
        at = low.find(_PREFIX, at + len(PREFIX))


def _lowered(text: str) -> str:
    """Letter for letter, so that a place in the lowered text is one in the text; only ASCII is lowered."""
    if text.isascii():
        return text.lower()
    low = text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")
    for dash in DASHES:
        low = low.replace(dash, "-")
    return low


def _may_begin(text: str, low: str, at: int, before: str) -> bool:
    if before:
        return low[at - 1] in before if at else before is not _BEFORE_TAG
    if at == 0 or low[at - 1] not in _ASCII_ALNUM:
        return True
    # "%20FM1-", "=20FM1-"; and a word that a program glued to ours: "ReferenceFM1-".
    return bool(_ESCAPE.search(low[max(0, at - 3) : at])) or (text[at - 1].islower() and text[at] == "F")


def _is_reference(collected: str) -> bool:
    """Whether so many letters are one of ours or a piece of it, and no word, host or ticket."""
    has_both = any(c in "234567" for c in collected) and any(c.isalpha() for c in collected)
    return len(collected) >= (_SHORTEST_PIECE if has_both else _LONGEST_WORD)


def _collect(text: str, low: str, start: int, *, is_field: bool) -> tuple[str, int]:
    """The letters of a reference from here, over line wraps, and where they end."""
    groups = [""]
    at, wraps, count, has_blanks = start, 0, 0, False
    while at < len(low) and count < BODY_LENGTH:
        if run := _LETTERS.match(low, at):
            letters = run[0][: BODY_LENGTH - count]
            groups[-1] += letters
            count += len(letters)
            at += len(letters)
            continue
        after, kind = _over_gap(low, at)
        if after == at or after >= len(low) or low[after] not in ALPHABET:
            break
        if kind and count:
            wraps += 1
            has_blanks = has_blanks or (kind == "blank" and not is_field)
            groups.append("")
        if wraps > _MOST_WRAPS and not has_blanks:
            break
        at = after
    if has_blanks and len({len(group) for group in groups[:-1]}) > 1:
        # Words of a sentence. A person who writes it in groups makes them equal.
        first = groups[0]
        return first, start + len(first)
    return _with_rest(text, low, at, "".join(groups))


def _with_rest(text: str, low: str, at: int, collected: str) -> tuple[str, int]:
    """A letter or digit at once behind it makes it too long, and altered, unless a word was glued to it."""
    rest = at
    while rest < min(at + BODY_LENGTH, len(low)) and low[rest] in _ASCII_ALNUM:
        rest += 1
    glued = text[at:rest]
    # "FM1-…Sent from my iPhone": our letters are all of one case, a word that begins a line is of two.
    is_word = len(collected) == BODY_LENGTH and len(glued) > 2 and not (glued.isupper() or glued.islower())
    return (collected, at) if is_word else (collected + low[at:rest], rest)


def _over_gap(low: str, at: int) -> tuple[int, str]:
    """Where a gap ends, and its kind: "" for what is not seen, "wrap" for a line's end, "blank"."""
    stop = min(len(low), at + _LONGEST_GAP)
    kind = ""
    for _ in range(_MOST_IN_GAP):
        if at >= stop:
            break
        if low[at] in _GAPS:
            if low[at] in "\r\n":
                kind = "wrap"
            elif low[at] in " \t\xa0>|":
                kind = kind or "blank"
            at += 1
        elif low.startswith(("=\n", "=\r\n"), at):
            at, kind = at + 2, "wrap"
        elif low[at] == "<":
            end = low.find(">", at, at + _LONGEST_TAG)
            if end < 0:
                return at, kind
            kind = "wrap" if low.startswith("<br", at) else kind
            at, stop = end + 1, min(len(low), end + 1 + _LONGEST_GAP)
        elif low.startswith(_UNSEEN, at):
            kind = kind or ("blank" if low.startswith("&nbsp;", at) else "")
            at = low.index(";", at) + 1
        else:
            break
    return at, kind
