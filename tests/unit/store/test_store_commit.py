"""A change is committed whole or not at all, once, and from the state it was made from."""

import hashlib
import json
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from store_samples import NOW, entry, full_change, holds_all_of, job, mail, request

from flexmaild.core.errors import NotAllowed
from flexmaild.core.model import Answer, Approver, Attachment, MailFacts, State, Terms, Verdict
from flexmaild.core.timing import next_due
from flexmaild.core.work import Blob, Change, Idempotent, JobEnd
from flexmaild.store import Store, StoreConflict
from tests.support.stores import commit, opened


def test_a_new_request_gets_version_1_and_each_change_one_more(store: Store) -> None:
    commit(store, Change(requests=(request(),)))
    first = store.request("R1")
    assert first is not None and first.version == 1
    commit(store, Change(requests=(replace(first, reminders_sent=1),)))
    second = store.request("R1")
    assert second == replace(first, version=2, reminders_sent=1)


def test_a_request_comes_back_as_it_was_given(store: Store) -> None:
    terms = Terms(
        "Döpløy 部署",
        "a\nb",
        (Approver("a@x.org", "A", ("b@x.org",), "ops", "de"), Approver("c@x.org", escalation=True)),
        NOW + timedelta(days=1, microseconds=7),
        quorum=2,
        variables={"list": [1, 2.5, None, True], "map": {"é": "\x00"}},
        remind_at=(NOW, NOW + timedelta(hours=1)),
        attachments=(Attachment("x.log", "text/plain", "0" * 64, 3),),
    )
    verdict = Verdict(
        "a@x.org", Answer.REJECT, "no\nway", NOW, "dmarc", MailFacts("a@x.org", "1" * 64, "m@x"), 0
    )
    given = request(terms=terms, verdicts=(verdict,), decided_at=NOW, state=State.REJECTED)
    commit(store, Change(requests=(given,)))
    assert store.request("R1") == replace(given, version=1)


def test_the_facts_of_a_verdicts_mail_stand_in_its_row_as_versions_before_wrote_them(
    store: Store, tmp_path: Path
) -> None:
    mail = MailFacts("a@x.org", "1" * 64, "m@x")
    given = request(verdicts=(Verdict("a@x.org", Answer.REJECT, "", NOW, "dmarc", mail, 0),))
    commit(store, Change(requests=(given,)))
    with sqlite3.connect(tmp_path / "flexmaild.db") as file:
        (body,) = file.execute("SELECT body FROM requests").fetchone()
    file.close()
    (verdict,) = json.loads(body)["verdicts"]
    assert (verdict["by"], verdict["sha256"], verdict["message_id"]) == ("a@x.org", "1" * 64, "m@x")
    assert "mail" not in verdict
    with sqlite3.connect(tmp_path / "flexmaild.db") as file:
        file.execute("UPDATE requests SET body = replace(body, 'm@x', '<m@x>')")
    file.close()
    found = store.request("R1")
    assert found is not None and found.verdicts == given.verdicts


@pytest.mark.parametrize("quorum", ["any", "all", "each_group", 1, 3])
def test_every_quorum_keeps_its_type(store: Store, quorum: object) -> None:
    given = request(terms=replace(request().terms, quorum=quorum))
    commit(store, Change(requests=(given,)))
    found = store.request("R1")
    assert found is not None and found.terms.quorum == quorum


def test_a_stale_version_writes_nothing_at_all(store: Store, tmp_path: Path) -> None:
    commit(store, Change(requests=(request("R1"), request("R2"))))
    read = store.requests(["R1", "R2"])
    commit(store, Change(requests=(replace(read["R1"], reminders_sent=1),)))
    stale = replace(
        full_change("R3"), requests=(request("R3"), *(replace(r, reminders_sent=5) for r in read.values()))
    )
    with pytest.raises(StoreConflict) as caught:
        commit(store, stale)
    assert caught.value.ids == ("R1",)
    assert not holds_all_of(store, "R3")
    assert {r.reminders_sent for r in store.requests(["R1", "R2"]).values()} == {0, 1}
    assert store.verify_audit() is None
    store.close()
    again = opened(tmp_path)
    assert not holds_all_of(again, "R3")
    again.close()


