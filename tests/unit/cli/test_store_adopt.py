"""`flexmaild store adopt` as root, on a state directory of the daemon's user."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support import programs
from tests.support.stores import opened

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


def config(state: Path, more: str = "") -> Path:
    file = state.parent / "flexmaild.yaml"
    file.write_text(
        f"outgoing: {{transport: maildir, path: {state.parent}/out, from_address: a@example.test}}\n"
        f"state_directory: {state}\n{more}"
    )
    return file


def test_nothing_in_the_state_directory_becomes_roots(state: Path) -> None:
    now = datetime.now(UTC).isoformat()
    done = programs.run("flexmaild", "store", "adopt", "--config", config(state), "--lost-since", now)
    assert done.returncode == 0, done.stderr
    assert {path.stat().st_uid for path in state.iterdir()} == {DAEMON}
    assert {path.name for path in state.iterdir()} >= {"flexmaild.db", "store.mark"}


def test_a_store_that_may_not_be_looked_at_is_no_bug(state: Path) -> None:
    closed = state.parent / "closed"
    closed.mkdir(0)
    file = config(state, f"store: {{url: 'sqlite:///{closed}/f.db'}}\n")
    done = programs.run("flexmaild", "store", "adopt", "--config", file)
    assert (done.returncode, done.stdout) == (78, "")
    assert "closed/f.db: the store cannot be opened: Permission denied" in done.stderr
