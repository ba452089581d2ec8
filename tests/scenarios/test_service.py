"""The daemon as a service: readiness, reload by signal, watchdog, stopping."""

import signal

import pytest

from tests.support.daemon import Daemon
from tests.support.service_manager import Manager, environment

pytestmark = pytest.mark.process

ALICE = "alice@corp.test"


def send(daemon: Daemon, number: int) -> None:
    assert daemon.process is not None
    daemon.process.send_signal(number)


def test_readiness_reload_and_stop_are_told_to_the_service_manager(daemon: Daemon, manager: Manager) -> None:
    daemon.start(environment(manager))
    assert manager.hears("READY") == "READY=1"
    send(daemon, signal.SIGHUP)
    assert "MONOTONIC_USEC=" in manager.hears("RELOADING=1")
    assert manager.hears("READY") == "READY=1"
    assert daemon.stop() == 0
    assert manager.hears("STOPPING") == "STOPPING=1"


def test_a_failed_reload_is_ready_again_too(daemon: Daemon, manager: Manager) -> None:
    daemon.start(environment(manager))
    manager.hears("READY")
    daemon.config.write_text("nonsense: [")
    send(daemon, signal.SIGHUP)
    manager.hears("RELOADING")
    assert manager.hears("READY") == "READY=1"
    assert daemon.call("status")["settings"]["last_reload"] == "failed"


def test_the_watchdog_is_fed_while_all_is_well(daemon: Daemon, manager: Manager) -> None:
    daemon.start(environment(manager, WATCHDOG_USEC="2000000"))
    for _ in range(2):
        assert manager.hears("WATCHDOG") == "WATCHDOG=1"


def test_another_process_s_watchdog_is_not_ours(daemon: Daemon, manager: Manager) -> None:
    daemon.start(environment(manager, WATCHDOG_USEC="1000000", WATCHDOG_PID="1"))
    manager.hears("READY")
    daemon.stop()
    said = []
    while not manager.heard.empty():
        said.append(manager.heard.get())
    assert "WATCHDOG=1" not in said


def test_two_hundred_hangups_do_no_harm(daemon: Daemon) -> None:
    daemon.start()
    for _ in range(200):
        send(daemon, signal.SIGHUP)
    assert daemon.call("status")["ready"]
    assert daemon.stop() == 0
