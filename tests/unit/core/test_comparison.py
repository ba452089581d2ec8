"""A mail read again: what it said is compared, and nothing that depended on the moment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flexmaild.core import admission, comparison, engine
from flexmaild.core.admission import Ruling, SenderPolicy
from flexmaild.core.comparison import Changed, Compared, Gap, Said, Today
from flexmaild.core.events import Answered, Cancelled
from flexmaild.core.model import Answer, Outcome, Reading, Request, State
from flexmaild.core.ports import Mark
from flexmaild.core.work import Seen
from tests.unit.core.make import KEY, NOW, opened
from tests.unit.core.test_admission import reply

DMARC = SenderPolicy("dmarc")


def recorded(reading: Reading, request: Request) -> tuple[Seen, Request]:
    """What the daemon writes down of this mail, and the request afterwards."""
    found = admission.referred(reading)
    ruling = (
        found if isinstance(found, Ruling) else admission.rule(reading, found, request, KEY, SenderPolicy())
    )
    if ruling.event is not None:
        request = engine.step(request, ruling.event, NOW).request
    mark = Mark("folder", "1", reading.sha256)
    seen = Seen(mark, reading.sha256, reading.size, ruling.outcome, ruling.because, NOW)
    seen = replace(seen, approval_id=ruling.request_id, invitation=ruling.invitation)
    return replace(seen, fingerprint=ruling.fingerprint), request


def again(
    seen: Seen, reading: Reading, request: Request | None, policy: SenderPolicy | None = None, **facts: Any
) -> Compared:
    """The same mail, read today."""
    found = admission.referred(reading)
    opened_ = comparison.as_asked(request) if request is not None else None
    ruling = (
        found
        if isinstance(found, Ruling)
        else admission.rule(reading, found, opened_, KEY, policy or SenderPolicy())
    )
    given = {"knows_words": True, "has_other_key": False, "verifies_dkim": False} | facts
    return comparison.compared(
        seen, comparison.verdict_of(seen, request), Today(reading, ruling, request, **given)
    )


def differs(*given: Any, **facts: Any) -> tuple[str, ...]:
    result = again(*given, **facts)
    assert result.gap is None
    return result.differs


def test_what_is_read_the_same_does_not_differ_whatever_became_of_its_request() -> None:
    request = opened()
    readings = [
        reply(request, sha256="a", comment="good"),
        reply(request, 1, sha256="b", answer=Answer.REJECT, comment="late"),
        reply(request, 2, sha256="c", answer=None, unclear="condition"),
        reply(request, sender="mallory@evil.test", sha256="d"),
    ]
    written = []
    for number, reading in enumerate(readings):
        reading = replace(reading, sha256="abcd"[number])
        seen, request = recorded(reading, request)
        written.append((seen, reading))
    assert request.state is State.APPROVED
    assert [seen.outcome for seen, _ in written] == [
        Outcome.DECISION,
        Outcome.LATE,
        Outcome.LATE,
        Outcome.UNAUTHENTICATED,
    ]
    cancelled = engine.step(opened(), Cancelled("root", ""), NOW).request
    for seen, reading in written:
        assert differs(seen, reading, request) == ()
        late = replace(cancelled, verdicts=request.verdicts)
        assert again(seen, reading, late).differs == ()


@pytest.mark.parametrize(
    ("then", "now", "names"),
    [
        ({"comment": "good"}, {"comment": "go"}, ("comment",)),
        ({}, {"answer": Answer.REJECT}, ("answer",)),
        ({}, {"answer": None, "unclear": "condition"}, ("outcome",)),
        ({"answer": None, "unclear": "condition"}, {"answer": None, "unclear": "question"}, ("why",)),
        ({"answer": None, "unclear": "condition"}, {}, ("outcome",)),
        ({}, {"internal": True}, ("proof",)),
        ({}, {"sender": "mallory@evil.test"}, ("outcome",)),
    ],
)
def test_what_is_read_otherwise_is_named(
    then: dict[str, Any], now: dict[str, Any], names: tuple[str, ...]
) -> None:
    request = opened()
    seen, request = recorded(reply(request, **then), request)
    assert differs(seen, reply(opened(), **now), request) == names


def test_of_a_late_answer_the_digest_tells_what_it_said() -> None:
    request = opened()
    _, request = recorded(reply(request), request)
    late = reply(request, 1, answer=None, unclear="condition")
    seen, request = recorded(late, request)
    assert seen.outcome is Outcome.LATE
    assert differs(seen, late, request) == ()
    result = again(seen, replace(late, answer=Answer.APPROVE, unclear=""), request)
    assert (result.was.outcome, result.differs) == (Outcome.UNDECIDED, ("outcome",))
    worded = reply(request, 1, comment="words that are not recorded")
    seen, request = recorded(worded, request)
    assert again(seen, replace(worded, comment="others"), request).gap is Gap.LATE


@pytest.mark.parametrize(
    ("gap", "facts"),
    [
        (Gap.NO_WORDS, {"knows_words": False}),
        (Gap.OTHER_KEY, {"has_other_key": True}),
    ],
)
def test_a_difference_that_something_else_explains_is_a_gap(gap: Gap, facts: dict[str, bool]) -> None:
    request = opened()
    seen, after = recorded(reply(request), request)
    unclear = reply(request, answer=None, unclear="words_unknown")
    assert again(seen, unclear, after, **facts).gap is gap
    assert again(seen, reply(request), after, **facts).gap is None, "what is equal is equal"
    assert again(seen, unclear, after).differs == ("outcome",)


def test_a_proof_that_needs_dns_is_taken_from_the_record_or_is_a_gap() -> None:
    request = opened()
    signed = reply(request, dkim_domains=("corp.test",))
    seen, after = recorded(signed, request)
    verdict = comparison.verdict_of(seen, after)
    assert verdict is not None and verdict.proof == "dkim"
    now = replace(signed, dkim_domains=())
    assert again(seen, now, after, DMARC, verifies_dkim=True).gap is Gap.NEEDS_DNS
    helped = comparison.with_proof_of_then(now, verdict, True)
    assert differs(seen, helped, after, DMARC, verifies_dkim=True) == ()
    assert comparison.with_proof_of_then(now, verdict, False) is now
    assert differs(seen, now, after) == ("proof",), "verify_dkim was switched off"


def test_a_part_of_a_mail_that_now_decides_may_have_been_cut() -> None:
    request = opened()
    seen, after = recorded(reply(request, answer=None, unclear="too_long", partial=True), request)
    assert again(seen, reply(request, partial=True), after).gap is Gap.IN_PART


def test_a_request_that_is_gone_is_a_gap() -> None:
    request = opened()
    seen, _ = recorded(reply(request), request)
    assert again(seen, reply(request), None).gap is Gap.NO_REQUEST


def test_a_decision_falls_with_the_verdict_that_made_it() -> None:
    request = opened(quorum=2)
    readings = [reply(request, n, sha256="") for n in range(3)]
    for number in range(2):
        _, request = recorded(replace(readings[number], sha256=f"{number}"), request)
    assert request.state is State.APPROVED
    gone = Changed("1", 1, Said(Outcome.UNDECIDED, why="condition"), None, NOW)
    assert comparison.decision_today(request, [gone]) is State.PENDING
    third = admission.rule(
        replace(readings[2], sha256="2"),
        admission.referred(readings[2]),
        comparison.as_open(request),
        KEY,
        SenderPolicy(),  # type: ignore[arg-type]
    )
    assert isinstance(third.event, Answered)
    more = Changed("2", 2, Said(Outcome.DECISION, Answer.APPROVE), third.event, NOW)
    assert comparison.decision_today(request, [gone, more]) is State.APPROVED
    other = Changed("1", 1, Said(Outcome.DECISION, Answer.REJECT), None, NOW)
    assert comparison.decision_today(request, [other]) in (State.REJECTED, State.PENDING)


def test_what_a_fallen_verdict_had_replaced_counts_again() -> None:
    request = opened(quorum=2)
    _, request = recorded(reply(request, 0, sha256="0"), request)
    _, request = recorded(reply(request, 0, sha256="1", comment="still"), request)
    assert [v.replaced for v in request.verdicts] == [True, False]
    _, request = recorded(reply(request, 1, sha256="2"), request)
    gone = Changed("1", 0, Said(Outcome.UNDECIDED), None, NOW)
    assert comparison.decision_today(request, [gone]) is State.APPROVED
