"""A few threads that carry out calls.

In place of `concurrent.futures.ThreadPoolExecutor`, which the interpreter waits for at its end: a call that
hangs (a server, a lock of the store) must not keep a daemon that was told to stop.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Job = Callable[[], None]


class Pool:
    """At most `threads` of them, begun when they are needed; `name` is theirs in a list of threads."""

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self._most = threads
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._begun = self._unfinished = 0
        self._is_closed = False

    def submit(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> Future[_R]:
        """Its result, or what it raised, to come. One that is cancelled before its turn is not begun.

        Raises RuntimeError when it was closed, or when there can be no thread (threads-max, TasksMax=).
        """
        future: Future[_R] = Future()
        with self._lock:
            if self._is_closed:
                raise RuntimeError(f"{self._name} is closed")
            if self._begun < min(self._unfinished + 1, self._most):
                name = f"{self._name}-{self._begun + 1}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
                self._begun += 1
            self._unfinished += 1
            self._jobs.put(lambda: self._carry_out(future, function, *args, **kwargs))
        return future

    def close(self) -> None:
        """The threads end when they have done what was submitted before; they are not waited for."""
        with self._lock:
            self._is_closed = True
            for _ in range(self._begun):
                self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job  # what it holds may be large, and the next one may be long in coming

    def _carry_out(
        self, future: Future[Any], function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        result: Any = None
        error: BaseException | None = None
        is_wanted = future.set_running_or_notify_cancel()
        if is_wanted:
            try:
                result = function(*args, **kwargs)
            except BaseException as caught:  # noqa: BLE001 - who waits for the result gets it
                error = caught
        with self._lock:  # before anybody hears of it: who submits next finds a thread that is free
            self._unfinished -= 1
        if error is not None:
            future.set_exception(error)
        elif is_wanted:
            future.set_result(result)
