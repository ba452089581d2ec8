"""The calls that the daemon answers: the client's own table; a test compares it with openapi.json.

Of the standard library alone, so that a pipeline may start it fast or take this folder along.
"""

import re
from dataclasses import dataclass

# How long a client waits for an answer, seconds: mail servers are given up on after two minutes at most.
QUICK, LONG = 30.0, 300.0
JSON, MAIL, EVENTS = "application/json", "message/rfc822", "text/event-stream"


@dataclass(frozen=True, slots=True)
class Call:
    """patience: for the answer, seconds. held_for: the query parameter that says for how long the daemon may
    hold the answer back, and how long that is where it is left out. media_type: of the answer."""

    method: str
    path: str
    patience: float = QUICK
    held_for: tuple[str, float] | None = None
    media_type: str = JSON

    @property
    def placeholders(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)


CALLS = {
    "openapi": Call("GET", "/openapi.json"),
    "test_email": Call("POST", "/v1/test-email", LONG),
    "test_incoming": Call("POST", "/v1/test-incoming", LONG),
    "doctor": Call("POST", "/v1/doctor", 3 * LONG),
    "self_test": Call("POST", "/v1/self-test", 2 * LONG),
    "status": Call("GET", "/v1/status"),
    "reload": Call("POST", "/v1/reload", LONG),
    "process": Call("POST", "/v1/process", LONG),
    "log_level": Call("POST", "/v1/log-level"),
    "file.send": Call("POST", "/v1/files", 3 * LONG),
    "notification.send": Call("POST", "/v1/notifications"),
    "notification.show": Call("GET", "/v1/notifications/{id}"),
    "approval.request": Call("POST", "/v1/approvals"),
    "approval.list": Call("GET", "/v1/approvals"),
    "approval.show": Call("GET", "/v1/approvals/{id}"),
    "approval.wait": Call("GET", "/v1/approvals/{id}/wait", held_for=("timeout", 60.0)),
    "approval.cancel": Call("POST", "/v1/approvals/{id}/cancel"),
    "approval.remind": Call("POST", "/v1/approvals/{id}/remind"),
    "approval.resend": Call("POST", "/v1/approvals/{id}/resend"),
    "approval.reply": Call("GET", "/v1/approvals/{id}/replies/{sha256}/raw", media_type=MAIL),
    "outbox.list": Call("GET", "/v1/outbox"),
    "outbox.retry_all": Call("POST", "/v1/outbox/retry"),
    "outbox.show": Call("GET", "/v1/outbox/{id}"),
    "outbox.retry": Call("POST", "/v1/outbox/{id}/retry"),
    "outbox.hold": Call("POST", "/v1/outbox/{id}/hold"),
    "outbox.release": Call("POST", "/v1/outbox/{id}/release"),
    "outbox.drop": Call("POST", "/v1/outbox/{id}/drop"),
    "deliveries.list": Call("GET", "/v1/deliveries"),
    "deliveries.retry_all": Call("POST", "/v1/deliveries/retry"),
    "deliveries.show": Call("GET", "/v1/deliveries/{id}"),
    "deliveries.retry": Call("POST", "/v1/deliveries/{id}/retry"),
    "deliveries.hold": Call("POST", "/v1/deliveries/{id}/hold"),
    "deliveries.release": Call("POST", "/v1/deliveries/{id}/release"),
    "deliveries.drop": Call("POST", "/v1/deliveries/{id}/drop"),
    "quarantine.list": Call("GET", "/v1/quarantine"),
    "quarantine.show": Call("GET", "/v1/quarantine/{id}"),
    "quarantine.raw": Call("GET", "/v1/quarantine/{id}/raw", media_type=MAIL),
    "quarantine.release": Call("POST", "/v1/quarantine/{id}/release"),
    "quarantine.drop": Call("POST", "/v1/quarantine/{id}/drop"),
    "clock.accept": Call("POST", "/v1/clock/accept"),
    "events": Call("GET", "/v1/events", media_type=EVENTS),
    "audit.verify": Call("GET", "/v1/audit/verify", LONG),
    "oauth.status": Call("GET", "/v1/oauth"),
    "oauth.authorize": Call("POST", "/v1/oauth/{name}/authorize", LONG),
    "oauth.progress": Call("GET", "/v1/oauth/{name}/authorize", held_for=("wait", 0.0)),
    "oauth.forget": Call("POST", "/v1/oauth/{name}/forget"),
}
