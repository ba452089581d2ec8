"""The data of OAuth: an application as configured, a token as granted, an authorisation in progress.

Shared by the manager and the issuers (`entra`, `google`). Secrets are callables, read at each use, so that a
rotated file needs no reload; no repr holds a token.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from flexmaild.core.oauth import CloudName, Flow, Provider, Purpose
from flexmaild.oauth.clouds import Use, purpose_of
from flexmaild.system import redaction


@dataclass(frozen=True, slots=True)
class OAuthApplication:
    """One entry of `oauth_applications`.

    user: who must sign in (outgoing/incoming `username`), empty for app-only. uses: what the settings need
    its tokens for; empty for all that the purpose can need. scopes: requested in place of the defaults.
    authority: a URL with or without tenant in place of the cloud's; for Google, the root of its endpoints.
    private_key, certificate: PEM texts. redirect_port: 0 for a free one.
    """

    provider: Provider
    client_id: str
    tenant: str = ""
    flow: Flow = "device_code"
    client_secret: Callable[[], str] | None = None
    private_key: Callable[[], str] | None = None
    certificate: Callable[[], str] | None = None
    authority: str = ""
    cloud: CloudName = "global"
    ca_file: str = ""
    redirect_port: int = 0
    user: str = ""
    uses: tuple[Use, ...] = ()
    scopes: tuple[str, ...] = ()

    @property
    def app_only(self) -> bool:
        return self.flow == "client_credentials"


def wanted_purposes(application: OAuthApplication) -> list[Purpose]:
    """What the settings need tokens for; Graph where they name no use."""
    return list(dict.fromkeys(purpose_of(use) for use in application.uses)) or ["graph"]


# The fields of a token endpoint's answer or of the token store that are secrets.
_SECRET_FIELDS = ("access_token", "refresh_token", "id_token", "device_code")


def make_known(answer: Mapping[str, Any]) -> None:
    """Registers the tokens in an answer of a token endpoint or in the token store as secrets to redact."""
    for name in _SECRET_FIELDS:
        if isinstance(answer.get(name), str):
            redaction.THIS_PROCESS.register(answer[name])


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token: its life from now in seconds, its scopes and its account."""

    token: str = field(repr=False)
    life: float
    scopes: tuple[str, ...]
    account: str
    cached: bool = False


@dataclass(slots=True)
class Pending:
    """An authorisation in progress; `handle` belongs to its issuer."""

    address: str
    code: str
    expires_in: float
    interval: float
    scopes: list[str]
    handle: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authorization:
    """What to show the user who authorises: open `address` and, with device code, enter `code` there.

    expires_in: seconds for it. user: who must sign in.
    """

    application: str
    flow: Flow
    address: str
    code: str
    expires_in: float
    user: str


class ApplicationState(StrEnum):
    """READY: a token is held or can be obtained. UNAUTHORISED: no user has signed in. DEGRADED: the last try
    failed for a passing reason. DEAD: it stays so until a user or an administrator acts."""

    READY = "ready"
    UNAUTHORISED = "unauthorised"
    DEGRADED = "degraded"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class ApplicationStatus:
    """The status of an application. Times are aware UTC; None where unknown.

    expires_at: of the token that expires first. alarm_at: when to renew a certificate or an unused
    authorisation. clock_skew: the server's clock minus ours, in seconds.
    """

    application: str
    provider: str
    flow: str
    state: ApplicationState
    account: str = ""
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    refreshed_at: datetime | None = None
    alarm_at: datetime | None = None
    alarm: str = ""
    error_code: str = ""
    error: str = ""
    cure: str = ""
    clock_skew: float | None = None


class Issuer(Protocol):
    """A source of tokens: `Entra` or `Google`. Used by one thread at a time."""

    @property
    def account(self) -> str: ...
    @property
    def skew(self) -> float | None: ...
    @property
    def endpoint(self) -> str: ...
    def fetch_endpoint(self) -> Mapping[str, Any]: ...
    def load(self, state: bytes) -> None: ...
    def changed(self) -> bytes | None: ...
    def kept(self) -> None: ...
    def drop(self) -> None: ...
    def renew(self, purpose: Purpose, *, force: bool) -> Grant: ...
    def begin(self, purpose: Purpose, expected_user: str, redirect: str) -> Pending: ...
    def poll(self, pending: Pending) -> Grant | None: ...
    def redeem(self, pending: Pending, fields: Mapping[str, str]) -> Grant: ...
    def accept(self, pending: Pending) -> None: ...
