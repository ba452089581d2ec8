"""A mail that names a request and cannot decide it is seen there, and never more than undecided."""

from dataclasses import replace
from typing import Any

import pytest

from flexmaild.core import references
from flexmaild.core.approval import named_requests
from flexmaild.core.approval.admission import Admission, SenderPolicy
from flexmaild.core.approval.events import Answered, Unclear
from flexmaild.core.model import Answer, Outcome, Request
from flexmaild.core.parsed_reply import AuthResult, Bounce, MailNature, ParsedReply
from flexmaild.core.reasons import SENTENCES, ReplyReason, of_unclear, sentence
from flexmaild.core.references import ReferenceKeys
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


def mail(sender: str = ALICE, **facts: Any) -> ParsedReply:
    defaults: dict[str, Any] = {"sender": sender, "answer": Answer.APPROVE, "text_digest": "t"}
    return ParsedReply("sha", 100, MailNature.HUMAN, **(defaults | facts))


def judged(reading: ParsedReply, *requests: Request, answered: tuple[str, ...] = ()) -> Admission:
    known = {request.id: request for request in requests}
    return named_requests.admission_of(reading, known, ReferenceKeys(KEY), SenderPolicy(), answered)


NATURES = [nature for nature in MailNature if nature is not MailNature.HUMAN]


@pytest.mark.parametrize("nature", NATURES)
def test_whatever_wrote_it_it_is_seen_where_it_names_a_request(nature: MailNature) -> None:
    request = opened()
    admission = judged(replace(mail(named_requests=("ap-none", request.id)), nature=nature), request)
    assert (admission.event, admission.request_id) == (None, request.id)
    assert admission.reason is not ReplyReason.NO_REFERENCE


@pytest.mark.parametrize("place", ["body_references", "thread_references", "address_references"])
def test_a_damaged_reference_beside_the_senders_own_is_undecided_and_explained(place: str) -> None:
    request = opened()
    beside = mail(thread_references=(whole(request),), hidden_references=())
    beside = replace(beside, **{place: (DAMAGED, whole(request))})
    admission = judged(beside, request)
    assert isinstance(admission.event, Unclear)
    assert (admission.outcome, admission.reason) == (Outcome.UNDECIDED, ReplyReason.REFERENCE_DAMAGED)
    assert not admission.quarantine


def test_a_damaged_reference_beside_anothers_is_set_aside() -> None:
    request = opened()
    admission = judged(mail(body_references=(DAMAGED, whole(request, 1))), request)
    assert (admission.event, admission.quarantine, admission.request_id) == (None, True, request.id)


def test_two_requests_of_the_same_person_in_one_mail_are_undecided_at_the_one_they_answer() -> None:
    first, second = opened(), other()
    admission = judged(
        mail(thread_references=(whole(second),), body_references=(whole(first),)), first, second
    )
    assert isinstance(admission.event, Unclear)
    assert (admission.request_id, admission.reason) == (second.id, ReplyReason.REFERENCES_DISAGREE)


def test_a_reference_in_an_attachment_alone_is_explained_to_the_asked_and_to_nobody_else() -> None:
    request = opened()
    admission = judged(mail(hidden_references=(whole(request),)), request)
    assert isinstance(admission.event, Unclear)
    assert admission.reason is ReplyReason.REFERENCE_ATTACHED
    told = judged(mail("eve@corp.test", hidden_references=(whole(request),), auth_results=(PASS,)), request)
    assert (told.event, told.unlisted_sender, told.quarantine) == (
        None,
        None,
        True,
    )
    assert told.reason is ReplyReason.WRONG_PERSON


def test_what_is_attached_beside_the_senders_own_reference_says_nothing() -> None:
    first, second = opened(), other()
    admission = judged(
        mail(thread_references=(whole(first),), hidden_references=(whole(second, 1),)), first, second
    )
    assert isinstance(admission.event, Answered)


@pytest.mark.parametrize("texts", [(), ("FM1-ABCDEFG2",)])
def test_the_beginning_of_a_reference_names_its_request_and_is_an_altered_one(texts: tuple[str, ...]) -> None:
    request = opened()
    admission = judged(mail(body_references=texts, named_requests=(request.id,)), request)
    assert (admission.outcome, admission.quarantine) == (Outcome.UNAUTHENTICATED, True)
    assert (admission.reason, admission.request_id) == (ReplyReason.REFERENCE_ALTERED, request.id)


@pytest.mark.parametrize("word", ["FM1-1234567890123456", "FM1-ABCDEFG2"])
def test_a_ticket_is_no_reference(word: str) -> None:
    admission = judged(mail(body_references=(word,), named_requests=("ap-1234567890123456",)), opened())
    assert (admission.outcome, admission.quarantine, admission.request_id) == (
        Outcome.UNKNOWN_REFERENCE,
        False,
        "",
    )


def test_an_answer_of_who_was_told_that_they_were_not_asked_is_seen() -> None:
    request = opened()
    admission = judged(mail("eve@corp.test"), request, answered=(request.id,))
    assert (admission.outcome, admission.quarantine) == (Outcome.UNKNOWN_REFERENCE, False)
    assert (admission.request_id, admission.reason) == (request.id, ReplyReason.NOT_ASKED)


