"""What grows stays cheap: every question is answered from an index; what is old goes, what is open stays."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event
from store_samples import NOW, full_change, job, mail, request

from flexmaild.core.model import Attachment, State
from flexmaild.core.work import Blob, Change, Idempotent, JobEnd, JobState, Queue
from flexmaild.store import Store
from tests.support.stores import claim, commit, drop_jobs, hold_jobs, prune

LEASE = timedelta(minutes=1)
OLD, CUT = NOW, NOW + timedelta(days=30)

QUESTIONS = {
    "next_due": lambda s: s.next_due(Queue.OUTBOX, "outgoing", NOW),
    "claim": lambda s: claim(s, Queue.OUTBOX, "outgoing", NOW, 10, "me", LEASE),
    "known": lambda s: s.known([mail("1").uid]),
    "seen": lambda s: s.processed(mail("1").uid),
    "replayed": lambda s: s.replayed(["f"]),
    "outcomes": lambda s: s.outcomes("R1"),
    "requests": lambda s: s.requests(["R1"]),
    "due_requests": lambda s: s.due_requests(NOW, 10),
    "list_requests": lambda s: s.list_requests(State.PENDING),
    "list_jobs": lambda s: s.list_jobs(Queue.OUTBOX, [JobState.FAILED]),
    "jobs of a request": lambda s: s.list_jobs(approval_id="R1"),
    "job": lambda s: s.job("j"),
    "list_quarantine": lambda s: s.list_quarantine(),
    "audit_trail": lambda s: s.audit_trail("R1"),
    "idempotent": lambda s: s.idempotent("k"),
    "counts": lambda s: s.counts(),
    "commit": lambda s: commit(s, full_change("X")),
    "sent mails": lambda s: commit(s, Change(kept=full_change("X").kept)),
    "end": lambda s: commit(s, Change(ended=(JobEnd("j", 0, "ok", NOW),))),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_reads_a_table_from_end_to_end(store: Store, name: str) -> None:
    asked: list[tuple[str, object]] = []

    def note(_c, _cursor, statement, parameters, _context, many) -> None:
        asked.append((statement, parameters[0] if many else parameters))

    engines = (store._database._writer, store._database._readers)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    QUESTIONS[name](store)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    with store._database.reading() as connection:
        for statement, parameters in asked:
            if statement.startswith("BEGIN"):
                continue
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            full = [row[3] for row in plan if row[3].startswith("SCAN") and "INDEX" not in row[3]]
            assert not full, f"{statement}\n{full}"
            assert asked


def test_pruning_goes_by_slices_until_nothing_old_is_left(store: Store) -> None:
    commit(store, Change(jobs=tuple(job(str(n)) for n in range(2500))))
    commit(store, Change(ended=tuple(JobEnd(str(n), 0, "ok", NOW) for n in range(2500))))
    gone = []
    while count := prune(store, raw_before=OLD, outcomes_before=OLD, done_before=CUT):
        gone.append(count)
    assert gone == [1000, 1000, 500]
    assert store.list_jobs() == []


def test_what_is_open_is_never_pruned(store: Store) -> None:
    commit(
        store,
        Change(
            requests=(request("open"), request("decided", state=State.APPROVED)),
            jobs=tuple(job(name) for name in ("waits", "held", "failed", "done", "dropped")),
        ),
    )
    hold_jobs(store, Queue.OUTBOX, ["held"])
    drop_jobs(store, Queue.OUTBOX, ["dropped"], NOW)
    commit(store, Change(ended=(JobEnd("failed", 0, "give_up", NOW), JobEnd("done", 0, "ok", NOW))))
    assert prune(store, raw_before=CUT, outcomes_before=OLD, done_before=CUT) == 2
    assert {j.id for j in store.list_jobs()} == {"waits", "held", "failed"}
    assert prune(store, raw_before=CUT, outcomes_before=CUT, done_before=CUT) == 2
    assert {j.id for j in store.list_jobs()} == {"waits", "held"}
    assert [r.id for r in store.list_requests()] == ["open"]


def test_a_key_that_was_pruned_may_be_used_again(store: Store) -> None:
    commit(store, Change(idempotent=Idempotent("k", "0" * 64, {}, NOW)))
    assert prune(store, raw_before=OLD, outcomes_before=OLD, done_before=CUT) == 1
    commit(store, Change(idempotent=Idempotent("k", "1" * 64, {}, NOW)))


def test_an_attachment_stays_as_long_as_somebody_may_still_send_it(store: Store) -> None:
    def blob(text: str) -> Blob:
        return Blob(hashlib.sha256(text.encode()).hexdigest(), text.encode())

    of_request, of_job, of_nobody = blob("a"), blob("b"), blob("c")
    terms = replace(request().terms, attachments=(Attachment("a", "text/plain", of_request.sha256, 1),))
    commit(
        store,
        Change(
            requests=(request("R1", terms=terms),),
            jobs=(job("j1", payload={"attachments": [{"sha256": of_job.sha256}]}),),
            blobs=(of_request, of_job, of_nobody),
        ),
    )
    # Blobs bear the time of the wall clock, whatever that is on this machine.
    far = NOW + timedelta(days=365_000)
    assert prune(store, raw_before=OLD, outcomes_before=OLD, done_before=far) == 1
    assert store.blob(of_nobody.sha256) is None
    assert store.blob(of_request.sha256) == b"a" and store.blob(of_job.sha256) == b"b"
    commit(store, Change(ended=(JobEnd("j1", 0, "ok", NOW),)))
    assert prune(store, raw_before=OLD, outcomes_before=OLD, done_before=far) == 2
    assert store.blob(of_job.sha256) is None and store.blob(of_request.sha256) == b"a"
