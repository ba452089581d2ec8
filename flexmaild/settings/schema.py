"""The daemon's own settings, grouped as in the file, each declared once; `Settings` is the whole file.

Made by `flexmaild.settings.load`, read by `flexmaild.daemon.wiring`, which hands plain values on. The
classes for transports and sinks come from the adapters' packages.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, SerializeAsAny

from flexmaild.core import line_pattern
from flexmaild.core.approval.opening import MAX_SETTLE
from flexmaild.core.defaults import LONGEST_COMMENT
from flexmaild.core.model import Comments, OnExpiry
from flexmaild.languages.load import LANGUAGES
from flexmaild.settings import directories
from flexmaild.settings.faults import Fault, Finding
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.oauth import OAuthApplication
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
    Name,
    Number,
    TimestampSetting,
    Understood,
    Word,
    Written,
    is_host,
)
from flexmaild.system import users

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "json", "console", "journald"]
AttachLogs = Literal["never", "always", "on_failure"]


class Notifications(Section):
    """Mails that pipelines send by `flexmailctl notify`."""

    attach_logs: AttachLogs = "never"
    """When logs are attached to a notification: never, always, or the logs of the failed steps of a failed
    run."""
    templates: AbsolutePath = Path("/etc/flexmaild/templates")
    """Directory of your own mail templates. A file replaces the built-in template of the same name. The
    directory need not exist."""


class Words(Section):
    """Words that decide, beside those of the languages understood."""

    approve: tuple[Word, ...] = ()
    """Additional words that approve."""
    reject: tuple[Word, ...] = ()
    """Additional words that reject."""

    def findings(self) -> Iterator[Finding]:
        approving = {word.casefold() for word in self.approve}
        for number, word in enumerate(self.reject):
            if word.casefold() in approving:
                yield Finding(
                    ("reject", number), "is under approve as well: a word can only mean one of the two"
                )


class Delegation(Section):
    """Somebody who is asked in place of an approver for a time."""

    from_: Address = Field(alias="from")
    """The approver who is away."""
    to: Address
    """The person who is asked instead and gets a mail of their own."""
    since: Annotated[datetime, TimestampSetting()] | None = None
    """First day, or date and time (UTC unless an offset is given)."""
    until: Annotated[datetime, TimestampSetting(end=True)] | None = None
    """Last day (included), or date and time."""

    def findings(self) -> Iterator[Finding]:
        if self.from_.casefold() == self.to.casefold():
            yield Finding(("to",), "is the approver themselves: name another person")
        if self.since and self.until and self.until < self.since:
            yield Finding(("until",), "lies before since")


class Approvals(Section):
    """How requests live; each request may set its own terms within these."""

    expire_after: Annotated[timedelta, Duration("1m", "90d")] = timedelta(days=7)
    """How long a request stays open."""
    settle_for: Annotated[timedelta, Duration("0s", MAX_SETTLE)] = timedelta(0)
    """How long approvers can change their answers after the quorum is met: a clear answer replaces the
    earlier one of the same person, an unclear one withdraws it. `0s`: answers decide at once. Ends at the
    expiry at the latest."""
    remind_after: tuple[Annotated[timedelta, Duration("1m", "90d")], ...] = (
        timedelta(days=1),
        timedelta(days=3),
    )
    """When approvers who have not answered get a reminder, counted from the request."""
    on_expiry: OnExpiry = "expire"
    """State of a request that expires: `expire` makes it `expired`, `reject` makes it `rejected`."""
    escalate_after: Annotated[timedelta, Duration("1m", "90d")] | None = None
    """When the approvers of `escalate_to` are asked as well, counted from the request. Default: never."""
    escalate_to: tuple[Address, ...] = ()
    """Addresses of the approvers who are asked after `escalate_after`."""
    words: Words = Words()
    """Deciding words in addition to those of `languages`."""
    languages: tuple[Understood, ...] = tuple(LANGUAGES)
    """Languages whose words for approve and reject decide in replies."""
    language: Written = "en"
    """Language of the mails that flexmaild sends."""
    languages_by_approver: dict[Address, Written] = Field(default_factory=dict)
    """Language of the mails to an approver, by address."""
    max_comment: Annotated[Number, Field(ge=0, le=20000)] = LONGEST_COMMENT
    """Maximum length of a stored comment, in characters; the rest is cut off."""
    comments: Comments = "careful"
    """What a comment may contain. `careful`: words of doubt ("not", "if") or a question make the answer
    undecided; other sentences are kept as the comment. `first_word`: only the opposite word or a withdrawal
    ("scratch that") makes it undecided. `bare`: the line of the word may contain only punctuation and
    courtesy; the lines below are read as with `careful`."""
    ignore_lines: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    """Lines that your mail gateway adds to replies; they count neither as doubt nor as comment. An entry is
    compared with the whole line, without case; `*` stands for at most 80 characters."""
    comment_on_reject: Flag = False
    """Do not accept a rejection without a comment; the answer asks for one."""
    delegations: tuple[Delegation, ...] = ()
    """Deputies of absent approvers: a list of {from: ADDRESS, to: ADDRESS, since: 2026-01-31,
    until: 2026-02-14}. The dates are optional."""
    max_approvers: Annotated[Number, Field(ge=1, le=1000)] = 100
    """Maximum number of approvers of a request."""
    max_pending: Annotated[Number, Field(ge=1, le=100000)] = 1000
    """Most requests of one user that may be open at a time."""
    reference_key: Secret | None = None
    """Key that signs references. Default: a key in the state directory, generated at the first start.
    Machines that share a store need the same key."""
    former_reference_keys: Annotated[tuple[Secret, ...], Field(max_length=10)] = ()
    """Earlier values of `reference_key`. While a key is listed here, requests signed with it can be answered.
    `check` and `doctor` report a key that is no longer needed."""
    answers_per_hour: Annotated[Number, Field(ge=0, le=1000)] = 20
    """Maximum number of mails per hour that answer one sender."""

    def findings(self) -> Iterator[Finding]:
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
    """Kind of the sink."""
    only_named: Flag = False
    """Deliver only the decisions of requests that name this sink in `sinks`. Otherwise, the sink also gets
    those of requests that name none."""


def _control_socket() -> Path:
    """The default; `Control.findings` reports an unclear one."""
    try:
        return directories.runtime_directory() / "control.sock"
    except directories.Unclear:
        return directories.RUNTIME_DIRECTORY / "control.sock"


def _state_directory() -> Path:
    """The default; `Settings.findings` reports an unclear one."""
    try:
        return directories.state_directory()
    except directories.Unclear:
        return directories.STATE_DIRECTORY


def _unclear(section: Section, field: str, chosen: Callable[[], Path]) -> Iterator[Finding]:
    """Where the default of `field` is used and unclear."""
    if field in section.model_fields_set:
        return
    try:
        chosen()
    except directories.Unclear as unclear:
        yield Finding((field,), str(unclear))


class Control(Section):
    """The Unix socket that `flexmailctl` and pipelines talk to."""

    socket: AbsolutePath = Field(default_factory=_control_socket, json_schema_extra=RESTART)
    """Path of the socket. Default: `control.sock` in $RUNTIME_DIRECTORY (if that lists several directories,
    in the one named like the unit), else `/run/flexmaild/control.sock`."""
    group: Line = Field(default="", json_schema_extra=RESTART)
    """Group of the socket; its members may connect. Empty: the group of the daemon."""
    mode: Mode = Field(default=0o660, json_schema_extra=RESTART)
    """Permissions of the socket, in quotes."""
    admins: tuple[Line, ...] = ()
    """Users and @groups who may do everything, in addition to root and the daemon's user. Other users who may
    connect can request approvals, send notifications and run tests. A request belongs to the user who made
    it: only this user and admins can cancel, remind or resend it and see its texts, comments and addresses.
    Other users see that the request exists, and its state, unless the request's `visible_to` names them."""
    readers: tuple[Line, ...] = ()
    """Users and @groups with read-only access: they see what admins see, except references and raw mails."""

    def findings(self) -> Iterator[Finding]:
        yield from _unclear(self, "socket", directories.runtime_directory)
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


