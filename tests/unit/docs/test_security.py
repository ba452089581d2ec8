"""docs/security.md: each threat of its table names the tests that hold it, and these exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/security.md").read_text()
ROW = re.compile(r"^\| (T[0-9]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROWS = {found[1]: found[4] for found in ROW.finditer(PAGE)}
# What takes apart archives and compressed bytes, and what runs another program.
UNPACKING = {"zipfile", "tarfile", "gzip", "bz2", "lzma", "zlib", "shutil"}
RUNNING = {"subprocess", "pty", "multiprocessing"}


def imported(folder: str) -> dict[str, set[str]]:
    """What the modules of this folder import, by module."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "flexmaild" / folder).rglob("*.py"):
        nodes = [*ast.walk(ast.parse(path.read_text()))]
        names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        found[str(path.relative_to(ROOT))] = {name.split(".")[0] for name in names}
    return found


def functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_threat_has_its_row() -> None:
    assert list(ROWS) == [f"T{number}" for number in range(1, 46)]


@pytest.mark.parametrize("threat", ROWS)
def test_the_tests_that_hold_a_threat_exist(threat: str) -> None:
    named = NAMED.findall(ROWS[threat])
    assert named, "a threat that no test holds"
    for file, name in named:
        assert name in functions(ROOT / file), f"{file}::{name}"


def test_nothing_that_arrives_is_unpacked() -> None:
    """An attachment is bytes: whoever reads mails has nothing at hand to unpack one."""
    both = imported("mail") | imported("core")
    assert {path: names & UNPACKING for path, names in both.items() if names & UNPACKING} == {}


def test_a_program_is_only_run_as_the_settings_name_it() -> None:
    """The daemon starts its own reading child, and the command of a sink `exec`, whose arguments nothing of a
    mail or request becomes a part of (`tests/contract/test_exec.py`); the demonstration starts a daemon."""
    starting = {path for path, names in imported("").items() if names & RUNNING}
    assert starting == {
        "flexmaild/engine/sandbox/parent.py",
        "flexmaild/sinks/exec.py",
        "flexmaild/cli/demo.py",
        "flexmaild/cli/run_approved.py",  # of the client: what its own command line names
    }
