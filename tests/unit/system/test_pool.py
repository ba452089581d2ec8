"""A few threads that carry out calls, no more than are needed and none that is waited for."""

import threading

import pytest

from flexmaild.system.pool import Pool


@pytest.fixture
def pool() -> Pool:
    return Pool(f"pool-{id(object())}", 3)


def test_calls_one_after_the_other_need_one_thread(pool: Pool) -> None:
    names = {pool.submit(lambda: threading.current_thread().name).result(20) for _ in range(200)}
    assert len(names) == 1
    pool.close()


def test_no_more_than_asked_run_at_a_time_and_all_are_carried_out(pool: Pool) -> None:
    entered, go_on = threading.Semaphore(0), threading.Event()

    def hold() -> bool:
        entered.release()
        return go_on.wait(20)

    futures = [pool.submit(hold) for _ in range(9)]
    for _ in range(3):
        assert entered.acquire(timeout=20)
    assert not entered.acquire(blocking=False)
    go_on.set()
    assert all(future.result(20) for future in futures)
    pool.close()


def test_what_is_raised_reaches_the_caller_and_ends_no_thread(pool: Pool) -> None:
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 // 0).result(20)
    assert pool.submit(lambda: 7).result(20) == 7
    pool.close()


def test_what_was_cancelled_before_its_turn_is_not_begun(pool: Pool) -> None:
    go_on, begun = threading.Event(), threading.Event()
    held = [pool.submit(go_on.wait, 20) for _ in range(3)]
    late = pool.submit(begun.set)
    assert late.cancel()
    go_on.set()
    assert all(future.result(20) for future in held)
    assert pool.submit(begun.is_set).result(20) is False
    pool.close()


def test_the_threads_end_when_it_is_closed(pool: Pool) -> None:
    thread = pool.submit(threading.current_thread).result(20)
    pool.close()
    thread.join(20)
    assert not thread.is_alive()


def test_what_is_submitted_when_it_is_closed_is_refused_and_not_forgotten(pool: Pool) -> None:
    pool.close()
    with pytest.raises(RuntimeError):
        pool.submit(int)


def test_a_thread_that_cannot_be_begun_costs_no_place(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", none_left)
        for _ in range(3):
            with pytest.raises(RuntimeError):
                pool.submit(int)
    assert pool.submit(int).result(20) == 0
    pool.close()
