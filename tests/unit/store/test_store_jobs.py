"""Jobs: given out once at a time, ended as the worker says, moved by operators."""

from datetime import timedelta
from pathlib import Path

import pytest
from store_samples import NOW, job

from flexmaild.core.work import Change, Job, JobEnd, JobState, Queue
from flexmaild.store import Store
from tests.support.stores import (
    claim,
    commit,
    drop_jobs,
    hold_jobs,
    opened,
    release,
    retry_jobs,
    unclaim,
    unhold_jobs,
)

LEASE = timedelta(minutes=10)
OUTBOX = Queue.OUTBOX


def claimed(store: Store, now=NOW, *, limit: int = 10, owner: str = "me") -> list[str]:
    return [found.id for found in claim(store, OUTBOX, "outgoing", now, limit, owner, LEASE)]


def found(store: Store, id_: str = "j1") -> Job:
    job_ = store.job(id_)
    assert job_ is not None
    return job_


def end(store: Store, result, id_: str = "j1", **values) -> Job:
    commit(store, Change(ended=(JobEnd(id_, found(store, id_).claim, result, NOW, **values),)))
    return found(store, id_)


def test_a_job_comes_back_as_it_was_given(store: Store) -> None:
    given = job(approval_id="R1", invitation=0, message_id="m@x", recipients=("a@x", "b@x"))
    commit(store, Change(jobs=(given,)))
    assert store.job("j1") == given
    assert store.jobs(["j1", "none"]) == {"j1": given}


def test_what_is_due_longest_is_given_out_first_and_only_once(store: Store) -> None:
    due = [job(f"j{n}", due_at=NOW - timedelta(seconds=n)) for n in range(5)]
    commit(store, Change(jobs=(*due, job("later", due_at=NOW + timedelta(seconds=1)))))
    assert claimed(store, limit=2) == ["j4", "j3"]
    assert claimed(store) == ["j2", "j1", "j0"]
    assert claimed(store) == []
    assert found(store, "j4").running and found(store, "j4").state is JobState.QUEUED
    assert not found(store, "later").running


def test_jobs_that_are_due_together_go_in_the_order_they_were_made(store: Store) -> None:
    commit(store, Change(jobs=tuple(job(f"j{9 - n}") for n in range(5))))
    assert claimed(store) == ["j9", "j8", "j7", "j6", "j5"]


def test_a_claim_takes_from_its_queue_and_target_only(store: Store) -> None:
    other = job("other", queue=Queue.DELIVERY, target="jenkins")
    commit(store, Change(jobs=(other, job("mail"))))
    assert claim(store, Queue.DELIVERY, "folder", NOW, 9, "me", LEASE) == []
    assert [j.id for j in claim(store, Queue.DELIVERY, None, NOW, 9, "me", LEASE)] == ["other"]
    assert claimed(store) == ["mail"]


def test_a_lease_that_has_lapsed_is_no_lease(store: Store) -> None:
    commit(store, Change(jobs=(job(),)))
    assert claimed(store) == ["j1"]
    assert claimed(store, NOW + LEASE - timedelta(seconds=1)) == []
    assert claimed(store, NOW + LEASE) == ["j1"]


def test_what_somebody_had_who_never_said_how_it_ended_is_uncertain(store: Store) -> None:
    commit(store, Change(jobs=(job("j1"), job("j2"), job("j3"))))
    claimed(store, limit=2, owner="dead")
    unclaim(store, ["j2"])
    release(store, "alive")
    assert [store.jobs([j])[j].uncertain for j in ("j1", "j2", "j3")] == [True, False, False]
    claimed(store, owner="gone")
    claimed(store, NOW + LEASE, owner="alive")
    assert store.jobs(["j3"])["j3"].uncertain


