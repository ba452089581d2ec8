"""A worker sends nothing before what a reply may quote is kept."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sent_samples import ALICE, BOB, NOW, Post, reference

from flexmaild.core.errors import Reason, TryLater
from flexmaild.core.work import Change, Queue
from flexmaild.system.clock import SystemClock
from flexmaild.daemon.items import Item, JobsEnded, JobsReturned, MailsComposed
from flexmaild.engine.delivery import Task, Worker

PATIENCE = 10.0


class Loop:
    """Plays the loop for one worker: commits what it reports, until a test says that it cannot."""

    def __init__(self, post: Post) -> None:
        self.box: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self.post = post
        clock = SystemClock()
        self.worker = Worker("outgoing", post.craft, timedelta(days=3000), self.box.put, lambda: None, clock)
        self.worker.start()

    def hand(self) -> list[Task]:
        jobs = self.post.store.claim(Queue.OUTBOX, "outgoing", NOW, 50, "me", timedelta(hours=1))
        tasks = [Task(job, self.post.store.request(job.approval_id)) for job in jobs]
        self.worker.hand(tasks)
        return tasks

    def next(self) -> Item:
        return self.box.get(timeout=PATIENCE)

    def close(self) -> None:
        self.worker.stop()
        assert self.worker.join(PATIENCE)


@pytest.fixture
def loop(post: Post) -> Iterator[Loop]:
    loop = Loop(post)
    yield loop
    loop.close()


def test_a_batch_is_kept_as_a_whole_before_the_first_of_it_is_sent(loop: Loop) -> None:
    request = loop.post.request(ALICE, BOB)
    tasks = loop.hand()
    item = loop.next()
    assert isinstance(item, MailsComposed)
    assert [mail.job_id for mail in item.mails] == [task.job.id for task in tasks]
    assert loop.post.outbox.sent == []
    loop.post.store.commit(Change(kept=item.mails))
    item.kept.set_result(None)
    ended = loop.next()
    assert isinstance(ended, JobsEnded) and [end.result for end in ended.ends] == ["ok", "ok"]
    found = loop.post.sent_mails()((reference(request),))
    assert found is not None and found[0].data == loop.post.outbox.sent[0]


def test_what_cannot_be_kept_is_not_sent_and_tried_later(loop: Loop) -> None:
    loop.post.request(ALICE, BOB)
    loop.hand()
    item = loop.next()
    assert isinstance(item, MailsComposed)
    item.kept.set_exception(TryLater(Reason.OTHER, "no space left for the store", step="commit"))
    ended = loop.next()
    assert isinstance(ended, JobsEnded) and ended.pause > 0
    assert [end.result for end in ended.ends] == ["later", "later"]
    assert all("no space" in end.error and not end.uncertain for end in ended.ends)
    assert loop.post.outbox.sent == []


def test_a_mail_that_cannot_be_composed_stops_no_other(loop: Loop) -> None:
    request = loop.post.request(ALICE, BOB)
    jobs = loop.post.store.claim(Queue.OUTBOX, "outgoing", NOW, 50, "me", timedelta(hours=1))
    good, bad = (Task(job, request) for job in jobs)
    loop.worker.hand([replace(bad, request=replace(request, invitations=())), good])
    item = loop.next()
    assert isinstance(item, MailsComposed) and [m.job_id for m in item.mails] == [good.job.id]
    item.kept.set_result(None)
    ended = loop.next()
    assert isinstance(ended, JobsEnded)
    assert {end.job_id: end.result for end in ended.ends} == {bad.job.id: "give_up", good.job.id: "ok"}


def test_a_worker_that_is_told_to_stop_while_it_waits_sends_nothing(loop: Loop) -> None:
    loop.post.request(ALICE)
    (task,) = loop.hand()
    item = loop.next()
    assert isinstance(item, MailsComposed)
    loop.worker.stop()
    item.kept.set_result(None)
    returned = loop.next()
    assert isinstance(returned, JobsReturned) and returned.ids == (task.job.id,)
    assert loop.post.outbox.sent == []
