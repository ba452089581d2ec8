"""Commands about OAuth applications: how they stand, authorising one, forgetting its tokens."""

import asyncio

from flexmaild.api.call import Answer, CommandRequest, Run
from flexmaild.api.problems import Problem
from flexmaild.core.documents.service import (
    AuthorizationStarted,
    Forgotten,
    OAuthApplication,
    OAuthApplications,
)
from flexmaild.engine import operator_actions
from flexmaild.engine.services import Services
from flexmaild.oauth.grants import ApplicationState, ApplicationStatus
from flexmaild.oauth.manager import TokenManager

_WORDS = {
    ApplicationState.READY: "ok",
    ApplicationState.UNAUTHORISED: "not_authorized",
    ApplicationState.DEGRADED: "failed",
    ApplicationState.DEAD: "dead",
}


def status(services: Services, call: CommandRequest) -> Answer:
    tokens = services.components.tokens
    known = tokens.status() if tokens else []
    return Answer(200, OAuthApplications(applications=[document(one) for one in known]))


def authorize(services: Services, call: CommandRequest) -> Answer:
    name = call.path["name"]
    tokens = _tokens(services, name)
    begun = services.sign_ins.begin(tokens, name, services.reports.applications)
    operator_actions.record(services, "oauth authorize", call.peer.user, application=name)
    shown = AuthorizationStarted(
        id=begun.application,
        flow=begun.flow,
        message=_message(begun.address, begun.code, begun.user),
        verification_uri=begun.address,
        user_code=begun.code,
        expires_in=begun.expires_in,
        user=begun.user,
    )
    return Answer(200, shown)


async def progress(services: Services, call: CommandRequest, run: Run) -> Answer:
    name = call.path["name"]
    _tokens(services, name)
    sign_in = services.sign_ins.ended(name)
    if sign_in is not None and call.query["wait"]:
        await asyncio.wait({asyncio.wrap_future(sign_in)}, timeout=float(call.query["wait"]))
    return Answer(200, services.sign_ins.state(name))


def forget(services: Services, call: CommandRequest) -> Answer:
    name = call.path["name"]
    forgotten = _tokens(services, name).forget(name)
    if forgotten:
        operator_actions.record(services, "oauth forget", call.peer.user, application=name)
    return Answer(200, Forgotten(forgotten=forgotten))


def document(status: ApplicationStatus) -> OAuthApplication:
    return OAuthApplication(
        name=status.application,
        provider=status.provider,
        flow=status.flow,
        state=_WORDS[status.state],
        account=status.account,
        scopes=list(status.scopes),
        expires_at=status.expires_at,
        last_refresh=status.refreshed_at,
        next_alarm=status.alarm_at,
        alarm=status.alarm,
        error_code=status.error_code,
        error=status.error,
        cure=status.cure,
        clock_skew=status.clock_skew,
    )


def _tokens(services: Services, name: str) -> TokenManager:
    components = services.components
    if components.tokens is None or name not in components.settings.oauth_applications:
        known = ", ".join(components.settings.oauth_applications) or "none"
        detail = f"{name!r} is not under oauth_applications (there: {known})"
        raise Problem(404, "No such application", detail, kind="unknown")
    return components.tokens


def _message(address: str, code: str, user: str) -> str:
    if not address:
        return "This application needs nobody to sign in; its credentials are being tried."
    who = f" Sign in as {user}." if user else ""
    return f"Open {address}{f' and enter the code {code}' if code else ''}.{who}"
