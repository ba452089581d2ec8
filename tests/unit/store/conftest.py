"""A store in a directory of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flexmaild.store import Store
from tests.support.stores import fresh


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = fresh(tmp_path)
    yield store
    store.close()
