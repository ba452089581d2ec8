"""The replies to a request: the last 50, a total that only grows, written with the outcome or not at all."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flexmaild.core.model import MailFacts, Outcome, State
from flexmaild.core.ports import MessageUid
from flexmaild.core.reasons import ReplyReason
from flexmaild.core.work import Change, Reply
from flexmaild.store import Store, StoreConflict
from flexmaild.store.records.replies import KEPT
from tests.support.older_store import back_to
from tests.support.stores import commit, opened, prune
from tests.unit.store.store_samples import NOW, mail, request, taken

AT = NOW + timedelta(minutes=1)


def reply(id_: str = "R1", sha256: str = "s", **changes: Any) -> Reply:
    mail = MailFacts(**({"sender": "ada@example.org", "sha256": sha256} | taken(changes, MailFacts)))
    return replace(Reply(id_, AT, Outcome.UNDECIDED, ReplyReason.QUESTION, mail), **changes)


def arrived(store: Store, uid: str, *replies: Reply) -> None:
    commit(store, Change(processed=(mail(uid, sha256=replies[0].mail.sha256, replies=replies),)))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = opened(tmp_path)
    commit(made, Change(requests=(request("R1"), request("R2"))))
    return made


def test_a_reply_comes_back_as_it_was_with_its_number(store: Store) -> None:
    given = reply(via="bob@example.org", message_id="m@x")
    arrived(store, "1", given, reply("R2"))
    assert store.replies("R1") == [replace(given, number=1)]
    assert [r.approval_id for r in store.replies("R2")] == ["R2"]
    assert store.replies("none") == []


def test_the_last_50_are_kept_and_all_are_counted(store: Store) -> None:
    for n in range(60):
        arrived(store, str(n), reply(sha256=str(n)))
    kept = store.replies("R1")
    assert [r.mail.sha256 for r in kept] == [str(n) for n in range(10, 60)]
    assert (len(kept), kept[-1].number) == (KEPT, 60)
    assert {i: r.number for i, r in store.newest_replies(["R1", "R2"]).items()} == {"R1": 60}


def test_so_are_those_of_one_batch(store: Store) -> None:
    batch = tuple(
        mail(str(n), sha256=str(n), replies=(reply(sha256=str(n)), reply("R2", sha256=str(n))))
        for n in range(130)
    )
    commit(store, Change(processed=batch))
    assert [r.number for r in store.replies("R1")] == list(range(81, 131))
    assert store.replies("R2")[-1].number == 130


def test_a_mail_that_is_fetched_again_adds_nothing(store: Store) -> None:
    for _ in range(3):
        arrived(store, "1", reply())
    assert [r.number for r in store.replies("R1")] == [1]


def test_the_same_mail_under_another_mark_is_no_further_reply_and_stands_as_it_is_read_now(
    store: Store,
) -> None:
    arrived(store, "1", reply(sha256="first"))
    arrived(store, "2", reply(sha256="second"))
    arrived(store, "3", reply(sha256="first", outcome=Outcome.DECISION, reason=ReplyReason.APPROVE))
    twice = (mail("4", sha256="third", replies=(reply(sha256="third"),)),) * 2
    commit(store, Change(processed=(twice[0], replace(twice[1], uid=MessageUid("imap/INBOX", "78", "1")))))
    kept = store.replies("R1")
    assert [(r.number, r.mail.sha256) for r in kept] == [(1, "first"), (2, "second"), (3, "third")]
    assert (kept[0].outcome, kept[0].reason) == (Outcome.DECISION, ReplyReason.APPROVE)


def test_a_mail_read_again_pushes_out_none_also_where_it_was_pushed_out_itself(store: Store) -> None:
    for reading in range(2):
        for n in range(60):
            arrived(store, f"{reading}-{n}", reply(sha256=str(n)))
    assert [r.number for r in store.replies("R1")] == list(range(11, 61))


def test_a_mail_read_again_is_seen_where_its_request_was_not_there_before(store: Store) -> None:
    arrived(store, "1", reply("R3", sha256="a"))
    commit(store, Change(requests=(request("R3"),)))
    arrived(store, "2", reply("R3", sha256="a"))
    assert [r.number for r in store.replies("R3")] == [1]


def test_a_reply_to_no_request_is_left_out_and_its_mail_is_not(store: Store) -> None:
    arrived(store, "1", reply("R9"), reply())
    assert store.processed(MessageUid("imap/INBOX", "77", "1")) is not None
    assert [r.number for r in store.replies("R1")] == [1]


def test_without_the_outcome_there_is_no_reply(store: Store) -> None:
    stale = replace(store.requests(["R1"])["R1"], version=7)
    with pytest.raises(StoreConflict):
        commit(store, Change(requests=(stale,), processed=(mail("1", replies=(reply(),)),)))
    assert store.replies("R1") == []


def test_a_row_is_bounded_whatever_a_sender_writes(store: Store) -> None:
    arrived(store, "1", reply(sender="x" * 5000, via="y" * 5000, message_id="\0\ud800" + "z" * 5000))
    (kept,) = store.replies("R1")
    assert (len(kept.mail.sender), len(kept.via), len(kept.mail.message_id)) == (254, 254, 250)


def test_they_go_with_their_request_and_with_nothing_else(store: Store) -> None:
    arrived(store, "1", reply())
    later = NOW + timedelta(days=900)
    for _ in range(3):
        prune(store, raw_before=later, outcomes_before=later, done_before=later)
    assert store.processed(MessageUid("imap/INBOX", "77", "1")) is None
    assert len(store.replies("R1")) == 1, "the request is open"
    commit(
        store, Change(requests=(replace(store.requests(["R1"])["R1"], state=State.APPROVED, decided_at=AT),))
    )
    prune(store, raw_before=later, outcomes_before=later, done_before=later)
    assert store.replies("R1") == []


def test_what_an_older_version_recorded_is_taken_over(tmp_path: Path) -> None:
    store = opened(tmp_path)
    commit(store, Change(requests=(request("R1"),)))
    facts = {"approval_id": "R1", "outcome": Outcome.UNDECIDED, "because": "condition"}
    commit(store, Change(processed=tuple(mail(str(n), **facts) for n in range(55))))
    unproven = {
        "outcome": Outcome.UNAUTHENTICATED,
        "because": "mx says unless Meyer resigns",
        "sender": "e@x",
    }
    commit(store, Change(processed=(mail("60", **facts | unproven), mail("61", outcome=Outcome.LATE))))
    commit(store, Change(processed=(mail("62", **facts | {"outcome": Outcome.DUPLICATE}),)))
    store.close()
    back_to(tmp_path / "flexmaild.db", "0003")
    kept = opened(tmp_path).replies("R1")
    assert (len(kept), kept[0].number, kept[-1].number) == (KEPT, 7, 56)
    assert {r.reason for r in kept[:-1]} == {ReplyReason.CONDITION}
    assert (kept[-1].reason, kept[-1].mail.sender) == (ReplyReason.EARLIER_VERSION, "e@x")
