"""A running daemon and its two listeners, and the seam by which a test gives it other limits."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import pytest

from flexmaild.api.limits import Limits
from flexmaild.net import http_connection
from tests.contract.http.talk import Door
from tests.support.daemon import Daemon
from tests.support.in_process import DaemonInProcess, mails_read_here
from tests.support.process import free_ports

MAIL = b'{"to": ["ann@corp.test"], "subject": "s", "text": "t"}'


def socket_of(daemon: Daemon) -> Door:
    start = b"POST /v1/notifications"
    return Door("socket", daemon.root / "control.sock", start, MAIL, b"GET /v1/status")


def with_metrics(daemon: Daemon, **settings: Any) -> Door:
    """Its settings are written with a metrics listener on a free port."""
    (port,) = free_ports(1)
    daemon.write_settings({"metrics": {"listen": f"127.0.0.1:{port}"}, **settings})
    return Door("metrics", port, b"GET /metrics", b"{}", b"GET /-/healthy")


Doors = dict[str, Door]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Doors]]:
    """One daemon for tests that only say things to it."""
    with mails_read_here():
        daemon = DaemonInProcess(tmp_path_factory.mktemp("shared"))
        metrics = with_metrics(daemon)
        daemon.start()
        yield daemon, {"socket": socket_of(daemon), "metrics": metrics}
        daemon.close()


@pytest.fixture(params=["socket", "metrics"])
def door(request: pytest.FixtureRequest, shared: tuple[Daemon, Doors]) -> Door:
    return shared[1][request.param]


@pytest.fixture
def limited(daemon: Daemon) -> Callable[..., Doors]:
    """Start the test's own daemon with these limits in place of the ordinary ones."""

    def start(**limits: Any) -> Doors:
        assert isinstance(daemon, DaemonInProcess)
        metrics = with_metrics(daemon)
        names = {field.name for field in fields(http_connection.ConnectionLimits)}
        of_connections = {name: value for name, value in limits.items() if name in names}
        others = {name: value for name, value in limits.items() if name not in names}
        connection = http_connection.ConnectionLimits(**of_connections)
        daemon.limits = Limits(**{"place_seconds": 0, **others}, connection=connection)
        daemon.start()
        return {"socket": socket_of(daemon), "metrics": metrics}

    return start
