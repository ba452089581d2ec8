"""All the house's own settings, grouped as in the file, each declared once; `Settings` is the whole.

Made by `flexmaild.settings.load`, read by `flexmaild.daemon.wiring`, which hands plain values on. The
classes for transports and sinks come from the adapters' own files.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SerializeAsAny

from flexmaild.core import line_pattern
from flexmaild.core.approval.opening import MAX_SETTLE
from flexmaild.core.defaults import LONGEST_COMMENT
from flexmaild.core.model import Comments, OnExpiry
from flexmaild.languages.load import LANGUAGES, OTHER_TAGS, WRITTEN
from flexmaild.settings import places
from flexmaild.settings.faults import Fault, Finding
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.metrics import Metrics
from flexmaild.settings.oauth import OAuthApplication
from flexmaild.settings.retention import Retention
from flexmaild.settings.secrets import Secret
from flexmaild.settings.section import RESTART, Section
from flexmaild.settings.types import (
    AbsolutePath,
    Address,
    Bytes,
    Duration,
    Flag,
    Line,
    Mode,
    Number,
    TimestampSetting,
    wrong,
)
from flexmaild.system import users


def _tag(text: object) -> object:
    if isinstance(text, str) and (tag := OTHER_TAGS.get(text.lower())):
        raise wrong(f"{text} is not the tag of a language here: write {tag} for {LANGUAGES[tag].name}")
    return text


# The languages replies are understood in, and those our mails are written in: the files of `languages`.
if TYPE_CHECKING:
    Understood = str
    Written = str
else:
    Understood = Annotated[Literal[tuple(LANGUAGES)], BeforeValidator(_tag)]
    Written = Annotated[Literal[WRITTEN], BeforeValidator(_tag)]


def _word(text: str) -> str:
    if not text or len(text) > 40 or not all(c.isalpha() or unicodedata.combining(c) for c in text):
        raise wrong("must be a single word of letters only: replies are read by their first word")
    return unicodedata.normalize("NFC", text)


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", text):
        raise wrong("must be a name of small letters, digits, - and _, at most 40 characters")
    return text


Word = Annotated[str, AfterValidator(_word)]
Name = Annotated[str, AfterValidator(_name)]


Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "json", "console", "journald"]
AttachLogs = Literal["never", "always", "on_failure"]


class Notifications(Section):
    """Mails that pipelines send by `flexmailctl notify`."""

    attach_logs: AttachLogs = "never"
    """Whether logs go with a notification: never, always, or only the failed steps' logs of a failed run."""
    templates: AbsolutePath = Path("/etc/flexmaild/templates")
    """Directory whose files replace the built-in mail templates of the same name; it may be absent."""


class Words(Section):
    """Words that decide, beside those of the languages understood."""

    approve: tuple[Word, ...] = ()
    """Further words that approve."""
    reject: tuple[Word, ...] = ()
    """Further words that reject."""

    def findings(self, whole: Settings) -> Iterator[Finding]:
        approving = {word.casefold() for word in self.approve}
        for number, word in enumerate(self.reject):
            if word.casefold() in approving:
                yield Finding(
                    ("reject", number), "stands under approve as well: a word can only mean one of the two"
                )


class Delegation(Section):
    """Somebody who is asked in place of an approver for a time."""

    from_: Address = Field(alias="from")
    """The approver who is away."""
    to: Address
    """Who is asked instead, with a mail of their own."""
    since: Annotated[datetime, TimestampSetting()] | None = None
    """First day or moment (UTC unless an offset is given)."""
    until: Annotated[datetime, TimestampSetting(end=True)] | None = None
    """Last day (included) or moment."""

    def findings(self, whole: Settings) -> Iterator[Finding]:
        if self.from_.casefold() == self.to.casefold():
            yield Finding(("to",), "is the approver in person: name somebody else")
        if self.since and self.until and self.until < self.since:
            yield Finding(("until",), "lies before since")


