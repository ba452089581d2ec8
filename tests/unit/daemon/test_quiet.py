"""While replies come in, mails wait for a moment; decisions do not, and no mail waits for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flexmaild.core.work import Change, Job, JobEnd, Queue
from flexmaild.daemon.dispatch import QUIET_SECONDS, Dispatcher
from flexmaild.engine.delivery import Task, Worker
from flexmaild.store import Store, open_store

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    seconds = 100.0

    def now(self) -> datetime:
        return NOW

    def steady(self) -> float:
        return self.seconds


class NoCraft:
    def do(self, task: Task) -> JobEnd:
        raise AssertionError("no worker was started")

    def close(self) -> None:
        return


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/flexmaild.db", state_directory=tmp_path)
    yield store
    store.close()


def job(queue: Queue, target: str) -> Job:
    return Job(target, queue, target, "notification", f"key-{target}", {}, NOW, NOW)


def test_mails_wait_until_the_replies_are_read_or_none_came_for_a_while(store: Store) -> None:
    clock = Clock()
    dispatcher = Dispatcher(store, clock, "me")
    places = {(Queue.OUTBOX, "outgoing"), (Queue.DELIVERY, "folder")}
    workers = {
        place: Worker(place[1], NoCraft(), timedelta(days=1), lambda item: None, lambda: None, clock)
        for place in places
    }
    dispatcher.take_over(workers)

    def handed_over() -> set[str]:
        dispatcher.run(NOW)
        return {job.id for job in store.list_jobs() if job.running}

    for over in ("by the poll's end", "by time"):
        dispatcher.quiet()
        store.commit(Change(jobs=(job(Queue.OUTBOX, "outgoing"), job(Queue.DELIVERY, "folder"))))
        dispatcher.look_everywhere()
        assert handed_over() == {"folder"}
        if over == "by time":
            clock.seconds += QUIET_SECONDS
        else:
            dispatcher.quiet(over=True)
        assert handed_over() == {"folder", "outgoing"}
        store.release("nobody")
        dispatcher.ended("outgoing", 1, 0)
        dispatcher.ended("folder", 1, 0)
