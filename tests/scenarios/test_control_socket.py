"""The control socket's file goes while the daemon runs: it is bound again, and what is in work goes on."""

import json
import socket
from http.client import HTTPConnection

import pytest

from flexmaild.client import Unreachable
from flexmaild.daemon import assembly
from tests.support.daemon import Daemon, until
from tests.support.process import free_ports

ALICE = "alice@example.test"


def answers(daemon: Daemon) -> bool:
    try:
        return bool(daemon.call("status"))
    except Unreachable:
        return False


def ready(port: int) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/-/ready")
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the timers do every ten seconds they do at once."""
    monkeypatch.setattr(assembly, "COUNT_EVERY", 0.05)


@pytest.mark.usefixtures("often")
def test_a_socket_file_that_was_removed_is_bound_again_and_a_wait_goes_on(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    connection = HTTPConnection("localhost", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(daemon.root / "control.sock"))
    connection.request("GET", "/v1/status")
    connection.getresponse().read()
    connection.request("GET", f"/v1/approvals/{asked['id']}/wait?timeout=20")
    for _ in range(3):
        (daemon.root / "control.sock").unlink()
        until(lambda: answers(daemon) or None, "the control socket")
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    assert json.loads(connection.getresponse().read())["state"] == "approved"
    connection.close()


@pytest.mark.usefixtures("often")
def test_somebody_elses_socket_in_its_place_is_told_and_left_alone(daemon: Daemon) -> None:
    (port,) = free_ports(1)
    daemon.write_settings({"metrics": {"listen": f"127.0.0.1:{port}"}})
    daemon.start()
    path = daemon.root / "control.sock"
    with socket.socket(socket.AF_UNIX) as other:
        path.unlink()
        other.bind(str(path))
        other.listen()
        status, said = until(lambda: (found := ready(port))[0] == 503 and found, "not ready")
        assert status == 503 and f"{path}: another process listens here" in said
        assert "Stop the other flexmaild" not in said  # a cure is told beside, once
    until(lambda: answers(daemon) or None, "the control socket")
    until(lambda: ready(port)[0] == 200 or None, "ready")
    assert "socket_gone" not in str(daemon.call("status")["incidents"])


def test_a_reload_binds_it_at_once(daemon: Daemon) -> None:
    daemon.start()
    (daemon.root / "control.sock").unlink()
    daemon.hang_up()
    until(lambda: answers(daemon) or None, "the control socket", 8.0)
    assert "bound again" in daemon.log.read_text()
