"""Which of our requests a mail names, and what becomes of it there: no mail that names one vanishes.

`judged` is asked by `engine.decide` for every mail. The rules of trust are in `core.admission`; here is what
stands around them: a mail without one reference that all its places agree on, one that names requests that it
cannot decide, one that was answered to a mail of ours without a reference. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flexmaild.core import references
from flexmaild.core.admission import (
    Ruling,
    SenderPolicy,
    is_of,
    referred,
    refused,
    reported_ids,
    rule,
    texts_of,
)
from flexmaild.core.model import Invitation, MailNature, Outcome, Reading, Request
from flexmaild.core.reasons import ReplyReason, sentence


def whole_references(reading: Reading) -> tuple[references.Reference, ...]:
    """Every whole reference in the mail, at whatever place."""
    texts = (*reported_ids(reading), *texts_of(reading), *reading.hidden_references)
    parsed = map(references.parse, texts)
    return tuple(reference for reference in parsed if reference is not None)


def named(reading: Reading) -> tuple[str, ...]:
    """Ids of requests that this mail may name, those of its references first; which exist the store says."""
    ids = (reference.request_id for reference in whole_references(reading))
    return tuple(dict.fromkeys((*ids, *reading.named_requests)))


def judged(
    reading: Reading,
    requests: Mapping[str, Request],
    key: bytes,
    policy: SenderPolicy,
    answered: Iterable[str] = (),
) -> Ruling:
    """What becomes of this mail. requests: by id, those of `named` that exist, and those of `answered`: ids
    of requests whose mail without a reference it answers."""
    found = referred(reading)
    if isinstance(found, references.Reference):
        request = requests.get(found.request_id)
        is_genuine = request is not None and references.is_genuine(key, found, request) is not None
        if is_genuine or reading.nature is MailNature.BOUNCE:
            return rule(reading, found, request, key, policy)
        found = _by_the_genuine(reading, requests, key, policy) or rule(reading, found, request, key, policy)
    elif reading.nature is MailNature.HUMAN:
        found = _by_the_genuine(reading, requests, key, policy) or found
    return _placed(found, reading, requests, answered)


def _by_the_genuine(
    reading: Reading, requests: Mapping[str, Request], key: bytes, policy: SenderPolicy
) -> Ruling | None:
    """The ruling on a mail without one reference that it agrees on, by the sender's own among those it holds:
    at most undecided. None where there is none, or another person's beside it."""
    usual, hidden = texts_of(reading), reading.hidden_references
    genuine = {text: found for text in (*usual, *hidden) if (found := _genuine(text, requests, key))}
    own = [text for text, (_, _, invitation) in genuine.items() if is_of(reading.sender, invitation)]
    if not genuine or (own and len(own) < len(genuine)) or (not own and any(t in genuine for t in usual)):
        return None
    text = own[0] if own else next(iter(genuine))
    reference, request, _ = genuine[text]
    undecided = replace(reading, answer=None, unclear="other", comment="")
    ruling = replace(rule(undecided, reference, request, key, policy), stranger=None)
    if ruling.outcome is not Outcome.UNDECIDED:
        return ruling
    reason = ReplyReason.REFERENCE_ATTACHED if text in hidden else ReplyReason.REFERENCE_DAMAGED
    reason = ReplyReason.REFERENCES_DISAGREE if len(own) > 1 else reason
    return replace(ruling, reason=reason, because=sentence(reason))


def _genuine(
    text: str, requests: Mapping[str, Request], key: bytes
) -> tuple[references.Reference, Request, Invitation] | None:
    reference = references.parse(text)
    request = requests.get(reference.request_id) if reference is not None else None
    if reference is None or request is None:
        return None
    invitation = references.is_genuine(key, reference, request)
    return None if invitation is None else (reference, request, invitation)


def _placed(
    ruling: Ruling, reading: Reading, requests: Mapping[str, Request], answered: Iterable[str]
) -> Ruling:
    """With the first request that the mail names, so that it is seen there; a reference of which only the
    beginning is whole is an altered one."""
    if ruling.request_id:
        return ruling
    first = next((i for i in named(reading) if i in requests), "")
    if not first:
        first = next((i for i in answered if i in requests), "")
        is_answer = bool(first) and reading.nature is MailNature.HUMAN
        return replace(ruling, request_id=first, reason=ReplyReason.NOT_ASKED if is_answer else ruling.reason)
    if ruling.outcome is Outcome.UNKNOWN_REFERENCE:
        return refused(ReplyReason.REFERENCE_ALTERED, first)
    return replace(ruling, request_id=first)
