"""From FlexDeploy's fields and property block to what a mail client has to know: a `Session`.

The block wins over the fields, which in FlexDeploy only feed it. Where JavaMail succeeds we do the same;
where it fails silently (clear text, hanging, a value it ignores) there is a finding. Used by `mail`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Literal

from flexmaild.settings.block import Block, read
from flexmaild.settings.ciphers import openssl_name
from flexmaild.settings.faults import Finding
from flexmaild.settings.session import ImapSession, Proxy, Session, SmtpSession

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

Tls = Literal["none", "starttls", "implicit"]
AuthType = Literal["basic", "oauth", "none"]
# Ports whose first byte is settled by IANA's register: a server there hangs or breaks off otherwise.
_TLS_AT_ONCE = (465, 993)
_CLEAR_AT_FIRST = (25, 143, 587)
_PASSWORD_MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
_TOKEN_MECHANISMS = ("XOAUTH2", "OAUTHBEARER")
# RFC 8996 forbids the older ones, and OpenSSL's default is not to have them.
_TLS_VERSIONS = ("TLSv1.2", "TLSv1.3")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one direction that have to do with reaching its server."""

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
    """What the SMTP client has to know, and what is wrong or doubtful; with grave findings it is a guess."""
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
    """What the IMAP client has to know, and what is wrong or doubtful; with grave findings it is a guess."""
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
        fetch_size=block.number("fetchsize", 16384, 1024, 1 << 26),
        allow_read_only=block.flag("allowreadonlyselect", False),
        proxy_auth_user=block.text("proxyauth.user"),
        compress=block.flag("compress.enable", False),
    )
    return session, (*block.findings, *_doubts(session, fields, block))


def _common(block: Block, fields: Fields) -> dict[str, Any]:
    """The part of a session that both protocols have."""
    tls, port = _tls(block, fields)
    auth_type, mechanisms = _login(block, fields)
    account = fields.mailbox or fields.username if auth_type == "oauth" else fields.username
    return {
        "host": block.text("host", block.text("mail.host", fields.host)),
        "port": port,
        "user": "" if auth_type == "none" else block.text("user", block.text("mail.user", account)),
        "auth_type": auth_type,
        "tls": tls,
        "tls_versions": _tls_versions(block),
        "ciphers": _ciphers(block),
        "trust": _trust(block),
        "check_identity": _check_identity(block),
        "ca_file": fields.ca_file,
        "mechanisms": mechanisms,
        "authorization_id": block.text("sasl.authorizationid"),
        "cleartext_login": fields.allow_cleartext_login,
        "connect_timeout": block.seconds("connectiontimeout", 30.0),
        "read_timeout": block.seconds("timeout", 30.0),
        "write_timeout": block.seconds("writetimeout", 30.0),
        "local_address": block.text("localaddress"),
        "local_port": block.number("localport", 0, 0, 65535),
        "proxy": _proxy(block),
    }


def _tls(block: Block, fields: Fields) -> tuple[Tls, int]:
    port = block.number("port", fields.port, 1, 65535)
    starttls = block.flag("starttls.enable", fields.starttls)
    required = block.flag("starttls.required", starttls)
    if starttls and not required:
        block.note(
            "starttls.required", "is without effect: STARTTLS is demanded once it is enabled", grave=False
        )
    wanted: Tls = "starttls" if starttls or required else "none"
    factory = block.text("socketFactory.class")
    factory_port = block.number("socketFactory.port", port, 1, 65535)
    own_port = block.number("ssl.socketFactory.port", port, 1, 65535)
    if block.flag("socketFactory.fallback", False):
        block.note(
            "socketFactory.fallback", "is without effect: nothing is ever repeated without TLS", grave=False
        )
    if block.flag("ssl.enable", _secure_by_name(block)):
        _own_factory(block, "ssl.socketFactory.class")
        return "implicit", own_port if block.has("ssl.socketFactory.class") else port
    if not factory:
        return wanted, port
    if not _is_ssl_factory(block, factory):
        return wanted, factory_port
    if wanted == "starttls" and port not in _TLS_AT_ONCE:
        text = "gives way to starttls.enable=true; for TLS from the start set ssl.enable=true"
        block.note("socketFactory.class", text, grave=False)
        return "starttls", port
    return "implicit", factory_port


def _secure_by_name(block: Block) -> bool:
    """Whether protocol and provider class alone mean TLS: SMTPTransport under smtps takes it away."""
    known = {"SMTPTransport": False, "IMAPStore": False, "SMTPSSLTransport": True, "IMAPSSLStore": True}
    name = block.text("class").rpartition(".")[2]
    if name and name not in known:
        block.note("class", "names a Java class, which cannot be loaded here: it is passed over", grave=False)
    return known.get(name, block.protocol.endswith("s"))


