"""How the daemon begins where its place is not as it should be: refused with the cure, or waited for."""

import ctypes
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from tests.support.daemon import ROOT, Daemon
from tests.support.service_manager import Manager, environment

pytestmark = pytest.mark.process

NOBODY = 65534
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def no_more_than_the_rights_of_its_user() -> None:
    """Root may write every file by these; without them it is a user as others are."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            assert libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0


def run(daemon: Daemon, *command: str) -> subprocess.CompletedProcess[str]:
    """flexmaild on this daemon's settings, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "flexmaild", *command, "--config", str(daemon.config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NOTIFY_SOCKET": ""},
        check=False,
        preexec_fn=no_more_than_the_rights_of_its_user,
    )


@pytest.mark.parametrize("name", ["flexmaild.db", "flexmaild.db.lock", "reference.key"])
def test_state_of_another_user_is_named_by_check_and_by_the_start(daemon: Daemon, name: str) -> None:
    daemon.start()
    daemon.stop()
    path = daemon.root / "state" / name
    assert run(daemon, "check").returncode == 0
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
        cure = f"belongs to nobody, and root may not read and write it: run chown root {path}"
    else:
        path.chmod(0o000)
        cure = f"run chmod u+rwX {path}"
    for done in (run(daemon, "check"), run(daemon)):
        assert done.returncode == 78, done
        assert cure in done.stderr


def test_root_s_check_speaks_of_the_service_s_user(daemon: Daemon) -> None:
    assert os.geteuid() == 0, "run the tests as root, as CI does: this one needs two users"
    daemon.start()
    daemon.stop()
    state = daemon.root / "state"
    os.chown(state, NOBODY, NOBODY)
    for path in state.iterdir():
        os.chown(path, NOBODY, NOBODY)
    checked = [sys.executable, "-m", "flexmaild", "check", "--config", str(daemon.config)]
    assert subprocess.run(checked, cwd=ROOT, check=False).returncode == 0
    key = state / "reference.key"
    os.chown(key, 0, 0)
    done = subprocess.run(checked, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 78
    assert f"belongs to root, and nobody may not read and write it: run chown nobody {key}" in done.stderr


class Disk:
    """A full disk under the state directory, with room made by hand: a small file system where this process
    may mount one, else a limit of what a file may hold."""

    def __init__(self, daemon: Daemon) -> None:
        self._house = daemon
        self._state = daemon.root / "state"
        self._state.mkdir()
        self._is_mounted = self._mount("-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs") == 0

    def _mount(self, *words: str) -> int:
        command = ["mount", *words, str(self._state)]
        return subprocess.run(command, check=False, capture_output=True).returncode

    def begin(self, env: Mapping[str, str]) -> None:
        """Start the daemon while there is no room."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        if not self._is_mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
        try:
            self._house.begin(env)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def make_room(self) -> None:
        if self._is_mounted:
            assert self._mount("-o", "remount,size=64m") == 0
            return
        assert self._house.process is not None
        _, hard = resource.prlimit(self._house.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._house.process.pid, resource.RLIMIT_FSIZE, (hard, hard))

    def close(self) -> None:
        self._house.close()
        if self._is_mounted:
            subprocess.run(["umount", str(self._state)], check=True)


@pytest.fixture
def full_disk(daemon: Daemon) -> Iterator[Disk]:
    made = Disk(daemon)
    yield made
    made.close()


def test_a_start_on_a_full_disk_waits_says_so_and_goes_on_by_itself(
    daemon: Daemon, full_disk: Disk, manager: Manager
) -> None:
    full_disk.begin(environment(manager))
    first = manager.hears("EXTEND_TIMEOUT_USEC=")
    assert int(first.partition("=")[2]) > 60_000_000
    told = manager.hears("STATUS=")
    assert told.startswith("STATUS=waiting to start: ") and "no space left for the store" in told
    assert manager.hears("EXTEND_TIMEOUT_USEC=") == first
    send(daemon, signal.SIGHUP)
    assert manager.hears("STATUS=waiting to start: ")
    full_disk.make_room()
    assert manager.hears("READY") == "READY=1"
    assert manager.hears("RELOADING")  # the hang-up is not forgotten
    assert daemon.call("status")["ready"]
    log = daemon.log.read_text()
    assert log.count("the start waits") == 1 and log.count("the start goes on") == 1
    assert daemon.stop() == 0


def test_a_signal_ends_the_waiting(daemon: Daemon, full_disk: Disk, manager: Manager) -> None:
    full_disk.begin(environment(manager))
    manager.hears("STATUS=waiting to start: ")
    assert daemon.stop() == 0
    assert manager.hears("STOPPING") == "STOPPING=1"


def test_a_database_that_another_program_holds_is_waited_for(daemon: Daemon, manager: Manager) -> None:
    daemon.start()
    daemon.stop()
    other = sqlite3.connect(daemon.root / "state" / "flexmaild.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    daemon.begin(environment(manager))
    assert "another program holds the database" in manager.hears("STATUS=waiting to start: ")
    other.execute("ROLLBACK")
    other.close()
    assert manager.hears("READY") == "READY=1"


def send(daemon: Daemon, number: int) -> None:
    assert daemon.process is not None
    daemon.process.send_signal(number)
