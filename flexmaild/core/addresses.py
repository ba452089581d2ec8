"""Mail addresses as identities: one normal form, so that two spellings of one mailbox are equal.

Used wherever an address enters (requests, settings, mails). It never asks DNS and never repairs.
"""

from functools import cache
from ipaddress import ip_address
from unicodedata import normalize

from publicsuffixlist import PublicSuffixList

# RFC 5321 section 4.5.3.1: 64 octets of local part, 255 of domain; 254 for the whole path's content.
MAX_LOCAL = 64
MAX_ADDRESS = 254
# What is read of one before it is judged: 64 octets, the sign, 255 octets.
MAX_WRITTEN = 320

_ATEXT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~.")
_LDH = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def normal(address: str) -> str:
    """The address in lower case with its domain as A-labels (RFC 5890).

    Quoted local parts and address literals are refused: no approver has one, and parsers disagree on them.
    Raises ValueError that says what is wrong with it.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not domain:
        raise ValueError(f"{address!r} is not an address of the form name@domain")
    if len(local.encode()) > MAX_LOCAL or len(address) > MAX_ADDRESS:
        raise ValueError(f"{address[:40]!r}… is longer than a mail address may be (RFC 5321)")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError(f"{address!r} has a dot where the part before @ may not have one")
    for character in local:
        # Not the sign for kelvin either, which is a "k" in lower case.
        is_letter = ord(character) > 0xA0 and character.isalnum() and not character.lower().isascii()
        if character not in _ATEXT and not is_letter:
            raise ValueError(
                f"{address!r} has the character {character!r} before @, which may not stand there"
            )
    return f"{local.lower()}@{normal_domain(domain)}"


def normal_domain(domain: str) -> str:
    """The domain in lower case as A-labels. Raises ValueError where it is none.

    It must be written as its A-labels read: "straße" is another domain to IDNA2008 than to IDNA2003, which
    makes "strasse" of it, and the owner of the one is not that of the other.
    """
    try:
        encoded = domain.encode("idna")
        is_exact = domain.isascii() or encoded.decode("idna") == normalize("NFC", domain.lower())
    except UnicodeError:
        raise ValueError(f"{domain[:80]!r} is not a domain name") from None
    if not is_exact:
        raise ValueError(f"{domain[:80]!r} may be another domain elsewhere: write it as A-labels (xn--...)")
    ascii_domain = encoded.decode("ascii").lower().rstrip(".")
    labels = ascii_domain.split(".")
    for label in labels:
        if not 0 < len(label) <= 63 or not set(label) <= _LDH or label[0] == "-" or label[-1] == "-":
            raise ValueError(f"{domain[:80]!r} is not a domain name")
    return ascii_domain


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def is_loopback(host: str) -> bool:
    """Whether the name or address stands for this machine without asking DNS, which others may answer."""
    if host.rstrip(".").lower() in ("localhost", "ip6-localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def organizational_domain(domain: str) -> str:
    """What its owner registered (RFC 7489 section 3.2); empty for a domain below which anybody can register
    one (co.uk, github.io), and for one label. A-labels, lower case."""
    return _public_suffixes().privatesuffix(domain) or ""


def is_same_organization(one: str, other: str) -> bool:
    """Whether these domains are aligned in DMARC's relaxed mode (RFC 7489 section 3.1)."""
    return one == other or "" != organizational_domain(one) == organizational_domain(other)


@cache
def _public_suffixes() -> PublicSuffixList:
    """The list that comes with the package: it is read, and nothing is fetched."""
    return PublicSuffixList()
