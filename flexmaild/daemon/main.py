"""The daemon from its first statement to its last: `run` reads the settings, opens the store and serves.

The main thread is the supervisor: signals, the service manager, the watchdog. It never touches the store, so
it can say that the store hangs. Signals are taken first of all, so that one sent during the start is
remembered. READY is said when the settings are valid, the store is open and the sockets are bound, not when
a mail server answers.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import time
from pathlib import Path

import structlog

from flexmaild.api.commands import Handlers
from flexmaild.api.limits import Limits
from flexmaild.core import exit_codes
from flexmaild.core.errors import Failure
from flexmaild.daemon import assembly, wiring
from flexmaild.daemon.lifecycle import Daemon
from flexmaild.daemon.start import once_possible
from flexmaild.engine.keys.own_files import insist_on_own_files, make_state_directory
from flexmaild.engine.keys.reference_key import has_own_key
from flexmaild.observe import logs
from flexmaild.observe.logs import Logs
from flexmaild.settings.faults import SettingsError
from flexmaild.settings.schema import Settings
from flexmaild.store import StoreDamaged, StoreRefused, open_store
from flexmaild.system import redaction
from flexmaild.system.clock import MachineClock, SystemClock, TrustedClock
from flexmaild.system.notify import Manager

_log = structlog.get_logger("flexmaild")

ENDING_OR_RELOAD = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


def run(config: Path, clock: MachineClock | None = None) -> int:
    """Be the daemon until a signal ends it. Returns the exit status: 0, 1 or 78."""
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    _take_signals(signals)
    os.environ["TZ"] = "UTC"  # `schedule` counts in local time, which DST makes jump
    time.tzset()
    try:
        settings = wiring.load_settings(config)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return exit_codes.BAD_SETTINGS
    journal = logs.start(settings.log.level, settings.log.format, redaction.THIS_PROCESS)
    try:
        trusted = TrustedClock(clock or SystemClock())
        daemon = once_possible(
            lambda: opened(config, settings, trusted, signals, journal), signals, Manager()
        )
        return daemon.serve() if daemon else exit_codes.DONE
    except SettingsError as error:
        print(error, file=sys.stderr)  # whole: a log cuts long values
        return exit_codes.BAD_SETTINGS
    except Failure as failure:
        _log.critical("cannot start", fault=failure.text, cure=failure.cure)
        return (
            exit_codes.BAD_SETTINGS if isinstance(failure, StoreRefused | StoreDamaged) else exit_codes.FAILED
        )
    except OSError as fault:
        _log.critical("cannot start", fault=str(fault))
        return exit_codes.FAILED
    finally:
        journal.close()


def opened(
    config: Path,
    settings: Settings,
    clock: TrustedClock,
    signals: queue.SimpleQueue[int],
    journal: Logs,
    limits: Limits | None = None,
) -> Daemon:
    """The daemon with its store open and its sockets bound; nothing of it runs yet.

    signals: their numbers, as they come. limits: what callers may take, as usual for None. Raises
    SettingsError, Failure or OSError, and leaves nothing open then.
    """
    make_state_directory(settings)
    insist_on_own_files(settings)
    store = open_store(
        settings.store.url,
        state_directory=settings.state_directory,
        clock=clock,
        was_there=has_own_key(settings),
    )
    try:
        daemon = assembly.assembled(config, settings, clock, store, signals, journal)
        daemon.listeners.open(settings, Handlers(daemon.services), limits or Limits())
    except BaseException:
        store.close()
        raise
    return daemon


def _take_signals(signals: queue.SimpleQueue[int]) -> None:
    """Signals only put a value on the queue (`SimpleQueue.put` is reentrant); the second to end us does."""
    ending: list[int] = []

    def taken(number: int, frame: object) -> None:
        if number != signal.SIGHUP:
            if ending:
                os._exit(exit_codes.FAILED)
            ending.append(number)
        signals.put(number)

    for number in ENDING_OR_RELOAD:
        signal.signal(number, taken)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_OR_RELOAD)  # what came before this comes now
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
