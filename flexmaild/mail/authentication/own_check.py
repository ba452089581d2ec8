"""DKIM signatures verified here (RFC 6376, RFC 8301), where no border does it, and whom they speak for.

Pure: who passes `lookup` asks DNS.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flexmaild.core.addresses import is_same_organization, organizational_domain
from flexmaild.mail.authentication import signatures
from flexmaild.mail.authentication.signatures import Signature, tags_of
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

# RFC 8301 section 3.1 and RFC 8463: SHA-1 is no proof any more.
_ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
_NEEDED = frozenset((b"from", b"subject", b"date"))
_MOST_SIGNATURES = 3
# Each may take two seconds, and the whole mail ten.
_MOST_LOOKUPS = 4
# The library takes the square of the time for blanks in a row. No signature has so many; those in
# a body are made one here, as relaxed canonicalization does anyway. Header and fields have their own limits.
_BLANKS = re.compile(rb"\s{64}")
_RUN = re.compile(rb"[\t ]+")
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")


class _Dns:
    """What is asked for one mail."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._known: dict[bytes, bytes] = {}
        self._left = _MOST_LOOKUPS
        self.last = b""

    def __call__(self, name: bytes, timeout: int = 1) -> bytes | None:
        if name not in self._known:
            if not self._left:
                return None
            self._left -= 1
            self._known[name] = self._lookup(name) or b""
        self.last = self._known[name]
        return self.last or None


@dataclass(frozen=True, slots=True)
class VerifiedSignatures:
    """What was found here of From's domain. domains: itself, where a signature over the mail that we verified
    may speak for it. is_strict: its DMARC record, as far as it was read, lets no other domain do so."""

    domains: tuple[str, ...] = ()
    is_strict: bool = False


def verify_signatures(data: bytes, header: Header, domain: str, lookup: Lookup) -> VerifiedSignatures:
    """The signatures of this domain, From's, and of others of its owner.

    Refused: an open signature (`l=`, a field added on top of signed ones), one that leaves out From, Subject
    or Date, an expired one, SHA-1, a key that is only tested (`t=y`), a short one. What else it leaves out,
    `understand.alternatives` checks. A valid signature says nothing about when it was made (RFC 6376 section
    8.6).
    """
    dns = _Dns(lookup)
    owned = [(i, s) for i, s in enumerate(signatures.of(header)) if is_same_organization(s.domain, domain)]
    if _is_verified(data, header.all(b"dkim-signature"), owned, domain, dns):
        return VerifiedSignatures((domain,))
    return VerifiedSignatures(
        is_strict=any(s.domain != domain for _, s in owned) and _is_strict(_policy(domain, dns))
    )


def _is_verified(
    data: bytes, fields: Sequence[bytes], owned: Iterable[tuple[int, Signature]], domain: str, dns: _Dns
) -> bool:
    """Whether one of these signatures is valid and may speak for the domain."""
    able = [(i, s) for i, s in owned if _is_usable(s)]
    if not able:
        return False
    end = _END_OF_HEADER.search(data)
    start = end.end() if end else len(data)
    relaxed = data[:start] + _RUN.sub(b" ", data[start:])
    for index, signature in able[:_MOST_SIGNATURES]:
        if _BLANKS.search(fields[index]):
            continue
        tags = tags_of(fields[index])
        same = relaxed if tags.get("c", "").endswith("/relaxed") else data
        if _is_valid(same, index, signature, tags, dns) and _may_vouch(signature.domain, domain, dns):
            return True
    return False


def _is_usable(signature: Signature) -> bool:
    return not signature.is_open and signature.signed >= _NEEDED


def _is_valid(data: bytes, index: int, signature: Signature, tags: Mapping[str, str], dns: _Dns) -> bool:
    """data: the mail, or one of the same canonical form."""
    from dkim import DKIM, DKIMException

    if tags.get("a", "").lower() not in _ALGORITHMS:
        return False
    try:
        looked_at = DKIM(data, timeout=1)
        valid = looked_at.verify(idx=index, dnsfunc=dns)
    except (DKIMException, *_FAILURES):
        return False
    # The library must have looked at the very field whose tags were looked at here.
    is_same = "".join(looked_at.signature_fields[b"b"].decode("latin-1").split()) == signature.value
    if not valid or not is_same or not _may_sign(tags_of(dns.last), tags):
        return False
    return looked_at.ktag != b"rsa" or _is_exact(
        signatures.bytes_of(signature.value), looked_at.pk["modulus"]
    )


def _is_exact(value: bytes, modulus: int) -> bool:
    """Whether it is as RFC 8017 section 8.2.2 has it. The library takes any number that is equal to it modulo
    the key, and so a mail that decided would be a new one."""
    return len(value) == (modulus.bit_length() + 7) // 8 and int.from_bytes(value) < modulus


def _may_sign(key: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    """Whether a key's record (RFC 6376 section 3.6.1) is meant for such a signature."""
    flags, services = key.get("t", "").lower().split(":"), key.get("s", "*").lower().split(":")
    hashes = key.get("h", "sha256").lower().split(":")
    identity = tags.get("i", "").rpartition("@")[2].lower() or tags.get("d", "").lower()
    is_exact = "s" not in flags or identity == tags.get("d", "").lower()
    return "y" not in flags and is_exact and "sha256" in hashes and not {"*", "email"}.isdisjoint(services)


def _may_vouch(signed: str, domain: str, dns: _Dns) -> bool:
    """Whether their DMARC record lets the one domain speak for the other, of the same owner (RFC 7489 section
    3.1.1).

    A domain above may unless the record is strict, also without an answer. One below or beside may belong to
    another user, so only where there is a record that is not strict, nor that of a registry (`psd=y`) that
    our list does not know.
    """
    if signed == domain:
        return True
    record = _policy(domain, dns)
    if _is_strict(record):
        return False
    is_above = domain.endswith(f".{signed}")
    return is_above or (bool(record) and record.get("psd", "").lower() != "y")


def _is_strict(record: Mapping[str, str]) -> bool:
    return record.get("adkim", "r").lower() == "s"


def _policy(domain: str, dns: _Dns) -> Mapping[str, str]:
    """The record of this domain, or of the next one above it, up to the one that its owner registered; empty
    where there is none."""
    name, top = domain, organizational_domain(domain)
    while True:
        tags = tags_of(dns(f"_dmarc.{name}.".encode("ascii", "replace")) or b"")
        if tags.get("v") == "DMARC1":
            return tags
        if name == top:
            return {}
        name = name.partition(".")[2]
