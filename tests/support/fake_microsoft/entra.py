"""The fake Entra ID: discovery, device code, authorisation code with PKCE, client credentials, refresh.

Written from Microsoft's pages on the v2.0 endpoints and their error codes. What a person does in a browser is
a method here: `enter_code`, `decline`, `browse`.
"""

import base64
import hashlib
import html
import json
import re
import secrets
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography import x509

from .web import Answer, Request

GRAPH_RESOURCE = "https://graph.microsoft.com"
OUTLOOK_RESOURCE = "https://outlook.office.com"
_RESERVED = {"openid", "profile", "offline_access", "email"}


@dataclass
class App:
    """An app registration. secrets: value → expires at (epoch). consented: None means everything."""

    client_id: str
    secrets: dict[str, float] = field(default_factory=dict)
    certificates: list[str] = field(default_factory=list)
    public: bool = True
    redirects: list[str] = field(default_factory=lambda: ["http://localhost"])
    consented: set[str] | None = None
    roles: list[str] = field(
        default_factory=lambda: ["Mail.Send", "Mail.ReadWrite", "IMAP.AccessAsApp", "SMTP.SendAsApp"]
    )
    disabled: bool = False


@dataclass
class User:
    upn: str
    enabled: bool = True


@dataclass
class _Code:
    client_id: str
    scope: str
    expires_at: float
    user: str = ""
    declined: bool = False
    redirect: str = ""
    challenge: str = ""
    nonce: str = ""
    used: bool = False


class OAuthError(Exception):
    def __init__(self, status: int, error: str, number: int, text: str, suberror: str = "") -> None:
        super().__init__(text)
        body: dict[str, Any] = {
            "error": error,
            "error_description": f"AADSTS{number}: {text} Trace ID: {uuid.uuid4()}",
            "error_codes": [number],
            "trace_id": str(uuid.uuid4()),
            "correlation_id": str(uuid.uuid4()),
        }
        if suberror:
            body["suberror"] = suberror
        self.answer = Answer(status, body)


