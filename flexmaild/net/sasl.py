"""The login mechanisms of SMTP and IMAP (SASL, RFC 4422), as answers to a server's challenges.

Used by the SMTP and IMAP clients, each of which wraps the answers in its own protocol. Never logs.
"""

import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flexmaild.core.addresses import is_loopback
from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater, printable
from flexmaild.core.redacted import redacted
from flexmaild.core.retry import is_refused_login
from flexmaild.net.answers import known_answer, read_answers
from flexmaild.net.deadline_socket import DeadlineSocket
from flexmaild.settings.javamail.session import Session

# Mechanisms that carry an OAuth access token in place of a password.
_TOKEN_MECHANISMS = ("XOAUTH2", "OAUTHBEARER")
# Their answer to a challenge is the secret itself, so they need an encrypted connection; CRAM-MD5 does not.
_PASSWORD_IN_CLEAR = ("PLAIN", "LOGIN")
_REVEALING = frozenset({*_PASSWORD_IN_CLEAR, *_TOKEN_MECHANISMS})
_ANSWERS = read_answers(__package__, "login_answers.toml")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the secrets come from; both are called at each login, so that rotating them needs no reload.

    password: returns the password. token: returns an access token; True asks for a new one.
    """

    password: Callable[[], str]
    token: Callable[[bool], str] | None = None


@dataclass(slots=True)
class Exchange:
    """One login: `answer` is called with each challenge. complaint: the server's error report about a token,
    decoded (RFC 7628 section 3.2.2)."""

    mechanism: str
    initial: bytes | None
    _steps: list[Callable[[bytes], bytes]] = field(default_factory=list)
    complaint: str = ""

    def answer(self, challenge: bytes) -> bytes:
        if self._steps:
            return self._steps.pop(0)(challenge)
        if self.mechanism in _TOKEN_MECHANISMS:
            self.complaint = _clear_complaint(challenge)
            # An error challenge is answered, so that the server ends the exchange with its own message.
            return b"\x01" if self.mechanism == "OAUTHBEARER" else b""
        return b""


def choose(session: Session, offered: Iterable[str], fallback: str = "") -> str:
    """The first mechanism of the settings that the server offers, else `fallback`, which sends a password in
    clear. Where the settings name a mechanism for tokens, the secret may be one, and a token is never sent as
    a password.

    Raises GiveUp(AUTH) when there is neither.
    """
    offers = {name.upper() for name in offered}
    wanted = [name.upper() for name in session.mechanisms]
    if session.auth_type == "oauth":
        wanted = [name for name in wanted if name in _TOKEN_MECHANISMS] or list(_TOKEN_MECHANISMS)
    for name in wanted:
        if name in offers and name in _EXCHANGES:
            return name
    takes_token = not set(_TOKEN_MECHANISMS).isdisjoint(wanted)
    if fallback and not takes_token and not set(_PASSWORD_IN_CLEAR).isdisjoint(wanted):
        return fallback
    raise GiveUp(
        Reason.AUTH,
        f"the server offers no way to log in that the settings allow "
        f"(offered: {', '.join(sorted(offers)) or 'none'}; allowed: {', '.join(wanted)})",
        step="login",
        server=f"{session.host}:{session.port}",
        cure=_CURE_NO_TOKENS if takes_token else _CURE_NO_MECHANISM,
    )


_CURE_NO_MECHANISM = "Servers often offer logins only after STARTTLS: check TLS, port and auth_type."
_CURE_NO_TOKENS = (
    "The settings name a login by access token, which is never sent as a password. "
    f"{_CURE_NO_MECHANISM} For a password, use auth_type: basic without XOAUTH2 and OAUTHBEARER."
)


def guard_secret(session: Session, connection: DeadlineSocket, mechanism: str) -> None:
    """Raises GiveUp(TLS) where the mechanism would send a secret in clear to another machine."""
    if connection.tls or mechanism not in _REVEALING or is_loopback(session.host) or session.cleartext_login:
        return
    raise GiveUp(
        Reason.TLS,
        "the connection is not encrypted, so the password is not sent",
        step="login",
        server=connection.server,
        cure="Set starttls: true or use the port with TLS; allow_cleartext_login: true takes the risk.",
    )


def begin(mechanism: str, session: Session, credentials: Credentials, renew: bool) -> Exchange:
    """The exchange for this login. Raises what reading the secret raises."""
    if session.auth_type == "oauth" and credentials.token:
        secret = credentials.token(renew)
    else:
        secret = credentials.password()  # as in JavaMail also for XOAUTH2: the password is the token
    user = session.user
    if "\0" in user or "\0" in secret or "\x01" in user:
        raise GiveUp(
            Reason.AUTH, "user name or password holds a NUL character", step="login", server=session.host
        )
    return _EXCHANGES[mechanism](session, user, secret)


def refused(session: Session, server: str, answer: str, exchange: Exchange | None, lasting: bool) -> Failure:
    """The failure for a refused login, with the cure where the answer is known."""
    words = f"{answer} {exchange.complaint}".strip() if exchange and exchange.complaint else answer
    kind = GiveUp if lasting else TryLater
    return kind(
        Reason.AUTH,
        f"the login of {session.user!r} was refused",
        step="login",
        server=server,
        answer=words,
        cure=_cure(words, session.auth_type == "oauth"),
    )


def may_renew(error: Failure, session: Session, credentials: Credentials) -> bool:
    """Whether a new access token may help: the old one was refused, and there is a supplier of tokens."""
    return (
        isinstance(error, GiveUp)
        and is_refused_login(error)
        and bool(error.answer)
        and session.auth_type == "oauth"
        and credentials.token is not None
    )


def _cure(words: str, oauth: bool) -> str:
    if known := known_answer(_ANSWERS, words):
        return known.cure
    if oauth:
        return (
            "Check that the user is the one who authorised the application, that the mailbox exists, and "
            "that the application holds the permission for this protocol (flexmailctl oauth status)."
        )
    return "Check user name and password, and whether the provider wants an application password."


def _plain(session: Session, user: str, secret: str) -> Exchange:
    first = f"{session.authorization_id}\0{user}\0{secret}".encode()
    return Exchange("PLAIN", first)


def _login(session: Session, user: str, secret: str) -> Exchange:
    return Exchange("LOGIN", None, [lambda _: user.encode(), lambda _: secret.encode()])


def _cram_md5(session: Session, user: str, secret: str) -> Exchange:
    def digest(challenge: bytes) -> bytes:
        return f"{user} {hmac.new(secret.encode(), challenge, 'md5').hexdigest()}".encode()  # RFC 2195

    return Exchange("CRAM-MD5", None, [digest])


def _xoauth2(session: Session, user: str, secret: str) -> Exchange:
    return Exchange("XOAUTH2", f"user={user}\x01auth=Bearer {secret}\x01\x01".encode())


def _oauthbearer(session: Session, user: str, secret: str) -> Exchange:
    name = user.replace("=", "=3D").replace(",", "=2C")
    address = f"host={session.host}\x01port={session.port}"
    return Exchange("OAUTHBEARER", f"n,a={name},\x01{address}\x01auth=Bearer {secret}\x01\x01".encode())


_EXCHANGES: dict[str, Callable[[Session, str, str], Exchange]] = {
    "XOAUTH2": _xoauth2,
    "OAUTHBEARER": _oauthbearer,
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
}


def _clear_complaint(challenge: bytes) -> str:
    """The JSON of an error challenge as "status 401, scope mail", without the token."""
    try:
        said = json.loads(challenge)
    except (ValueError, RecursionError):
        return printable(redacted(challenge.decode("utf-8", "replace")))[:200]
    if not isinstance(said, dict):
        return ""
    return ", ".join(
        f"{printable(redacted(str(key)))[:40]} {printable(redacted(str(value)))[:80]}"
        for key, value in list(said.items())[:6]
    )
