"""Time from the start of the process to READY=1, as systemd sees it."""

import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.stage import BenchmarkDaemon, directory, end_of
from tests.benchmarks.table import compared, show
from tests.support.daemon import ROOT

ROUNDS = 9


def main() -> None:
    with directory() as root:
        first = [seconds_to_ready(root, f"first{n}", fresh=True) for n in range(3)]
        again = [seconds_to_ready(root, "again", fresh=False) for _ in range(ROUNDS + 1)][1:]
        bare = [_seconds_of_python() for _ in range(ROUNDS)]
    figures = {"to READY, state there": again, "to READY, state made": first, "python -c 'import ssl'": bare}
    show("Start", "s", figures, digits=3)
    compared("to READY, beside it", statistics.median(again) / statistics.median(bare), "", "<= 20")


def seconds_to_ready(root: Path, name: str, *, fresh: bool) -> float:
    """fresh: the store and the key have to be made first."""
    daemon = BenchmarkDaemon(root / name)
    assert not fresh or not (root / name / "state").exists()
    heard = str(root / name / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(heard)
        manager.settimeout(30)
        with daemon.log.open("ab") as log:
            began = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-m", "flexmaild", "--config", str(daemon.config)],
                cwd=ROOT,
                env={**os.environ, "NOTIFY_SOCKET": heard},
                stdout=log,
                stderr=log,
            )
        try:
            while b"READY=1" not in manager.recv(4096):
                pass
            return time.perf_counter() - began
        finally:
            end_of(process)
            os.unlink(heard)


def _seconds_of_python() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import ssl"], check=True)
    return time.perf_counter() - began