class Entra:
    """One tenant. `lifetime`: seconds of an access token. `signed_in`: whose session the browser holds."""

    def __init__(self, key: bytes, tenant: str = "11111111-2222-3333-4444-555555555555") -> None:
        self.key, self.tenant = key, tenant
        self.url = ""
        self.apps: dict[str, App] = {}
        self.users: dict[str, User] = {}
        self.lifetime = 3599
        self.interval = 5
        self.device_lifetime = 900
        self.signed_in = ""
        self.rotate_strictly = False
        self.issued: list[str] = []
        self.refresh_tokens: dict[str, tuple[str, str, str]] = {}
        self.revoked: dict[str, OAuthError] = {}
        self._device: dict[str, _Code] = {}
        self._user_codes: dict[str, str] = {}
        self._codes: dict[str, _Code] = {}
        self._lock = threading.Lock()

    # What people do.

    def enter_code(self, user_code: str, user: str) -> None:
        """`user` opens the page, enters the code and consents."""
        self._device[self._user_codes[user_code]].user = user

    def decline(self, user_code: str) -> None:
        self._device[self._user_codes[user_code]].declined = True

    def expire(self, user_code: str) -> None:
        self._device[self._user_codes[user_code]].expires_at = 0.0

    def approve(self, address: str, user: str) -> tuple[str, dict[str, str]]:
        """`user` opens an authorisation address and consents: where the browser then posts, and what."""
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        page = self.handle(
            Request("GET", f"/{self.tenant}/oauth2/v2.0/authorize", {**query, "fake_user": user}, {}, b"")
        )
        text = page.body.decode()
        action = html.unescape(re.search(r'action="([^"]*)"', text)[1])  # type: ignore[index]
        fields = {
            html.unescape(k): html.unescape(v) for k, v in re.findall(r'name="([^"]*)" value="([^"]*)"', text)
        }
        return action, fields

    def revoke(
        self,
        user: str,
        number: int = 50173,
        text: str = "The provided grant has expired due to it being revoked.",
    ) -> None:
        """All refresh tokens of the user are void from now on."""
        self.revoked[user] = OAuthError(400, "invalid_grant", number, text)

    # The endpoints.

    def handle(self, request: Request) -> Answer:
        parts = request.path.strip("/").split("/")
        tenant, rest = parts[0], "/".join(parts[1:])
        try:
            if tenant not in (self.tenant, "organizations", "common"):
                raise OAuthError(400, "invalid_tenant", 90002, f"Tenant '{tenant}' not found.")
            if rest.endswith(".well-known/openid-configuration"):
                return self._discovery(tenant)
            if request.method == "GET" and rest == "oauth2/v2.0/authorize":
                return self._authorize(request)
            if request.method == "POST" and rest == "oauth2/v2.0/devicecode":
                return self._devicecode(request.form())
            if request.method == "POST" and rest == "oauth2/v2.0/token":
                with self._lock:
                    return self._token(request.form())
        except OAuthError as error:
            return error.answer
        return Answer(404, {"error": "not_found"})

    def mint(
        self,
        aud: str,
        client_id: str,
        *,
        user: str = "",
        scp: str = "",
        life: float | None = None,
        **claims: Any,
    ) -> str:
        """An access token; Graph and Dovecot check it with the same key."""
        now = int(time.time())
        payload = {
            "iss": f"{self.url}/{self.tenant}/v2.0", "aud": aud, "appid": client_id, "tid": self.tenant,
            "iat": now, "nbf": now - 5, "exp": now + int(self.lifetime if life is None else life),
            "jti": secrets.token_hex(8),
            **claims,
        }  # fmt: skip
        payload |= {"upn": user, "scp": scp, "sub": user} if user else {"sub": client_id}
        token = jwt.encode(payload, self.key, algorithm="HS256")
        self.issued.append(token)
        return token

    def _discovery(self, tenant: str) -> Answer:
        base = f"{self.url}/{self.tenant}"
        return Answer(200, {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
        })  # fmt: skip

    def _app(self, client_id: str) -> App:
        app = self.apps.get(client_id)
        if app is None:
            raise OAuthError(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{client_id}' was not found.",
            )
        if app.disabled:
            raise OAuthError(401, "unauthorized_client", 7000112, "Application is disabled.")
        return app

    def _devicecode(self, form: dict[str, str]) -> Answer:
        self._app(form["client_id"])
        self._check_scope(form.get("scope", ""))
        code, user_code = secrets.token_urlsafe(32), secrets.token_hex(4).upper()
        self._device[code] = _Code(
            form["client_id"], form.get("scope", ""), time.time() + self.device_lifetime
        )
        self._user_codes[user_code] = code
        return Answer(200, {
            "user_code": user_code, "device_code": code, "verification_uri": f"{self.url}/device",
            "expires_in": self.device_lifetime, "interval": self.interval, "message": "Enter the code.",
        })  # fmt: skip

    def _check_scope(self, scope: str) -> None:
        resources = {s.rpartition("/")[0] for s in scope.split() if s not in _RESERVED}
        if len(resources) > 1:
            raise OAuthError(400, "invalid_request", 28000, "The scope contains more than one resource.")

    def _authorize(self, request: Request) -> Answer:
        q = request.query
        app = self._app(q["client_id"])
        if re.sub(r":\d+", "", q["redirect_uri"]) not in app.redirects:
            raise OAuthError(
                400, "invalid_request", 50011, "The redirect URI does not match the ones registered."
            )
        user = q.get("fake_user") or self.signed_in or q.get("login_hint", "")
        code = secrets.token_urlsafe(48)
        self._codes[code] = _Code(
            app.client_id, q["scope"], time.time() + 600, user, redirect=q["redirect_uri"],
            challenge=q.get("code_challenge", ""), nonce=q.get("nonce", ""),
        )  # fmt: skip
        fields = {"code": code, "state": q.get("state", ""), "session_state": str(uuid.uuid4())}
        if user == "declined":
            fields = {
                "error": "access_denied",
                "error_description": "AADSTS65004: User declined to consent.",
                "state": q.get("state", ""),
            }
        inputs = "".join(
            f'<input type="hidden" name="{k}" value="{html.escape(v)}">' for k, v in fields.items()
        )
        page = (
            '<html><body onload="document.forms[0].submit()">'
            f'<form method="post" action="{html.escape(q["redirect_uri"])}">'
            f"{inputs}</form></body></html>"
        )
        return Answer(200, page.encode(), {"Content-Type": "text/html"})

    def _token(self, form: dict[str, str]) -> Answer:
        app = self._app(form.get("client_id", ""))
        grant = form.get("grant_type", "")
        authenticated = self._authenticate(app, form)
        if grant == "client_credentials":
            if not authenticated:
                raise OAuthError(
                    401, "invalid_client", 7000216, "'client_assertion' or 'client_secret' is required."
                )
            aud = form["scope"].removesuffix("/.default")
            token = self.mint(aud, app.client_id, roles=app.roles)
            return Answer(
                200,
                {
                    "token_type": "Bearer",
                    "expires_in": self.lifetime,
                    "ext_expires_in": self.lifetime,
                    "access_token": token,
                },
            )
        if not authenticated and not app.public:
            raise OAuthError(
                401,
                "invalid_client",
                7000218,
                "The request body must contain 'client_assertion' or 'client_secret'.",
            )
        if grant == "urn:ietf:params:oauth:grant-type:device_code":
            return self._redeem_device(app, form)
        if grant == "authorization_code":
            return self._redeem_code(app, form)
        if grant == "refresh_token":
            return self._redeem_refresh(app, form)
        raise OAuthError(400, "unsupported_grant_type", 70003, "The grant type is not supported.")

    def _authenticate(self, app: App, form: dict[str, str]) -> bool:
        secret = form.get("client_secret")
        if secret is not None:
            if secret not in app.secrets:
                raise OAuthError(401, "invalid_client", 7000215, "Invalid client secret provided.")
            if app.secrets[secret] < time.time():
                raise OAuthError(
                    401, "invalid_client", 7000222, "The provided client secret keys are expired."
                )
            return True
        if "client_assertion" not in form:
            return False
        audience = f"{self.url}/{self.tenant}/oauth2/v2.0/token"
        for pem in app.certificates:
            key = x509.load_pem_x509_certificate(pem.encode()).public_key()
            try:
                jwt.decode(form["client_assertion"], key, algorithms=["RS256", "PS256"], audience=audience)  # type: ignore[arg-type]
                return True
            except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
                raise OAuthError(
                    401, "invalid_client", 700024, "Client assertion is not within its valid time range."
                ) from None
            except jwt.PyJWTError:
                continue
        raise OAuthError(401, "invalid_client", 700027, "Client assertion failed signature validation.")

    def _redeem_device(self, app: App, form: dict[str, str]) -> Answer:
        code = self._device.get(form.get("device_code", ""))
        if code is None:
            raise OAuthError(400, "bad_verification_code", 70018, "The code is not recognised.")
        if code.declined:
            raise OAuthError(400, "authorization_declined", 65004, "The user declined.")
        if code.expires_at < time.time():
            raise OAuthError(400, "expired_token", 70020, "The device code has expired.")
        if not code.user:
            raise OAuthError(400, "authorization_pending", 70016, "Pending end-user authorization.")
        return self._grant(app, code.user, code.scope, "")

    def _redeem_code(self, app: App, form: dict[str, str]) -> Answer:
        code = self._codes.get(form.get("code", ""))
        if code is None:
            raise OAuthError(400, "invalid_grant", 70000, "The provided value for 'code' is not valid.")
        if code.used:
            raise OAuthError(400, "invalid_grant", 54005, "OAuth2 Authorization code was already redeemed.")
        if code.redirect != form.get("redirect_uri"):
            raise OAuthError(400, "invalid_client", 500112, "The reply address does not match.")
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if code.challenge != base64.urlsafe_b64encode(verifier).rstrip(b"=").decode():
            raise OAuthError(
                400, "invalid_grant", 501481, "The Code_Verifier does not match the code_challenge."
            )
        code.used = True
        return self._grant(app, code.user, form.get("scope") or code.scope, code.nonce)

    def _redeem_refresh(self, app: App, form: dict[str, str]) -> Answer:
        known = self.refresh_tokens.get(form.get("refresh_token", ""))
        if known is None:
            raise OAuthError(400, "invalid_grant", 700082, "The refresh token has expired due to inactivity.")
        client_id, user, _ = known
        if client_id != app.client_id:
            raise OAuthError(400, "invalid_grant", 70000, "The refresh token belongs to another application.")
        if user in self.revoked:
            raise self.revoked[user]
        if self.rotate_strictly:
            del self.refresh_tokens[form["refresh_token"]]
        return self._grant(app, user, form.get("scope", ""), "")

    def _grant(self, app: App, upn: str, scope: str, nonce: str) -> Answer:
        user = self.users.get(upn.casefold())
        if user is None:
            raise OAuthError(400, "invalid_grant", 50034, "The user account does not exist in the directory.")
        if not user.enabled:
            raise OAuthError(400, "invalid_grant", 50057, "The user account is disabled.")
        self._check_scope(scope)
        asked = [s for s in scope.split() if s not in _RESERVED]
        short = [s.rpartition("/")[2] for s in asked]
        if app.consented is not None:
            granted = [s for s in asked if s.rpartition("/")[2] in app.consented]
            if not granted:
                raise OAuthError(
                    400,
                    "invalid_grant",
                    65001,
                    "The user or administrator has not consented.",
                    "consent_required",
                )
            asked, short = granted, [s.rpartition("/")[2] for s in granted]
        aud = asked[0].rpartition("/")[0] if asked else GRAPH_RESOURCE
        refresh = secrets.token_urlsafe(64)
        self.refresh_tokens[refresh] = (app.client_id, user.upn, scope)
        self.issued.append(refresh)
        now = int(time.time())
        oid = hashlib.sha256(user.upn.encode()).hexdigest()[:32]
        claims = {
            "iss": f"{self.url}/{self.tenant}/v2.0", "aud": app.client_id,
            "sub": oid, "oid": oid, "tid": self.tenant,
            "preferred_username": user.upn, "exp": now + 3600, "iat": now,
            **({"nonce": nonce} if nonce else {}),
        }  # fmt: skip
        info = (
            base64.urlsafe_b64encode(json.dumps({"uid": oid, "utid": self.tenant}).encode())
            .rstrip(b"=")
            .decode()
        )
        return Answer(200, {
            "token_type": "Bearer", "scope": " ".join([*asked, "openid", "profile"]),
            "expires_in": self.lifetime,
            "access_token": self.mint(aud, app.client_id, user=user.upn, scp=" ".join(short)),
            "refresh_token": refresh, "client_info": info,
            "id_token": jwt.encode(claims, self.key, algorithm="HS256"),
        })  # fmt: skip
