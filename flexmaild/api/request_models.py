"""What callers may send: the request bodies of the control socket as pydantic models.

Named by `api.routes`, used by the server (checking), `api.openapi` (description), the handlers (use).
They check form only; what an approval may be is decided by `core.approval.opening`. Values are not repeated
in errors.
"""

import mimetypes
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from flexmaild.api.fields import (
    Accounts,
    Address,
    Addresses,
    Base64,
    Digest,
    Duration,
    Durations,
    Filename,
    Language,
    Line,
    MediaType,
    Name,
    SmallObject,
    Strict,
    Text,
    fault,
)
from flexmaild.core.access import NOBODYS, Ownership
from flexmaild.core.addresses import MAX_WRITTEN
from flexmaild.core.approval.opening import AskedApprover, RequestedApproval
from flexmaild.core.model import Attachment as StoredAttachment
from flexmaild.core.model import OnExpiry, QuorumRule, Requirement
from flexmaild.settings.schema import Level

# The largest mail that common servers take is 25 MB; nothing above it could be sent.
MAX_FILES = 25 * 1024 * 1024
# Where counting ends; how many may be asked is a setting (approvals.max_approvers).
_MAX_PEOPLE = 10_000
# Tags of union members begin with it, so that they can be left out of the path of a fault.
TAG = "~"


class TestEmail(Strict):
    """`to`: where the test mail goes."""

    __test__ = False  # not a test, whatever pytest thinks of its name
    to: Address


class LogLevel(Strict):
    """`for`: how long until the level of the settings holds again; left out: the next start or reload."""

    level: Level
    for_: Duration | None = Field(default=None, alias="for")


class Cancel(Strict):
    """`reason` is told to the approvers who were asked."""

    reason: Line | None = None


class Resend(Strict):
    """`approver`: whose mail was lost."""

    approver: Address


class File(Strict):
    """A file to attach: its content, or the SHA-256 that POST /v1/files answered when it was sent ahead.

    Without `content_type` the file name's ending decides.
    """

    filename: Filename
    content: Base64 | None = None
    sha256: Digest | None = None
    content_type: MediaType | None = None

    @model_validator(mode="after")
    def _has_bytes(self) -> Self:
        if (self.content is None) == (self.sha256 is None):
            raise fault("needs either content or sha256")
        return self

    @property
    def media_type(self) -> str:
        return self.content_type or mimetypes.guess_type(self.filename)[0] or "application/octet-stream"


class Log(Strict):
    """An execution log. Named by `filename`, or by the four facts from which FlexDeploy makes the name.

    failed: the failure occurred in this log (what "on_failure" attaches).
    """

    content: Base64
    filename: Filename | None = None
    step_number: int | None = Field(default=None, ge=0)
    step_name: Filename | None = None
    endpoint: Filename | None = None
    execution_id: int | None = Field(default=None, ge=0)
    failed: bool = False

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        facts = (self.step_number, self.step_name, self.endpoint, self.execution_id)
        if self.filename is None and None in facts:
            raise fault("needs a filename, or step_number, step_name, endpoint and execution_id")
        return self

    @property
    def name(self) -> str:
        """The file's name in a zip folder (FlexDeploy: "<StepNumber>_<StepName>_<EndPoint>(<Id>).log")."""
        named = f"{self.step_number}_{self.step_name}_{self.endpoint}({self.execution_id}).log"
        return self.filename or named


class Notification(Strict):
    """A mail to people that asks for nothing.

    event: what happened ("request_completed"); names the template an operator may have put in its place.
    instance: the instance the logs belong to, which names the attached log or the zip folder.
    outcome: decides with the setting `attach_logs` whether logs are attached.
    """

    to: Annotated[Addresses, Field(min_length=1)]
    cc: Addresses = Field(default=[])
    bcc: Addresses = Field(default=[])
    reply_to: Address | None = None
    subject: Line
    text: Text = ""
    html: Text = ""
    template: Name | None = None
    variables: SmallObject = Field(default={})
    event: Name | None = None
    outcome: Literal["success", "failure"] | None = None
    instance: Filename | None = None
    logs: list[Log] = Field(default=[], max_length=1000)
    attachments: list[File] = Field(default=[], max_length=100)
    language: Language | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.text or self.html or self.template or self.event):
            raise fault("needs a text, html, template or event: there would be nothing to read")
        check_files([*self.attachments, *self.logs])
        return self


class Person(Strict):
    """Somebody who is asked. `aliases` are other addresses the answer may come from."""

    address: Address
    name: Line | None = None
    aliases: Addresses = Field(default=[])
    language: Language | None = None


def _member_kind(value: Any) -> str:
    return f"{TAG}address" if isinstance(value, str) else f"{TAG}person"


