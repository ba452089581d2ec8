"""The daemon from its first statement to its last: `run` builds the house, lives in it, and leaves it tidy.

Signals are taken first of all, so that one sent during the start is remembered. READY is said when the
settings are valid, the store is open and the sockets are bound, not when a mail server answers.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from flexmaild import __version__
from flexmaild.control.routes import COMMANDS
from flexmaild.core.errors import Failure
from flexmaild.daemon import desk as desks
from flexmaild.daemon import wiring
from flexmaild.daemon.clock import Clock, Led, Sentry, SystemClock
from flexmaild.daemon.dispatch import Dispatcher
from flexmaild.daemon.doors import Doors
from flexmaild.daemon.health import Health
from flexmaild.daemon.house import House
from flexmaild.daemon.items import Item, Reloaded, SignalCame
from flexmaild.daemon.ledger import Ledger
from flexmaild.daemon.loop import Loop
from flexmaild.daemon.own_key import insist_on_store
from flexmaild.daemon.parts import Parts
from flexmaild.daemon.reload import Reloader, take_in_force
from flexmaild.daemon.sign_ins import SignIns
from flexmaild.daemon.systemd import Manager, watchdog_interval
from flexmaild.daemon.waiters import Waiters
from flexmaild.observe import logs
from flexmaild.observe.logs import Logs
from flexmaild.observe.metrics import Metrics
from flexmaild.observe.redact import Redactor
from flexmaild.settings.faults import SettingsError
from flexmaild.settings.schema import Settings
from flexmaild.settings.secrets import on_read
from flexmaild.store import Store, StoreFault, open_store

_log = structlog.get_logger("flexmaild")

# Threads that are there whatever the settings say; sinks have one each.
LASTING_COMPONENTS = ("loop", "intake", "outbox", "control", "metrics")

ENDING_OR_RELOAD = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)

# sysexits.h: EX_CONFIG; systemd does not start us again with it (RestartPreventExitStatus=78).
BAD_SETTINGS = 78
FAILED = 1
# Work in hand at the end: a mail is sent or a batch committed in less; the rest waits in the store.
STOP_SECONDS = 20.0


def run(config: Path, clock: Clock | None = None) -> int:
    """Be the daemon until a signal ends it. Returns the exit status: 0, 1 or 78."""
    box: queue.SimpleQueue[Item] = queue.SimpleQueue()
    _take_signals(box)
    os.environ["TZ"] = "UTC"  # `schedule` counts in local time, which DST makes jump
    time.tzset()
    try:
        settings = wiring.load_settings(config)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return BAD_SETTINGS
    redactor = Redactor()
    on_read(redactor.register)
    journal = logs.start(settings.log.level, settings.log.format, redactor)
    try:
        return _live(config, settings, clock or SystemClock(), box, journal, redactor)
    except SettingsError as error:
        _log.critical("the settings have faults", faults=[str(f) for f in error.faults])
        return BAD_SETTINGS
    except (Failure, StoreFault, OSError) as fault:
        _log.critical("cannot start", fault=str(fault))
        return FAILED
    finally:
        journal.close()


def _live(
    config: Path,
    settings: Settings,
    clock: Clock,
    box: queue.SimpleQueue[Item],
    journal: Logs,
    redactor: Redactor,
) -> int:
    manager, health = Manager(), Health(clock, clock.now())
    settings.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    insist_on_store(settings)
    store = open_store(settings.store.url, state_directory=settings.state_directory)
    metrics = Metrics(components=LASTING_COMPONENTS, commands=COMMANDS)
    led = Led(clock)
    tie = wiring.Tie(box.put, health.beat, led, _tracer(journal), _child_died, redactor.register)
    try:
        parts = wiring.build(config, settings, tie)
        house = _house(store, clock, led, metrics, manager, health, parts, journal)
        doors = Doors(metrics, health)
        desk = desks.Desk(house, box.put)
        doors.open(settings, desk)
    except BaseException:
        store.close()
        raise
    # A signal may ask for a reload before the loop runs; it waits on the queue.
    house.reload = Reloader(house, tie, doors)
    return _serve(house, doors, Loop(house, box))


def _house(
    store: Store,
    clock: Clock,
    led: Led,
    metrics: Metrics,
    manager: Manager,
    health: Health,
    parts: Parts,
    journal: Logs,
) -> House:
    waiters, owner = Waiters(), f"{os.uname().nodename}:{os.getpid()}:{time.time_ns()}"
    store.release(owner)
    house: House = House(
        clock=clock,
        sentry=Sentry(clock),
        led=led,
        store=store,
        metrics=metrics,
        manager=manager,
        health=health,
        ledger=Ledger(store, metrics, waiters),
        dispatcher=Dispatcher(store, clock, owner),
        waiters=waiters,
        parts=parts,
        watchdog_seconds=watchdog_interval(),
        sign_ins=SignIns(),
        journal=journal,
        answer=lambda command, call: desks.answer(house, command, call),
        reload=lambda by: Reloaded(),
    )
    return house


def _serve(house: House, doors: Doors, loop: Loop) -> int:
    take_in_force(house, house.parts)
    house.metrics.settings_in_force(ok=True, at=house.clock.now().timestamp())
    for warning in house.parts.settings.warnings():
        _log.warning("settings", warning=warning)
    house.parts.start()
    house.dispatcher.take_over(house.parts.workers)
    doors.start()
    _log.info("started", version=__version__, settings=str(house.parts.settings_file), pid=os.getpid())
    house.manager.ready("running")
    try:
        return loop.run()
    finally:
        _leave(house, doors, loop)


def _leave(house: House, doors: Doors, loop: Loop) -> None:
    """Finish what is in hand, keep the rest: `kill -9` at any point of this is as good."""
    house.manager.stopping()
    house.sign_ins.stop()
    house.dispatcher.close()
    threads = house.parts.stop()
    loop.drain(house.clock.steady() + STOP_SECONDS)
    doors.close()
    for thread in threads:
        thread.join(0.5)
    house.store.close()
    _log.info("stopped")


def _take_signals(box: queue.SimpleQueue[Item]) -> None:
    """Signals only put a value on the queue (`SimpleQueue.put` is reentrant); the second to end us does."""
    ending: list[int] = []

    def taken(number: int, frame: object) -> None:
        if number != signal.SIGHUP:
            if ending:
                os._exit(FAILED)
            ending.append(number)
        box.put(SignalCame(number))

    for number in ENDING_OR_RELOAD:
        signal.signal(number, taken)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_OR_RELOAD)  # what came before this comes now
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)


def _tracer(journal: Logs) -> Callable[[str], None]:
    """Takes every line of every dialogue, so it asks first whether anybody wants to see them."""

    def trace(line: str) -> None:
        if journal.is_wanted("debug"):
            _log.debug("dialogue", line=line)

    return trace


def _child_died(fault: str) -> None:
    _log.warning("the reading child died; it is started again", fault=fault)
