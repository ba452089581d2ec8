"""The daemon from its first statement to its last: `run` builds it, supervises it, and leaves it tidy.

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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from flexmaild import __version__
from flexmaild.api.commands import Handlers
from flexmaild.api.limits import Limits
from flexmaild.api.routes import COMMANDS
from flexmaild.core import exit_codes
from flexmaild.core.errors import Failure
from flexmaild.daemon import wiring
from flexmaild.daemon.listeners import Listeners
from flexmaild.daemon.reload import Reload, take_in_force
from flexmaild.daemon.start import once_possible
from flexmaild.daemon.supervisor import Supervisor
from flexmaild.engine import due, incoming
from flexmaild.engine.delivery import delivery
from flexmaild.engine.keys.own_files import insist_on_own_files, make_state_directory
from flexmaild.engine.keys.reference_key import has_own_key
from flexmaild.engine.polling import poller
from flexmaild.engine.reply_priority import ReplyPriority
from flexmaild.engine.reports import Reports
from flexmaild.engine.services import Services
from flexmaild.engine.timers import Task, Timers
from flexmaild.engine.transaction import Targets, Transactions
from flexmaild.engine.uploads import Uploads
from flexmaild.engine.waiters import Waiters
from flexmaild.oauth.authorizations import Authorizations
from flexmaild.observe import logs
from flexmaild.observe.health import Health, PollEnded
from flexmaild.observe.logs import Logs
from flexmaild.observe.metrics import Metrics
from flexmaild.settings.faults import SettingsError
from flexmaild.settings.schema import Settings
from flexmaild.store import Store, StoreDamaged, StoreRefused, open_store
from flexmaild.system import redaction
from flexmaild.system.clock import MachineClock, SystemClock, TrustedClock
from flexmaild.system.deadline import Deadline
from flexmaild.system.notify import Manager, watchdog_interval

_log = structlog.get_logger("flexmaild")

# What may meet a bug whatever the settings say; the first give heartbeats. Sinks have a thread each.
HEARTBEATS, OTHER_COMPONENTS = ("timers", "poller", "outbox"), ("control", "metrics", "publish", "reload")

ENDING_OR_RELOAD = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)

# Work in hand at the end: a mail is sent or a batch committed in less; the rest waits in the store.
STOP_SECONDS = 20.0
# Periods, seconds: what is due, the gauges and the store itself, claims in hand, what may be forgotten.
DUE_EVERY, COUNT_EVERY, RENEW_EVERY, UPLOADS_EVERY, PRUNE_EVERY = 1.0, 10.0, 20.0, 60.0, 3600.0


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
        daemon = _assembled(config, settings, clock, store, signals, journal)
        daemon.listeners.open(settings, Handlers(daemon.services), limits or Limits())
    except BaseException:
        store.close()
        raise
    return daemon


def _assembled(
    config: Path,
    settings: Settings,
    clock: TrustedClock,
    store: Store,
    signals: queue.SimpleQueue[int],
    journal: Logs,
) -> Daemon:
    """All parts of the daemon, tied together; none of them runs yet."""
    manager, health, waiters = Manager(), Health(clock, clock.now()), Waiters()
    metrics = Metrics(components=OTHER_COMPONENTS, heartbeats=HEARTBEATS, commands=COMMANDS)
    reports = Reports(clock, metrics, health, manager)
    transactions = Transactions(store, metrics, waiters, reports)
    supervisor = Supervisor(signals, store, health, metrics, manager, watchdog_interval())
    services: Services
    timers: Timers
    owner = f"{os.uname().nodename}:{os.getpid()}:{time.time_ns()}"
    with store.transaction() as transaction:
        transaction.release(owner)
    quiet = ReplyPriority(clock)
    into = wiring.Surroundings(
        clock=clock,
        store=store,
        deliveries=delivery.Work(
            store=store,
            transactions=transactions,
            metrics=metrics,
            context=lambda: services.context,
            clock=clock,
            owner=owner,
            quiet=quiet,
            beat=health.beat,
            died=supervisor.died,
        ),
        poller=poller.Work(
            known=store.known,
            highest=store.highest,
            commit=lambda read: incoming.commit(transactions, services.context, metrics, read),
            keep_mark=store.keep_mark,
            left=store.left_in,
            ended=lambda ended: _poll_ended(services, ended),
            quiet=quiet,
            clock=clock,
            beat=health.beat,
            died=supervisor.died,
        ),
        trace=_tracer(journal),
        child_died=_child_died,
        tokens_changed=reports.applications,
    )
    services = Services(
        clock=clock,
        store=store,
        transactions=transactions,
        metrics=metrics,
        health=health,
        reports=reports,
        waiters=waiters,
        logs=journal,
        components=wiring.build(config, settings, into),
        sign_ins=Authorizations(),
        uploads=Uploads(settings.state_directory / "uploads"),
        reload=lambda by: reload(by),
    )
    listeners = Listeners(metrics, reports.look, health)
    timers = Timers(
        lambda: _tasks(services, listeners), metrics, health.beat, transactions.failed, supervisor.died
    )
    reload = Reload(services, into, listeners, timers, manager)
    metrics.on_bug = health.bug_met
    transactions.wake = lambda targets: _wake(services, targets)
    reports.on_recovery = lambda: timers.soon(lambda: due.retry_waiting(services))
    supervisor.look = reports.look
    supervisor.on_reload = lambda: reload("SIGHUP")
    return Daemon(services, timers, listeners, supervisor, manager)


def _poll_ended(services: Services, ended: PollEnded) -> None:
    """Before who asked for the poll is told of its end, so that they find in `status` what came of it."""
    if ended.read:
        services.components.wake()  # mails wait while replies are read (`engine.reply_priority`)
        due.look_at_borders(services)
    services.reports.poll_ended(ended)


def _wake(services: Services, targets: Targets) -> None:
    for place in targets:
        if place in services.components.deliveries:
            services.components.deliveries[place].wake()


def _tasks(services: Services, listeners: Listeners) -> Sequence[Task]:
    """What the timers do, and how often."""
    tasks: list[Task] = [
        (DUE_EVERY, lambda: due.pass_time(services)),
        (COUNT_EVERY, services.count),
        (COUNT_EVERY, listeners.bind_metrics),
        (COUNT_EVERY, listeners.look_at_control),
        (COUNT_EVERY, lambda: due.write_time(services)),
        (RENEW_EVERY, lambda: due.renew_claims(services)),
        (PRUNE_EVERY, lambda: due.prune(services)),
        (UPLOADS_EVERY, lambda: services.uploads.prune(time.time())),
        (PRUNE_EVERY, lambda: due.look_for_damage(services)),
        (PRUNE_EVERY, lambda: due.look_at_borders(services)),
    ]
    interval = services.components.poll_interval
    if interval is not None:
        # Of the components of that moment: a reload puts others in their place and plans nothing anew.
        tasks.append((interval.total_seconds(), lambda: services.components.poll_when_due()))
    return tasks


@dataclass(slots=True)
class Daemon:
    """What runs, and the written order in which it starts and stops."""

    services: Services
    timers: Timers
    listeners: Listeners
    supervisor: Supervisor
    manager: Manager

    def serve(self) -> int:
        services, components = self.services, self.services.components
        take_in_force(services, components)
        services.metrics.settings_in_force(ok=True, at=services.store.now().timestamp())
        for warning in components.settings.warnings():
            _log.warning("settings", warning=warning)
        components.start()
        self.services.uploads.begin_anew()
        self.listeners.bind_metrics()
        self.timers.start()
        self.timers.soon(services.look_for_missing_sinks)
        self.timers.soon(services.count)
        self.timers.soon(lambda: due.look_for_damage(services))
        self.timers.soon(lambda: due.look_at_borders(services))
        components.poll_when_due()
        self.listeners.start()
        file = str(components.settings_file)
        _log.info("started", version=__version__, settings=file, pid=os.getpid())
        self.manager.ready("running")
        status = self.supervisor.run()
        self._leave()
        if self.services.store.busy_since is not None:  # a thread that hangs would keep the process
            self.services.logs.close()
            os._exit(status)
        return status

    def _leave(self) -> None:
        """Finish what is in hand, keep the rest: `kill -9` at any point of this is as good."""
        self.manager.stopping()
        self.services.sign_ins.stop()
        threads = [self.timers, *self.services.components.threads()]
        for thread in threads:
            thread.stop()
        deadline = Deadline.after(STOP_SECONDS)
        for thread in threads:
            thread.join(deadline.left)
        self.listeners.close()
        self.services.store.close()
        _log.info("stopped")


def _tracer(journal: Logs) -> Callable[[str], None]:
    """Takes every line of every dialogue, so it asks first whether anybody wants to see them."""

    def trace(line: str) -> None:
        if journal.is_wanted("debug"):
            _log.debug("dialogue", line=line)

    return trace


def _child_died(fault: str) -> None:
    _log.warning("the child that reads mails died; it is started again", fault=fault)


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
