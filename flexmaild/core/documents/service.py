"""What the daemon answers about itself and what it tries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flexmaild.core.documents.diagnosis import Readiness
from flexmaild.core.oauth import Flow

SignInState = Literal["none", "pending", "done", "failed", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedEmail:
    """answer: the server's own words. tls: such as "TLSv1.3", empty for none."""

    to: str
    answer: str
    tls: str
    seconds: float
    server: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedIncoming:
    """messages: how many mails wait in the folder. can_delete: whether this login may delete there."""

    folder: str
    messages: int
    can_delete: bool
    seconds: float
    server: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsStatus:
    """fault: why the last reload was refused, empty where it was not."""

    file: str
    loaded_at: datetime | None
    last_reload: Literal["ok", "failed"]
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingStatus:
    """Where replies are read, how senders are proven, and how often."""

    enabled: bool
    transport: str
    folder: str
    reply_address: str
    sender_authentication: str
    sender_authentication_strength: Literal["weak", "strong"]
    interval_seconds: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledStatus(IncomingStatus):
    """Where there is a poller. waiting: mails that the last poll left there, null before the first."""

    polls: int
    failures_in_a_row: int
    last_success: datetime | None
    last_fault: str
    waiting: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingStatus:
    """messages: how many mails are in each state."""

    transport: str
    from_address: str
    last_success: datetime | None
    last_fault: str
    messages: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Readiness):
    """healthy is false when `issues` is not empty; the other members are the parts, by name.

    approvals: how many requests are in each state; deliveries: for each sink, how many are; components: when
    each thread last showed that it lives.
    """

    healthy: bool
    version: str
    warnings: list[str]
    started_at: datetime | None
    settings: SettingsStatus
    incoming: PolledStatus | IncomingStatus
    outgoing: OutgoingStatus
    approvals: dict[str, int]
    deliveries: dict[str, dict[str, int]]
    quarantined: int
    components: dict[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """changed: the settings that are different now. needs_restart: those that change only at a restart."""

    reloaded: bool
    changed: list[str]
    needs_restart: list[str]
    warnings: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """messages: mails taken from the folder by this reading; outcomes: how many of each outcome."""

    messages: int
    deleted: int
    waiting: int
    detail: str
    outcomes: dict[str, int]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLevelSet:
    """until: when the level of the settings comes back; null: not before the next start or reload."""

    level: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerified:
    """entries: how many rows the chain has. broken_at: the first row that does not fit, null when all do."""

    ok: bool
    entries: int
    broken_at: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApplication:
    """state: "ok", "not_authorized", "failed" (it passes by itself), "dead" (an operator must act).
    error_code: the sign-in service's own ("AADSTS50173") or ours. clock_skew: its clock minus ours, in
    seconds."""

    name: str
    provider: str
    flow: str
    state: str
    account: str
    scopes: list[str]
    expires_at: datetime | None
    last_refresh: datetime | None
    next_alarm: datetime | None
    alarm: str
    error_code: str
    error: str
    cure: str
    clock_skew: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApplications:
    applications: list[OAuthApplication]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationStarted:
    """A person opens `verification_uri` and, with the device code flow, types `user_code` there."""

    id: str
    flow: Flow
    message: str
    verification_uri: str
    user_code: str
    expires_in: float
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationState:
    """state: "none" where nothing was begun. detail: what went wrong, or what is still to be done."""

    state: SignInState
    id: str
    account: str
    scopes: list[str]
    detail: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """Kept for an hour; its SHA-256 (hex) is what a request names it by."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockAccepted:
    """doubted: why the clock was not believed, empty where it was. before: the time that was gone by."""

    doubted: str
    before: datetime
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    forgotten: bool


def authorization(
    application: str,
    state: SignInState,
    *,
    account: str = "",
    scopes: Iterable[str] = (),
    detail: str = "",
    cure: str = "",
) -> AuthorizationState:
    return AuthorizationState(
        state=state, id=application, account=account, scopes=list(scopes), detail=detail, cure=cure
    )
