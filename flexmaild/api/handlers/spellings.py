"""The spellings in which `self-test` brings along a field that only a border may write, and their fate.

A border that removes its own fields as RFC 8601 section 5 asks often knows fewer spellings than the readers
of such fields do. Each goes in a mail of its own, so that each is judged by itself. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flexmaild.core.documents.diagnosis import Fate, TriedSpelling
from flexmaild.core.masking import masked
from flexmaild.mail.authentication import arrivals, borders
from flexmaild.mail.parse.header import Header, clean
from flexmaild.mail.understand.words.rules import Rules

_NAME = "Authentication-Results"
_COPIES = 30
# What became of a spelling, and whether it may stay so.
_SAID: dict[Fate, str] = {
    "removed": "removed on the way",
    "counted": "it COUNTS: whoever writes this is believed",
    "set_aside": "it is still there; it does not count, and such a mail is set aside",
    "ignored": "it is still there, and nobody reads it as a result",
    "refused": "the server does not take such a mail",
    "missing": "the mail has not come",
}


@dataclass(frozen=True, slots=True)
class Spelling:
    """name: for people. fields: lines of a header, with CRLF. token: marks mail and field."""

    name: str
    fields: bytes
    token: str


def spellings(authserv_id: str, host: str, domain: str, tokens: Iterator[str]) -> Iterator[Spelling]:
    """Twenty for a border's id, the plain one first. host: what the border writes as `by`."""
    upper, other = authserv_id.upper(), "other.example"
    written: list[tuple[str, str]] = [
        ("plain", f"{_NAME}: {authserv_id}; *"),
        ("in capitals", f"{_NAME.upper()}: {upper}; *"),
        ("in small letters", f"{_NAME.lower()}: {authserv_id}; *"),
        ("a comment before the id", f"{_NAME}: (checked) {authserv_id}; *"),
        ("a comment in a comment behind the id", f"{_NAME}: {authserv_id} (a (b) c); *"),
        ("the id in quotes", f'{_NAME}: "{authserv_id}"; *'),
        ("a version behind the id", f"{_NAME}: {authserv_id} 1; *"),
        ("folded before the id", f"{_NAME}:\r\n {authserv_id};\r\n\t*"),
        ("a blank before the colon", f"{_NAME} : {authserv_id}; *"),
        ("no blank behind the colon", f"{_NAME}:{authserv_id}; *"),
        ("a dot behind the id", f"{_NAME}: {authserv_id}.; *"),
        ("a NUL behind the id", f"{_NAME}: {authserv_id}\0; *"),
        ("a control character behind the id", f"{_NAME}: {authserv_id}\x0b; *"),
        ("the id as an encoded word", f"{_NAME}: =?us-ascii?Q?{authserv_id}?=; *"),
        ("two ids on a line", f"{_NAME}: {authserv_id} {other}; *"),
        (f"{_COPIES} copies", "\r\n".join([f"{_NAME}: {authserv_id}; *"] * _COPIES)),
        ("above a false Received", f"{_NAME}: {authserv_id}; *\r\n{_hop(host, domain)}"),
        ("below a false Received", f"{_hop(host, domain)}\r\n{_NAME}: {authserv_id}; *"),
        ("as ARC-Authentication-Results", f"ARC-{_NAME}: i=1; {authserv_id}; *"),
        ("as X-Original-Authentication-Results", f"X-Original-{_NAME}: {authserv_id}; *"),
    ]
    for name, text in written:
        token = next(tokens)
        claim = f"dmarc=pass ({token}) header.from={domain}; auth=pass smtp.auth=self-test@{domain}"
        text = text.replace("*", claim).replace("TOKEN", token)
        yield Spelling(name, f"{text}\r\n".encode("latin-1"), token)


def plain(authserv_id: str, domain: str, token: str) -> Spelling:
    """The plain one of a further border."""
    claim = f"{_NAME}: {authserv_id}; dmarc=pass ({token}) header.from={domain}\r\n"
    return Spelling(f"plain, for {authserv_id}", claim.encode("ascii"), token)


def _hop(host: str, domain: str) -> str:
    return (
        f"Received: from mx.{domain} (mx.{domain} [192.0.2.25])\r\n\tby {host} (Postfix) with ESMTP"
        " id TOKEN;\r\n\tSat, 21 Nov 2026 10:15:00 +0000"
    )


def fate(header: Header, token: str, rules: Rules) -> Fate:
    """What the header that arrived says of the field that was brought along."""
    mark = token.encode()
    fields = header.all(b"authentication-results")
    seen = borders.trusted_results(header, rules.borders, rules.exchange_online, rules.limits.field)
    listed = arrivals.results_fields(header, rules.borders, rules.exchange_online, rules.limits.field)
    if any(mark in value and one.is_trusted for value, one in zip(fields, listed, strict=False)):
        return "counted"
    if any(mark in value for value in fields):
        return "set_aside" if seen.faults else "ignored"
    others = (name for name in header.fields if name not in _OWN)
    return "ignored" if any(mark in value for name in others for value in header.all(name)) else "removed"


# Where the mark may stand without being a result.
_OWN = frozenset((b"subject", b"message-id", b"references", b"received"))


def document(spelling: Spelling, became: Fate, answer: str) -> TriedSpelling:
    """answer: of a server that refused it."""
    said = f"{_SAID[became]}: {answer}" if answer else _SAID[became]
    return TriedSpelling(name=spelling.name, result=became, said=masked(clean(said)))
