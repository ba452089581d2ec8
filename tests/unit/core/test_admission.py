"""Who may say anything: each threat as a reading, and that it decides nothing."""

from dataclasses import replace
from typing import Any

import pytest

from flexmaild.core import references
from flexmaild.core.approval import named_requests, state_machine
from flexmaild.core.approval.admission import Admission, SenderPolicy, fingerprint, ids_of_answer
from flexmaild.core.approval.events import Answered, Bounced, ResendAsked, Unclear
from flexmaild.core.model import Answer, Outcome, Request, Requirement
from flexmaild.core.parsed_reply import AuthResult, Bounce, MailNature, ParsedReply
from flexmaild.core.reasons import ReplyReason
from flexmaild.core.references import ReferenceKeys
from tests.unit.core.make import KEY, NOW, PEOPLE, opened, says

ALICE, BOB, _ = PEOPLE
PASS = AuthResult("mx.corp.test", "dmarc", "pass", "corp.test")


def reply(request: Request, who: int = 0, **facts: Any) -> ParsedReply:
    """A good reply of that approver, but for `facts`."""
    invitation = request.invitations[who]
    defaults: dict[str, Any] = {
        "message_id": "reply@corp.test",
        "sender": invitation.approver.address,
        "body_references": (references.issue(KEY, request, invitation),),
        "answer": Answer.APPROVE,
    }
    return ParsedReply(**({"sha256": "sha", "size": 100, "nature": MailNature.HUMAN} | defaults | facts))


def ruled(request: Request | None, reading: ParsedReply, policy: SenderPolicy | None = None) -> Admission:
    requests = {request.id: request} if request is not None else {}
    return named_requests.admission_of(reading, requests, ReferenceKeys(KEY), policy or SenderPolicy())


def test_the_asked_person_with_their_reference_is_heard() -> None:
    request = opened()
    admission = ruled(request, reply(request))
    assert isinstance(admission.event, Answered)
    assert (admission.outcome, admission.event.proof) == (Outcome.DECISION, "reference")


def test_a_reference_in_the_thread_or_address_is_as_good() -> None:
    request = opened()
    text = references.issue(KEY, request, request.invitations[0])
    for place in ("thread_references", "address_references"):
        reading = reply(request, body_references=(), **{place: (text,)})
        assert isinstance(ruled(request, reading).event, Answered)


@pytest.mark.parametrize(
    ("nature", "outcome", "quarantine"),
    [
        (MailNature.AUTO_REPLY, Outcome.AUTO_REPLY, False),
        (MailNature.LIST, Outcome.AUTO_REPLY, False),
        (MailNature.CALENDAR, Outcome.AUTO_REPLY, False),
        (MailNature.OWN, Outcome.LOOP, False),
        (MailNature.OVERSIZE, Outcome.OVERSIZE, True),
        (MailNature.UNPARSABLE, Outcome.UNPARSABLE, True),
    ],
)
def test_what_no_person_wrote_decides_nothing(nature: MailNature, outcome: Outcome, quarantine: bool) -> None:
    request = opened()
    admission = ruled(request, replace(reply(request), nature=nature))
    assert (admission.event, admission.outcome, admission.quarantine) == (None, outcome, quarantine)


REFUSED: dict[str, dict[str, Any]] = {
    "forwarded: a colleague uses the reference": {"sender": "eve@corp.test"},
    "another approver uses it": {"sender": BOB},
    "several From, or none that is readable": {
        "sender": "",
        "sender_fault": "2 From fields",
        "from_fields": 2,
    },
    "sent by somebody else in the approver's name": {"delegate": "assistant@corp.test"},
    "the border says that DMARC failed": {"auth_results": (replace(PASS, result="fail"),)},
    "the worst of several results counts": {"auth_results": (PASS, replace(PASS, result="fail"))},
    "altered: a character is missing": {"body_references": ("FM1-" + "A" * 44,)},
    "somebody else sent it on": {"redirected": True},
    "somebody else sent on what is proven": {"redirected": True, "auth_results": (PASS,)},
    "somebody else sent on a colleague's": {
        "redirected": True,
        "auth_results": (PASS,),
        "sender": "eve@corp.test",
    },
}


