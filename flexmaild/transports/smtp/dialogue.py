"""One SMTP session (RFC 5321) up to the point where mail can be sent: greeting, EHLO, TLS, login.

smtplib parses EHLO and the replies; the connection, its limits and the login are ours. Never sends a mail,
never continues without the TLS that the settings demand, never traces a secret.
"""

import base64
import binascii
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from typing import NamedTuple

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater, printable
from flexmaild.core.redacted import redacted
from flexmaild.net import sasl
from flexmaild.net.certificates import Certificate
from flexmaild.net.connect import connect
from flexmaild.net.deadline_socket import DeadlineSocket
from flexmaild.net.tls import read_certificate, secure
from flexmaild.settings.javamail.session import SmtpSession
from flexmaild.transports.smtp.replies import failure

Trace = Callable[[str], None]

# The enhanced status code that every line of a reply begins with (RFC 2034 section 4).
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3} ")
# RFC 4954 section 4: a longer first response does not go into the AUTH line.
_LONGEST_INITIAL = 12288


class Reply(NamedTuple):
    """A complete reply; `text` may have several lines."""

    code: int
    text: str

    @property
    def line(self) -> str:
        return printable(f"{self.code} {self.text}")


class Dialogue:
    """`connection` is open until `leave` or `drop`."""

    def __init__(self, session: SmtpSession, trace: Trace | None = None) -> None:
        self.session = session
        self.connection: DeadlineSocket = connect(session)
        self._trace = trace
        # With a local host name given, smtplib asks no DNS for one.
        self._smtp = smtplib.SMTP(local_hostname=_ehlo_name(session, self.connection))
        self._smtp.sock = self.connection  # type: ignore[assignment]

    def offers(self, extension: str) -> bool:
        return bool(self._smtp.has_extn(extension))

    def parameter(self, extension: str) -> str:
        """The parameters of an extension in the reply to EHLO."""
        return str(self._smtp.esmtp_features.get(extension.lower(), "")).strip()

    def expect(self, step: str, *, seconds: float = 0.0) -> None:
        """Limit the next replies, which belong to this step, to the read timeout, or to `seconds`.

        Twice that in total: a server that sends its reply byte by byte is as dead as a silent one.
        """
        silence = seconds or self.session.read_timeout
        self.connection.begin(step, silence=silence, total=2 * silence, most=1 << 16)

    def send(self, *lines: str) -> None:
        """Send commands in one write. They hold no line ends: addresses were checked by the caller."""
        for line in lines:
            self.note(f"> {line}")
        self.connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def reply(self) -> Reply:
        """The next reply. Raises TryLater when the connection ends or the reply is not SMTP."""
        try:
            code, text = self._smtp.getreply()
        except smtplib.SMTPServerDisconnected as error:
            raise self._lost("the server closed the connection") from error
        except smtplib.SMTPException as error:
            raise self._lost(f"the reply is not SMTP: {printable(redacted(str(error)))[:100]}") from error
        reply = Reply(code, _once_coded(text.decode("utf-8", "replace")))
        if self._trace:
            self._trace(f"< {reply.line}")
        if not 200 <= code <= 599:
            raise self._lost("the reply is not SMTP")
        return reply

    def command(self, step: str, line: str) -> Reply:
        self.expect(step)
        self.send(line)
        return self.reply()

    def note(self, line: str) -> None:
        if self._trace:
            self._trace(line)

    def drop(self) -> None:
        self.connection.close()

    def leave(self) -> None:
        """QUIT; waits for the answer unless the settings say otherwise (mail.smtp.quitwait). Never raises."""
        try:
            self.expect("quit", seconds=min(5.0, self.session.read_timeout))
            self.send("QUIT")
            if self.session.quit_wait:
                self.reply()
        except Failure:
            return
        finally:
            self.drop()

    # Opening, in the order of RFC 5321 and RFC 3207.

    def read_greeting(self) -> None:
        self.expect("greeting")
        reply = self.reply()
        if reply.code != 220:
            raise failure(reply, "greeting", self.connection.server)

    def send_ehlo(self) -> None:
        """Send EHLO, or HELO where the settings or the server rule EHLO out."""
        reply = self._send_hello("EHLO") if self.session.ehlo else Reply(500, "")
        if 500 <= reply.code <= 599:
            reply = self._send_hello("HELO")
        if reply.code != 250:
            raise failure(reply, "ehlo", self.connection.server)

    def demand_tls(self) -> None:
        """Send STARTTLS; the handshake follows. Raises GiveUp where the server does not offer it."""
        if not self.offers("starttls"):
            raise GiveUp(
                Reason.TLS,
                "the server does not offer STARTTLS, which the settings demand",
                step="starttls",
                server=self.connection.server,
                cure="Check the port (587 for STARTTLS, 465 for implicit TLS); if the server used to offer "
                "it, something in between may be removing the offer.",
            )
        reply = self.command("starttls", "STARTTLS")
        if reply.code != 220:
            raise TryLater(
                Reason.TLS,
                "the server refused STARTTLS",
                step="starttls",
                server=self.connection.server,
                answer=reply.line,
            )

    def forget_plaintext(self) -> None:
        """Discard what the server said before TLS (RFC 3207 section 4.2)."""
        self._smtp.esmtp_features = {}
        self._smtp.ehlo_resp = self._smtp.helo_resp = None

    def log_in(self, credentials: sasl.Credentials, renew: bool) -> None:
        """Log in by AUTH (RFC 4954). renew: with a new access token instead of the cached one."""
        if not self.session.user or self.session.auth_type == "none":
            return
        mechanism = sasl.choose(self.session, self.parameter("auth").replace("=", " ").split())
        sasl.guard_secret(self.session, self.connection, mechanism)
        exchange, reply = self._exchange(mechanism, credentials, renew)
        if reply.code != 235:
            lasting = reply.code >= 500
            raise sasl.refused(self.session, self.connection.server, reply.line, exchange, lasting)

    def _exchange(
        self, mechanism: str, credentials: sasl.Credentials, renew: bool
    ) -> tuple[sasl.Exchange, Reply]:
        exchange = sasl.begin(mechanism, self.session, credentials, renew)
        first = "" if exchange.initial is None else base64.b64encode(exchange.initial).decode() or "="
        inline = first if len(first) <= _LONGEST_INITIAL else ""
        self.expect("login")
        self.note(f"> AUTH {mechanism}{' (secret)' if inline else ''}")
        self.connection.sendall(f"AUTH {mechanism} {inline}".rstrip().encode() + b"\r\n")
        reply = self.reply()
        if reply.code == 334 and first and not inline:
            reply = self._respond(first)
        for _ in range(4):
            if reply.code != 334:
                break
            reply = self._respond(base64.b64encode(exchange.answer(_decoded(reply.text))).decode())
        return exchange, reply

    def _respond(self, line: str) -> Reply:
        self.note("> (secret)")
        self.connection.sendall(line.encode() + b"\r\n")
        return self.reply()

    def _send_hello(self, verb: str) -> Reply:
        self.expect("ehlo")
        self.note(f"> {verb} {self._smtp.local_hostname}")
        try:
            code, text = self._smtp.ehlo() if verb == "EHLO" else self._smtp.helo()
        except smtplib.SMTPException as error:
            raise self._lost("the server closed the connection") from error
        reply = Reply(code, text.decode("utf-8", "replace"))
        self.note(f"< {reply.line}")
        return reply

    def _lost(self, text: str) -> Failure:
        return TryLater(Reason.NETWORK, text, step=self.connection.step, server=self.connection.server)


