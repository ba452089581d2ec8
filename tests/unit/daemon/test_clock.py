"""Time as decisions see it: jumps forward are doubted for a minute, everything else is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flexmaild.system.clock import Sentry

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class Hands:
    """A clock whose two hands a test moves apart."""

    def __init__(self) -> None:
        self.wall, self.ticks = START, 0.0

    def now(self) -> datetime:
        return self.wall

    def steady(self) -> float:
        return self.ticks

    def pass_(self, seconds: float, jump: float = 0.0) -> None:
        self.ticks += seconds
        self.wall += timedelta(seconds=seconds + jump)


def test_time_that_merely_passes_is_believed() -> None:
    hands = Hands()
    sentry = Sentry(hands)
    hands.pass_(86400)
    assert sentry.now() == START + timedelta(days=1)


def test_a_jump_forward_is_believed_after_a_minute() -> None:
    hands = Hands()
    sentry = Sentry(hands)
    hands.pass_(1, jump=3600 * 24 * 365)
    assert sentry.now() == START + timedelta(seconds=1)
    hands.pass_(30)
    assert sentry.now() == START + timedelta(seconds=31)
    hands.pass_(30)
    assert sentry.now() == hands.wall


def test_a_jump_that_is_taken_back_never_happened() -> None:
    hands = Hands()
    sentry = Sentry(hands)
    hands.pass_(1, jump=7200)
    sentry.now()
    hands.pass_(1, jump=-7200)
    assert sentry.now() == START + timedelta(seconds=2)