class Approvals(Section):
    """How requests live; each request may set its own terms within these."""

    expire_after: Annotated[timedelta, Duration("1m", "90d")] = timedelta(days=7)
    """How long a request stays open."""
    settle_for: Annotated[timedelta, Duration("0s", MAX_SETTLE)] = timedelta(0)
    """How long answers that meet the quorum can still be changed before they decide: by another answer of the
    same person, or taken back by an unclear one. `0s`: they decide at once. Never beyond the expiry."""
    remind_after: tuple[Annotated[timedelta, Duration("1m", "90d")], ...] = (
        timedelta(days=1),
        timedelta(days=3),
    )
    """When those who have not answered are reminded, counted from the request."""
    on_expiry: OnExpiry = "expire"
    """What an unanswered request becomes: `expired`, or `rejected`."""
    escalate_after: Annotated[timedelta, Duration("1m", "90d")] | None = None
    """When further approvers are asked; never if left out."""
    escalate_to: tuple[Address, ...] = ()
    """Whom to ask then."""
    words: Words = Words()
    """Words that decide, beside those of `languages`."""
    languages: tuple[Understood, ...] = tuple(LANGUAGES)
    """Languages whose words for approve and reject are understood in replies."""
    language: Written = "en"
    """Language of our own mails."""
    languages_by_approver: dict[Address, Written] = Field(default_factory=dict)
    """Language of the mails to single approvers, by address."""
    max_comment: Annotated[Number, Field(ge=0, le=20000)] = LONGEST_COMMENT
    """Longest comment kept, in characters; the rest is cut."""
    comments: Comments = "careful"
    """What a comment may hold. `careful`: words of doubt (not, if, a question) make the answer undecided,
    other sentences are kept. `first_word`: only the other word or a withdrawal ("scratch that") does.
    `bare`: nothing may stand on the word's line but punctuation and courtesy; the lines below are read as
    with `careful`."""
    ignore_lines: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    """Whole lines that your mail gateway adds to replies: neither doubt nor comment. Compared without case;
    `*` stands for at most 80 characters."""
    comment_on_reject: Flag = False
    """Refuse a rejection without a comment, and ask for one."""
    delegations: tuple[Delegation, ...] = ()
    """Who stands in for whom: a list of {from: ADDRESS, to: ADDRESS, since: 2026-01-31, until: 2026-02-14},
    of which the dates may be left out."""
    max_approvers: Annotated[Number, Field(ge=1, le=1000)] = 100
    """Most approvers a request may have."""
    max_pending: Annotated[Number, Field(ge=1, le=100000)] = 1000
    """Most requests that may be open at a time."""
    reference_key: Secret | None = None
    """Key that references are signed with. Default: one made at the first start, in the state directory.
    Several machines that share a store need the same one."""
    former_reference_keys: Annotated[tuple[Secret, ...], Field(max_length=10)] = ()
    """Keys that were `reference_key` before: requests made with one of them can be answered while it stands
    here. `check` and `doctor` say when one is needed no more."""
    answers_per_hour: Annotated[Number, Field(ge=0, le=1000)] = 20
    """Most mails an hour that answer one sender."""

    def findings(self, whole: Settings) -> Iterator[Finding]:
        deciding = [*self.words.approve, *self.words.reject]
        for tag in self.languages:
            deciding += (*LANGUAGES[tag].decide.approve, *LANGUAGES[tag].decide.reject)
        for number, pattern in enumerate(self.ignore_lines):
            if fault := line_pattern.fault_of(pattern, deciding):
                yield Finding(("ignore_lines", number), fault)
        for number, after in enumerate(self.remind_after):
            if after >= self.expire_after:
                yield Finding(("remind_after", number), "is not before approvals.expire_after", grave=False)
        if self.escalate_to and not self.escalate_after:
            yield Finding(("escalate_to",), "needs approvals.escalate_after: when are they to be asked?")
        if self.escalate_after and not self.escalate_to:
            yield Finding(("escalate_after",), "needs approvals.escalate_to: who is to be asked?")
        if not self.languages and not (self.words.approve and self.words.reject):
            yield Finding(
                ("languages",), "is empty, and approvals.words lacks words: no reply could decide anything"
            )


class SinkSettings(Section):
    """What every receiver of decisions has; its kind's own class adds the rest."""

    kind: str
    """What it is."""


def _control_socket() -> Path:
    """Where it is unclear, the findings below say so."""
    try:
        return places.runtime_directory() / "control.sock"
    except places.Unclear:
        return places.RUNTIME_DIRECTORY / "control.sock"


def _state_directory() -> Path:
    """Where it is unclear, the findings below say so."""
    try:
        return places.state_directory()
    except places.Unclear:
        return places.STATE_DIRECTORY


def _unclear(section: Section, field: str, chosen: Callable[[], Path]) -> Iterator[Finding]:
    if field in section.model_fields_set:
        return
    try:
        chosen()
    except places.Unclear as unclear:
        yield Finding((field,), str(unclear))


