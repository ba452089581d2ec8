"""HTTPS as a client: one session class for Entra ID, Graph, Google and webhooks.

Every exchange has a limit on time (connect, each read, and in all) and on the size of the answer; the
environment never changes the certificate authorities; no redirect is ever followed, no cookie kept, no .netrc
or proxy variable read. Raises `requests` exceptions from `send` (msal expects them) and `TryLater` from
`exchange`. Never logs and never retries.
"""

import email.utils
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from flexmaild.core.errors import Reason, TryLater
from flexmaild.system.deadline import NEVER, Deadline

_CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 60.0
ANSWER_BYTES = 2 * 1024 * 1024
_CHUNK = 64 * 1024


class AnswerTooLarge(requests.RequestException):
    """The answer is longer than the caller's limit; none of it is used."""


class TooLarge(TryLater):
    """`AnswerTooLarge` as `exchange` raises it: repeating is of no use with the same limit."""


class _Clock(threading.local):
    deadline: Deadline = NEVER
    tls: str = ""


_clock = _Clock()


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    before = _clock.deadline
    _clock.deadline = min(before, Deadline.after(seconds))
    try:
        yield
    finally:
        _clock.deadline = before


class _DeadlineSocket(ssl.SSLSocket):
    """A socket whose every wait ends at the deadline of the exchange.

    `requests` restarts its timeout with every received byte, so a server that sends its headers byte by byte
    holds the caller for hours (psf/requests#3099); only the socket itself can end that.
    """

    def _tighten(self) -> None:
        _clock.deadline.arm(self, self.gettimeout())

    def do_handshake(self, block: bool = False) -> None:
        self._tighten()
        super().do_handshake(block)
        _clock.tls = self.version() or ""

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self._tighten()
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        self._tighten()
        return super().send(data, flags)


def _context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _DeadlineSocket
    return context


class _PinnedAdapter(HTTPAdapter):
    """Uses our context alone. `requests` would add certifi's authorities or $REQUESTS_CA_BUNDLE to it
    (psf/requests#3829), so its own idea of `verify` is replaced at both places where it is applied."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, True, None)
        pool["ssl_context"] = self._context
        return host, pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        conn.cert_reqs, conn.ca_certs, conn.ca_cert_dir = "CERT_REQUIRED", None, None


class HttpSession(requests.Session):
    """A `requests.Session` with the limits above. One per worker thread.

    ca_file: PEM file that takes the place of the system's certificate authorities, empty for those.
    total: seconds for one exchange from connect to the last byte. limit: bytes of an answer, decompressed.
    tls: the version of the last connection made ("TLSv1.3").
    """

    tls: str = ""

    def __init__(
        self,
        ca_file: str = "",
        *,
        total: float = TOTAL_SECONDS,
        read: float = READ_SECONDS,
        limit: int = ANSWER_BYTES,
    ) -> None:
        super().__init__()
        self.total, self.read, self.limit = total, read, limit
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.adapters.clear()
        self.mount("https://", _PinnedAdapter(_context(ca_file)))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Sends and reads the whole answer. `total` and `limit` may be given for this one exchange."""
        total, limit = kwargs.pop("total", self.total), kwargs.pop("limit", self.limit)
        kwargs |= {"stream": True, "allow_redirects": False, "proxies": {}, "verify": True}
        kwargs["timeout"] = (min(_CONNECT_SECONDS, total), min(self.read, total))
        _clock.tls = ""
        with _at_most(total):
            try:
                response = super().send(request, **kwargs)
                response._content = _whole(response, limit)
            except TimeoutError as error:
                raise requests.ReadTimeout(str(error), request=request) from error
        self.tls = _clock.tls or self.tls
        return response


