"""Reads the kept mails again with this version and these settings; `Replay.run` reports what differs.

Used by `flexmaild replay`, whether a daemon runs or not: reads the store without writing and the mails in
the sandboxed child, one after the other; sends and keeps nothing. `core.approval.comparison` says what is
compared.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from flexmaild.core.approval import comparison, named_requests
from flexmaild.core.approval.admission import SenderPolicy
from flexmaild.core.approval.comparison import Changed, Compared, Gap, RecordedOutcome, Today
from flexmaild.core.model import Request, State
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import ProcessedMail
from flexmaild.engine.keys.reference_key import keys_of_ids
from flexmaild.engine.policies import rules_without_dns
from flexmaild.engine.replay import decide_again
from flexmaild.engine.replay.sent_before import SentBefore
from flexmaild.engine.sandbox.parent import RawMail, Sandbox
from flexmaild.settings.schema import Settings
from flexmaild.store.read_only import MailRange, ReadOnlyStore

# Mails looked up in one go; their bytes come one by one.
_SLICE = 100
# The child is started anew after so many, as a daemon's is for each poll.
_PER_CHILD = 2000


@dataclass(frozen=True, slots=True)
class Result:
    """One mail. request: as it stands in the store, where it is there. counted: its verdict counts there.

    because: the reason of the new outcome.
    """

    processed: ProcessedMail
    compared: Compared
    request: Request | None = None
    counted: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A request that would be in another state."""

    request_id: str
    was: State
    now: State


@dataclass(slots=True)
class Replay:
    """Raises StoreFault, and Failure when no child process can be started."""

    store: ReadOnlyStore
    settings: Settings
    keys: ReferenceKeys
    _id_keys: tuple[bytes, ...] = field(init=False)
    _words: SentBefore = field(init=False)
    _reader: Sandbox = field(init=False)
    _policy: SenderPolicy = field(init=False)
    _changes: dict[str, list[Changed]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._id_keys = keys_of_ids(self.settings, self.keys)
        self._words = SentBefore(self.store, self.keys)
        rules = rules_without_dns(self.settings)
        self._reader = Sandbox(rules, lambda fault: None, self._words)
        self._policy = SenderPolicy(self.settings.incoming.sender_authentication.require)

    def run(self, since: datetime, span: MailRange) -> Iterator[Result]:
        """One result for each mail in the range, in the order in which they were read."""
        number, after = 0, 0
        try:
            while found := self.store.read_since(since, after, span.last, _SLICE):
                for kept in found:
                    yield self._result(kept.processed)
                    number += 1
                    if number % _PER_CHILD == 0:
                        self._reader.close()
                after = found[-1].seq
        finally:
            self._reader.close()

    def _result(self, processed: ProcessedMail) -> Result:
        raw = self.store.raw(processed.mail.sha256) if processed.mail.sha256 else None
        is_intact = raw is not None and hashlib.sha256(raw).hexdigest() == processed.mail.sha256
        gap = comparison.gap_before_reading(processed, raw, is_intact)
        if gap is not None or raw is None:
            was = RecordedOutcome(processed.outcome)
            return Result(processed, Compared(was, was, gap=gap or Gap.NOT_KEPT))
        self._words.at(processed.at)
        # A mail of which only the text was fetched is kept in part, with the size that it had.
        (reply,) = self._reader.read(
            [RawMail(raw, processed.found.size, partial=processed.found.size != len(raw))]
        )
        return self._result_of_reply(processed, reply)

    def _result_of_reply(self, processed: ProcessedMail, reply: ParsedReply) -> Result:
        context = decide_again.mail_context(self.store, self._id_keys, reply, processed)
        of_then = context.requests.get(processed.approval_id)
        verdict = comparison.verdict_of(processed, of_then)
        verifies = self.settings.incoming.sender_authentication.verify_dkim
        reply = comparison.with_recorded_proof(reply, verdict, verifies)
        admission = decide_again.admission_today(reply, context, self.keys, self._policy)
        today = Today(
            reply,
            admission,
            request=of_then,
            knows_words=self._words.are_known or reply.nature is not MailNature.HUMAN,
            has_other_key=comparison.has_other_key(reply, of_then, self.keys),
            verifies_dkim=verifies,
            misses=any(r.request_id not in context.requests for r in named_requests.whole_references(reply)),
        )
        result = comparison.compared(processed, verdict, today)
        if result.differs and processed.approval_id:
            event = admission.event if admission.request_id == processed.approval_id else None
            changed = Changed(processed.mail.sha256, processed.invitation, result.now, event, processed.at)
            self._changes.setdefault(processed.approval_id, []).append(changed)
        counted = verdict is not None and not verdict.replaced
        return Result(processed, result, of_then, counted, admission.because)

    def decisions(self) -> Iterator[Decision]:
        """After `run`: the requests that would be in another state."""
        for identifier, changes in self._changes.items():
            request = self.store.requests([identifier]).get(identifier)
            today = comparison.decision_today(request, changes) if request is not None else None
            if request is not None and today is not None:
                yield Decision(identifier, request.state, today)