class Control(Section):
    """The Unix socket that `flexmailctl` and pipelines talk to."""

    socket: AbsolutePath = Field(default_factory=_control_socket, json_schema_extra=RESTART)
    """The socket. Default: `control.sock` in $RUNTIME_DIRECTORY (of several directories the one named like
    the unit), else `/run/flexmaild/control.sock`."""
    group: Line = Field(default="", json_schema_extra=RESTART)
    """Group that owns the socket, so that its members may connect. Empty: the daemon's own."""
    mode: Mode = Field(default=0o660, json_schema_extra=RESTART)
    """Permissions of the socket, in quotes."""
    admins: tuple[Line, ...] = ()
    """Users and @groups who may do everything, beside root and the daemon's own user. Everybody else who may
    connect may ask, notify and test; a request belongs to the user who asked, and only that user and admins
    cancel, remind or resend it and see its texts, comments and addresses. Others see that it exists, and its
    state; `visible_to` in a request shows it to more."""
    readers: tuple[Line, ...] = ()
    """Users and @groups who may only look, and see what admins see, but for references and raw mails."""

    def findings(self, whole: Settings) -> Iterator[Finding]:
        yield from _unclear(self, "socket", places.runtime_directory)
        # sun_path of unix(7) has 108 bytes with its final NUL.
        if len(os.fsencode(self.socket)) > 107:
            yield Finding(("socket",), "is longer than the 107 bytes Linux allows: choose a shorter path")
        yield from unknown_group(self.group)
        if self.mode & 0o002:
            yield Finding(("mode",), "lets every user of this machine command the daemon", grave=False)


def unknown_group(name: str) -> Iterator[Finding]:
    """For a field `group`. The user database may only be away, so that it is no fault."""
    if name and users.gid_of(name) is None:
        text = f"is no group of this machine: {users.cure_for(name)}"
        yield Finding(("group",), text, grave=False)


class Files(Section):
    """Files that pipelines send ahead (`POST /v1/files`)."""

    max: Annotated[int, Bytes("64KiB", "2GiB")] = 500 * 1024 * 1024
    """The largest that is taken. A mail holds less, see `outgoing.max_message_size`."""


class Store(Section):
    """Where requests, decisions and unsent mails are kept."""

    url: str = Field(default="", json_schema_extra=RESTART)
    """`sqlite:////absolute/path`. Default: `flexmaild.db` in the state directory."""

    def findings(self, whole: Settings) -> Iterator[Finding]:
        if self.url.startswith("postgresql"):
            text = "PostgreSQL is no store of this version: write sqlite://// and an absolute path"
            yield Finding(("url",), text)
        elif self.url and not self.url.startswith("sqlite:////"):
            yield Finding(("url",), "must begin with sqlite://// and go on with an absolute path")


class Log(Section):
    """What is logged, and how."""

    level: Level = "info"
    """`debug` shows the dialogue with the servers, without secrets and mail bodies."""
    format: Format = Field(default="auto", json_schema_extra=RESTART)
    """`auto`: journal fields under systemd, colours on a terminal, else one JSON object a line."""


class Settings(Section):
    """The whole file, fallbacks resolved. Frozen: a reload makes a new one."""

    outgoing: SerializeAsAny[Outgoing] = Outgoing()
    """The mail server that all mail leaves by (FlexDeploy: Outgoing Email Settings)."""
    incoming: SerializeAsAny[Incoming] = Incoming()
    """The mailbox that replies are read from (FlexDeploy: Incoming Email Settings)."""
    notifications: Notifications = Notifications()
    """Mails that pipelines send."""
    oauth_applications: Mapping[Name, OAuthApplication] = Field(default_factory=dict)
    """Applications registered at Microsoft or Google, by a name of your choice."""
    approvals: Approvals = Approvals()
    """How requests live; each may set its own terms within these."""
    sinks: Mapping[Name, SerializeAsAny[SinkSettings]] = Field(default_factory=dict)
    """Who is told of decisions, by a name of your choice."""
    control: Control = Field(default_factory=Control)
    """The Unix socket that `flexmailctl` and pipelines talk to."""
    metrics: Metrics = Metrics()
    """Prometheus metrics and health checks."""
    files: Files = Files()
    """Files that pipelines send ahead."""
    retention: Retention = Retention()
    """How long what says something of persons is kept after a request has ended."""
    store: Store = Store()
    """Where requests, decisions and unsent mails are kept."""
    state_directory: AbsolutePath = Field(default_factory=_state_directory, json_schema_extra=RESTART)
    """Where the daemon keeps its files. Default: $STATE_DIRECTORY (of several directories the one that holds
    a store, else the one named like the unit), else `/var/lib/flexmaild`."""
    log: Log = Log()
    """What is logged, and how."""

    _warnings: tuple[Fault, ...] = PrivateAttr(default=())

    def findings(self, whole: Settings) -> Iterator[Finding]:
        yield from _unclear(self, "state_directory", places.state_directory)

    def warnings(self) -> tuple[str, ...]:
        """What is allowed but doubtful, a line each with its place; told by `check` and at every start."""
        return tuple(map(str, self._warnings))
