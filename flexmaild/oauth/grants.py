"""The nouns of signing in: an application as configured, a token as granted, an authorisation under way.

Shared by `oauth` (the desk), `entra` and `google` (the issuers). Secrets are callables, read at each use,
so that a rotated file needs no reload; tokens are kept out of every repr.
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
    its tokens for; empty asks for whatever the purpose can need. scopes: asked for in place of ours, if
    given. authority: a URL with or without tenant that takes the place of the cloud's; for Google, the root
    under which its endpoints lie. private_key, certificate: PEM texts. redirect_port: 0 for a free one.
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
    """What the settings need tokens for; Graph when they say nothing."""
    return list(dict.fromkeys(purpose_of(use) for use in application.uses)) or ["graph"]


# What a token endpoint or the store of tokens names a secret.
_SECRET_FIELDS = ("access_token", "refresh_token", "id_token", "device_code")


def make_known(answer: Mapping[str, Any]) -> None:
    """The tokens in what a token endpoint or the store of tokens gave are secrets from now on."""
    for name in _SECRET_FIELDS:
        if isinstance(answer.get(name), str):
            redaction.THIS_PROCESS.register(answer[name])


@dataclass(frozen=True, slots=True)
class Grant:
    """A token: how many seconds it lives from now, what it permits, whose it is."""

    token: str = field(repr=False)
    life: float
    scopes: tuple[str, ...]
    account: str
    cached: bool = False


@dataclass(slots=True)
class Pending:
    """An authorisation under way, as its issuer needs it back; `handle` is the issuer's own."""

    address: str
    code: str
    expires_in: float
    interval: float
    scopes: list[str]
    handle: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authorization:
    """What to show the person who authorises: open `address` and, with device code, enter `code` there.

    expires_in: seconds for it. user: who is to sign in.
    """

    application: str
    flow: Flow
    address: str
    code: str
    expires_in: float
    user: str


class ApplicationState(StrEnum):
    """READY: a token is there or can be had. UNAUTHORISED: nobody has signed in. DEGRADED: the last try
    failed for a passing reason. DEAD: it stays so until somebody acts."""

    READY = "ready"
    UNAUTHORISED = "unauthorised"
    DEGRADED = "degraded"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class ApplicationStatus:
    """How an application stands. Times are aware UTC; None where unknown.

    expires_at: of the token that ends first. alarm_at: when something ends unless somebody acts (a
    certificate, an unused authorisation). clock_skew: the server's clock minus ours, in seconds.
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
    """Where tokens come from; `Entra` and `Google` have this shape. Used by one thread at a time."""

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
