"""What the results of one server come to: each method by itself (RFC 7489, RFC 8601). Pure."""

from collections.abc import Mapping, Sequence

from flexmaild.core.parsed_reply import AuthResult
from flexmaild.mail.authentication import signatures
from flexmaild.mail.authentication.results import Result
from flexmaild.mail.parse.header import Header

# From best to worst (RFC 8601 section 2.7); what is not listed is as bad as a failure.
_RANKS = ("pass", "bestguesspass", "neutral", "policy", "none", "softfail", "temperror", "permerror", "fail")
# Which property names what was verified (RFC 8601 section 2.7).
_PROPERTIES = {
    "dmarc": ("header.from", "d"),  # Cisco's appliances write `d=`
    "spf": ("smtp.mailfrom", "smtp.helo"),
    "compauth": ("header.from",),
    "auth": ("smtp.auth",),
    "arc": (),
}


def domain(result: Result) -> str:
    """The one that was verified."""
    return result.domain(*_PROPERTIES.get(result.method, ()))


def auth_results(server: str, results: Sequence[Result], header: Header) -> list[AuthResult]:
    """Of DKIM each verified domain, else the worst; of other methods the worst result."""
    worst: dict[str, AuthResult] = {}
    has_envelope = any("smtp.mailfrom" in r.properties for r in results if r.method == "spf")
    for result in results:
        if result.method not in _PROPERTIES or (has_envelope and _is_of_greeting(result)):
            continue
        new = _auth_result(server, result)
        if new.method not in worst or _rank(new.result) > _rank(worst[new.method].result):
            worst[new.method] = new
        elif worst[new.method] != new and _rank(new.result) == _rank(worst[new.method].result):
            # Two equal results for two domains or users vouch for neither in particular.
            worst[new.method] = AuthResult(server, new.method, new.result)
    if "dmarc" in worst and worst["dmarc"].result == "pass" and _is_open(worst, header):
        worst["dmarc"] = AuthResult(server, "dmarc", "policy", worst["dmarc"].domain)
    dkim = [r for r in results if r.method == "dkim"]
    passed = signatures.passed_domains(dkim, signatures.of(header))
    made = [AuthResult(server, "dkim", "pass", domain) for domain in passed]
    rest = [AuthResult(server, "dkim", r.result, r.signer) for r in dkim]
    failed = [r for r in rest if r.result != "pass" and r.domain not in passed]
    return [*worst.values(), *made, *dict.fromkeys(failed)]


def _is_of_greeting(result: Result) -> bool:
    """SPF of the HELO name says nothing of a sender (RFC 7208 section 2.3), unless it says no."""
    is_greeting = "smtp.helo" in result.properties and "smtp.mailfrom" not in result.properties
    return result.method == "spf" and is_greeting and result.result in ("pass", "neutral", "none")


def _is_open(worst: Mapping[str, AuthResult], header: Header) -> bool:
    """Whether DMARC may have passed by a signature that leaves room to add the text that is read."""
    passed, spf = worst["dmarc"].domain, worst.get("spf")
    by_spf = spf is not None and (spf.result, spf.domain) == ("pass", passed)
    return not by_spf and any(s.is_open for s in signatures.speaking_for(header, passed))


def _auth_result(server: str, result: Result) -> AuthResult:
    user = result.properties.get("smtp.auth", "") if result.method == "auth" else ""
    return AuthResult(server, result.method, result.result, domain(result), user.strip("<>").lower())


def _rank(result: str) -> int:
    return _RANKS.index(result) if result in _RANKS else len(_RANKS)
