"""A terminal with a daemon's control socket at the other end."""

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.unit.cli.cli_support import Desk, Terminal, serve


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    directory = Path(tempfile.mkdtemp(prefix="fm-"))
    desk, path = Desk(), directory / "s"
    server = serve(path, desk)
    yield Terminal(desk, path, partial(serve, path, desk))
    server.close()
    shutil.rmtree(directory)
