"""Borders of the settings that cannot be right: the last mails came another way, or bear another id there.

A border that writes nothing into some mails (opendkim into unsigned ones) is not wrong for that: it takes a
field that another name wrote where this border would. Fields from outside are no evidence: otherwise
a sender could make a right border look wrong. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flexmaild.core.approval.proof import Side
from flexmaild.mail.authentication.arrivals import is_below_first, is_receivers
from flexmaild.mail.authentication.borders import Border, Trace, fits, hop_number, written_by
from flexmaild.mail.parse.header import Header, clean

# Names in a sentence, and letters of one.
_MOST, _LONGEST = 5, 100
_OTHER: Mapping[str, Side] = {"above": "below", "below": "above"}


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A border that no mail fits. is_wrong: the mails show that it cannot be right; else it may just have
    had nothing to say. said: a sentence."""

    border: Border
    is_wrong: bool
    said: str


def unmatched(headers: Iterable[Header], borders: Sequence[Border]) -> tuple[Unmatched, ...]:
    """The borders of which no field is believed in any of these mails, though they came by a server."""
    traces = [trace for trace in map(Trace.of, headers) if trace.first < len(trace.hops)]
    return tuple(_of(traces, borders)) if traces else ()


def _of(traces: Sequence[Trace], borders: Sequence[Border]) -> Iterator[Unmatched]:
    configured = {border.id for border in borders}
    last = "the last mail" if len(traces) == 1 else f"the last {len(traces)} mails"
    for border in borders:
        if any(written_by(trace, border) for trace in traces):
            continue
        if border.host and not any(hop_number(trace, border) is not None for trace in traces):
            yield Unmatched(border, True, _host(traces, border, last))
            continue
        there = Counter(name for trace in traces for name in _names(trace, border.results) - configured)
        other = _OTHER[border.results]
        elsewhere = Counter(name for trace in traces for name in _names(trace, other))
        # Below stands what a sender brought along as well, where the server does not remove it.
        often = {name: n for name, n in elsewhere.items() if other == "above" or 2 * n >= len(traces)}
        if there:
            yield Unmatched(border, True, f"{border.id} is configured, the mails carry {_named(there)}")
        elif border.id in often:
            said = f"{border.id} is configured with results: {border.results}; its fields stand {other}"
            yield Unmatched(border, True, f"{said} the Received")
        elif strange := Counter({name: n for name, n in often.items() if name not in configured}):
            said = f"{border.id} is configured, the mails carry {_named(strange)}, {other} the Received"
            yield Unmatched(border, True, said)
        else:
            yield Unmatched(border, False, f"no field of {border.id} counts in {last}")


def _names(trace: Trace, results: Side) -> set[str]:
    """The names of the fields where a border with such `results` writes at the first hop."""
    is_there = is_receivers if results == "above" else is_below_first
    fields = zip(trace.fields, trace.ids, strict=True)
    return {name for (at, _), name in fields if name and is_there(trace, at)}


def _host(traces: Sequence[Trace], border: Border, last: str) -> str:
    hops = [{hop.by for _, hop in trace.hops[trace.first :]} for trace in traces]
    if any(fits(name, border.host) for names in hops for name in names):
        return (
            f"the host {border.host} of {border.id} is in {last}, but nobody above it had the mail from "
            "there by a name or address in parentheses (via names addresses)"
        )
    by = Counter(name for names in hops for name in names if name)
    said = f"the host {border.host} of {border.id} took over none of {last}"
    return f"{said}; they were by {_named(by)}" if by else said


def _named(names: Counter[str]) -> str:
    return ", ".join(f"{clean(name)[:_LONGEST]} ({count})" for name, count in names.most_common(_MOST))