def test_a_request_that_exists_is_not_inserted_again(store: Store) -> None:
    commit(store, Change(requests=(request(),)))
    with pytest.raises(StoreConflict) as caught:
        commit(store, replace(full_change("R9"), requests=(request(), request("R9"))))
    assert caught.value.ids == ("R1",)
    assert not holds_all_of(store, "R9")


def test_a_request_that_does_not_exist_cannot_be_updated(store: Store) -> None:
    with pytest.raises(StoreConflict):
        commit(store, Change(requests=(request(version=4),)))
    assert store.list_requests() == []


def test_a_job_with_a_key_that_exists_is_left_out_silently(store: Store) -> None:
    commit(store, Change(jobs=(job("j1", key="k"),)))
    commit(store, Change(jobs=(job("j2", key="k"), job("j3"))))
    assert [found.id for found in store.list_jobs()] == ["j3", "j1"]


def test_an_idempotency_key_that_was_used_writes_nothing(store: Store) -> None:
    record = Idempotent("k", "a" * 64, {"status": 201, "body": {"id": "R1"}}, NOW)
    commit(store, Change(idempotent=record))
    with pytest.raises(StoreConflict):
        commit(store, replace(full_change("R2"), idempotent=replace(record, body_sha256="b" * 64)))
    assert store.request("R2") is None
    assert store.list_jobs() == []
    assert store.idempotent("k") == record
    assert store.idempotent("other") is None


def test_a_mail_that_was_seen_keeps_its_first_outcome(store: Store) -> None:
    commit(store, Change(processed=(mail("1", because="first"),)))
    commit(store, Change(processed=(mail("1", because="second"), mail("2"))))
    found = store.processed(mail("1").uid)
    assert found is not None and found.because == "first"
    assert store.processed(mail("2").uid) is not None


def test_raw_bytes_are_kept_once_for_all_mails_that_are_equal(store: Store) -> None:
    raw = b"x" * 50_000
    commit(store, Change(processed=(mail("1", raw=raw), mail("2", raw=raw))))
    commit(store, Change(processed=(mail("3", raw=raw),)))
    assert store.raw(hashlib.sha256(raw).hexdigest()) == raw
    assert store.raw("0" * 64) is None


def test_a_mail_too_large_to_be_read_has_an_outcome_and_no_bytes(store: Store) -> None:
    commit(store, Change(processed=(mail("1", raw=None, size=3_000_000_000),)))
    found = store.processed(mail("1").uid)
    assert found is not None and found.found.size == 3_000_000_000
    assert store.raw(found.mail.sha256) is None


def test_blobs_are_kept_once_and_come_back(store: Store) -> None:
    blob = Blob("a" * 64, bytes(range(256)))
    commit(store, Change(blobs=(blob, blob)))
    commit(store, Change(blobs=(blob,)))
    assert store.blob(blob.sha256) == blob.data
    assert store.blob("b" * 64) is None


def test_text_that_no_database_can_hold_does_not_stop_a_commit(store: Store) -> None:
    """A mail can bring lone surrogates and NUL anywhere; its outcome must still be committed."""
    bad = "a\ud800\x00b\udfff"
    verdict = Verdict("a@x", Answer.APPROVE, bad, NOW, "reference", MailFacts("a@x", "1" * 64, bad), 0)
    commit(
        store,
        Change(
            requests=(request(verdicts=(verdict,)),),
            jobs=(job(payload={bad: [bad, {"x": bad}]}, message_id=bad),),
            ended=(JobEnd("j1", 0, "later", NOW, error=bad, again_at=NOW),),
            processed=(mail("1", subject=bad, sender=bad, message_id=bad, because=bad),),
            audit=(entry(bad, bad, text=bad),),
            idempotent=Idempotent(bad, "0" * 64, {"x": bad}, NOW),
        ),
    )
    found = store.request("R1")
    assert found is not None and found.verdicts[0].comment.startswith("a\ufffd")
    seen = store.processed(mail("1").uid)
    assert seen is not None and seen.subject == "a\ufffd\ufffdb\ufffd"
    assert store.verify_audit() is None


