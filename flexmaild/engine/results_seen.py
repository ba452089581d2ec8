"""Reports to administrators: authentication results of received mails, settings that would trust them, and
configured borders that cannot be right.

Used by `doctor`, `self-test`, `quarantine show` and the incident of borders that match nothing. All text here
may come from strangers: references in it are masked, and who shows it escapes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flexmaild.core.addresses import domain_of
from flexmaild.core.documents import diagnosis as shapes
from flexmaild.core.documents.diagnosis import ArrivedMail, Diagnosis, Proposal, ResultsField
from flexmaild.core.masking import masked
from flexmaild.core.steps import Step
from flexmaild.core.work import KeptHeader
from flexmaild.mail.authentication import arrivals
from flexmaild.mail.authentication.arrivals import LocatedField
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.authentication.kept_header import header_of
from flexmaild.mail.authentication.unmatched import Unmatched, unmatched
from flexmaild.mail.parse.header import Header
from flexmaild.mail.understand.words.rules import Rules

# So many mails are looked at; a border that none of so many fits is an incident.
LAST = 20
_MOST_PROPOSALS = 10
_CURE = (
    "Correct it in incoming.sender_authentication; the proposal below names what the mails carry. Until then "
    "no sender is proven by it."
)
_CURE_LATER = "Correct incoming.sender_authentication; flexmailctl doctor proposes what the mails carry."
_BELOW = (
    "A sender's own field lands at the same place. Take it over only where your server writes there (rspamd "
    "behind Postfix) and removes what senders bring: flexmailctl self-test shows both."
)
_LOCAL = (
    "It came in through localhost (a filter, or a program on the server). Only if the server removes what "
    "such programs bring: flexmailctl self-test shows it, and docs/borders.md has the lines."
)
_FURTHER = "Only if {host} is a server of yours: a stranger's server writes such fields as well."


_NOTES = {"below": _BELOW, "above": _LOCAL}


@dataclass(frozen=True, slots=True)
class Look:
    """What the mails contained; a diagnosis is made from the steps."""

    steps: tuple[Step, ...] = ()
    mails: list[ArrivedMail] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)


def look(kept: Sequence[KeptHeader], rules: Rules, where: str) -> Look:
    """Examine the last mails, newest first. where: for the text, as in "that were read"."""
    headers = [header_of(one.header) for one in kept]
    fields = [fields_of(header, rules) for header in headers]
    mails = [_mail(one, header, of) for one, header, of in zip(kept, headers, fields, strict=True)]
    believed = sum(any(field.is_trusted for field in of) for of in fields)
    tried = f"look at the results fields of the last mails {where}"
    said = f"in {believed} of {len(kept)} a field of a border counts" if kept else "there are none"
    steps = [Step("results", True, tried, said)]
    steps += [border_step(one) for one in unmatched(headers, rules.borders)]
    return Look(tuple(steps), mails, proposals(fields))


def diagnosis(steps: Sequence[shapes.Step], looked: Look) -> Diagnosis:
    """The answer of a doctor; its steps include those of `looked`."""
    return Diagnosis(
        healthy=all(step.result != "failed" for step in steps),
        steps=list(steps),
        mails=looked.mails,
        proposals=looked.proposals,
        spellings=[],
        fields=[],
    )


def fields_of(header: Header, rules: Rules) -> tuple[LocatedField, ...]:
    return arrivals.results_fields(header, rules.borders, rules.exchange_online, rules.limits.field)


def border_step(one: Unmatched) -> Step:
    """A border that matched nothing; a wrong one is a fault, a quiet one may have had nothing to say."""
    tried = f"look for fields of the border {one.border.id}"
    if one.is_wrong:
        return Step("border", False, tried, masked(one.said), _CURE)
    cure = "If these mails came from outside and were signed, see whether the milter runs (docs/borders.md)."
    return Step("border", True, tried, masked(one.said), cure)


def incidents(kept: Sequence[KeptHeader], borders: Sequence[Border]) -> list[tuple[str, str, str]]:
    """Borders that none of the last mails fits, as subject, sentence and cure; none before there are so many
    mails, since a mail or two may have come another way."""
    if len(kept) < LAST:
        return []
    found = wrong_borders(kept, borders)
    return [(f"{one.border.id} {one.border.host}".strip(), masked(one.said), _CURE_LATER) for one in found]


def wrong_borders(kept: Iterable[KeptHeader], borders: Sequence[Border]) -> list[Unmatched]:
    """Those of the settings that these mails show to be wrong."""
    return [one for one in unmatched([header_of(k.header) for k in kept], borders) if one.is_wrong]


def proposals(mails: Iterable[Sequence[LocatedField]], *, is_ours: bool = False) -> list[Proposal]:
    """Entries of `borders` that would have believed what did not count; the certain ones first. is_ours: we
    know all that these mails brought along, so servers wrote what is there."""
    found = arrivals.proposals(mails)
    ranked = sorted(found.items(), key=lambda item: (not _is_certain(item[1]), -len(item[1])))
    return [_proposal(entry, fields, is_ours) for entry, fields in ranked[:_MOST_PROPOSALS]]


def proposals_with(own: Sequence[LocatedField], last: Iterable[KeptHeader], rules: Rules) -> list[Proposal]:
    """Those for a mail of ours, then what the last mails of others add to them."""
    found = proposals([own], is_ours=True)
    there = {one.settings for one in found}
    others = proposals([fields_of(header_of(one.header), rules) for one in last])
    return [*found, *(one for one in others if one.settings not in there)]


def documents(fields: Iterable[LocatedField]) -> list[ResultsField]:
    return [
        ResultsField(
            id=masked(one.id),
            host=masked(one.host),
            place=one.place,
            said=masked(one.said),
            trusted=one.is_trusted,
            text=masked(str(one)),
        )
        for one in fields
    ]


def _is_certain(fields: Iterable[LocatedField]) -> bool:
    return all(field.is_receivers for field in fields)


def _proposal(entry: Border, fields: Sequence[LocatedField], is_ours: bool) -> Proposal:
    note = ""
    if not (is_ours or _is_certain(fields)):
        note = _FURTHER.format(host=entry.host) if entry.host else _NOTES[entry.results]
    line = arrivals.settings(entry)
    # An id that holds a reference is a stranger's, and no setting.
    return Proposal(settings=masked(line), mails=len(fields), note=note)


def _mail(one: KeptHeader, header: Header, fields: Sequence[LocatedField]) -> ArrivedMail:
    return ArrivedMail(
        at=one.at,
        domain=domain_of(one.sender),
        outcome=one.outcome.value if one.outcome else "",
        has_received=header.has(b"received"),
        fields=documents(fields),
    )
