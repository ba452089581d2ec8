"""The key that references are made with: the operator's, or one of our own; and what its presence tells.

Ours is made at the first start, after the first store, in the state directory; without it the mails of open
requests are worthless. Every key that was ever in force is noted beside it, so that ids made with a former
one are still known as ours; a key of the operator's is noted too, since nothing else shows that it changed.
Used by `daemon.wiring` and at the start by `daemon.main`. Never shown, never logged.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from flexmaild.core.errors import GiveUp, Reason
from flexmaild.settings import places
from flexmaild.settings.schema import Settings
from flexmaild.system.files import replace_file

REFERENCE_KEY_FILE = places.REFERENCE_KEY
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
    return (settings.state_directory / REFERENCE_KEY_FILE).exists()


def reference_key(settings: Settings) -> bytes:
    """The operator's key, or the one made at the first start; without it open references are worthless."""
    if settings.approvals.reference_key is not None:
        return settings.approvals.reference_key.read().encode()
    return own_key(settings.state_directory / REFERENCE_KEY_FILE)


def known_reference_key(settings: Settings) -> bytes:
    """The same, where no key is to be made. Raises Failure or OSError."""
    if settings.approvals.reference_key is not None:
        return settings.approvals.reference_key.read().encode()
    return kept_key(settings.state_directory / REFERENCE_KEY_FILE)


def keys_of_ids(settings: Settings, key: bytes) -> tuple[bytes, ...]:
    """Every key that ids of ours were made with, `key` (the one in force) first."""
    return tuple(dict.fromkeys((key, *_noted(settings.state_directory / KNOWN_KEYS_FILE))))


def note_key(settings: Settings, key: bytes) -> tuple[bytes, ...]:
    """The same, with the key in force noted (0600) before anything is made with it. Raises OSError."""
    file = settings.state_directory / KNOWN_KEYS_FILE
    noted = _noted(file)
    if key not in noted:
        noted = [*noted, key][-_MOST_KEYS:]
        replace_file(file, "".join(f"{one.hex()}\n" for one in noted).encode())
    return keys_of_ids(settings, key)


def _noted(file: Path) -> list[bytes]:
    """A line that is damaged is as good as none: mails whose ids it would prove are left where they are."""
    try:
        lines = file.read_text("ascii", "replace").split()
    except FileNotFoundError:
        return []
    return [bytes.fromhex(line) for line in lines if _HEX.fullmatch(line)]
