"""How many explaining answers an address gets in an hour, over all requests."""

from datetime import timedelta

from flexmaild.core import jobs
from flexmaild.core.approval import state_machine
from flexmaild.core.approval.admission import SenderPolicy
from flexmaild.core.approval.events import Unclear
from flexmaild.core.model import Answer, MailFacts, MailKind, Request
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import Job
from flexmaild.engine.changes import Changes, Context
from flexmaild.engine.limiter import Limiter
from tests.unit.core.make import HOUR, KEY, NOW, PEOPLE, opened, says


def made(limiter: Limiter, request: Request, text: str) -> list[Job]:
    """The mails that an unclear text of the first approver leads to."""
    changes = Changes(
        Context(ReferenceKeys(KEY), "corp.test", SenderPolicy(), limiter, (KEY,)), NOW, {request.id: request}
    )
    event = Unclear(0, "condition", MailFacts(PEOPLE[0], "sha", "u@x"), text, "wait")
    changes.apply(state_machine.step(request, event, NOW + timedelta(minutes=1)))
    return changes.jobs


def test_that_an_answer_counts_no_longer_is_told_beyond_the_limit() -> None:
    limiter = Limiter(1)
    request = opened(settle_for=HOUR)
    assert [job.kind for job in made(limiter, request, "a")] == [MailKind.UNCLEAR]
    assert made(limiter, request, "b") == []
    counted = says(request, 0, Answer.APPROVE).request
    [told] = made(limiter, counted, "c")
    assert (told.kind, jobs.order_of(told).facts["taken_out"]) == (MailKind.UNCLEAR, True)
