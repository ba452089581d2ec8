"""Makes all parts of the daemon and connects them; none of them runs yet.

Called by `daemon.main`. Adapters are built by `daemon.wiring`, from the settings.
"""

import os
import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from flexmaild.api.routes import COMMANDS
from flexmaild.daemon import wiring
from flexmaild.daemon.lifecycle import Daemon
from flexmaild.daemon.listeners import Listeners
from flexmaild.daemon.reload import Reload
from flexmaild.daemon.supervisor import Supervisor
from flexmaild.engine import due, incoming
from flexmaild.engine.delivery import delivery
from flexmaild.engine.polling import poller
from flexmaild.engine.reply_priority import ReplyPriority
from flexmaild.engine.reports import Reports
from flexmaild.engine.services import Services
from flexmaild.engine.timers import Task, Timers
from flexmaild.engine.transaction import Targets, Transactions
from flexmaild.engine.uploads import Uploads
from flexmaild.engine.waiters import Waiters
from flexmaild.oauth.authorizations import Authorizations
from flexmaild.observe.health import Health, PollEnded
from flexmaild.observe.logs import Logs
from flexmaild.observe.metrics import Metrics
from flexmaild.settings.schema import Settings
from flexmaild.store import Store
from flexmaild.system.clock import TrustedClock
from flexmaild.system.notify import Manager, watchdog_interval

_log = structlog.get_logger("flexmaild")

# Components that may meet a bug whatever the settings are; the first give heartbeats. Sinks have a thread
# each.
HEARTBEATS, OTHER_COMPONENTS = ("timers", "poller", "outbox"), ("control", "metrics", "publish", "reload")
# Periods, seconds: what is due, the gauges and the store itself, claims in hand, what may be forgotten.
DUE_EVERY, COUNT_EVERY, RENEW_EVERY, UPLOADS_EVERY, PRUNE_EVERY = 1.0, 10.0, 20.0, 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class _Base:
    """The parts that no reload replaces, which all others work with."""

    clock: TrustedClock
    store: Store
    metrics: Metrics
    health: Health
    waiters: Waiters
    reports: Reports
    transactions: Transactions
    supervisor: Supervisor
    priority: ReplyPriority


def assembled(
    config: Path,
    settings: Settings,
    clock: TrustedClock,
    store: Store,
    signals: queue.SimpleQueue[int],
    journal: Logs,
) -> Daemon:
    """The daemon, ready to start."""
    manager = Manager()
    base = _base(clock, store, signals, manager)
    surroundings = _surroundings(base, journal, lambda: services)
    services = Services(
        clock=clock,
        store=store,
        transactions=base.transactions,
        metrics=base.metrics,
        health=base.health,
        reports=base.reports,
        waiters=base.waiters,
        logs=journal,
        components=wiring.build(config, settings, surroundings),
        sign_ins=Authorizations(),
        uploads=Uploads(settings.state_directory / "uploads"),
        reload=lambda by: reload(by),
    )
    listeners = Listeners(base.metrics, base.reports.look, base.health)
    timers = Timers(
        lambda: _tasks(services, listeners),
        base.metrics,
        base.health.beat,
        base.transactions.failed,
        base.supervisor.died,
    )
    reload = Reload(services, surroundings, listeners, timers, manager)
    base.metrics.on_bug = base.health.bug_met
    base.transactions.wake = lambda targets: _wake(services, targets)
    base.reports.on_recovery = lambda: timers.soon(lambda: due.retry_waiting(services))
    base.supervisor.look = base.reports.look
    base.supervisor.on_reload = lambda: reload("SIGHUP")
    return Daemon(services, timers, listeners, base.supervisor, manager)


def _base(clock: TrustedClock, store: Store, signals: queue.SimpleQueue[int], manager: Manager) -> _Base:
    health, waiters = Health(clock, clock.now()), Waiters()
    metrics = Metrics(components=OTHER_COMPONENTS, heartbeats=HEARTBEATS, commands=COMMANDS)
    reports = Reports(clock, metrics, health, manager)
    return _Base(
        clock=clock,
        store=store,
        metrics=metrics,
        health=health,
        waiters=waiters,
        reports=reports,
        transactions=Transactions(store, metrics, waiters, reports),
        supervisor=Supervisor(signals, store, health, metrics, manager, watchdog_interval()),
        priority=ReplyPriority(clock),
    )


def _surroundings(base: _Base, journal: Logs, services: Callable[[], Services]) -> wiring.Surroundings:
    """services: called once the daemon runs; they hold the components that are built with this."""
    return wiring.Surroundings(
        clock=base.clock,
        store=base.store,
        deliveries=delivery.Work(
            store=base.store,
            transactions=base.transactions,
            metrics=base.metrics,
            context=lambda: services().context,
            clock=base.clock,
            owner=_claim_owner(base.store),
            priority=base.priority,
            beat=base.health.beat,
            died=base.supervisor.died,
        ),
        poller=poller.Work(
            known=base.store.known,
            highest=base.store.highest,
            commit=lambda read: incoming.commit(base.transactions, services().context, base.metrics, read),
            keep_mark=base.store.keep_mark,
            left=base.store.left_in,
            ended=lambda ended: _poll_ended(services(), ended),
            priority=base.priority,
            clock=base.clock,
            beat=base.health.beat,
            died=base.supervisor.died,
        ),
        trace=_tracer(journal),
        child_died=_child_died,
        tokens_changed=base.reports.applications,
    )


def _claim_owner(store: Store) -> str:
    """The name under which this process claims jobs; claims of its earlier lives are released."""
    owner = f"{os.uname().nodename}:{os.getpid()}:{time.time_ns()}"
    with store.transaction() as transaction:
        transaction.release(owner)
    return owner


def _poll_ended(services: Services, ended: PollEnded) -> None:
    """Called before those who asked for the poll get its end: `status` shows what came of it by then."""
    if ended.read:
        services.components.wake()  # mails wait while replies are read (`engine.reply_priority`)
        due.check_borders(services)
    services.reports.poll_ended(ended)


def _wake(services: Services, targets: Targets) -> None:
    for target in targets:
        if target in services.components.deliveries:
            services.components.deliveries[target].wake()


def _tasks(services: Services, listeners: Listeners) -> Sequence[Task]:
    """What the timers call, with the period of each."""
    tasks: list[Task] = [
        (DUE_EVERY, lambda: due.pass_time(services)),
        (COUNT_EVERY, services.count),
        (COUNT_EVERY, listeners.bind_metrics),
        (COUNT_EVERY, listeners.look_at_control),
        (COUNT_EVERY, lambda: due.write_time(services)),
        (RENEW_EVERY, lambda: due.renew_claims(services)),
        (PRUNE_EVERY, lambda: due.prune(services)),
        (UPLOADS_EVERY, lambda: services.uploads.prune(time.time())),
        (PRUNE_EVERY, lambda: due.find_damage(services)),
        (PRUNE_EVERY, lambda: due.check_borders(services)),
    ]
    interval = services.components.poll_interval
    if interval is not None:
        # Of the components of that moment: a reload puts others in their place and plans nothing anew.
        tasks.append((interval.total_seconds(), lambda: services.components.poll_when_due()))
    return tasks


def _tracer(journal: Logs) -> Callable[[str], None]:
    """Logs each line of each dialogue at level debug; the level is checked first, since lines are many."""

    def trace(line: str) -> None:
        if journal.is_wanted("debug"):
            _log.debug("dialogue", line=line)

    return trace


def _child_died(fault: str) -> None:
    _log.warning("the child that reads mails died; it is started again", fault=fault)
