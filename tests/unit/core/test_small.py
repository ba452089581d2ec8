"""Addresses, retry, timing, decisions: small rules that everything leans on."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from flexmaild.core import retry, timing
from flexmaild.core.addresses import is_same_organization, normal, organizational_domain
from flexmaild.core.documents import decision
from flexmaild.core.errors import Failure, GiveUp, NotAllowed, Reason, Refused, TryLater, printable
from flexmaild.core.model import Answer
from flexmaild.core.work import Job, Queue
from flexmaild.store import StoreBroken
from tests.unit.core.make import DAY, NOW, opened, says

JOB = Job("m-1", Queue.OUTBOX, "outgoing", "test", "k", {}, NOW, NOW)
FIVE_DAYS = 5 * DAY


@pytest.mark.parametrize(
    "text",
    ["", "a", "@b.test", "a@", "a b@c.test", "a@b_c.test", "a@-b.test", ".a@b.test", "a..b@c.test",
     'a"b@c.test', "a@[127.0.0.1]", "a@b.test,c@d.test", "a\r\n@b.test", f"{'x' * 65}@b.test"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"@|address|domain"):
        normal(text)


def test_case_and_unicode_domains_do_not_matter() -> None:
    assert normal(" Bob.O'Neil+x@BÜCHER.test ") == "bob.o'neil+x@xn--bcher-kva.test"


@pytest.mark.parametrize(
    "text",
    [
        "a@straße.test",
        "a@ｓtrasse.test",
        "a@strasse。test",
        "a@stra\u00adsse.test",
        "a@ςα.test",
        "\u212aate@b.test",
    ],
)
def test_what_may_be_another_domain_or_name_elsewhere_is_no_address(text: str) -> None:
    """The owner of xn--strae-oqa.test is not that of strasse.test, and programs differ in which this is."""
    with pytest.raises(ValueError, match=r"elsewhere|before @"):
        normal(text)
    assert normal("a@xn--strae-oqa.test") == "a@xn--strae-oqa.test"
    assert normal("\u00c5e@bu\u0308cher.test") == "\u00e5e@xn--bcher-kva.test"


def test_pauses_grow_and_are_bounded() -> None:
    failure = TryLater(Reason.NETWORK, "refused")
    pauses = [retry.pause(Queue.OUTBOX, n, failure, 1.0).total_seconds() for n in range(12)]
    assert pauses[0] == 30
    assert pauses == sorted(pauses)
    assert pauses[-1] == 4000


def test_a_lasting_fault_of_the_mail_is_given_up_one_of_the_way_is_not() -> None:
    of_the_mail = GiveUp(Reason.CLIENT, "550 no such user", step="rcpt")
    of_the_way = GiveUp(Reason.AUTH, "535 wrong password", step="login")
    assert retry.after_failure(JOB, of_the_mail, NOW, FIVE_DAYS, 0.5).result == "give_up"
    kept = retry.after_failure(JOB, of_the_way, NOW, FIVE_DAYS, 0.5)
    assert kept.result == "later"
    assert kept.again_at is not None
    assert kept.again_at - NOW >= timedelta(minutes=2)


def test_a_limit_on_all_mails_closes_the_way_one_on_a_recipient_does_not() -> None:
    assert retry.fails_every_job(TryLater(Reason.THROTTLED, "429", step="send"))
    assert not retry.fails_every_job(TryLater(Reason.THROTTLED, "452 5.2.2", step="rcpt"))


def test_a_sender_that_is_refused_ends_no_mail_and_keeps_no_other_back() -> None:
    sender = GiveUp(Reason.SERVER, "refused", step="mail", answer="550 5.7.1 no sender")
    kept = retry.after_failure(JOB, sender, NOW, FIVE_DAYS, 0.5)
    assert (kept.result, kept.closed, retry.fails_every_job(sender)) == ("later", "mail", False)
    for answer in ("552 5.3.4 too big", "523 the message length exceeds the limit", "550 5.2.3 too long", ""):
        one = GiveUp(Reason.SERVER, "refused", step="mail", answer=answer)
        assert retry.after_failure(JOB, one, NOW, FIVE_DAYS, 0.5).result == "give_up"


def test_a_doubt_lasts_until_a_try_succeeds() -> None:
    unsure = replace(JOB, uncertain=True)
    later = retry.after_failure(unsure, TryLater(Reason.NETWORK, "refused"), NOW, FIVE_DAYS, 0.5)
    assert later.uncertain
    assert not retry.after_failure(JOB, TryLater(Reason.NETWORK, "refused"), NOW, FIVE_DAYS, 0.5).uncertain


def test_what_is_too_old_is_given_up() -> None:
    old = replace(JOB, created_at=NOW - FIVE_DAYS)
    assert retry.after_failure(old, TryLater(Reason.SERVER, "450"), NOW, FIVE_DAYS, 0.5).result == "give_up"


def test_a_server_s_wish_is_obeyed_within_reason() -> None:
    def wish(seconds: float) -> float:
        failure = TryLater(Reason.THROTTLED, "429", retry_after=seconds)
        return retry.pause(Queue.OUTBOX, 0, failure, 0.0).total_seconds()

    assert wish(100) == 100
    assert wish(10**9) == 3600


def test_only_pending_requests_are_due() -> None:
    request = opened(remind_after=(DAY,))
    assert timing.next_due(request) == NOW + DAY
    assert timing.next_due(replace(request, reminders_sent=1)) == request.terms.expires_at
    assert timing.next_due(says(request, 0, Answer.APPROVE).request) is None


def test_the_decision_is_a_cloudevent_with_everything_about_each_verdict() -> None:
    request = says(opened(metadata={"build": 7}), 0, Answer.REJECT, "not today").request
    event = json.loads(decision.event(request))
    assert (event["specversion"], event["type"]) == ("1.0", "flexmaild.approval.decided.v1")
    assert event["id"] == f"{request.id}.decided"
    assert event["data"]["metadata"] == {"build": 7}
    (verdict,) = event["data"]["verdicts"]
    assert (verdict["answer"], verdict["comment"], verdict["proof"]) == ("reject", "not today", "reference")
    assert decision.event(request) == decision.event(request)


def test_texts_for_people_stay_on_one_line() -> None:
    assert printable("a\r\nb\x1b[31m\u202ec") == "a  b [31m c"


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("corp.test", "corp.test"),
        ("a.b.corp.test", "corp.test"),
        ("mail.corp.co.uk", "corp.co.uk"),
        ("co.uk", ""),
        ("corp.github.io", "corp.github.io"),
        ("github.io", ""),
        ("www.city.kawasaki.jp", "city.kawasaki.jp"),
        ("x.kawasaki.jp", ""),
        ("mail.xn--55qx5d.cn", "mail.xn--55qx5d.cn"),
        ("test", ""),
        ("", ""),
    ],
)
def test_what_the_owner_of_a_domain_registered(domain: str, registered: str) -> None:
    assert organizational_domain(domain) == registered


def test_who_registered_at_the_same_place_is_not_the_same_organization() -> None:
    for one, other in (
        ("a.co.uk", "b.co.uk"),
        ("a.co.uk", "co.uk"),
        ("a.test", "test"),
        ("a.test", "b.test"),
    ):
        assert not is_same_organization(one, other)
        assert is_same_organization(one, one) and is_same_organization(f"x.{one}", f"y.{one}")


def test_a_fault_of_the_store_and_a_refused_request_are_failures() -> None:
    """What crosses packages is one kind of error; a store's fault never gives up what it hit."""
    one, two = NotAllowed("title", "is missing"), NotAllowed("approvers.0", "is no address")
    refused, fault = Refused([one, two]), StoreBroken("/x: the disk failed.", "look.")
    assert one.faults == (one,) and refused.faults == (one, two)
    assert [str(e) for e in (one, refused)] == ["title: is missing", f"{one}; {two}"]
    assert str(fault) == "/x: the disk failed. Cure: look."
    assert all(isinstance(e, Failure) for e in (one, refused, fault))
    assert not isinstance(fault, GiveUp | TryLater)
