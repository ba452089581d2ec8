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
    """Transport for outgoing mail."""
    auth_type: AuthType = "basic"
    """How to log in: `basic` (user name and password; without a user name no login), `oauth` or `none`."""
    host: Host = defaults.OUTGOING_HOST
    """Host name of the outgoing mail server."""
    port: Port = 25
    """Port of the outgoing mail server: 25 or 587 for STARTTLS, 465 for implicit TLS."""
    username: Line = ""
    """User name for the login; with OAuth the user who authorised the application. Empty: no login."""
    password: Secret | None = None
    """Password of the user; not needed with OAuth."""
    oauth_application: Line = ""
    """Name of the application under `oauth_applications`, for `auth_type: oauth`."""
    from_address: Address = "noreply@domain.com"
    """Sender address of all mails."""
    starttls: Flag = True
    """Require STARTTLS. If the server does not offer it, the connection is closed before the login."""
    properties: _PropertyBlock = Field(default=session_of.SMTP_BLOCK, repr=False)
    """FlexDeploy's SMTP Properties in Java syntax. The block takes precedence over the fields above."""
    ca_file: AbsolutePath | None = None
    """PEM file of certificate authorities, used instead of the system's."""
    allow_cleartext_login: Flag = False
    """Allow a login without TLS to a host other than this machine; the password is sent in clear text."""
    mailbox: Line = ""
    """Mailbox to send from with OAuth or Graph, such as a shared mailbox. Default: `username`, else
    `from_address`."""
    save_to_sent_items: Flag = False
    """Keep a copy in Sent Items (Graph only)."""
    give_up_after: Annotated[timedelta, Duration("1m", "30d")] = timedelta(days=5)
    """How long sending is retried after temporary failures before the mail counts as failed (RFC 5321
    4.5.4.1)."""

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
    """Enable approval by mail (FlexDeploy: Enable Email Approval)."""
    transport: str = DEFAULT_IN
    """Transport for incoming mail."""
    auth_type: AuthType = "basic"
    """How to log in: `basic` (user name and password; without a user name no login), `oauth` or `none`."""
    host: Host = defaults.INCOMING_HOST
    """Host name of the incoming mail server; required when `enabled`."""
    port: Port = 993
    """Port of the incoming mail server: 993 for implicit TLS, 143 for STARTTLS."""
    username: Line = ""
    """User name for the login. Default: `outgoing.username`."""
    password: Secret | None = None
    """Password of the user; not needed with OAuth. Default: `outgoing.password`."""
    oauth_application: Line = ""
    """Name of the application under `oauth_applications`. Default: `outgoing.oauth_application`."""
    starttls: Flag = False
    """Require STARTTLS before the login. Not needed with implicit TLS (port 993)."""
    properties: _PropertyBlock = Field(default=session_of.IMAP_BLOCK, repr=False)
    """FlexDeploy's IMAP Properties in Java syntax. The block takes precedence over the fields above."""
    ca_file: AbsolutePath | None = None
    """PEM file of certificate authorities, used instead of the system's."""
    allow_cleartext_login: Flag = False
    """Allow a login without TLS to a host other than this machine; the password is sent in clear text."""
    mailbox: Line = ""
    """Mailbox to read with OAuth or Graph, such as a shared mailbox. Default: `outgoing.mailbox` if it is set
    and user and address are the same for both directions; else `username`, else `reply_address`."""
    reply_folder: Line = "INBOX"
    """Folder that replies are read from. **flexmaild removes every mail in it after processing.**"""
    reply_address: OptionalAddress = ""
    """Address for replies; its mail must arrive in this mailbox. Default: `outgoing.from_address`."""
    reply_aliases: tuple[Address, ...] = ()
    """Other addresses whose mail arrives in this mailbox: old names, a group, other domains. A reply to one
    of them counts as addressed to flexmaild; a mail from one of them counts as flexmaild's own."""
    plus_address: Flag = False
    """Add the reference to the reply address (replies+REFERENCE@…). The mail server must support plus
    addresses."""
    process_interval: Annotated[timedelta, Duration("1s", "1d", bare="m")] = READ_EVERY
    """Interval between reads of the mailbox; a bare number is minutes."""
    process_count: Annotated[Number, Field(ge=1, le=10000)] = 30
    """Maximum number of mails per interval, whatever started the read."""
    after_processing: AfterProcessing = AfterProcessing()
    """What happens to a processed mail: `delete`, or `{move: Folder}`."""
    permanent_delete: Flag = False
    """Delete permanently, not into Recoverable Items (Graph only, in clouds that support it)."""
    keep_raw: Annotated[timedelta, Duration("0s", "400d")] = timedelta(days=30)
    """How long the raw bytes of processed mails are kept in the store, for audit and quarantine."""
    max_message_size: Annotated[int, Bytes("64KiB", "150MiB")] = LARGEST_MAIL
    """Larger mails are quarantined unread, unless a large attachment can be left out: then the text parts are
    read."""
    sender_authentication: SenderAuthentication = SenderAuthentication()
    """How the sender of a reply is authenticated."""

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
