"""The daemon as a service: readiness, reload by signal, watchdog, metrics, stopping, and bad beginnings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.kit.house import ROOT, House, until
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


def test_metrics_and_health_tell_what_happened(house: House) -> None:
    house.write_settings({"metrics": {"listen": "127.0.0.1:0"}, "log": {"level": "info"}})
    house.start()
    address = until(lambda: _logged(house, '"listen": "'), "the metrics address").split('"')[0]
    house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    text = until(lambda: _metric(address, "flexmaild_messages_deleted_total 1.0"), "the deletion")
    for line in (
        'flexmaild_messages_received_total{outcome="decision"} 1.0',
        'flexmaild_messages_received_total{outcome="unparsable"} 0.0',
        'flexmaild_decisions_total{decision="approved"} 1.0',
        'flexmaild_polls_total{transport="maildir"}',
        "flexmaild_config_last_reload_successful 1.0",
        "flexmaild_poll_interval_seconds 3600.0",
    ):
        assert line in text
    assert ALICE not in text
    for path in ("/-/healthy", "/-/ready"):
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            assert answer.status == 200


def test_a_mailbox_that_cannot_be_read_is_not_ready_and_says_why(house: House) -> None:
    house.write_settings({"metrics": {"listen": "127.0.0.1:0"}, "log": {"level": "info"}})
    house.start()
    address = until(lambda: _logged(house, '"listen": "'), "the metrics address").split('"')[0]
    for sub in ("new", "cur", "tmp"):
        (house.replies / sub).rmdir()
    house.replies.rmdir()
    house.replies.write_text("a file, not a folder")
    house.advance(4 * 3600)
    reason = until(lambda: _not_ready(address), "503")
    assert "replies have not been read" in reason
    assert not house.call("status")["healthy"]


def _logged(house: House, word: str) -> str:
    _, found, rest = house.log.read_text().partition(word)
    return rest if found else ""


def _metric(address: str, wanted: str) -> str:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
    return text if wanted in text else ""


def _not_ready(address: str) -> str:
    try:
        urllib.request.urlopen(f"http://{address}/-/ready", timeout=10).close()
    except urllib.error.HTTPError as refusal:
        return refusal.read().decode()
    return ""


def test_bad_settings_end_the_start_with_78_and_every_fault(tmp_path: Path) -> None:
    config = tmp_path / "flexmaild.yaml"
    config.write_text("outgoing: {prot: 25}\nincoming: {enabled: yes}\n")
    config.chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-m", "flexmaild", "--config", str(config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NOTIFY_SOCKET": ""},
        check=False,
    )
    assert done.returncode == 78
    assert f"{config}:1:12: outgoing.prot:" in done.stderr
    assert f"{config}:2:21: incoming.enabled:" in done.stderr


def test_a_second_daemon_on_the_same_state_is_refused(house: House, tmp_path: Path) -> None:
    house.start()
    other = tmp_path / "other.yaml"
    other.write_text(house.config.read_text().replace("control.sock", "other.sock"))
    other.chmod(0o600)
    command = [sys.executable, "-m", "flexmaild", "--config", str(other)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert house.process is not None
    assert str(house.process.pid) in done.stderr
