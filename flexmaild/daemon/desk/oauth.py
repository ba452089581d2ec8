"""Commands about OAuth applications: how they stand, authorising one, forgetting its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flexmaild.control.call import Answer, Call
from flexmaild.control.problems import Problem
from flexmaild.daemon.items import Due
from flexmaild.net.grants import ApplicationState, ApplicationStatus
from flexmaild.net.oauth import TokenDesk

if TYPE_CHECKING:
    from flexmaild.daemon.desk import Desk

_WORDS = {
    ApplicationState.READY: "ok",
    ApplicationState.UNAUTHORISED: "not_authorized",
    ApplicationState.DEGRADED: "failed",
    ApplicationState.DEAD: "dead",
}


def status(desk: Desk, call: Call) -> Answer:
    tokens = desk.house.parts.tokens
    return Answer(200, {"applications": [document(a) for a in tokens.status()] if tokens else []})


def authorize(desk: Desk, call: Call) -> Answer:
    name = call.path["name"]
    tokens = _tokens(desk, name)
    begun = desk.house.sign_ins.begin(tokens, name, lambda: desk.put(Due.TOKENS))
    shown = {
        "id": begun.application,
        "flow": begun.flow,
        "message": _message(begun.address, begun.code, begun.user),
        "verification_uri": begun.address,
        "user_code": begun.code,
        "expires_in": begun.expires_in,
        "user": begun.user,
    }
    return Answer(200, shown)


def progress(desk: Desk, call: Call) -> Answer:
    name = call.path["name"]
    _tokens(desk, name)
    return Answer(200, desk.house.sign_ins.state(name, float(call.query["wait"]), call.wait))


def forget(desk: Desk, call: Call) -> Answer:
    name = call.path["name"]
    return Answer(200, {"forgotten": _tokens(desk, name).forget(name)})


def document(status: ApplicationStatus) -> dict[str, Any]:
    return {
        "name": status.application,
        "provider": status.provider,
        "flow": status.flow,
        "state": _WORDS[status.state],
        "account": status.account,
        "scopes": list(status.scopes),
        "expires_at": status.expires_at,
        "last_refresh": status.refreshed_at,
        "next_alarm": status.alarm_at,
        "alarm": status.alarm,
        "error_code": status.error_code,
        "error": status.error,
        "cure": status.cure,
        "clock_skew": status.clock_skew,
    }


def _tokens(desk: Desk, name: str) -> TokenDesk:
    parts = desk.house.parts
    if parts.tokens is None or name not in parts.settings.oauth_applications:
        known = ", ".join(parts.settings.oauth_applications) or "none"
        detail = f"{name!r} is not under oauth_applications (there: {known})"
        raise Problem(404, "No such application", detail, kind="unknown")
    return parts.tokens


def _message(address: str, code: str, user: str) -> str:
    if not address:
        return "This application needs nobody to sign in; its credentials are being tried."
    who = f" Sign in as {user}." if user else ""
    return f"Open {address}{f' and enter the code {code}' if code else ''}.{who}"
