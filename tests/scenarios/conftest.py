"""A daemon for each scenario, ended with it. A test writes its own settings first, then starts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.house import House
from tests.kit.in_process import in_process


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """In threads of this process, which is ten times as quick; a process of its own with the marker."""
    if request.node.get_closest_marker("process"):
        made = House(tmp_path)
        yield made
        made.close()
    else:
        with in_process(tmp_path) as made:
            yield made
