"""The requests of ours that a mail may name, anywhere and in any spelling, so that none is overlooked.

For `reply`, and for `engine.sandbox.parent` where a mail could not be taken apart. What `references` finds
may decide; this is so wide that it may only make a mail seen: everything but letters and digits is left out,
and what follows "fm1", or what people read for it, is a candidate. Whether there is such a request the store
says: 80 random bits are in no mail by chance, so that a ticket FM1-1234… or a host is never taken for one.
Linear, bounded, never raises.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from flexmaild.core.references import (
    ALPHABET,
    BODY_LENGTH,
    ID_LETTERS,
    MAIL_ID,
    PREFIX,
    SQUEEZED_DASH,
    TAG,
    named_id,
    parse,
)
from flexmaild.mail.parse.header import decoded
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import Mail
from flexmaild.mail.parse.part import Part
from flexmaild.mail.parse.transfer import transferred
from flexmaild.mail.understand.words.normalised import LOOKALIKES

_T = TypeVar("_T", bytes, str)

# No person names more requests; a mail full of invented ones is not searched further.
MOST = 40
# Of each file so much is looked through, and of all together, bytes: a mail that was sent on as a file has
# our Message-ID in its header, at its beginning.
_OF_FILE, _OF_ALL = 256 * 1024, 1 << 20
# Bytes searched of a mail that could not be parsed.
_OF_WHOLE = 1 << 20

_KEPT = b"0123456789abcdefghijklmnopqrstuvwxyz"
_LOWER = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
_LEFT_OUT = bytes(set(range(256)) - set(_KEPT) - set(range(ord("A"), ord("Z") + 1)))
_LETTERS = rb"[a-z0-9]{%d,%d}" % (ID_LETTERS, BODY_LENGTH)
_OUR_TAG = TAG.lower().encode()
_NAMED = re.compile(rb"%s(?=(%s))(?=(?:%s)?(%s))" % (_OUR_TAG, _LETTERS, SQUEEZED_DASH.encode(), _LETTERS))
# What people write for letters that base32 has not (RFC 4648 section 6 has neither 0, 1, 8 nor 9).
_MISREAD = (bytes.maketrans(b"018", b"oib"), bytes.maketrans(b"018", b"olb"))
_BASE32 = frozenset("".join(ALPHABET).encode())
_TAG = re.compile(rb"<[^<>]*>")
# The tag as people read it, as a word of its own: without that, "of mine" would name a request.
# "fm" comes first in the pattern: it is quickly found.
_MISREAD_TAG = re.compile(rb"fm(?<![a-z0-9]fm)[il|!](?=[^a-z0-9]|[a-z0-9]{%d})" % ID_LETTERS)
_LOOKALIKE = re.compile(f"[{''.join(LOOKALIKES)}]")
# How much is looked at behind it, letters and what stands between them, and behind how many of a text.
_SPELT, _MOST_TAGS = 120, 10 * MOST
_OUR_JOB = re.compile(rb"<?(%s)@" % MAIL_ID.encode(), re.IGNORECASE)
_MOST_JOBS = 5


def candidates_in_mail(mail: Mail, head: bytes, limits: Limits) -> tuple[bytes, ...]:
    """What follows "fm1" in header, texts and files of this mail, as candidates for the functions below."""
    return _distinct(found for text in _searched_texts(mail, head, limits) for found in _candidates(text))


def candidates_in_bytes(data: bytes) -> tuple[bytes, ...]:
    """The same in a mail that cannot be taken apart: header and text as they are."""
    return _distinct(_candidates(data[:_OF_WHOLE]))


def requests(candidates: Iterable[bytes]) -> tuple[str, ...]:
    """The ids of the requests that these may name."""
    ids = (named_id(spelt) for found in candidates for spelt in _spellings(found[:ID_LETTERS]))
    return _distinct(i for i in ids if i)


def references(candidates: Iterable[bytes], known: Iterable[str]) -> tuple[str, ...]:
    """The whole references among these, without those `known` from the places where we write them."""
    whole = (found for found in candidates if len(found) == BODY_LENGTH)
    texts = dict.fromkeys(f"{PREFIX}{found.decode().upper()}" for found in whole)
    others = (text for text in texts if text not in set(known))
    return tuple(text for text in others if parse(text) is not None)


def answered_jobs(in_reply_to: Iterable[bytes]) -> tuple[str, ...]:
    """The ids in In-Reply-To of our mails that have no reference."""
    found = (match[1].decode().lower() for value in in_reply_to for match in _OUR_JOB.finditer(value[:2000]))
    return tuple(dict.fromkeys(found))[:_MOST_JOBS]


def _distinct(found: Iterator[_T]) -> tuple[_T, ...]:
    """The first of them, each once."""
    distinct: dict[_T, None] = {}
    for one in found:
        distinct[one] = None
        if len(distinct) >= MOST:
            break
    return tuple(distinct)


def _searched_texts(mail: Mail, head: bytes, limits: Limits) -> Iterator[bytes]:
    yield head
    yield from _of_text(decoded(mail.header.first(b"subject"), limits), is_page=False)
    for text in mail.texts:
        for style, content in text.segments:
            yield from _of_text(content, is_page=style == "html")
    left = _OF_ALL
    for part in mail.walk():
        if left > 0 and part.body and not part.is_text:
            data = _of_file(part)
            left -= len(data)
            yield data


def _of_text(content: str, *, is_page: bool) -> Iterator[bytes]:
    if not content.isascii():
        content = unicodedata.normalize("NFKC", content)  # full-width letters
        latin = _LOOKALIKE.sub(lambda found: LOOKALIKES[found[0]], content)
        if latin != content:
            yield from _of_plain(latin.encode("ascii", "ignore"), is_page=is_page)
    yield from _of_plain(content.encode("ascii", "ignore"), is_page=is_page)


def _of_plain(data: bytes, *, is_page: bool) -> Iterator[bytes]:
    yield data
    if is_page and b"<" in data:
        yield _TAG.sub(b"", data)


def _of_file(part: Part) -> bytes:
    encoding = part.header.first(b"content-transfer-encoding").decode("latin-1")
    # A third more: base64. An odd end is no reason to read nothing.
    return transferred(part.body[: 2 * _OF_FILE], encoding).readings[0][:_OF_FILE]


def _candidates(data: bytes) -> Iterator[bytes]:
    compared_text = data.translate(_LOWER, _LEFT_OUT)
    for match in _NAMED.finditer(compared_text):
        yield match[1]
        if match[2] != match[1]:
            yield match[2]
    for tag in islice(_MISREAD_TAG.finditer(data.translate(_LOWER)), _MOST_TAGS):
        spelt = _OUR_TAG + data[tag.end() : tag.end() + _SPELT].translate(_LOWER, _LEFT_OUT)
        if (found := _NAMED.match(spelt)) is not None:
            yield from dict.fromkeys((found[1], found[2]))


def _spellings(letters: bytes) -> Iterator[str]:
    for table in _MISREAD:
        spelt = letters.translate(table)
        if _BASE32.issuperset(spelt):
            yield spelt.decode()