class Metrics(Section):
    """Prometheus metrics and health checks over HTTP."""

    listen: Line = "127.0.0.1:9642"
    """Address and port of /metrics, /-/healthy and /-/ready. "" turns the listener off."""

    def findings(self) -> Iterator[Finding]:
        if not self.listen:
            return
        match = re.fullmatch(r"([^\[\]:]+|\[[^\[\]]+:[^\[\]]*\]):([0-9]{1,5})", self.listen)
        if not match or not is_host(match[1].strip("[]")) or int(match[2]) > 65535:
            yield Finding(
                ("listen",), 'must be an address and a port like 127.0.0.1:9642 or [::1]:9642, or ""'
            )
        elif not self.listen.startswith(("127.", "localhost:", "[::1]:")):
            yield Finding(
                ("listen",), "can be reached from other machines, and asks for no password", grave=False
            )


class Files(Section):
    """Files that pipelines send ahead (`POST /v1/files`)."""

    max: Annotated[int, Bytes("64KiB", "2GiB")] = 500 * 1024 * 1024
    """Maximum size of a file. A mail server accepts less, often 25 MiB for the whole mail."""


class Retention(Section):
    """How long what says something of persons is kept after a request has ended; of an open one all is. The
    raw mails have `incoming.keep_raw`."""

    comments: Annotated[timedelta, Duration("0s", "400d")] = timedelta(days=400)
    """Texts that people wrote: comments, reasons of a cancellation, unrecognised lines of replies."""
    addresses: Annotated[timedelta, Duration("0s", "400d")] = timedelta(days=400)
    """Addresses, names, titles and subjects, and with them who decided. After that a late reply is still
    recognised but not answered."""
    sent_mails: Annotated[timedelta, Duration("0s", "400d")] = timedelta(days=30)
    """Sent mails and their sources: texts, variables, metadata, attachments. These mails contain comments and
    addresses, so they are deleted at the earliest of the three times."""


