"""Tokens from Google by its plain token endpoint: authorisation code with PKCE, then refresh tokens.

Google permits no mail scope in its device flow ("OAuth 2.0 for TV and Limited-Input Device Applications",
allowed scopes), so `flow: authorization_code` is the only one. An `Issuer` like `oauth.entra`.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

from flexmaild.core.errors import Reason, TryLater
from flexmaild.core.oauth import Purpose
from flexmaild.net.http import HttpSession, date_seconds, exchange, json_object, wait_seconds
from flexmaild.oauth.errors import fault, own_fault
from flexmaild.oauth.grants import Grant, OAuthApplication, Pending, make_known

_AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
_DISCOVERY = "https://accounts.google.com/.well-known/openid-configuration"
# The one scope that IMAP and SMTP accept (Google, "OAuth 2.0 Mechanism").
_SCOPES = ["https://mail.google.com/", "openid", "email"]
TOKEN_SECONDS = 30.0


class Google:
    """The tokens of one Google application: a refresh token and the address it belongs to."""

    def __init__(self, application: OAuthApplication) -> None:
        self._application = application
        self._session = HttpSession(application.ca_file, total=TOKEN_SECONDS)
        root = application.authority.rstrip("/")
        self._authorize = f"{root}/o/oauth2/v2/auth" if root else _AUTHORIZE
        self._token = f"{root}/token" if root else TOKEN
        self.endpoint = f"{root}/.well-known/openid-configuration" if root else _DISCOVERY
        self._refresh = ""
        self._changed = False
        self.account = ""
        self.skew: float | None = None

    def fetch_endpoint(self) -> Mapping[str, Any]:
        return self._answer(exchange(self._session, "GET", self.endpoint, step="authority"), self.endpoint)

    def load(self, state: bytes) -> None:
        kept = json.loads(state)
        if not isinstance(kept, dict) or not {"refresh_token", "account"} <= kept.keys():
            raise ValueError("no tokens of Google")
        make_known(kept)
        self._refresh, self.account = kept["refresh_token"], kept["account"]
        self._changed = False

    def changed(self) -> bytes | None:
        if not self._changed:
            return None
        return json.dumps({"refresh_token": self._refresh, "account": self.account}).encode()

    def kept(self) -> None:
        self._changed = False

    def drop(self) -> None:
        """Nothing to forget: secrets are read at every request."""

    def renew(self, purpose: Purpose, *, force: bool) -> Grant:
        if not self._refresh:
            raise own_fault("not_authorised", server=urlsplit(self._token).netloc)
        answer = self._ask({"grant_type": "refresh_token", "refresh_token": self._refresh})
        if answer.get("refresh_token"):
            self._refresh, self._changed = str(answer["refresh_token"]), True
        return self._grant(answer, self.account)

    def begin(self, purpose: Purpose, expected_user: str, redirect: str) -> Pending:
        if self._application.flow != "authorization_code":
            raise own_fault("unauthorized_client", "Google has authorization_code only for mail")
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        scope = " ".join(self._application.scopes or _SCOPES)
        query = {
            "client_id": self._application.client_id, "redirect_uri": redirect, "response_type": "code",
            "scope": scope, "state": state, "code_challenge": challenge,
            "code_challenge_method": "S256", "access_type": "offline", "prompt": "consent select_account",
            "login_hint": expected_user,
        }  # fmt: skip
        address = f"{self._authorize}?{urlencode(query)}"
        return Pending(address, "", 900.0, 0.0, list(_SCOPES), [state, verifier, redirect, ""])

    def poll(self, pending: Pending) -> Grant | None:
        raise own_fault("unauthorized_client", "Google has authorization_code only for mail")

    def redeem(self, pending: Pending, fields: Mapping[str, str]) -> Grant:
        state, verifier, redirect, _ = pending.handle
        if not hmac.compare_digest(fields.get("state", ""), state):
            raise own_fault("wrong_state")
        if "code" not in fields:
            raise fault(fields, server=urlsplit(self._authorize).netloc, step="authorise")
        answer = self._ask(
            {
                "grant_type": "authorization_code",
                "code": fields["code"],
                "code_verifier": verifier,
                "redirect_uri": redirect,
            }
        )
        pending.handle[3] = str(answer.get("refresh_token", ""))
        return self._grant(answer, _address(answer))

    def accept(self, pending: Pending) -> None:
        self._refresh, self._changed = pending.handle[3], True

    def adopt_account(self, account: str) -> None:
        self.account, self._changed = account, True

    def _ask(self, fields: dict[str, str]) -> Mapping[str, Any]:
        fields["client_id"] = self._application.client_id
        if self._application.client_secret:
            fields["client_secret"] = self._application.client_secret()
        head = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        body = urlencode(fields).encode()
        response = exchange(self._session, "POST", self._token, step="token", headers=head, body=body)
        return self._answer(response, self._token)

    def _answer(self, response: requests.Response, url: str) -> Mapping[str, Any]:
        host = urlsplit(url).netloc
        date = date_seconds(response.headers.get("Date", ""))
        if date is not None:
            self.skew = date - time.time()
        status = response.status_code
        if status == 429 or status >= 500:
            raise TryLater(
                Reason.THROTTLED if status == 429 else Reason.SERVER,
                f"HTTP {status} from the sign-in service", step="token", server=host,
                retry_after=wait_seconds(response.headers.get("Retry-After", "")),
            )  # fmt: skip
        answer = json_object(response)
        if answer is None:
            raise own_fault("not_json", f"HTTP {status}", server=host)
        make_known(answer)
        if status >= 400:
            raise fault(answer, server=host)
        return answer

    def _grant(self, answer: Mapping[str, Any], account: str) -> Grant:
        if "access_token" not in answer:
            raise fault(answer, server=urlsplit(self._token).netloc)
        granted = tuple(str(answer.get("scope") or " ".join(_SCOPES)).split())
        life = str(answer.get("expires_in", ""))
        seconds = float(life) if life.isascii() and life.isdecimal() else 3600.0
        return Grant(str(answer["access_token"]), seconds, granted, account)


def _address(answer: Mapping[str, Any]) -> str:
    """The address in the id_token. It came over TLS from the token endpoint itself, so its signature need
    not be checked (OpenID Connect Core 3.1.3.7, rule 6)."""
    part = str(answer.get("id_token", "")).split(".")[1:2]
    try:
        claims = json.loads(base64.urlsafe_b64decode(part[0] + "=" * (-len(part[0]) % 4)))
        return str(claims.get("email", ""))
    except (IndexError, ValueError, binascii.Error, AttributeError):
        return ""