def test_a_group_in_place_of_its_member_is_named_as_the_reason() -> None:
    request = opened()
    facts = {"sender_fault": "a group", "claimed": "team@corp.test", "via": ALICE}
    admission = judged(mail("", body_references=(whole(request),), **facts), request)
    assert (admission.reason, admission.unlisted_sender) == (ReplyReason.VIA_GROUP, None)


def test_named_has_those_of_the_references_first_and_each_once() -> None:
    first, second = opened(), other()
    bounce = Bounce(BOB, True, message_id=f"{whole(second).lower()}.approval_request.0@corp.test")
    reading = mail(thread_references=(whole(first),), named_requests=(second.id, first.id, "ap-x"))
    assert named_requests.named_ids(reading) == (first.id, second.id, "ap-x")
    assert named_requests.named_ids(replace(reading, bounces=(bounce,)))[0] == second.id


def test_every_reason_for_undecided_is_in_the_closed_list_and_no_other_word_is() -> None:
    for code in WHY:
        assert of_unclear(code).value == code
    assert of_unclear("unless Meyer resigns") is ReplyReason.OTHER
    assert all(sentence(reason) for reason in ReplyReason)
    assert set(SENTENCES).isdisjoint(map(of_unclear, WHY))


OTHER_KEY = b"another installation's key"
FOREIGN = references.request_id(OTHER_KEY, b"theirs")
LOST = references.request_id(KEY, b"mine-1")


def reference_of(identifier: str, who: int = 0, key: bytes = KEY) -> str:
    request = replace(opened(), id=identifier)
    return references.issue(key, request, request.invitations[who])


def whose(reading: ParsedReply, *requests: Request, past: tuple[str, ...] = ()) -> Admission:
    known = {request.id: request for request in requests}
    others = [i for i in named_requests.claimed_ids(reading) if i not in known]
    ids = named_requests.KnownIds(
        (b"in force", KEY), frozenset(past), named_requests.nearest_ids(others, known)
    )
    found = {i: known[i] for i in named_requests.named_ids(reading) if i in known}
    return named_requests.admission_of(reading, found, ReferenceKeys(KEY), SenderPolicy(), (), ids)


PLACES = ["body_references", "thread_references", "address_references"]
READ = [n for n in MailNature if n not in (MailNature.OVERSIZE, MailNature.UNPARSABLE)]


@pytest.mark.parametrize("nature", READ)
@pytest.mark.parametrize("place", PLACES)
def test_what_answers_another_installations_request_is_left(place: str, nature: MailNature) -> None:
    """Whoever wrote it, an approver of ours too: people approve for several installations."""
    text = reference_of(FOREIGN, key=OTHER_KEY)
    admission = whose(replace(mail(**{place: (text,)}), nature=nature), opened())
    assert (admission.outcome, admission.reason) == (Outcome.FOREIGN, ReplyReason.FOREIGN)
    assert (admission.event, admission.quarantine, admission.request_id) == (None, False, "")


@pytest.mark.parametrize("place", PLACES)
def test_an_approver_of_ours_who_shows_an_unknown_reference_once_has_altered_ours_or_means_another(
    place: str,
) -> None:
    """It is set aside and seen, and left in the folder; what is the same at two places was not altered."""
    text, request = reference_of(FOREIGN, key=OTHER_KEY), opened()
    ids = named_requests.KnownIds((KEY,), asked={ALICE: request.id})
    for one in (text, text[:30]):
        admission = named_requests.admission_of(
            mail(**{place: (one,)}), {}, ReferenceKeys(KEY), SenderPolicy(), (), ids
        )
        assert (admission.outcome, admission.reason) == (
            Outcome.UNAUTHENTICATED,
            ReplyReason.REFERENCE_ALTERED,
        )
        assert (admission.quarantine, admission.stays, admission.request_id) == (True, True, request.id)
    twice = mail(body_references=(text,), thread_references=(text.lower(),))
    assert (
        named_requests.admission_of(twice, {}, ReferenceKeys(KEY), SenderPolicy(), (), ids).outcome
        is Outcome.FOREIGN
    )
    told = mail("eve@corp.test", **{place: (text,)})
    assert (
        named_requests.admission_of(told, {}, ReferenceKeys(KEY), SenderPolicy(), (), ids).outcome
        is Outcome.FOREIGN
    )


def test_a_report_about_another_installations_mail_is_left() -> None:
    text = reference_of(FOREIGN, key=OTHER_KEY).lower()
    bounce = Bounce("a@b.test", True, message_id=f"{text}.approval_request.0@corp.test")
    assert whose(replace(mail(bounces=(bounce,)), nature=MailNature.BOUNCE)).outcome is Outcome.FOREIGN


@pytest.mark.parametrize("nature", READ)
@pytest.mark.parametrize("place", [*PLACES, "hidden_references"])
def test_what_answers_a_request_of_ours_that_the_store_lacks_is_left(place: str, nature: MailNature) -> None:
    admission = whose(replace(mail(**{place: (reference_of(LOST),)}), nature=nature), opened())
    assert (admission.outcome, admission.reason) == (Outcome.STORE_OLDER, ReplyReason.STORE_OLDER)
    assert (admission.event, admission.quarantine, admission.request_id) == (None, False, LOST)


