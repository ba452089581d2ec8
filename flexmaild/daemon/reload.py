"""Settings read again while the daemon runs: everything that can fail first, then one swap.

A fault leaves the old settings in force whole. Work in hand is finished by the old parts; nothing is lost
between them, since jobs and mails live in the store and in the folder. Loop's thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from flexmaild.core.errors import Failure
from flexmaild.daemon import wiring
from flexmaild.daemon.house import House
from flexmaild.daemon.items import Reloaded
from flexmaild.daemon.parts import Parts
from flexmaild.daemon.wiring import Tie
from flexmaild.settings import describe
from flexmaild.settings.faults import Fault, SettingsError
from flexmaild.settings.schema import Settings

_log = structlog.get_logger("flexmaild")


class Doors(Protocol):
    """What listens: the metrics endpoint and the control socket."""

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Bind what these settings need; returns what makes the new doors the doors. Raises OSError."""


@dataclass(slots=True)
class Reloader:
    house: House
    tie: Tie
    doors: Doors

    def __call__(self, by: str) -> Reloaded:
        """Raises SettingsError; then nothing was changed."""
        house = self.house
        house.manager.reloading()
        try:
            outcome = self._reload()
        except SettingsError as error:
            house.health.settings_fault = str(error.faults[0])
            house.metrics.reloaded(ok=False, at=house.clock.now().timestamp())
            _log.error(
                "reload refused, the old settings stay in force", by=by, faults=[str(f) for f in error.faults]
            )
            raise
        finally:
            house.manager.ready("running")
        house.health.settings_fault = ""
        house.metrics.reloaded(ok=True, at=house.clock.now().timestamp())
        _log.info(
            "settings reloaded",
            by=by,
            changed=list(outcome.changed),
            needs_restart=list(outcome.needs_restart),
        )
        for warning in outcome.warnings:
            _log.warning("settings", warning=warning)
        return outcome

    def _reload(self) -> Reloaded:
        old, path = self.house.parts, self.house.parts.settings_file
        wanted = wiring.load_settings(path)
        needs_restart = describe.restart_needed(old.settings, wanted)
        changed = describe.changed(old.settings, wanted)
        settings = describe.until_restart(old.settings, wanted)
        try:
            parts = wiring.build(path, settings, self.tie, old)
            open_doors = self.doors.prepare(settings)  # the last that can fail: what it binds is used
        except (Failure, OSError, ValueError) as error:
            raise SettingsError((Fault(str(path), 1, 1, "(file)", str(error)),)) from error
        self._swap(old, parts)
        open_doors()
        return Reloaded(changed, needs_restart, settings.warnings())

    def _swap(self, old: Parts, parts: Parts) -> None:
        take_in_force(self.house, parts)
        parts.start(old)
        self.house.parts = parts
        old.stop(parts)
        self.house.dispatcher.take_over(parts.workers)


def take_in_force(house: House, parts: Parts) -> None:
    """What follows from settings without being a part: gauges, log level, what health looks at."""
    settings = parts.settings
    house.journal.set_level(settings.log.level)
    house.metrics.configure(
        incoming=[settings.incoming.transport],
        outgoing=[settings.outgoing.transport],
        sinks=settings.sinks,
        applications=settings.oauth_applications,
        components=[c for c in parts.components() if c.startswith("sink ")],
    )
    house.metrics.poll_interval(settings.incoming.process_interval.total_seconds())
    house.health.loaded_at = house.clock.now()
    house.health.warnings = settings.warnings()
    house.health.watch_mailbox(parts.poll_interval)
    house.health.watch(parts.components(), settings.sinks)
