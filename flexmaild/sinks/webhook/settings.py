"""Settings of a webhook, and what can be wrong with them before anything is sent."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from flexmaild.core.addresses import is_loopback
from flexmaild.core.errors import GiveUp
from flexmaild.settings.faults import Finding
from flexmaild.settings.oauth import Certificate
from flexmaild.settings.schema import SinkSettings
from flexmaild.settings.secrets import Secret
from flexmaild.settings.types import AbsolutePath, Duration, Flag, Line, Number, OptionalUrl
from flexmaild.sinks.webhook.signing import is_signing_key
from flexmaild.sinks.webhook.templates import EventTemplates, escape_for, media_type

EventName = Literal["decided", "unreachable"]
_CLOUD_EVENT = "application/cloudevents+json"
# A header field's name (RFC 9110 section 5.6.2).
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
# A host, with non-ASCII letters or as an IPv6 address, and its port.
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w-]{1,63}(\.[\w-]{1,63})*\.?)(:[0-9]*)?")
# Header fields that the sink writes itself.
_OURS = frozenset(("content-type", "content-length", "host", "transfer-encoding", "connection"))
_NO_KEY = "must be whsec_ and the Base64 of 24 to 64 bytes: echo whsec_$(openssl rand -base64 32)"
_NO_TYPE = (
    "is no type whose values can be escaped: JSON, XML, application/x-www-form-urlencoded or text/plain"
)


class ClientCertificate(Certificate):
    """Certificate that is shown to the receiver."""


class WebhookSettings(SinkSettings):
    """Sends each decision to a URL."""

    kind: Literal["webhook"] = "webhook"
    url: Line
    """URL of the receiver. Path and query may hold expressions like `{{ metadata.run }}`, the host may
    not."""
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    """HTTP method."""
    secret: Secret | None = None
    """Key that signs the requests (Standard Webhooks): `whsec_` and the Base64 of 24 to 64 random bytes. Make
    one with `echo whsec_$(openssl rand -base64 32)`."""
    former_secret: Secret | None = None
    """The key that was `secret` before: both sign the requests until the receiver knows the new one."""
    bearer: Secret | None = None
    """Token sent as `Authorization: Bearer`."""
    username: Line = ""
    """User name for basic authentication."""
    password: Secret | None = None
    """Password, or API token, for basic authentication."""
    headers: Mapping[str, Secret] = Field(default_factory=dict)
    """Further header fields by name, each a text in quotes or {file: PATH}."""
    body: str = ""
    """Template of the body for a foreign API. Default: the CloudEvent."""
    content_type: Line = ""
    """Content type of the body. Default: `application/cloudevents+json`; with `body`, `application/json`."""
    events: tuple[EventName, ...] = ()
    """Which events are sent: `decided`, and `unreachable` when the mail to an approver bounced. Default:
    both; where `url` or `body` hold expressions, `decided` alone."""
    success: tuple[Number, ...] = ()
    """Which statuses mean that the receiver has the event, for one that says otherwise with a 2xx too, as
    with a sign-in page under 203. Default: every 2xx."""
    ca_file: AbsolutePath | None = None
    """PEM file of certificate authorities for the receiver, in place of the system's."""
    certificate: ClientCertificate | None = None
    """Certificate that is shown to the receiver."""
    proxy: OptionalUrl = ""
    """HTTP proxy to reach the receiver through, like `http://proxy.example.com:3128`."""
    allow_cleartext: Flag = False
    """Allow `http://` to another machine, where each router on the way can read and change what is sent."""
    connect_timeout: Annotated[timedelta, Duration("1s", "1m")] = timedelta(seconds=10)
    """How long to wait for the connection."""
    timeout: Annotated[timedelta, Duration("1s", "5m")] = timedelta(seconds=30)
    """How long one try may take in all."""

    def findings(self) -> Iterator[Finding]:
        yield from super().findings()
        yield from _url_findings(self)
        yield from _login_findings(self)
        for name in ("secret", "former_secret"):
            secret: Secret | None = getattr(self, name)
            if secret and not secret.problem() and not is_signing_key(secret.read()):
                yield Finding((name,), _NO_KEY)
        if self.former_secret and not self.secret:
            yield Finding(("former_secret",), "stands without secret, which is the newer of the two")
        for status in self.success:
            if not 200 <= status < 300:
                yield Finding(("success",), f"names {status}: {status} is no success, 200 to 299 are")
        if escape_for(media_type(self.sent_type)) is None:
            yield Finding(("content_type",), _NO_TYPE)
        elif self.is_template:
            try:
                self.templates().fill(_SAMPLE)
            except GiveUp as failure:
                yield Finding(
                    ("body" if "body" in failure.text else "url",), f"cannot be used: {failure.text}"
                )

    @property
    def is_template(self) -> bool:
        return bool(self.body) or "{{" in self.url or "{%" in self.url

    def is_success(self, status: int) -> bool:
        return status in self.success if self.success else 200 <= status < 300

    @property
    def sent_type(self) -> str:
        return self.content_type or ("application/json" if self.body else _CLOUD_EVENT)

    @property
    def sent_events(self) -> tuple[EventName, ...]:
        return self.events or (("decided",) if self.is_template else ("decided", "unreachable"))

    def templates(self) -> EventTemplates:
        return EventTemplates(self.url, self.body, self.sent_type)


