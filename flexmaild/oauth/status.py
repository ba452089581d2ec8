"""The status of an OAuth application, made from its state alone: no provider is asked.

Used by `oauth.manager.TokenManager.status`. Also says what will expire unless an administrator acts.
"""

from datetime import UTC, datetime, timedelta

from flexmaild.core.errors import Failure
from flexmaild.net import certificates
from flexmaild.oauth.errors import MEANINGS, OAuthFault
from flexmaild.oauth.grants import ApplicationState, ApplicationStatus, OAuthApplication
from flexmaild.oauth.state import TokenState

# Microsoft: a refresh token expires after 90 days without use. Reported two weeks before.
_UNUSED_DIES, _UNUSED_NOTICE = timedelta(days=90), timedelta(days=14)
# Entra ID allows 5 minutes between clocks for assertions.
SKEW_SECONDS = 300.0


def status_of(state: TokenState, clock: float, now: float, known: bool) -> ApplicationStatus:
    """known: there are tokens in memory or on disk, or none are needed."""
    application, failure = state.application, state.failure
    shown = ApplicationState.READY if known else ApplicationState.UNAUTHORISED
    if failure is not None:
        dead = isinstance(failure, OAuthFault) and failure.dead
        shown = ApplicationState.DEAD if dead else ApplicationState.DEGRADED
        if isinstance(failure, OAuthFault) and failure.code == "not_authorised":
            shown = ApplicationState.UNAUTHORISED
    error_code, error, cure = _problem(state.name, failure, known)
    ends = min((h.dies_at for h in state.held.values()), default=None)
    alarm_at, alarm = _alarm(state)
    return ApplicationStatus(
        state.name, application.provider, application.flow, shown,
        account=state.issuer.account,
        scopes=state.scopes,
        expires_at=None if ends is None else _time(clock + ends - now),
        refreshed_at=None if state.refreshed_at is None else _time(state.refreshed_at),
        alarm_at=alarm_at, alarm=alarm,
        error_code=error_code,
        error=error,
        cure=cure,
        clock_skew=state.issuer.skew,
    )  # fmt: skip


def _problem(name: str, failure: Failure | None, known: bool) -> tuple[str, str, str]:
    """Code, text and cure of the current problem; all empty without one."""
    if failure is not None:
        return getattr(failure, "code", failure.reason.value), failure.text, failure.cure
    if known:
        return "", "", ""
    row = MEANINGS["not_authorised"]
    return row.code, row.cause, row.cure.replace("NAME", name)


def certificate_ends(application: OAuthApplication) -> datetime | None:
    """When the application's certificate expires; None without one, or when it cannot be read."""
    if application.certificate is None:
        return None
    try:
        found = certificates.of_pem(application.certificate())
    except Failure:
        return None
    return found.not_after if found else None


def _alarm(state: TokenState) -> tuple[datetime | None, str]:
    """The next expiry. Only Entra ID knows when a client secret expires (AADSTS7000222)."""
    ends = certificate_ends(state.application)
    if ends:
        return ends - certificates.APPLICATION_NOTICE, f"the certificate expires on {ends:%Y-%m-%d}"
    if state.refreshed_at is not None and not state.application.app_only:
        dies = _time(state.refreshed_at) + _UNUSED_DIES
        return dies - _UNUSED_NOTICE, f"the authorisation ends on {dies:%Y-%m-%d} unless it is used"
    return None, ""


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
