"""What is known of one OAuth application while the daemon runs: its tokens, its last failure, when to retry.

Changed by `oauth.manager` alone, read by `oauth.status`.
"""

import hashlib
import threading
from dataclasses import dataclass, field

from flexmaild.core.errors import TryLater
from flexmaild.core.oauth import Purpose
from flexmaild.oauth.grants import Issuer, OAuthApplication


@dataclass(slots=True)
class HeldToken:
    """A token in memory; times by the monotonic clock, which no one sets."""

    token: str = field(repr=False)
    got_at: float
    renew_at: float
    dies_at: float


@dataclass(slots=True)
class TokenState:
    """The state of one application; changed only under its lock."""

    name: str
    application: OAuthApplication
    issuer: Issuer
    lock: threading.Lock = field(default_factory=threading.Lock)
    held: dict[Purpose, HeldToken] = field(default_factory=dict)
    failure: TryLater | None = None
    failures: int = 0
    again_at: float = 0.0
    credential: str = ""
    file_version: int = 0
    scopes: tuple[str, ...] = ()
    refreshed_at: float | None = None


def issuer_of(application: OAuthApplication) -> Issuer:
    # msal and requests are 10 MB and a tenth of a second, which a daemon without OAuth need not spend.
    if application.provider == "google":
        from flexmaild.oauth.google import Google

        return Google(application)
    from flexmaild.oauth.entra import Entra

    return Entra(application)


def fingerprint_of(application: OAuthApplication) -> str:
    """A digest of the application's secrets, kept instead of them to detect a change."""
    parts = (application.client_secret, application.private_key, application.certificate)
    digest = hashlib.sha256()
    for read in parts:
        digest.update(hashlib.sha256(read().encode()).digest() if read else b"-")
    return digest.hexdigest()
