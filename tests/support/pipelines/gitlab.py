"""GitLab's deployment approvals (Premium): `POST /projects/:id/deployments/:deployment_id/approval`.

By GitLab's page `doc/api/deployments.md` and what its server checks (Deployments::ApprovalService,
Deployments::Approval): the same answer of the same user again changes nothing and is a success while the
deployment is blocked, and a 400 once it is not.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.pipelines.server import Answer, Call

TOKEN, READ_TOKEN = "glpat-Zq3x-bot-of-the-project", "glpat-only-for-reading"
PROJECT, PATH, DEPLOYMENT = "42", "shops/billing", "711"
LONGEST_COMMENT = 255


@dataclass(slots=True)
class GitLab:
    """One blocked deployment that needs so many approvals, each by a user of its own."""

    required: int = 1
    is_own: bool = False
    status: str = "blocked"
    approval: dict[str, Any] = field(default_factory=dict)

    def answer(self, call: Call) -> Answer:
        token = call.headers.get("PRIVATE-TOKEN") or call.bearer
        if token not in (TOKEN, READ_TOKEN):
            return Answer(401, {"message": "401 Unauthorized"})
        match call.path:
            case ("api", "v4", "projects", project, "deployments", deployment, "approval"):
                pass
            case _:
                return Answer(404, {"error": "404 Not Found"})
        if call.method != "POST":
            return Answer(405, {"error": "405 Not Allowed"})
        if token == READ_TOKEN:
            return Answer(403, {"error": "insufficient_scope", "scope": "api"})
        if project not in (PROJECT, PATH):
            return Answer(404, {"message": "404 Project Not Found"})
        if deployment != DEPLOYMENT:
            return Answer(404, {"message": "404 Not found"})
        return self._approve(json.loads(call.body) if call.media_type == "application/json" else {})

    def _approve(self, given: dict[str, Any]) -> Answer:
        if given.get("status") not in ("approved", "rejected"):
            return Answer(400, {"error": "status does not have a valid value"})
        if self.is_own and given["status"] == "approved":
            return Answer(400, {"message": "You cannot approve your own deployment."})
        if self.status != "blocked":
            return Answer(400, {"message": "This deployment is not waiting for approvals."})
        if len(given.get("comment", "")) > LONGEST_COMMENT:
            return Answer(400, {"message": ["Comment is too long (maximum is 255 characters)"]})
        if self.approval.get("status") != given["status"]:
            self.approval = {"status": given["status"], "comment": given.get("comment")}
            if given["status"] == "rejected":
                self.status = "failed"
            elif self.required == 1:
                self.status = "created"
        return Answer(201, self.approval | {"user": {"username": "project_42_bot"}})
