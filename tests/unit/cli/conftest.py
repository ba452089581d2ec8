"""A terminal with a daemon's control socket at the other end."""

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.unit.cli.cli_support import ScriptedApi, Terminal, serve


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    directory = Path(tempfile.mkdtemp(prefix="fm-"))
    api, path = ScriptedApi(), directory / "s"
    server = serve(path, api)
    yield Terminal(api, path, partial(serve, path, api))
    server.close()
    shutil.rmtree(directory)
