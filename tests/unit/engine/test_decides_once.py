"""A mail that decided is used up: whatever it is made to answer, wherever it comes in, for good."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flexmaild.core import references
from flexmaild.core.approval import admission, opening
from flexmaild.core.approval.admission import SenderPolicy
from flexmaild.core.model import Answer, Outcome, Request
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.ports import Fetched, MessageUid
from flexmaild.core.reasons import ReplyReason
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import Change, ProcessedMail
from flexmaild.engine import decide, due
from flexmaild.engine.changes import Context
from flexmaild.engine.limiter import Limiter
from flexmaild.store import Store
from tests.support import stores
from tests.support.older_store import back_to, with_brackets
from tests.support.stores import at, commit, prune
from tests.unit.core.make import KEY, NOW, PEOPLE, opened

FIRST = opened()
SECOND = replace(opened(), id=references.written_id(b"9876543210"))
CONTEXT = Context(ReferenceKeys(KEY), "corp.test", SenderPolicy(), Limiter(10), (KEY,))


def store_in(directory: Path) -> Store:
    store = stores.opened(directory)
    if not store.requests([FIRST.id]):
        commit(store, Change(requests=(FIRST, SECOND)))
    return store


def reply(request: Request, **facts: Any) -> ParsedReply:
    invitation = request.invitations[0]
    said: dict[str, Any] = {
        "message_id": "m1@corp.test",
        "date": "Sat, 21 Nov 2026 10:15:00 +0000",
        "sender": PEOPLE[0],
        "thread_references": (references.issue(KEY, request, invitation),),
        "answer": Answer.APPROVE,
    }
    digest = hashlib.sha256(repr((request.id, sorted(facts.items()))).encode()).hexdigest()
    return ParsedReply(digest, 100, MailNature.HUMAN, **(said | facts))


def taken(store: Store, *readings: ParsedReply, mailbox: str = "imap/INBOX") -> list[ProcessedMail]:
    """What becomes of these mails, which come in together, once that is committed."""
    count = len(store.outcomes(FIRST.id)) + len(store.outcomes(SECOND.id))
    marks = [MessageUid(mailbox, "1", f"{count + n}") for n in range(len(readings))]
    mails = [(Fetched(mark, 100, b"x"), reading) for mark, reading in zip(marks, readings, strict=True)]
    with at(store, NOW) as transaction:
        changes = decide.mails(transaction, CONTEXT, mails)
        transaction.write(changes.change())
    return changes.processed


def test_a_mail_that_decided_answers_no_other_request(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert taken(store, reply(FIRST))[0].outcome is Outcome.DECISION
    store.close()
    store = store_in(tmp_path)
    for moved in (
        reply(SECOND),
        reply(SECOND, subject="another"),
        reply(SECOND, answer=None, unclear="empty"),
    ):
        (seen,) = taken(store, moved, mailbox="graph/Other")
        assert (seen.outcome, seen.quarantined) == (Outcome.DUPLICATE, True)
        assert "Message-ID" in seen.because
    shown = store.replies(SECOND.id)
    assert {r.reason for r in shown} == {ReplyReason.SPENT} and len(shown) == 3
    assert store.requests([SECOND.id])[SECOND.id].verdicts == ()
    store.close()


def test_nor_one_that_came_in_with_it(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    outcomes = [seen.outcome for seen in taken(store, reply(FIRST), reply(SECOND))]
    assert outcomes == [Outcome.DECISION, Outcome.DUPLICATE]
    store.close()


def test_a_signature_decides_once_where_the_message_id_is_not_signed(tmp_path: Path) -> None:
    """Else an answer that was changed since could be brought back under another Message-ID."""
    store = store_in(tmp_path)
    signed = reply(FIRST, signed_as=("a", "b"))
    assert taken(store, signed)[0].outcome is Outcome.DECISION
    changed = reply(FIRST, message_id="m2@corp.test", answer=Answer.REJECT, signed_as=("c",))
    assert taken(store, changed)[0].outcome is not Outcome.DUPLICATE
    brought_back = replace(signed, message_id="m3@corp.test", date="today", signed_as=("x", "b"))
    (seen,) = taken(store, brought_back)
    assert (seen.outcome, seen.because) == (Outcome.DUPLICATE, admission.sentence(ReplyReason.SPENT))
    store.close()


def test_what_did_not_decide_and_what_others_sent_uses_nothing_up(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert taken(store, reply(FIRST, answer=None, unclear="empty"))[0].outcome is Outcome.UNDECIDED
    assert taken(store, reply(FIRST, sender=PEOPLE[1]))[0].outcome is Outcome.UNAUTHENTICATED
    assert taken(store, reply(FIRST, message_id=""))[0].outcome is Outcome.DECISION
    assert taken(store, reply(SECOND))[0].outcome is Outcome.DECISION
    store.close()


def test_the_same_mail_again_is_no_further_reply(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    taken(store, reply(FIRST))
    (seen,) = taken(store, reply(FIRST), mailbox="graph/Other")
    assert (seen.outcome, seen.quarantined, seen.replies) == (Outcome.DUPLICATE, False, ())
    store.close()


def test_it_is_remembered_for_longer_than_a_request_can_be_open(tmp_path: Path) -> None:
    assert due.REMEMBER > opening.MAX_EXPIRY
    store = store_in(tmp_path)
    taken(store, reply(FIRST))
    names = admission.ids_of_answer(reply(FIRST))
    for cut, known in ((NOW - timedelta(1), set(names)), (NOW + timedelta(1), set())):
        while prune(store, raw_before=cut, outcomes_before=cut, done_before=cut):
            pass
        assert store.already_spent(names) == known
    store.close()


def test_mails_that_decided_before_an_upgrade_are_used_up_too(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    taken(store, reply(FIRST))
    taken(store, reply(SECOND, message_id="m2@corp.test", answer=None, unclear="empty"))
    store.close()
    with_brackets(tmp_path / "flexmaild.db")
    back_to(tmp_path / "flexmaild.db", "0005")
    store = store_in(tmp_path)
    assert store.already_spent(admission.ids_of_answer(reply(FIRST))) == set(
        admission.ids_of_answer(reply(FIRST))
    )
    assert taken(store, reply(SECOND))[0].outcome is Outcome.DUPLICATE
    assert taken(store, reply(SECOND, message_id="m2@corp.test"))[0].outcome is Outcome.DECISION
    store.close()


def test_two_polls_with_the_same_mail_judge_it_once_and_another_with_its_number_as_well(
    tmp_path: Path,
) -> None:
    """After a reload two pollers may hand over the same mails; a restored mailbox gives numbers again."""
    store = store_in(tmp_path)
    mark = MessageUid("imap/INBOX", "1", "5")
    one, other = reply(FIRST), reply(SECOND, message_id="m2@corp.test")

    def read(reading: ParsedReply, arrived: str) -> list[ProcessedMail]:
        with at(store, NOW) as transaction:
            mail = Fetched(mark, 100, b"x", arrived=arrived, name=reading.message_id)
            changes = decide.mails(transaction, CONTEXT, [(mail, reading)])
            transaction.write(changes.change())
        return changes.processed

    assert [seen.outcome for seen in read(one, "monday")] == [Outcome.DECISION]
    assert read(one, "monday") == []
    assert [seen.outcome for seen in read(other, "tuesday")] == [Outcome.DECISION]
    assert read(other, "tuesday") == []
    assert len(store.outcomes(FIRST.id)) == len(store.outcomes(SECOND.id)) == 1
    store.close()
