"""Tokens from Microsoft Entra ID, by msal: device code, authorisation code with PKCE, client credentials.

One `Entra` per application, used by `oauth.manager.TokenManager` under its lock. Knows nothing of files,
retries or threads. Raises `OAuthFault` and `TryLater` only.
"""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msal
import requests
from jwt import PyJWTError

from flexmaild.core.errors import Failure, Reason, TryLater
from flexmaild.core.oauth import Purpose
from flexmaild.net.certificates import check_pair
from flexmaild.net.http import HttpSession, date_seconds, json_object, network_fault, wait_seconds
from flexmaild.oauth.clouds import authority_url, scopes
from flexmaild.oauth.errors import fault, own_fault
from flexmaild.oauth.grants import Grant, OAuthApplication, Pending, make_known

# Entra ID answers within a second or two; mail must not wait behind a token for longer than this.
TOKEN_SECONDS = 30.0
# RFC 8628 section 3.2: the interval when the server names none; section 3.5: what slow_down adds.
POLL_SECONDS = 5
# The least pause. msal would poll without one where the server names none, so it is given 1.
_LEAST_SECONDS = 0.1


class _Answered(requests.RequestException):
    """An HTTP answer kept from msal, which would cache it, log its text, or lose its code."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


class _EntraSession(HttpSession):
    """Turns 429, 5xx, HTML and a refused discovery into faults before msal loses their content.

    skew: the server's clock minus ours, in seconds, by the last answer (None before the first).
    """

    skew: float | None = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        response = super().send(request, **kwargs)
        self._compare_clocks(response)
        host = urlsplit(request.url or "").netloc
        if response.status_code == 429 or response.status_code >= 500:
            raise _Answered(_busy(response, host))
        answer = json_object(response)
        if answer is None:
            raise _Answered(own_fault("not_json", f"HTTP {response.status_code}", server=host))
        make_known(answer)
        if response.status_code >= 400 and "openid-configuration" in (request.path_url or ""):
            raise _Answered(fault(answer, server=host, step="authority"))
        return response

    def _compare_clocks(self, response: requests.Response) -> None:
        date = date_seconds(response.headers.get("Date", ""))
        if date is not None:
            self.skew = date - time.time()


def _busy(response: requests.Response, host: str) -> TryLater:
    status = response.status_code
    reason = Reason.THROTTLED if status == 429 else Reason.SERVER
    after = wait_seconds(response.headers.get("Retry-After", ""))
    return TryLater(
        reason, f"HTTP {status} from the sign-in service", step="token", server=host, retry_after=after
    )


class Entra:
    """The tokens of one application. `account` is the user who signed in, empty for app-only or none."""

    def __init__(self, application: OAuthApplication) -> None:
        self._application = application
        self._session = _EntraSession(application.ca_file, total=TOKEN_SECONDS)
        self._authority = authority_url(application.cloud, application.tenant, application.authority)
        self._host = urlsplit(self._authority).netloc
        self._cache = msal.SerializableTokenCache()
        self._app: Any = None

    @property
    def skew(self) -> float | None:
        return self._session.skew

    @property
    def endpoint(self) -> str:
        """The address of the discovery document."""
        return f"{self._authority}/v2.0/.well-known/openid-configuration"

    def fetch_endpoint(self) -> Mapping[str, Any]:
        """Fetches the authority's discovery document."""
        with _Translated(self.endpoint):
            document: Mapping[str, Any] = self._session.get(self.endpoint).json()
        return document

    def load(self, state: bytes) -> None:
        """Loads tokens that `changed` returned before; ValueError when they are another provider's."""
        if not isinstance(json.loads(state), dict):
            raise ValueError("no tokens of Entra ID")
        cache = msal.SerializableTokenCache()
        cache.deserialize(state.decode())
        kinds = cache.CredentialType
        for kind in (kinds.ACCOUNT, kinds.REFRESH_TOKEN):
            if not any(cache.search(kind)):
                raise ValueError("no tokens of Entra ID")
        for kind, name in ((kinds.REFRESH_TOKEN, "refresh_token"), (kinds.ACCESS_TOKEN, "access_token")):
            for kept in cache.search(kind):
                make_known({name: kept.get("secret")})
        self._cache, self._app = cache, None

    def changed(self) -> bytes | None:
        """The tokens to store, when they changed since the last call of `kept`; None for app-only."""
        if self._application.app_only or not self._cache.has_state_changed:
            return None
        # serialize() clears the flag; it must stay until the bytes are on disk.
        text = self._cache.serialize()
        self._cache.has_state_changed = True
        return bytes(text.encode())

    def kept(self) -> None:
        self._cache.has_state_changed = False

    def drop(self) -> None:
        """Drops msal's application, so that the next use reads secrets and cache again."""
        self._app = None

    @property
    def account(self) -> str:
        accounts = self._cache.search(msal.TokenCache.CredentialType.ACCOUNT)
        return next((str(a.get("username", "")) for a in accounts), "")

    def renew(self, purpose: Purpose, *, force: bool) -> Grant:
        """A token from msal's cache, or a new one from Entra ID where forced or the cache has none."""
        wanted = self._scopes(purpose)
        with _Translated(self._authority):
            app = self._built()
            if self._application.app_only:
                if force:
                    app.remove_tokens_for_client()
                answer = app.acquire_token_for_client(wanted)
            else:
                accounts = app.get_accounts()
                if not accounts:
                    raise own_fault("not_authorised", server=self._host)
                answer = app.acquire_token_silent_with_error(wanted, accounts[0], force_refresh=force)
        if answer is None:
            raise own_fault("not_authorised", server=self._host)
        return self._grant(answer, wanted)

    def begin(self, purpose: Purpose, expected_user: str, redirect: str) -> Pending:
        """Starts an authorisation; `redirect` is our loopback address (authorization_code only)."""
        wanted = self._scopes(purpose)
        cache = msal.SerializableTokenCache()
        with _Translated(self._authority):
            app = self._build(cache)
            if self._application.flow == "device_code":
                flow = app.initiate_device_flow(wanted)
                if "user_code" not in flow:
                    raise fault(flow, server=self._host, step="device code")
                interval, flow["interval"] = float(flow.get("interval", POLL_SECONDS)), 1
                return Pending(
                    flow["verification_uri"], flow["user_code"], float(flow.get("expires_in", 900)),
                    max(interval, _LEAST_SECONDS), wanted, (app, cache, flow),
                )  # fmt: skip
            flow = app.initiate_auth_code_flow(
                wanted, redirect_uri=redirect, login_hint=expected_user or None,
                prompt="select_account", response_mode="form_post",
            )  # fmt: skip
        return Pending(flow["auth_uri"], "", 900.0, 0.0, wanted, (app, cache, flow))

    def poll(self, pending: Pending) -> Grant | None:
        """Asks once whether the user has entered the code; None for not yet. May slow `pending` down."""
        app, _, flow = pending.handle
        with _Translated(self._authority):
            answer = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
        if answer.get("error") == "slow_down":
            pending.interval += POLL_SECONDS
        if answer.get("error") in ("authorization_pending", "slow_down"):
            return None
        return self._grant(answer, pending.scopes)

    def redeem(self, pending: Pending, fields: Mapping[str, str]) -> Grant:
        """Redeems the code that the browser sent to the loopback address; msal checks `state` and PKCE."""
        app, _, flow = pending.handle
        if fields.get("state") != flow["state"]:
            raise own_fault("wrong_state", server=self._host)
        with _Translated(self._authority):
            return self._grant(app.acquire_token_by_auth_code_flow(flow, dict(fields)), pending.scopes)

    def accept(self, pending: Pending) -> None:
        """Replaces the old tokens by those of this authorisation, which was checked."""
        self._app, self._cache, _ = pending.handle
        self._cache.has_state_changed = True

    def _scopes(self, purpose: Purpose) -> list[str]:
        a = self._application
        if a.scopes:
            return list(a.scopes)
        return scopes(a.cloud, a.uses, purpose, app_only=a.app_only)

    def _built(self) -> Any:
        if self._app is None:
            self._app = self._build(self._cache)
        return self._app

    def _build(self, cache: msal.SerializableTokenCache) -> Any:
        credential = self._credential()
        kind = msal.PublicClientApplication if credential is None else msal.ConfidentialClientApplication
        extra = {} if credential is None else {"client_credential": credential}
        # No instance discovery: the operator names the authority, and Microsoft's public host does not know
        # those of national and private clouds.
        return kind(
            self._application.client_id, authority=self._authority, instance_discovery=False,
            http_client=self._session, token_cache=cache, **extra,
        )  # fmt: skip

    def _credential(self) -> Any:
        a = self._application
        if a.flow == "device_code":
            return None
        if a.private_key and a.certificate:
            key, certificate = a.private_key(), a.certificate()
            try:  # msal would fail later, in many ways, and quote the key
                check_pair(key, certificate)
            except ValueError as error:
                raise own_fault("bad_credential", str(error)) from None
            return {"private_key": key, "public_certificate": certificate}
        return a.client_secret() if a.client_secret else None

    def _grant(self, answer: Mapping[str, Any], wanted: list[str]) -> Grant:
        if "access_token" not in answer:
            raise fault(answer, server=self._host)
        claims = answer.get("id_token_claims") or {}
        account = str(claims.get("preferred_username") or claims.get("upn") or claims.get("email") or "")
        granted = str(answer.get("scope") or "").split()
        return Grant(
            str(answer["access_token"]), float(answer.get("expires_in", 3600)),
            tuple(granted or wanted), account or self.account, answer.get("token_source") == "cache",
        )  # fmt: skip


class _Translated:
    """Turns exceptions of msal and requests into failures."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, _Answered):
            raise error.failure from None
        if isinstance(error, requests.RequestException):
            raise network_fault(error, step="token", url=self._url) from None
        if isinstance(error, (ValueError, TypeError, RuntimeError, KeyError, PyJWTError)):
            # msal's message may quote a secret, so only the kind of error is reported.
            raise own_fault("unknown", type(error).__name__) from None
