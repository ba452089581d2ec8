"""incoming.sender_authentication: whose word about senders counts, and how much of it a reply must show."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from flexmaild.core.model import Requirement
from flexmaild.settings.faults import Finding
from flexmaild.settings.section import Section
from flexmaild.settings.types import Flag, IpAddress, Line

if TYPE_CHECKING:
    from flexmaild.settings.schema import Settings

# RFC 8601: a domain name, or what a milter makes of a macro ("ORIGINATING").
_AUTHSERV_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_HOST_PATTERN = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")


class Border(Section):
    """A mail server whose Authentication-Results fields count."""

    id: Line
    """The authserv-id that it writes at the beginning of the field (RFC 8601)."""
    host: Line | None = None
    """The name that it writes as `by` into its Received field, or `*.domain`; by default that of the first
    server that is not just a local step."""
    results: Literal["above", "below"] = "above"
    """`above`: it writes its fields above its Received (opendkim, opendmarc, OpenSMTPD, Exim with
    `:at_start:`). `below`: exactly one, directly below it (rspamd behind Postfix)."""
    submission: Flag = False
    """With `below`: what it says of users who logged in (`auth`) counts too. Only where it removes what they
    bring along."""
    via: tuple[IpAddress, ...] = ()
    """Addresses from which its mail comes to your next server. Not needed where that is Postfix or sendmail
    and writes this host's name in parentheses; other servers write names that nobody verified."""

    def findings(self, whole: Settings) -> Iterator[Finding]:
        if not _AUTHSERV_ID.fullmatch(self.id):
            yield Finding(("id",), "is not an authserv-id: one word of letters, digits, dots and hyphens")
        if self.host and not _HOST_PATTERN.fullmatch(self.host):
            yield Finding(("host",), "is neither a host's name nor `*.` and a domain")
        if self.submission and self.results == "above":
            yield Finding(("submission",), "is for `results: below` only; above its Received all counts")


class SenderAuthentication(Section):
    """How a reply's sender is proven, beyond the reference that only the asked person has."""

    require: Requirement = "reference"
    """`reference`: the approver's own reference and exactly their From address. `dmarc`: in addition a
    border says that DMARC passed, or that an aligned DKIM signature did. `dkim`: an aligned DKIM signature.
    `auth`: a border says that exactly this address had logged in. A request may ask for more, never for
    less."""
    borders: tuple[Border, ...] = ()
    """The mail servers whose results are believed, by where they write them."""
    trusted_authserv_ids: tuple[Line, ...] = ()
    """Short for `borders` with these ids and nothing else said."""
    exchange_online: Flag = False
    """The mailbox is at Exchange Online: believe its verdict, also about senders of the same organisation."""
    verify_dkim: Flag = False
    """Check DKIM signatures once more here; needs DNS and the extra `dkim`."""

    @property
    def can_prove(self) -> frozenset[Requirement]:
        """What a mail can be asked for under these settings."""
        if self.borders or self.trusted_authserv_ids:
            return frozenset(("reference", "dmarc", "dkim", "auth"))
        if self.exchange_online or self.verify_dkim:
            return frozenset(("reference", "dmarc", "dkim"))
        return frozenset(("reference",))

    def findings(self, whole: Settings) -> Iterator[Finding]:
        if self.borders and self.trusted_authserv_ids:
            yield Finding(("trusted_authserv_ids",), "is the short form of borders: give one of the two")
        for index, name in enumerate(self.trusted_authserv_ids):
            if not _AUTHSERV_ID.fullmatch(name):
                yield Finding(
                    ("trusted_authserv_ids", index),
                    "is not an authserv-id: one word of letters, digits, dots and hyphens",
                )
        if self.require not in self.can_prove:
            yield Finding(
                ("require",),
                f"is {self.require}, which nothing here can prove: name in borders the mail server whose "
                "results count"
                + ("" if self.require == "auth" else ", or set exchange_online or verify_dkim"),
            )
        if self.verify_dkim and importlib.util.find_spec("dkim") is None:
            yield Finding(("verify_dkim",), "needs the extra dkim: pip install 'flexmaild[dkim]'")
        if self.require == "reference" and whole.incoming.enabled:
            yield Finding(
                ("require",),
                "is reference, which is weak for mail from outside: whoever reads an approver's mail "
                "can answer in their name; dmarc is stronger",
                grave=False,
            )
