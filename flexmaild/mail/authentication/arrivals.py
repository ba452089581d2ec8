"""Each results field of a mail with its place, and the border that would have trusted it.

For administrators who set up `borders`. A border is proposed only where this program would really match it.
Each field says whether the sender can have written it: only what stands above the first Received that is no
local step was certainly written by the receiving side. Pure.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flexmaild.core.documents.diagnosis import Place
from flexmaild.mail.authentication.borders import (
    EXCHANGE_ONLINE,
    Border,
    Trace,
    is_below,
    trusted_results,
    written_by,
)
from flexmaild.mail.authentication.results import read
from flexmaild.mail.authentication.structured import Unreadable
from flexmaild.mail.parse.header import Header, clean

# What the settings accept; nothing else of a mail gets into a proposal.
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
# Fields of a mail that are listed, hops that are tried for each, results that are named.
MOST_FIELDS, _MOST_HOPS, _MOST_RESULTS = 20, 5, 6
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class LocatedField:
    """One Authentication-Results field. host: whose Received it stands by, empty where there is none.

    entry: the border that believes it, or would. is_receivers: only the receiving side can have written it.
    """

    id: str
    host: str
    place: Place
    said: str
    is_trusted: bool
    entry: Border | None
    is_receivers: bool

    def __str__(self) -> str:
        where = f"by host {self.host}, {self.place} its Received" if self.host else "without a Received"
        trusted = "yes" if self.is_trusted else "no"
        return f"id {self.id or '(none)'} {where}, {self.said or 'no result'}, trusted: {trusted}"


def results_fields(
    header: Header, borders: Sequence[Border], exchange_online: bool, longest: int
) -> tuple[LocatedField, ...]:
    """The fields of this header from the top. longest: bytes of a field that is read."""
    trace = Trace.of(header)
    seen = trusted_results(header, borders, exchange_online, longest)
    by_exchange = exchange_online and any(r.authserv_id == EXCHANGE_ONLINE for r in seen.results)
    fields: list[LocatedField] = []
    for (at, value), sighting in list(zip(trace.fields, seen.sightings, strict=True))[:MOST_FIELDS]:
        is_first_nameless = not sighting.id and not any(not one.id for one in fields)
        entry = next((b for b in borders if at in written_by(trace, b)), None) or _entry(
            trace, at, sighting.id
        )
        place, host = _place(trace, at, entry)
        fields.append(
            LocatedField(
                clean(sighting.id)[:_LONGEST],
                clean(host)[:_LONGEST],
                place,
                _said(value, longest),
                sighting.is_believed or (by_exchange and is_first_nameless),
                entry,
                is_receivers(trace, at) and not _may_be_local(trace, at),
            )
        )
    return tuple(fields)


def is_receivers(trace: Trace, at: int) -> bool:
    """Whether it stands above the first Received that is no local step."""
    return trace.first < len(trace.hops) and at < trace.hops[trace.first][0]


def _may_be_local(trace: Trace, at: int) -> bool:
    """Whether a program on the server itself can have brought it: it came in by a loopback address, and who
    comes so can bring a whole false Received along."""
    above = (hop for place, hop in trace.hops if place < at)
    return not all(hop.protocol.lower().startswith("lmtp") for hop in above)


def is_below_first(trace: Trace, at: int) -> bool:
    """Whether it stands directly below that Received, where a milter may write, and a sender as well."""
    return trace.first < len(trace.hops) and at == trace.hops[trace.first][0] + 1


def settings(entry: Border) -> str:
    """The border as one line of `borders:` in YAML; what is the default is left out."""
    members = [f"id: {_scalar(entry.id)}"]
    members += [f"host: {_scalar(entry.host)}"] if entry.host else []
    members += [f"results: {entry.results}"]
    members += ["submission: true"] if entry.submission else []
    members += [f"via: [{', '.join(map(json.dumps, entry.via))}]"] if entry.via else []
    return f"- {{{', '.join(members)}}}"


def _scalar(text: str) -> str:
    """Plain where YAML can take it for nothing but a text (not `1.5`, `on`, `_`)."""
    is_plain = text[:1].isalpha() and "." in text and text.rpartition(".")[2].isalpha()
    return text if is_plain else json.dumps(text)


def _entry(trace: Trace, at: int, name: str) -> Border | None:
    """The plainest border that would have believed the field at this place."""
    if not _ID.fullmatch(name):
        return None
    return next((border for border in _candidates(trace, name) if at in written_by(trace, border)), None)


def _candidates(trace: Trace, name: str) -> Iterator[Border]:
    """At the first hop above all, then where a host bears this very name, then at any."""
    yield Border(name)
    hosts = [hop.by for _, hop in trace.hops[trace.first :][:_MOST_HOPS] if _HOST.fullmatch(hop.by)]
    hosts = list(dict.fromkeys(hosts))
    for host in (host for host in hosts if host == name):
        yield Border(name, host)
        # What receives from it may write down no name that it verified; its address it does.
        yield Border(name, host, via=_addresses_above(trace, host))
    yield Border(name, results="below")
    yield Border(name, results="below", submission=True)
    for host in hosts:
        yield Border(name, host)
        yield Border(name, host, "below")


def _addresses_above(trace: Trace, host: str) -> tuple[str, ...]:
    """From which addresses the hops above this host's had the mail."""
    above: list[str] = []
    for _, hop in trace.hops[trace.first :]:
        if hop.by == host and not hop.is_local_step:
            break
        above += hop.addresses
    return tuple(dict.fromkeys(above))


def _place(trace: Trace, at: int, entry: Border | None) -> tuple[Place, str]:
    upper = next((hop.by for place, hop in reversed(trace.hops) if place < at), "")
    lower = next((hop.by for place, hop in trace.hops if place > at), "")
    if entry is not None and entry.results == "below":
        return "below", upper
    if lower:
        return "above", lower
    is_directly = any(is_below(trace, place, at) for place, _ in trace.hops)
    return ("below", upper) if is_directly else ("apart", "")


def _said(value: bytes, longest: int) -> str:
    try:
        results = read(value, longest)[1]
    except Unreadable as fault:
        return f"cannot be read ({fault})"
    pairs = dict.fromkeys(clean(f"{r.method}={r.result}")[:_LONGEST] for r in results)
    return ", ".join(list(pairs)[:_MOST_RESULTS])


def proposals(mails: Iterable[Sequence[LocatedField]]) -> dict[Border, list[LocatedField]]:
    """The borders that are not in the settings and would have believed fields of these mails."""
    wanted: dict[Border, list[LocatedField]] = {}
    for fields in mails:
        for entry in dict.fromkeys(one.entry for one in fields if one.entry and not one.is_trusted):
            wanted.setdefault(entry, []).append(next(one for one in fields if one.entry == entry))
    return wanted
