"""incoming.sender_authentication: which servers' results are trusted, and what a reply must prove."""

import importlib.util
import re
from collections.abc import Iterator

from flexmaild.core.approval.proof import Side
from flexmaild.core.model import Requirement
from flexmaild.settings.faults import Finding
from flexmaild.settings.section import Section
from flexmaild.settings.types import Flag, IpNetwork, Line

# RFC 8601: a domain name, or what a milter makes of a macro ("ORIGINATING").
_AUTHSERV_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_HOST_PATTERN = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
# The name that is given to Exchange Online's results, which have none.
_EXCHANGE_ONLINE = "exchange-online"


def plain(name: str) -> str:
    """An authserv-id or a host in its form for comparison: in lower case, without a final dot."""
    return name.lower().rstrip(".")


def _id_faults(name: str) -> Iterator[str]:
    if not _AUTHSERV_ID.fullmatch(name):
        job = "; of opendkim, without the number of its job" if "/" in name else ""
        yield f"is not an authserv-id: one word of letters, digits, dots and hyphens{job}"
    if plain(name) == _EXCHANGE_ONLINE:
        yield "is Exchange Online's: set exchange_online: true instead"


class Border(Section):
    """A mail server whose Authentication-Results fields count."""

    id: Line
    """The authserv-id at the beginning of its Authentication-Results fields (RFC 8601)."""
    host: Line | None = None
    """The name after `by` in its Received field, or `*.domain`. Default: the `by` of the first Received that
    is neither a local delivery step nor from an address in `via`."""
    results: Side = "above"
    """Where the server writes its fields. `above`: above its Received (opendkim, opendmarc, OpenSMTPD, Exim
    with `:at_start:`). `below`: exactly one, directly below its Received (rspamd behind Postfix)."""
    submission: Flag = False
    """With `below`: `auth` results for users who logged in count as well. Set it only if the server removes
    fields that its users send with the same id."""
    via: tuple[IpNetwork, ...] = ()
    """Addresses or networks (203.0.113.0/24) from which this server passes mail on to your next server. Not
    needed if the next server is Postfix or sendmail and writes this server's name in parentheses; other
    servers write unverified names there. Add 127.0.0.1 if a local filter (amavis, Proofpoint) returns the
    mail to this server."""

    def findings(self) -> Iterator[Finding]:
        for fault in _id_faults(self.id):
            yield Finding(("id",), fault)
        if self.host and not _HOST_PATTERN.fullmatch(self.host):
            said = "is neither a host's name nor `*.` and a domain"
            yield Finding(("host",), said if self.host.isascii() else f"{said} in ASCII letters (xn--...)")
        if self.via and not self.host and self.results == "below":
            said = (
                "with results: below needs host: who reaches the next server past the border writes below it"
            )
            yield Finding(("via",), said)
        if self.submission and self.results == "above":
            yield Finding(("submission",), "is for `results: below` only; above its Received all counts")


class SenderAuthentication(Section):
    """How a reply's sender is proven, beyond the reference that only the asked person has."""

    require: Requirement = "reference"
    """What a reply must show at least. `reference`: the approver's reference and exactly the approver's From
    address. `dmarc`: also a DMARC pass or an aligned DKIM pass, reported by a border. `dkim`: also an aligned
    DKIM pass. `auth`: also a border's report that exactly this address logged in. A request may require
    more, never less."""
    borders: tuple[Border, ...] = ()
    """Trusted mail gateways at the border of your network: only their Authentication-Results count."""
    trusted_authserv_ids: tuple[Line, ...] = ()
    """Short form of `borders`: these ids with the defaults of the other settings."""
    exchange_online: Flag = False
    """The mailbox is at Exchange Online: trust its results, also for senders of the same organisation."""
    verify_dkim: Flag = False
    """Verify DKIM signatures in flexmaild as well; needs DNS and the extra `dkim`."""

    @property
    def can_prove(self) -> frozenset[Requirement]:
        """The requirements that a mail can meet under these settings."""
        reads_logins = any(b.results == "above" or b.submission for b in self.borders)
        if reads_logins or self.trusted_authserv_ids:
            return frozenset(("reference", "dmarc", "dkim", "auth"))
        if self.borders or self.exchange_online or self.verify_dkim:
            return frozenset(("reference", "dmarc", "dkim"))
        return frozenset(("reference",))

    def findings(self) -> Iterator[Finding]:
        if self.borders and self.trusted_authserv_ids:
            yield Finding(("trusted_authserv_ids",), "is the short form of borders: give one of the two")
        for index, name in enumerate(self.trusted_authserv_ids):
            for fault in _id_faults(name):
                yield Finding(("trusted_authserv_ids", index), fault)
        yield from self._duplicates()
        if self.require not in self.can_prove:
            yield Finding(("require",), f"is {self.require}, which nothing here can prove: {self._cure()}")
        if self.verify_dkim and importlib.util.find_spec("dkim") is None:
            yield Finding(("verify_dkim",), "needs the extra dkim: pip install 'flexmaild[dkim]'")

    def _cure(self) -> str:
        if self.borders:
            return "with results: below a border proves logins only where it has submission: true"
        cure = "name in borders the mail server whose results count"
        return cure if self.require == "auth" else f"{cure}, or set exchange_online or verify_dkim"

    def _duplicates(self) -> Iterator[Finding]:
        """Borders or ids that are named twice: two with the same id and host would be read as one."""
        names = [(plain(border.id), plain(border.host or "")) for border in self.borders]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Finding(("borders", index, "id"), "is named twice, with the same host: leave one out")
        ids = [plain(name) for name in self.trusted_authserv_ids]
        for index, short in enumerate(ids):
            if short in ids[:index]:
                yield Finding(("trusted_authserv_ids", index), "is named twice: leave one out")
