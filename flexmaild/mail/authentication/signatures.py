"""DKIM-Signature fields (RFC 6376): which a mail has, and which results of a border belong to one. Pure."""

import binascii
import hashlib
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
_ADDRESSEES = (b"to", b"cc")
# More signatures than a mail has: then all are open. Longer than a signer writes: then it is no signature.
MOST, _LONGEST = 20, 8_192
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_BLANKS = " \t\r\n"
_NO_BLANKS = str.maketrans("", "", _BLANKS)
_CODE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_CODE = bytes(range(256)).translate(None, _CODE)


@dataclass(frozen=True, slots=True)
class Signature:
    """One field. domain: its d= as A-labels; value: its b=; signed: the names in its h=; tags: all.

    is_open: what is read may have been added to what was signed: text at the end (`l=`), a second field of
    a kind of which the last is signed, or one that a verifier may have read over, its name being misspelled.
    """

    domain: str
    selector: str
    value: str
    is_open: bool
    signed: frozenset[bytes]
    tags: Mapping[str, str]


def of(header: Header) -> tuple[Signature, ...]:
    """The signatures of a mail from the top. All of them: anybody can put others above those that count."""
    values = header.all(b"dkim-signature")
    return tuple(_signature(value, header, is_one_of_many=len(values) > MOST) for value in values)


def _signature(value: bytes, header: Header, *, is_one_of_many: bool) -> Signature:
    tags = tags_of(value)
    signed = Counter(tags.get("h", "").lower().encode().split(b":"))
    is_added = any(signed[name] < len(header.all(name)) for name in _SINGLE if len(header.all(name)) > 1)
    is_read_over = any(signed[name] and name in header.misspelled for name in _SINGLE)
    is_open = "l" in tags or is_added or is_read_over or is_one_of_many
    selector = tags.get("s", "").lower()
    return Signature(signer(tags), selector, tags.get("b", ""), is_open, frozenset(signed), tags)


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


def speaking_for(header: Header, domain: str) -> tuple[Signature, ...]:
    """The signatures that may be why this domain is proven. Too many rather than too few: which domains have
    one owner a border may see otherwise, by another list of registries or by none."""
    ends = domain.split(".")[-2:]
    return tuple(s for s in of(header) if s.domain.split(".")[-2:] == ends)


def covered_fields(header: Header, domain: str) -> frozenset[bytes] | None:
    """The names of the fields that each signature which may speak for this domain covers, whether the mail
    has them or not; None where there is no such signature."""
    found = [s.signed for s in speaking_for(header, domain)]
    return frozenset.intersection(*found) if found else None


def signed_addressees(header: Header, domain: str) -> tuple[bytes, ...] | None:
    """Which of To and Cc every signature that may speak for this domain covers; None where there is none."""
    names = covered_fields(header, domain)
    return tuple(name for name in _ADDRESSEES if name in names) if names is not None else None


def digests(header: Header, domain: str) -> tuple[str, ...]:
    """What the signatures that may speak for this domain are told by, however they are written: by their
    value; and by what they are over, since some verifiers take each number that is equal to it modulo an RSA
    key, and the key is not known here."""
    found = [s for s in speaking_for(header, domain) if s.value][:MOST]
    texts = [texts for s in found for texts in (bytes_of(s.value), _signed_text(s, header)) if texts]
    return tuple(dict.fromkeys(hashlib.sha256(one).hexdigest() for one in texts))


def _signed_text(signature: Signature, header: Header) -> bytes:
    """The tags but for the value, and the signed fields of which a mail has one, all without blanks."""
    tags = sorted(f"{name}={text}" for name, text in signature.tags.items() if name != "b")
    fields = [name + b":" + b"".join(header.all(name)[-1:]) for name in _SINGLE if name in signature.signed]
    return b"\0".join(b"".join(text.split()) for text in (";".join(tags).encode(), *fields))


def bytes_of(code: str) -> bytes:
    """Of a value. Two spellings may be the same bytes: other letters are passed over, the last one has spare
    bits."""
    letters = code.encode("latin-1").translate(None, _NOT_CODE)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def passed_domains(results: Sequence[Result], owned: Sequence[Signature]) -> list[str]:
    """The domains of which a signature in this mail passed; a failed one for the same domain cancels it (RFC
    6376 6.1).

    A sender can have a result written into a border's own field by his envelope address. So a result counts
    only for a signature that is there, and none of a domain where they are more than its signatures. A
    signature that is open proves nothing.
    """
    keyed: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        selector = result.properties.get("header.s", "").lower()
        keyed.setdefault((result.signer, selector, result.properties.get("header.b", "")), []).append(result)
    claimed: Counter[str] = Counter()
    for (domain, *_), same in keyed.items():
        claimed[domain] += 1 if _is_unanimous(same) else len(same)
    present = Counter(domain for domain, _, _ in set(map(_identity, owned)))
    found: dict[str, None] = {}
    for (domain, selector, begin), same in keyed.items():
        fitting = [s for s in owned if _fits(s, domain, selector, begin)]
        # What names a signature by its value speaks of that one; else there is one for each result.
        passed = any(result.result == "pass" for result in same) and (_is_unanimous(same) or not begin)
        is_open = any(s.is_open for s in fitting)
        is_room = _is_unanimous(same) or len(same) <= len(set(map(_identity, fitting)))
        if domain and passed and fitting and not is_open and is_room and claimed[domain] <= present[domain]:
            found[domain] = None
    return list(found)


def _identity(signature: Signature) -> tuple[str, str, str]:
    """The same for two that no result can tell apart."""
    return signature.domain, signature.selector, signature.value


def _is_unanimous(same: Sequence[Result]) -> bool:
    """Whether they may be one result that was written more than once."""
    return len({result.result for result in same}) == 1


def _fits(signature: Signature, domain: str, selector: str, begin: str) -> bool:
    is_named = not selector or signature.selector == selector
    return signature.domain == domain and is_named and signature.value.startswith(begin)
