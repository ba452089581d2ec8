"""The two sections of FlexDeploy's Email Settings page: outgoing and incoming mail.

Every property of the page is a field here, with the page's default. A transport derives its settings class
from `Outgoing` or `Incoming`, so that settings left over from another transport are never a fault.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import Field, PlainSerializer

from flexmaild.core import defaults
from flexmaild.core.defaults import LARGEST_MAIL, READ_EVERY
from flexmaild.core.oauth import Purpose
from flexmaild.settings.faults import Finding
from flexmaild.settings.javamail import session_of
from flexmaild.settings.javamail.block import masked
from flexmaild.settings.javamail.session import AuthType, ImapSession, Session, SmtpSession
from flexmaild.settings.oauth import OAuthApplication
from flexmaild.settings.secrets import Secret
from flexmaild.settings.section import Section
from flexmaild.settings.sender_authentication import SenderAuthentication
from flexmaild.settings.types import (
    AbsolutePath,
    Address,
    AfterProcessing,
    Bytes,
    Duration,
    Flag,
    Host,
    Line,
    Number,
    OptionalAddress,
    Port,
)

_PropertyBlock = Annotated[str, PlainSerializer(masked)]
_SectionT = TypeVar("_SectionT", bound=Section)


# The transports where the settings name none.
DEFAULT_OUT, DEFAULT_IN = "smtp", "imap"


class _Server(Section):
    """What both directions have in common."""

    property_block: ClassVar[bool] = False
    """Set by a transport's class that reaches a server by `host`, `port` and `properties`."""
    protocol: ClassVar[Purpose] = "smtp"
    always_oauth: ClassVar[bool] = False
    """Set by a transport's class that knows no other sign-in, whatever `auth_type` says."""

    if TYPE_CHECKING:  # declared by both classes, in the order of FlexDeploy's page
        auth_type: AuthType
        username: str
        password: Secret | None
        oauth_application: str
        ca_file: Path | None
        allow_cleartext_login: bool
        host: str
        port: int
        starttls: bool
        properties: str
        mailbox: str

    def _fields(self) -> session_of.Fields:
        return session_of.Fields(
            host=self.host,
            port=self.port,
            starttls=self.starttls,
            properties=self.properties,
            auth_type=self.auth_type,
            username=self.username,
            mailbox=self.mailbox,
            oauth_application=self.oauth_application,
            ca_file=str(self.ca_file or ""),
            allow_cleartext_login=self.allow_cleartext_login,
        )

    @property
    def uses_oauth(self) -> bool:
        """Whether the login is by `oauth_application`."""
        return self.always_oauth or self.auth_type == "oauth"

    def _ca_findings(self) -> Iterator[Finding]:
        if self.ca_file and not self.ca_file.is_file():
            yield Finding(("ca_file",), "is not a file: give the path of a PEM file with certificates")

    def _login_findings(self, session: Session) -> Iterator[Finding]:
        if session.auth_type == "oauth" and not self.oauth_application:
            yield Finding(
                ("oauth_application",), "is needed for auth_type: oauth: name one of oauth_applications"
            )
        if session.auth_type == "basic" and session.user and self.password is None:
            yield Finding(("password",), "is needed with a user name: give it, best as {file: PATH}")

    def application_findings(self, application: OAuthApplication) -> Iterator[Finding]:
        """What a transport's class demands of the application that `oauth_application` names."""
        del application
        yield from ()


