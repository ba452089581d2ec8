"""Finds the requests that a mail names, and its admission there: no mail that names a request vanishes.

`engine.decide` calls `admission_of` for every mail. The rules of trust are in `core.approval.admission`;
here are the other cases: a mail without one reference on which all its places agree, one that names
requests that it cannot decide, one that answers a mail of ours without a reference, one that names no
request in the store. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from operator import eq

from flexmaild.core import references
from flexmaild.core.approval.admission import (
    SHORTEST_DAMAGED,
    Admission,
    SenderPolicy,
    admission_for,
    by_nature,
    is_approvers_address,
    reference_of,
    reference_texts,
    refused,
    reported_references,
)
from flexmaild.core.model import Invitation, Outcome, Request
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.reasons import ReplyReason, sentence
from flexmaild.core.references import ReferenceKeys

# Of these nothing is known but that they could not be read.
_NOT_READ = (MailNature.OVERSIZE, MailNature.UNPARSABLE)
# An id is told from a damaged one by so many letters at a time, and is one where half of all are the same:
# of two ids made by chance one of 30 million pairs is.
_PIECE, _SAME = 4, references.ID_LETTERS // 2
# No real mail answers more requests.
_MOST_CLAIMED = 5


@dataclass(frozen=True, slots=True)
class KnownIds:
    """What is known of ids without a request in the store. keys: each key that our ids were made with;
    without any, no id counts as another installation's. past: ids of pruned requests. near: for an unknown
    id, the open request whose id differs in a few letters. asked: for a sender, the newest open request
    that asks them."""

    keys: tuple[bytes, ...] = ()
    past: frozenset[str] = frozenset()
    near: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)


def whole_references(reply: ParsedReply) -> tuple[references.Reference, ...]:
    """Every whole reference in the mail, wherever it is."""
    texts = (*reported_references(reply), *reference_texts(reply), *reply.hidden_references)
    parsed = map(references.parse, texts)
    return tuple(reference for reference in parsed if reference is not None)


def named_ids(reply: ParsedReply) -> tuple[str, ...]:
    """The ids of requests that this mail may name, those of its references first; they need not exist."""
    ids = (reference.request_id for reference in whole_references(reply))
    return tuple(dict.fromkeys((*ids, *reply.named_requests)))


def claimed_ids(reply: ParsedReply) -> list[str]:
    """The ids of requests, ours or not, that this mail answers: from references where we write them, whole
    or mostly whole, and from whole references anywhere."""
    texts = [*reported_references(reply), *reference_texts(reply), *reply.hidden_references]
    long = (text.upper() for text in texts if len(text) >= SHORTEST_DAMAGED)
    ours = (text.removeprefix(references.PREFIX) for text in long if text.startswith(references.PREFIX))
    found = map(references.named_id, ours)
    return [i for i in dict.fromkeys(found) if i][:_MOST_CLAIMED]


def nearest_ids(ids: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """For each id the known id that differs from it only in a few letters: changed, lost or inserted."""
    by_piece: dict[str, set[str]] = defaultdict(set)
    for one in known:
        for start in range(0, references.ID_LETTERS, _PIECE):
            by_piece[_letters(one)[start : start + _PIECE]].add(one)
    return {one: near[0] for one in ids if (near := sorted(_near_ids(one, by_piece)))}


def _near_ids(identifier: str, by_piece: Mapping[str, set[str]]) -> Iterator[str]:
    found = _letters(identifier)
    pieces = (found[start : start + _PIECE] for start in range(len(found)))
    for other in {one for piece in pieces for one in by_piece.get(piece, ())}:
        kept = _letters(other)
        # One letter more or less moves all behind it.
        if any(sum(map(eq, found[a:], kept[b:])) >= _SAME for a, b in ((0, 0), (0, 1), (1, 0))):
            yield other


def _letters(identifier: str) -> str:
    return identifier.partition("-")[2]


def admission_of(
    reply: ParsedReply,
    requests: Mapping[str, Request],
    keys: ReferenceKeys,
    policy: SenderPolicy,
    answered: Iterable[str] = (),
    ids: KnownIds = KnownIds(),
) -> Admission:
    """The admission of this mail. requests: by id, those of `named_ids` and `answered` that exist.
    answered: ids of requests whose mail without a reference it answers."""
    unknown = _admission_of_unknown(reply, requests, answered, ids)
    if unknown is not None:
        return unknown
    found = reference_of(reply)
    if isinstance(found, references.Reference):
        request = requests.get(found.request_id)
        is_genuine = request is not None and keys.is_genuine(found, request) is not None
        if is_genuine or reply.nature is MailNature.BOUNCE:
            return admission_for(reply, found, request, keys, policy)
        found = _admission_by_genuine(reply, requests, keys, policy) or admission_for(
            reply, found, request, keys, policy
        )
    elif reply.nature is MailNature.HUMAN:
        found = _admission_by_genuine(reply, requests, keys, policy) or found
    return _with_named_request(found, reply, requests, answered)


def _admission_of_unknown(
    reply: ParsedReply, requests: Mapping[str, Request], answered: Iterable[str], ids: KnownIds
) -> Admission | None:
    """The admission of a mail that answers a request unknown to the store. None where it answers a known
    one or none."""
    if not ids.keys or reply.nature in _NOT_READ:
        return None
    names = named_ids(reply)
    if any(i in requests for i in (*names, *answered)):
        # What else it holds, attached or quoted, does not hide that the one it answers is lost.
        found = reference_of(reply)
        is_lost = isinstance(found, references.Reference) and found.request_id not in requests
        return _admission_of_lost(reply, (found.request_id,), ids) if is_lost else None
    if lost := _admission_of_lost(reply, names, ids):
        return lost
    is_human = reply.nature is MailNature.HUMAN
    others = claimed_ids(reply)
    if altered := next((ids.near[i] for i in others if i in ids.near), ""):
        return refused(ReplyReason.REFERENCE_ALTERED, altered) if is_human else None
    if is_human and others and reply.sender in ids.asked and not _places_agree(reply):
        # Seen where they are asked; who approves for several installations may mean another one.
        return replace(refused(ReplyReason.REFERENCE_ALTERED, ids.asked[reply.sender]), stays=True)
    reason = ReplyReason.FOREIGN
    return Admission(Outcome.FOREIGN, sentence(reason), reason) if others else None


def _admission_of_lost(reply: ParsedReply, names: Sequence[str], ids: KnownIds) -> Admission | None:
    """The admission of a mail about requests of ours that are no longer in the store: pruned, or missing
    since an older store was restored."""
    if past := next((i for i in names if i in ids.past), ""):
        reason = ReplyReason.FORGOTTEN
        if reply.nature is MailNature.HUMAN:
            return Admission(Outcome.LATE, sentence(reason), reason, request_id=past)
        return replace(by_nature(reply), because=sentence(reason), request_id=past)
    if ours := next((i for i in names if references.is_ours(ids.keys, i)), ""):
        reason = ReplyReason.STORE_OLDER
        return Admission(Outcome.STORE_OLDER, sentence(reason), reason, request_id=ours)
    return None


def _places_agree(reply: ParsedReply) -> bool:
    """Whether two places hold the same whole reference, which alterations would not produce."""
    places = (reply.address_references, reply.thread_references, reply.body_references)
    whole = [{text.upper() for text in place if references.parse(text) is not None} for place in places]
    return any(one & other for one, other in combinations(whole, 2))


def _admission_by_genuine(
    reply: ParsedReply, requests: Mapping[str, Request], keys: ReferenceKeys, policy: SenderPolicy
) -> Admission | None:
    """The admission of a mail whose references disagree, by the sender's own reference: at most undecided.
    None without one, and where it also holds another person's."""
    usual, hidden = reference_texts(reply), reply.hidden_references
    genuine = {
        text: found for text in (*usual, *hidden) if (found := _genuine_reference(text, requests, keys))
    }
    own = [
        text for text, (_, _, invitation) in genuine.items() if is_approvers_address(reply.sender, invitation)
    ]
    if not genuine or (own and len(own) < len(genuine)) or (not own and any(t in genuine for t in usual)):
        return None
    text = own[0] if own else next(iter(genuine))
    reference, request, _ = genuine[text]
    undecided = replace(reply, answer=None, unclear="other", comment="")
    admission = replace(admission_for(undecided, reference, request, keys, policy), unlisted_sender=None)
    if admission.outcome is not Outcome.UNDECIDED:
        return admission
    reason = ReplyReason.REFERENCE_ATTACHED if text in hidden else ReplyReason.REFERENCE_DAMAGED
    reason = ReplyReason.REFERENCES_DISAGREE if len(own) > 1 else reason
    return replace(admission, reason=reason, because=sentence(reason))


