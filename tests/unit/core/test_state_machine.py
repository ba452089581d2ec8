"""The life of a request: each rule of the state machine, and what holds for every history."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.core.approval import quorum, state_machine
from flexmaild.core.approval.events import (
    Answered,
    AuditEffect,
    Bounced,
    Cancelled,
    Deliver,
    Event,
    Mail,
    ReminderAsked,
    ResendAsked,
    TimePassed,
    Unclear,
)
from flexmaild.core.approval.opening import AskedApprover, Delegation
from flexmaild.core.model import Answer, Approver, Invitation, MailFacts, MailKind, Request, State
from flexmaild.core.parsed_reply import Bounce
from tests.support.examples import examples
from tests.unit.core.make import DAY, HOUR, NOW, PEOPLE, kinds, opened, opened_step, policy_with, says

APPROVE, REJECT = Answer.APPROVE, Answer.REJECT


def test_every_approver_gets_a_mail_of_their_own() -> None:
    step = opened_step()
    mails = [e for e in step.effects if isinstance(e, Mail)]
    assert [m.to.address for m in mails] == list(PEOPLE)
    assert [m.invitation for m in mails] == [0, 1, 2]


def test_under_any_the_first_answer_decides_and_the_others_are_told() -> None:
    step = says(opened(), 1, APPROVE, "fine")
    assert step.request.state is State.APPROVED
    assert step.request.decided_by == ("bob@corp.test",)
    assert kinds(step) == [MailKind.ACCEPTED, MailKind.NO_LONGER_NEEDED, MailKind.NO_LONGER_NEEDED]
    assert [e.sink for e in step.effects if isinstance(e, Deliver)] == ["folder"]


def test_under_all_approvals_are_noted_until_the_last() -> None:
    request = opened(quorum="all")
    for who in (0, 1):
        step = says(request, who, APPROVE)
        assert (step.request.state, kinds(step)) == (State.PENDING, [MailKind.NOTED])
        request = step.request
    assert says(request, 2, APPROVE).request.state is State.APPROVED


def test_one_rejection_rejects_unless_the_quorum_is_a_number() -> None:
    assert says(opened(quorum="all"), 0, REJECT).request.state is State.REJECTED
    assert says(opened(quorum=2), 0, REJECT).request.state is State.PENDING


def test_a_number_ends_early_when_it_can_no_longer_be_reached() -> None:
    request = says(opened(quorum=2), 0, REJECT).request
    assert says(request, 1, REJECT).request.state is State.REJECTED


def test_each_group_needs_one_of_each() -> None:
    groups = {PEOPLE[0]: "dba", PEOPLE[1]: "dba", PEOPLE[2]: "ops"}
    request = says(opened(quorum="each_group", groups=groups), 0, APPROVE).request
    assert request.state is State.PENDING
    assert quorum.progress(request) == (1, 2)
    assert says(request, 2, APPROVE).request.state is State.APPROVED


def test_any_reject_false_lets_the_others_go_on() -> None:
    request = says(opened(any_reject=False), 0, REJECT).request
    assert request.state is State.PENDING
    assert says(request, 1, APPROVE).request.state is State.APPROVED


def test_a_corrected_answer_replaces_the_first_and_both_are_kept() -> None:
    request = says(opened(quorum=2), 0, REJECT, "wait").request
    request = says(request, 0, APPROVE, "now").request
    assert [(v.answer, v.replaced) for v in request.verdicts] == [(REJECT, True), (APPROVE, False)]
    assert quorum.progress(request) == (1, 2)


def test_the_same_answer_again_changes_nothing() -> None:
    request = says(opened(quorum=2), 0, APPROVE).request
    again = says(request, 0, APPROVE)
    assert again.request == request
    assert kinds(again) == []


def test_after_the_decision_a_reply_is_told_by_whom_and_when_once_an_hour() -> None:
    request = says(opened(), 0, APPROVE).request
    late = says(request, 1, REJECT)
    assert late.request.state is State.APPROVED
    assert kinds(late) == [MailKind.ALREADY_DECIDED]
    (mail,) = [e for e in late.effects if isinstance(e, Mail)]
    assert mail.facts["decided_by"] == ["alice@corp.test"]
    assert kinds(says(late.request, 1, REJECT)) == []
    assert kinds(says(late.request, 1, REJECT, at=NOW + HOUR)) == [MailKind.ALREADY_DECIDED]


def test_an_unclear_answer_is_explained_once_an_hour_and_decides_nothing() -> None:
    unclear = Unclear(0, "question", MailFacts("alice@corp.test", "sha", "m@x"))
    first = state_machine.step(opened(), unclear, NOW)
    assert (first.request.state, kinds(first)) == (State.PENDING, [MailKind.UNCLEAR])
    assert kinds(state_machine.step(first.request, unclear, NOW + HOUR / 2)) == []
    assert kinds(state_machine.step(first.request, unclear, NOW + HOUR)) == [MailKind.UNCLEAR]


def test_a_rejection_without_its_mandatory_comment_counts_nothing() -> None:
    request = opened(comment_on_reject=True)
    step = says(request, 0, REJECT)
    assert (step.request.verdicts, kinds(step)) == ((), [MailKind.COMMENT_NEEDED])
    assert says(step.request, 0, REJECT, "because").request.state is State.REJECTED


@pytest.mark.parametrize(("rule", "state"), [("expire", State.EXPIRED), ("reject", State.REJECTED)])
def test_nobody_in_time_expires_or_rejects(rule: str, state: State) -> None:
    request = opened(on_expiry=rule, expires_in=DAY)
    assert state_machine.step(request, TimePassed(), NOW + DAY - HOUR).request.state is State.PENDING
    step = state_machine.step(request, TimePassed(), NOW + DAY)
    assert step.request.state is state
    assert kinds(step) == [MailKind.EXPIRED] * 3
    assert any(isinstance(e, Deliver) for e in step.effects)


def test_reminders_go_to_the_silent_and_missed_ones_become_one() -> None:
    request = says(opened(quorum="all", remind_after=(HOUR, 2 * HOUR)), 0, APPROVE).request
    step = state_machine.step(request, TimePassed(), NOW + HOUR)
    assert [e.to.address for e in step.effects if isinstance(e, Mail)] == list(PEOPLE[1:])
    assert kinds(state_machine.step(step.request, TimePassed(), NOW + HOUR * 1.5)) == []
    assert kinds(state_machine.step(request, TimePassed(), NOW + DAY)) == [MailKind.REMINDER] * 2


def test_escalation_adds_people_once_and_their_approval_counts() -> None:
    boss = (AskedApprover("escalate_to.0", "boss@corp.test"),)
    request = opened(PEOPLE[0], PEOPLE[1], quorum="all", escalate_after=HOUR, escalate_to=boss)
    step = state_machine.step(request, TimePassed(), NOW + HOUR)
    assert [e.to.address for e in step.effects if isinstance(e, Mail)] == ["boss@corp.test"]
    assert kinds(state_machine.step(step.request, TimePassed(), NOW + 2 * HOUR)) == []
    approved = says(step.request, 2, APPROVE)
    assert approved.request.state is State.APPROVED
    assert approved.request.verdicts[0].escalation


def test_a_delegate_gets_a_mail_and_holds_the_same_voice() -> None:
    policy = policy_with(delegations=(Delegation(PEOPLE[0], "deputy@corp.test", NOW - DAY, NOW + DAY),))
    request = opened(quorum="all", policy=policy)
    assert request.invitations[3].approver.on_behalf_of == PEOPLE[0]
    request = says(request, 3, APPROVE).request
    assert request.verdicts[0].approver == PEOPLE[0]
    other = says(request, 0, REJECT)
    assert other.request.verdicts == request.verdicts
    assert kinds(other) == [MailKind.ALREADY_DECIDED]


def test_one_person_has_one_voice_however_many_delegate_to_them() -> None:
    """Two of three must agree: the second may not be the first one's delegate in another coat."""
    alice, bob, carol = PEOPLE
    to_bob = policy_with(delegations=(Delegation(alice, bob), Delegation(carol, bob)))
    assert [i.approver.address for i in opened(policy=to_bob).invitations] == list(PEOPLE)
    to_deputy = policy_with(delegations=tuple(Delegation(a, "deputy@corp.test") for a in PEOPLE))
    request = opened(quorum=2, policy=to_deputy)
    assert [i.approver.on_behalf_of for i in request.invitations] == ["", "", "", alice]
    deputy = Approver("deputy@corp.test", on_behalf_of=bob)
    twice = replace(request, invitations=(*request.invitations, Invitation(4, deputy, NOW)))
    twice = says(says(twice, 3, APPROVE).request, 4, APPROVE).request
    assert (twice.state, len(twice.effective)) == (State.PENDING, 2)
    assert says(twice, 2, APPROVE).request.state is State.APPROVED