class Store(Section):
    """Where requests, decisions and unsent mails are kept."""

    url: str = Field(default="", json_schema_extra=RESTART)
    """`sqlite:////absolute/path`. Default: `flexmaild.db` in the state directory."""

    def findings(self) -> Iterator[Finding]:
        if self.url.startswith("postgresql"):
            text = "PostgreSQL is no store of this version: write sqlite://// and an absolute path"
            yield Finding(("url",), text)
        elif self.url and not self.url.startswith("sqlite:////"):
            yield Finding(("url",), "must begin with sqlite://// and go on with an absolute path")


class Log(Section):
    """What is logged, and how."""

    level: Level = "info"
    """Lowest level that is logged. `debug` includes the dialogue with servers, without secrets and mail
    bodies."""
    format: Format = Field(default="auto", json_schema_extra=RESTART)
    """`auto`: journal fields under systemd, colours on a terminal, otherwise one JSON object per line."""


class Settings(Section):
    """The whole file, fallbacks resolved. Frozen: a reload makes a new one."""

    outgoing: SerializeAsAny[Outgoing] = Outgoing()
    """The mail server that flexmaild sends through (FlexDeploy: Outgoing Email Settings)."""
    incoming: SerializeAsAny[Incoming] = Incoming()
    """The mailbox that flexmaild reads replies from (FlexDeploy: Incoming Email Settings)."""
    notifications: Notifications = Notifications()
    """Mails that pipelines send."""
    oauth_applications: Mapping[Name, OAuthApplication] = Field(default_factory=dict)
    """OAuth applications registered at Microsoft or Google. NAME is your choice."""
    approvals: Approvals = Approvals()
    """Terms of approval requests. A request may set some of them for itself."""
    sinks: Mapping[Name, SerializeAsAny[SinkSettings]] = Field(default_factory=dict)
    """Receivers of decisions. NAME is your choice."""
    control: Control = Field(default_factory=Control)
    """The Unix socket that `flexmailctl` and pipelines talk to."""
    metrics: Metrics = Metrics()
    """Prometheus metrics and health checks."""
    files: Files = Files()
    """Files that pipelines upload (`POST /v1/files`)."""
    retention: Retention = Retention()
    """How long personal data is kept after a request has ended."""
    store: Store = Store()
    """Where requests, decisions and unsent mails are kept."""
    state_directory: AbsolutePath = Field(default_factory=_state_directory, json_schema_extra=RESTART)
    """Directory of the daemon's files. Default: $STATE_DIRECTORY (if that lists several directories, the one
    that holds a store, else the one named like the unit), else `/var/lib/flexmaild`."""
    log: Log = Log()
    """Level and format of the log."""

    _warnings: tuple[Fault, ...] = PrivateAttr(default=())

    def findings(self) -> Iterator[Finding]:
        yield from _unclear(self, "state_directory", directories.state_directory)

    def warnings(self) -> tuple[str, ...]:
        """What is allowed but doubtful, a line each with its position; reported by `check` and at every
        start."""
        return tuple(map(str, self._warnings))
