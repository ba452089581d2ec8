"""GitHub Actions: reviews of custom deployment protection rules and of pending deployments.

By GitHub's REST reference (Actions, Workflow runs; Apps): a GitHub App reviews its own rule with an
installation access token, which lives for an hour and is issued for a JWT that the App's key signed; pending
deployments are reviewed with the token of a required reviewer. The reference names only the successes, 204
and 200; that an environment which waits for nothing is a 422 is what callers report.
"""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.pipelines.server import Answer, Call

INSTALLATION_TOKEN, REVIEWER_TOKEN = "ghs_1nstallationT0ken", "github_pat_0fAReviewer"
REPOSITORY, RUN, ENVIRONMENT, ENVIRONMENT_ID = ("shops", "billing"), "9176", "production", 161171787
INSTALLATION, CLIENT_ID = "5512", "Iv23liClientOfTheApp"
VERSION = "2022-11-28"
_DOCUMENTATION = "https://docs.github.com/rest/actions/workflow-runs"


@dataclass(slots=True)
class GitHub:
    """One run that waits in one environment for our rule and for a reviewer."""

    rule: dict[str, Any] = field(default_factory=dict)
    review: dict[str, Any] = field(default_factory=dict)
    app_key: RSAPublicKey | None = None

    def answer(self, call: Call) -> Answer:
        if call.headers.get("X-GitHub-Api-Version", VERSION) != VERSION:
            return _problem(400, "The API version is not supported")
        if not call.headers.get("User-Agent"):
            return _problem(403, "Request forbidden by administrative rules")
        if call.path[:2] == ("app", "installations"):
            return self._issue(call)
        if call.bearer not in (INSTALLATION_TOKEN, REVIEWER_TOKEN):
            return _problem(401, "Bad credentials")
        match call.path:
            case ("repos", *repository, "actions", "runs", run, what):
                is_known = tuple(repository) == REPOSITORY and run == RUN
            case _:
                is_known = False
        if not is_known or call.method != "POST":
            return _problem(404, "Not Found")
        given = json.loads(call.body)
        if given.get("state") not in ("approved", "rejected"):
            return _problem(422, "Invalid request: state")
        if what == "deployment_protection_rule":
            return self._review_rule(call, given)
        return (
            self._review_pending(call, given) if what == "pending_deployments" else _problem(404, "Not Found")
        )

    def _review_rule(self, call: Call, given: dict[str, Any]) -> Answer:
        if call.bearer != INSTALLATION_TOKEN:
            return _problem(403, "Resource not accessible by personal access token")
        if given.get("environment_name") != ENVIRONMENT or self.rule:
            return _problem(422, "No pending deployment protection rules to approve or reject")
        self.rule = given
        return Answer(204)

    def _review_pending(self, call: Call, given: dict[str, Any]) -> Answer:
        if call.bearer != REVIEWER_TOKEN:
            return _problem(403, "Resource not accessible by integration")
        ids = given.get("environment_ids")
        if not isinstance(ids, list) or not isinstance(given.get("comment"), str):
            return _problem(422, "Invalid request")
        if ids != [ENVIRONMENT_ID] or self.review:
            return _problem(422, "No pending deployment requests to approve or reject")
        self.review = given
        return Answer(200, [{"id": 1, "environment": ENVIRONMENT}])

    def _issue(self, call: Call) -> Answer:
        claims = self._claims(call.bearer)
        now = time.time()
        if claims.get("iss") != CLIENT_ID or not claims["iat"] <= now < claims["exp"] <= now + 600:
            return _problem(401, "A JSON web token could not be decoded")
        if call.method != "POST" or call.path != ("app", "installations", INSTALLATION, "access_tokens"):
            return _problem(404, "Not Found")
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 3600))
        return Answer(201, {"token": INSTALLATION_TOKEN, "expires_at": expires})

    def _claims(self, token: str) -> dict[str, Any]:
        """Of a JWT (RS256, RFC 7515); empty where its signature is not the App's."""
        assert self.app_key
        signed, _, signature = token.rpartition(".")
        try:
            self.app_key.verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return {}
        head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        return dict(claims) if head["alg"] == "RS256" else {}


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _problem(status: int, message: str) -> Answer:
    return Answer(status, {"message": message, "documentation_url": _DOCUMENTATION, "status": str(status)})