def test_at_the_start_the_leases_of_the_dead_are_free(store: Store, tmp_path: Path) -> None:
    commit(store, Change(jobs=(job("j1"), job("j2"))))
    assert claimed(store, limit=1, owner="dead") == ["j1"]
    store.close()
    again = opened(tmp_path)
    assert claimed(again, limit=1, owner="alive") == ["j2"]
    assert release(again, "alive") == 1
    assert claimed(again, owner="alive") == ["j1"]
    again.close()


def test_a_job_that_went_well_is_done_for_ever(store: Store) -> None:
    commit(store, Change(jobs=(job(),)))
    claimed(store)
    done = end(store, "ok", receipt="250 2.0.0 queued")
    assert (done.state, done.receipt, done.done_at) == (JobState.DONE, "250 2.0.0 queued", NOW)
    assert not done.running
    assert end(store, "later", again_at=NOW) == done
    assert end(store, "give_up", error="550") == done
    assert claimed(store, NOW + timedelta(days=1)) == []


def test_a_try_that_failed_waits_for_the_time_it_was_given(store: Store) -> None:
    commit(store, Change(jobs=(job(recipients=("a@x", "b@x")),)))
    claimed(store)
    again = NOW + timedelta(minutes=1)
    after = end(store, "later", again_at=again, left=("b@x",), reason="network", error="lost", uncertain=True)
    assert (after.state, after.attempt, after.due_at) == (JobState.DEFERRED, 1, again)
    assert (after.recipients, after.last_reason, after.last_error) == (("b@x",), "network", "lost")
    assert after.uncertain and not after.running
    assert claimed(store) == []
    assert claimed(store, again) == ["j1"]
    assert end(store, "later", again_at=again).recipients == ("b@x",)
    assert found(store).attempt == 2


def test_a_job_that_was_given_up_is_kept_with_its_reason(store: Store) -> None:
    commit(store, Change(jobs=(job(),)))
    claimed(store)
    failed = end(store, "give_up", reason="server", error="550 no such user")
    assert (failed.state, failed.last_reason, failed.last_error) == (
        JobState.FAILED,
        "server",
        "550 no such user",
    )
    assert claimed(store, NOW + timedelta(days=9)) == []


def test_a_mail_that_is_not_sent_any_more_is_dropped_and_says_why(store: Store) -> None:
    commit(store, Change(jobs=(job(),)))
    claimed(store)
    dropped = end(store, "overtaken", error="the request was closed before this could be sent")
    assert (dropped.state, dropped.done_at, dropped.running) == (JobState.DROPPED, NOW, False)
    assert "closed before" in dropped.last_error
    assert claimed(store, NOW + timedelta(days=9)) == []


def test_recipients_who_were_refused_are_named(store: Store) -> None:
    commit(store, Change(jobs=(job(),)))
    done = end(store, "ok", receipt="250", refused=(("b@x", "550 unknown"), ("c@x", "551 moved")))
    assert done.last_error == "b@x: 550 unknown; c@x: 551 moved"


@pytest.mark.parametrize(
    ("moved", "result", "expected"),
    [
        (JobState.HELD, "later", JobState.HELD),
        (JobState.HELD, "give_up", JobState.FAILED),
        (JobState.HELD, "ok", JobState.DONE),
        (JobState.DROPPED, "later", JobState.DROPPED),
        (JobState.DROPPED, "give_up", JobState.DROPPED),
        (JobState.DROPPED, "ok", JobState.DONE),
    ],
)
def test_what_an_operator_said_during_a_try_outlives_its_failure(store, moved, result, expected) -> None:
    commit(store, Change(jobs=(job(),)))
    claimed(store)
    if moved is JobState.HELD:
        assert hold_jobs(store, OUTBOX, ["j1"]) == 1
    else:
        assert drop_jobs(store, OUTBOX, ["j1"], NOW) == 1
    assert end(store, result, again_at=NOW).state is expected


def test_the_end_of_a_job_nobody_knows_changes_nothing(store: Store) -> None:
    commit(store, Change(ended=(JobEnd("none", 0, "ok", NOW),)))
    assert store.list_jobs() == []