@pytest.mark.parametrize("facts", REFUSED.values(), ids=REFUSED)
def test_who_is_not_believed_is_quarantined_and_never_answered(facts: dict[str, Any]) -> None:
    request = opened()
    admission = ruled(request, reply(request, **facts))
    assert (admission.event, admission.outcome) == (None, Outcome.UNAUTHENTICATED)
    assert admission.quarantine
    assert admission.unlisted_sender is None


def test_references_that_disagree_are_refused() -> None:
    request = opened()
    both = tuple(references.issue(KEY, request, i) for i in request.invitations[:2])
    assert ruled(request, reply(request, body_references=both)).outcome is Outcome.UNAUTHENTICATED
    split = reply(request, body_references=both[:1], thread_references=both[1:])
    assert ruled(request, split).event is None


@pytest.mark.parametrize("place", ["body_references", "thread_references", "address_references"])
def test_a_piece_beside_a_whole_reference_says_nothing(place: str) -> None:
    request = opened()
    whole = references.issue(KEY, request, request.invitations[0])
    pieces = ("FM1-7ABCDEFGH", whole[:-1], f"{whole}A")
    beside = reply(request, **{"thread_references": (whole,), place: (*pieces, whole)})
    assert isinstance(ruled(request, beside).event, Answered)
    alone = ruled(request, reply(request, **{"body_references": (), place: pieces}))
    assert (alone.because, alone.quarantine) == ("altered reference", True)


def test_nobody_is_told_who_wrote_in_another_s_name() -> None:
    """From may be the reply address itself, by a shared mailbox: a mail to it would come back."""
    request = opened()
    sent_for = reply(request, sender="approvals@corp.test", delegate=ALICE, auth_results=(PASS,))
    admission = ruled(request, sent_for)
    assert (admission.quarantine, admission.unlisted_sender) == (True, None)


def test_a_forged_reference_and_one_to_nothing_are_refused() -> None:
    request = opened()
    forged = references.issue(bytes(32), request, request.invitations[0])
    assert ruled(request, reply(request, body_references=(forged,))).because == "forged reference"
    assert ruled(None, reply(request)).quarantine


def test_no_reference_is_nothing_at_all() -> None:
    admission = ruled(None, reply(opened(), body_references=()))
    assert (admission.outcome, admission.quarantine) == (Outcome.UNKNOWN_REFERENCE, False)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("answer", [Answer.APPROVE, Answer.REJECT, None])
def test_what_was_sent_on_decides_nothing_whatever_must_be_proven(
    strict: bool, answer: Answer | None
) -> None:
    request = opened()
    policy = SenderPolicy("dmarc" if strict else "reference")
    sent_on = reply(request, redirected=True, auth_results=(PASS,), answer=answer, unclear="question")
    admission = ruled(request, sent_on, policy)
    assert (admission.outcome, admission.reason) == (Outcome.UNAUTHENTICATED, ReplyReason.REDIRECTED)
    assert (admission.event, admission.unlisted_sender, admission.quarantine) == (None, None, True)
    assert (admission.request_id, admission.invitation) == (request.id, 0)


@pytest.mark.parametrize("where", ["settings", "request"])
def test_where_a_proof_is_demanded_the_mail_must_be_written_to_us(where: str) -> None:
    """Else a proven mail to a colleague, brought to us as it is, would decide."""
    request = opened(require="dmarc") if where == "request" else opened()
    policy = SenderPolicy("dmarc" if where == "settings" else "reference")
    for sender in (ALICE, "eve@corp.test"):
        admission = ruled(
            request, reply(request, misdirected=True, auth_results=(PASS,), sender=sender), policy
        )
        assert (admission.outcome, admission.reason) == (Outcome.UNAUTHENTICATED, ReplyReason.MISDIRECTED)
        assert (admission.event, admission.unlisted_sender, admission.quarantine) == (None, None, True)
    unproven = ruled(request, reply(request, misdirected=True), policy)
    assert unproven.reason is ReplyReason.NOT_PROVEN


def test_what_the_signature_does_not_cover_names_nobody_to_whom_it_was_written() -> None:
    request = opened()
    demanding = SenderPolicy("dmarc")
    brought = reply(request, addressed="beside", auth_results=(PASS,))
    assert ruled(request, brought, demanding).reason is ReplyReason.MISDIRECTED
    sent = reply(
        request, addressed="beside", auth_results=(PASS, AuthResult("mx", "spf", "pass", "corp.test"))
    )
    assert isinstance(ruled(request, sent, demanding).event, Answered)
    assert isinstance(ruled(request, brought).event, Answered)


