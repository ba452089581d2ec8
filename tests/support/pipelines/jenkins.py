"""Jenkins with the plugin Pipeline: Input Step.

By github.com/jenkinsci/pipeline-input-step-plugin (InputAction, InputStepExecution) and Jenkins core: an
input that waits is found by its id below `…/input/`, one that was answered is not there any more; a failed
check of rights is a 400 with the field X-Error; a call with an API token needs no crumb, one with a password
does.
"""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.support.pipelines.server import Answer, Call

USER, TOKEN, PASSWORD = "flexmaild", "11d7b1a2c3d4e5f60718293a4b5c6d7e8f", "pa55word-of-flexmaild"


@dataclass(slots=True)
class Jenkins:
    """runs: those that wait at an input, by job (JOB_NAME) and number, each with the input's id."""

    runs: dict[tuple[str, str], str] = field(default_factory=dict)
    parameters: tuple[str, ...] = ("APPROVER", "COMMENT")
    may_build: bool = True
    # What happened, by job and number: None for aborted, else the values of the parameters.
    outcome: dict[tuple[str, str], dict[str, str] | None] = field(default_factory=dict)

    def answer(self, call: Call) -> Answer:
        if call.basic not in ((USER, TOKEN), (USER, PASSWORD)):
            return Answer(401, "<html>Unauthorized", {"WWW-Authenticate": 'Basic realm="Jenkins"'})
        if call.method != "POST":
            return Answer(405, "<html>Form post required")
        if call.basic[1] == PASSWORD and "Jenkins-Crumb" not in call.headers:
            return Answer(403, "<html>No valid crumb was included in the request")
        return self._run(call)

    def _run(self, call: Call) -> Answer:
        *jobs, number, page, given, action = call.path
        names = jobs[1::2]
        run = "/".join(names), number
        is_job = jobs[0::2] == ["job"] * len(names) and page == "input"
        if not is_job or self.runs.get(run) != given:
            return Answer(404, "<html>Not Found")
        if not self.may_build:
            message = "You need to have Job/Build permissions to submit this."
            return Answer(400, f"<html>{message}", {"X-Error": message})
        if action == "abort":
            self.outcome[run] = None
        elif action == "proceed":
            failure = self._proceed(run, call)
            if failure:
                return failure
        else:
            return Answer(404, "<html>Not Found")
        del self.runs[run]
        return Answer(200)

    def _proceed(self, run: tuple[str, str], call: Call) -> Answer | None:
        form = parse_qs(call.body.decode()) if call.media_type.endswith("x-www-form-urlencoded") else {}
        if "json" not in form:
            return Answer(400, "<html>This page expects a form submission")
        values = {one["name"]: one["value"] for one in json.loads(form["json"][0]).get("parameter", [])}
        unknown = values.keys() - set(self.parameters)
        if unknown:
            return Answer(500, f"<html>No such parameter definition: {', '.join(unknown)}")
        self.outcome[run] = values
        return None
