"""What is left of a purged request: nothing that says who, and all that says what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from flexmaild.core import purging, references
from flexmaild.core.approval import quorum
from flexmaild.core.model import Answer, Approver, Explanation, MailFacts, Part, Request, State, Verdict
from flexmaild.core.references import ReferenceKeys
from flexmaild.store.records.codec import json_text
from tests.unit.core.make import KEY, NOW, opened

PRINCIPAL, DELEGATE, ALIAS, HELPER = (f"{name}@corp.test" for name in ("paul", "dora", "dd", "helga"))
LONG_AGO, DAY = NOW - timedelta(days=9), timedelta(days=1)


def closed() -> Request:
    """Answered by a delegate from another of their addresses, after an escalation."""
    asked = opened()
    delegate = Approver(DELEGATE, "Dora", (ALIAS,), on_behalf_of=PRINCIPAL)
    helper = Approver(HELPER, "Helga", escalation=True)
    first = replace(
        asked.invitations[0],
        approver=delegate,
        bounced=f"550 {DELEGATE}",
        explained=(Explanation(NOW, "ab"),),
    )
    said = Verdict(PRINCIPAL, Answer.APPROVE, "Dora says yes", NOW, "dmarc", MailFacts(ALIAS, "c0", "x@y"), 0)
    return replace(
        asked,
        terms=replace(asked.terms, approvers=(delegate,), escalate_to=(helper,), requester="rita@corp.test"),
        invitations=(first, replace(asked.invitations[0], number=1, approver=helper)),
        verdicts=(said,),
        state=State.CANCELLED,
        decided_at=LONG_AGO,
        decided_by=(ALIAS,),
        decided_because="Dora is away",
    )


def test_nobody_is_named_any_more_and_what_happened_still_is() -> None:
    before = closed()
    after = purging.without(before, Part)
    written = json_text(after)
    for word in (PRINCIPAL, DELEGATE, ALIAS, HELPER, "Dora", "Helga", "rita", before.terms.title):
        assert word not in written
    assert [(v.answer, v.proof, v.at, v.mail.sha256) for v in after.verdicts] == [
        (v.answer, v.proof, v.at, v.mail.sha256) for v in before.verdicts
    ]
    (verdict,) = after.verdicts
    assert after.decided_by == (verdict.mail.sender,) == (after.invitations[0].approver.address,)
    assert verdict.approver == after.invitations[0].approver.on_behalf_of
    assert after.invitations[0].bounced
    assert quorum.progress(after) == quorum.progress(before)
    assert purging.without(after, Part) == after


def test_a_reference_is_known_until_nobody_is() -> None:
    before, keys = closed(), ReferenceKeys(KEY)
    reference = references.parse(keys.issue(before, before.invitations[0]))
    assert reference is not None
    half = purging.without(before, (Part.COMMENTS, Part.SENT_MAILS))
    assert (half.terms.text, half.is_anonymous) == ("", False)
    assert keys.is_genuine(reference, half)
    whole = purging.without(half, (Part.ADDRESSES,))
    assert whole.is_anonymous
    assert not keys.is_genuine(reference, whole)


@pytest.mark.parametrize("state", State)
def test_only_what_has_ended_is_due_and_each_part_once(state: State) -> None:
    request = replace(closed(), state=state)
    before = {Part.COMMENTS: LONG_AGO + DAY, Part.SENT_MAILS: LONG_AGO + DAY, Part.ADDRESSES: LONG_AGO - DAY}
    is_open = state is State.PENDING
    wanted = frozenset() if is_open else {Part.COMMENTS, Part.SENT_MAILS}
    assert purging.due(request, before) == wanted
    assert purging.due(replace(request, purged=(Part.COMMENTS,)), before) == wanted - {Part.COMMENTS}
    assert not purging.due(replace(request, decided_at=None), before)
