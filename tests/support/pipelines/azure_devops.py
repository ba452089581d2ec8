"""Azure DevOps Services: Approvals - Update, `PATCH {organization}/{project}/_apis/pipelines/approvals`.

By Microsoft's REST reference, version 7.1: an array of approvals, answered with 200. The reference names no
other status. That a token which is no good gets a sign-in page under 203, and a 401 with the header
X-TFS-FedAuthRedirect, is what Microsoft's own clients and their users show; what a second answer to an
approval gets is nowhere said, and taken for a 400 here.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.pipelines.server import Answer, Call

TOKEN = "7xqAzureDevOpsPersonalAccessToken2b"
ORGANIZATION, PROJECT = "example", "Web Shop"
APPROVAL = "aab27959-a5be-4ee3-97ca-f19b3602cd2f"
VERSIONS = ("7.1", "7.1-preview.1")


@dataclass(slots=True)
class AzureDevOps:
    """One approval that waits."""

    decided: dict[str, Any] = field(default_factory=dict)

    def answer(self, call: Call) -> Answer:
        if call.basic[1] != TOKEN:
            if call.headers.get("X-TFS-FedAuthRedirect") == "Suppress":
                return Answer(401, "", {"WWW-Authenticate": 'Basic realm="https://dev.azure.com/"'})
            return Answer(203, "<html>Azure DevOps Services | Sign In")
        if call.path[:1] != (ORGANIZATION,) or call.path[2:] != ("_apis", "pipelines", "approvals"):
            return Answer(404, "<html>Page not found")
        if call.path[1] != PROJECT:
            return _problem(404, "TF200016: The following project does not exist")
        if call.method != "PATCH":
            return Answer(405, {"message": "The requested resource does not support this method"})
        if call.query.get("api-version", [""])[0] not in VERSIONS:
            return _problem(400, "No api-version was supplied for the PATCH request")
        given = json.loads(call.body) if call.media_type == "application/json" else None
        if not isinstance(given, list) or len(given) != 1:
            return _problem(400, "Value cannot be null. Parameter name: updateParameters")
        return self._update(given[0])

    def _update(self, given: dict[str, Any]) -> Answer:
        if given.get("approvalId") != APPROVAL:
            return _problem(404, "Approval not found")
        if given.get("status") not in ("approved", "rejected"):
            return _problem(400, "The approval status is not valid")
        if self.decided:
            return _problem(400, "The approval is completed already")
        self.decided = given
        steps = [{"status": given["status"], "comment": given.get("comment", "")}]
        return Answer(
            200, {"count": 1, "value": [{"id": APPROVAL, "status": given["status"], "steps": steps}]}
        )


def _problem(status: int, message: str) -> Answer:
    return Answer(status, {"$id": "1", "message": message, "eventId": 3000})
