"""The `Session` of a mail client, from FlexDeploy's fields and property block.

The block wins over the fields, which in FlexDeploy only feed it. Where JavaMail succeeds we do the same;
where it fails silently (clear text, hanging, a value it ignores) there is a finding.
"""

from dataclasses import dataclass
from typing import Any

from flexmaild.core.addresses import is_loopback
from flexmaild.settings.faults import Finding
from flexmaild.settings.javamail import tls as javamail_tls
from flexmaild.settings.javamail.block import Block, read
from flexmaild.settings.javamail.session import TIMEOUT, AuthType, ImapSession, Proxy, Session, SmtpSession
from flexmaild.settings.javamail.tls import CLEAR_AT_FIRST, TLS_AT_ONCE

# The default blocks of FlexDeploy's page, byte for byte.
SMTP_BLOCK = """\
PROTOCOL=smtp
mail.${{PROTOCOL}}.host=${{SMTP_HOST_NAME}}
mail.${{PROTOCOL}}.port=${{SMTP_HOST_PORT}}
mail.${{PROTOCOL}}.starttls.enable=${{SMTP_ENABLE_TLS}}
mail.${{PROTOCOL}}.connectiontimeout=30000
mail.${{PROTOCOL}}.timeout=30000
mail.${{PROTOCOL}}.writetimeout=30000
mail.${{PROTOCOL}}.class=com.sun.mail.smtp.SMTPTransport
mail.${{PROTOCOL}}.ssl.protocols=TLSv1.2
"""
IMAP_BLOCK = """\
PROTOCOL=imap
mail.${{PROTOCOL}}.host=${{IMAP_HOST_NAME}}
mail.${{PROTOCOL}}.port=${{IMAP_HOST_PORT}}
mail.${{PROTOCOL}}.socketFactory.class=javax.net.ssl.SSLSocketFactory
mail.${{PROTOCOL}}.starttls.enable=${{IMAP_ENABLE_STARTTLS}}
mail.${{PROTOCOL}}.socketFactory.port=${{IMAP_HOST_PORT}}
#mail.${{PROTOCOL}}.socketFactory.fallback=false
#mail.${{PROTOCOL}}.ssl.enable=true
#mail.${{PROTOCOL}}.connectiontimeout=5000
#mail.${{PROTOCOL}}.timeout=5000
"""

_PASSWORD_MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
_TOKEN_MECHANISMS = ("XOAUTH2", "OAUTHBEARER")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one direction that concern its server."""

    host: str
    port: int
    starttls: bool
    properties: str
    auth_type: AuthType = "basic"
    username: str = ""
    mailbox: str = ""
    oauth_application: str = ""
    ca_file: str = ""
    allow_cleartext_login: bool = False


def smtp_session(fields: Fields) -> tuple[SmtpSession, tuple[Finding, ...]]:
    """The SMTP client's parameters, and findings; with grave ones the parameters are a guess."""
    built_in = {
        "SMTP_HOST_NAME": fields.host,
        "SMTP_HOST_PORT": str(fields.port),
        "SMTP_ENABLE_TLS": str(fields.starttls).lower(),
    }
    block = read(fields.properties, "smtp", built_in)
    common = _common(block, fields)
    if block.has("auth") and not block.flag("auth", True):
        common["user"] = ""
    elif block.has("auth") and not common["user"]:
        block.note("auth", "is true, but there is no user name: set username")
    session = SmtpSession(
        **common,
        envelope_from=block.text("from", block.text("mail.from")),
        local_host=block.text("localhost"),
        ehlo=block.flag("ehlo", True),
        send_partial=block.flag("sendpartial", False),
        allow_8bit=block.flag("allow8bitmime", False),
        dsn_notify=_dsn_notify(block),
        dsn_ret=_one_of(block, "dsn.ret", ("FULL", "HDRS")),
        submitter=block.text("submitter"),
        mail_extension=block.text("mailextension"),
        quit_wait=block.flag("quitwait", True),
        use_rset=block.flag("userset", False),
    )
    return session, (*block.findings, *_doubts(session, fields, block))


def imap_session(fields: Fields) -> tuple[ImapSession, tuple[Finding, ...]]:
    """The IMAP client's parameters, and findings; with grave ones the parameters are a guess."""
    built_in = {
        "IMAP_HOST_NAME": fields.host,
        "IMAP_HOST_PORT": str(fields.port),
        "IMAP_ENABLE_STARTTLS": str(fields.starttls).lower(),
    }
    block = read(fields.properties, "imap", built_in)
    session = ImapSession(
        **_common(block, fields),
        peek=block.flag("peek", True),
        partial_fetch=block.flag("partialfetch", True),
        proxy_auth_user=block.text("proxyauth.user"),
        compress=block.flag("compress.enable", False),
    )
    return session, (*block.findings, *_doubts(session, fields, block))


