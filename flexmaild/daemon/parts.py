"""What the settings come to: adapters, workers and rules, built whole and swapped whole by a reload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flexmaild.core.opening import Policy
from flexmaild.core.work import Queue
from flexmaild.daemon.intake import Intake
from flexmaild.daemon.judge import Terms
from flexmaild.daemon.keeper import Keeper
from flexmaild.daemon.worker import Worker
from flexmaild.mail.compose.write import Stationery
from flexmaild.mail.understand.rules import Rules
from flexmaild.net.oauth import TokenDesk
from flexmaild.settings.schema import Settings
from flexmaild.transports.tools import Tools


@dataclass(frozen=True, slots=True)
class Parts:
    """One generation of the house's moving parts.

    workers: by queue and target; one for the outbox, one for each sink. intake: None when replies are not
    read. tokens and keeper: None without OAuth applications.
    """

    settings_file: Path
    settings: Settings
    rules: Rules
    terms: Terms
    policy: Policy
    stationery: Stationery
    template_sources: Mapping[str, str]
    workers: Mapping[tuple[Queue, str], Worker]
    intake: Intake | None
    tokens: TokenDesk | None
    keeper: Keeper | None
    tools: Tools
    poll_interval: timedelta | None

    def start(self, old: Parts | None = None) -> None:
        """Start what is new; parts taken over from `old` run already."""
        kept = {id(part) for part in old.threads()} if old else set()
        for part in self.threads():
            if id(part) not in kept:
                part.start()

    def stop(self, successor: Parts | None = None) -> list[Worker | Intake | Keeper]:
        """Tell what the successor does not go on with to finish the work in hand; returns those threads."""
        kept = {id(part) for part in successor.threads()} if successor else set()
        leaving = [part for part in self.threads() if id(part) not in kept]
        for part in leaving:
            part.stop()
        return leaving

    def threads(self) -> list[Worker | Intake | Keeper]:
        others = [part for part in (self.intake, self.keeper) if part is not None]
        return [*self.workers.values(), *others]

    def components(self) -> list[str]:
        """The names under which the threads give their heartbeats."""
        sinks = [f"sink {target}" for queue, target in self.workers if queue is Queue.DELIVERY]
        return ["outbox", *sinks, *(["intake"] if self.intake else [])]

    def is_busy(self) -> bool:
        return any(part.is_alive for part in self.threads())

    def hurry(self) -> None:
        """Somebody looks who may have cured something: OAuth applications that look dead are tried anew."""
        if self.tokens is not None:
            self.tokens.hurry()

    def poll(self) -> None:
        if self.intake is not None:
            self.intake.poll()