def _is_ssl_factory(block: Block, name: str) -> bool:
    if name in ("javax.net.SocketFactory", "javax.net.DefaultSocketFactory"):
        return False
    if "SSL" not in name:
        block.note(
            "socketFactory.class",
            "names a Java class, which cannot be loaded here; for TLS set ssl.enable=true",
        )
    _own_factory(block, "socketFactory.class")
    return True


def _own_factory(block: Block, name: str) -> None:
    """Warn of factories people wrote themselves, mostly to trust any certificate."""
    text = block.text(name)
    if text and "SSL" in text and not text.startswith(("javax.net.ssl.", "com.sun.", "sun.security.")):
        block.note(
            name, "is a class of your own: certificates are checked as usual, see ca_file", grave=False
        )


def _tls_versions(block: Block) -> tuple[str, ...]:
    given = block.words("ssl.protocols")
    if any("," in word for word in given):
        block.note("ssl.protocols", "must be separated by blanks, not commas: JavaMail fails here")
        return ()
    usable = tuple(word for word in given if word in _TLS_VERSIONS)
    for word in set(given) - set(usable):
        old = word in ("TLSv1", "TLSv1.1", "SSLv3", "SSLv2", "SSLv2Hello")
        text = f"{word} is no longer allowed (RFC 8996)" if old else "it knows no such version"
        block.note("ssl.protocols", f"must be TLSv1.2, TLSv1.3 or both: {text}", grave=not (old and usable))
    return usable


def _ciphers(block: Block) -> tuple[str, ...]:
    names: list[str] = []
    for word in block.words("ssl.ciphersuites", commas=True):
        name = openssl_name(word)
        if name is None:
            block.note("ssl.ciphersuites", "names a cipher suite that is unknown or not secure: take it out")
        elif name:
            names.append(name)
    return tuple(names)


def _trust(block: Block) -> tuple[str, ...]:
    hosts = block.words("ssl.trust")
    if hosts:
        whom = "any server" if "*" in hosts else "these hosts"
        block.note(
            "ssl.trust", f"takes any certificate from {whom}: name your authority in ca_file", grave=False
        )
    return hosts


def _check_identity(block: Block) -> bool:
    checked = block.flag("ssl.checkserveridentity", True)
    if not checked:
        block.note("ssl.checkserveridentity", "is false: a certificate for any name is taken", grave=False)
    return checked


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
        _no_mechanism(block, name, known)
    elif set(listed) - set(known):
        passed = ", ".join(sorted(set(listed) - set(known)))
        block.note(name, f"lists {passed}, which cannot be used here: passed over", grave=False)
    return auth_type, usable


def _no_mechanism(block: Block, name: str, known: tuple[str, ...]) -> None:
    about = name if block.has(name) else next(n for n in block.values if n.startswith("auth."))
    block.note(about, f"leaves no way to log in: allow one of {', '.join(known)}")


def _proxy(block: Block) -> Proxy | None:
    http, socks = block.text("proxy.host"), block.text("socks.host")
    if http and socks:
        block.note("socks.host", "stands beside proxy.host: keep one of the two")
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
    """Combinations that hang, or that show a password to the network."""
    if any(finding.grave for finding in block.findings):
        return []
    if session.tls != "implicit" and session.port in _TLS_AT_ONCE:
        cure = "add ssl.enable=true to properties, or use the STARTTLS port"
        return [
            _port_doubt(
                session, fields, block, f"expects TLS from the first byte, so this would hang: {cure}"
            )
        ]
    if session.tls == "implicit" and session.port in _CLEAR_AT_FIRST:
        cure = f"set starttls: true without ssl.enable, or use port {993 if session.port == 143 else 465}"
        return [
            _port_doubt(
                session, fields, block, f"begins in clear text, and TLS from the start is set: {cure}"
            )
        ]
    if session.tls != "none" or not session.user or _is_loopback(session.host):
        return []
    whither = f"the password go to {session.host} in clear text"
    path = ("allow_cleartext_login",)
    if fields.allow_cleartext_login:
        return [Finding(path, f"lets {whither}", grave=False)]
    cure = "use TLS, or set this to true if nobody can listen"
    return [Finding(path, f"is false, and without TLS the settings would let {whither}: {cure}")]


def _port_doubt(session: Session, fields: Fields, block: Block, text: str) -> Finding:
    """A finding where the port was written: in the block, or in the field that feeds it."""
    names = ("socketFactory.port", "ssl.socketFactory.port", "port")
    inside = next((n for n in names if block.has(n) and block.text(n) == str(session.port)), None)
    if session.port == fields.port or inside is None:
        return Finding(("port",), f"{session.port} {text}")
    return Finding(("properties",), f"port {session.port} {text}", block.values[inside].at)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in ("localhost", "localhost.localdomain", "ip6-localhost")
