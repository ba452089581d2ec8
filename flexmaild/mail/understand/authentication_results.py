"""May the sender be believed? What the receiving mail server wrote about it, and DKIM as a second opinion.

For `reply`; `core.admission` judges. Of Authentication-Results (RFC 8601) only the topmost field
of each trusted authserv-id counts, since all below may be the sender's own invention; of several results of
one method the worst counts. Exchange Online writes no authserv-id, hence its own profile. Pure: DNS for DKIM
is done by whoever passes `lookup`. Unreadable means no result, never a pass. Never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flexmaild.core.addresses import domain_of, normal_domain
from flexmaild.core.model import AuthResult
from flexmaild.mail.parse.header import Header, clean
from flexmaild.mail.understand.rules import Rules

# The name given to results of Exchange Online, which gives none itself.
EXCHANGE_ONLINE = "exchange-online"

# From best to worst (RFC 8601 section 2.7); what is not listed is as bad as a failure.
_RANKS = ("pass", "bestguesspass", "neutral", "policy", "none", "softfail", "temperror", "permerror", "fail")
_METHODS = ("dmarc", "dkim", "spf", "arc", "compauth")
# Which property names the domain that was verified (RFC 8601 section 2.7).
_PROPERTIES = {
    "dmarc": (("header", "from"),),
    "dkim": (("header", "d"), ("header", "i")),
    "spf": (("smtp", "mailfrom"), ("smtp", "helo")),
    "compauth": (("header", "from"),),
    "arc": (),
}

# What the two libraries let through of their own accidents on hostile input; none of it is a pass.
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


def auth_results(header: Header, rules: Rules) -> tuple[AuthResult, ...]:
    """The results of the trusted servers. None at all for a mail that no server received."""
    if not header.has(b"received"):
        return ()
    found: list[AuthResult] = []
    seen: set[str] = set()
    for value in header.all(b"authentication-results"):
        text = clean(value[: rules.limits.field + 1].decode("latin-1"))
        server = _authserv_id(text)
        if server in seen or not _is_trusted(server, bool(seen), rules):
            continue
        seen.add(server)
        if len(value) <= rules.limits.field:
            found.extend(_worst(server or EXCHANGE_ONLINE, _parsed(text, server)))
    return tuple(found)


def _is_trusted(server: str, have_one: bool, rules: Rules) -> bool:
    """A configured name; or, for Exchange Online, the nameless field if no other came first."""
    return server in rules.trusted_authserv_ids if server else rules.exchange_online and not have_one


def _authserv_id(text: str) -> str:
    """The server that wrote the field, lower case; empty where it begins with a result at once."""
    head = text.split(";", 1)[0].split()
    if not head or "=" in head[0]:
        return ""
    return head[0].strip('"').lower()


def _parsed(text: str, server: str) -> Iterable[tuple[str, str, str]]:
    """(method, result, domain) of every result in the field; nothing if it cannot be parsed."""
    from authres import AuthenticationResultsHeader, AuthResError

    whole = (
        f"Authentication-Results: {text}" if server else f"Authentication-Results: {EXCHANGE_ONLINE}; {text}"
    )
    try:
        results = AuthenticationResultsHeader.parse(whole).results
    except (AuthResError, *_FAILURES):
        return []
    return [
        (str(r.method).lower(), str(r.result).lower(), _domain(r))
        for r in results
        if getattr(r, "method", None) and getattr(r, "result", None)
    ]


def _domain(result: object) -> str:
    method = str(getattr(result, "method", "")).lower()
    properties = getattr(result, "properties", None) or ()
    for kind, name in _PROPERTIES.get(method, ()):
        for entry in properties:
            if (str(entry.type).lower(), str(entry.name).lower()) == (kind, name):
                return _normal(str(entry.value))
    return ""


def _normal(text: str) -> str:
    """The domain of an address or of a domain, as A-labels; empty where it is neither."""
    text = text.strip().strip('"<>')
    try:
        return normal_domain(domain_of(text) or text.lstrip("@"))
    except ValueError:
        return ""


def _worst(server: str, results: Iterable[tuple[str, str, str]]) -> list[AuthResult]:
    worst: dict[str, AuthResult] = {}
    for method, result, domain in results:
        if method not in _METHODS:
            continue
        new = AuthResult(server, method, result, domain)
        if method not in worst or _rank(result) > _rank(worst[method].result):
            worst[method] = new
        elif worst[method].domain != domain and _rank(result) == _rank(worst[method].result):
            # Two equal results for two domains vouch for neither in particular.
            worst[method] = AuthResult(server, method, result, "")
    return list(worst.values())


def _rank(result: str) -> int:
    return _RANKS.index(result) if result in _RANKS else len(_RANKS)


def is_internal(header: Header, rules: Rules) -> bool:
    """Exchange Online's word that an authenticated sender of the same organisation sent it.

    Exchange removes these fields from mail that enters the organisation ("header firewall"); a mail with two
    of them did not pass it.
    """
    values = header.all(b"x-ms-exchange-organization-authas")
    return rules.exchange_online and len(values) == 1 and values[0].strip().lower() == b"internal"


def dkim_domains(data: bytes, header: Header, lookup: Lookup) -> tuple[str, ...]:
    """The domains whose signatures over this mail we verified ourselves, at most three of them.

    Refused: `l=` (text can be appended), a signature that leaves out From, Subject, Date or the content type,
    an expired one. A valid signature says nothing about when it was made (RFC 6376 section 8.6).
    """
    from dkim import DKIM, DKIMException

    found: list[str] = []
    for index, value in enumerate(header.all(b"dkim-signature")[:3]):
        tags = _tags(value)
        signed = {name.strip().lower() for name in tags.get("h", "").split(":")}
        needed = {"from", "subject", "date"} | ({"content-type"} if header.has(b"content-type") else set())
        if "l" in tags or not needed <= signed:
            continue
        try:
            valid = DKIM(data, timeout=1).verify(idx=index, dnsfunc=lambda name, timeout=1: lookup(name))
        except (DKIMException, *_FAILURES):
            continue
        domain = _normal(tags.get("d", ""))
        if valid and domain and domain not in found:
            found.append(domain)
    return tuple(found)


def _tags(value: bytes) -> dict[str, str]:
    pairs = (piece.partition("=") for piece in value[:8192].decode("latin-1").split(";")[:50])
    return {name.strip().lower(): "".join(content.split()) for name, _, content in pairs}
