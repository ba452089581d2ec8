"""What a reply is called is what it did: in metric, log, history and state machine alike."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.core.approval import comparison, state_machine
from flexmaild.core.approval.events import Answered, Unclear
from flexmaild.core.approval.opening import Delegation
from flexmaild.core.model import Answer, MailFacts, Outcome, Request
from flexmaild.core.reasons import ReplyReason
from tests.unit.core.make import NOW, PEOPLE, opened, policy_with, says
from tests.unit.core.test_admission import reply, ruled
from tests.unit.core.test_comparison import differs, recorded

APPROVE, REJECT = Answer.APPROVE, Answer.REJECT
TO_DEPUTY = policy_with(delegations=tuple(Delegation(person, "deputy@corp.test") for person in PEOPLE[:2]))


@pytest.mark.parametrize("answer", list(Answer))
def test_the_answer_of_a_voice_that_was_used_is_late(answer: Answer) -> None:
    """The approver after the delegate, and the delegate after the approver."""
    request = opened(quorum="all", policy=TO_DEPUTY)
    for first, then in ((0, 3), (3, 0)):
        used = says(request, first, APPROVE).request
        admission = ruled(used, reply(used, then, answer=answer, comment="no"))
        assert (admission.outcome, admission.reason) == (Outcome.LATE, ReplyReason.ANSWERED_FOR)


def test_the_same_answer_in_another_mail_is_a_duplicate_and_another_comment_is_none() -> None:
    request = says(opened(quorum="all"), 0, APPROVE, "fine").request
    same = ruled(request, reply(request, comment="fine", message_id="second@corp.test"))
    assert (same.outcome, same.reason) == (Outcome.DUPLICATE, ReplyReason.SAME_ANSWER)
    for other in (reply(request, comment="finer"), reply(request, comment="fine", answer=REJECT)):
        assert ruled(request, other).outcome is Outcome.DECISION


def test_what_was_not_counted_is_compared_by_what_it_said() -> None:
    """Also where an earlier version had called it a decision."""
    _, request = recorded(reply(opened(quorum="all"), sha256="a"), opened(quorum="all"))
    mail = reply(request, sha256="b")
    same, request = recorded(mail, request)
    assert same.outcome is Outcome.DUPLICATE
    assert comparison.gap_before_reading(same, b"", is_intact=True) is None
    assert differs(same, mail, request) == ()
    assert differs(same, replace(mail, answer=REJECT, comment="no"), request) != ()
    assert differs(replace(same, outcome=Outcome.DECISION, because="approve"), mail, request) == ()


def _said(request: Request, data: st.DataObject) -> Answered | Unclear:
    number = data.draw(st.sampled_from([i.number for i in request.invitations]))
    by = request.invitations[number].approver.address
    answer = data.draw(st.sampled_from([APPROVE, REJECT, None]))
    if answer is None:
        return Unclear(number, "question", MailFacts(by, "sha", "m"), "digest")
    comment = data.draw(st.sampled_from(["", "no"]))
    return Answered(number, answer, comment, "reference", MailFacts(by, "sha", "m"))


@given(
    data=st.data(),
    quorum=st.sampled_from(["any", "all", 2]),
    settle=st.booleans(),
    comment_on_reject=st.booleans(),
)
def test_a_reply_is_called_a_decision_if_and_only_if_it_made_a_verdict(
    data: st.DataObject, quorum: str | int, settle: bool, comment_on_reject: bool
) -> None:
    request = opened(
        quorum=quorum,
        policy=TO_DEPUTY,
        comment_on_reject=comment_on_reject,
        settle_for=timedelta(minutes=5) if settle else None,
    )
    for _ in range(8):
        event = _said(request, data)
        answer = event.answer if isinstance(event, Answered) else None
        comment = event.comment if isinstance(event, Answered) else ""
        outcome = ruled(request, reply(request, event.invitation, answer=answer, comment=comment)).outcome
        after = state_machine.step(request, event, NOW).request
        assert (outcome is Outcome.DECISION) == (len(after.verdicts) > len(request.verdicts))
        request = after