def _whole(response: requests.Response, limit: int) -> bytes:
    parts, size = [], 0
    try:
        for part in response.iter_content(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > limit:
                raise AnswerTooLarge(f"the answer is longer than {limit} bytes", response=response)
            if _clock.deadline.is_over:
                raise TimeoutError("the whole exchange took longer than its limit")
    except BaseException:
        response.close()
        raise
    return b"".join(parts)


def exchange(
    session: HttpSession,
    method: str,
    url: str,
    *,
    step: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    total: float = TOTAL_SECONDS,
    limit: int = ANSWER_BYTES,
) -> requests.Response:
    """One request and its whole answer, whatever its status; network faults become `TryLater`."""
    request = session.prepare_request(requests.Request(method, url, headers=dict(headers or {}), data=body))
    try:
        return session.send(request, total=total, limit=limit)
    except requests.RequestException as error:
        # The library's message quotes the address, and an upload address holds a token.
        raise network_fault(error, step=step, url=url, changes=method != "GET") from None


def json_object(response: requests.Response) -> dict[str, Any] | None:
    """The JSON object in an answer; None for anything else, however deeply nested or truncated."""
    try:
        value = response.json()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def date_seconds(text: str) -> float | None:
    """An HTTP date (RFC 9110 section 5.6.7) in seconds since the epoch; None when it is none."""
    try:
        found = email.utils.parsedate_tz(text)
        return None if found is None else float(email.utils.mktime_tz(found))
    except (ValueError, OverflowError, TypeError):  # a year 0, a day 99
        return None


def wait_seconds(text: str) -> float | None:
    """Retry-After (RFC 9110 section 10.2.3: a number or a date) in seconds from now; None without one."""
    plain = text.strip()
    if plain.isascii() and plain.isdecimal():
        return float(plain)
    until = date_seconds(plain)
    return None if until is None else max(until - time.time(), 0.0)


def network_fault(
    error: requests.RequestException, *, step: str, url: str, changes: bool = False
) -> TryLater:
    """The `TryLater` for an exchange that got no usable answer.

    changes: the request was to change something, so that one cut off after it was sent is uncertain.
    """
    reason, text, cure = _kind(error)
    server = urlsplit(url).netloc.rpartition("@")[2]
    uncertain = changes and not _never_sent(error)
    kind = TooLarge if isinstance(error, AnswerTooLarge) else TryLater
    return kind(reason, text, step=step, server=server, cure=cure, uncertain=uncertain)


def _kind(error: requests.RequestException) -> tuple[Reason, str, str]:
    if isinstance(error, requests.exceptions.SSLError):
        why = next((str(e) for e in _causes(error) if isinstance(e, ssl.SSLError)), "TLS failed")
        cure = "Check the certificate of the server, the machine's clock and `ca_file`."
        return Reason.TLS, f"no trusted connection: {why}", cure
    if isinstance(error, AnswerTooLarge):
        return Reason.SERVER, str(error), ""
    if any(
        isinstance(e, (requests.Timeout, TimeoutError, urllib3.exceptions.ReadTimeoutError))
        for e in _causes(error)
    ):
        return (
            Reason.TIMEOUT,
            "no answer in time",
            "Check that the server can be reached through the firewall.",
        )
    if any(isinstance(e, urllib3.exceptions.NameResolutionError) for e in _causes(error)):
        return Reason.NETWORK, "the host name cannot be resolved", "Check DNS on this machine."
    if _never_sent(error):
        return Reason.NETWORK, "no connection", "Check that the server can be reached through the firewall."
    return Reason.NETWORK, "the connection broke before the whole answer was received", ""


def _never_sent(error: requests.RequestException) -> bool:
    """True when the request certainly was not sent: the connection was not made."""
    early = (
        requests.ConnectTimeout,
        urllib3.exceptions.NewConnectionError,
        requests.exceptions.InvalidSchema,
    )
    if isinstance(error, requests.exceptions.SSLError):
        return True
    return any(isinstance(e, early) for e in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, those it wraps (urllib3 puts them in args or `reason`) and those it was raised from."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
