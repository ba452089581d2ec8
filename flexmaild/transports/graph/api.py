"""Requests and batches to Microsoft Graph for one mailbox.

Each request carries a token, asks for immutable ids and has a deadline; a refused token is renewed once; a
throttled mailbox gets no request until its pause is over. Raises `TryLater` and `GiveUp` only, with mailbox
and request-id. Bodies, tokens and upload addresses are not traced.
"""

import base64
import binascii
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.net.http import ANSWER_BYTES, TOTAL_SECONDS, HttpSession, exchange, json_object
from flexmaild.transports.graph.errors import failure

Trace = Callable[[str], None]
Token = Callable[[bool], str]

_IMMUTABLE = 'IdType="ImmutableId"'
# Microsoft, "JSON batching": at most 20 requests. Outlook works on 4 per mailbox at a time ("throttling
# limits"); parts in sequence (each depends on the one before) are handled one at a time, so 20 are safe.
BATCH_SEQUENCE, BATCH_PARALLEL = 20, 4
_BATCH_BYTES = 24 * 1024 * 1024
# Seconds without a request to a throttled mailbox where Graph sends no Retry-After.
_THROTTLE_PAUSE = 30.0
IDLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch; `path` follows the mailbox ("/messages/…")."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The answer to a part. `body` is JSON, or for MIME a string. Status 424: not tried, since an earlier
    part failed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