def test_who_answers_is_reachable_whatever_a_delivery_report_said() -> None:
    bounce = Bounced(0, Bounce(PEOPLE[0], True, "5.1.1"))
    request = state_machine.step(opened(quorum="all"), bounce, NOW).request
    assert request.invitations[0].bounced
    assert says(request, 0, APPROVE).request.invitations[0].bounced == ""


def test_an_old_delegation_asks_nobody() -> None:
    policy = policy_with(delegations=(Delegation(PEOPLE[0], "deputy@corp.test", None, NOW),))
    assert len(opened(policy=policy).invitations) == 3


def test_a_resend_withdraws_the_old_reference() -> None:
    step = state_machine.step(opened(), ResendAsked(PEOPLE[1], "ops"), NOW)
    assert step.request.invitations[1].withdrawn
    assert step.request.invitations[3].approver.address == PEOPLE[1]
    assert kinds(step) == [MailKind.APPROVAL_REQUEST]


def test_cancelling_tells_the_silent_and_the_sinks() -> None:
    step = state_machine.step(opened(), Cancelled("jenkins", "superseded"), NOW)
    assert (step.request.state, step.request.decided_because) == (State.CANCELLED, "superseded")
    assert kinds(step) == [MailKind.CANCELLED] * 3


def test_a_bounce_makes_an_approver_unreachable_and_the_quorum_visibly_so() -> None:
    bounce = Bounce(PEOPLE[0], True, "5.1.1", "no such user")
    step = state_machine.step(opened(quorum="all"), Bounced(0, bounce), NOW)
    assert quorum.unreachable(step.request) == (PEOPLE[0],)
    assert not quorum.can_still_be_met(step.request)
    (note,) = [e for e in step.effects if isinstance(e, AuditEffect)]
    assert note.data["quorum_reachable"] is False
    assert [e for e in step.effects if isinstance(e, Deliver)] == [Deliver("folder", 0)]
    again = state_machine.step(step.request, Bounced(0, bounce), NOW)
    assert not any(isinstance(e, Deliver) for e in again.effects), "it is told once"
    passing = replace(bounce, permanent=False)
    assert state_machine.step(opened(), Bounced(0, passing), NOW).request == opened()