def _genuine_reference(
    text: str, requests: Mapping[str, Request], keys: ReferenceKeys
) -> tuple[references.Reference, Request, Invitation] | None:
    reference = references.parse(text)
    request = requests.get(reference.request_id) if reference is not None else None
    if reference is None or request is None:
        return None
    invitation = keys.is_genuine(reference, request)
    return None if invitation is None else (reference, request, invitation)


def _with_named_request(
    admission: Admission, reply: ParsedReply, requests: Mapping[str, Request], answered: Iterable[str]
) -> Admission:
    """The admission with the first request that the mail names, which shows it; a reference of which only
    the beginning is whole counts as altered."""
    if admission.request_id:
        return admission
    first = next((i for i in named_ids(reply) if i in requests), "")
    if not first:
        first = next((i for i in answered if i in requests), "")
        is_answer = bool(first) and reply.nature is MailNature.HUMAN
        return replace(
            admission, request_id=first, reason=ReplyReason.NOT_ASKED if is_answer else admission.reason
        )
    is_altered = (
        admission.outcome is Outcome.UNKNOWN_REFERENCE or admission.reason is ReplyReason.NO_SUCH_REQUEST
    )
    if is_altered:
        return refused(ReplyReason.REFERENCE_ALTERED, first)
    return replace(admission, request_id=first)
