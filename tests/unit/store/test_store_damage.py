"""A row that cannot be read is set aside alone; the others are read, and it comes back when it is mended."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from store_samples import NOW, entry, full_change, job, mail, request

from flexmaild.core.model import MailFacts, Outcome
from flexmaild.core.reasons import ReplyReason
from flexmaild.core.work import ApproverNote, Change, JobState, Queue, Reply
from flexmaild.store import Damage, DamagedRow, Store
from tests.support.stores import claim, commit

NO_JSON, NO_TEXT = "{", b"caf\xe9"


def file(directory: Path, statement: str, *values: object) -> list[Any]:
    """What another program does with the file."""
    with closing(sqlite3.connect(directory / "flexmaild.db")) as connection, connection:
        return connection.execute(statement, values).fetchall()


def two_of_everything(store: Store) -> None:
    for id_ in ("A", "B"):
        change = full_change(id_)
        reply = Reply(id_, NOW, Outcome.DECISION, ReplyReason.APPROVE, MailFacts("a@x", id_ * 64))
        seen = mail(
            id_, approval_id=id_, quarantined=True, unknown_lines=("x",), replies=(reply,), header="From: a"
        )
        note = ApproverNote(f"{id_}@x", NOW, proofs=frozenset())
        commit(store, Change(requests=change.requests))
        commit(
            store, Change(**{**_parts(change), "requests": (), "processed": (seen,), "approvers": (note,)})
        )


def _parts(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in change.__dataclass_fields__}


CASES: list[tuple[str, str, Any, str, Callable[[Store], object]]] = [
    ("requests", "body", NO_JSON, "id = 'A'", lambda s: [r.id for r in s.list_requests()]),
    ("requests", "body", NO_TEXT, "id = 'A'", lambda s: [*s.requests(["A", "B"])]),
    ("requests", "body", '{"id": "A"}', "id = 'A'", lambda s: [r.id for r in s.list_requests()]),
    ("jobs", "payload", NO_JSON, "id = 'j-A'", lambda s: [j.id for j in s.list_jobs()]),
    ("jobs", "payload", "5", "id = 'j-A'", lambda s: [*s.jobs(["j-A", "j-B"])]),
    ("jobs", "recipients", NO_JSON, "id = 'j-A'", lambda s: [j.id for j in s.list_jobs()]),
    ("jobs", "due_at", "soon", "id = 'j-A'", lambda s: [j.id for j in s.list_jobs()]),
    ("jobs", "last_error", NO_TEXT, "id = 'j-A'", lambda s: [j.id for j in s.list_jobs()]),
    ("seen", "outcome", "eaten", "uid = 'A'", lambda s: [q.id for q in s.list_quarantine()]),
    ("seen", "unknown_lines", NO_JSON, "uid = 'A'", lambda s: s.unknown_lines(9)["x"]),
    ("seen", "at", "now", "uid = 'A'", lambda s: [q.id for q in s.list_quarantine()]),
    ("seen", "outcome", "eaten", "uid = 'A'", lambda s: len(s.outcomes("A") + s.outcomes("B"))),
    ("replies", "reason", "none", "approval_id = 'A'", lambda s: [*s.newest_replies(["A", "B"])]),
    ("replies", "reason", "none", "approval_id = 'A'", lambda s: len(s.replies("A") + s.replies("B"))),
    ("headers", "outcome", "eaten", "seq = 1", lambda s: len(s.headers(9))),
    ("audit", "data", NO_JSON, "seq = 1", lambda s: len(s.audit_trail("A"))),
    ("approvers", "last_mail_at", "now", "address = 'A@x'", lambda s: [*s.approvers(["A@x", "B@x"])]),
]


@pytest.mark.parametrize(("table", "column", "value", "which", "look"), CASES)
def test_the_others_are_read_and_it_comes_back_when_it_is_mended(
    store: Store,
    tmp_path: Path,
    table: str,
    column: str,
    value: Any,
    which: str,
    look: Callable[[Store], Any],
) -> None:
    two_of_everything(store)
    before = look(store)
    ((good,),) = file(tmp_path, f"SELECT {column} FROM {table} WHERE {which}")
    file(tmp_path, f"UPDATE {table} SET {column} = ? WHERE {which}", value)
    found = look(store)
    assert (len(found) if isinstance(found, list) else found) == (
        len(before) if isinstance(before, list) else before
    ) - 1
    (damage,) = store.damaged_rows()
    assert (damage.table, damage.number) == (table, 1)
    assert file(tmp_path, f"SELECT count(*) FROM {table} WHERE {which}") == [(1,)]
    file(tmp_path, f"UPDATE {table} SET {column} = ? WHERE {which}", good)
    assert (store.damaged_rows(), look(store)) == ([], before)


def test_who_asks_for_that_very_row_is_told_and_not_that_there_is_none(store: Store, tmp_path: Path) -> None:
    two_of_everything(store)
    for table, column in (("requests", "body"), ("jobs", "payload"), ("idempotency", "answer")):
        file(tmp_path, f"UPDATE {table} SET {column} = '{{'")
    file(tmp_path, "UPDATE seen SET outcome = 'eaten'")
    file(tmp_path, "UPDATE raws SET data = x'00'")
    digest = mail("A").mail.sha256
    asked: list[Callable[[], object]] = [
        lambda: store.request("A"),
        lambda: store.job("j-A"),
        lambda: store.idempotent("idem-A"),
        lambda: store.quarantined("1"),
        lambda: store.processed(mail("A").uid),
        lambda: store.raw(digest),
    ]
    for ask in asked:
        with pytest.raises(DamagedRow, match="is damaged and cannot be read"):
            ask()
    assert (store.request("none"), store.job("none"), store.quarantined("99")) == (None, None, None)
    named = {damage.table: damage.ids for damage in store.damaged_rows()}
    assert named["requests"] == ("A",) and named["raws"] == (digest,)
    assert named["idempotency"] == ()  # the key is the caller's


def test_a_damaged_job_is_not_claimed_and_keeps_no_other_waiting(store: Store, tmp_path: Path) -> None:
    old = [job(f"bad{n}", due_at=NOW - timedelta(hours=1)) for n in range(3)]
    commit(store, Change(jobs=(*old, job("good"))))
    file(tmp_path, "UPDATE jobs SET payload = '{' WHERE id LIKE 'bad%'")
    lease = timedelta(minutes=1)
    claimed: list[str] = []
    while store.next_due(Queue.OUTBOX, "outgoing", NOW) is not None and len(claimed) < 9:
        claimed += [j.id for j in claim(store, Queue.OUTBOX, "outgoing", NOW, 2, "me", lease)]
    assert claimed == ["good"]
    assert store.damaged_rows() == [Damage("jobs", 3, ("bad0", "bad1", "bad2"))]
    file(tmp_path, "UPDATE jobs SET payload = '{}' WHERE id = 'bad1'")
    store.damaged_rows()
    (mended,) = claim(store, Queue.OUTBOX, "outgoing", NOW, 2, "me", lease)
    assert (mended.id, mended.uncertain, mended.attempt) == ("bad1", False, 0)


def test_a_mail_of_a_request_that_cannot_be_read_waits_and_a_decision_goes_out(
    store: Store, tmp_path: Path
) -> None:
    decision = job("d", approval_id="A", queue=Queue.DELIVERY, target="sink", kind="decision")
    commit(store, Change(requests=(request("A"),), jobs=(job("m", approval_id="A"), job("n"), decision)))
    file(tmp_path, "UPDATE requests SET body = '{'")
    assert store.damaged_requests(["A", "none"]) == {"A"}
    lease = timedelta(minutes=1)
    for queue, target, ids in ((Queue.OUTBOX, "outgoing", ["n"]), (Queue.DELIVERY, "sink", ["d"])):
        assert [j.id for j in claim(store, queue, target, NOW, 9, "me", lease)] == ids


def test_what_cannot_be_counted_is_named(store: Store, tmp_path: Path) -> None:
    commit(store, Change(requests=(request("A"), request("B")), jobs=(job("a"), job("b"))))
    file(tmp_path, "UPDATE requests SET state = 'half' WHERE id = 'A'")
    file(tmp_path, "UPDATE jobs SET state = 'half' WHERE id = 'a'")
    counts = store.counts()
    assert counts.jobs == {(Queue.OUTBOX, "outgoing", JobState.QUEUED): 1}
    assert sum(counts.requests.values()) == 1
    assert {damage.table for damage in store.damaged_rows()} >= {"jobs"}


def test_open_requests_by_sink_are_counted_without_the_damaged(store: Store, tmp_path: Path) -> None:
    commit(store, Change(requests=(request("A"), request("B"))))
    file(tmp_path, "UPDATE requests SET body = '{' WHERE id = 'A'")
    assert store.open_by_sink() == {}


def test_all_that_is_open_is_looked_through(store: Store, tmp_path: Path) -> None:
    two_of_everything(store)
    file(tmp_path, "UPDATE requests SET body = '{' WHERE id = 'A'")
    file(tmp_path, "UPDATE jobs SET recipients = '{' WHERE id = 'j-B'")
    assert store.damaged_rows() == []
    found = store.damaged_rows(everything_open=True)
    assert found == [Damage("requests", 1, ("A",)), Damage("jobs", 1, ("j-B",))]
    file(tmp_path, "DELETE FROM requests WHERE id = 'A'")
    assert store.damaged_rows() == found[1:]


def test_an_entry_of_another_time_stops_no_pruning(store: Store, tmp_path: Path) -> None:
    commit(store, Change(audit=(entry(),)))
    file(tmp_path, "UPDATE audit SET at = 'then'")
    far = datetime(2090, 1, 1, tzinfo=UTC)
    with store.transaction() as transaction:
        assert transaction.prune(raw_before=far, outcomes_before=far, done_before=far) == 0
