"""A connection to an IMAP server, encrypted and logged in, every command bounded in time and bytes.

IMAPClient parses the answers; the connection below it is a `net.deadline_socket.DeadlineSocket`, which also
bounds literals with a false length. Traces no secret and no body.
"""

import imaplib
import ssl
from collections.abc import Callable, Iterable
from typing import Any

from imapclient import IMAPClient

from flexmaild.core.errors import Failure, GiveUp, Reason, printable
from flexmaild.net import sasl
from flexmaild.net.certificates import Certificate
from flexmaild.net.connect import connect
from flexmaild.net.deadline_socket import DeadlineSocket
from flexmaild.net.tls import read_certificate, secure
from flexmaild.settings.javamail.session import ImapSession
from flexmaild.transports.imap.errors import UNREADABLE, failure, translated

Trace = Callable[[str], None]

# The LOGIN command of RFC 9051 itself, for servers that offer no SASL mechanism we have.
_LOGIN_COMMAND = "LOGIN command"


class _Protocol(imaplib.IMAP4):
    """imaplib on a deadline socket, by the methods that imaplib documents for subclasses."""

    def __init__(self, connection: DeadlineSocket, trace: Trace | None) -> None:
        self.connection = connection
        self.trace = trace
        self.hides_sent = False
        super().__init__()

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.sock = self.connection  # type: ignore[assignment]

    def read(self, size: int) -> bytes:
        return self.connection.read_exactly(size)

    def readline(self) -> bytes:
        line = self.connection.read_line()
        if self.trace:
            self.trace(f"< {_without_bodies(line)}")
        return line

    def send(self, data: Any) -> None:
        if self.trace:
            self.trace(
                "> (secret)" if self.hides_sent else f"> {printable(bytes(data).decode('utf-8', 'replace'))}"
            )
        self.connection.sendall(bytes(data))

    def shutdown(self) -> None:
        self.connection.close()

    def upgrade(self, handshake: Callable[[], None]) -> None:
        """STARTTLS (RFC 9051 section 6.2.1); what the server said before it is discarded."""
        status, data = self._simple_command("STARTTLS")
        if status != "OK":
            raise self.error(f"starttls failed: {data[0]!r}")
        handshake()
        self.untagged_responses.clear()
        self._get_capabilities()


class Client(IMAPClient):  # type: ignore[misc]
    """IMAPClient on a deadline socket. `begin` sets the limits of time and bytes for the next commands."""

    def __init__(self, session: ImapSession, connection: DeadlineSocket, trace: Trace | None) -> None:
        self.session = session
        self.connection = connection
        self._trace = trace
        super().__init__(session.host, session.port, ssl=False)
        # IMAPClient turns imaplib's own log on, which would hold passwords.
        self.protocol.debug = 0

    def _create_IMAP4(self) -> _Protocol:
        return _Protocol(self.connection, self._trace)

    def _set_read_timeout(self) -> None:
        """Nothing: the deadline socket has its own."""

    @property
    def protocol(self) -> _Protocol:
        protocol: _Protocol = self._imap
        return protocol

    def begin(self, step: str, most: int = 0) -> None:
        """Limit the next commands to `most` bytes beyond 1 MiB of lines, to the read timeout without a byte,
        and to twice as long and a second for every 64 KiB in all."""
        silence = self.session.read_timeout
        self.connection.begin(step, silence=silence, total=2 * silence + most / 65536, most=(1 << 20) + most)

    def counted(self, word: str) -> list[int]:
        """The numbers of the untagged EXISTS or EXPUNGE lines since the last call, in order."""
        _, lines = self.protocol.response(word)
        return [int(line) for line in lines if line]

    def has(self, capability: str) -> bool:
        """Whether the server has the capability after the login."""
        return bool(self.has_capability(capability))

    def drop(self) -> None:
        self.connection.close()

    def leave(self) -> None:
        """LOGOUT within a few seconds; never raises."""
        silence = min(5.0, self.session.read_timeout)
        try:
            self.connection.begin("logout", silence=silence, total=silence)
            self.logout()
        except (Failure, OSError, *UNREADABLE):
            return
        finally:
            self.drop()


def open_client(
    session: ImapSession, credentials: sasl.Credentials, trace: Trace | None = None, renew: bool = False
) -> Client:
    """A client that is encrypted and logged in as the settings demand; a refused token is renewed once.

    Raises TryLater/GiveUp.
    """
    client = before_login(session, trace)
    try:
        log_in(client, credentials, renew)
        after_login(client)
    except Failure as error:
        client.drop()
        if not renew and sasl.may_renew(error, session, credentials):
            return open_client(session, credentials, trace, renew=True)
        raise
    return client


def log_in(client: Client, credentials: sasl.Credentials, renew: bool = False) -> None:
    """Log in by AUTHENTICATE, or LOGIN where the server has none of our mechanisms; fails in step "login"."""
    if client.protocol.state == "AUTH":
        return  # PREAUTH: already authenticated, by a tunnel for example
    session, connection = client.session, client.connection
    if not session.user:
        raise GiveUp(
            Reason.AUTH,
            "there is no user name",
            step="login",
            server=connection.server,
            cure="Give a username.",
        )
    mechanism = _mechanism(client)
    sasl.guard_secret(session, connection, "PLAIN" if mechanism == _LOGIN_COMMAND else mechanism)
    client.begin("login")
    client.protocol.hides_sent = True
    exchange = None if mechanism == _LOGIN_COMMAND else sasl.begin(mechanism, session, credentials, renew)
    try:
        if exchange is None:
            _login_command(client, session.user, credentials.password())
        else:
            # Not by IMAPClient's own methods, which report a lost connection as a refused login.
            client.protocol.authenticate(mechanism, _responder(exchange))
    except UNREADABLE as error:
        raise _login_failure(error, client, exchange) from error
    finally:
        client.protocol.hides_sent = False


