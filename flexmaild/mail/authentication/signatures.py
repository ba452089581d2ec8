"""DKIM-Signature fields (RFC 6376): which a mail has, and which results of a border belong to one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flexmaild.mail.authentication.results import Result, normal
from flexmaild.mail.parse.header import Header

# RFC 5322 section 3.6 and MIME: one of each. Of several, programs read the first and DKIM signs the last.
_SINGLE = (
    b"from sender reply-to to cc subject date message-id in-reply-to references "
    b"mime-version content-type content-transfer-encoding"
).split()
_THREAD = (b"in-reply-to", b"references")
_MOST = 20
_LONGEST = 8_192


@dataclass(frozen=True, slots=True)
class Signature:
    """One field. domain: its d= as A-labels; value: its b=; is_open: what is read may have been added to what
    was signed: text at the end (`l=`), or a second field of a kind of which the last is signed.
    covers_thread: In-Reply-To and References are signed, as far as the mail has them."""

    domain: str
    selector: str
    value: str
    is_open: bool
    covers_thread: bool


def of(header: Header) -> tuple[Signature, ...]:
    """The signatures of a mail from the top, at most 20 of them."""
    return tuple(_signature(tags_of(value), header) for value in header.all(b"dkim-signature")[:_MOST])


def _signature(tags: Mapping[str, str], header: Header) -> Signature:
    signed = Counter(tags.get("h", "").lower().encode().split(b":"))
    is_added = any(signed[name] < len(header.all(name)) for name in _SINGLE if len(header.all(name)) > 1)
    domain, selector = normal(tags.get("d", "")), tags.get("s", "").lower()
    covers_thread = all(signed[name] for name in _THREAD if header.has(name))
    return Signature(domain, selector, tags.get("b", ""), "l" in tags or is_added, covers_thread)


def tags_of(value: bytes) -> dict[str, str]:
    """The tags of a signature (RFC 6376 section 3.2), without blanks."""
    pairs = (piece.partition("=") for piece in value[:_LONGEST].decode("latin-1").split(";")[:50])
    return {name.strip().lower(): "".join(content.split()) for name, _, content in pairs}


def is_related(one: str, other: str) -> bool:
    """Whether these domains are the same, or one is above the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def leave_thread_open(header: Header, domain: str) -> bool:
    """Whether a signature for this domain leaves out what the mail is an answer to, so that somebody who has
    the mail can make it the answer to another."""
    return any(is_related(s.domain, domain) and not s.covers_thread for s in of(header))


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