def test_the_requester_may_be_barred() -> None:
    request = opened(quorum="all", requester=PEOPLE[0], allow_requester=False)
    assert [i.approver.address for i in request.invitations] == list(PEOPLE[1:])
    request = says(request, 0, APPROVE).request
    assert says(request, 1, APPROVE).request.state is State.APPROVED


EVENTS = st.one_of(
    st.builds(
        Answered,
        st.integers(0, 2),
        st.sampled_from(Answer),
        st.sampled_from(["", "x"]),
        st.just("reference"),
        st.builds(MailFacts, st.sampled_from(PEOPLE), st.text("abc", max_size=3), st.just("m@x")),
    ),
    st.builds(
        Unclear,
        st.integers(0, 2),
        st.just("empty"),
        st.builds(MailFacts, st.sampled_from(PEOPLE), st.just("s"), st.just("m@x")),
    ),
    st.builds(Cancelled, st.just("ops"), st.just("")),
    st.just(TimePassed()),
    st.builds(ResendAsked, st.sampled_from(PEOPLE), st.just("ops")),
    st.just(ReminderAsked("ops")),
    st.builds(Bounced, st.integers(0, 2), st.builds(Bounce, st.just(PEOPLE[0]), st.booleans())),
)
QUORUMS = st.sampled_from(["any", "all", 1, 2, 3])


def play(request: Request, events: list[tuple[Event, float]]) -> list[state_machine.Step]:
    steps, now = [], NOW
    for event, hours in events:
        now += timedelta(hours=hours)
        steps.append(state_machine.step(request, event, now))
        request = steps[-1].request
    return steps


@examples(300)
@given(QUORUMS, st.booleans(), st.lists(st.tuples(EVENTS, st.floats(0, 60)), max_size=20))
def test_whatever_happens_a_final_state_stays_and_is_told_once(
    rule: int | str, any_reject: bool, events: list[tuple[Event, float]]
) -> None:
    steps = play(opened(quorum=rule, any_reject=any_reject, remind_after=(DAY,)), events)
    final = [s.request.state for s in steps if s.request.state is not State.PENDING]
    assert len(set(final)) <= 1
    told = [e for s in steps for e in s.effects if isinstance(e, Deliver)]
    assert sum(e.bounced_invitation is None for e in told) == (1 if final else 0)


@examples(200)
@given(QUORUMS, st.permutations([0, 1, 2]), st.sampled_from(Answer))
def test_the_order_of_equal_verdicts_does_not_matter(
    rule: int | str, order: list[int], answer: Answer
) -> None:
    request = opened(quorum=rule)
    for who in order:
        request = says(request, who, answer).request
    expected = State.APPROVED if answer is APPROVE else State.REJECTED
    assert request.state is expected


@examples(200)
@given(QUORUMS, st.lists(st.tuples(st.integers(0, 2), st.sampled_from(Answer)), min_size=1, max_size=6))
def test_replaying_a_history_changes_no_state(rule: int | str, said: list[tuple[int, Answer]]) -> None:
    request = opened(quorum=rule)
    for who, answer in said:
        request = says(request, who, answer).request
    last = said[-1]
    assert says(request, *last).request.state is request.state
    assert says(request, *last).request.verdicts == request.verdicts
