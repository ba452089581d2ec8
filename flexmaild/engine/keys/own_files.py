"""Checks that the daemon's user may read and write the files of the state directory.

A daemon that was once started as root leaves a store, a lock and a key owned by root. Called at the start
and by `flexmaild check`; opens and creates nothing.
"""

import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from flexmaild.engine.keys.reference_key import FORMER_KEY_FILE, KNOWN_KEYS_FILE, REFERENCE_KEY_FILE
from flexmaild.settings.faults import Fault, SettingsError
from flexmaild.settings.schema import Settings
from flexmaild.store import StoreError
from flexmaild.store.open import database_file
from flexmaild.store.store_mark import MARK_FILE
from flexmaild.system.files import NO_ROOM

_DATABASE_SUFFIXES = ("", ".lock", "-wal", "-shm")


def insist_on_own_files(settings: Settings, user: int | None = None) -> None:
    """user: who the daemon runs as; None: this process. Raises SettingsError with every file that this user
    may not read and write, its owner and the cure."""
    user = os.geteuid() if user is None else user
    faults = [
        _access_fault(path, found, user)
        for path, found in _files(settings)
        if not _has_access(path, found, user)
    ]
    if faults:
        raise SettingsError(tuple(faults))


def make_state_directory(settings: Settings) -> None:
    """Create the state directory if it is missing. Raises SettingsError; OSError where the disk is full."""
    path = settings.state_directory
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise
        text = (
            f"cannot be made ({error.strerror}: {error.filename}): name a directory that the daemon's user"
            " may make or has (under systemd StateDirectory= makes it)"
        )
        raise SettingsError((Fault(str(path), 1, 1, "state_directory", text),)) from error


def service_user(settings: Settings) -> int | None:
    """The uid that the daemon runs as; None where it cannot be determined. systemd gives the state
    directory to the unit's user at each start."""
    owner, me = _status(settings.state_directory), os.geteuid()
    if owner is None or owner.st_uid in (me, 0):
        return me
    return owner.st_uid if me == 0 else None  # other users may not read the directory


def _files(settings: Settings) -> Iterator[tuple[Path, os.stat_result]]:
    """The existing files, each with its status."""
    state = settings.state_directory
    try:
        database = database_file(settings.store.url, state)
    except StoreError as fault:
        raise SettingsError((Fault(settings.store.url, 1, 1, "store.url", str(fault)),)) from fault
    paths = [state, database.parent, *(database.with_name(database.name + end) for end in _DATABASE_SUFFIXES)]
    paths += [state / MARK_FILE, state / KNOWN_KEYS_FILE, state / FORMER_KEY_FILE]
    if settings.approvals.reference_key is None:
        paths.append(state / REFERENCE_KEY_FILE)
    if settings.oauth_applications:
        paths += [state / "oauth", *sorted((state / "oauth").glob("*"))]
    for path in dict.fromkeys(paths):
        if (found := _status(path)) is not None:
            yield path, found


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:  # missing, or in a directory that is reported itself
        return None


def _has_access(path: Path, found: os.stat_result, user: int) -> bool:
    """Whether this user may read and write the path, by owner and mode; for the user of this process also
    by access lists and capabilities. The mode does not show a read-only file system."""
    needed = 0o7 if stat.S_ISDIR(found.st_mode) else 0o6
    if user == found.st_uid:
        granted = found.st_mode >> 6
    elif found.st_gid in _groups(user):
        granted = found.st_mode >> 3
    else:
        granted = found.st_mode
    if granted & needed == needed:
        return True
    return user == os.geteuid() and os.access(path, needed, effective_ids=True)


def _groups(user: int) -> list[int]:
    if user == os.geteuid():
        return [os.getegid(), *os.getgroups()]
    try:
        entry = pwd.getpwuid(user)
    except KeyError:
        return []
    return os.getgrouplist(entry.pw_name, entry.pw_gid)


def _access_fault(path: Path, found: os.stat_result, user: int) -> Fault:
    owner, name, quoted = _user_name(found.st_uid), _user_name(user), shlex.quote(str(path))
    if found.st_uid == user:
        mode, cure = f"{stat.S_IMODE(found.st_mode):04o}", f"chmod u+rwX {quoted}"
        text = f"its mode {mode} keeps its owner {owner} from reading and writing it: run {cure}"
    else:
        text = f"belongs to {owner}, and {name} may not read and write it: run chown {name} {quoted}"
    return Fault(str(path), 1, 1, "state_directory", text)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
