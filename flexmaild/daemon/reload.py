"""Reloads the settings while the daemon runs: everything that can fail first, then one swap.

A fault leaves the old settings in force whole. Work in hand is finished by the old threads, and what takes
their place begins when they have ended; nothing is lost between them, since jobs and mails live in the store
and in the folder. One reload at a time, in the thread of the caller.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from flexmaild.core.errors import Failure
from flexmaild.daemon import wiring
from flexmaild.daemon.listeners import Listeners
from flexmaild.daemon.wiring import Surroundings
from flexmaild.engine import due, operator_actions
from flexmaild.engine.components import Components
from flexmaild.engine.services import Reloaded, Services
from flexmaild.engine.timers import Timers
from flexmaild.settings import describe
from flexmaild.settings.faults import Fault, SettingsError
from flexmaild.store import StoreFault
from flexmaild.system.notify import Manager

_log = structlog.get_logger("flexmaild")


@dataclass(slots=True)
class Reload:
    services: Services
    into: Surroundings
    listeners: Listeners
    timers: Timers
    manager: Manager
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, by: str) -> Reloaded:
        """Raises SettingsError; then nothing was changed."""
        with self._lock:
            self.manager.reloading()
            try:
                outcome = self._reload()
            except SettingsError as error:
                self._refused(by, error.faults)
                raise
            except StoreFault as fault:
                self.services.reports.store_failed(fault)
                raise
            except Exception as bug:
                file = str(self.services.components.settings_file)
                self._refused(by, [Fault.of_file(file, f"a bug: {bug}")])
                raise
            finally:
                self.manager.ready("running")
            self._done(by, outcome)
        return outcome

    def _reload(self) -> Reloaded:
        old = self.services.components
        path = old.settings_file
        wanted = wiring.load_settings(path)
        if faults := describe.vanished(str(path), old.settings, wanted):
            raise SettingsError(faults)
        needs_restart = describe.restart_needed(old.settings, wanted)
        changed = describe.changed(old.settings, wanted)
        settings = describe.until_restart(old.settings, wanted)
        try:
            components = wiring.build(path, settings, self.into, old)
            listen = self.listeners.prepare(settings)  # the last that can fail: what it binds is used
        except StoreFault:
            raise
        except (Failure, OSError, ValueError) as error:
            raise SettingsError((Fault.of_file(str(path), str(error)),)) from error
        self._swap(old, components)
        listen()
        return Reloaded(changed, needs_restart, settings.warnings())

    def _swap(self, old: Components, components: Components) -> None:
        take_in_force(self.services, components)
        self.services.components = components
        components.replace(old)
        kept = set(map(id, components.deliveries.values()))
        self.services.replaced += [one for one in old.deliveries.values() if id(one) not in kept]
        components.retry_login()
        self._look()
        if components.poll_interval != old.poll_interval:
            self.timers.plan()
        if components.poller is not old.poller:  # what was wrong may have been put right
            components.poll_when_due()

    def _look(self) -> None:
        """Check borders, and sinks that open requests need, so that `status` shows problems right after the
        reload."""
        try:
            self.services.look_for_missing_sinks()
            self.services.count()
            due.check_borders(self.services)
        except StoreFault as fault:
            self.services.reports.store_failed(fault)

    def _refused(self, by: str, faults: Sequence[Fault]) -> None:
        services = self.services
        services.reports.settings_read(str(faults[0]))
        services.metrics.reloaded(ok=False, at=services.store.now().timestamp())
        told = [str(fault) for fault in faults]
        _log.error("reload refused, the old settings stay in force", by=by, faults=told)

    def _done(self, by: str, outcome: Reloaded) -> None:
        services = self.services
        services.reports.settings_read("")
        services.metrics.reloaded(ok=True, at=services.store.now().timestamp())
        changed, later = list(outcome.changed), list(outcome.needs_restart)
        _log.info("settings reloaded", by=by, changed=changed, needs_restart=later)
        operator_actions.record(services, "reload", by, changed=changed, needs_restart=later)
        for warning in outcome.warnings:
            _log.warning("settings", warning=warning)


def take_in_force(services: Services, components: Components) -> None:
    """Apply settings that are not components: gauges, log level, what health watches."""
    settings = components.settings
    services.logs.set_level(settings.log.level)
    services.metrics.configure(
        incoming=[settings.incoming.transport],
        outgoing=[settings.outgoing.transport],
        sinks=settings.sinks,
        applications=settings.oauth_applications,
        components=[c for c in components.watched() if c.startswith("sink ")],
    )
    services.metrics.poll_interval(settings.incoming.process_interval.total_seconds())
    services.reports.outgoing = settings.outgoing.transport
    services.reports.tokens = components.tokens.status if components.tokens else list
    services.health.loaded_at = services.clock.now()
    services.health.warnings = settings.warnings()
    services.health.watch_mailbox(components.poll_interval)
    services.health.watch(components.watched(), settings.sinks)
