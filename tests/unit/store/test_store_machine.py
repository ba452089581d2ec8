"""Whatever order changes, claims, ends and restarts come in, the store agrees with a model of a few lines."""

import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from store_samples import NOW, entry, job, mail, request

from flexmaild.core.model import State
from flexmaild.core.work import Change, JobEnd, JobState, Queue
from flexmaild.store import StoreConflict
from tests.support.examples import examples
from tests.support.stores import at, claim, commit, opened, release

pytestmark = pytest.mark.slow

LEASE = timedelta(seconds=60)
IDS = st.sampled_from(["a", "b", "c", "d"])


class Model(RuleBasedStateMachine):
    """jobs: id to [state, attempt, due, leased until]. requests: id to version."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="flexmaild-test-"))
        self.store = opened(self.directory)
        self.now = NOW
        self.jobs: dict[str, list] = {}
        self.claims: Counter[str] = Counter()
        self.requests: dict[str, int] = {}
        self.marks: set[str] = set()
        self.audited = 0

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.directory)

    @rule(ids=st.lists(IDS, unique=True), delay=st.integers(-30, 90), uids=st.sets(st.integers(1, 6)))
    def commit(self, ids, delay, uids) -> None:
        due = self.now + timedelta(seconds=delay)
        commit(
            self.store,
            Change(
                jobs=tuple(job(id_, due_at=due) for id_ in ids),
                processed=tuple(mail(str(uid)) for uid in uids),
                audit=tuple(entry(id_) for id_ in ids),
            ),
        )
        for id_ in ids:
            self.jobs.setdefault(id_, [JobState.QUEUED, 0, due, None])
        self.marks |= {str(uid) for uid in uids}
        self.audited += len(ids)

    @rule(id_=IDS, version=st.integers(0, 3), state=st.sampled_from(State))
    def change_request(self, id_, version, state) -> None:
        change = Change(requests=(request(id_, version=version, state=state),), audit=(entry(id_),))
        if version == self.requests.get(id_, 0):
            commit(self.store, change)
            self.requests[id_] = version + 1
            self.audited += 1
            return
        try:
            commit(self.store, change)
        except StoreConflict as conflict:
            assert conflict.ids == (id_,)
        else:
            raise AssertionError("a stale version was written")

    @rule(limit=st.integers(1, 3))
    def claim(self, limit) -> None:
        free = [
            (values[2], id_)
            for id_, values in self.jobs.items()
            if values[0] in (JobState.QUEUED, JobState.DEFERRED)
            and values[2] <= self.now
            and (values[3] is None or values[3] <= self.now)
        ]
        found = claim(self.store, Queue.OUTBOX, "outgoing", self.now, limit, "me", LEASE)
        assert len(found) == min(limit, len(free))
        assert [j.due_at for j in found] == [due for due, _ in sorted(free)[:limit]]
        assert {j.id for j in found} <= {id_ for _, id_ in free}
        for claimed in found:
            self.jobs[claimed.id][3] = self.now + LEASE
            self.claims[claimed.id] += 1
            assert claimed.claim == self.claims[claimed.id]

    @rule(
        id_=IDS,
        result=st.sampled_from(["ok", "later", "give_up", "overtaken"]),
        delay=st.integers(0, 90),
        late=st.booleans(),
    )
    def end(self, id_, result, delay, late) -> None:
        again = self.now + timedelta(seconds=delay)
        number = self.claims[id_] - late
        commit(self.store, Change(ended=(JobEnd(id_, number, result, self.now, again_at=again),)))
        values = self.jobs.get(id_)
        if values is None or values[0] is JobState.DONE or late:
            return
        values[1] += 1
        values[3] = None
        if result == "later":
            values[2] = again
        if result == "overtaken":
            values[0] = JobState.DROPPED
            return
        kept = {"ok": (), "later": (JobState.HELD, JobState.DROPPED), "give_up": (JobState.DROPPED,)}[result]
        if values[0] not in kept:
            words = {"ok": JobState.DONE, "later": JobState.DEFERRED, "give_up": JobState.FAILED}
            values[0] = words[result]

    @rule(ids=st.sets(IDS, min_size=1), what=st.sampled_from(["hold", "unhold", "drop", "retry"]))
    def operate(self, ids, what) -> None:
        live = {JobState.QUEUED, JobState.DEFERRED}
        fits = {
            "hold": live,
            "unhold": {JobState.HELD},
            "drop": {*live, JobState.HELD, JobState.FAILED},
            "retry": {*live, JobState.FAILED},
        }[what]
        chosen = [id_ for id_ in ids if id_ in self.jobs and self.jobs[id_][0] in fits]
        with at(self.store, self.now) as transaction:
            method = getattr(transaction, f"{what}_jobs")
            assert method(Queue.OUTBOX, sorted(ids)) == len(chosen)
        for id_ in chosen:
            values = self.jobs[id_]
            waiting = JobState.DEFERRED if values[1] else JobState.QUEUED
            if what == "retry":
                values[0:3] = [JobState.QUEUED, 0, self.now]
            else:
                values[0] = {"hold": JobState.HELD, "unhold": waiting, "drop": JobState.DROPPED}[what]

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.jobs)
    @rule(dead=st.booleans())
    def start_anew(self, dead) -> None:
        self.store.close()
        self.store = opened(self.directory)
        if dead:
            assert release(self.store, "somebody else") == sum(v[3] is not None for v in self.jobs.values())
            for values in self.jobs.values():
                values[3] = None

    @invariant()
    def agrees(self) -> None:
        found = {j.id: [j.state, j.attempt, j.due_at, j.running] for j in self.store.list_jobs(Queue.OUTBOX)}
        assert found == {id_: [*v[:3], v[3] is not None] for id_, v in self.jobs.items()}
        assert {r.id: r.version for r in self.store.list_requests()} == self.requests
        asked = {mail(str(uid)).uid for uid in range(1, 7)}
        assert {mark.uid for mark in self.store.known(asked)} == self.marks
        assert self.store.verify_audit() is None
        assert sum(len(self.store.audit_trail(id_)) for id_ in "abcd") == self.audited
        assert sum(self.store.counts().jobs.values()) == len(self.jobs)


TestStoreAgreesWithModel = Model.TestCase
TestStoreAgreesWithModel.settings = examples(
    30, stateful_step_count=25, suppress_health_check=list(HealthCheck)
)


def test_a_change_of_two_requests_with_one_stale_changes_neither(store) -> None:
    commit(store, Change(requests=(request("a"), request("b"))))
    read = store.requests(["a", "b"])
    stale = replace(read["b"], version=7)
    try:
        commit(store, Change(requests=(replace(read["a"], escalated=True), stale)))
    except StoreConflict as conflict:
        assert conflict.ids == ("b",)
    assert store.requests(["a", "b"]) == read
