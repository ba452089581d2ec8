"""A daemon for each scenario, ended with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Not started yet, so that a test can write its own settings first."""
    made = House(tmp_path)
    yield made
    made.close()
