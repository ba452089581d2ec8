"""Answers that can be changed for a while: when they decide, what changes that, and who is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.core import timing
from flexmaild.core.approval import quorum, state_machine
from flexmaild.core.approval.events import Cancelled, Deliver, Mail, ReminderAsked, TimePassed, Unclear
from flexmaild.core.approval.state_machine import Step
from flexmaild.core.errors import Refused
from flexmaild.core.model import Answer, MailFacts, MailKind, Request, State
from tests.unit.core.make import DAY, HOUR, NOW, PEOPLE, asked, kinds, opened, policy_with, says

APPROVE, REJECT = Answer.APPROVE, Answer.REJECT
ALICE, BOB, CAROL = 0, 1, 2
MINUTE = timedelta(minutes=1)


def settling(**ask: Any) -> Request:
    return opened(settle_for=HOUR, **{"expires_in": DAY, **ask})


def unclear(request: Request, who: int, at: datetime = NOW) -> Step:
    address = request.invitations[who].approver.address
    return state_machine.step(
        request, Unclear(who, "condition", MailFacts(address, "sha", f"u{who}@x"), "wait", "wait"), at
    )


def later(request: Request, at: datetime, *, is_read: bool = True) -> Step:
    """Time passes; is_read: the mailbox was read to its end by now."""
    return state_machine.step(request, TimePassed(at if is_read else NOW), at)


def facts(step: Step, kind: MailKind) -> dict[str, object]:
    return next(dict(e.facts) for e in step.effects if isinstance(e, Mail) and e.kind is kind)


def test_an_answer_that_meets_the_quorum_waits_and_then_decides() -> None:
    step = says(settling(), ALICE, APPROVE, "line one\nline two")
    assert (step.request.state, step.request.settles_at) == (State.PENDING, NOW + HOUR)
    assert kinds(step) == [MailKind.SETTLING]
    said = facts(step, MailKind.SETTLING)
    assert said["comment"] == "line one\nline two"
    assert (said["outcome"], said["settles_at"]) == ("approved", timing.iso(NOW + HOUR))
    assert not [e for e in step.effects if isinstance(e, Deliver)]
    assert later(step.request, NOW + HOUR - MINUTE).request.state is State.PENDING
    done = later(step.request, NOW + HOUR)
    assert (done.request.state, done.request.settles_at) == (State.APPROVED, None)
    assert done.request.decided_by == (PEOPLE[ALICE],)
    assert kinds(done) == [MailKind.ACCEPTED, MailKind.NO_LONGER_NEEDED, MailKind.NO_LONGER_NEEDED]
    assert len([e for e in done.effects if isinstance(e, Deliver)]) == 1


def test_without_time_to_settle_an_answer_decides_at_once() -> None:
    policy = policy_with(settle_for=HOUR)
    assert says(opened(policy=policy), ALICE, APPROVE).request.state is State.PENDING
    assert (
        says(opened(policy=policy, settle_for=timedelta(0)), ALICE, APPROVE).request.state is State.APPROVED
    )


def test_rejections_settle_too() -> None:
    request = says(settling(), ALICE, REJECT).request
    assert request.state is State.PENDING
    assert later(request, NOW + HOUR).request.state is State.REJECTED


def test_the_same_answer_again_gives_no_new_time_and_another_comment_is_kept() -> None:
    request = says(settling(), ALICE, APPROVE).request
    again = says(request, ALICE, APPROVE, "and thanks", at=NOW + 50 * MINUTE)
    assert again.request.settles_at == NOW + HOUR
    assert kinds(again) == [MailKind.SETTLING]
    assert [v.comment for v in again.request.effective] == ["and thanks"]


def test_another_answer_replaces_it_and_gives_the_full_time() -> None:
    request = says(settling(), ALICE, APPROVE).request
    request = says(request, ALICE, REJECT, at=NOW + 50 * MINUTE).request
    assert request.settles_at == NOW + 50 * MINUTE + HOUR
    request = says(request, ALICE, APPROVE, at=NOW + 60 * MINUTE).request
    assert request.settles_at == NOW + 2 * HOUR
    assert [v.replaced for v in request.verdicts] == [True, True, False]
    assert later(request, NOW + 2 * HOUR).request.state is State.APPROVED


def test_an_unclear_answer_takes_the_verdict_out_until_a_clear_one() -> None:
    request = says(settling(quorum=2), ALICE, APPROVE).request
    request = says(request, BOB, APPROVE, at=NOW + MINUTE).request
    assert request.settles_at == NOW + MINUTE + HOUR
    out = unclear(request, ALICE, NOW + 2 * MINUTE)
    assert (out.request.settles_at, quorum.progress(out.request)) == (None, (1, 2))
    assert facts(out, MailKind.UNCLEAR)["taken_out"] is True
    assert later(out.request, NOW + 3 * HOUR).request.state is State.PENDING
    back = says(out.request, ALICE, APPROVE, at=NOW + 4 * HOUR).request
    assert back.settles_at == NOW + 5 * HOUR


def test_whose_answer_is_taken_out_is_told_each_time_whatever_was_explained_before() -> None:
    """The same text again, and more than explanations go out in an hour: a clear answer lies between."""
    request = settling()
    for minute in range(8):
        at = NOW + minute * MINUTE
        out = unclear(says(request, ALICE, APPROVE, at=at).request, ALICE, at)
        request = out.request
        assert request.settles_at is None
        assert facts(out, MailKind.UNCLEAR)["taken_out"] is True
    silent = unclear(request, ALICE, NOW + 8 * MINUTE).request  # nothing to take out: the limit holds
    again = state_machine.step(
        silent, Unclear(ALICE, "condition", MailFacts(PEOPLE[ALICE], "s", "x"), "other"), NOW + 9 * MINUTE
    )
    assert kinds(again) == []
    # From when there are fewer than three within the hour: the third last was told at minute 5.
    assert again.request.invitations[ALICE].silent_until == NOW + 5 * MINUTE + HOUR


def test_a_rejection_without_its_reason_takes_the_verdict_out_and_says_so_each_time() -> None:
    request = settling(comment_on_reject=True)
    for minute in range(5):
        at = NOW + minute * MINUTE
        out = says(says(request, ALICE, APPROVE, at=at).request, ALICE, REJECT, at=at)
        assert facts(out, MailKind.COMMENT_NEEDED)["taken_out"] is True
        request = out.request


def test_what_is_still_met_keeps_its_time() -> None:
    request = settling(quorum=2)
    for who in (ALICE, BOB):
        request = says(request, who, APPROVE).request
    third = says(request, CAROL, APPROVE, at=NOW + 30 * MINUTE).request
    assert third.settles_at == NOW + HOUR
    without = unclear(third, ALICE, NOW + 40 * MINUTE).request
    assert without.settles_at == NOW + HOUR
    done = later(without, NOW + HOUR)
    assert done.request.decided_by == (PEOPLE[BOB], PEOPLE[CAROL])


def test_somebody_else_s_rejection_turns_the_outcome_with_the_full_time() -> None:
    request = says(settling(), ALICE, APPROVE).request
    step = says(request, BOB, REJECT, at=NOW + 30 * MINUTE)
    assert facts(step, MailKind.SETTLING)["outcome"] == "rejected"
    assert step.request.settles_at == NOW + 30 * MINUTE + HOUR
    still = says(step.request, CAROL, APPROVE, at=NOW + 40 * MINUTE)
    assert still.request.settles_at == step.request.settles_at
    assert facts(still, MailKind.SETTLING)["outcome"] == "rejected"


def test_the_expiry_ends_it_with_the_decision_and_not_as_expired() -> None:
    request = says(settling(expires_in=HOUR), ALICE, APPROVE, at=NOW + 30 * MINUTE).request
    assert request.settles_at == request.terms.expires_at == NOW + HOUR
    for event in (TimePassed(), TimePassed(NOW)):
        assert state_machine.step(request, event, NOW + 9 * HOUR).request.state is State.APPROVED
    taken_out = unclear(request, ALICE, NOW + 31 * MINUTE).request
    assert later(taken_out, NOW + HOUR).request.state is State.EXPIRED


def test_nothing_decides_while_a_change_of_mind_may_lie_unread() -> None:
    request = says(settling(), ALICE, APPROVE).request
    at = NOW + HOUR
    assert state_machine.step(request, TimePassed(), at).request == request
    put_off = later(request, at, is_read=False).request
    assert (put_off.state, timing.next_due(put_off)) == (State.PENDING, at + timedelta(seconds=1))
    for _ in range(9):
        put_off = later(put_off, at + HOUR, is_read=False).request
    assert timing.next_due(put_off) == at + HOUR + MINUTE
    much_later = later(put_off, at + 5 * HOUR, is_read=False).request
    assert says(much_later, ALICE, REJECT, at=at + 5 * HOUR).request.settles_at == at + 6 * HOUR
    assert later(much_later, at + 5 * HOUR).request.state is State.APPROVED


def test_cancelling_wins_and_those_who_answered_hear_of_it() -> None:
    request = says(settling(), ALICE, APPROVE).request
    step = state_machine.step(request, Cancelled("ci", "superseded"), NOW + HOUR)
    assert (step.request.state, step.request.settles_at) == (State.CANCELLED, None)
    assert kinds(step) == [MailKind.CANCELLED] * 3
    assert later(step.request, NOW + 2 * HOUR).request == step.request


def test_only_those_whose_answer_counts_are_not_reminded() -> None:
    request = settling(quorum=2, remind_after=(2 * HOUR,))
    for who in (ALICE, BOB):
        request = says(request, who, APPROVE, at=NOW + HOUR + 30 * MINUTE).request
    request = unclear(request, ALICE, NOW + HOUR + 40 * MINUTE).request
    reminded = later(request, NOW + 2 * HOUR)
    assert [e.to.address for e in reminded.effects if isinstance(e, Mail)] == [PEOPLE[ALICE], PEOPLE[CAROL]]


def test_nobody_is_reminded_and_nobody_else_is_asked_while_the_quorum_is_met() -> None:
    request = settling(
        remind_after=(10 * MINUTE,), escalate_after=20 * MINUTE, escalate_to=asked("dan@corp.test")
    )
    request = says(request, ALICE, APPROVE).request
    assert timing.next_due(request) == NOW + HOUR
    for event in (TimePassed(NOW), ReminderAsked("ci")):
        assert kinds(state_machine.step(request, event, NOW + 30 * MINUTE)) == []
    unread = later(request, NOW + HOUR, is_read=False)
    assert (kinds(unread), timing.next_due(unread.request)) == ([], NOW + HOUR + timedelta(seconds=1))
    out = unclear(request, ALICE, NOW + 30 * MINUTE).request
    due = timing.next_due(out)
    assert due is not None and due <= NOW + 30 * MINUTE
    caught_up = later(out, NOW + 30 * MINUTE)
    told = [(e.kind, e.to.address) for e in caught_up.effects if isinstance(e, Mail)]
    # Alice was told this minute how to answer, and Dan is asked at this moment.
    assert told == [
        (MailKind.APPROVAL_REQUEST, "dan@corp.test"),
        *((MailKind.REMINDER, who) for who in (PEOPLE[BOB], PEOPLE[CAROL])),
    ]


def test_a_settled_rejection_stands_though_more_people_could_have_been_asked() -> None:
    ask: dict[str, Any] = {
        "quorum": 2,
        "any_reject": False,
        "escalate_after": 30 * MINUTE,
        "escalate_to": asked("dan@corp.test"),
    }
    request = says(opened(*PEOPLE[:2], settle_for=HOUR, **ask), ALICE, REJECT).request
    assert request.settles_at == NOW + HOUR
    asked_on = later(request, NOW + 45 * MINUTE).request
    assert later(asked_on, NOW + HOUR).request.state is State.REJECTED


@pytest.mark.parametrize("event", [Cancelled("ci", "superseded"), TimePassed(NOW + DAY)])
@pytest.mark.parametrize("on_expiry", ["expire", "reject"])
def test_whose_answer_counted_hears_of_an_end_without_it(
    event: Cancelled | TimePassed, on_expiry: str
) -> None:
    request = settling(quorum="all", on_expiry=on_expiry)
    for who in (ALICE, BOB, CAROL):
        request = says(request, who, APPROVE).request
    request = unclear(request, BOB, NOW + MINUTE).request
    step = state_machine.step(request, event, NOW + DAY)
    kind = MailKind.CANCELLED if isinstance(event, Cancelled) else MailKind.EXPIRED
    assert kinds(step) == [kind] * 3
    assert {e.to.address for e in step.effects if isinstance(e, Mail)} == set(PEOPLE)


def test_a_time_beyond_a_day_is_refused() -> None:
    with pytest.raises(Refused, match="24h"):
        opened(settle_for=25 * HOUR)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([ALICE, BOB, CAROL]), st.sampled_from([APPROVE, REJECT, None]), st.integers(1, 90)
    ),
    max_size=12,
)


@given(EVENTS, st.sampled_from(["any", "all", "each_group", 2]), st.booleans())
def test_whatever_is_said_the_moment_is_set_exactly_while_the_quorum_is_met(
    said: list[tuple[int, Answer | None, int]], rule: str | int, any_reject: bool
) -> None:
    """And it lies between one settling time from now and the expiry; nothing decides before it."""
    groups = {PEOPLE[0]: "dba", PEOPLE[1]: "dba", PEOPLE[2]: "ops"}
    request, now = settling(quorum=rule, any_reject=any_reject, groups=groups), NOW
    for who, answer, minutes in said:
        now += minutes * MINUTE
        before, request = request, later(request, now).request
        if request.state is not State.PENDING:
            assert (before.settles_at or before.terms.expires_at) <= now
            return
        step = unclear(request, who, now) if answer is None else says(request, who, answer, at=now)
        request = step.request
        assert request.state is State.PENDING
        met = quorum.decide(request)
        assert (request.settles_at is not None) is (met is not None)
        if request.settles_at is not None:
            assert now <= request.settles_at <= min(now + HOUR, request.terms.expires_at)
            due = timing.next_due(request)
            assert due is not None and due <= request.settles_at


@given(EVENTS, st.sampled_from(["any", "all", "each_group", 2]), st.booleans(), st.booleans())
def test_what_time_had_to_do_with_a_request_is_done_at_once(
    said: list[tuple[int, Answer | None, int]], rule: str | int, any_reject: bool, is_read: bool
) -> None:
    """Else it would be looked at again and again, before all others."""
    ask: dict[str, Any] = {
        "remind_after": (5 * MINUTE, HOUR),
        "escalate_after": 90 * MINUTE,
        "escalate_to": asked("dan@corp.test"),
    }
    ask |= {"groups": {PEOPLE[0]: "dba", PEOPLE[1]: "dba", PEOPLE[2]: "ops"}}
    request, now = settling(quorum=rule, any_reject=any_reject, expires_in=5 * HOUR, **ask), NOW
    for who, answer, minutes in said:
        now += minutes * MINUTE
        request = later(request, now, is_read=is_read).request
        due = timing.next_due(request)
        assert due is None or due > now
        step = unclear(request, who, now) if answer is None else says(request, who, answer, at=now)
        request = step.request
