"""Delivers events to a URL. One try for each call: `core.retry` says when the next one is due.

Made by `flexmaild.sinks.build_sink`. A 2xx status is success and nothing else is; no redirect is followed; of
an answer at most `ANSWER_BYTES` are read. Secrets are read for each request, so that they can be rotated.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.steps import Step
from flexmaild.net.http import HttpSession, network_fault, wait_seconds
from flexmaild.settings.secrets import Secret
from flexmaild.sinks.webhook.settings import ClientCertificate, WebhookSettings
from flexmaild.sinks.webhook.signing import is_signing_key, signed_headers

# Of an answer that explains a refusal; the rest is not read.
ANSWER_BYTES = 64 * 1024
# Statuses that the same request would only get again.
_LASTING = frozenset((400, 405, 406, 409, 411, 413, 414, 415, 422, 431, 501))
_CURES = {
    401: "Check the sink's bearer, password or headers.",
    403: "Check the sink's credentials, and what they may do there.",
    404: "Check the sink's url, and whether what it names still waits: it may have been decided already.",
    407: "Check the proxy of the sink: it wants a login.",
}
_GONE = (
    "Correct the sink's url, or run `flexmailctl delivery retry` once the receiver takes events again; "
    "nothing is sent to it before."
)
_RESEND = "Correct what the sink sends, or the receiver; then run `flexmailctl delivery retry`."


class Webhook:
    """See `core.ports.Sink`."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._templates = settings.templates() if settings.is_template else None
        self._server = urlsplit(settings.url).netloc
        self._session: HttpSession | None = None
        self._identity = b""
        self._is_gone = False

    def deliver(self, key: str, event: bytes) -> str:
        """Returns the status. Raises TryLater, or GiveUp where the same request would be refused again."""
        content = json.loads(event)
        if content["type"].split(".")[-2] not in self._settings.sent_events:
            return "not sent: the sink's `events` leave it out"
        if self._is_gone:
            raise self._gone()
        url, body = self._templates.fill(content) if self._templates else (self._settings.url, "")
        data = body.encode() if body else event
        answer = self._send(requests.Request(self._settings.method, url, self._headers(key, data), data=data))
        if self._settings.is_success(answer.status_code):
            return str(answer.status_code)
        if answer.status_code == 410:
            self._is_gone = True
            raise self._gone()
        raise self._refusal(answer)

    def retry_now(self) -> None:
        """An operator says that the receiver takes events again."""
        self._is_gone = False

    def examine(self) -> Step:
        """A HEAD request for the root of the host, which changes nothing (RFC 9110 section 9.2.1); any answer
        will do."""
        root = f"{urlsplit(self._settings.url).scheme}://{self._server}/"
        tried = f"connect to {root}"
        if self._is_gone:
            return Step("sink", False, tried, str(self._gone()), _GONE)
        try:
            code = self._send(requests.Request("HEAD", root)).status_code
        except Failure as failure:
            return Step("sink", False, tried, failure.text, failure.cure)
        return Step("sink", True, tried, f"it answers ({code} to HEAD /)")

    def close(self) -> None:
        """End the connection; the next delivery makes a new one."""
        if self._session:
            self._session.close()
            self._session = None

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        settings = self._settings
        keys = [_signing_key(secret) for secret in (settings.secret, settings.former_secret) if secret]
        headers = {name: _one_line(secret) for name, secret in settings.headers.items()}
        headers |= signed_headers(key, datetime.now(UTC), body, keys)
        headers |= {"Content-Type": settings.sent_type, "User-Agent": "flexmaild"}
        if settings.bearer:
            headers["Authorization"] = f"Bearer {_one_line(settings.bearer)}"
        elif settings.username and settings.password:
            login = f"{settings.username}:{settings.password.read()}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        return headers

    def _send(self, request: requests.Request) -> requests.Response:
        session, seconds = self._connected(), self._settings.timeout.total_seconds()
        try:
            return session.send(session.prepare_request(request), total=seconds, is_whole=False)
        except requests.exceptions.InvalidHeader:
            text, cure = "a header field holds what HTTP cannot carry", "Correct the sink's headers."
            raise GiveUp(Reason.CLIENT, text, step="deliver", server=self._server, cure=cure) from None
        except requests.RequestException as error:
            raise network_fault(error, step="deliver", url=self._settings.url, changes=True) from None

    def _connected(self) -> HttpSession:
        """A session with the client certificate as it is now: it may have been renewed."""
        settings, pem = self._settings, _pem(self._settings.certificate)
        identity = hashlib.sha256(pem).digest()
        if self._session is None or identity != self._identity:
            self.close()
            with _as_file(pem) as file:
                self._session = HttpSession(
                    str(settings.ca_file or ""),
                    connect=settings.connect_timeout.total_seconds(),
                    read=settings.timeout.total_seconds(),
                    limit=ANSWER_BYTES,
                    certificate=file,
                    proxy=settings.proxy,
                )
            self._identity = identity
        return self._session

    def _refusal(self, answer: requests.Response) -> Failure:
        code = answer.status_code
        said, cure = answer.content.decode("utf-8", "replace"), _CURES.get(code, "")
        text = f"the receiver answered {code} {answer.reason or ''}".rstrip()
        if code < 300:
            cure = "The sink's success does not name this status: check its login, and what it sends."
        if 300 <= code < 400:
            text, cure = f"{text}, and redirects are not followed", "Give the sink the url that it leads to."
        if code in _LASTING:
            return GiveUp(Reason.CLIENT, text, step="deliver", server=self._server, answer=said, cure=_RESEND)
        wait = wait_seconds(answer.headers.get("Retry-After", ""))
        return TryLater(
            _reason(code), text, step="deliver", server=self._server, answer=said, cure=cure, retry_after=wait
        )

    def _gone(self) -> TryLater:
        text = "the receiver answered 410 Gone, so nothing is sent to it any more"
        return TryLater(Reason.CLIENT, text, step="gone", server=self._server, cure=_GONE)


def _reason(code: int) -> Reason:
    if code in (401, 403, 407):
        return Reason.AUTH
    if code == 429:
        return Reason.THROTTLED
    return Reason.SERVER if code >= 500 else Reason.CLIENT


def _signing_key(secret: Secret) -> str:
    key = secret.read()
    if not is_signing_key(key):
        cure = "Write whsec_ and the Base64 of 24 to 64 bytes: echo whsec_$(openssl rand -base64 32)"
        raise TryLater(Reason.AUTH, "the sink's secret is no signing key", step="secret", cure=cure)
    return key


def _one_line(secret: Secret) -> str:
    value = secret.read()
    if not value.isprintable():
        cure = "Write the bare value, on one line."
        raise TryLater(Reason.AUTH, "a header field's value has a line end", step="secret", cure=cure)
    return value


def _pem(certificate: ClientCertificate | None) -> bytes:
    """Private key and certificates, as `ssl.SSLContext.load_cert_chain` takes them in one file."""
    if certificate is None:
        return b""
    try:
        return f"{certificate.private_key.read()}\n".encode() + Path(certificate.certificate).read_bytes()
    except OSError as error:
        text = f"the client certificate {certificate.certificate} cannot be read: {error.strerror}"
        raise TryLater(Reason.TLS, text, step="secret", cure="Let the daemon's user read it.") from None


@contextmanager
def _as_file(pem: bytes) -> Iterator[str]:
    """The path of a file in memory: OpenSSL takes a private key from a path only. Empty without one."""
    if not pem:
        yield ""
        return
    file = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
    try:
        os.write(file, pem)
        yield f"/proc/self/fd/{file}"
    finally:
        os.close(file)
