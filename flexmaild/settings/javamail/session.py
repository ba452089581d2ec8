"""The parameters of a connection to a mail server, made from fields and property block by `session_of`.

Seconds are floats, sizes bytes.
"""

from dataclasses import dataclass, field
from typing import Literal

from flexmaild.system import redaction

AuthType = Literal["basic", "oauth", "none"]
Tls = Literal["none", "starttls", "implicit"]
# Seconds; JavaMail's own default is to wait for ever.
TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy to reach the server through (mail.*.socks.*, mail.*.proxy.*)."""

    kind: Literal["socks5", "http"]
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        redaction.THIS_PROCESS.register(self.password)


@dataclass(frozen=True, slots=True)
class Session:
    """How to connect and log in; the part SMTP and IMAP share.

    tls: "none", "starttls" (demanded: no offer is a failure) or "implicit".
    tls_versions: as OpenSSL names them ("TLSv1.2"), empty for the system's default of 1.2 and up.
    trust: hosts whose certificate is not verified (mail.*.ssl.trust), ("*",) for every host.
    ca_file: PEM file that takes the place of the system's certificate authorities, empty for those.
    mechanisms: SASL mechanisms that may be used, best first ("XOAUTH2", "PLAIN", "LOGIN", "CRAM-MD5", …).
    user: empty means no login. cleartext_login: the operator allowed a password without TLS.
    """

    host: str
    port: int
    user: str = ""
    auth_type: AuthType = "basic"
    tls: Tls = "none"
    tls_versions: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    check_identity: bool = True
    ca_file: str = ""
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN", "CRAM-MD5")
    authorization_id: str = ""
    cleartext_login: bool = False
    connect_timeout: float = TIMEOUT
    read_timeout: float = TIMEOUT
    write_timeout: float = TIMEOUT
    local_address: str = ""
    local_port: int = 0
    proxy: Proxy | None = None


@dataclass(frozen=True, slots=True)
class SmtpSession(Session):
    """The part only SMTP has; each field is the mail.smtp property of that name."""

    envelope_from: str = ""
    local_host: str = ""
    ehlo: bool = True
    send_partial: bool = False
    allow_8bit: bool = False
    dsn_notify: str = ""
    dsn_ret: str = ""
    submitter: str = ""
    mail_extension: str = ""
    quit_wait: bool = True
    use_rset: bool = False


@dataclass(frozen=True, slots=True)
class ImapSession(Session):
    """The part only IMAP has; each field is the mail.imap property of that name."""

    peek: bool = True
    partial_fetch: bool = True
    proxy_auth_user: str = ""
    compress: bool = False
