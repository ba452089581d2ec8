"""An installation is whole: tables, languages, templates and migrations are in the wheel."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "flexmaild", tmp_path / "flexmaild", ignore=ignored)
    ours = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("flexmaild/**/*") if path.is_file()}
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('.'))"

    done = subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True, text=True
    )

    with zipfile.ZipFile(tmp_path / done.stdout.splitlines()[-1]) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("flexmaild/")}
    assert any(name.endswith(".toml") for name in ours)
    assert packed == ours
