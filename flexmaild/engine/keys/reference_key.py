"""The reference keys: the operator's or a generated one, former ones, and every key that was ever in force.

The first start generates a key in the state directory, after the store; without it the references of open
requests are invalid. Every key that was in force is recorded in a second file, an operator's key too, so
that ids made with it are still recognised as ours. A recorded key does not make a reference valid: a former
key does so only while an operator configures it, or keeps the generated one under the other file name.
Used by `daemon.wiring` and at the start by `daemon.main`. Never shown, never logged.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flexmaild.core.errors import GiveUp, Reason
from flexmaild.core.references import ReferenceKeys
from flexmaild.settings import directories
from flexmaild.settings.schema import Settings
from flexmaild.system.files import replace_file

REFERENCE_KEY_FILE, FORMER_KEY_FILE = directories.REFERENCE_KEY, directories.FORMER_REFERENCE_KEY
_KEY_BYTES = 32
KNOWN_KEYS_FILE = "known-reference-keys"
# The oldest keys beyond this number are dropped, since each is tried for each unknown id.
_MOST_KEYS = 100
_HEX = re.compile("(?:[0-9a-f]{2})+")


def _kept_key(path: Path) -> bytes:
    """The key in this file. Raises GiveUp where it is damaged, OSError where it cannot be read."""
    key = path.read_bytes()
    if len(key) < _KEY_BYTES:  # with an empty key anybody could make references
        cure = "Restore it from a backup, or remove it: then the mails of open requests are worthless."
        raise GiveUp(Reason.OTHER, f"{path} is damaged: it has {len(key)} bytes", cure=cure)
    return key


def _own_key(path: Path) -> bytes:
    """The generated key: 32 random bytes in a file (0600), created if missing. Raises GiveUp, OSError."""
    if not path.exists():
        replace_file(path, secrets.token_bytes(_KEY_BYTES), keep=True)
    return _kept_key(path)


def has_own_key(settings: Settings) -> bool:
    """Whether a key was generated. That happens after the first store is made, so a store existed."""
    return any((settings.state_directory / name).exists() for name in (REFERENCE_KEY_FILE, FORMER_KEY_FILE))


def reference_keys(settings: Settings) -> ReferenceKeys:
    """The operator's key or the generated one, and former keys. Raises Failure or OSError."""
    return _with_former(settings, _own_key)


def known_reference_keys(settings: Settings) -> ReferenceKeys:
    """The same, without generating a key."""
    return _with_former(settings, _kept_key)


def _with_former(settings: Settings, ours: Callable[[Path], bytes]) -> ReferenceKeys:
    given = settings.approvals.reference_key
    former = tuple(one.key for one in former_keys(settings))
    if given is not None:
        return ReferenceKeys(given.read().encode(), former)
    return ReferenceKeys(ours(settings.state_directory / REFERENCE_KEY_FILE), former)


@dataclass(frozen=True, slots=True)
class FormerKey:
    """place: the setting or file that holds it. is_file: removing that file removes the key."""

    place: str
    key: bytes = field(repr=False)
    is_file: bool = False


def former_keys(settings: Settings) -> list[FormerKey]:
    """The configured former keys, and a generated one that was renamed. Raises Failure or OSError."""
    named = [one.read().encode() for one in settings.approvals.former_reference_keys]
    found = [FormerKey(f"approvals.former_reference_keys.{n}", key) for n, key in enumerate(named)]
    file = settings.state_directory / FORMER_KEY_FILE
    if file.exists():
        found.append(FormerKey(str(file), _kept_key(file), is_file=True))
    return found


def keys_of_ids(settings: Settings, keys: ReferenceKeys) -> tuple[bytes, ...]:
    """Every key that our ids were made with, the current one first."""
    noted = _known_keys(settings.state_directory / KNOWN_KEYS_FILE)
    return tuple(dict.fromkeys((keys.current, *keys.former, *noted)))


def remember_key(settings: Settings, keys: ReferenceKeys) -> tuple[bytes, ...]:
    """The same; records the current key (0600) before it is used. Raises OSError."""
    file = settings.state_directory / KNOWN_KEYS_FILE
    noted = _known_keys(file)
    if keys.current not in noted:
        noted = [*noted, keys.current][-_MOST_KEYS:]
        replace_file(file, "".join(f"{one.hex()}\n" for one in noted).encode())
    return keys_of_ids(settings, keys)


def _known_keys(file: Path) -> list[bytes]:
    """The recorded keys. A damaged line is skipped; mails whose ids only it proves are left in the folder."""
    try:
        lines = file.read_text("ascii", "replace").split()
    except FileNotFoundError:
        return []
    return [bytes.fromhex(line) for line in lines if _HEX.fullmatch(line)]
