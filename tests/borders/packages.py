"""Debian packages of border software, unpacked beside each other and never installed.

Debian's mail servers exclude each other as packages; `dpkg -x` into a folder of its own knows no conflicts.
What a package needs besides is asked of apt on this machine, so no list of libraries grows old here.
"""

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / ".build" / "borders"

# Databases, their wizards and web interfaces, which no border here uses.
_NOT_NEEDED = re.compile(
    r"(mariadb-client|default-mysql|dbconfig|mysql-common|mariadb-common|fonts-|libjs-).*"
)


def unpacked(packages: tuple[str, ...]) -> Path:
    """A folder that holds these packages as they would lie below "/"."""
    tree = ROOT / "trees" / "+".join(packages or ("none",))
    if (tree / ".complete").exists():
        return tree
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for package in packages:
        for name in _with_dependencies(package):
            _said("dpkg", "-x", str(_downloaded(name)), str(tree))
    _merge(tree)
    (tree / ".complete").touch()
    return tree


def update() -> None:
    """Refresh apt's lists, once before anything is downloaded."""
    _said("apt-get", "-q", "update")


def complete(packages: tuple[str, ...]) -> bool:
    return (ROOT / "trees" / "+".join(packages or ("none",)) / ".complete").exists()


def _with_dependencies(package: str) -> list[str]:
    plan = _said("apt-get", "-s", "--no-install-recommends", "install", package)
    names = re.findall(r"^Inst (\S+)", plan, re.MULTILINE)
    return [name for name in names if not _NOT_NEEDED.fullmatch(name)]


def _downloaded(name: str) -> Path:
    folder = ROOT / "debs" / name.replace(":", "_")
    if not list(folder.glob("*.deb")):
        folder.mkdir(parents=True, exist_ok=True)
        # apt's own sandbox user cannot write here.
        _said("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name, cwd=folder)
    return next(folder.glob("*.deb"))


def _merge(tree: Path) -> None:
    """Debian 12 has one /usr: what a package still names /lib or /sbin lies there."""
    for name in ("bin", "sbin", "lib", "lib64"):
        if (tree / name).is_dir():
            shutil.copytree(tree / name, tree / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(tree / name)
    for name in ("usr", "etc", "var"):
        (tree / name).mkdir(exist_ok=True)


def _said(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-2000:]}")
    return done.stdout
