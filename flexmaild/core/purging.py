"""Removes comments, texts or addresses from a closed request when their retention has passed.

Its state, its times, how many said what, how each was proven and the digests of their mails stay for as long
as the request is known. Who decided is an address like any other and goes with them: it says what a person
did. In the place of each address stands a number, so that it can still be seen that two answers were one
person's. Pure; called by `store.records.purge`.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from flexmaild.core import references
from flexmaild.core.model import Approver, Invitation, Part, Request, State, Terms, Verdict

# Keys of audit entries that may hold words of a person, but no address.
WORDS_OF_PERSONS = ("comment", "sentence", "word", "because")
# Replaces addresses and servers' answers about them.
PURGED = "(purged)"


def due(request: Request, before: Mapping[Part, datetime]) -> frozenset[Part]:
    """The parts that are to be removed; none of an open request. before: for each part, the time by which
    the request must have ended."""
    ended = request.decided_at
    if ended is None or request.state is State.PENDING:
        return frozenset()
    return frozenset(part for part, moment in before.items() if ended < moment and part not in request.purged)


def without(request: Request, parts: Collection[Part]) -> Request:
    """The request without these parts."""
    parts = set(parts).difference(request.purged)
    if Part.COMMENTS in parts:
        request = _without_comments(request)
    if Part.SENT_MAILS in parts:
        request = replace(request, terms=_without_words(request.terms))
    if Part.ADDRESSES in parts:
        request = _without_addresses(request)
    return replace(request, purged=tuple(part for part in Part if part in parts or part in request.purged))


def _without_comments(request: Request) -> Request:
    because = "" if request.state is State.CANCELLED else request.decided_because
    return replace(
        request,
        verdicts=tuple(replace(v, comment="") for v in request.verdicts),
        invitations=tuple(replace(i, explained=()) for i in request.invitations),
        decided_because=because,
    )


def _without_words(terms: Terms) -> Terms:
    """The digest of the terms stays, so that a late reply's reference is still recognised."""
    asked = terms.asked or references.asked(terms).hex()
    return replace(terms, asked=asked, text="", html="", variables={}, metadata={}, attachments=())


def _without_addresses(request: Request) -> Request:
    terms = request.terms
    people = (*terms.approvers, *(i.approver for i in request.invitations), *terms.escalate_to)
    numbers: dict[str, str] = {}
    for person in people:
        for address in filter(None, (person.address, person.on_behalf_of)):
            numbers.setdefault(address, f"approver {len(set(numbers.values())) + 1}")
        for alias in person.aliases:
            numbers.setdefault(alias, numbers[person.address])
    terms = replace(
        terms,
        asked=terms.asked or references.asked(terms).hex(),
        title="",
        requester="",
        approvers=tuple(_anonymous_approver(a, numbers) for a in terms.approvers),
        escalate_to=tuple(_anonymous_approver(a, numbers) for a in terms.escalate_to),
    )
    return replace(
        request,
        terms=terms,
        invitations=tuple(_anonymous_invitation(i, numbers) for i in request.invitations),
        verdicts=tuple(_anonymous_verdict(v, numbers) for v in request.verdicts),
        decided_by=tuple(numbers.get(one, PURGED) for one in request.decided_by),
    )


def _anonymous_approver(person: Approver, numbers: Mapping[str, str]) -> Approver:
    principal = numbers[person.on_behalf_of] if person.on_behalf_of else ""
    return replace(person, address=numbers[person.address], name="", aliases=(), on_behalf_of=principal)


def _anonymous_invitation(invitation: Invitation, numbers: Mapping[str, str]) -> Invitation:
    bounced = PURGED if invitation.bounced else ""
    return replace(invitation, approver=_anonymous_approver(invitation.approver, numbers), bounced=bounced)


def _anonymous_verdict(verdict: Verdict, numbers: Mapping[str, str]) -> Verdict:
    mail = replace(verdict.mail, sender=numbers.get(verdict.mail.sender, PURGED))
    return replace(verdict, approver=numbers.get(verdict.approver, PURGED), mail=mail)
