"""Which mails are not sent any more when they could not be sent at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from flexmaild.core import jobs
from flexmaild.core.approval import state_machine, superseded
from flexmaild.core.approval.events import Answered, Cancelled, ReminderAsked, TimePassed, Unclear
from flexmaild.core.approval.state_machine import Step
from flexmaild.core.model import Answer, MailFacts, MailKind, Request
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import MailOrder
from tests.unit.core.make import DAY, HOUR, KEY, NOW, PEOPLE, opened, opened_step, says

APPROVE = Answer.APPROVE
ALICE, BOB = 0, 1


def orders(step: Step) -> list[MailOrder]:
    made, _ = jobs.jobs_for(step.request, step.effects, NOW, ReferenceKeys(KEY), "corp.test")
    return [jobs.order_of(job) for job in made if job.invitation is not None]


def left(step: Step, later: Request) -> list[MailKind]:
    """The mails of this step that may still go when the request stands as it does later."""
    return [order.kind for order in orders(step) if not superseded.why(order, later)]


def test_an_order_that_versions_before_made_names_its_mail_in_the_same_form() -> None:
    first = says(opened(quorum=3), ALICE, APPROVE)
    made, _ = jobs.jobs_for(first.request, first.effects, NOW, ReferenceKeys(KEY), "corp.test")
    (noted,) = (job for job in made if job.kind == MailKind.NOTED)
    order = jobs.order_of(noted)
    before = replace(noted, payload=jobs.payload_of(replace(order, in_reply_to=f"<{order.in_reply_to}>")))
    assert jobs.order_of(before) == order


def cancelled(request: Request) -> Request:
    return state_machine.step(request, Cancelled("ci", "superseded"), NOW + timedelta(minutes=5)).request


def unclear(request: Request, who: int) -> Step:
    return state_machine.step(
        request, Unclear(who, "condition", MailFacts(PEOPLE[who], "sha", "u@x"), "if"), NOW
    )


def test_who_hears_of_the_end_does_not_hear_afterwards_that_an_answer_settles() -> None:
    step = says(opened(settle_for=HOUR), ALICE, APPROVE)
    assert left(step, step.request) == [MailKind.SETTLING]
    decided = state_machine.step(step.request, TimePassed(NOW + HOUR), NOW + HOUR)
    assert left(decided, decided.request) == [MailKind.ACCEPTED, *[MailKind.NO_LONGER_NEEDED] * 2]
    expired = state_machine.step(
        unclear(step.request, ALICE).request, TimePassed(NOW + DAY), NOW + 9 * DAY
    ).request
    for closed in (cancelled(step.request), decided.request, expired):
        assert left(step, closed) == []


@pytest.mark.parametrize("settle_for", [HOUR, timedelta(0)])
def test_an_explanation_that_the_request_is_open_is_not_sent_when_it_is_not(settle_for: timedelta) -> None:
    step = unclear(opened(settle_for=settle_for), ALICE)
    assert left(step, step.request) == [MailKind.UNCLEAR]
    assert left(step, cancelled(step.request)) == []
    answered = says(step.request, ALICE, APPROVE).request
    assert left(step, cancelled(answered)) == []


def test_an_answer_that_hears_of_no_end_is_confirmed_though_late() -> None:
    """Without time to settle those who were noted get no mail at the end."""
    step = says(opened(quorum=2), ALICE, APPROVE)
    assert left(step, cancelled(step.request)) == [MailKind.NOTED]
    step = says(opened(quorum=2, settle_for=HOUR), ALICE, APPROVE)
    assert left(step, cancelled(step.request)) == []


def test_an_answer_that_was_changed_or_taken_out_is_not_confirmed_any_more() -> None:
    for request in (opened(settle_for=HOUR), opened(quorum=3)):
        first = says(request, ALICE, APPROVE)
        event = Answered(
            ALICE, APPROVE, "and thanks", "reference", MailFacts(PEOPLE[ALICE], "sha", "second@x")
        )
        second = state_machine.step(first.request, event, NOW)
        assert (len(left(first, first.request)), len(left(second, second.request))) == (1, 1)
        assert left(first, second.request) == []
    settling = says(opened(settle_for=HOUR), ALICE, APPROVE)
    assert left(settling, unclear(settling.request, ALICE).request) == []


def test_nobody_is_reminded_of_what_needs_no_answer() -> None:
    step = state_machine.step(opened(quorum=2), ReminderAsked("ci"), NOW)
    assert left(step, step.request) == [MailKind.REMINDER] * 3
    assert left(step, says(step.request, ALICE, APPROVE).request) == [MailKind.REMINDER] * 2
    assert left(step, cancelled(step.request)) == []
    settling = says(
        state_machine.step(opened(settle_for=HOUR), ReminderAsked("ci"), NOW).request, ALICE, APPROVE
    )
    assert left(step, settling.request) == []


def test_the_mail_that_asks_goes_in_any_case() -> None:
    """It was promised, and the mails about the end hang on it."""
    step = opened_step()
    assert left(step, cancelled(step.request)) == [MailKind.APPROVAL_REQUEST] * 3
