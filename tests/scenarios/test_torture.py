"""A few rounds of `make torture`: faults at the instants where something could be lost."""

from pathlib import Path

import pytest

from tests.support.dovecot import Dovecot
from tests.torture import rounds
from tests.torture.faults import KILLED, Fault

pytestmark = [pytest.mark.slow, pytest.mark.process]


@pytest.mark.parametrize(
    ("call", "number", "how"),
    [
        # Commits: the log of SQLite is written and synced, then a mail is deleted.
        ("fdatasync", 9, KILLED),
        ("pwrite64", 40, KILLED),
        ("fdatasync", 8, "EIO"),
        ("pwrite64", 30, "ENOSPC"),
        # Mails and decisions come into their folders, processed mails leave theirs.
        ("rename", 5, KILLED),
        ("unlink", 3, KILLED),
        ("unlink", 2, "EIO"),
        ("rename", 4, "ENOSPC"),
        # Callers and files.
        ("accept4", 4, "EMFILE"),
        ("openat", 300, "ENOMEM"),
    ],
)
def test_one_failing_system_call_loses_and_doubles_nothing(
    tmp_path: Path, call: str, number: int, how: str
) -> None:
    assert rounds.with_fault(tmp_path, Fault(call, number, how), seed=1)


def test_connections_that_break_lose_and_double_nothing(tmp_path: Path, dovecot: Dovecot) -> None:
    assert rounds.with_cuts(tmp_path, dovecot, dovecot.user(), seed=1) > 0
