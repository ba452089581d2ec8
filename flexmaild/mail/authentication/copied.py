"""What senders choose and servers copy into their own results: nothing of it may look like a result. Pure.

opendkim and Exim decode the `i=` of a signature, in which any character may be encoded (RFC 6376 section
2.11), and write it without quotes. So a sender can have `; dmarc=pass` written into a border's own field, and
no reader of that field could tell. Whether such a text stands in what the sender chose can be seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flexmaild.mail.authentication.signatures import MOST, tags_of
from flexmaild.mail.parse.header import Header, raw_text

# Letters and digits of every script, and what else an address may have without quotation marks (RFC 5322
# section 3.2.3). Not "=": in `i=` it begins an encoded character.
_PLAIN = re.compile(r"(?:[^\W_]|[!#$%&'*+/?^_`{|}~.@-])*")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*")
# The tags of which programs write something: algorithm, signer, identity, selector.
_COPIED = ("a", "d", "i", "s")


def faults(header: Header) -> Iterator[str]:
    """Sentences on what of this mail could have written results into a border's field."""
    signatures = header.all(b"dkim-signature")
    if len(signatures) > MOST:
        yield f"more than {MOST} signatures"
    if any(map(_is_odd, signatures[:MOST])):
        yield "a signature with characters that could write results into a border's own field"
    if any(map(_is_odd_envelope, header.all(b"return-path")[:MOST])):
        yield "an envelope sender with characters that could write results into a border's own field"


def _is_odd(signature: bytes) -> bool:
    """Also where it is no valid list of tags, since nobody knows which of them a border reads."""
    tags = tags_of(signature)
    if not tags or not _BASE64.fullmatch(tags.get("b", "")):
        return True
    return not all(_PLAIN.fullmatch(text) for name, text in tags.items() if name.lower() in _COPIED)


def _is_odd_envelope(return_path: bytes) -> bool:
    """The "=" of many bounce addresses can do nothing without a `;` or a blank."""
    text = raw_text(return_path)[0]
    start, end = text.find("<"), text.rfind(">")
    address = text[start + 1 : end] if 0 <= start < end else text
    return _PLAIN.fullmatch(address.strip().replace("=", "")) is None
