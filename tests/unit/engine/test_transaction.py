"""What is committed stays committed, whatever happens afterwards; what is refused never happened."""

import threading

import pytest
from running import Running, running
from sent_samples import ALICE, NOW, Post

from flexmaild.core.approval.events import Cancelled
from flexmaild.core.model import State
from flexmaild.engine import decide
from flexmaild.engine.changes import Changes
from flexmaild.store import StoreBusy, Transaction


@pytest.fixture
def office(post: Post) -> Running:
    return running(post.store)


def cancelled(office: Running, identifier: str) -> Changes:
    return office.transactions.run(
        lambda transaction: decide.event(transaction, office.context, identifier, Cancelled("ops", ""))
    )


def test_a_bug_after_the_commit_leaves_the_outcome_as_committed(post: Post, office: Running) -> None:
    request = post.request(ALICE)

    def broken(*_: object) -> None:
        raise RuntimeError("a bug in a metric")

    office.metrics.decision = broken  # type: ignore[method-assign]
    office.transactions.wake = broken
    woken = threading.Event()
    with office.waiters.watching(request.id, woken.set):
        changes = cancelled(office, request.id)
    assert woken.is_set() and changes.decided == {request.id}
    stored = post.store.request(request.id)
    assert stored is not None and stored.state is State.CANCELLED
    said = office.metrics.exposition()[0].decode()
    assert 'flexmaild_unhandled_exceptions_total{component="publish"} 2.0' in said


def test_a_bug_before_the_commit_leaves_no_trace(post: Post, office: Running) -> None:
    request = post.request(ALICE)

    def bug(transaction: Transaction) -> Changes:
        changes = decide.event(transaction, office.context, request.id, Cancelled("ops", ""))
        transaction.write(changes.change())
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        office.transactions.run(bug)
    stored = post.store.request(request.id)
    assert stored is not None and stored.state is State.PENDING
    assert post.store.audit_trail(request.id) == []


def test_what_found_no_turn_is_told_and_never_carried_out(post: Post, office: Running) -> None:
    request = post.request(ALICE)
    with post.store.transaction() as transaction:
        transaction.now = NOW
        with pytest.raises(StoreBusy):
            office.transactions.run(
                lambda t: decide.event(t, office.context, request.id, Cancelled("ops", "")),
                seconds=0.01,
            )
        assert office.health.store_fault is not None
    stored = post.store.request(request.id)
    assert stored is not None and stored.state is State.PENDING
    cancelled(office, request.id)
    assert office.health.store_fault is None