def _common(block: Block, fields: Fields) -> dict[str, Any]:
    """The parameters that both protocols have."""
    tls, port = javamail_tls.mode_and_port(block, fields.port, fields.starttls)
    auth_type, mechanisms = _login(block, fields)
    account = fields.mailbox or fields.username if auth_type == "oauth" else fields.username
    return {
        "host": block.text("host", block.text("mail.host", fields.host)),
        "port": port,
        "user": "" if auth_type == "none" else block.text("user", block.text("mail.user", account)),
        "auth_type": auth_type,
        "tls": tls,
        "tls_versions": javamail_tls.versions(block),
        "ciphers": javamail_tls.ciphers(block),
        "trust": javamail_tls.trust(block),
        "check_identity": javamail_tls.check_identity(block),
        "ca_file": fields.ca_file,
        "mechanisms": mechanisms,
        "authorization_id": block.text("sasl.authorizationid"),
        "cleartext_login": fields.allow_cleartext_login,
        "connect_timeout": block.seconds("connectiontimeout", TIMEOUT),
        "read_timeout": block.seconds("timeout", TIMEOUT),
        "write_timeout": block.seconds("writetimeout", TIMEOUT),
        "local_address": block.text("localaddress"),
        "local_port": block.number("localport", 0, 0, 65535),
        "proxy": _proxy(block),
    }


def _login(block: Block, fields: Fields) -> tuple[AuthType, tuple[str, ...]]:
    name = (
        "sasl.mechanisms"
        if block.flag("sasl.enable", False) and block.has("sasl.mechanisms")
        else "auth.mechanisms"
    )
    listed = tuple(word.upper() for word in block.words(name, commas=True))
    auth_type: AuthType = fields.auth_type
    tokens_wanted = any(word in _TOKEN_MECHANISMS for word in listed)
    if auth_type == "basic" and tokens_wanted and fields.oauth_application:
        auth_type = "oauth"
    default = _TOKEN_MECHANISMS if auth_type == "oauth" else _PASSWORD_MECHANISMS
    known = _TOKEN_MECHANISMS if auth_type == "oauth" else _PASSWORD_MECHANISMS + _TOKEN_MECHANISMS
    disabled = {m for m in known if block.flag(f"auth.{m.lower()}.disable", False)} - set(listed)
    usable = tuple(word for word in (listed or default) if word in known and word not in disabled)
    if not usable and auth_type != "none":
        _note_no_mechanism(block, name, known)
    elif set(listed) - set(known):
        passed = ", ".join(sorted(set(listed) - set(known)))
        block.note(name, f"lists {passed}, which cannot be used here: passed over", grave=False)
    return auth_type, usable


def _note_no_mechanism(block: Block, name: str, known: tuple[str, ...]) -> None:
    about = name if block.has(name) else next(n for n in block.values if n.startswith("auth."))
    block.note(about, f"leaves no way to log in: allow one of {', '.join(known)}")


def _proxy(block: Block) -> Proxy | None:
    http, socks = block.text("proxy.host"), block.text("socks.host")
    if http and socks:
        block.note("socks.host", "is given together with proxy.host: keep one of the two")
    if http:
        port = block.number("proxy.port", 80, 1, 65535)
        return Proxy("http", http, port, block.text("proxy.user"), block.text("proxy.password"))
    return Proxy("socks5", socks, block.number("socks.port", 1080, 1, 65535)) if socks else None


def _dsn_notify(block: Block) -> str:
    words = block.words("dsn.notify", commas=True)
    if words and words != ("NEVER",) and not set(words) <= {"SUCCESS", "FAILURE", "DELAY"}:
        block.note("dsn.notify", "must be NEVER, or some of SUCCESS,FAILURE,DELAY")
    return ",".join(words)


def _one_of(block: Block, name: str, choices: tuple[str, ...]) -> str:
    text = block.text(name)
    if text and text not in choices:
        block.note(name, f"must be {' or '.join(choices)}")
    return text


def _doubts(session: Session, fields: Fields, block: Block) -> list[Finding]:
    """Findings on combinations that hang, or that send a password in clear text."""
    if any(finding.grave for finding in block.findings):
        return []
    if session.tls != "implicit" and session.port in TLS_AT_ONCE:
        cure = "add ssl.enable=true to properties, or use the STARTTLS port"
        return [
            _port_doubt(
                session, fields, block, f"expects TLS from the first byte, so this would hang: {cure}"
            )
        ]
    if session.tls == "implicit" and session.port in CLEAR_AT_FIRST:
        cure = f"set starttls: true without ssl.enable, or use port {993 if session.port == 143 else 465}"
        return [
            _port_doubt(
                session, fields, block, f"begins in clear text, and TLS from the start is set: {cure}"
            )
        ]
    if session.tls != "none" or not session.user or is_loopback(session.host):
        return []
    exposure = f"the password go to {session.host} in clear text"
    path = ("allow_cleartext_login",)
    if fields.allow_cleartext_login:
        return [Finding(path, f"lets {exposure}", grave=False)]
    cure = "use TLS, or set this to true if no one can eavesdrop"
    return [Finding(path, f"is false, and without TLS the settings would let {exposure}: {cure}")]


def _port_doubt(session: Session, fields: Fields, block: Block, text: str) -> Finding:
    """A finding where the port was written: in the block, or in the field that feeds it."""
    names = ("socketFactory.port", "ssl.socketFactory.port", "port")
    inside = next((n for n in names if block.has(n) and block.text(n) == str(session.port)), None)
    if session.port == fields.port or inside is None:
        return Finding(("port",), f"{session.port} {text}")
    return Finding(("properties",), f"port {session.port} {text}", block.values[inside].at)