def test_a_held_job_is_not_given_out_until_it_is_let_go(store: Store) -> None:
    commit(store, Change(jobs=(job("j1"), job("j2"))))
    assert hold_jobs(store, OUTBOX, ["j1", "none"]) == 1
    assert claimed(store) == ["j2"]
    assert retry_jobs(store, OUTBOX, ["j1"], NOW) == 0
    assert unhold_jobs(store, OUTBOX, None) == 1
    assert claimed(store) == ["j1"]
    end(store, "later", again_at=NOW)
    hold_jobs(store, OUTBOX, None)
    unhold_jobs(store, OUTBOX, ["j1"])
    assert found(store).state is JobState.DEFERRED


def test_a_retry_makes_failed_and_waiting_jobs_due_with_a_fresh_count(store: Store) -> None:
    states = ("failed", "waits", "done", "dropped")
    commit(store, Change(jobs=tuple(job(name) for name in states)))
    end(store, "give_up", "failed")
    end(store, "later", "waits", again_at=NOW + timedelta(hours=6))
    end(store, "ok", "done")
    drop_jobs(store, OUTBOX, ["dropped"], NOW)
    assert retry_jobs(store, Queue.DELIVERY, None, NOW) == 0
    assert retry_jobs(store, OUTBOX, list(states) * 2, NOW) == 2
    assert sorted(claimed(store)) == ["failed", "waits"]
    assert found(store, "failed").attempt == 0
    end(store, "give_up", "failed")
    assert retry_jobs(store, OUTBOX, None, NOW) == 2


def test_a_dropped_job_stays_dropped_and_a_done_one_done(store: Store) -> None:
    commit(store, Change(jobs=(job("j1"), job("j2"))))
    end(store, "ok", "j2")
    assert drop_jobs(store, OUTBOX, ["j1", "j2"], NOW) == 1
    assert (found(store).state, found(store).done_at) == (JobState.DROPPED, NOW)
    assert drop_jobs(store, OUTBOX, ["j1"], NOW) == 0
    assert claimed(store) == []


def test_lists_of_jobs_are_filtered_and_paged(store: Store) -> None:
    made = [job(f"j{n}", approval_id=f"R{n % 2}") for n in range(6)]
    commit(store, Change(jobs=(*made, job("d", queue=Queue.DELIVERY))))
    end(store, "ok", "j5")
    assert [j.id for j in store.list_jobs(OUTBOX, [JobState.QUEUED], 2)] == ["j4", "j3"]
    assert [j.id for j in store.list_jobs(OUTBOX, [JobState.QUEUED], 2, before="j3")] == ["j2", "j1"]
    assert [j.id for j in store.list_jobs(approval_id="R1")] == ["j5", "j3", "j1"]
    assert store.list_jobs(OUTBOX, []) == []


def test_counts_say_how_many_jobs_there_are_of_what(store: Store) -> None:
    commit(store, Change(jobs=(job("j1"), job("j2"), job("d", queue=Queue.DELIVERY, target="s"))))
    end(store, "ok", "d")
    counts = store.counts()
    assert counts.jobs == {
        (OUTBOX, "outgoing", JobState.QUEUED): 2,
        (Queue.DELIVERY, "s", JobState.DONE): 1,
    }
    assert (counts.requests, counts.quarantined) == ({}, 0)


@pytest.mark.parametrize(
    ("result", "state"), [("ok", JobState.DONE), ("later", JobState.DEFERRED), ("give_up", JobState.FAILED)]
)
def test_many_tries_end_in_one_commit(store: Store, result, state: JobState) -> None:
    """A server that is down ends a whole batch alike."""
    names = [f"j{n}" for n in range(50)]
    commit(store, Change(jobs=tuple(job(name) for name in names)))
    commit(store, Change(ended=tuple(JobEnd(name, 0, result, NOW, error="refused") for name in names)))
    assert {found(store, name).state for name in names} == {state}