class Outgoing(_Server):
    """The mail server that requests, answers and notifications leave by."""

    transport: str = DEFAULT_OUT
    """The way mail leaves."""
    auth_type: AuthType = "basic"
    """How to log in: `basic` (user name and password; no user name means no login), `oauth` or `none`."""
    host: Host = defaults.OUTGOING_HOST
    """Host name of the outgoing mail server."""
    port: Port = 25
    """Port of the outgoing mail server: 25 or 587 with STARTTLS, 465 with TLS from the start."""
    username: Line = ""
    """User to log in as; with OAuth the user who authorised the application. Empty: no login."""
    password: Secret | None = None
    """The user's password; not needed with OAuth."""
    oauth_application: Line = ""
    """Name of the application under `oauth_applications`, for `auth_type: oauth`."""
    from_address: Address = "noreply@domain.com"
    """Address that all mails are sent from."""
    starttls: Flag = True
    """Demand STARTTLS before logging in. A server that does not offer it is not used."""
    properties: _PropertyBlock = Field(default=session_of.SMTP_BLOCK, repr=False)
    """FlexDeploy's SMTP Properties in Java syntax. What this block says wins over the fields above."""
    ca_file: AbsolutePath | None = None
    """PEM file of certificate authorities that take the place of the system's."""
    allow_cleartext_login: Flag = False
    """Let a password go over a connection without TLS to a host that is not this machine."""
    mailbox: Line = ""
    """Mailbox to send as with OAuth or Graph (a shared mailbox). Default: `username`, then `from_address`."""
    save_to_sent_items: Flag = False
    """Keep a copy in Sent Items (Graph only; SMTP servers have no such thing)."""
    give_up_after: Annotated[timedelta, Duration("1m", "30d")] = timedelta(days=5)
    """How long a mail is tried again after passing faults until it counts as failed (RFC 5321 4.5.4.1)."""

    def smtp_session(self) -> SmtpSession:
        """The SMTP client's parameters, from the fields and the property block."""
        return session_of.smtp_session(self._fields())[0]

    def findings(self) -> Iterator[Finding]:
        yield from self._ca_findings()
        if self.property_block:
            session, found = session_of.smtp_session(self._fields())
            yield from found
            yield from _of_example(session)
            yield from self._login_findings(session)


class Incoming(_Server):
    """The dedicated mailbox that replies are read from. Each mail in its folder is removed once processed."""

    protocol: ClassVar[Purpose] = "imap"

    enabled: Flag = False
    """Enable approval by mail: read replies."""
    transport: str = DEFAULT_IN
    """The way replies are read."""
    auth_type: AuthType = "basic"
    """How to log in: `basic` (user name and password; no user name means no login), `oauth` or `none`."""
    host: Host = defaults.INCOMING_HOST
    """Host name of the incoming mail server; required when `enabled`."""
    port: Port = 993
    """Port of the incoming mail server: 993 with TLS from the start, 143 with STARTTLS."""
    username: Line = ""
    """User to log in as. Default: `outgoing.username`."""
    password: Secret | None = None
    """The user's password; not needed with OAuth. Default: `outgoing.password`."""
    oauth_application: Line = ""
    """Name of the application under `oauth_applications`. Default: `outgoing.oauth_application`."""
    starttls: Flag = False
    """Demand STARTTLS before logging in. Not needed where TLS is there from the start (port 993)."""
    properties: _PropertyBlock = Field(default=session_of.IMAP_BLOCK, repr=False)
    """FlexDeploy's IMAP Properties in Java syntax. What this block says wins over the fields above."""
    ca_file: AbsolutePath | None = None
    """PEM file of certificate authorities that take the place of the system's."""
    allow_cleartext_login: Flag = False
    """Let a password go over a connection without TLS to a host that is not this machine."""
    mailbox: Line = ""
    """Mailbox to read with OAuth or Graph (a shared mailbox). Default: `outgoing.mailbox` if that is given
    and user and address are the same; else `username`, then `reply_address`."""
    reply_folder: Line = "INBOX"
    """Folder that replies are read from. **Every mail in it is removed after processing.**"""
    reply_address: OptionalAddress = ""
    """Address that replies go to; its mail must arrive in this mailbox. Default: `outgoing.from_address`."""
    reply_aliases: tuple[Address, ...] = ()
    """Further addresses whose mail arrives in this mailbox: old names, a group, other domains. They are ours:
    a reply written to one of them is written to us, and a mail from one is our own."""
    plus_address: Flag = False
    """Put the reference into the reply address too (replies+REFERENCE@…); the server must support that."""
    process_interval: Annotated[timedelta, Duration("1s", "1d", bare="m")] = READ_EVERY
    """How often replies are read; a bare number is minutes. A change needs no restart."""
    process_count: Annotated[Number, Field(ge=1, le=10000)] = 30
    """How many mails are processed in each interval at most, whatever woke the reader."""
    after_processing: AfterProcessing = AfterProcessing()
    """What happens to a processed mail: `delete`, or `{move: Folder}`."""
    permanent_delete: Flag = False
    """Delete past the recoverable items (Graph only, where the cloud has it)."""
    keep_raw: Annotated[timedelta, Duration("0s", "400d")] = timedelta(days=30)
    """How long the bytes of processed mails are kept here, for audit and quarantine."""
    max_message_size: Annotated[int, Bytes("64KiB", "150MiB")] = LARGEST_MAIL
    """Larger mails are set aside unread, but for the text parts of one with a large attachment."""
    sender_authentication: SenderAuthentication = SenderAuthentication()
    """How senders are proven."""

    def imap_session(self) -> ImapSession:
        """The IMAP client's parameters, from the fields and the property block."""
        return session_of.imap_session(self._fields())[0]

    def findings(self) -> Iterator[Finding]:
        if self.after_processing.move and _is_same_folder(self.after_processing.move, self.reply_folder):
            yield Finding(
                ("after_processing",), "moves mails into the folder they are read from: name another one"
            )
        yield from self._ca_findings()
        if self.property_block:
            session, found = session_of.imap_session(self._fields())
            yield from found
            if self.enabled:
                yield from self._enabled_findings(session)

    def _enabled_findings(self, session: Session) -> Iterator[Finding]:
        yield from self._login_findings(session)
        if "host" in self.model_fields_set:
            yield from _of_example(session)
        if "host" not in self.model_fields_set and session.host == type(self).model_fields["host"].default:
            yield Finding(("host",), "is required when incoming.enabled is true: give the mail server's name")
        if session.auth_type == "basic" and not session.user:
            yield Finding(
                ("username",), "is required when incoming.enabled is true: IMAP has no mailbox without"
            )