def open_dialogue(
    session: SmtpSession, credentials: sasl.Credentials, trace: Trace | None = None, renew: bool = False
) -> Dialogue:
    """A session that is encrypted and logged in as the settings demand; a refused token is renewed once.
    Raises TryLater/GiveUp."""
    dialogue = before_tls(session, trace)
    try:
        if session.tls != "none":
            encrypt(dialogue, session)
        dialogue.log_in(credentials, renew)
    except Failure as error:
        dialogue.drop()
        if not renew and sasl.may_renew(error, session, credentials):
            return open_dialogue(session, credentials, trace, renew=True)
        raise
    return dialogue


def encrypt(dialogue: Dialogue, session: SmtpSession) -> None:
    """Do the handshake and what follows it, up to the login."""
    dialogue.expect("tls")
    secure(dialogue.connection, session, lambda context: _refused_certificate(session, context))
    dialogue.note(f"= {dialogue.connection.tls_version}")
    if session.tls == "implicit":
        dialogue.read_greeting()
    dialogue.forget_plaintext()
    dialogue.send_ehlo()


def before_tls(session: SmtpSession, trace: Trace | None) -> Dialogue:
    """A session up to the point where the handshake begins."""
    dialogue = Dialogue(session, trace)
    try:
        if session.tls != "implicit":
            dialogue.read_greeting()
            dialogue.send_ehlo()
        if session.tls == "starttls":
            dialogue.demand_tls()
    except Failure:
        dialogue.drop()
        raise
    return dialogue


def _refused_certificate(session: SmtpSession, context: ssl.SSLContext) -> Certificate | None:
    """The certificate of a server whose certificate was refused; sends nothing beyond STARTTLS."""
    try:
        dialogue = before_tls(session, None)
    except Failure:
        return None
    try:
        dialogue.expect("tls")
        dialogue.connection.start_tls(context, session.host)
        return read_certificate(dialogue.connection)
    except Failure:
        return None
    finally:
        dialogue.drop()


def _ehlo_name(session: SmtpSession, connection: DeadlineSocket) -> str:
    """The name for EHLO: a fully qualified name, else the local address (RFC 5321 section 4.1.4)."""
    name = session.local_host or socket.gethostname()
    if session.local_host or "." in name:
        return name
    return connection.local_host


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=False)
    except (binascii.Error, ValueError):
        return b""


def _once_coded(text: str) -> str:
    """The lines of a reply without the status code of the first in those that follow: it would stand in the
    middle of what the server has wrapped."""
    status = _STATUS.match(text)
    return text.replace(f"\n{status[0]}", "\n") if status else text
