"""What delivery threads and pollers work with, on a store of a test's own and without a daemon."""

from dataclasses import dataclass, field

from flexmaild.core.approval.admission import SenderPolicy
from flexmaild.core.references import ReferenceKeys
from flexmaild.engine.changes import Context
from flexmaild.engine.delivery import delivery
from flexmaild.engine.limiter import Limiter
from flexmaild.engine.reply_priority import ReplyPriority
from flexmaild.engine.reports import Reports
from flexmaild.engine.transaction import Transactions
from flexmaild.engine.waiters import Waiters
from flexmaild.observe.health import Health
from flexmaild.observe.metrics import Metrics
from flexmaild.store import Store
from flexmaild.system.clock import MachineClock, SystemClock, TrustedClock
from flexmaild.system.notify import Manager

KEY = b"k" * 32


@dataclass
class Running:
    """bugs: components whose thread died."""

    store: Store
    clock: TrustedClock
    metrics: Metrics
    health: Health
    waiters: Waiters
    transactions: Transactions
    priority: ReplyPriority
    context: Context
    bugs: list[tuple[str, str]] = field(default_factory=list)

    def work(self) -> delivery.Work:
        return delivery.Work(
            store=self.store,
            transactions=self.transactions,
            metrics=self.metrics,
            context=lambda: self.context,
            clock=self.clock,
            owner="me",
            priority=self.priority,
            beat=self.health.beat,
            died=lambda component, text: self.bugs.append((component, text)),
        )


def running(store: Store, machine: MachineClock | None = None) -> Running:
    clock = TrustedClock(machine or SystemClock())
    metrics = Metrics(components=["publish"], heartbeats=["timers", "outbox"])
    health, waiters = Health(clock, clock.now()), Waiters()
    reports = Reports(clock, metrics, health, Manager())
    return Running(
        store=store,
        clock=clock,
        metrics=metrics,
        health=health,
        waiters=waiters,
        transactions=Transactions(store, metrics, waiters, reports),
        priority=ReplyPriority(clock),
        context=Context(ReferenceKeys(KEY), "corp.test", SenderPolicy("reference"), Limiter(10), (KEY,)),
    )
