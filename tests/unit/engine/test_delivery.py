"""A delivery thread sends nothing before what a reply may quote is kept, and no claim twice."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from running import Running, running
from sent_samples import ALICE, BOB, Post, reference

from flexmaild.core.errors import NotAllowed, Reason, TryLater
from flexmaild.core.model import MailKind, Request
from flexmaild.core.ports import Envelope, Receipt
from flexmaild.core.work import Claim, Job, JobState, Queue
from flexmaild.engine.delivery.delivery import LEASE, Delivery
from flexmaild.engine.delivery.job_handlers import MailHandler
from flexmaild.store import Store, StoreBusy
from tests.support.daemon import until
from tests.support.stores import at

PATIENCE = 10.0


@dataclass
class Gate:
    """An outbox that holds what it is given until it may pass; `fault` is raised instead."""

    post: Post
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    open: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    fault: Exception | None = None
    kept: list[bool] = field(default_factory=list)

    def send(self, envelope: Envelope) -> Receipt:
        self.arrived.release()
        assert self.open.acquire(timeout=PATIENCE)
        if self.fault is not None:
            raise self.fault
        return self.post.outbox.send(envelope)

    def close(self) -> None:
        pass


class Office:
    """A post with its delivery thread, which waits at the gate."""

    def __init__(self, post: Post) -> None:
        self.post, self.gate = post, Gate(post)
        self.running: Running = running(post.store)
        handler = MailHandler(self.gate, post.handler.compose_settings, post.handler.keys)
        self.delivery = Delivery(
            self.running.work(), Queue.OUTBOX, "outgoing", handler, timedelta(days=36500)
        )

    def close(self) -> None:
        self.delivery.stop()
        for _ in range(100):
            self.gate.open.release()
        assert self.delivery.join(PATIENCE)
        assert self.running.bugs == []

    def jobs(self) -> list[Job]:
        return self.post.store.list_jobs(Queue.OUTBOX)

    def states(self) -> list[JobState]:
        return sorted(job.state for job in self.jobs())

    def until(self, *states: JobState) -> None:
        until(lambda: self.states() == sorted(states) or None, f"jobs {states}; there: {self.states()}")


@pytest.fixture
def office(post: Post) -> Iterator[Office]:
    office = Office(post)
    yield office
    office.close()


def test_a_batch_is_kept_as_a_whole_before_the_first_of_it_is_sent(office: Office) -> None:
    request = office.post.request(ALICE, BOB)
    office.delivery.start()
    assert office.gate.arrived.acquire(timeout=PATIENCE)
    look = office.post.sent_mails()
    found = [look((reference(request, number),)) for number in (0, 1)]
    assert office.post.outbox.sent == [] and all(found)
    office.gate.open.release(2)
    office.until(JobState.DONE, JobState.DONE)
    assert [mails[0].data for mails in found if mails] == office.post.outbox.sent


def test_what_cannot_be_kept_is_not_sent_and_tried_later(office: Office) -> None:
    office.post.request(ALICE, BOB)
    with sqlite3.connect(office.post.directory / "flexmaild.db") as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON sent_mails BEGIN SELECT RAISE(ABORT, 'no'); END")
    other.close()
    office.delivery.start()
    office.until(JobState.DEFERRED, JobState.DEFERRED)
    assert all("no" in job.last_error and not job.uncertain for job in office.jobs())
    assert office.post.outbox.sent == [] and office.delivery.backoff_seconds() > 0


def test_a_mail_that_cannot_be_composed_stops_no_other(office: Office) -> None:
    request = office.post.request(ALICE)
    office.post.mail(request, MailKind.REMINDER)
    bad = next(job for job in office.jobs() if job.kind == MailKind.REMINDER)
    with sqlite3.connect(office.post.directory / "flexmaild.db") as other:
        other.execute("UPDATE jobs SET payload = '{}' WHERE id = ?", (bad.id,))
    other.close()
    office.gate.open.release(2)
    office.delivery.start()
    office.until(JobState.DONE, JobState.FAILED)
    assert len(office.post.outbox.sent) == 1


def test_a_thread_that_is_told_to_stop_gives_back_what_it_has_not_begun(office: Office) -> None:
    office.post.request(ALICE, BOB)
    office.delivery.start()
    assert office.gate.arrived.acquire(timeout=PATIENCE)
    office.delivery.stop()
    office.gate.open.release()
    office.until(JobState.DONE, JobState.QUEUED)
    assert office.delivery.join(PATIENCE)
    assert [job.running for job in office.jobs()] == [False, False]
    assert len(office.post.outbox.sent) == 1


def test_the_others_of_a_batch_wait_with_it_when_the_server_cannot_be_reached(office: Office) -> None:
    office.post.request(ALICE, BOB)
    office.gate.fault = TryLater(Reason.NETWORK, "no route", step="connect")
    office.gate.open.release(1)
    office.delivery.start()
    office.until(JobState.DEFERRED, JobState.DEFERRED)
    assert office.gate.arrived.acquire(blocking=False) and not office.gate.arrived.acquire(blocking=False)
    assert office.delivery.backoff_seconds() > 0


def test_what_is_being_carried_out_stays_claimed_and_is_claimed_by_nobody_else(office: Office) -> None:
    office.post.request(ALICE)
    office.delivery.start()
    assert office.gate.arrived.acquire(timeout=PATIENCE)
    later = datetime.now(UTC) + LEASE * 2
    with at(office.post.store, later) as transaction:
        transaction.renew(office.delivery.claims(), LEASE)
        assert transaction.claim(Queue.OUTBOX, "outgoing", 9, "another", LEASE) == []
    office.gate.open.release()
    office.until(JobState.DONE)


def test_the_late_end_of_a_claim_is_refused(office: Office) -> None:
    """A machine that stood still for longer than a lease sends a second time; its end changes nothing."""
    office.post.request(ALICE)
    office.delivery.start()
    assert office.gate.arrived.acquire(timeout=PATIENCE)
    (mine,) = office.delivery.claims()
    with at(office.post.store, datetime.now(UTC) + LEASE * 2) as transaction:
        (again,) = transaction.claim(Queue.OUTBOX, "outgoing", 9, "another", LEASE)
    assert Claim(again.id, again.claim) == Claim(mine.job_id, mine.number + 1)
    office.gate.open.release()
    until(lambda: not office.delivery.claims() or None, "the end of the try")
    assert [job.state for job in office.jobs()] == [JobState.QUEUED]
    assert [job.running for job in office.jobs()] == [True]


def test_mails_wait_while_replies_come_in_and_no_longer(office: Office) -> None:
    office.post.request(ALICE)
    office.gate.open.release()
    office.running.priority.begin()
    office.delivery.start()
    assert not office.gate.arrived.acquire(timeout=0.2)
    office.running.priority.end()
    office.delivery.wake()
    office.until(JobState.DONE)


@pytest.mark.parametrize("bug", [RuntimeError("a bug"), NotAllowed("to.address", "a bug")])
def test_a_bug_in_a_job_is_told_as_one_and_makes_no_approver_unreachable(
    office: Office, bug: Exception
) -> None:
    """So is a rule for requests that a job breaks: this one met it when it was accepted."""
    request = office.post.request(ALICE)
    office.gate.fault = bug
    office.delivery.start()
    assert office.gate.arrived.acquire(timeout=PATIENCE)
    office.gate.open.release()
    office.until(JobState.FAILED)
    value = office.running.metrics.registry.get_sample_value
    assert value("flexmaild_unhandled_exceptions_total", {"component": "outbox"}) == 1
    stored = office.post.store.request(request.id)
    assert stored is not None and not any(i.bounced for i in stored.invitations)
    assert "a bug" in office.jobs()[0].last_error


def test_a_store_that_cannot_be_read_costs_a_try_and_no_thread(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.post.request(ALICE)
    read, failures = type(office.post.store).requests, iter([StoreBusy("held")])

    def requests(store: Store, ids: Iterable[str]) -> dict[str, Request]:
        for failure in failures:
            raise failure
        return read(store, ids)

    monkeypatch.setattr(type(office.post.store), "requests", requests)
    office.gate.open.release()
    office.delivery.start()
    office.until(JobState.DONE)
    assert next(failures, None) is None
    (job,) = office.jobs()
    assert job.attempt == 1


def test_a_claim_that_lapsed_is_taken_up_again_while_the_process_lives(post: Post) -> None:
    post.request(ALICE)
    store = post.store
    with store.transaction() as transaction:
        assert transaction.claim(Queue.OUTBOX, "outgoing", 10, "me", timedelta(seconds=60))
    assert store.next_due(Queue.OUTBOX, "outgoing", store.now()) is None
    assert store.next_due(Queue.OUTBOX, "outgoing", store.now() + timedelta(seconds=61)) is not None


def test_who_follows_a_thread_that_hangs_begins_and_leaves_it_the_job_in_hand(office: Office) -> None:
    office.post.request(ALICE, BOB)
    office.delivery.start()
    assert office.gate.arrived.acquire(timeout=PATIENCE)
    office.delivery.stop()
    (begun_claims,) = office.delivery.begun_claims()
    assert len(office.delivery.claims()) == 2
    follower = Delivery(
        office.running.work(), Queue.OUTBOX, "outgoing", office.post.handler, timedelta(days=36500)
    )
    follower.start(office.delivery, 0.1)
    with at(office.post.store, office.post.store.now() + timedelta(seconds=61)) as transaction:
        transaction.renew([begun_claims], LEASE)
        taken = transaction.claim(Queue.OUTBOX, "outgoing", 10, "me", LEASE)
    assert [job.id for job in taken] != [begun_claims.job_id] and len(taken) == 1
    follower.stop()
    assert follower.join(PATIENCE)