def test_where_the_reference_is_enough_it_may_be_written_to_anybody() -> None:
    request = opened()
    assert isinstance(ruled(request, reply(request, misdirected=True)).event, Answered)


def test_a_proven_stranger_may_be_told_an_unproven_one_never() -> None:
    request = opened()
    proven = reply(request, sender="eve@corp.test", auth_results=(PASS,))
    told = ruled(request, proven).unlisted_sender
    assert told is not None
    assert told.address == "eve@corp.test"
    assert ruled(request, replace(proven, auth_results=())).unlisted_sender is None


@pytest.mark.parametrize("domain", ["evil.test", "sub.corp.test", "corp.test.evil.test", "gmail.test"])
def test_a_proven_stranger_of_another_domain_than_who_was_asked_is_told_nothing(domain: str) -> None:
    request = opened(ALICE)
    known = replace(request.invitations[0].approver, aliases=("alice@gmail.test",))
    request = replace(request, invitations=(replace(request.invitations[0], approver=known),))
    proof = (replace(PASS, domain=domain),)
    admission = ruled(request, reply(request, sender=f"eve@{domain}", auth_results=proof))
    assert (admission.reason, admission.unlisted_sender) == (ReplyReason.WRONG_PERSON, None)


@pytest.mark.parametrize("where", ["settings", "request"])
def test_dmarc_may_be_demanded_by_settings_or_request(where: str) -> None:
    request = opened(require="dmarc") if where == "request" else opened()
    policy = SenderPolicy("dmarc" if where == "settings" else "reference")
    bare = reply(request)
    assert ruled(request, bare, policy).outcome is Outcome.UNAUTHENTICATED
    for proof in (
        {"auth_results": (PASS,)},
        {"auth_results": (replace(PASS, method="dkim"),)},
        {"internal": True},
    ):
        admission = ruled(request, replace(bare, **proof), policy)
        assert isinstance(admission.event, Answered)
        assert admission.event.proof != "reference"
    other = replace(bare, auth_results=(replace(PASS, domain="evil.test"),))
    assert ruled(request, other, policy).event is None


def test_an_alias_is_the_approver_and_an_allowed_delegate_too() -> None:
    request = opened(ALICE)
    known = replace(request.invitations[0].approver, aliases=("a.smith@corp.test",))
    request = replace(request, invitations=(replace(request.invitations[0], approver=known),))
    assert ruled(request, reply(request, sender="a.smith@corp.test")).event is not None
    open_to_delegates = replace(request, terms=replace(request.terms, allow_delegates=True))
    delegated = reply(open_to_delegates, delegate="assistant@corp.test")
    assert ruled(open_to_delegates, delegated).event is not None


def test_a_withdrawn_reference_opens_nothing() -> None:
    request = opened()
    old = reply(request)
    resent = state_machine.step(request, ResendAsked(ALICE, "ops"), NOW).request
    assert (ruled(resent, old).event, ruled(resent, old).outcome) == (None, Outcome.LATE)
    assert ruled(resent, reply(resent, 3)).event is not None


def test_after_the_decision_a_reply_is_late() -> None:
    request = opened()
    decided = says(request, 1, Answer.APPROVE).request
    assert ruled(decided, reply(request)).outcome is Outcome.LATE


def test_an_unclear_reply_is_heard_as_unclear() -> None:
    request = opened()
    admission = ruled(request, reply(request, answer=None, unclear="question"))
    assert isinstance(admission.event, Unclear)
    assert admission.outcome is Outcome.UNDECIDED


def test_a_delivery_report_finds_its_invitation_by_message_id() -> None:
    request = opened()
    reference = references.issue(KEY, request, request.invitations[1])
    identifier = f"{reference.lower()}.approval_request.0@corp.test"
    bounce = Bounce(BOB, True, "5.1.1", "no such user", identifier)
    reading = ParsedReply("s", 1, MailNature.BOUNCE, sender="", bounces=(bounce,), answer=Answer.APPROVE)
    admission = ruled(request, reading)
    assert admission.event == Bounced(1, bounce)
    assert ruled(request, replace(reading, bounces=())).event is None