def _url_findings(settings: WebhookSettings) -> Iterator[Finding]:
    scheme, _, rest = settings.url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if scheme not in ("https", "http") or not authority:
        yield Finding(("url",), "must be a URL like https://ci.example.com/hooks/flexmaild")
    elif "{" in authority:
        yield Finding(("url",), "has an expression in its host: only path and query may hold one")
    elif "@" in authority:
        yield Finding(("url",), "holds a login: write it as username and password")
    elif "#" in settings.url:
        yield Finding(("url",), "has a fragment (#), which is never sent: leave it out")
    elif not _is_host_and_port(authority):
        yield Finding(("url",), "has no valid host and port")
    elif (
        scheme == "http"
        and not settings.allow_cleartext
        and not is_loopback(urlsplit(settings.url).hostname or "")
    ):
        yield Finding(("url",), "is not encrypted: write https://, or allow_cleartext: true takes the risk")


def _is_host_and_port(authority: str) -> bool:
    try:
        found = urlsplit(f"//{authority}")
        return _AUTHORITY.fullmatch(authority) is not None and (found.port is None or found.port > 0)
    except ValueError:
        return False


def _login_findings(settings: WebhookSettings) -> Iterator[Finding]:
    if settings.bearer and settings.username:
        yield Finding(("bearer",), "stands beside username: a request has one login")
    if ":" in settings.username:
        yield Finding(("username",), "has a colon, which basic authentication cannot carry (RFC 7617)")
    if settings.username and not settings.password:
        yield Finding(("username",), "needs a password")
    if settings.password and not settings.username:
        yield Finding(("password",), "needs a username")
    for name in settings.headers:
        if not _TOKEN.fullmatch(name):
            yield Finding(("headers", name), "is not the name of a header field")
        elif name.lower() in _OURS or name.lower().startswith("webhook-"):
            yield Finding(("headers", name), "is written by flexmaild itself: leave it out")
    has_login = settings.bearer or settings.username or settings.certificate or settings.headers
    if not settings.secret and not has_login:
        text = "is missing, and so is every login: the receiver cannot tell a decision from anybody's request"
        yield Finding((), f"secret {text}", grave=False)


class _AnyValue(dict[str, Any]):
    """Metadata of which each key has a value: what a request brings along is not known yet."""

    def __missing__(self, key: str) -> str:
        return "example"


# What templates are tried with; values as an event has them.
_SAMPLE: Mapping[str, Any] = {
    "id": "apr_example.decided",
    "type": "flexmaild.approval.decided.v1",
    "data": {
        "id": "apr_example", "state": "approved", "title": "Deploy shop 4.2", "requester": "ci@example.org",
        "requested_at": "2026-01-31T14:30:00Z", "decided_at": "2026-01-31T15:30:00Z",
        "decided_by": ["ann@example.org"], "because": "one of one approved", "quorum": "any",
        "metadata": _AnyValue(),
        "verdicts": [
            {
                "approver": "ann@example.org", "by": "ann@example.org", "answer": "approve",
                "comment": "looks good", "at": "2026-01-31T15:30:00Z", "proof": "dmarc", "sha256": "0" * 64,
                "message_id": "example@example.org", "group": "", "escalation": False, "replaced": False,
            }
        ],
    },
}  # fmt: skip
