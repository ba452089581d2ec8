"""Runs the real daemon with a clock that the test owns: `python -m tests.support.clocked CONFIG OFFSET_FILE`.

The file holds how many seconds both clocks are ahead, how many more the wall clock is wrong by, and whether
something keeps it right (1 or 0); a test moves time by writing it.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flexmaild.daemon import main as daemon_main


class ShiftedClock:
    def __init__(self, file: Path) -> None:
        self._file = file

    def _ahead(self) -> tuple[float, float]:
        both, wrong, _ = self._read()
        return float(both), float(wrong)

    def _read(self) -> list[str]:
        return self._file.read_text().split() if self._file.exists() else ["0", "0", "1"]

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=sum(self._ahead()))

    def steady(self) -> float:
        return time.monotonic() + self._ahead()[0]

    def synchronised(self) -> bool:
        return self._read()[2] == "1"


if __name__ == "__main__":
    sys.exit(daemon_main.run(Path(sys.argv[1]), ShiftedClock(Path(sys.argv[2]))))
