"""The directories that systemd gives the service: which of several is the daemon's own.

`STATE_DIRECTORY` and `RUNTIME_DIRECTORY` (systemd.exec(5)) join all of a unit with ":", sorted by name since
systemd 251: a drop-in's `StateDirectory=deploy-out` comes before the unit's own `flexmaild`. The first one
would mean an empty store, and open requests would be lost.
"""

import os
from pathlib import Path

STATE_DIRECTORY, RUNTIME_DIRECTORY = Path("/var/lib/flexmaild"), Path("/run/flexmaild")
# The store by its default name, its mark file, and the reference key, which is created after the first store.
DATABASE, STORE_MARK, REFERENCE_KEY = "flexmaild.db", "store.mark", "reference.key"
# The former reference key, where an operator has moved it aside.
FORMER_REFERENCE_KEY = f"{REFERENCE_KEY}.old"


class Unclear(Exception):
    """It is unclear which of several directories is the daemon's; the text says why."""


def state_directory() -> Path:
    """The directory that holds a store, else the one named like the unit. Raises Unclear."""
    given = _given("STATE_DIRECTORY")
    names = (DATABASE, STORE_MARK, REFERENCE_KEY)
    holding = [path for path in given if any(_is_there(path / name) for name in names)]
    if len(given) > 1 and len(holding) > 1:
        cure = "name the right one here, and move the store of the other away"
        raise Unclear(
            f"is not set, and more than one of $STATE_DIRECTORY holds a store: {_of(holding)}: {cure}"
        )
    return _one(holding or given, "STATE_DIRECTORY", STATE_DIRECTORY)


def runtime_directory() -> Path:
    """The directory named like the unit. Raises Unclear."""
    return _one(_given("RUNTIME_DIRECTORY"), "RUNTIME_DIRECTORY", RUNTIME_DIRECTORY)


def _given(variable: str) -> list[Path]:
    return [Path(path) for path in os.environ.get(variable, "").split(":") if path]


def _one(given: list[Path], variable: str, default: Path) -> Path:
    if not given:
        return default
    unit = os.environ.get("FLEXMAILD_UNIT") or "flexmaild"
    named = given if len(given) == 1 else [path for path in given if path.name == unit]
    if len(named) != 1:
        raise Unclear(f"is not set, and none of ${variable} is named {unit}: {_of(given)}: name it here")
    return named[0]


def _of(paths: list[Path]) -> str:
    return ", ".join(map(str, paths))


def _is_there(path: Path) -> bool:
    """Whether the file exists; in a directory that cannot be read it does not."""
    return os.path.lexists(path)