def test_the_fingerprint_is_bound_to_sender_and_reference() -> None:
    request = opened()
    mine, answer = reply(request), Answer.APPROVE
    again = replace(mine, sha256="other", size=120)
    assert fingerprint(mine, answer) == fingerprint(again, answer)
    for changed in (replace(mine, sender=BOB), replace(mine, body_references=("FM1-X",))):
        assert fingerprint(mine, answer) != fingerprint(changed, answer)


def test_a_signed_answer_is_to_what_its_signed_places_say() -> None:
    request = opened()
    text = references.issue(KEY, request, request.invitations[0])
    strict = SenderPolicy("dmarc")
    moved = reply(
        request, auth_results=(PASS,), reference_is_open=True, body_references=(), thread_references=(text,)
    )
    assert ruled(request, moved, strict).reason is ReplyReason.THREAD_NOT_SIGNED
    assert isinstance(ruled(request, moved).event, Answered)
    assert isinstance(ruled(request, replace(moved, reference_is_open=False), strict).event, Answered)
    delivered = replace(moved, auth_results=(PASS, replace(PASS, method="spf")))
    assert isinstance(ruled(request, delivered, strict).event, Answered)


def test_a_text_that_may_have_been_meant_otherwise_decides_where_no_signature_alone_proves() -> None:
    request = opened()
    doubtful = reply(request, auth_results=(PASS,), reads_otherwise=True)
    admission = ruled(request, doubtful, SenderPolicy("dmarc"))
    assert isinstance(admission.event, Unclear)
    assert (admission.outcome, admission.reason, admission.quarantine) == (
        Outcome.UNDECIDED,
        ReplyReason.TYPE_NOT_SIGNED,
        True,
    )
    assert isinstance(ruled(request, doubtful).event, Answered)
    logged_in = replace(doubtful, auth_results=(AuthResult("mx", "auth", "pass", "corp.test", ALICE),))
    assert isinstance(ruled(request, logged_in, SenderPolicy("auth")).event, Answered)
    inside = replace(doubtful, internal=True)
    assert isinstance(ruled(request, inside, SenderPolicy("dmarc")).event, Answered)
    delivered = replace(doubtful, auth_results=(PASS, replace(PASS, method="spf")))
    assert isinstance(ruled(request, delivered, SenderPolicy("dmarc")).event, Answered)


@pytest.mark.parametrize(
    ("require", "result", "proof"),
    [
        ("auth", AuthResult("mx", "auth", "pass", "corp.test", ALICE), "auth"),
        ("auth", AuthResult("mx", "auth", "pass", "corp.test", "eve@corp.test"), None),
        ("auth", PASS, None),
        ("dkim", PASS, None),
        ("dkim", replace(PASS, method="dkim"), "dkim"),
        ("dmarc", replace(PASS, method="dkim"), "dkim"),
        ("dmarc", AuthResult("mx", "auth", "pass", "corp.test", ALICE), "auth"),
    ],
)
def test_each_requirement_is_met_by_what_proves_as_much(
    require: Requirement, result: AuthResult, proof: str | None
) -> None:
    request = opened()
    event = ruled(request, reply(request, auth_results=(result,)), SenderPolicy(require)).event
    assert (event.proof if isinstance(event, Answered) else None) == proof


def test_a_user_who_had_logged_in_is_believed_although_dmarc_failed() -> None:
    request = opened()
    user = AuthResult("mx", "auth", "pass", "corp.test", ALICE)
    failed = replace(PASS, result="fail")
    assert isinstance(ruled(request, reply(request, auth_results=(failed, user))).event, Answered)


def test_evidence_against_a_mail_refuses_it_whatever_is_required() -> None:
    request = opened()
    admission = ruled(request, reply(request, auth_faults=("a field of mx that mx did not write",)))
    assert (admission.reason, admission.quarantine) == (ReplyReason.RESULTS_DOUBTFUL, True)
    assert "mx did not write" in admission.because


def test_a_mail_is_known_by_the_digests_that_versions_before_kept() -> None:
    """They are compared with what is in the store, for 400 days."""
    mail = ParsedReply(
        "0" * 64,
        10,
        MailNature.HUMAN,
        sender="a@corp.test",
        message_id="m1@corp.test",
        date="today",
        answer=Answer.APPROVE,
    )
    assert fingerprint(mail, mail.answer)[:16] == "a2b2d9a1dbaf98cd"
    assert [name[:16] for name in ids_of_answer(mail)] == ["2c4b0e8f5c306e49"]
