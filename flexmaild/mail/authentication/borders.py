"""Whose Authentication-Results are believed: those that a configured border wrote, told by where they stand.

Anybody can write any name into a mail. But what stands above the Received field of a host was added after
that host took the mail over, so the sender cannot have written it. Fields that bear a border's name and stand
elsewhere, or cannot be read, are evidence against the mail. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from flexmaild.core.addresses import domain_of, is_same_organization
from flexmaild.core.approval.proof import Side
from flexmaild.core.parsed_reply import AuthResult
from flexmaild.mail.authentication import copied, methods, signatures
from flexmaild.mail.authentication.received import Hop, hop
from flexmaild.mail.authentication.results import Result, loose_id, read
from flexmaild.mail.authentication.structured import Unreadable
from flexmaild.mail.parse.header import Header, clean

# The name given to results of Exchange Online, which gives none itself.
EXCHANGE_ONLINE = "exchange-online"

# What servers write beside their results; between a field and the Received of its host nothing else stands.
_NEAR_RESULTS = (
    b"authentication-results",
    b"received-spf",
    b"dkim-filter",
    b"arc-",
    b"x-",
    b"ironport-",
    b"dkim-signature",
)
# The same between a Received and the results that are written below it. Of other results the border's own may
# be one under another name, and what follows it the sender's.
_BETWEEN = (b"received-spf", b"arc-", b"x-")
# How many hops and fields are looked at.
_MOST = 100


@dataclass(frozen=True, slots=True)
class Border:
    """A server whose results count. host: the name that it writes as `by` into its Received field, or
    `*.domain`; empty for that of the first hop that is no local step and did not come by `via`. via:
    addresses and networks of hosts between it and us. submission: it also writes, below its Received, what
    it knows of users who logged in."""

    id: str
    host: str = ""
    results: Side = "above"
    submission: bool = False
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenField:
    """One Authentication-Results field of a mail. above: the host whose Received stands next below it."""

    id: str
    above: str
    is_believed: bool
    said: str


@dataclass(frozen=True, slots=True)
class TrustedResults:
    """What the borders say of a mail. faults: sentences on what speaks against it."""

    results: tuple[AuthResult, ...] = ()
    faults: tuple[str, ...] = ()
    sightings: tuple[SeenField, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """A header as it concerns borders.

    fields: place and value of each Authentication-Results field; ids: their names. hops: place and content of
    each Received; first: how many hops from the top are local steps.
    """

    order: tuple[bytes, ...]
    fields: tuple[tuple[int, bytes], ...]
    ids: tuple[str, ...]
    hops: tuple[tuple[int, Hop], ...]
    first: int

    @classmethod
    def of(cls, header: Header) -> Trace:
        hops = tuple((at, hop(value)) for at, value in _placed(header, b"received"))
        first = next((i for i, (_, h) in enumerate(hops) if not h.is_local_step), len(hops))
        fields = tuple(_placed(header, b"authentication-results"))
        return cls(header.order, fields, tuple(loose_id(value) for _, value in fields), hops, first)


def _placed(header: Header, name: bytes) -> list[tuple[int, bytes]]:
    places = [at for at, other in enumerate(header.order) if other == name]
    return list(zip(places, header.all(name), strict=True))[:_MOST]


def trusted_results(
    header: Header, borders: Sequence[Border], exchange_online: bool, longest: int
) -> TrustedResults:
    """What of this header counts. longest: bytes of a field."""
    trace = Trace.of(header)
    believed: dict[int, Border] = {}
    for border in borders:
        believed |= dict.fromkeys(written_by(trace, border), border)
    sets: dict[str, list[Result]] = {}
    greetings: set[str] = set()
    faults: list[str] = []
    for (at, value), loose in zip(trace.fields, trace.ids, strict=True):
        writer = believed.get(at)
        own = [b for b in borders if b.id == loose]
        if not own:
            continue
        name = own[0].id
        try:
            server, results = read(value, longest)
        except Unreadable as fault:
            faults.append(f"a field of {name} that cannot be read: {fault}")
            continue
        if writer is not None:
            taken = _hop_of(trace, writer)
            sets.setdefault(name, []).extend(_kept(results, writer, taken))
            greetings.add(taken.greeting)
        elif not server or not any(_is_of_own_hop(trace, at, b) for b in own):
            faults.append(f"a field of {name} that {name} did not write")
    if exchange_online and b"received" in header.fields:
        faults += _add_exchange_results(trace, longest, sets)
    faults += _borrowed_spf_faults(trace, borders, sets, signatures.of(header))
    if sets:
        faults += copied.injection_faults(header, sets, greetings)
    said = [r for name, results in sets.items() for r in methods.auth_results(name, results, header)]
    return TrustedResults(tuple(said), tuple(dict.fromkeys(faults)), tuple(_sightings(trace, believed)))


def written_by(trace: Trace, border: Border) -> list[int]:
    """The places of the fields that this border wrote when it took the mail over."""
    number = hop_number(trace, border)
    if number is None:
        return []
    place = trace.hops[number][0]
    ours = [at for (at, _), name in zip(trace.fields, trace.ids, strict=True) if name == border.id]
    if border.results == "above":
        ceiling = trace.hops[number - 1][0] if number else -1
        return [at for at in ours if ceiling < at < place]
    if trace.hops[number][1].is_authenticated and not border.submission:
        return []
    end = trace.hops[number + 1][0] if number + 1 < len(trace.hops) else len(trace.order)
    below = [at for at in ours if place < at < end]
    return below if len(below) == 1 and is_below(trace, place, below[0]) else []


def is_below(trace: Trace, place: int, at: int) -> bool:
    """Whether it stands below the Received at this place, and between only what servers write there."""
    return place < at and all(name.startswith(_BETWEEN) for name in trace.order[place + 1 : at])


def hop_number(trace: Trace, border: Border) -> int | None:
    """The number of the hop by which the border took the mail over. Who stands above it must have the mail
    from there: otherwise a client reached that host past the border, with a forged field of the border."""
    for number in range(trace.first, len(trace.hops)):
        hop = trace.hops[number][1]
        if _is_by(hop, border):
            return number
        if not _came_from(hop, border):
            return None
    return None


def _is_by(hop: Hop, border: Border) -> bool:
    """Whether the border took it over here. Not where it has it back from a filter of its own, but only if
    the settings say so: behind a proxy, each client seems to be the host itself."""
    if border.host:
        return fits(hop.by, border.host) and not (hop.is_local_step and _came_by(hop, border.via))
    return bool(hop.by) and not _came_by(hop, border.via)


def _hops_of(trace: Trace, border: Border) -> list[tuple[int, Hop]]:
    """The hops by the border's host, at this passage and at others."""
    host = border.host or _hop_of(trace, border).by
    return [(place, hop) for place, hop in trace.hops if host and fits(hop.by, host)]


