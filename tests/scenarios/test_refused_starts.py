"""A daemon that cannot start ends with the code and the reasons, and nothing of another one is touched."""

import os
from pathlib import Path

from tests.support.daemon import Daemon
from tests.support.in_process import failed_start


def test_bad_settings_end_the_start_with_78_and_every_fault(tmp_path: Path) -> None:
    config = tmp_path / "flexmaild.yaml"
    config.write_text("outgoing: {prot: 25}\nincoming: {enabled: yes}\n")
    config.chmod(0o600)
    code, said = failed_start(config)
    assert code == 78
    assert f"{config}:1:12: outgoing.prot:" in said
    assert f"{config}:2:21: incoming.enabled:" in said


def test_a_second_daemon_on_the_same_state_is_refused(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start()
    other = tmp_path / "other.yaml"
    other.write_text(daemon.config.read_text().replace("control.sock", "other.sock"))
    other.chmod(0o600)
    code, said = failed_start(other)
    assert code == 1
    assert f"pid {os.getpid()}" in said
    assert daemon.call("status")["healthy"]
