"""Runs the real daemon with a clock that the test owns: `python -m tests.kit.clocked CONFIG OFFSET_FILE`.

The file holds how many seconds both clocks are ahead, and how many more the wall clock is wrong by; a test
moves time by writing it.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flexmaild.daemon import main as daemon


class ShiftedClock:
    def __init__(self, file: Path) -> None:
        self._file = file

    def _ahead(self) -> tuple[float, float]:
        both, _, wrong = self._file.read_text().partition(" ") if self._file.exists() else ("", "", "")
        return float(both or 0), float(wrong or 0)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=sum(self._ahead()))

    def steady(self) -> float:
        return time.monotonic() + self._ahead()[0]


if __name__ == "__main__":
    sys.exit(daemon.run(Path(sys.argv[1]), ShiftedClock(Path(sys.argv[2]))))