def test_times_are_kept_to_the_millisecond(store: Store) -> None:
    moment = NOW + timedelta(milliseconds=123, microseconds=999)
    commit(store, Change(jobs=(job(due_at=moment),)))
    found = store.job("j1")
    assert found is not None and found.due_at == NOW + timedelta(milliseconds=123)


def test_what_is_due_is_found_by_its_next_moment_only(store: Store) -> None:
    early = request("early", terms=replace(request().terms, remind_at=(NOW + timedelta(hours=1),)))
    commit(store, Change(requests=(early, request("late"), request("done", state=State.APPROVED))))
    assert store.due_requests(NOW) == []
    assert [r.id for r in store.due_requests(NOW + timedelta(hours=1))] == ["early"]
    found = store.request("early")
    assert found is not None
    commit(store, Change(requests=(replace(found, reminders_sent=1),)))
    assert store.due_requests(NOW + timedelta(hours=1)) == []
    assert [r.id for r in store.due_requests(NOW + timedelta(days=8))] == ["early", "late"]
    assert next_due(early) == NOW + timedelta(hours=1)


def test_lists_go_from_new_to_old_in_pages_without_gaps_or_doubles(store: Store) -> None:
    made = [request(f"R{n}", created_at=NOW + timedelta(seconds=n // 3)) for n in range(10)]
    commit(store, Change(requests=tuple(made)))
    pages, before = [], None
    while page := store.list_requests(limit=3, before=before):
        pages += [found.id for found in page]
        before = page[-1].id
    assert pages == [f"R{n}" for n in (9, 8, 7, 6, 5, 4, 3, 2, 1, 0)]
    assert store.list_requests(State.APPROVED) == []
    assert len(store.list_requests(State.PENDING, limit=4)) == 4


def test_an_empty_change_changes_nothing(store: Store) -> None:
    commit(store, Change())
    assert store.list_jobs() == [] and store.verify_audit() is None


def test_many_ids_are_read_at_once(store: Store) -> None:
    commit(store, Change(requests=tuple(request(f"R{n}") for n in range(1200))))
    assert len(store.requests(f"R{n}" for n in range(1500))) == 1200
    assert store.requests([]) == {}


def nested(levels: int) -> dict:
    value: dict = {}
    for _ in range(levels):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("levels", [75, 99, 101, 120, 200, 900])
def test_what_could_not_be_read_again_is_never_written(store: Store, levels: int) -> None:
    deep = nested(levels)
    for change in (
        Change(requests=(request(terms=replace(request().terms, metadata=deep)),)),
        Change(jobs=(job(payload=deep),)),
    ):
        with pytest.raises(NotAllowed, match="deep"):
            commit(store, replace(change, audit=(entry("deep"),)))
    assert store.audit_trail("deep") == []
    assert store.list_requests() == [] and store.list_jobs() == []


def test_what_was_accepted_leaves_room_for_what_is_made_of_it(store: Store) -> None:
    terms = replace(request().terms, metadata=nested(48))
    commit(store, Change(requests=(request(terms=terms),), jobs=(job(payload={"event": {"data": [terms]}}),)))
    found = store.request("R1")
    assert found is not None and found.terms == terms
    assert len(store.list_jobs()) == 1


@pytest.mark.parametrize("value", [10**40, 1e308, float("inf"), -0.0, "\x00", "\u2028", "😀", "", None, True])
def test_any_json_value_comes_back(store: Store, value: object) -> None:
    commit(store, Change(jobs=(job(payload={"x": value}),)))
    found = store.job("j1")
    assert found is not None and found.payload == {"x": value}


def test_a_naive_time_is_refused_before_anything_is_written(store: Store) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(Exception, match="store was used wrongly"):
        commit(store, Change(requests=(request(),), jobs=(job(due_at=naive),)))
    assert store.request("R1") is None