class GraphApi:
    """root: Graph's address with version ("https://graph.microsoft.com/v1.0"). mailbox: empty for /me.

    token: returns an access token; True asks for a new one.
    """

    def __init__(
        self, root: str, mailbox: str, token: Token, ca_file: str = "", trace: Trace | None = None
    ) -> None:
        self.root = root.rstrip("/")
        self.server = urlsplit(root).netloc
        self.mailbox = mailbox or "me"
        self.home = f"/users/{quote(mailbox, safe='@')}" if mailbox else "/me"
        self._token, self.ca_file, self._trace = token, ca_file, trace or (lambda _: None)
        self._session: HttpSession | None = None
        self._paused_until = self._used_at = 0.0

    @property
    def tls(self) -> str:
        return self._session.tls if self._session else ""

    def get(self, path: str, *, step: str, limit: int = ANSWER_BYTES, prefer: str = "") -> requests.Response:
        return self.request("GET", path, step=step, limit=limit, prefer=prefer)

    def get_json(
        self, path: str, *, step: str, limit: int = ANSWER_BYTES, prefer: str = ""
    ) -> Mapping[str, Any]:
        """The JSON object at `path` (relative to the mailbox, or an address of this Graph)."""
        return self._object(self.get(path, step=step, limit=limit, prefer=prefer), step)

    def post_json(self, path: str, body: Mapping[str, Any] | None, *, step: str) -> requests.Response:
        return self.request("POST", path, step=step, body=b"" if body is None else as_json(body))

    def created(self, response: requests.Response, step: str) -> Mapping[str, Any]:
        """The JSON object in the answer to a POST."""
        return self._object(response, step)

    def request(
        self,
        method: str,
        path: str,
        *,
        step: str,
        body: bytes | None = None,
        kind: str = "application/json",
        limit: int = ANSWER_BYTES,
        total: float = TOTAL_SECONDS,
        prefer: str = "",
    ) -> requests.Response:
        """One request; any answer but 2xx raises a failure. After a 401 it is repeated with a new token."""
        self._check_pause(step)
        url = self._url(path)
        for renew in (False, True):
            head = self._headers(renew, prefer)
            if body is not None:
                head["Content-Type"] = kind
            began = time.monotonic()
            response = exchange(
                self._open_session(),
                method,
                url,
                step=step,
                headers=head,
                body=body,
                limit=limit,
                total=total,
            )
            self._trace_answer(method, url, response, began)
            if response.status_code != 401:
                break
        if not 200 <= response.status_code < 300:
            raise self._refusal(response, step)
        return response

    def put_range(self, address: str, data: bytes, first: int, whole: int) -> requests.Response:
        """One range of an upload session. The address is on another host and grants the permission: no token
        is sent to it, which it would refuse."""
        head = {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"bytes {first}-{first + len(data) - 1}/{whole}",
        }
        began = time.monotonic()
        response = exchange(
            self._open_session(), "PUT", address, step="upload", headers=head, body=data, total=300.0
        )
        self._trace_answer("PUT", urlsplit(address)._replace(path="/…", query="").geturl(), response, began)
        if not 200 <= response.status_code < 300:
            raise self._refusal(response, "upload")
        return response

    def batch(self, parts: Sequence[Part], *, step: str, in_sequence: bool) -> list[PartAnswer]:
        """Up to 20 requests in one. Returns the answers in the order of the parts.

        in_sequence: each part waits for the one before; after a failed one the rest is not tried (status
        424).
        """
        asked = [self._part(n, part, in_sequence) for n, part in enumerate(parts)]
        response = self.request(
            "POST", f"{self.root}/$batch", step=step, body=as_json({"requests": asked}), limit=_BATCH_BYTES
        )
        found: dict[str, PartAnswer] = {}
        for one in self.listed(self._object(response, step), "responses", step):
            headers = one.get("headers")
            clean = {str(k): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
            found[str(one.get("id"))] = PartAnswer(_status(one), clean, one.get("body"))
        return [found.get(str(n), PartAnswer(424)) for n in range(len(parts))]

    def listed(
        self, answer: Mapping[str, Any], name: str = "value", step: str = "list"
    ) -> list[Mapping[str, Any]]:
        """The objects of an answer's list. Raises TryLater where there is none: it is not Graph's answer."""
        value = answer.get(name)
        if not isinstance(value, list):
            text = f"the answer holds no {name!r} (mailbox {self.mailbox})"
            cure = "Check that no proxy is between this machine and Graph."
            raise TryLater(Reason.SERVER, text, step=step, server=self.server, cure=cure)
        return [one for one in value if isinstance(one, dict)]

    def part_failure(self, answer: PartAnswer, step: str) -> Failure:
        """The failure for a part's answer; throttling pauses the mailbox as with a whole answer."""
        error = failure(
            answer.status,
            answer.headers,
            answer.body,
            step=step,
            server=self.server,
            where=self._where(answer.headers, answer.body),
        )
        self._pause_after(error)
        return error

    def close(self) -> None:
        if self._session:
            self._session.close()
            self._session = None

    def _url(self, path: str) -> str:
        if not path.startswith("https://"):
            return f"{self.root}{self.home}{path}"
        # A next link comes from the server; it must not send our token to another host.
        if not path.startswith(self.root + "/"):
            raise GiveUp(Reason.SERVER, "a link leads away from Graph", step="page", server=self.server)
        return path

    def _headers(self, renew: bool, prefer: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._token(renew)}",
            "Accept": "application/json, text/plain;q=0.9",
            "Prefer": f"{_IMMUTABLE}, {prefer}" if prefer else _IMMUTABLE,
            "client-request-id": str(uuid.uuid4()),
        }

    def _part(self, number: int, part: Part, in_sequence: bool) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "id": str(number),
            "method": part.method,
            "url": self.home + part.path,
            "headers": {"Prefer": _IMMUTABLE},
        }
        if part.body is not None:
            asked["body"] = part.body
            asked["headers"]["Content-Type"] = "application/json"
        if in_sequence and number:
            asked["dependsOn"] = [str(number - 1)]
        return asked

    def _open_session(self) -> HttpSession:
        """The session. An idle connection is replaced: firewalls drop such silently, and a missing answer
        would leave it uncertain whether the mail was sent."""
        if self._session and time.monotonic() - self._used_at > IDLE_SECONDS:
            self.close()
        if self._session is None:
            self._session = HttpSession(self.ca_file)
        self._used_at = time.monotonic()
        return self._session

    def _object(self, response: requests.Response, step: str) -> Mapping[str, Any]:
        value = json_object(response)
        if value is None:
            text = f"the answer is not a JSON object ({self._where(response.headers, None)})"
            cure = "Check that no proxy is between this machine and Graph."
            raise TryLater(Reason.SERVER, text, step=step, server=self.server, cure=cure)
        return value

    def _refusal(self, response: requests.Response, step: str) -> Failure:
        body = json_object(response)
        where = self._where(response.headers, body)
        error = failure(
            response.status_code, response.headers, body, step=step, server=self.server, where=where
        )
        self._pause_after(error)
        return error

    def _where(self, headers: Mapping[str, str], body: object) -> str:
        given = next((v for k, v in headers.items() if k.casefold() == "request-id"), "")
        error = body.get("error") if isinstance(body, dict) else None
        inner = error.get("innerError") if isinstance(error, dict) else None
        if not given and isinstance(inner, dict):
            given = str(inner.get("request-id", ""))
        return f"mailbox {self.mailbox}, request-id {given or 'none'}"

    def _pause_after(self, error: Failure) -> None:
        if isinstance(error, TryLater) and error.reason is Reason.THROTTLED:
            wait = _THROTTLE_PAUSE if error.retry_after is None else error.retry_after
            self._paused_until = time.monotonic() + wait

    def _check_pause(self, step: str) -> None:
        left = self._paused_until - time.monotonic()
        if left > 0:
            text = f"Graph asked for a pause (mailbox {self.mailbox})"
            raise TryLater(Reason.THROTTLED, text, step=step, server=self.server, retry_after=left)

    def _trace_answer(self, method: str, url: str, response: requests.Response, began: float) -> None:
        seconds = time.monotonic() - began
        path = url.removeprefix(self.root)
        where = self._where(response.headers, None)
        self._trace(f"{method} {path} -> {response.status_code} in {seconds:.3f} s ({where})")


def mime_of(body: object) -> bytes | None:
    """The MIME of a batch's part: text as it is, else base64 (OData JSON 4.01 section 19.2). None when it
    cannot be told exactly, such as for text in which bytes were already replaced."""
    if not isinstance(body, str) or "\ufffd" in body:
        return None
    if ":" in body:
        return body.encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(body.translate({45: 43, 95: 47}) + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def with_query(path: str, **options: str | int) -> str:
    """The path with OData options ("top=5" becomes "$top=5"); a blank is %20, since OData knows no "+"."""
    return f"{path}?{urlencode({f'${k}': v for k, v in options.items()}, quote_via=quote, safe='$')}"


def as_json(value: Mapping[str, Any]) -> bytes:
    """The body of a JSON request."""
    return json.dumps(value, separators=(",", ":")).encode()


def _status(answer: Mapping[str, Any]) -> int:
    status = answer.get("status")
    return status if isinstance(status, int) else 500
