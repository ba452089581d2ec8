"""Decides again about a mail that was read before, by the daemon's rules and the requests as they were then.

Used by `engine.replay.explain` and `engine.replay.replay`, on a read-only store. Changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flexmaild.core.approval import comparison, named_requests
from flexmaild.core.approval.admission import Admission, SenderPolicy
from flexmaild.core.model import Request
from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import ProcessedMail
from flexmaild.engine import decide
from flexmaild.store.read_only import ReadOnlyStore


@dataclass(frozen=True, slots=True)
class MailContext:
    """What a mail is judged by. requests: those that it may be about and the one it was recorded at, as they
    stand in the store; answered: ids of those whose mail without a reference it answers; together: see
    `comparison.as_met`; ids: whose those are that the store does not know."""

    processed: ProcessedMail | None = None
    requests: Mapping[str, Request] = field(default_factory=dict)
    answered: tuple[str, ...] = ()
    together: frozenset[str] = frozenset()
    ids: named_requests.KnownIds = field(default_factory=named_requests.KnownIds)


def mail_context(
    store: ReadOnlyStore, keys: tuple[bytes, ...], reply: ParsedReply, processed: ProcessedMail | None
) -> MailContext:
    """keys: every one that ids of ours were made with. processed: what became of the mail when it was read,
    None where it was not. Raises StoreFault."""
    (answered,) = decide.answered_requests(store, [reply])
    ids = {*decide.named_requests(reply, answered), processed.approval_id if processed else ""} - {""}
    found = decide.without_anonymous(store.requests(sorted(ids))) if ids else {}
    is_tied = processed is not None and comparison.has_ties(found.values(), processed)
    together = store.read_together(processed) if processed is not None and is_tied else frozenset()
    whose = decide.ids_of(store, keys, [reply], ids - found.keys())
    return MailContext(processed, found, answered, together, whose)


def admission_today(
    reply: ParsedReply, known: MailContext, keys: ReferenceKeys, policy: SenderPolicy
) -> Admission:
    """The admission of the mail if the requests that it names were open."""
    opened = {
        identifier: comparison.as_met(request, known.processed, known.together)
        for identifier, request in known.requests.items()
    }
    return named_requests.admission_of(reply, opened, keys, policy, known.answered, known.ids)