def test_a_late_reply_to_a_forgotten_request_is_late_whatever_its_id() -> None:
    for identifier in (LOST, references.written_id(b"0123456789")):
        admission = whose(mail(body_references=(reference_of(identifier),)), past=(identifier,))
        assert (admission.outcome, admission.reason) == (Outcome.LATE, ReplyReason.FORGOTTEN)
        assert (admission.event, admission.quarantine) == (None, False)
    automatic = replace(mail(body_references=(reference_of(LOST),)), nature=MailNature.AUTO_REPLY)
    assert whose(automatic, past=(LOST,)).outcome is Outcome.AUTO_REPLY


@pytest.mark.parametrize("beside", ["hidden_references", "named_requests"])
@pytest.mark.parametrize("place", PLACES)
def test_what_is_attached_does_not_hide_that_the_answered_request_is_lost_or_forgotten(
    place: str, beside: str
) -> None:
    """A reply to a request that the store lacks, with the mail of another one that it has."""
    known, reply = opened(), mail(**{place: (reference_of(LOST),)})
    attached = whole(known) if beside == "hidden_references" else known.id
    admission = whose(replace(reply, **{beside: (attached,)}), known)
    assert (admission.outcome, admission.reason) == (Outcome.STORE_OLDER, ReplyReason.STORE_OLDER)
    assert (admission.event, admission.quarantine, admission.request_id) == (None, False, LOST)
    admission = whose(replace(reply, **{beside: (attached,)}), known, past=(LOST,))
    assert (admission.outcome, admission.reason) == (Outcome.LATE, ReplyReason.FORGOTTEN)
    assert (admission.event, admission.quarantine, admission.request_id) == (None, False, LOST)


@pytest.mark.parametrize("is_by_id", [True, False])
def test_a_report_about_a_forgotten_request_is_a_report_and_nothing_to_look_at(is_by_id: bool) -> None:
    text = reference_of(LOST)
    about = Bounce(ALICE, True, message_id=f"{text.lower()}.approval_request.0@corp.test" if is_by_id else "")
    quoted = () if is_by_id else (text,)
    report = replace(mail(bounces=(about,), body_references=quoted), nature=MailNature.BOUNCE)
    for requests in ((), (opened(),)):
        admission = whose(report, *requests, past=(LOST,))
        assert (admission.outcome, admission.reason) == (Outcome.BOUNCE, ReplyReason.DELIVERY_REPORT)
        assert (admission.event, admission.quarantine, admission.request_id) == (None, False, LOST)


def altered(text: str, at: int, kind: str) -> str:
    """A reference with a letter of its id changed, lost or put in."""
    letter = "B" if text[at] != "B" else "C"
    changed = {"changed": letter + text[at + 1 :], "lost": text[at + 1 :] + "A", "put in": letter + text[at:]}
    return (text[:at] + changed[kind])[: len(text)]


@pytest.mark.parametrize("kind", ["changed", "lost", "put in"])
@pytest.mark.parametrize("at", range(4, 20))
def test_a_reference_that_is_ours_but_for_a_letter_of_its_id_is_altered(at: int, kind: str) -> None:
    request = opened()
    admission = whose(mail(body_references=(altered(whole(request), at, kind),)), request)
    assert (admission.outcome, admission.reason) == (Outcome.UNAUTHENTICATED, ReplyReason.REFERENCE_ALTERED)
    assert (admission.quarantine, admission.request_id) == (True, request.id)


@pytest.mark.parametrize("place", ["hidden_references", "body_references"])
def test_an_unknown_id_beside_a_reference_of_ours_is_altered_or_explained(place: str) -> None:
    request = opened()
    foreign = reference_of(FOREIGN, key=OTHER_KEY)
    reading = mail("eve@corp.test", thread_references=(foreign,), named_requests=(request.id,))
    admission = whose(reading, request)
    assert (admission.outcome, admission.request_id) == (Outcome.UNAUTHENTICATED, request.id)
    assert admission.reason is ReplyReason.REFERENCE_ALTERED and admission.quarantine
    own = whose(
        mail(
            thread_references=(foreign,),
            **{place: (*((foreign,) if place[0] == "b" else ()), whole(request))},
        ),
        request,
    )
    assert own.outcome is Outcome.UNDECIDED and isinstance(own.event, Unclear)


def test_without_any_key_nothing_is_called_anothers() -> None:
    assert judged(mail(body_references=(reference_of(FOREIGN),))).reason is ReplyReason.NO_SUCH_REQUEST


@pytest.mark.parametrize("word", ["FM1-1234567890123456", "FM1-ABCDEFG2"])
def test_a_ticket_is_nobodys_reference(word: str) -> None:
    reading = mail(body_references=(word,), named_requests=("ap-1234567890123456",))
    assert whose(reading).outcome is Outcome.UNKNOWN_REFERENCE