def _mechanism(client: Client) -> str:
    offered = [name[5:] for name in client.protocol.capabilities if name.startswith("AUTH=")]
    may_login = "LOGINDISABLED" not in client.protocol.capabilities
    return sasl.choose(client.session, offered, fallback=_LOGIN_COMMAND if may_login else "")


def _responder(exchange: sasl.Exchange) -> Callable[[bytes], bytes]:
    """The function that answers challenges; without SASL-IR the first one is empty and asks for the initial
    response."""
    initial = [exchange.initial] if exchange.initial is not None else []

    def respond(challenge: bytes) -> bytes:
        return initial.pop() if initial else exchange.answer(challenge)

    return respond


def _login_command(client: Client, user: str, password: str) -> None:
    for text in (user, password):
        if not text.isascii() or any(c in text for c in "\r\n\0"):
            raise GiveUp(
                Reason.AUTH,
                "this server has only the LOGIN command, which cannot carry these characters",
                step="login",
                server=client.connection.server,
                cure="Use a password of ASCII letters, digits and signs.",
            )
    client.protocol.login(user, password)


def _login_failure(error: BaseException, client: Client, exchange: sasl.Exchange | None) -> Failure:
    found = failure(error, "login", client.connection.server)
    if isinstance(error, imaplib.IMAP4.abort) or not isinstance(error, imaplib.IMAP4.error):
        return found
    if found.reason in {Reason.SERVER, Reason.AUTH} and "[UNAVAILABLE]" not in found.answer.upper():
        return sasl.refused(client.session, client.connection.server, found.answer, exchange, lasting=True)
    return found


def after_login(client: Client) -> None:
    """The steps between login and folder: capabilities, PROXYAUTH, compression."""
    with translated("login", client.connection.server):
        client.capabilities()  # those after the login; asked once
        if client.session.proxy_auth_user:
            client.protocol.proxyauth(plain(client.session.proxy_auth_user))
        if client.session.compress and client.has("COMPRESS=DEFLATE"):
            status, _ = client.protocol.xatom("COMPRESS", "DEFLATE")
            if status == "OK":
                client.connection.start_compression()


def plain(text: str) -> str:
    """The text, checked for use in a command. Raises GiveUp(CLIENT) for characters that end a line."""
    if any(c in text for c in "\r\n\0"):
        raise GiveUp(
            Reason.CLIENT, f"{printable(text)!r:.80} holds a line end and cannot be sent", step="select"
        )
    return text


def before_login(session: ImapSession, trace: Trace | None) -> Client:
    """A client that is connected, greeted and encrypted."""
    connection = connect(session)
    try:
        if session.tls == "implicit":
            _begin(connection, session, "tls")
            secure(connection, session, lambda context: _refused_certificate(session, context))
        client = _greeted(session, connection, trace)
        if session.tls == "starttls":
            _demand_tls(
                client,
                lambda: secure(connection, session, lambda context: _refused_certificate(session, context)),
            )
    except Failure:
        connection.close()
        raise
    return client


def _greeted(session: ImapSession, connection: DeadlineSocket, trace: Trace | None) -> Client:
    _begin(connection, session, "greeting")
    with translated("greeting", connection.server):
        return Client(session, connection, trace)


def _demand_tls(client: Client, handshake: Callable[[], None]) -> None:
    """STARTTLS and the handshake. Raises GiveUp where the server does not offer it or is already past the
    login (PREAUTH): an attacker in between would fake either (NO STARTTLS, nostarttls.secvuln.info)."""
    offered = "STARTTLS" in client.protocol.capabilities
    if client.protocol.state == "AUTH" or not offered:
        raise GiveUp(
            Reason.TLS,
            "the server does not offer STARTTLS, which the settings demand"
            if not offered
            else "the server says we are logged in before encryption began (PREAUTH)",
            step="starttls",
            server=client.connection.server,
            cure="Check the port (143 for STARTTLS, 993 for implicit TLS); if the server used to offer it, "
            "something in between may be removing the offer.",
        )
    client.begin("starttls")
    with translated("starttls", client.connection.server):
        client.protocol.upgrade(handshake)


def _refused_certificate(session: ImapSession, context: ssl.SSLContext) -> Certificate | None:
    """The certificate of a server whose certificate was refused; sends nothing beyond STARTTLS."""
    try:
        connection = connect(session)
    except Failure:
        return None
    try:
        _begin(connection, session, "tls")
        if session.tls == "starttls":
            client = _greeted(session, connection, None)
            _demand_tls(client, lambda: connection.start_tls(context, session.host))
        else:
            connection.start_tls(context, session.host)
        return read_certificate(connection)
    except Failure:
        return None
    finally:
        connection.close()


def _begin(connection: DeadlineSocket, session: ImapSession, step: str) -> None:
    connection.begin(step, silence=session.read_timeout, total=2 * session.read_timeout)


def _without_bodies(line: bytes) -> str:
    """A line for the trace; a short body is inside the line, so the line is cut where one begins."""
    text = printable(line.decode("utf-8", "replace"))
    body = text.find("BODY[")
    return text[: body + 5 if body >= 0 else 400]


def joined(uids: Iterable[int]) -> str:
    """UIDs as a sequence set; numbers only, so no text of a mail can reach a command."""
    return ",".join(str(int(uid)) for uid in uids)