def _is_same_folder(one: str, other: str) -> bool:
    """INBOX is the same in every case (RFC 9051 section 5.1)."""
    return one == other or one.upper() == other.upper() == "INBOX"


def _of_example(session: Session) -> Iterator[Finding]:
    if defaults.is_example(session.host):
        text = f"is {session.host}, the example of the settings page: give your own mail server's name"
        yield Finding(("host",), f"{text}; nothing is sent there until then", grave=False)


def resolved_outgoing(outgoing: Outgoing) -> Outgoing:
    """The section with its fallbacks filled in."""
    return _filled(outgoing, {"mailbox": outgoing.username or outgoing.from_address})


def resolved_incoming(incoming: Incoming, outgoing: Outgoing) -> Incoming:
    """The section with the fallbacks of FlexDeploy's page filled in, most of which are outgoing settings."""
    half = _filled(incoming, inherited(outgoing))
    return _filled(half, {"mailbox": _reply_mailbox(half, outgoing), "reply_folder": "INBOX"})


def _reply_mailbox(incoming: Incoming, outgoing: Outgoing) -> str:
    """Where replies arrive: in the shared mailbox that mail is sent from, if the same user reads it and
    replies go to its address; the user's own would be emptied instead."""
    is_shared = outgoing.mailbox not in ("", outgoing.username or outgoing.from_address)
    is_same = (incoming.username, incoming.reply_address) == (outgoing.username, outgoing.from_address)
    if is_shared and is_same:
        return outgoing.mailbox
    return incoming.username or incoming.reply_address


def inherited(outgoing: Outgoing) -> dict[str, Any]:
    """The fallbacks of incoming settings, by name."""
    return {
        "username": outgoing.username,
        "password": outgoing.password,
        "oauth_application": outgoing.oauth_application,
        "reply_address": outgoing.from_address,
    }


def _filled(section: _SectionT, fallbacks: dict[str, Any]) -> _SectionT:
    return section.model_copy(update={k: v for k, v in fallbacks.items() if not getattr(section, k)})
