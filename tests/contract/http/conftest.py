"""A running daemon and its two listeners, and the seam by which a test gives it other limits."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import pytest

from flexmaild.api.limits import Limits
from flexmaild.net import http_connection
from tests.contract.http.talk import Door
from tests.kit.house import House
from tests.kit.in_process import HouseInProcess, mails_read_here
from tests.kit.process import free_ports

MAIL = b'{"to": ["ann@corp.test"], "subject": "s", "text": "t"}'


def socket_of(house: House) -> Door:
    start = b"POST /v1/notifications"
    return Door("socket", house.root / "control.sock", start, MAIL, b"GET /v1/status")


def with_metrics(house: House, **settings: Any) -> Door:
    """Its settings are written with a metrics listener on a free port."""
    (port,) = free_ports(1)
    house.write_settings({"metrics": {"listen": f"127.0.0.1:{port}"}, **settings})
    return Door("metrics", port, b"GET /metrics", b"{}", b"GET /-/healthy")


Doors = dict[str, Door]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Doors]]:
    """One daemon for tests that only say things to it."""
    with mails_read_here():
        house = HouseInProcess(tmp_path_factory.mktemp("shared"))
        metrics = with_metrics(house)
        house.start()
        yield house, {"socket": socket_of(house), "metrics": metrics}
        house.close()


@pytest.fixture(params=["socket", "metrics"])
def door(request: pytest.FixtureRequest, shared: tuple[House, Doors]) -> Door:
    return shared[1][request.param]


@pytest.fixture
def limited(house: House) -> Callable[..., Doors]:
    """Start the test's own daemon with these limits in place of the ordinary ones."""

    def start(**limits: Any) -> Doors:
        assert isinstance(house, HouseInProcess)
        metrics = with_metrics(house)
        names = {field.name for field in fields(http_connection.ConnectionLimits)}
        of_connections = {name: value for name, value in limits.items() if name in names}
        others = {name: value for name, value in limits.items() if name not in names}
        connection = http_connection.ConnectionLimits(**of_connections)
        house.limits = Limits(**{"place_seconds": 0, **others}, connection=connection)
        house.start()
        return {"socket": socket_of(house), "metrics": metrics}

    return start
