"""Groups of this machine by name; asks the user database, which may be on another machine."""

import grp


def gid_of(name: str) -> int | None:
    """None where there is none of this name."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def cure_for(name: str) -> str:
    return f"run groupadd --system {name}, or name another"
