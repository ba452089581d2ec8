"""A service for each test that wants one, ended with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Not started yet, so that a test can say its own settings."""
    made = Service(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One daemon for tests that only ask, or that use requests of their own."""
    made = Service(tmp_path_factory.mktemp("shared"))
    yield made.start(approvals={"answers_per_hour": 1000})
    made.close()
