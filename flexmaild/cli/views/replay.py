"""The result of a replay on a terminal and as JSON: mails by SHA-256 and request, never by their text.

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

if TYPE_CHECKING:  # heavy, and a command must start fast
    from flexmaild.engine.replay.replay import Decision, Result

_SHORT_DIGEST = 16
# Names for people where they differ from those in `core.approval.comparison.RecordedOutcome`.
_NAMES: Mapping[str, str] = {"why": "reason"}

_GAPS: Mapping[Gap, str] = {
    Gap.NOT_KEPT: "their bytes are not kept, or no longer kept (incoming.keep_raw is {keep_raw} now)",
    Gap.TOO_LARGE: "they were too large to read, and nothing was kept",
    Gap.DAMAGED: "the kept bytes are not those that were read (their SHA-256 differs)",
    Gap.CAME_AGAIN: "they arrived again, and the first copy counts",
    Gap.NO_REQUEST: "their request is no longer in the store",
    Gap.OTHER_KEY: "their references were made with another key than the one in force",
    Gap.NO_WORDS: "what was sent is no longer kept, and without it they would be read differently",
    Gap.IN_PART: "only a part of them was kept, and it was not recorded whether text was missing",
    Gap.NEEDS_DNS: "the proof of their sender needs DNS (verify_dkim), which is not queried",
    Gap.LATE: "they arrived too late, and their text is recorded only as a digest, which now differs",
}


@dataclass(slots=True)
class _Skipped:
    """Mails that were not compared, for one reason."""

    first: datetime
    last: datetime
    count: int = 0


@dataclass(slots=True)
class Tally:
    """The counts of one replay. mails: their number at the start."""

    begin: datetime
    end: datetime
    mails: int
    keep_raw: timedelta
    done: int = 0
    compared: int = 0
    differing: int = 0
    counted: int = 0
    decisions: list[Decision] = field(default_factory=list)
    gaps: dict[Gap, _Skipped] = field(default_factory=dict)
    differences: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        self.done += 1
        gap, at = result.compared.gap, result.processed.at
        if gap is None:
            self.compared += 1
            self.differing += bool(result.compared.differs)
            self.counted += bool(result.compared.differs) and result.counted
            self.differences.update(result.compared.differs)
            return
        skipped = self.gaps.setdefault(gap, _Skipped(at, at))
        skipped.first, skipped.last = min(skipped.first, at), max(skipped.last, at)
        skipped.count += 1

    def lines(self) -> Iterator[str]:
        """The summary; its last line is the result."""
        if self.decisions:
            yield "Requests that would have another state, by these mails alone:"
        yield from (
            f"  {escaped(d.request_id)}  {d.was.value}, would be {d.now.value}" for d in self.decisions
        )
        if self.gaps:
            yield f"Not compared, {self.done - self.compared} of {self.done}:"
        for gap, skipped in sorted(self.gaps.items(), key=lambda entry: -entry[1].count):
            days = f"{skipped.first:%Y-%m-%d} to {skipped.last:%Y-%m-%d}"
            yield f"  {skipped.count:>6}  {days}  {self._why(gap)}"
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
        names = ", ".join(
            f"{_NAMES.get(name, name)} {count}" for name, count in self.differences.most_common()
        )
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
                    "count": skipped.count,
                    "first": iso(skipped.first, "seconds"),
                    "last": iso(skipped.last, "seconds"),
                }
                for gap, skipped in self.gaps.items()
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
    yield escaped(f"  was  {_summary(result.compared.was, result.compared.differs, seen.because)}")
    yield escaped(f"  now  {_summary(result.compared.now, result.compared.differs, result.because)}")


def _summary(outcome: RecordedOutcome, differs: tuple[str, ...], because: str) -> str:
    parts = [outcome.answer.value if outcome.answer else outcome.outcome.value]
    if outcome.outcome is Outcome.UNAUTHENTICATED:  # this reason holds no text of a mail
        parts.append(because)
    if outcome.why:
        parts.append(f"because of {outcome.why}")
    if outcome.comment is not None and ("comment" in differs or "outcome" in differs):
        parts.append(f"comment of {len(outcome.comment)} characters" if outcome.comment else "no comment")
    if outcome.proof and "proof" in differs:
        parts.append(f"proven by {outcome.proof}")
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


def _document(outcome: RecordedOutcome) -> dict[str, Any]:
    return {
        "outcome": outcome.outcome.value,
        "answer": outcome.answer.value if outcome.answer else None,
        "why": outcome.why,
        "comment_length": None if outcome.comment is None else len(outcome.comment),
        "proof": outcome.proof,
    }
