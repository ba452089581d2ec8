"""`flexmaild store adopt` as root, on a state directory of the daemon's user."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.kit import programs
from tests.kit.stores import opened

DAEMON = 65534 if os.geteuid() == 0 else os.geteuid()


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory of the daemon's, where a user may look for it; its store is gone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        state = Path(name) / "state"
        state.mkdir(0o700)
        opened(state).close()
        (state / "flexmaild.db").unlink()
        for path in (state, *state.iterdir()):
            os.chown(path, DAEMON, -1)
        yield state


def test_nothing_in_the_state_directory_becomes_roots(state: Path) -> None:
    config = state.parent / "flexmaild.yaml"
    config.write_text(
        f"outgoing: {{transport: maildir, path: {state.parent}/out, from_address: a@example.test}}\n"
        f"state_directory: {state}\n"
    )
    now = datetime.now(UTC).isoformat()
    done = programs.run("flexmaild", "store", "adopt", "--config", config, "--lost-since", now)
    assert done.returncode == 0, done.stderr
    assert {path.stat().st_uid for path in state.iterdir()} == {DAEMON}
    assert {path.name for path in state.iterdir()} >= {"flexmaild.db", "store.mark"}
