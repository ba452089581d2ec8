"""Users and groups of this machine, from its user database, which may be on another machine."""

import grp
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def gid_of(group: str) -> int | None:
    """The number of this group; None where there is none of this name."""
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def cure_for(group: str) -> str:
    return f"run groupadd --system {group}, or name another"


@contextmanager
def as_owner_of(directory: Path) -> Iterator[str]:
    """As root, act as the owner of this directory, so that the daemon can use the files that are made.

    Yields the name of the user who asked for it.
    """
    by = os.environ.get("SUDO_USER") or _user_name()
    if os.geteuid() != 0 or not directory.exists():
        yield by
        return
    status, group = directory.stat(), os.getegid()
    os.setegid(status.st_gid)
    os.seteuid(status.st_uid)
    try:
        yield by
    finally:
        os.seteuid(0)
        os.setegid(group)


def _user_name() -> str:
    """The user of this process; its number where it has no name, as in a container."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
