"""DKIM-Signature fields (RFC 6376): which a mail has, and which results of a border belong to one. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flexmaild.core.addresses import normal_domain
from flexmaild.mail.authentication.results import Result
from flexmaild.mail.parse.header import Header

# RFC 5322 section 3.6 and MIME: one of each. Of several, programs read the first and DKIM signs the last.
_SINGLE = (
    b"from sender reply-to to cc subject date message-id in-reply-to references "
    b"mime-version content-type content-transfer-encoding"
).split()
_THREAD = (b"in-reply-to", b"references")
_ADDRESSEES = (b"to", b"cc")
MOST = 20
_LONGEST = 8_192
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_BLANKS = " \t\r\n"
_NO_BLANKS = str.maketrans("", "", _BLANKS)


@dataclass(frozen=True, slots=True)
class Signature:
    """One field. domain: its d= as A-labels; value: its b=; is_open: what is read may have been added to what
    was signed: text at the end (`l=`), or a second field of a kind of which the last is signed.
    covers_thread: In-Reply-To and References are signed, as far as the mail has them. addressees: which of To
    and Cc are signed."""

    domain: str
    selector: str
    value: str
    is_open: bool
    covers_thread: bool
    addressees: tuple[bytes, ...]


def of(header: Header) -> tuple[Signature, ...]:
    """The signatures of a mail from the top, at most 20 of them."""
    return tuple(_signature(tags_of(value), header) for value in header.all(b"dkim-signature")[:MOST])


def _signature(tags: Mapping[str, str], header: Header) -> Signature:
    signed = Counter(tags.get("h", "").lower().encode().split(b":"))
    is_added = any(signed[name] < len(header.all(name)) for name in _SINGLE if len(header.all(name)) > 1)
    covers_thread = all(signed[name] for name in _THREAD if header.has(name))
    addressees = tuple(name for name in _ADDRESSEES if signed[name])
    selector, is_open = tags.get("s", "").lower(), "l" in tags or is_added
    return Signature(signer(tags), selector, tags.get("b", ""), is_open, covers_thread, addressees)


def tags_of(value: bytes) -> dict[str, str]:
    """The tags of a signature, without blanks; none where it is no valid list of them (RFC 6376 section 3.2),
    such as with a name twice, or is longer than any. Names are as written: `D` is another tag than `d`, and a
    verifier that looks for `d` does not see it."""
    pieces = value.decode("utf-8", "replace").rstrip(f"{_BLANKS};").split(";")
    pairs = [piece.partition("=") for piece in pieces]
    found = {name.strip(_BLANKS): content.translate(_NO_BLANKS) for name, _, content in pairs}
    is_valid = len(found) == len(pairs) and all(map(_NAME.fullmatch, found))
    return found if is_valid and len(value) <= _LONGEST else {}


def signer(tags: Mapping[str, str]) -> str:
    """The domain that signed, empty where its name is not written in ASCII: of such names verifiers ask DNS
    in different ways, and might have asked another domain than the one that they are read as here."""
    domain = tags.get("d", "")
    try:
        return normal_domain(domain) if domain.isascii() else ""
    except ValueError:
        return ""


def is_related(one: str, other: str) -> bool:
    """Whether these domains are the same, or one is above the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def leave_thread_open(header: Header, domain: str) -> bool:
    """Whether a signature for this domain leaves out what the mail is an answer to, so that somebody who has
    the mail can make it the answer to another."""
    is_seen_whole = len(header.all(b"dkim-signature")) <= MOST
    return not is_seen_whole or any(is_related(s.domain, domain) and not s.covers_thread for s in of(header))


def signed_addressees(header: Header, domain: str) -> tuple[bytes, ...] | None:
    """Which of To and Cc every signature for this domain covers; None where there is no such signature."""
    signed = [s.addressees for s in of(header) if is_related(s.domain, domain)]
    return tuple(name for name in _ADDRESSEES if all(name in names for names in signed)) if signed else None


def vouched(results: Sequence[Result], owned: Sequence[Signature]) -> list[str]:
    """The domains of which a signature in this mail passed; a failed one beside it is as none (RFC 6376 6.1).

    A sender can have a result written into a border's own field by his envelope address. So a result counts
    only for a signature that is there, and none of a domain where they are more than its signatures. A
    signature that is open proves nothing.
    """
    keyed: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        domain = result.domain("header.d", "header.i")
        selector = result.properties.get("header.s", "").lower()
        keyed.setdefault((domain, selector, result.properties.get("header.b", "")), []).append(result)
    claimed = Counter(domain for domain, _, _ in keyed)
    present = Counter(signature.domain for signature in owned)
    found: dict[str, None] = {}
    for (domain, selector, begin), same in keyed.items():
        fitting = [s for s in owned if _fits(s, domain, selector, begin)]
        passed = all(result.result == "pass" for result in same)
        is_open = any(s.is_open for s in fitting)
        if domain and passed and fitting and not is_open and claimed[domain] <= present[domain]:
            found[domain] = None
    return list(found)


def _fits(signature: Signature, domain: str, selector: str, begin: str) -> bool:
    is_named = not selector or signature.selector == selector
    return signature.domain == domain and is_named and signature.value.startswith(begin)
