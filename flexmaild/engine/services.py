"""The services that commands and timers use, from any thread. A reload swaps only `components`."""

from collections.abc import Callable
from dataclasses import dataclass, field

from flexmaild.core.work import AuditEntry
from flexmaild.engine.changes import Context
from flexmaild.engine.components import Components
from flexmaild.engine.delivery.delivery import Delivery
from flexmaild.engine.reports import Reports
from flexmaild.engine.transaction import Transactions
from flexmaild.engine.uploads import Uploads
from flexmaild.engine.waiters import Waiters
from flexmaild.oauth.authorizations import Authorizations
from flexmaild.observe.health import Health
from flexmaild.observe.logs import Logs
from flexmaild.observe.metrics import Metrics
from flexmaild.store import Counts, Store
from flexmaild.system.clock import TrustedClock


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a successful reload did: changed settings, those that need a restart, warnings."""

    changed: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Services:
    """reload: read the settings again, asked for by whom; raises SettingsError. replaced: delivery
    threads that still carry out a job from before a reload. unlogged: entries of acts that wait for a store
    that can be written."""

    clock: TrustedClock
    store: Store
    transactions: Transactions
    metrics: Metrics
    health: Health
    reports: Reports
    waiters: Waiters
    logs: Logs
    components: Components
    sign_ins: Authorizations
    uploads: Uploads
    reload: Callable[[str], Reloaded]
    replaced: list[Delivery] = field(default_factory=list)
    unlogged: list[AuditEntry] = field(default_factory=list)
    counts: Counts = field(default_factory=lambda: Counts({}, {}, 0))

    @property
    def context(self) -> Context:
        return self.components.context

    def count(self) -> None:
        """Refresh the gauges and the service manager's status line."""
        if self.health.unserved:
            self.look_for_missing_sinks()
        self.counts = self.store.counts()
        self.reports.damaged(self.store.damaged_rows())
        self.reports.counted(self.counts, self.health.beats_at())

    def look_for_missing_sinks(self) -> None:
        """Find open requests that name sinks which are no longer configured, after a start or a reload."""
        sinks = self.components.settings.sinks
        wanted = self.store.open_by_sink()
        self.health.unserved = {name: number for name, number in wanted.items() if name not in sinks}
