"""The daemon as a service: readiness, reload by signal, watchdog, stopping."""

import signal

import pytest

from tests.kit.house import House
from tests.kit.service_manager import Manager, environment

pytestmark = pytest.mark.process

ALICE = "alice@corp.test"


def send(house: House, number: int) -> None:
    assert house.process is not None
    house.process.send_signal(number)


def test_readiness_reload_and_stop_are_told_to_the_service_manager(house: House, manager: Manager) -> None:
    house.start(environment(manager))
    assert manager.hears("READY") == "READY=1"
    send(house, signal.SIGHUP)
    assert "MONOTONIC_USEC=" in manager.hears("RELOADING=1")
    assert manager.hears("READY") == "READY=1"
    assert house.stop() == 0
    assert manager.hears("STOPPING") == "STOPPING=1"


def test_a_failed_reload_is_ready_again_too(house: House, manager: Manager) -> None:
    house.start(environment(manager))
    manager.hears("READY")
    house.config.write_text("nonsense: [")
    send(house, signal.SIGHUP)
    manager.hears("RELOADING")
    assert manager.hears("READY") == "READY=1"
    assert house.call("status")["settings"]["last_reload"] == "failed"


def test_the_watchdog_is_fed_while_all_is_well(house: House, manager: Manager) -> None:
    house.start(environment(manager, WATCHDOG_USEC="2000000"))
    for _ in range(2):
        assert manager.hears("WATCHDOG") == "WATCHDOG=1"


def test_another_process_s_watchdog_is_not_ours(house: House, manager: Manager) -> None:
    house.start(environment(manager, WATCHDOG_USEC="1000000", WATCHDOG_PID="1"))
    manager.hears("READY")
    house.stop()
    said = []
    while not manager.heard.empty():
        said.append(manager.heard.get())
    assert "WATCHDOG=1" not in said


def test_two_hundred_hangups_do_no_harm(house: House) -> None:
    house.start()
    for _ in range(200):
        send(house, signal.SIGHUP)
    assert house.call("status")["ready"]
    assert house.stop() == 0