def _approver_kind(value: Any) -> str:
    grouped = isinstance(value, Group) or (isinstance(value, dict) and "group" in value)
    return f"{TAG}group" if grouped else _member_kind(value)


Member = Annotated[
    Annotated[Address, Tag(f"{TAG}address")] | Annotated[Person, Tag(f"{TAG}person")],
    Discriminator(_member_kind),
]


class Group(Strict):
    """Several who are asked as one group (quorum "each_group")."""

    group: Line
    members: list[Member] = Field(min_length=1, max_length=_MAX_PEOPLE)


Approver = Annotated[
    Annotated[Address, Tag(f"{TAG}address")]
    | Annotated[Person, Tag(f"{TAG}person")]
    | Annotated[Group, Tag(f"{TAG}group")],
    Discriminator(_approver_kind),
]


def _quorum_kind(value: Any) -> str:
    return f"{TAG}number" if isinstance(value, int) else f"{TAG}word"


Quorum = Annotated[
    Annotated[QuorumRule, Tag(f"{TAG}word")] | Annotated[int, Field(ge=1), Tag(f"{TAG}number")],
    Discriminator(_quorum_kind),
]


class ApprovalRequest(Strict):
    """A question to approvers. What is left out is as the settings say.

    quorum: how many must approve: "any", "all", a number, or "each_group" (one of each).
    on_expiry: what an unanswered request becomes. require: may be stricter than the settings, never laxer.
    metadata: comes back with the decision, at most 16 KiB. sinks: names of the settings' `sinks`.
    visible_to: users and @groups of this machine who may see the request; only its owner, who sends this, and
    admins may change it.
    """

    title: Line
    text: Text = ""
    html: Text = ""
    template: Name | None = None
    variables: SmallObject = Field(default={})
    approvers: list[Approver] = Field(max_length=_MAX_PEOPLE)
    quorum: Quorum = "any"
    any_reject: bool | None = None
    expires_in: Duration | None = None
    settle_for: Duration | None = None
    on_expiry: OnExpiry | None = None
    remind_after: Durations | None = None
    escalate_after: Duration | None = None
    escalate_to: list[Approver] = Field(default=[], max_length=_MAX_PEOPLE)
    requester: Annotated[str, Field(max_length=MAX_WRITTEN)] | None = None
    allow_requester: bool = True
    allow_delegates: bool = False
    comment_on_reject: bool | None = None
    require: Requirement | None = None
    sinks: list[Name] | None = Field(default=None, max_length=20)
    metadata: SmallObject = Field(default={})
    visible_to: Accounts = Field(default=[])
    attachments: list[File] = Field(default=[], max_length=100)

    @model_validator(mode="after")
    def _files_fit(self) -> Self:
        check_files(self.attachments)
        return self

    def ask(
        self, attachments: tuple[StoredAttachment, ...] = (), belonging: Ownership = NOBODYS
    ) -> RequestedApproval:
        """The request as the core takes it; `attachments` are its files as the store keeps them, `belonging`
        says whose it will be."""
        return RequestedApproval(
            title=self.title,
            text=self.text,
            approvers=tuple(_asked("approvers", self.approvers)),
            quorum=self.quorum,
            any_reject=self.any_reject,
            html=self.html,
            template=self.template or "",
            variables=self.variables,
            expires_in=self.expires_in,
            settle_for=self.settle_for,
            on_expiry=self.on_expiry,
            remind_after=None if self.remind_after is None else tuple(self.remind_after),
            escalate_after=self.escalate_after,
            escalate_to=tuple(_asked("escalate_to", self.escalate_to)),
            requester=self.requester or "",
            allow_requester=self.allow_requester,
            allow_delegates=self.allow_delegates,
            comment_on_reject=self.comment_on_reject,
            require=self.require,
            sinks=None if self.sinks is None else tuple(self.sinks),
            metadata=self.metadata,
            attachments=attachments,
            belonging=belonging,
        )


def check_files(files: Sequence[File | Log]) -> None:
    """Raises where the files together are larger than any mail may be."""
    total = sum(len(file.content or b"") for file in files)
    if total > MAX_FILES:
        raise fault(f"has {total} bytes of files; a mail holds at most {MAX_FILES} (25 MiB)")


def _asked(path: str, given: Sequence[str | Person | Group], group: str = "") -> Iterator[AskedApprover]:
    for i, one in enumerate(given):
        here = f"{path}.{i}"
        if isinstance(one, Group):
            yield from _asked(f"{here}.members", one.members, one.group)
        elif isinstance(one, Person):
            name, language = one.name or "", one.language or ""
            yield AskedApprover(here, one.address, name, tuple(one.aliases), group, language)
        else:
            yield AskedApprover(here, one, group=group)
