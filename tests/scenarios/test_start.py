"""How the daemon begins where its place is not as it should be: refused with the cure, or waited for."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

from tests.kit.house import ROOT, House

pytestmark = pytest.mark.process

NOBODY = 65534
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def no_more_than_the_rights_of_its_user() -> None:
    """Root may write every file by these; without them it is a user as others are."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            assert libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0


def run(house: House, *command: str) -> subprocess.CompletedProcess[str]:
    """flexmaild on this house's settings, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "flexmaild", *command, "--config", str(house.config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NOTIFY_SOCKET": ""},
        check=False,
        preexec_fn=no_more_than_the_rights_of_its_user,
    )


@pytest.mark.parametrize("name", ["flexmaild.db", "flexmaild.db.lock", "reference.key"])
def test_state_of_another_user_is_named_by_check_and_by_the_start(house: House, name: str) -> None:
    house.start()
    house.stop()
    path = house.root / "state" / name
    assert run(house, "check").returncode == 0
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
        cure = f"belongs to nobody, and root may not read and write it: run chown root {path}"
    else:
        path.chmod(0o000)
        cure = f"run chmod u+rwX {path}"
    for done in (run(house, "check"), run(house)):
        assert done.returncode == 78, done
        assert cure in done.stderr


def test_root_s_check_speaks_of_the_service_s_user(house: House) -> None:
    assert os.geteuid() == 0, "run the tests as root, as CI does: this one needs two users"
    house.start()
    house.stop()
    state = house.root / "state"
    os.chown(state, NOBODY, NOBODY)
    for path in state.iterdir():
        os.chown(path, NOBODY, NOBODY)
    checked = [sys.executable, "-m", "flexmaild", "check", "--config", str(house.config)]
    assert subprocess.run(checked, cwd=ROOT, check=False).returncode == 0
    key = state / "reference.key"
    os.chown(key, 0, 0)
    done = subprocess.run(checked, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 78
    assert f"belongs to root, and nobody may not read and write it: run chown nobody {key}" in done.stderr
