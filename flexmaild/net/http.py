"""HTTPS as a client: one session class for Entra ID, Graph, Google and webhooks.

Every exchange has a limit on time (connect, each read, and in all) and on the size of the answer; the
environment never changes the certificate authorities; no redirect is ever followed, no cookie kept, no .netrc
or proxy variable read. Raises `requests` exceptions from `send` (msal expects them) and `TryLater` from
`exchange`. Never logs and never retries.
"""

import email.utils
import ssl
import time
from collections.abc import Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from flexmaild.core.errors import Reason, TryLater
from flexmaild.net.http_adapter import PinnedAdapter, at_most, context_for, current

_CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 60.0
ANSWER_BYTES = 2 * 1024 * 1024
_CHUNK = 64 * 1024


class AnswerTooLarge(requests.RequestException):
    """The answer is longer than the caller's limit; none of it is used."""


class TooLarge(TryLater):
    """`AnswerTooLarge` as `exchange` raises it: repeating is of no use with the same limit."""


class HttpSession(requests.Session):
    """A `requests.Session` with the limits above. One per worker thread.

    ca_file: PEM file that takes the place of the system's certificate authorities, empty for those.
    certificate: PEM file of a client certificate with its private key. proxy: URL of an HTTP proxy.
    total: seconds for one exchange from connect to the last byte. limit: bytes of an answer, decompressed.
    tls: the version of the last connection made ("TLSv1.3").
    """

    tls: str = ""

    def __init__(
        self,
        ca_file: str = "",
        *,
        total: float = TOTAL_SECONDS,
        connect: float = _CONNECT_SECONDS,
        read: float = READ_SECONDS,
        limit: int = ANSWER_BYTES,
        certificate: str = "",
        proxy: str = "",
    ) -> None:
        super().__init__()
        self.total, self.connect, self.read, self.limit = total, connect, read, limit
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.adapters.clear()
        adapter = PinnedAdapter(context_for(ca_file, certificate))
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Sends and reads the whole answer. `total` and `limit` may be given for this one exchange; with
        is_whole=False what comes of the body is enough."""
        total, limit = kwargs.pop("total", self.total), kwargs.pop("limit", self.limit)
        read = _whole if kwargs.pop("is_whole", True) else _beginning
        kwargs |= {"stream": True, "allow_redirects": False, "proxies": self._proxies, "verify": True}
        kwargs["timeout"] = (min(self.connect, total), min(self.read, total))
        current.tls = ""
        with at_most(total):
            try:
                response = super().send(request, **kwargs)
                response._content = read(response, limit)
            except TimeoutError as error:
                raise requests.ReadTimeout(str(error), request=request) from error
            except UnicodeEncodeError as error:
                raise requests.exceptions.InvalidHeader(str(error), request=request) from error
            except urllib3.exceptions.LocationValueError as error:
                raise requests.exceptions.InvalidURL(str(error), request=request) from error
        self.tls = current.tls or self.tls
        return response

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: `requests` would read the whole body of a redirect and parse its target, even where it is
        told not to follow."""


def _whole(response: requests.Response, limit: int) -> bytes:
    parts, size = [], 0
    try:
        for part in response.iter_content(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > limit:
                raise AnswerTooLarge(f"the answer is longer than {limit} bytes", response=response)
            if current.deadline.is_over:
                raise TimeoutError("the whole exchange took longer than its limit")
    except BaseException:
        response.close()
        raise
    return b"".join(parts)


def _beginning(response: requests.Response, limit: int) -> bytes:
    """At most so many bytes of the answer; a connection that is not read to the end is closed."""
    found = b""
    try:
        for part in response.iter_content(_CHUNK):
            found += part
            if len(found) > limit:
                response.close()
                break
    except (requests.RequestException, OSError):
        response.close()
    return found[:limit]


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
    if isinstance(error, requests.exceptions.InvalidURL):
        return Reason.NETWORK, "no valid host name", "Check the host in the URL, and in that of the proxy."
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
        requests.exceptions.InvalidURL,
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
