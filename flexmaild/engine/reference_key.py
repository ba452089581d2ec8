"""The key that references are made with, where the operator has given none; and what its presence tells.

Made at the first start, after the first store, in the state directory; without it the mails of open requests
are worthless. Used by `daemon.wiring` and at the start by `daemon.main`. Never shown, never logged.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from flexmaild.core.errors import GiveUp, Reason
from flexmaild.settings.schema import Settings
from flexmaild.store import StoreError
from flexmaild.store.open import database_file

REFERENCE_KEY_FILE = "reference.key"
KEY_BYTES = 32


def kept_key(path: Path) -> bytes:
    """The key in this file. Raises GiveUp where it is damaged, OSError where it cannot be read."""
    key = path.read_bytes()
    if len(key) < KEY_BYTES:  # with an empty key anybody could make references
        cure = "Restore it from a backup, or remove it: then the mails of open requests are worthless."
        raise GiveUp(Reason.OTHER, f"{path} is damaged: it has {len(key)} bytes", cure=cure)
    return key


def own_key(path: Path) -> bytes:
    """32 random bytes kept in a file of our own (0600), made where there is none. Raises GiveUp, OSError."""
    try:
        return kept_key(path)
    except FileNotFoundError:
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _sync(path.parent)
        return path.read_bytes()


def insist_on_store(settings: Settings) -> None:
    """Refuse to begin with an empty store where there has been one: every waiting reply would be a stranger's
    and be deleted. The key of references is made after the first store. Raises StoreError."""
    key, url = settings.state_directory / REFERENCE_KEY_FILE, settings.store.url
    if not url.startswith("sqlite:") or not key.exists():
        return
    file = database_file(url, settings.state_directory)
    if not file.exists():
        cure = (
            "put it back (the file, or the last backup), or move the old one there if store.url has changed; "
            f"to begin with an empty store, remove {key} as well: open requests are lost then."
        )
        raise StoreError(f"{file}: the store is gone, but {key} says that there was one.", cure)


def _sync(directory: Path) -> None:
    """A new name is on stable storage only when its directory is (fsync(2))."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
