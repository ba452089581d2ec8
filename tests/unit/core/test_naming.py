"""A mail that names a request and cannot decide it is seen there, and never more than undecided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flexmaild.core import naming, references
from flexmaild.core.admission import Ruling, SenderPolicy
from flexmaild.core.events import Answered, Unclear
from flexmaild.core.model import Answer, AuthResult, Bounce, MailNature, Outcome, Reading, Request
from flexmaild.core.reasons import SENTENCES, ReplyReason, of_unclear, sentence
from flexmaild.mail.understand.verdict import WHY
from tests.unit.core.make import KEY, PEOPLE, opened

ALICE, BOB, _ = PEOPLE
PASS = AuthResult("mx.corp.test", "dmarc", "pass", "corp.test")
DAMAGED = "FM1-" + "A" * 45
assert references.parse(DAMAGED) is not None


def other() -> Request:
    """Another request to the same people."""
    return replace(opened(), id=references.written_id(b"9876543210"))


def whole(request: Request, who: int = 0) -> str:
    return references.issue(KEY, request, request.invitations[who])


def mail(sender: str = ALICE, **facts: Any) -> Reading:
    defaults: dict[str, Any] = {"sender": sender, "answer": Answer.APPROVE, "text_digest": "t"}
    return Reading("sha", 100, MailNature.HUMAN, **(defaults | facts))


def judged(reading: Reading, *requests: Request, answered: tuple[str, ...] = ()) -> Ruling:
    known = {request.id: request for request in requests}
    return naming.judged(reading, known, KEY, SenderPolicy(), answered)


NATURES = [nature for nature in MailNature if nature is not MailNature.HUMAN]


@pytest.mark.parametrize("nature", NATURES)
def test_whatever_wrote_it_it_is_seen_where_it_names_a_request(nature: MailNature) -> None:
    request = opened()
    ruling = judged(replace(mail(named_requests=("ap-none", request.id)), nature=nature), request)
    assert (ruling.event, ruling.request_id) == (None, request.id)
    assert ruling.reason is not ReplyReason.NO_REFERENCE


@pytest.mark.parametrize("place", ["body_references", "thread_references", "address_references"])
def test_a_damaged_reference_beside_the_senders_own_is_undecided_and_explained(place: str) -> None:
    request = opened()
    beside = mail(thread_references=(whole(request),), hidden_references=())
    beside = replace(beside, **{place: (DAMAGED, whole(request))})
    ruling = judged(beside, request)
    assert isinstance(ruling.event, Unclear)
    assert (ruling.outcome, ruling.reason) == (Outcome.UNDECIDED, ReplyReason.REFERENCE_DAMAGED)
    assert not ruling.quarantine


def test_a_damaged_reference_beside_anothers_is_set_aside() -> None:
    request = opened()
    ruling = judged(mail(body_references=(DAMAGED, whole(request, 1))), request)
    assert (ruling.event, ruling.quarantine, ruling.request_id) == (None, True, request.id)


def test_two_requests_of_the_same_person_in_one_mail_are_undecided_at_the_one_they_answer() -> None:
    first, second = opened(), other()
    ruling = judged(mail(thread_references=(whole(second),), body_references=(whole(first),)), first, second)
    assert isinstance(ruling.event, Unclear)
    assert (ruling.request_id, ruling.reason) == (second.id, ReplyReason.REFERENCES_DISAGREE)


def test_a_reference_in_an_attachment_alone_is_explained_to_the_asked_and_to_nobody_else() -> None:
    request = opened()
    ruling = judged(mail(hidden_references=(whole(request),)), request)
    assert isinstance(ruling.event, Unclear)
    assert ruling.reason is ReplyReason.REFERENCE_ATTACHED
    stranger = judged(
        mail("eve@corp.test", hidden_references=(whole(request),), auth_results=(PASS,)), request
    )
    assert (stranger.event, stranger.stranger, stranger.quarantine) == (None, None, True)
    assert stranger.reason is ReplyReason.WRONG_PERSON


def test_what_is_attached_beside_the_senders_own_reference_says_nothing() -> None:
    first, second = opened(), other()
    ruling = judged(
        mail(thread_references=(whole(first),), hidden_references=(whole(second, 1),)), first, second
    )
    assert isinstance(ruling.event, Answered)


@pytest.mark.parametrize("texts", [(), ("FM1-ABCDEFG2",)])
def test_the_beginning_of_a_reference_names_its_request_and_is_an_altered_one(texts: tuple[str, ...]) -> None:
    request = opened()
    ruling = judged(mail(body_references=texts, named_requests=(request.id,)), request)
    assert (ruling.outcome, ruling.quarantine) == (Outcome.UNAUTHENTICATED, True)
    assert (ruling.reason, ruling.request_id) == (ReplyReason.REFERENCE_ALTERED, request.id)


@pytest.mark.parametrize("word", ["FM1-1234567890123456", "FM1-ABCDEFG2"])
def test_a_ticket_is_no_reference(word: str) -> None:
    ruling = judged(mail(body_references=(word,), named_requests=("ap-1234567890123456",)), opened())
    assert (ruling.outcome, ruling.quarantine, ruling.request_id) == (Outcome.UNKNOWN_REFERENCE, False, "")


def test_an_answer_of_who_was_told_that_they_were_not_asked_is_seen() -> None:
    request = opened()
    ruling = judged(mail("eve@corp.test"), request, answered=(request.id,))
    assert (ruling.outcome, ruling.quarantine) == (Outcome.UNKNOWN_REFERENCE, False)
    assert (ruling.request_id, ruling.reason) == (request.id, ReplyReason.NOT_ASKED)


def test_a_group_in_place_of_its_member_is_named_as_the_reason() -> None:
    request = opened()
    facts = {"sender_fault": "a group", "claimed": "team@corp.test", "via": ALICE}
    ruling = judged(mail("", body_references=(whole(request),), **facts), request)
    assert (ruling.reason, ruling.stranger) == (ReplyReason.VIA_GROUP, None)


def test_named_has_those_of_the_references_first_and_each_once() -> None:
    first, second = opened(), other()
    bounce = Bounce(BOB, True, message_id=f"{whole(second).lower()}.approval_request.0@corp.test")
    reading = mail(thread_references=(whole(first),), named_requests=(second.id, first.id, "ap-x"))
    assert naming.named(reading) == (first.id, second.id, "ap-x")
    assert naming.named(replace(reading, bounces=(bounce,)))[0] == second.id


def test_every_reason_for_undecided_is_in_the_closed_list_and_no_other_word_is() -> None:
    for code in WHY:
        assert of_unclear(code).value == code
    assert of_unclear("unless Meyer resigns") is ReplyReason.OTHER
    assert all(sentence(reason) for reason in ReplyReason)
    assert set(SENTENCES).isdisjoint(map(of_unclear, WHY))
