"""Tokens at rest: one encrypted file per OAuth application in the state directory.

A file is replaced whole (temporary file, fsync, rename) with mode 0600, so that a crash leaves the old tokens
or the new ones. The key comes from a secret, else from a file in the same directory that only the daemon can
read. Never logs, and never writes a token in clear.
"""

import base64
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flexmaild.core.errors import Reason, TryLater
from flexmaild.oauth.errors import own_fault
from flexmaild.system.files import replace_file

# 32 characters of base64 or hex hold at least 128 bits; a key is generated, not invented.
_KEY_CHARACTERS = 32
# A generated key: 32 bytes in base64 for URLs (Fernet.generate_key).
_KEY = re.compile(r"[\w-]{43}=", re.ASCII)


class TokenStore:
    """directory: created with mode 0700 when first needed.

    keys: by application, each read at each use, so that it can be rotated; the tokens of others are encrypted
    with a generated key in the same directory.
    """

    def __init__(self, directory: Path, keys: Mapping[str, Callable[[], str]] | None = None) -> None:
        self._directory = directory
        self._keys = keys or {}

    def path(self, application: str) -> Path:
        """The file of this application; any name is safe in it."""
        return self._directory / (quote(application, safe="").replace(".", "%2E") + ".token")

    def version(self, application: str) -> int:
        """Changes whenever the file does (mtime in ns), 0 when there is none."""
        try:
            return self.path(application).stat().st_mtime_ns
        except OSError:
            return 0

    def read(self, application: str) -> bytes | None:
        """The tokens written last, None when there are none. Raises OAuthFault (code token_file) when the
        file was changed, truncated or encrypted with another key, TryLater when it cannot be read."""
        path = self.path(application)
        try:
            return self._fernet(application).decrypt(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(path, error) from error
        except InvalidToken:
            raise own_fault("token_file", f"{path} cannot be decrypted", step="token store") from None

    def write(self, application: str, data: bytes) -> None:
        """Replaces the file; on return it is on stable storage. Raises TryLater when that failed."""
        path = self.path(application)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, self._fernet(application).encrypt(data))
        except OSError as error:
            raise _unusable(path, error) from error

    def forget(self, application: str) -> bool:
        """Removes the file; True when there was one."""
        try:
            self.path(application).unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unusable(self.path(application), error) from error
        return True

    def _fernet(self, application: str) -> Fernet:
        given = self._keys.get(application)
        text = given().strip() if given else self._own_key()
        if len(text) < _KEY_CHARACTERS:
            cure = "Make one with `openssl rand -base64 32`."
            message = f"`token_key` is shorter than {_KEY_CHARACTERS} characters"
            raise TryLater(Reason.OTHER, message, step="token store", cure=cure)
        key = HKDF(SHA256(), 32, salt=None, info=b"flexmaild token store 1").derive(text.encode())
        return Fernet(base64.urlsafe_b64encode(key))

    def _own_key(self) -> str:
        """The key in the token directory, generated where there is none. It is written whole or not at all,
        and a damaged one is replaced only while no tokens are encrypted with it."""
        path = self._directory / "key"
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            replace_file(path, Fernet.generate_key(), keep=True)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            cure = f"chmod 600 {path}, and authorise again: others may have read it."
            raise TryLater(Reason.OTHER, f"{path}: others may read this key", step="token store", cure=cure)
        text = path.read_bytes().decode("ascii", "replace")
        if not _KEY.fullmatch(text):
            if any(self._directory.glob("*.token")):
                raise own_fault("token_key_lost", str(path), step="token store")
            path.unlink()
            return self._own_key()
        return text


def _unusable(path: Path, error: OSError) -> TryLater:
    text = f"{path}: {error.strerror or error}"
    cure = "The directory must exist on a writable disk and belong to the daemon's user."
    return TryLater(Reason.OTHER, text, step="token store", cure=cure)
