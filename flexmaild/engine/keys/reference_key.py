"""The keys of references: the operator's or one of our own, former ones, and what the presence of ours tells.

Ours is made at the first start, after the first store, in the state directory; without it the mails of open
requests are worthless. Every key that was ever in force is noted beside it, so that ids made with a former
one are still known as ours; a key of the operator's is noted too, since nothing else shows that it changed.
That a key is noted makes no reference good: a former key does that only while an operator names it, or keeps
the one that was ours under another name.
Used by `daemon.wiring` and at the start by `daemon.main`. Never shown, never logged.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flexmaild.core.errors import GiveUp, Reason
from flexmaild.core.references import ReferenceKeys
from flexmaild.settings import places
from flexmaild.settings.schema import Settings
from flexmaild.system.files import replace_file

REFERENCE_KEY_FILE, FORMER_KEY_FILE = places.REFERENCE_KEY, places.FORMER_REFERENCE_KEY
KEY_BYTES = 32
KNOWN_KEYS_FILE = "known-reference-keys"
# Nobody changes a key so often; the oldest are forgotten, since each is tried for each unknown id.
_MOST_KEYS = 100
_HEX = re.compile("(?:[0-9a-f]{2})+")


def kept_key(path: Path) -> bytes:
    """The key in this file. Raises GiveUp where it is damaged, OSError where it cannot be read."""
    key = path.read_bytes()
    if len(key) < KEY_BYTES:  # with an empty key anybody could make references
        cure = "Restore it from a backup, or remove it: then the mails of open requests are worthless."
        raise GiveUp(Reason.OTHER, f"{path} is damaged: it has {len(key)} bytes", cure=cure)
    return key


def own_key(path: Path) -> bytes:
    """32 random bytes kept in a file of our own (0600), made where there is none. Raises GiveUp, OSError."""
    if not path.exists():
        replace_file(path, secrets.token_bytes(KEY_BYTES), keep=True)
    return kept_key(path)


def has_own_key(settings: Settings) -> bool:
    """Whether it was made, which is done after the first store: then there has been one."""
    return any((settings.state_directory / name).exists() for name in (REFERENCE_KEY_FILE, FORMER_KEY_FILE))


def reference_keys(settings: Settings) -> ReferenceKeys:
    """The operator's key, or the one made at the first start (without it open references are worthless), and
    former keys. Raises Failure or OSError."""
    return _with_former(settings, own_key)


def known_reference_keys(settings: Settings) -> ReferenceKeys:
    """The same, where no key is to be made."""
    return _with_former(settings, kept_key)


def _with_former(settings: Settings, ours: Callable[[Path], bytes]) -> ReferenceKeys:
    given = settings.approvals.reference_key
    former = tuple(one.key for one in former_keys(settings))
    if given is not None:
        return ReferenceKeys(given.read().encode(), former)
    return ReferenceKeys(ours(settings.state_directory / REFERENCE_KEY_FILE), former)


@dataclass(frozen=True, slots=True)
class FormerKey:
    """place: where it stands, as an operator finds it. is_file: it is removed by removing that file."""

    place: str
    key: bytes = field(repr=False)
    is_file: bool = False


def former_keys(settings: Settings) -> list[FormerKey]:
    """Those that the settings name, and one of ours that was moved aside. Raises Failure or OSError."""
    named = [one.read().encode() for one in settings.approvals.former_reference_keys]
    found = [FormerKey(f"approvals.former_reference_keys.{n}", key) for n, key in enumerate(named)]
    file = settings.state_directory / FORMER_KEY_FILE
    if file.exists():
        found.append(FormerKey(str(file), kept_key(file), is_file=True))
    return found


def keys_of_ids(settings: Settings, keys: ReferenceKeys) -> tuple[bytes, ...]:
    """Every key that ids of ours were made with, the one in force first."""
    noted = _known_keys(settings.state_directory / KNOWN_KEYS_FILE)
    return tuple(dict.fromkeys((keys.current, *keys.former, *noted)))


def remember_key(settings: Settings, keys: ReferenceKeys) -> tuple[bytes, ...]:
    """The same, with the key in force noted (0600) before anything is made with it. Raises OSError."""
    file = settings.state_directory / KNOWN_KEYS_FILE
    noted = _known_keys(file)
    if keys.current not in noted:
        noted = [*noted, keys.current][-_MOST_KEYS:]
        replace_file(file, "".join(f"{one.hex()}\n" for one in noted).encode())
    return keys_of_ids(settings, keys)


def _known_keys(file: Path) -> list[bytes]:
    """A line that is damaged is as good as none: mails whose ids it would prove are left where they are."""
    try:
        lines = file.read_text("ascii", "replace").split()
    except FileNotFoundError:
        return []
    return [bytes.fromhex(line) for line in lines if _HEX.fullmatch(line)]
