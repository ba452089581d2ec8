"""The components that are built from the settings: adapters, threads and rules. A reload swaps them as
one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flexmaild.core.approval.opening import Policy
from flexmaild.core.work import Queue
from flexmaild.engine.changes import Context
from flexmaild.engine.delivery.delivery import Delivery
from flexmaild.engine.polling.poller import Poller
from flexmaild.mail.compose.write import ComposeSettings
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.oauth.manager import TokenManager
from flexmaild.oauth.refresher import TokenRefresher
from flexmaild.settings.schema import Settings
from flexmaild.transports.context import AdapterContext

Thread = Poller | Delivery | TokenRefresher
# How long to wait for the end of a delivery thread that was replaced, seconds.
_HANGING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Components:
    """All components built from one set of settings.

    deliveries: by queue and target; one for the outbox, one for each sink. poller: None when replies are not
    read. tokens and refresher: None without OAuth applications.
    """

    settings_file: Path
    settings: Settings
    rules: Rules
    context: Context
    policy: Policy
    compose_settings: ComposeSettings
    template_sources: Mapping[str, str]
    deliveries: Mapping[tuple[Queue, str], Delivery]
    poller: Poller | None
    tokens: TokenManager | None
    refresher: TokenRefresher | None
    adapter_context: AdapterContext
    poll_interval: timedelta | None

    def threads(self) -> list[Thread]:
        others = [one for one in (self.poller, self.refresher) if one is not None]
        return [*self.deliveries.values(), *others]

    def start(self) -> None:
        for thread in self.threads():
            thread.start()

    def replace(self, old: Components) -> None:
        """Stop what was removed or replaced, and start what is new. A new poller starts when the old one
        has ended, since two would read the same folder. A delivery thread that hangs is waited for only
        briefly: its claim keeps its job from the thread that follows."""
        kept = {id(thread) for thread in self.threads()}
        running = {id(thread) for thread in old.threads()}
        for thread in old.threads():
            if id(thread) not in kept:
                thread.stop()
        for place, delivery in self.deliveries.items():
            if id(delivery) not in running:
                delivery.start(old.deliveries.get(place), _HANGING_SECONDS)
        if self.poller is not None and id(self.poller) not in running:
            self.poller.start(after=old.poller)
        if self.refresher is not None and id(self.refresher) not in running:
            self.refresher.start()

    def watched(self) -> list[str]:
        """The names under which the threads send heartbeats."""
        deliveries = [delivery.component for delivery in self.deliveries.values()]
        return [*deliveries, *([self.poller.component] if self.poller else [])]

    def retry_tokens(self) -> None:
        """Retry OAuth applications that have failed: an operator may have corrected the cause."""
        if self.tokens is not None:
            self.tokens.retry_now()

    def retry_login(self) -> None:
        """See `Poller.retry_login`."""
        if self.poller is not None:
            self.poller.retry_login()

    def poll_when_due(self) -> None:
        """See `Poller.poll_when_due`."""
        if self.poller is not None:
            self.poller.poll_when_due()

    def wake(self, *, reset_backoff: bool = False, target: str | None = None) -> None:
        """See `Delivery.wake`; target: None means all."""
        for delivery in self.deliveries.values():
            if target is None or delivery.target == target:
                delivery.wake(reset_backoff=reset_backoff)
