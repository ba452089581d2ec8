"""A fake Google sign-in on loopback: authorisation page, token endpoint, refresh, its error answers."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import tempfile
import urllib.parse
from pathlib import Path

import trustme

from tests.support.fake_microsoft.web import Answer, HttpsServer, Request

SCOPE = "https://mail.google.com/"


class FakeGoogle:
    """granted: the scopes people agree to. rotate: refreshing voids the old refresh token for a new one."""

    def __init__(self, client_id: str = "google-app", secret: str = "google-secret-value") -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="fake-google-")
        authority = trustme.CA()
        self.ca_file = str(Path(self._directory.name) / "ca.pem")
        authority.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self.client_id, self.secret = client_id, secret
        self.granted, self.rotate = f"{SCOPE} openid email", False
        self.issued: list[str] = []
        self.refresh_tokens: dict[str, str] = {}
        self._codes: dict[str, tuple[str, str, str]] = {}
        self.server = HttpsServer(context, self._handle)
        self.url = self.server.url

    def __enter__(self) -> FakeGoogle:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()
        self._directory.cleanup()

    def approve(self, address: str, user: str) -> str:
        """`user` agrees in a browser: the address the browser is sent back to."""
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        code = secrets.token_urlsafe(30)
        self._codes[code] = (user, query["code_challenge"], query["redirect_uri"])
        self.issued.append(code)
        return f"{query['redirect_uri']}?{urllib.parse.urlencode({'code': code, 'state': query['state']})}"

    def _handle(self, request: Request) -> Answer:
        if request.path == "/.well-known/openid-configuration":
            return Answer(200, {"issuer": self.url, "token_endpoint": f"{self.url}/token"})
        if (request.method, request.path) != ("POST", "/token"):
            return Answer(404, {"error": "not_found"})
        form = request.form()
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.secret:
            return Answer(
                401, {"error": "invalid_client", "error_description": "The OAuth client was not found."}
            )
        if form["grant_type"] == "authorization_code":
            return self._redeem(form)
        user = self.refresh_tokens.get(form.get("refresh_token", ""))
        if user is None:
            return Answer(
                400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            )
        if self.rotate:
            del self.refresh_tokens[form["refresh_token"]]
        return self._grant(user, with_refresh=self.rotate)

    def _redeem(self, form: dict[str, str]) -> Answer:
        known = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if known is None or known[1:] != (challenge, form.get("redirect_uri")):
            return Answer(400, {"error": "invalid_grant", "error_description": "Malformed auth code."})
        return self._grant(known[0], with_refresh=True)

    def _grant(self, user: str, *, with_refresh: bool) -> Answer:
        claims = base64.urlsafe_b64encode(json.dumps({"email": user}).encode()).rstrip(b"=").decode()
        token = "ya29." + secrets.token_urlsafe(60)
        body = {"access_token": token, "expires_in": 3599, "scope": self.granted, "token_type": "Bearer"}
        self.issued.append(token)
        if with_refresh:
            body |= {"refresh_token": "1//" + secrets.token_urlsafe(60), "id_token": f"e30.{claims}.sig"}
            self.refresh_tokens[str(body["refresh_token"])] = user
            self.issued.append(str(body["refresh_token"]))
        return Answer(200, body)
