"""The main thread while the daemon runs: signals, the watchdog, and whether the rest still makes progress.

It never touches the store and never waits, so it goes on when the store, a server or a reload hangs.
"""

import queue
import signal
import threading
import time
from collections.abc import Callable

import structlog

from flexmaild.core import exit_codes
from flexmaild.observe.health import VITAL, Health
from flexmaild.observe.metrics import Metrics
from flexmaild.settings.faults import SettingsError
from flexmaild.store import Store
from flexmaild.system.notify import Manager

_log = structlog.get_logger("flexmaild")

LOOK_SECONDS = 1.0
# A transaction takes milliseconds. One that runs longer than this, seconds, is an incident; after the
# second time only a restart helps.
HUNG_SECONDS, LOST_SECONDS = 60.0, 600.0


class Supervisor:
    """`run` returns the exit status. watchdog: seconds between two notifications, None when systemd wants
    none. on_reload: called in a thread of its own at SIGHUP. look: called when a transaction begins to hang
    and when it has ended; must not block."""

    def __init__(
        self,
        signals: queue.SimpleQueue[int],
        store: Store,
        health: Health,
        metrics: Metrics,
        manager: Manager,
        watchdog: float | None,
    ) -> None:
        self._signals = signals
        self._store = store
        self._health = health
        self._metrics = metrics
        self._manager = manager
        self._watchdog = watchdog
        self._fed = 0.0
        self._dead = threading.Event()
        self.on_reload: Callable[[], object] = lambda: None
        self.look: Callable[[], object] = lambda: None

    def died(self, component: str, text: str) -> None:
        """A bug has ended a thread: end the daemon, which systemd restarts."""
        self._metrics.unhandled(component)
        _log.critical(
            "a thread died of a bug; the daemon ends and is restarted", component=component, error=text
        )
        self._dead.set()

    def run(self) -> int:
        while True:
            try:
                number = self._signals.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                pass
            else:
                if number != signal.SIGHUP:
                    _log.info("stopping", signal=signal.Signals(number).name)
                    return exit_codes.DONE
                threading.Thread(target=self._reload, name="reload", daemon=True).start()
            if self._is_lost():
                return exit_codes.FAILED
            self._feed_watchdog()

    def _reload(self) -> None:
        try:
            self.on_reload()
        except SettingsError:
            pass  # reported where it was found
        except Exception as bug:  # noqa: BLE001 - the top of the thread
            self._metrics.unhandled("reload")
            _log.exception("bug in a reload", error=str(bug))

    def _is_lost(self) -> bool:
        """Whether the process must be restarted."""
        broken, since = self._store.broken, self._store.busy_since
        seconds = time.monotonic() - since if since is not None else 0.0
        before = self._health.hung_transaction
        self._health.hung_transaction = seconds if seconds >= HUNG_SECONDS else 0.0
        if bool(before) is not bool(self._health.hung_transaction):
            self._look()
        if broken is not None:
            _log.critical("the store is broken; the daemon ends and is restarted", fault=str(broken))
        if seconds >= LOST_SECONDS:
            _log.critical(
                "a transaction does not end; the daemon ends and is restarted", seconds=round(seconds)
            )
        return broken is not None or seconds >= LOST_SECONDS or self._dead.is_set()

    def _look(self) -> None:
        try:
            self.look()
        except Exception:  # noqa: BLE001 - a bug in what is told ends no daemon
            self._metrics.unhandled("reload")
            _log.exception("bug in a look at what is wrong")

    def _feed_watchdog(self) -> None:
        now = time.monotonic()
        if self._watchdog is None or now - self._fed < self._watchdog:
            return
        silent = VITAL & set(self._health.silent())
        if silent:
            _log.error("the watchdog is not fed", silent=sorted(silent))
        else:
            self._fed = now
            self._manager.alive()
