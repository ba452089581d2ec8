"""The sender that a mail claims: one From field with one address that every program sees, or none.

For `reply`. Beside `a@b`, `<a@b>` and `name <a@b>` there are the forms of programs that quote badly (a comma
or a colon in the name, the address as its own name, a comment behind it): harmless as long as no second
address is in the field. With one (`boss@corp.test <evil@x.test>` is the boss for Python and evil for DMARC)
it has no sender. The address is only claimed here; `core.approval.admission` says whether to believe it.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from flexmaild.core.addresses import normal
from flexmaild.mail.parse.charset import decode_known
from flexmaild.mail.parse.header import Header, decoded
from flexmaild.mail.parse.limits import Limits

_LONGEST = 1024
# RFC 5322 section 3.2.3: specials; in an address they may stand only inside quotes or as its "@".
_SPECIALS = frozenset('<>@,;:"()[]\\')
# RFC 5322 section 3.2.4: quotes around a dot-atom say nothing.
_QUOTED_LOCAL = re.compile(r'"([\w.!#$%&\'*+/=?^`{|}~-]+)"@', re.ASCII)
# Joiners of emoji and of Persian: in a name they deceive no reader.
_JOINERS = "\u200c\u200d"
# The name that a group gives a member whose address it replaced by its own: "'Ann' via Approvals".
_VIA = re.compile(r"\bvia\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sender:
    """address: normalised, empty when `fault` says which rule was broken. claimed, via: where a group put its
    own address into From, that address and the one it replaced. from_fields: how many there are.
    """

    address: str = ""
    name: str = ""
    fault: str = ""
    claimed: str = ""
    via: str = ""
    from_fields: int = 1


def sender(header: Header, limits: Limits) -> Sender:
    """The one sender of this mail."""
    fields = header.all(b"from")
    if len(fields) != 1:
        fault = "no From field" if not fields else f"{len(fields)} From fields"
        return Sender(fault=fault, from_fields=len(fields))
    found = address_of(fields[0], limits)
    replaced = _replaced(found, header, limits) if found.address else ""
    if not replaced:
        return found
    fault = "a group or list put its own address in From"
    return Sender(name=found.name, fault=fault, claimed=found.address, via=replaced)


def _replaced(found: Sender, header: Header, limits: Limits) -> str:
    """The address in whose place a group wrote its own, as it does for senders with a DMARC policy; else "".

    Google and Sympa keep the old one in X-Original-From, Mailman (`from_is_list`) in Reply-To.
    """
    kept = [header.first(b"x-original-from")]
    if _VIA.search(found.name):
        kept.append(header.first(b"reply-to"))
    others = [address_of(value, limits).address for value in kept if value]
    return next((other for other in others if other and other != found.address), "")


def delegate(header: Header, sender_address: str, limits: Limits) -> str:
    """The address of the Sender field where it differs from From; the field itself if unreadable."""
    fields = header.all(b"sender")
    if not fields:
        return ""
    if len(fields) > 1:
        return "more than one Sender field"
    found = address_of(fields[0], limits)
    name = found.address or decoded(fields[0], limits)[:200]
    return "" if name == sender_address else name


def address_of(value: bytes, limits: Limits) -> Sender:
    """One address, with its name."""
    if len(value) > _LONGEST:
        return Sender(fault=f"a From field longer than {_LONGEST} bytes")
    return _read(value, limits)


@lru_cache(maxsize=1024)
def _read(value: bytes, limits: Limits) -> Sender:
    """Kept, for our own address stands in every mail, and an approver's in many."""
    # Raw 8-bit names are UTF-8 (RFC 6532) or of an older set; either way "<", ">" and "@" are the same bytes.
    text = decode_known(value, "us-ascii").text
    text = "".join(" " if unicodedata.category(c) == "Zs" else c for c in text).strip(" \t")
    if not text:
        return Sender(fault="an empty From field")
    if any(not c.isprintable() and c not in " \t" and c not in _JOINERS for c in text):
        return Sender(fault="control or invisible characters in From")
    # A list of one address may end in a comma, and in a semicolon where Outlook's users type it.
    name, address, fault = _split(text.rstrip(" \t,;"))
    if fault:
        return Sender(fault=fault)
    address = _QUOTED_LOCAL.sub(r"\1@", address.strip(" \t"), count=1)
    if any(c.isspace() or c in _JOINERS for c in address) or "=?" in address or not _is_plain(address):
        return Sender(fault="From is not one plain address")
    try:
        normalised = normal(address)
    except ValueError:
        return Sender(fault="From does not hold a valid address")
    return Sender(normalised, decoded(name.encode("utf-8"), limits)[:200])


def _is_plain(address: str) -> bool:
    """One "@", and before it nothing outside ASCII: look-alike letters in a local part fool people."""
    local, at, domain = address.partition("@")
    return bool(at) and "@" not in domain and local.isascii() and _SPECIALS.isdisjoint(local + domain)


def _split(text: str) -> tuple[str, str, str]:
    """The display name, the address, and the rule that was broken (then the others mean nothing)."""
    text, comment = _without_comment(text)
    if not text.endswith(">"):
        broken = "<" in text or ">" in text
        return comment, text, "text after the address in From" if broken else ""
    name, opening, address = text[:-1].rpartition("<")
    name = name.strip()
    if not opening:
        return "", "", "a malformed address in From"
    inner, rest = _quoted(name) if name.startswith('"') else (None, "")
    if inner is not None and not rest:
        return inner, address, ""
    bare = name.strip("'\"()[] ")
    if bare.lower() == address.strip(" \t").lower():
        return bare, address, ""
    if name.count('"') % 2 or any(c in name for c in "<>\\"):
        return "", "", "a malformed name in From"
    if _may_hold_address(name):
        return "", "", "another address in the name in From"
    return name.replace('"', ""), address, ""


def _without_comment(text: str) -> tuple[str, str]:
    """The text and the comment behind it (RFC 5322 section 3.2.2), which was the name in old mail."""
    start = _opening(text) if text.endswith(")") else 0
    rest, comment = text[:start].rstrip(), text[start + 1 : -1].strip()
    is_own = comment.lower() == rest.strip("<> ").lower()
    if start <= 0 or not (is_own or set('<>@"\\').isdisjoint(comment)):
        return text, ""
    return rest, comment


def _opening(text: str) -> int:
    """Where the comment that ends this text begins; comments nest."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == ")") - (text[at] == "(")
        if depth == 0:
            return at
    return 0


def _may_hold_address(name: str) -> bool:
    """Whether some program could find a second address in a name outside quotes. "Ann @ Corp" holds none."""
    before, *behind = name.split("@")
    for piece in behind:
        word = piece.split()[0].rstrip(",;") if piece.strip() else ""
        if (before[-1:].strip() and piece[:1].strip()) or not (word.isalnum() or not word):
            return True
        before = piece
    return False


def _quoted(text: str) -> tuple[str | None, str]:
    """The content of the quoted string that begins this text, and what follows it; None if it never ends."""
    out: list[str] = []
    at = 1
    while at < len(text):
        if text[at] == "\\":
            out.append(text[at + 1 : at + 2])
            at += 2
        elif text[at] == '"':
            return "".join(out), text[at + 1 :].strip()
        else:
            out.append(text[at])
            at += 1
    return None, ""
