"""Which of several directories that systemd gives is the daemon's own."""

from pathlib import Path

import pytest

from flexmaild.settings.directories import DATABASE, REFERENCE_KEY, STORE_MARK
from flexmaild.settings.faults import SettingsError
from flexmaild.settings.load import parse
from flexmaild.settings.schema import Settings
from tests.unit.settings.kinds import KINDS


class Unit:
    """A unit's directories below a root of the test's own."""

    def __init__(self, root: Path, patched: pytest.MonkeyPatch) -> None:
        self.root, self._patched = root, patched

    def gives(self, variable: str, *names: str, unit: str = "") -> list[Path]:
        paths = [self.root / name for name in names]
        for path in paths:
            path.mkdir(parents=True)
        self._patched.setenv(variable, ":".join(map(str, paths)))
        if unit:
            self._patched.setenv("FLEXMAILD_UNIT", unit)
        return paths


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    for variable in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "FLEXMAILD_UNIT"):
        monkeypatch.delenv(variable, raising=False)
    return Unit(tmp_path, monkeypatch)


def settings_of(text: str = "") -> Settings:
    return parse(text, "test.yaml", KINDS)


def faults_of(text: str = "") -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings_of(text)
    return [str(fault) for fault in caught.value.faults]


def test_without_systemd_the_usual_directories_are_meant(unit: Unit) -> None:
    settings = settings_of()
    assert settings.state_directory == Path("/var/lib/flexmaild")
    assert settings.control.socket == Path("/run/flexmaild/control.sock")


def test_the_directory_of_a_drop_in_is_not_used_as_the_daemons_own(unit: Unit) -> None:
    own = unit.gives("STATE_DIRECTORY", "lib/deploy-out", "lib/flexmaild", "lib/flexmaild/out", "lib/zz")[1]
    running = unit.gives("RUNTIME_DIRECTORY", "run/aa", "run/flexmaild")[1]
    settings = settings_of()
    assert settings.state_directory == own
    assert settings.store.url == f"sqlite:///{own / DATABASE}"
    assert settings.control.socket == running / "control.sock"


def test_an_instance_s_directories_bear_its_own_name(unit: Unit) -> None:
    own = unit.gives("STATE_DIRECTORY", "lib/flexmaild", "lib/flexmaild-hr", unit="flexmaild-hr")[1]
    running = unit.gives("RUNTIME_DIRECTORY", "run/flexmaild", "run/flexmaild-hr")[1]
    settings = settings_of()
    assert settings.state_directory == own
    assert settings.control.socket == running / "control.sock"


@pytest.mark.parametrize("held", [DATABASE, STORE_MARK, REFERENCE_KEY])
def test_the_one_that_holds_a_store_wins_over_the_name(unit: Unit, held: str) -> None:
    _, old = unit.gives("STATE_DIRECTORY", "lib/flexmaild", "lib/old")
    (old / held).touch()
    assert settings_of().state_directory == old


def test_a_single_one_may_have_any_name(unit: Unit) -> None:
    (own,) = unit.gives("STATE_DIRECTORY", "lib/approvals")
    (running,) = unit.gives("RUNTIME_DIRECTORY", "run/approvals")
    settings = settings_of()
    assert settings.state_directory == own
    assert settings.control.socket == running / "control.sock"


def test_two_stores_are_a_fault_that_names_both(unit: Unit) -> None:
    paths = unit.gives("STATE_DIRECTORY", "lib/deploy-out", "lib/flexmaild")
    for path in paths:
        (path / REFERENCE_KEY).touch()
    (fault,) = faults_of()
    assert " state_directory: " in fault
    assert all(str(path) in fault for path in paths)
    assert settings_of(f"state_directory: {paths[1]}").state_directory == paths[1]


def test_none_of_that_name_is_a_fault_that_names_all_and_the_setting(unit: Unit) -> None:
    states = unit.gives("STATE_DIRECTORY", "lib/a", "lib/b")
    runs = unit.gives("RUNTIME_DIRECTORY", "run/a", "run/b")
    socket, state = faults_of()
    assert " state_directory: " in state and all(str(path) in state for path in states)
    assert " control.socket: " in socket and all(str(path) in socket for path in runs)
    settings = settings_of(f"state_directory: {states[0]}\ncontrol: {{socket: {runs[0]}/control.sock}}")
    assert settings.state_directory == states[0]
