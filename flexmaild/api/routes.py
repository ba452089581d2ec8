"""THE table of what the control socket can do: one line per command.

`api.server` dispatches by it, openapi.json is generated from it (which `client.calls` is held to), and its
names are the values of the metric label `command`. To add a command: a line here, a function in
`flexmaild/api/handlers/`, with its line in `api/commands.py`, and a line in `client/calls.py`.
`api.validation` resolves the names of models.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flexmaild.core.access import Role
from flexmaild.core.model import State
from flexmaild.core.work import JobState

KIB, MIB = 1024, 1024 * 1024
ORDINARY_BODY = 64 * KIB
# 25 MiB of files, the largest mail common servers take, is 34 MiB of base64; the rest is text.
BODY_WITH_FILES = 35 * MIB

# As the client may send it and the server takes it. draft-ietf-httpapi-idempotency-key-header: a string; ours
# is one that fits a log line and a column.
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
IDEMPOTENCY_KEY_FORM = "1 to 255 visible ASCII characters, such as a UUID"

# A placeholder's value: identifiers, digests and names of OAuth applications.
NAME = re.compile(r"[A-Za-z0-9._~@+=-]{1,200}")
_LONGEST_WAIT = 86400.0


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter: `kind` "text" with a pattern of words, or a number within bounds."""

    name: str
    summary: str
    kind: Literal["text", "number", "integer"] = "text"
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = _LONGEST_WAIT
    default: str | float | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One command. `cli` is how flexmailctl calls it, empty where it does not.

    body, answer: names that `api.validation` knows; an empty body means that none is taken. outline: what is
    answered to who may not see it all.
    waits: the answer may be held back (long poll), and the caller is counted as one who waits.
    is_file: the body is a file, of any length and kind, and not JSON.
    streams: the answer goes on as long as the caller reads it, who is counted as one who waits.
    takes_long: it talks to servers, or looks at all there is.
    media_type: of the answer where that is not JSON.
    """

    command: str
    method: Literal["GET", "POST"]
    path: str
    role: Role
    summary: str
    answer: str = ""
    body: str = ""
    cli: str = ""
    status: int = 200
    body_required: bool = True
    query: tuple[Parameter, ...] = ()
    max_body: int = ORDINARY_BODY
    waits: bool = False
    idempotent: bool = False
    media_type: str = "application/json"
    takes_long: bool = False
    is_file: bool = False
    streams: bool = False
    outline: str = ""

    @property
    def placeholders(self) -> tuple[str, ...]:
        return tuple(re.findall(r"\{(\w+)\}", self.path))


_JOB_STATES = tuple(state.value for state in JobState)
_APPROVAL_STATES = tuple(state.value for state in State)
PAGE = (
    Parameter("limit", "How many at most.", "integer", least=1, most=1000, default=100),
    Parameter("after", "The `next` of the page before."),
)
WAIT = Parameter("timeout", "How long to wait, seconds.", "number", default=60.0)


def _queue(noun: str, one: str, cli: str, jobs: str) -> tuple[Route, ...]:
    """The routes of a queue of jobs; the outbox and the deliveries have the same."""
    base, state = f"/v1/{noun}", Parameter("state", "Only those in this state.", choices=_JOB_STATES)
    many = f"{noun}.retry_all"
    return (
        Route(f"{noun}.list", "GET", base, "read", f"{jobs}, newest first.", "Jobs", cli=f"{cli} list",
              query=(state, *PAGE)),
        Route(many, "POST", f"{base}/retry", "admin", f"Try every failed or deferred {one} again now.",
              "Retried", cli=f"{cli} retry --all"),
        Route(f"{noun}.show", "GET", f"{base}/{{id}}", "read", f"One {one}.", "Job", cli=f"{cli} show",
              outline="JobOutline"),
        Route(f"{noun}.retry", "POST", f"{base}/{{id}}/retry", "admin", f"Try this {one} again now.", "Job",
              cli=f"{cli} retry"),
        Route(f"{noun}.hold", "POST", f"{base}/{{id}}/hold", "admin", f"Keep this {one} back.", "Job",
              cli=f"{cli} hold"),
        Route(f"{noun}.release", "POST", f"{base}/{{id}}/release", "admin", f"Let a held {one} go.", "Job",
              cli=f"{cli} release"),
        Route(f"{noun}.drop", "POST", f"{base}/{{id}}/drop", "admin", f"Give this {one} up for good.", "Job",
              cli=f"{cli} drop"),
    )  # fmt: skip


ROUTES: tuple[Route, ...] = (
    Route("openapi", "GET", "/openapi.json", "read", "This description of the control socket (OpenAPI 3.1)."),
    Route("test_email", "POST", "/v1/test-email", "act", "Send a test mail now, past the queue.",
          "TestedEmail", "TestEmail", "test-email", takes_long=True),
    Route("test_incoming", "POST", "/v1/test-incoming", "act",
          "Connect, log in, open the reply folder and count what waits; deletes nothing.", "TestedIncoming",
          cli="test-incoming", takes_long=True),
    Route("doctor", "POST", "/v1/doctor", "act", "Go through the whole loop step by step, with cures.",
          "Diagnosis", cli="doctor", takes_long=True),
    Route("self_test", "POST", "/v1/self-test", "act",
          "Send marked mails with a forged result to the reply folder, and see what arrives of them.",
          "Diagnosis", cli="self-test", takes_long=True),
    Route("status", "GET", "/v1/status", "read", "How the daemon and its parts are.", "Status", cli="status"),
    Route("reload", "POST", "/v1/reload", "admin", "Read the settings again: all or nothing.", "Reloaded",
          cli="reload", takes_long=True),
    Route("process", "POST", "/v1/process", "act", "Read the replies now instead of at an interval.",
          "Processed", cli="process", takes_long=True),
    Route("log_level", "POST", "/v1/log-level", "admin", "Change the log level until the next start.",
          "LogLevelSet", "LogLevel", "log-level"),
    Route("file.send", "POST", "/v1/files", "act",
          "Keep a file, sent as it is, until a request names it as an attachment by its SHA-256.",
          "ReceivedFile", status=201, is_file=True),
    Route("notification.send", "POST", "/v1/notifications", "act", "Queue a notification mail.", "Queued",
          "Notification", "notify", 202, max_body=BODY_WITH_FILES, idempotent=True),
    Route("notification.show", "GET", "/v1/notifications/{id}", "read", "What became of it.", "Job",
          outline="JobOutline"),
    Route("approval.request", "POST", "/v1/approvals", "act", "Ask people for approval.", "OpenedApproval",
          "ApprovalRequest", "approval request", 201, max_body=BODY_WITH_FILES, idempotent=True),
    Route("approval.list", "GET", "/v1/approvals", "read", "Approval requests, newest first.", "Approvals",
          cli="approval list",
          query=(Parameter("state", "Only those in this state.", choices=_APPROVAL_STATES), *PAGE)),
    Route("approval.show", "GET", "/v1/approvals/{id}", "read", "One request with its verdicts and history.",
          "ShownApproval", cli="approval show", outline="ApprovalOutline"),
    Route("approval.wait", "GET", "/v1/approvals/{id}/wait", "read",
          "The request as soon as it is decided, or as it stands when the time is over.", "ShownApproval",
          cli="approval wait", query=(WAIT,), waits=True, outline="ApprovalOutline"),
    Route("approval.cancel", "POST", "/v1/approvals/{id}/cancel", "act", "Withdraw a pending request.",
          "Approval", "Cancel", "approval cancel", body_required=False, idempotent=True),
    Route("approval.remind", "POST", "/v1/approvals/{id}/remind", "act", "Remind those who did not answer.",
          "Approval", cli="approval remind", idempotent=True),
    Route("approval.resend", "POST", "/v1/approvals/{id}/resend", "act",
          "Mail one approver again under a new reference; the old one opens nothing any more.", "Approval",
          "Resend", "approval resend", idempotent=True),
    Route("approval.reply", "GET", "/v1/approvals/{id}/replies/{sha256}/raw", "admin",
          "The bytes of a mail that came in about this request, as they were read.", cli="approval reply",
          media_type="message/rfc822"),
    *_queue("outbox", "mail", "outbox", "Mails to be sent"),
    *_queue("deliveries", "delivery", "delivery", "Decisions to be delivered"),
    Route("quarantine.list", "GET", "/v1/quarantine", "read", "Mails set aside, newest first.",
          "QuarantinedMails", cli="quarantine list", query=PAGE),
    Route("quarantine.show", "GET", "/v1/quarantine/{id}", "read", "One mail set aside, without its text.",
          "ShownQuarantinedMail", cli="quarantine show"),
    Route("quarantine.raw", "GET", "/v1/quarantine/{id}/raw", "admin", "Its bytes as they were read.",
          cli="quarantine show --raw", media_type="message/rfc822"),
    Route("quarantine.release", "POST", "/v1/quarantine/{id}/release", "admin",
          "Read the mail again as if it had just come in.", "ReleasedMail", cli="quarantine release"),
    Route("quarantine.drop", "POST", "/v1/quarantine/{id}/drop", "admin", "Take the mail off the list.",
          "QuarantinedMail", cli="quarantine drop"),
    Route("clock.accept", "POST", "/v1/clock/accept", "admin",
          "Go by this machine's clock, however far it is from the last time known.", "ClockAccepted"),
    Route("events", "GET", "/v1/events", "read",
          "The event log as Server-Sent Events, from the number in Last-Event-ID on; without it new ones.",
          cli="events", media_type="text/event-stream", streams=True,
          query=(
              Parameter("request", "Only events about this request."),
              Parameter("type", "Only events of this name."),
              Parameter("follow", "Whether to wait for new events at the end; without it, all there are.",
                        choices=("true", "false"), default="true"),
          )),
    Route("audit.verify", "GET", "/v1/audit/verify", "read", "Check the hash chain of the audit trail.",
          "AuditVerified", cli="audit verify", takes_long=True),
    Route("oauth.status", "GET", "/v1/oauth", "read", "The OAuth applications and their authorisations.",
          "OAuthApplications", cli="oauth status"),
    Route("oauth.authorize", "POST", "/v1/oauth/{name}/authorize", "admin",
          "Begin to authorise an application; a person goes on in a browser.", "AuthorizationStarted",
          cli="oauth authorize", takes_long=True),
    Route("oauth.progress", "GET", "/v1/oauth/{name}/authorize", "admin", "How far the authorisation is.",
          "AuthorizationState", query=(
              Parameter("wait", "How long to wait for a change, seconds.", "number", most=600, default=0.0),),
          waits=True),
    Route("oauth.forget", "POST", "/v1/oauth/{name}/forget", "admin", "Delete the tokens of an application.",
          "Forgotten", cli="oauth forget"),
)  # fmt: skip

BY_COMMAND: Mapping[str, Route] = {route.command: route for route in ROUTES}

# Values of the metric labels `command` and `result` of flexmaild_control_requests_total.
UNKNOWN_COMMAND = "unknown"
COMMANDS: tuple[str, ...] = (*BY_COMMAND, UNKNOWN_COMMAND)
RESULTS: tuple[str, ...] = ("ok", "refused", "failed")
