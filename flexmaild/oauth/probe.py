"""An OAuth application tried for the doctor: authority, clock, token, account, permissions, certificate.

It requests a token as any adapter does, so it never disturbs an authorisation; it shows no secret.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from flexmaild.core.errors import Failure
from flexmaild.core.oauth import Purpose
from flexmaild.core.steps import Step
from flexmaild.net.certificates import APPLICATION_NOTICE
from flexmaild.oauth.clouds import permissions
from flexmaild.oauth.grants import Grant, Issuer, OAuthApplication, wanted_purposes
from flexmaild.oauth.manager import TokenManager
from flexmaild.oauth.scopes import missing
from flexmaild.oauth.status import SKEW_SECONDS, certificate_ends


def examine_application(manager: TokenManager, name: str, purposes: Sequence[Purpose] = ()) -> list[Step]:
    """The steps. purposes: what tokens are needed for; those of the application's uses when none are
    given."""
    application, issuer = manager.application(name), manager.issuer(name)
    wanted = purposes or wanted_purposes(application)
    steps = [_authority(issuer), _clock(issuer)]
    if steps[0].ok:
        steps += [_token(manager, name, purpose) for purpose in wanted]
        if all(step.ok for step in steps[2:]):
            steps.append(_account(manager, name))
            steps += [_permissions(manager, name, purpose) for purpose in wanted]
    if application.certificate:
        steps.append(_certificate(application))
    return steps


def _authority(issuer: Issuer) -> Step:
    def fetch() -> str:
        return f"it answers for {issuer.fetch_endpoint().get('issuer', 'itself')}"

    return _tried("authority", f"fetch {issuer.endpoint}", fetch)


def _clock(issuer: Issuer) -> Step:
    skew = issuer.skew
    tried = "compare this machine's clock with the sign-in service's"
    if skew is None:
        return Step("clock", True, tried, "the service sent no time")
    ok = abs(skew) <= SKEW_SECONDS
    cure = "" if ok else "Set this machine's clock (chrony); sign-ins with a certificate fail otherwise."
    return Step("clock", ok, tried, f"it differs by {abs(skew):.0f} s", cure)


def _token(manager: TokenManager, name: str, purpose: Purpose) -> Step:
    def get() -> str:
        manager.token(name, purpose)
        return "a token was issued"

    return _tried(f"token for {purpose}", f"get a token for {purpose} with {name}", get)


def _account(manager: TokenManager, name: str) -> Step:
    application = manager.application(name)
    status = next(s for s in manager.status() if s.application == name)
    tried = f"compare who signed in with {application.user or 'no one in particular'}"
    if application.app_only or not application.user:
        return Step("account", True, tried, status.account or "the application itself")
    ok = status.account.casefold() == application.user.casefold()
    cure = "" if ok else f"Run `flexmailctl oauth authorize {name}` and sign in as {application.user}."
    return Step("account", ok, tried, status.account or "no user", cure)


def _permissions(manager: TokenManager, name: str, purpose: Purpose) -> Step:
    application = manager.application(name)
    status = next(s for s in manager.status() if s.application == name)
    needed = permissions(application.uses, purpose, app_only=application.app_only)
    grant = Grant(manager.token(name, purpose), 0.0, status.scopes, status.account)
    lacking = missing(application, purpose, grant)
    tried = f"look for {', '.join(needed)} in the token for {purpose}"
    if not lacking:
        return Step(f"permissions for {purpose}", True, tried, "granted")
    cure = f"API permissions: add {', '.join(lacking)}, grant admin consent, then authorise again."
    return Step(f"permissions for {purpose}", False, tried, f"missing: {', '.join(lacking)}", cure)


def _certificate(application: OAuthApplication) -> Step:
    ends = certificate_ends(application)
    tried = "read the application's certificate"
    if ends is None:
        cure = "Put it where `certificate` says, as PEM and readable by flexmaild."
        return Step("certificate", False, tried, "it cannot be read as a PEM certificate", cure)
    left = ends - datetime.now(UTC)
    if left > APPLICATION_NOTICE:
        return Step("certificate", True, tried, f"it is valid until {ends:%Y-%m-%d}")
    cure = "Upload a new certificate under Certificates & secrets and put it into `certificate`."
    return Step("certificate", left.total_seconds() > 0, tried, f"it ends on {ends:%Y-%m-%d}", cure)


def _tried(name: str, tried: str, work: Callable[[], str]) -> Step:
    began = time.monotonic()
    try:
        answer, ok, cure = work(), True, ""
    except Failure as failure:
        where = f"{urlsplit('//' + failure.server).netloc}: " if failure.server else ""
        said = f" ({failure.answer})" if failure.answer else ""
        answer, ok, cure = f"{where}{failure.text}{said}", False, failure.cure
    return Step(name, ok, tried, answer, cure, time.monotonic() - began)
