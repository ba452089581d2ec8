"""FlexDeploy's REST API, version 1: Approval Tasks.

By Flexagon's pages "Approval Tasks API" and "API Tokens": basic authentication, a token in place of the
password; 200, 400, 401, 403, 404 and 500; a task is PENDING before it is decided and has `notes`. The path of
approve and reject is known from a public caller, `PUT …/tasks/approval/reject/{id}`; that a task which is
decided already is a 400 is assumed.
"""

import json
from dataclasses import dataclass

from tests.support.pipelines.server import Answer, Call

USER, TOKEN = "flexmaild", "wB7x-of9KJwDy6__JHeNheFNg2OuHReW"
TASK = "10000"


@dataclass(slots=True)
class FlexDeploy:
    """One approval task."""

    status: str = "PENDING"
    notes: str | None = None

    def answer(self, call: Call) -> Answer:
        if call.basic != (USER, TOKEN):
            return Answer(401, {"message": "Authentication failure"})
        match call.path:
            case ("flexdeploy", "rest", "v1", "tasks", "approval", "approve" | "reject" as what, task):
                pass
            case _:
                return Answer(404, {"message": "Not Found"})
        if call.method != "PUT":
            return Answer(405, {"message": "Method Not Allowed"})
        if task != TASK:
            return Answer(404, {"message": "Task not found"})
        if self.status != "PENDING":
            return Answer(400, {"message": f"Task is {self.status}"})
        given = json.loads(call.body) if call.media_type == "application/json" else {}
        self.status = "APPROVED" if what == "approve" else "REJECTED"
        self.notes = given.get("notes", "")
        return Answer(200, {"taskId": int(TASK), "status": self.status, "notes": self.notes})
