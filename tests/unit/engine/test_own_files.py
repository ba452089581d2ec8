"""State that another user made is told with its owner and the cure: at the start and by `check`.

Another user's files need root; who is not root takes the rights of their own away.
"""

import os
import shlex
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from flexmaild.engine.keys.own_files import insist_on_own_files, make_state_directory, service_user
from flexmaild.settings.faults import SettingsError
from flexmaild.settings.load import parse
from flexmaild.settings.schema import Settings
from tests.support.stores import opened
from tests.unit.settings.kinds import KINDS

NOBODY = 65534
OURS = ("", "flexmaild.db", "flexmaild.db.lock", "store.mark", "reference.key")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With the state of a daemon that ran."""
    state = tmp_path / "a state"
    state.mkdir(0o700)
    opened(state).close()
    (state / "reference.key").write_bytes(bytes(32))
    (state / "reference.key").chmod(0o600)
    for above in (tmp_path, *tmp_path.parents):
        mode = stat.S_IMODE(above.stat().st_mode)
        if not mode & 0o001:
            above.chmod(mode | 0o001)  # for the other user
    return parse(f"state_directory: '{state}'", "test.yaml", KINDS)


def taken_away(path: Path) -> str:
    """Make it somebody else's where this is root, else closed to its owner. Returns the cure."""
    if os.geteuid() == 0:
        os.chown(path, 0, 0)
        return f"chown nobody {shlex.quote(str(path))}"
    path.chmod(0o000)
    return f"chmod u+rwX {shlex.quote(str(path))}"


def given_to_the_service(settings: Settings) -> int:
    """The state belongs to who is not root. Returns who that is."""
    if os.geteuid() != 0:
        return os.geteuid()
    for path in (settings.state_directory, *settings.state_directory.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    return NOBODY


def faults(settings: Settings, user: int | None) -> list[str]:
    try:
        insist_on_own_files(settings, user)
    except SettingsError as error:
        return [str(fault) for fault in error.faults]
    return []


def as_user(user: int, look: Callable[[], bool]) -> bool:
    """What it comes to in a process of this user."""
    child = os.fork()
    if child == 0:
        well = False
        try:
            if os.geteuid() == 0 != user:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            well = look()
        finally:  # whatever came of it, this copy of the tests ends here
            os._exit(0 if well else 1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def test_state_of_one_s_own_and_none_at_all_are_well(settings: Settings, tmp_path: Path) -> None:
    user = given_to_the_service(settings)
    assert faults(settings, user) == []
    assert service_user(settings) == user
    none = parse(f"state_directory: {tmp_path}/none", "test.yaml", KINDS)
    assert service_user(none) == os.geteuid()
    assert faults(none, os.geteuid()) == []


@pytest.mark.parametrize("name", OURS[1:])
def test_a_file_of_another_is_named_with_the_cure(settings: Settings, name: str) -> None:
    user = given_to_the_service(settings)
    path = settings.state_directory / name
    cure = taken_away(path)
    assert service_user(settings) == user
    (fault,) = faults(settings, user)
    assert fault.startswith(f"{path}:1:1: state_directory: ") and fault.endswith(cure)
    assert as_user(user, lambda: faults(settings, None) == [fault])


def test_every_file_is_named(settings: Settings) -> None:
    user = given_to_the_service(settings)
    cures = [taken_away(settings.state_directory / name) for name in OURS[1:]]
    assert [fault.split(": run ")[1] for fault in faults(settings, user)] == cures


def test_a_directory_of_another_is_named_to_who_runs_the_daemon(settings: Settings) -> None:
    user = given_to_the_service(settings)
    cure = taken_away(settings.state_directory)
    found = as_user(user, lambda: [f for f in faults(settings, None) if f.endswith(cure)] != [])
    checked = as_user(user, lambda: service_user(settings) == user)
    settings.state_directory.chmod(0o700)
    assert found and checked


def test_who_is_not_the_service_s_user_is_told_nothing(settings: Settings) -> None:
    """They may check the settings, and not look into the state."""
    assert os.geteuid() == 0, "run the tests as root, as CI does: this one needs two users"
    given_to_the_service(settings)
    assert as_user(12345, lambda: service_user(settings) is None)


def test_what_a_group_may_write_is_well(settings: Settings) -> None:
    assert os.geteuid() == 0, "run the tests as root, as CI does: this one needs two users"
    user = given_to_the_service(settings)
    path = settings.state_directory / "flexmaild.db"
    os.chown(path, 0, NOBODY)
    path.chmod(0o660)
    assert faults(settings, user) == []


def test_a_directory_that_cannot_be_made_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = parse(f"state_directory: {tmp_path}/file/state", "test.yaml", KINDS)
    with pytest.raises(SettingsError, match=r"state_directory: cannot be made \(Not a directory"):
        make_state_directory(settings)
