"""How the sender of a mail is proven: by borders, by our own check of signatures, or by the reference alone.

Each method counts by itself (RFC 7489, RFC 8601): `auth` names the person, DMARC and DKIM the domain. Pure;
asked by `core.approval.admission`.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from flexmaild.core.addresses import domain_of, is_same_organization
from flexmaild.core.model import Proof, Requirement
from flexmaild.core.parsed_reply import ParsedReply

# Where a border writes its results, seen from its own Received field.
Side = Literal["above", "below"]

# What each requirement is satisfied by, the first that a mail shows being named.
_SATISFIED_BY: Mapping[Requirement, tuple[Proof, ...]] = {
    "reference": ("auth", "dmarc", "dkim", "internal", "reference"),
    "dmarc": ("auth", "dmarc", "dkim", "internal"),
    "dkim": ("auth", "dkim", "internal"),
    "auth": ("auth",),
}
_ORDER: tuple[Requirement, ...] = ("reference", "dmarc", "dkim", "auth")


def stricter(first: Requirement, second: Requirement) -> Requirement:
    """The one that asks for more, in the order reference < dmarc < dkim < auth."""
    return max(first, second, key=_ORDER.index)


def proof_for(reply: ParsedReply, require: Requirement) -> Proof | None:
    """The proof that satisfies the requirement; None without one."""
    shown = _shown(reply)
    return next((proof for proof in _SATISFIED_BY[require] if proof in shown), None)


def proof_of(reply: ParsedReply) -> Proof:
    """The best proof that a mail shows, whatever is required."""
    return proof_for(reply, "reference") or "reference"


def satisfies(shown: Iterable[Proof], require: Requirement) -> bool:
    """Whether one of these would have been enough."""
    return not set(shown).isdisjoint(_SATISFIED_BY[require])


def proofs_of(reply: ParsedReply) -> tuple[Proof, ...]:
    """The proofs that a mail shows besides the reference; none where DMARC failed."""
    return () if failed_dmarc(reply) else tuple(sorted(_shown(reply) - {"reference"}))


def failed_dmarc(reply: ParsedReply) -> str:
    """The border that reports a DMARC failure; empty without one, and where the sender logged in."""
    if _is_logged_in(reply):
        return ""
    failed = (r for r in reply.auth_results if r.method == "dmarc" and r.result == "fail")
    return next((r.authserv_id or "the mail server" for r in failed), "")


def is_by_signature(reply: ParsedReply, require: Requirement) -> bool:
    """Whether only a signature proves the sender. Whoever has such a mail may have changed what the
    signature does not cover, unless the sender's own server delivered it (aligned SPF)."""
    domain = domain_of(reply.sender)
    by_spf = any((r.method, r.result, r.domain) == ("spf", "pass", domain) for r in reply.auth_results)
    satisfying = _shown(reply).intersection(_SATISFIED_BY[require])
    return bool(satisfying) and satisfying <= {"dmarc", "dkim"} and not by_spf


def may_be_misdirected(reply: ParsedReply, require: Requirement) -> bool:
    """Whether the mail was not sent to us, or its recipient fields may have been changed.

    Microsoft 365 signs neither To nor Cc. Its users' mail is refused only where the border checks SPF, and so
    could have seen that it came from there: else none of them could be proven.
    """
    if require == "reference" or reply.misdirected or not is_by_signature(reply, require):
        return require != "reference" and reply.misdirected
    is_spf_checked = any(r.method == "spf" for r in reply.auth_results)
    return reply.addressed == "beside" or (reply.addressed == "unsigned" and is_spf_checked)


def _shown(reply: ParsedReply) -> set[Proof]:
    shown: set[Proof] = {"reference"}
    if not reply.sender or reply.auth_faults:
        return shown
    domain = domain_of(reply.sender)
    dmarc = [r for r in reply.auth_results if r.method == "dmarc"]
    if _is_logged_in(reply):
        shown.add("auth")
    if dmarc and all(r.result == "pass" and r.domain == domain for r in dmarc):
        shown.add("dmarc")
    if any(_is_aligned(signed, domain, reply) for signed in _signed_by(reply)):
        shown.add("dkim")
    if reply.internal:
        shown.add("internal")
    return shown


def _is_logged_in(reply: ParsedReply) -> bool:
    """Whether the border says that this very address logged in; other users of that server are no proof."""
    users = {(r.result, r.address) for r in reply.auth_results if r.method == "auth"}
    return not reply.auth_faults and users == {("pass", reply.sender)}


def _signed_by(reply: ParsedReply) -> Iterable[str]:
    passed = (r.domain for r in reply.auth_results if r.method == "dkim" and r.result == "pass")
    return (*passed, *reply.dkim_domains)


def _is_aligned(signed: str, domain: str, reply: ParsedReply) -> bool:
    """Whether who signed may speak for the From domain: it is the same, or one above it of the same owner,
    unless our own check has read that it may not.

    Who owns the domain above can do so anyway. DMARC's relaxed alignment (RFC 7489 section 3.1.1) also lets
    domains below and beside speak, which may be lent to others; whether its record says so a border has to
    know, by `dmarc=pass`, or our own check.
    """
    is_above = domain.endswith(f".{signed}") and is_same_organization(signed, domain)
    return signed == domain or (is_above and not reply.is_strict)
