"""The kept mails once more, through this version and these settings: `Replay.run` says of each what differs.

Used by `flexmaild replay`, beside a daemon or without one: reads the store from beside and the mails in the
limited child, one after the other; sends, writes and keeps nothing. What is compared says
`core.approval.comparison`.
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

    because: why it would come to what it comes to now.
    """

    seen: ProcessedMail
    compared: Compared
    request: Request | None = None
    counted: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A request that would stand otherwise."""

    request_id: str
    was: State
    now: State


@dataclass(slots=True)
class Replay:
    """Raises StoreFault, and Failure where there is nobody to read the mails."""

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
        """One result for each mail of the span, in the order in which they were read."""
        number, after = 0, 0
        try:
            while found := self.store.read_since(since, after, span.last, _SLICE):
                for kept in found:
                    yield self._one(kept.seen)
                    number += 1
                    if number % _PER_CHILD == 0:
                        self._reader.close()
                after = found[-1].seq
        finally:
            self._reader.close()

    def _one(self, seen: ProcessedMail) -> Result:
        raw = self.store.raw(seen.mail.sha256) if seen.mail.sha256 else None
        is_intact = raw is not None and hashlib.sha256(raw).hexdigest() == seen.mail.sha256
        gap = comparison.gap_before_reading(seen, raw, is_intact)
        if gap is not None or raw is None:
            was = RecordedOutcome(seen.outcome)
            return Result(seen, Compared(was, was, gap=gap or Gap.NOT_KEPT))
        self._words.at(seen.at)
        # A mail of which only the text was fetched is kept in part, with the size that it had.
        (reading,) = self._reader.read([RawMail(raw, seen.found.size, partial=seen.found.size != len(raw))])
        return self._judged(seen, reading)

    def _judged(self, seen: ProcessedMail, reading: ParsedReply) -> Result:
        around = decide_again.around(self.store, self._id_keys, reading, seen)
        of_then = around.requests.get(seen.approval_id)
        verdict = comparison.verdict_of(seen, of_then)
        verifies = self.settings.incoming.sender_authentication.verify_dkim
        reading = comparison.with_proof_of_then(reading, verdict, verifies)
        ruling = decide_again.judged(reading, around, self.keys, self._policy)
        today = Today(
            reading,
            ruling,
            request=of_then,
            knows_words=self._words.are_known or reading.nature is not MailNature.HUMAN,
            has_other_key=comparison.has_other_key(reading, of_then, self.keys),
            verifies_dkim=verifies,
            misses=any(r.request_id not in around.requests for r in named_requests.whole_references(reading)),
        )
        result = comparison.compared(seen, verdict, today)
        if result.differs and seen.approval_id:
            event = ruling.event if ruling.request_id == seen.approval_id else None
            changed = Changed(seen.mail.sha256, seen.invitation, result.now, event, seen.at)
            self._changes.setdefault(seen.approval_id, []).append(changed)
        counted = verdict is not None and not verdict.replaced
        return Result(seen, result, of_then, counted, ruling.because)

    def decisions(self) -> Iterator[Decision]:
        """After `run`: the requests that would stand otherwise."""
        for identifier, changes in self._changes.items():
            request = self.store.requests([identifier]).get(identifier)
            today = comparison.decision_today(request, changes) if request is not None else None
            if request is not None and today is not None:
                yield Decision(identifier, request.state, today)
