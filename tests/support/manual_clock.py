"""A clock whose two hands a test moves, together or apart."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class ManualClock:
    def __init__(self, wall: datetime = START) -> None:
        self.wall, self.ticks, self.is_kept = wall, 0.0, True

    def now(self) -> datetime:
        return self.wall

    def steady(self) -> float:
        return self.ticks

    def synchronised(self) -> bool:
        return self.is_kept

    def pass_(self, seconds: float, jump: float = 0.0) -> None:
        self.ticks += seconds
        self.wall += timedelta(seconds=seconds + jump)
