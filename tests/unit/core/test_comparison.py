"""A mail read again: what it said is compared, and nothing that depended on the moment."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from flexmaild.core import references
from flexmaild.core.approval import comparison, named_requests, state_machine
from flexmaild.core.approval.admission import Admission, SenderPolicy
from flexmaild.core.approval.comparison import Changed, Compared, Gap, RecordedOutcome, Today
from flexmaild.core.approval.events import Answered, Cancelled, TimePassed
from flexmaild.core.identity import Identity
from flexmaild.core.model import Answer, Outcome, Request, State
from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.core.ports import MessageUid
from flexmaild.core.reasons import ReplyReason, sentence
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import ProcessedMail
from tests.unit.core.make import HOUR, KEY, NOW, opened
from tests.unit.core.test_admission import reply

DMARC = SenderPolicy("dmarc")


def judged(reading: ParsedReply, request: Request | None, policy: SenderPolicy | None = None) -> Admission:
    known = {request.id: request} if request is not None else {}
    return named_requests.admission_of(reading, known, ReferenceKeys(KEY), policy or SenderPolicy())


def recorded(reading: ParsedReply, request: Request, at: datetime = NOW) -> tuple[ProcessedMail, Request]:
    """What the daemon writes down of this mail, and the request afterwards."""
    admission = judged(reading, request)
    if admission.event is not None:
        request = state_machine.step(request, admission.event, at).request
    mark = MessageUid("folder", "1", reading.sha256)
    seen = ProcessedMail(mark, reading.mail, Identity(reading.size), admission.outcome, admission.because, at)
    seen = replace(seen, approval_id=admission.request_id, invitation=admission.invitation)
    return replace(seen, fingerprint=admission.fingerprint), request


def again(
    seen: ProcessedMail,
    reading: ParsedReply,
    request: Request | None,
    policy: SenderPolicy | None = None,
    *,
    together: tuple[str, ...] = (),
    **facts: Any,
) -> Compared:
    """The same mail, read today."""
    before = comparison.as_met(request, seen, together) if request is not None else None
    admission = judged(reading, before, policy)
    given = {"knows_words": True, "has_other_key": False, "verifies_dkim": False} | facts
    return comparison.compared(
        seen, comparison.verdict_of(seen, request), Today(reading, admission, request, **given)
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
    cancelled = state_machine.step(opened(), Cancelled("root", ""), NOW).request
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
    helped = comparison.with_recorded_proof(now, verdict, True)
    assert differs(seen, helped, after, DMARC, verifies_dkim=True) == ()
    assert comparison.with_recorded_proof(now, verdict, False) is now
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
    gone = Changed("1", 1, RecordedOutcome(Outcome.UNDECIDED, why="condition"), None, NOW)
    assert comparison.decision_today(request, [gone]) is State.PENDING
    third = judged(replace(readings[2], sha256="2"), comparison.as_met(request, None))
    assert isinstance(third.event, Answered)
    more = Changed("2", 2, RecordedOutcome(Outcome.DECISION, Answer.APPROVE), third.event, NOW)
    assert comparison.decision_today(request, [gone, more]) is None, "approved it is"
    other = Changed("1", 1, RecordedOutcome(Outcome.DECISION, Answer.REJECT), None, NOW)
    assert comparison.decision_today(request, [other]) is State.PENDING


def test_what_a_fallen_verdict_had_replaced_counts_again() -> None:
    request = opened(quorum=2)
    _, request = recorded(reply(request, 0, sha256="0"), request)
    _, request = recorded(reply(request, 0, sha256="1", comment="still"), request)
    assert [v.replaced for v in request.verdicts] == [True, False]
    _, request = recorded(reply(request, 1, sha256="2"), request)
    gone = Changed("1", 0, RecordedOutcome(Outcome.UNDECIDED), None, NOW)
    assert comparison.decision_today(request, [gone]) is None, "approved it is"
    both = [gone, replace(gone, sha256="0")]
    assert comparison.decision_today(request, both) is State.PENDING


def test_what_ended_by_itself_or_was_cancelled_stays_so() -> None:
    request = opened(quorum=2)
    _, request = recorded(reply(request, 0, sha256="0"), request)
    gone = Changed("0", 0, RecordedOutcome(Outcome.UNDECIDED), None, NOW)
    late = request.terms.expires_at
    for terms in (request.terms, replace(request.terms, on_expiry="reject")):
        over = state_machine.step(replace(request, terms=terms), TimePassed(), late).request
        assert over.state in (State.EXPIRED, State.REJECTED)
        assert comparison.decision_today(over, [gone]) is None
    cancelled = state_machine.step(request, Cancelled("root", ""), NOW).request
    assert comparison.decision_today(cancelled, [gone]) is None


def test_answers_that_are_to_settle_stand_as_what_they_will_decide() -> None:
    request = opened(settle_for=HOUR)
    _, request = recorded(reply(request, 0, sha256="0", comment="good"), request)
    assert request.state is State.PENDING and request.settles_at is not None
    worded = Changed("0", 0, RecordedOutcome(Outcome.DECISION, Answer.APPROVE, comment="go"), None, NOW)
    assert comparison.decision_today(request, [worded]) is None
    turned = replace(worded, now=RecordedOutcome(Outcome.DECISION, Answer.REJECT))
    assert comparison.decision_today(request, [turned]) is State.REJECTED


def proven(request: Request, who: int = 0, **facts: Any) -> ParsedReply:
    return reply(request, who, dkim_domains=("corp.test",), **facts)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(microseconds=400), HOUR])
def test_a_mail_less_proven_than_the_answer_before_is_refused_then_and_again(later: timedelta) -> None:
    """Also where both were read in one go, which the time of reading does not tell apart."""
    request = opened(quorum="all")
    first, request = recorded(proven(request, sha256="a"), request)
    mail = reply(request, sha256="b", answer=Answer.REJECT)
    refused, request = recorded(mail, request, NOW + later)
    assert refused.because.startswith(sentence(ReplyReason.LESS_PROVEN))
    _, request = recorded(proven(request, sha256="c", comment="still"), request, NOW + 2 * HOUR)
    assert [v.replaced for v in request.verdicts] == [True, False]
    assert comparison.has_ties([request], refused) is (later < HOUR)
    together = ("a",) if later < HOUR else ()
    assert differs(refused, mail, request, together=together) == ()
    assert differs(first, proven(request, sha256="a"), request) == ()
    assert [v.mail.sha256 for v in comparison.as_met(request, refused, together).effective] == ["a"]


def test_a_mail_is_not_held_to_its_own_proof_nor_to_a_later_one() -> None:
    request = opened(quorum="all")
    weak, request = recorded(reply(request, sha256="a"), request)
    own, request = recorded(proven(request, sha256="b", comment="x"), request, NOW + HOUR)
    assert differs(weak, reply(request, sha256="a"), request) == ()
    assert (
        judged(reply(request, sha256="b", comment="x"), comparison.as_met(request, own)).outcome
        is Outcome.DECISION
    )
    assert judged(reply(request, sha256="c"), comparison.as_met(request, None)).outcome is (
        Outcome.UNAUTHENTICATED
    )


def test_who_came_too_late_was_held_to_no_proof() -> None:
    request = opened()
    _, request = recorded(proven(request, sha256="a"), request)
    mail = reply(request, sha256="b", answer=Answer.REJECT)
    late, request = recorded(mail, request, NOW + HOUR)
    assert late.outcome is Outcome.LATE
    assert differs(late, mail, request) == ()


def test_every_reason_of_an_undecided_mail_is_compared() -> None:
    request = opened(comment_on_reject=True)
    bare = reply(request, answer=Answer.REJECT)
    (own,) = bare.body_references
    attached = replace(bare, body_references=(), hidden_references=(own,))
    damaged = replace(bare, body_references=(own, f"FM1-{'A' * 45}"))
    whys = set()
    for reading in (bare, attached, damaged):
        seen, after = recorded(reading, request)
        result = again(seen, reading, after)
        assert (seen.outcome, result.differs, result.was) == (Outcome.UNDECIDED, (), result.now)
        whys.add(result.was.why)
    assert whys == {"comment_needed", "reference_attached", "reference_damaged"}
    seen, after = recorded(bare, request)
    assert differs(seen, attached, after) == ("why",)
    unknown = replace(seen, because="worded in another way")
    assert differs(unknown, attached, after) == ()


def test_another_key_is_known_by_the_references_at_every_place() -> None:
    request = opened()
    (own,) = reply(request).body_references
    for place in ("body_references", "hidden_references", "thread_references"):
        reading = reply(request, **({"body_references": ()} | {place: (own,)}))
        assert comparison.has_other_key(reading, request, ReferenceKeys(bytes(32)))
        assert not comparison.has_other_key(reading, request, ReferenceKeys(KEY))
    assert not comparison.has_other_key(
        replace(reply(request), body_references=()), request, ReferenceKeys(KEY)
    )


def test_a_request_named_beside_that_is_gone_explains_a_difference() -> None:
    request, other = opened(), replace(opened(), id=references.written_id(b"9876543210"))
    two = (*reply(request).body_references, references.issue(KEY, other, other.invitations[1]))
    reading = reply(request, body_references=two)
    found = named_requests.admission_of(
        reading, {r.id: r for r in (request, other)}, ReferenceKeys(KEY), SenderPolicy()
    )
    seen, _ = recorded(reading, request)
    seen = replace(seen, outcome=found.outcome, because=found.because, invitation=found.invitation)
    assert seen.outcome is Outcome.UNAUTHENTICATED
    assert again(seen, reading, request, misses=True).gap is Gap.NO_REQUEST
    assert again(seen, reading, request).differs == ("outcome",)


@pytest.mark.parametrize("answer", [Answer.REJECT, None])
def test_what_a_mail_would_replace_is_known_while_answers_can_be_changed(answer: Answer | None) -> None:
    settling = opened(settle_for=HOUR)
    _, settling = recorded(reply(settling, sha256="a"), settling)
    event = judged(reply(settling, sha256="b", answer=answer, unclear="condition"), settling).event
    replaced = comparison.would_replace(settling, event, NOW)
    assert replaced is not None and replaced.mail.sha256 == "a"
    same = judged(reply(settling, sha256="c"), settling).event
    another = judged(reply(settling, 1, sha256="d"), settling).event
    for other in (same, another, None):
        assert comparison.would_replace(settling, other, NOW) is None
    assert comparison.would_replace(opened(), event, NOW) is None
