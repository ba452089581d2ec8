"""Runs periodic tasks: one thread with `schedule`, which calls what is due.

Periods only: `schedule` counts wall time, so due times are checked each second against the store's time. A
task that fails is counted and tried again at its next turn.
"""

import threading
from collections.abc import Callable, Sequence

import schedule
import structlog

from flexmaild.engine.worker import Worker
from flexmaild.observe.metrics import Metrics
from flexmaild.store import StoreFault

_log = structlog.get_logger("flexmaild")

# The longest that a wake-up may be away, seconds: more means that the wall clock went back.
_TICK = 1.0

Task = tuple[float, Callable[[], None]]


class Timers(Worker):
    """tasks: (seconds, what is called so often), asked for at the start and at each `plan`."""

    def __init__(
        self,
        tasks: Callable[[], Sequence[Task]],
        metrics: Metrics,
        beat: Callable[[str], None],
        failed: Callable[[StoreFault], None],
        died: Callable[[str, str], None],
    ) -> None:
        super().__init__("timers", died)
        self._tasks = tasks
        self._metrics = metrics
        self._beat = beat
        self._failed = failed
        self._scheduler = schedule.Scheduler()
        self._woken, self._replan = threading.Event(), threading.Event()
        self._soon: list[Callable[[], None]] = []

    def _interrupt(self) -> None:
        self._woken.set()

    def plan(self) -> None:
        """Plan the tasks anew with changed periods. All periods restart, so call it only when one has
        changed."""
        self._replan.set()
        self._woken.set()

    def soon(self, task: Callable[[], None]) -> None:
        """Call this task once, as soon as possible, in this thread."""
        self._soon.append(task)
        self._woken.set()

    def _work_until_stopped(self) -> None:
        self._replan.set()
        while not self._stopping.is_set():
            self._beat(self.component)
            self._woken.clear()
            if self._replan.is_set() or (self._scheduler.idle_seconds or 0.0) > _TICK + 1:
                self._plan()
            while self._soon and not self._stopping.is_set():
                self._safely(self._soon.pop(0))
            self._scheduler.run_pending()
            self._woken.wait(max(0.0, min(_TICK, self._scheduler.idle_seconds or 0.0)))

    def _leave(self) -> None:
        """Nothing is held."""

    def _plan(self) -> None:
        self._replan.clear()
        self._scheduler.clear()
        for seconds, task in self._tasks():
            self._scheduler.every(max(1, round(seconds))).seconds.do(self._safely, task)

    def _safely(self, task: Callable[[], None]) -> None:
        """Run a task; a failure does not stop the others."""
        if self._stopping.is_set():
            return
        try:
            task()
        except StoreFault as fault:
            self._failed(fault)
        except Exception:  # noqa: BLE001 - see above
            self._metrics.unhandled(self.component)
            _log.exception("bug in a timer", task=getattr(task, "__name__", "task"))
