"""DKIM signatures verified here (RFC 6376), where no border does it. Pure: who passes `lookup` asks DNS."""

from __future__ import annotations

from collections.abc import Callable

from flexmaild.mail.authentication.signatures import signer, tags_of
from flexmaild.mail.parse.header import Header

# What the library lets through of its own accidents on hostile input; none of it is a pass.
_FAILURES = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    NameError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
)

# DNS TXT record of a name, or None. Bytes, as dkimpy has them.
Lookup = Callable[[bytes], bytes | None]


def dkim_domains(data: bytes, header: Header, lookup: Lookup) -> tuple[str, ...]:
    """The domains whose signatures over this mail we verified ourselves, at most three of them.

    Refused: `l=` (text can be appended), a signature that leaves out From, Subject, Date or the content type,
    an expired one. A valid signature says nothing about when it was made (RFC 6376 section 8.6).
    """
    from dkim import DKIM, DKIMException

    found: list[str] = []
    for index, value in enumerate(header.all(b"dkim-signature")[:3]):
        tags = tags_of(value)
        signed = {name.strip().lower() for name in tags.get("h", "").split(":")}
        needed = {"from", "subject", "date"} | ({"content-type"} if header.has(b"content-type") else set())
        if "l" in tags or not needed <= signed:
            continue
        try:
            valid = DKIM(data, timeout=1).verify(idx=index, dnsfunc=lambda name, timeout=1: lookup(name))
        except (DKIMException, *_FAILURES):
            continue
        domain = signer(tags)
        if valid and domain and domain not in found:
            found.append(domain)
    return tuple(found)
