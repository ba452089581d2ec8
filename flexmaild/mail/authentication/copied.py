"""What senders choose and servers copy into their own results: nothing of it may look like a result. Pure.

opendkim and Exim decode the `i=` of a signature, in which any character may be encoded (RFC 6376 section
2.11), and write it without quotes. So a sender can have `; dmarc=pass` written into a border's own field, and
no reader of that field could tell. opendmarc does so with the name by which a host greets, where the envelope
has no sender. Whether such a text stands in what the sender chose can be seen, as long as it is in the mail.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from flexmaild.mail.authentication import signatures
from flexmaild.mail.authentication.results import Result
from flexmaild.mail.authentication.signatures import MOST, Signature, tags_of
from flexmaild.mail.parse.header import Header, raw_text

# Letters and digits of every script, and what else an address may have without quotation marks (RFC 5322
# section 3.2.3). Not "=": in `i=` it begins an encoded character.
_PLAIN = re.compile(r"(?:[^\W_]|[!#$%&'*+/?^_`{|}~.@-])*")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*")
# What addresses in a greeting have beside that ("[IPv6:2001:db8::1]").
_NO_LITERAL = str.maketrans("", "", "[]:")
# The tags of which programs write something: algorithm, signer, identity, selector.
_COPIED = ("a", "d", "i", "s")


def injection_faults(
    header: Header, sets: Mapping[str, Sequence[Result]], greetings: Iterable[str]
) -> Iterator[str]:
    """Sentences on what of this mail could have written results into a border's field. sets: those found
    there, by the border's name; greetings: of the hosts that brought the mail to these borders."""
    fields = header.all(b"dkim-signature")
    if len(fields) > MOST:
        yield f"more than {MOST} signatures"
    if any(map(_has_special_characters, fields[:MOST])):
        yield "a signature with characters that could write results into a border's own field"
    if any(map(_is_special_envelope, header.all(b"return-path")[:MOST])):
        yield "an envelope sender with characters that could write results into a border's own field"
    if any(map(_is_special_greeting, greetings)):
        yield "a greeting with characters that could write results into a border's own field"
    owned = signatures.of(header)
    for name, results in sets.items():
        if any(_is_missing(result, owned) for result in results):
            yield f"a field of {name} on a signature that is not in the mail"


def _has_special_characters(signature: bytes) -> bool:
    """Also where it is no valid list of tags, since it is unknown which of them a border reads."""
    tags = tags_of(signature)
    if not tags or not _BASE64.fullmatch(tags.get("b", "")):
        return True
    return not all(_PLAIN.fullmatch(text) for name, text in tags.items() if name.lower() in _COPIED)


def _is_missing(result: Result, owned: Sequence[Signature]) -> bool:
    """Whether it is of a signer without a signature in this mail. An identity may be below its signer."""
    if result.method != "dkim" or result.result == "none" or not result.names_signer:
        return False
    signer = result.signer
    return not any(signer == s.domain or signer.endswith(f".{s.domain}") for s in owned)


def _is_special_greeting(greeting: str) -> bool:
    """Neither a name nor an address in brackets. Postfix writes "?" for what could end a comment here, but
    hands the greeting to its milters as it came; without a "=" that is no result."""
    return _PLAIN.fullmatch(greeting.translate(_NO_LITERAL)) is None


def _is_special_envelope(return_path: bytes) -> bool:
    """The "=" of many bounce addresses can do nothing without a `;` or a blank."""
    text = raw_text(return_path)[0]
    start, end = text.find("<"), text.rfind(">")
    address = text[start + 1 : end] if 0 <= start < end else text
    return _PLAIN.fullmatch(address.strip().replace("=", "")) is None