def fits(name: str, pattern: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _came_from(hop: Hop, border: Border) -> bool:
    is_named = bool(border.host) and any(fits(name, border.host) for name in hop.names)
    return is_named or _came_by(hop, border.via)


def _came_by(hop: Hop, via: Iterable[str]) -> bool:
    networks = [ip_network(text) for text in via]
    addresses = [ip_address(text) for text in hop.addresses]
    return bool(addresses) and all(any(one in network for network in networks) for one in addresses)


def _hop_of(trace: Trace, border: Border) -> Hop:
    number = hop_number(trace, border)
    return trace.hops[number][1] if number is not None else Hop()


def _is_of_own_hop(trace: Trace, at: int, border: Border) -> bool:
    """Whether it stands where this border writes, at an earlier passage: not believed, but no evidence."""
    own = [place for place, _ in _hops_of(trace, border)]
    if border.results == "below":
        return any(is_below(trace, place, at) for place in own)
    place = next((place for place, _ in trace.hops if place > at), len(trace.order))
    return place in own and all(name.startswith(_NEAR_RESULTS) for name in trace.order[at + 1 : place])


def _kept(results: Iterable[Result], border: Border, hop: Hop) -> Iterator[Result]:
    """`auth` says something of users who logged in alone; below the Received of such a user, only it does."""
    for result in results:
        if result.method == "auth":
            if hop.is_authenticated:
                yield result
        elif not (border.results == "below" and hop.is_authenticated):
            yield result


def _borrowed_spf_faults(
    trace: Trace,
    borders: Iterable[Border],
    sets: Mapping[str, Sequence[Result]],
    owned: Sequence[signatures.Signature],
) -> Iterator[str]:
    """Whether DMARC passed, for all that can be seen, by a Received-SPF field from before the border alone.

    opendmarc believes such a field, unless it checks SPF itself and then says so in its results. A signature
    explains the pass only where it is of that domain: anybody has a good one of his own.
    """
    for border in borders:
        number = hop_number(trace, border)
        said = sets.get(border.id, ())
        passed = [methods.domain(r) for r in said if (r.method, r.result) == ("dmarc", "pass")]
        if number is None or not passed or any(r.method == "spf" for r in said):
            continue
        signed = signatures.passed_domains([r for r in said if r.method == "dkim"], owned)
        is_signed = all(any(is_same_organization(s, domain) for s in signed) for domain in passed)
        if not is_signed and b"received-spf" in trace.order[trace.hops[number][0] :]:
            yield f"{border.id} may have passed it for a Received-SPF field that the sender brought along"


def _add_exchange_results(trace: Trace, longest: int, sets: dict[str, list[Result]]) -> Iterator[str]:
    """Adds the results of Exchange Online's field, the topmost of those without an authserv-id."""
    value = next((value for (_, value), name in zip(trace.fields, trace.ids, strict=True) if not name), None)
    if value is not None:
        try:
            sets[EXCHANGE_ONLINE] = read(value, longest)[1]
        except Unreadable as fault:
            yield f"Exchange Online's field cannot be read: {fault}"


def _sightings(trace: Trace, believed: Iterable[int]) -> Iterator[SeenField]:
    known = set(believed)
    for (at, value), name in zip(trace.fields, trace.ids, strict=True):
        above = next((h.by for place, h in trace.hops if place > at), "")
        said = clean(value[:400].decode("utf-8", "replace")).partition(";")[2].strip()
        yield SeenField(name, above, at in known, said)


def summary(trusted_results: TrustedResults) -> str:
    """Who wrote which fields, for an operator who asks why a sender is not authenticated."""
    said = ", ".join(f"{r.authserv_id}: {r.method}={r.result}" for r in trusted_results.results)
    if said:
        return said
    believed = dict.fromkeys(s.id for s in trusted_results.sightings if s.is_believed)
    others = Counter(s.id or "no name" for s in trusted_results.sightings if not s.is_believed)
    named = ", ".join(f"{name} ({count})" for name, count in others.most_common(5))
    parts = [f"nothing that counts in the field of {', '.join(believed)}"] if believed else []
    parts += ["no field of a border"] if others and not believed else []
    parts += [f"fields of {named}"] if others else []
    return "; ".join(parts) or "no Authentication-Results field"


def is_internal(header: Header, sender: str, own_domains: Collection[str]) -> bool:
    """Whether it says that a user of the same organisation logged in and sent this, from one of our domains.

    Exchange removes these fields from mail that enters the organisation ("header firewall"); a mail with two
    of them did not pass it.
    """
    values = header.all(b"x-ms-exchange-organization-authas")
    said = len(values) == 1 and values[0].strip().lower() == b"internal"
    return said and domain_of(sender) in own_domains
