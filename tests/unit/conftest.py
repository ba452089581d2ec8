"""What several unit tests share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a short name: a socket's path has at most 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="fm-"))
    yield directory
    shutil.rmtree(directory)
