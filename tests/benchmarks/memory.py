"""Memory of the daemon and its reading child: at rest, after work, and while replies of 10 MB arrive."""

import threading
import time
from pathlib import Path

from tests.benchmarks.stage import Servers, directory, running, seeded, servers
from tests.benchmarks.table import compared, show

MAILS, LARGE, ATTACHED = 300, 20, 10_000_000


def main() -> None:
    with directory() as root, servers() as hosts:
        usual = seeded(root / "usual", MAILS)
        large = seeded(root / "large", LARGE, ATTACHED)
        rest, worked, peak = _figures(hosts, root, usual.state, usual.replies)
        _, _, large_peak = _figures(hosts, root, large.state, large.replies)
    figures = {
        "at rest": [rest],
        f"at rest after {MAILS} replies": [worked],
        f"most while {MAILS} replies are read": [peak],
        f"most while {LARGE} replies of 10 MB are read": [large_peak],
    }
    show("Memory of daemon and child (RSS)", "MB", figures, digits=1)
    compared("at rest", max(rest, worked), "MB", "< 80 MB")


def _figures(hosts: Servers, root: Path, state: Path, mails: list[bytes]) -> tuple[float, float, float]:
    """MB at rest before and after these mails, and the most on the way."""
    user = hosts.dovecot.user()
    settings = {"outgoing": hosts.outgoing(), "incoming": hosts.incoming(user)}
    with running(root, settings, state) as daemon:
        assert daemon.process
        daemon.process_replies()
        before = resident(daemon.process.pid)
        hosts.fill(user, mails)
        watch = _Watch(daemon.process.pid)
        daemon.process_replies()
        daemon.settled()
        peak = watch.end()
        return before, resident(daemon.process.pid), peak


class _Watch:
    """The highest sum of both processes, looked at a hundred times a second."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._over = pid, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.is_set():
            self._most = max(self._most, resident(self._pid))
            time.sleep(0.01)

    def end(self) -> float:
        self._over.set()
        self._thread.join()
        return self._most


def resident(pid: int) -> float:
    """MB of the process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    threads = Path(f"/proc/{pid}/task").glob("*/children") if children.exists() else []
    below = [child for path in threads for child in _text(path).split()]
    return sum(_resident(one) for one in [str(pid), *below])


def _resident(pid: str) -> float:
    for line in _text(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""
