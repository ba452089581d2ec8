"""What a replay found, on a terminal and as JSON: mails by SHA-256 and request, never by their text.

Used by `flexmaild replay`; pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flexmaild.cli.escapes import escaped
from flexmaild.core.approval.comparison import Gap, RecordedOutcome
from flexmaild.core.model import Outcome
from flexmaild.core.timing import iso

if TYPE_CHECKING:  # the room is heavy, and a command line must start fast
    from flexmaild.engine.replay.replay import Decision, Result

_SHORT_DIGEST = 16
# The names of `core.approval.comparison.RecordedOutcome`, as far as people are told others.
_NAMES: Mapping[str, str] = {"why": "reason"}

_GAPS: Mapping[Gap, str] = {
    Gap.NOT_KEPT: "their bytes are not kept, or no longer (incoming.keep_raw is {keep_raw} now)",
    Gap.TOO_LARGE: "they were too large to be read, and nothing was kept",
    Gap.DAMAGED: "the kept bytes are not those that were read (their SHA-256 differs)",
    Gap.CAME_AGAIN: "they came again, and the first of them counts",
    Gap.NO_REQUEST: "their request is in the store no longer",
    Gap.OTHER_KEY: "their references were made with another key than the one in force",
    Gap.NO_WORDS: "what had been sent is kept no longer, and without it they would read otherwise",
    Gap.IN_PART: "a part of them was kept, and whether text was missing was not recorded",
    Gap.NEEDS_DNS: "whether their sender is proven needs DNS (verify_dkim), which is not asked",
    Gap.LATE: "they came too late, and what they said is recorded as a digest only, which differs now",
}


@dataclass(slots=True)
class Gathered:
    """Mails that were not compared, for one reason."""

    first: datetime
    last: datetime
    count: int = 0


@dataclass(slots=True)
class Tally:
    """The counts of one replay. mails: how many there were to begin with."""

    begin: datetime
    end: datetime
    mails: int
    keep_raw: timedelta
    done: int = 0
    compared: int = 0
    differing: int = 0
    counted: int = 0
    decisions: list[Decision] = field(default_factory=list)
    gaps: dict[Gap, Gathered] = field(default_factory=dict)
    what: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        self.done += 1
        gap, at = result.compared.gap, result.processed.at
        if gap is None:
            self.compared += 1
            self.differing += bool(result.compared.differs)
            self.counted += bool(result.compared.differs) and result.counted
            self.what.update(result.compared.differs)
            return
        gathered = self.gaps.setdefault(gap, Gathered(at, at))
        gathered.first, gathered.last = min(gathered.first, at), max(gathered.last, at)
        gathered.count += 1

    def lines(self) -> Iterator[str]:
        """The summary; its last line is the result."""
        if self.decisions:
            yield "Requests that would stand otherwise, by these mails alone:"
        yield from (
            f"  {escaped(d.request_id)}  {d.was.value}, would be {d.now.value}" for d in self.decisions
        )
        if self.gaps:
            yield f"Not compared, {self.done - self.compared} of {self.done}:"
        for gap, gathered in sorted(self.gaps.items(), key=lambda entry: -entry[1].count):
            days = f"{gathered.first:%Y-%m-%d} to {gathered.last:%Y-%m-%d}"
            yield f"  {gathered.count:>6}  {days}  {self._why(gap)}"
        yield self._result()

    def _result(self) -> str:
        since = f"since {self.begin:%Y-%m-%d %H:%M} UTC"
        if not self.done:
            return f"NOTHING WAS COMPARED: no mail was read {since}."
        if not self.compared:
            return f"NOTHING WAS COMPARED: none of the {self.done} mails read {since} could be."
        if not self.differing:
            return (
                f"Equal: {self.compared} of {self.done} mails read {since} were compared, none would differ."
            )
        names = ", ".join(f"{_NAMES.get(name, name)} {count}" for name, count in self.what.most_common())
        verdicts = f"{self.counted} verdicts that count, {len(self.decisions)} decisions"
        return f"DIFFERENT: {self.differing} of {self.compared} mails compared {since} ({names}); {verdicts}."

    def _why(self, gap: Gap) -> str:
        days = self.keep_raw / timedelta(days=1)
        return _GAPS[gap].format(keep_raw=f"{days:g}d")

    def document(self) -> dict[str, Any]:
        return {
            "since": iso(self.begin, "seconds"),
            "until": iso(self.end, "seconds"),
            "mails": self.done,
            "compared": self.compared,
            "differing": self.differing,
            "differing_verdicts_that_count": self.counted,
            "result": "nothing_compared" if not self.compared else "different" if self.differing else "equal",
            "not_compared": [
                {
                    "reason": gap.value,
                    "why": self._why(gap),
                    "count": gathered.count,
                    "first": iso(gathered.first, "seconds"),
                    "last": iso(gathered.last, "seconds"),
                }
                for gap, gathered in self.gaps.items()
            ],
            "decisions": [
                {"request": d.request_id, "was": d.was.value, "now": d.now.value} for d in self.decisions
            ],
        }


def lines(result: Result) -> Iterator[str]:
    """One difference."""
    seen, request = result.processed, result.request
    about = f"{seen.approval_id} ({request.state.value})" if request else seen.approval_id or "no request"
    counts = ", its verdict counts" if result.counted else ""
    digest = seen.mail.sha256[:_SHORT_DIGEST]
    yield escaped(f"{iso(seen.at, 'seconds')}  {about}  sha256 {digest}{counts}")
    yield escaped(f"  was  {_told(result.compared.was, result.compared.differs, seen.because)}")
    yield escaped(f"  now  {_told(result.compared.now, result.compared.differs, result.because)}")


def _told(said: RecordedOutcome, differs: tuple[str, ...], because: str) -> str:
    parts = [said.answer.value if said.answer else said.outcome.value]
    if said.outcome is Outcome.UNAUTHENTICATED:  # the words of others are in no such reason
        parts.append(because)
    if said.why:
        parts.append(f"because of {said.why}")
    if said.comment is not None and ("comment" in differs or "outcome" in differs):
        parts.append(f"comment of {len(said.comment)} characters" if said.comment else "no comment")
    if said.proof and "proof" in differs:
        parts.append(f"proven by {said.proof}")
    return ", ".join(parts)


def document(result: Result) -> dict[str, Any]:
    """One difference as JSON."""
    seen = result.processed
    return {
        "at": iso(seen.at, "seconds"),
        "sha256": seen.mail.sha256,
        "request": seen.approval_id,
        "state": result.request.state.value if result.request else "",
        "verdict_counts": result.counted,
        "differs": list(result.compared.differs),
        "was": _document(result.compared.was),
        "now": _document(result.compared.now),
    }


def _document(said: RecordedOutcome) -> dict[str, Any]:
    return {
        "outcome": said.outcome.value,
        "answer": said.answer.value if said.answer else None,
        "why": said.why,
        "comment_length": None if said.comment is None else len(said.comment),
        "proof": said.proof,
    }
