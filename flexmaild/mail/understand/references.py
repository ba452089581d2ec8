"""Our references in a mail, by the places where they come back: body, thread headers, plus-addresses.

For `reply`. A reference is "FM1-" and 45 letters and digits of base32 (RFC 4648); here it is only
found and brought to one spelling, whether it is genuine is for `core.tokens` to say. What was altered stays
visible (too short, too long), so that it can be told from a mail without any. Linear, bounded, never raises.
"""

from __future__ import annotations

from collections.abc import Iterable

from flexmaild.mail.parse.header import Header, decoded
from flexmaild.mail.parse.limits import Limits

PREFIX = "FM1-"
LENGTH = 45
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcdefghijklmnopqrstuvwxyz")
# What wrapping, quoting, copying and bad decoding put inside a word.
_GAPS = frozenset(" \t\r\n\xa0>|\u00ad\u200b\u200c\u200d\u2060\ufeff")
# A gap longer than this is no line wrap; a tag longer than that is not looked over.
_LONGEST_GAP, _LONGEST_TAG = 24, 200
# Copies of one reference stand in text, buttons and footer; nobody needs more than these.
_MOST = 50

ADDRESS_FIELDS = (b"to", b"cc", b"delivered-to", b"x-original-to", b"envelope-to", b"x-delivered-to")


def in_text(texts: Iterable[str]) -> tuple[str, ...]:
    """The distinct references of these texts (HTML as source), normalised, in order of appearance.

    A piece that is the beginning of a complete one is a cut-off copy, not an alteration, and left out.
    """
    found: dict[str, None] = {}
    for text in texts:
        for reference in _scan(text):
            found.setdefault(reference)
    whole = [r for r in found if len(r) == len(PREFIX) + LENGTH]
    return tuple(r for r in found if r in whole or not any(w.startswith(r) for w in whole))


def _scan(text: str) -> list[str]:
    low = text.lower().replace("\u2011", "-").replace("\u2010", "-")
    found: list[str] = []
    at = low.find("fm1-")
    # Lower-casing may change a text's length (U+0130); then the lower-cased one is what is read.
    while at >= 0 and len(found) < _MOST:
        collected, at = _collect(low, at + len(PREFIX))
        if collected:
            found.append(PREFIX + collected.upper())
        at = low.find("fm1-", at)
    return found


def _collect(low: str, at: int) -> tuple[str, int]:
    """The base32 characters from here, over line wraps, and where they end."""
    out: list[str] = []
    while at < len(low) and len(out) < LENGTH:
        if low[at] in _ALPHABET:
            out.append(low[at])
            at += 1
            continue
        after = _over_gap(low, at)
        if after == at or after >= len(low) or low[after] not in _ALPHABET:
            break
        at = after
    # A letter or digit that ends it too early or makes it too long belongs to an altered one: show it.
    stop = at + LENGTH
    while at < min(stop, len(low)) and low[at].isalnum():
        out.append(low[at])
        at += 1
    return "".join(out), at


def _over_gap(low: str, at: int) -> int:
    stop = min(len(low), at + _LONGEST_GAP)
    while at < stop:
        if low[at] in _GAPS:
            at += 1
        elif low.startswith(("=\n", "=\r\n"), at):
            at += 2
        elif low[at] == "<":
            end = low.find(">", at, at + _LONGEST_TAG)
            if end < 0:
                return at
            at, stop = end + 1, min(len(low), end + 1 + _LONGEST_GAP)
        elif low.startswith(("&#8203;", "&shy;", "&nbsp;"), at):
            at = low.index(";", at) + 1
        else:
            break
    return at


def in_thread(header: Header, limits: Limits) -> tuple[str, ...]:
    """The reference of the mail this one answers: from In-Reply-To, else from the last of References."""
    answered = _ids(header.all(b"in-reply-to"), limits, limits.field)
    return answered or _ids(header.all(b"references"), limits, limits.references)[-1:]


def _ids(values: Iterable[bytes], limits: Limits, limit: int) -> tuple[str, ...]:
    """The references in Message-IDs of ours, `<fm1-….kind.n@domain>`; the last fifty ids are read.

    Python's own mail library writes long ids as encoded-words, which RFC 2047 section 5 forbids.
    """
    found: dict[str, None] = {}
    for value in values:
        text = value[-limit:].decode("latin-1")
        ids = (decoded(value, limits) if "=?" in text else text).split("<")[-50:]
        for identifier in ids:
            if identifier[:4].lower() == "fm1-":
                found.setdefault(PREFIX + identifier[4:].partition(".")[0].partition("@")[0].upper()[:60])
    return tuple(found)


def in_addresses(header: Header, limits: Limits) -> tuple[str, ...]:
    """The references in the addresses it was sent to, `local+fm1-…@domain` (RFC 5233)."""
    found: dict[str, None] = {}
    for name in ADDRESS_FIELDS:
        for value in header.all(name):
            low = value[: limits.references].decode("latin-1").lower()
            at = low.find("+fm1-")
            while at >= 0 and len(found) < _MOST:
                tag = low[at + 5 : at + 70].partition("@")[0].partition(">")[0]
                found.setdefault(PREFIX + "".join(tag.split()).upper())
                at = low.find("+fm1-", at + 5)
    return tuple(found)
