"""Tries a server step by step and says of each what was tried, what came back and what to do: `doctor`.

Called by the settings classes of the table. Changes nothing on the server: nothing is sent, fetched or
deleted. Stops at the first step that fails, since the ones behind it could only fail alike.
"""

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from flexmaild.core.errors import Failure
from flexmaild.core.ports import Inbox
from flexmaild.core.steps import Step
from flexmaild.net import sasl
from flexmaild.net.certificates import SERVER_NOTICE, Certificate
from flexmaild.net.connect import connect, resolve
from flexmaild.net.deadline_socket import DeadlineSocket
from flexmaild.net.tls import is_trusted_unseen, read_certificate, secure
from flexmaild.settings.javamail.session import ImapSession, Session, SmtpSession
from flexmaild.transports.imap import client as imap_client
from flexmaild.transports.imap.folder import plan_removal, select
from flexmaild.transports.smtp import dialogue as smtp_dialogue

T = TypeVar("T")


class _Stopped(Exception):
    """A step failed; what was found until then stands."""


class Examination:
    """The steps tried so far."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._began = time.monotonic()

    def attempt(self, name: str, tried: str, work: Callable[[], T]) -> T:
        """Do this step; its success is written down by `passed`, its failure here."""
        self._began = time.monotonic()
        try:
            return work()
        except Failure as error:
            answer = f"{error.text} ({error.answer})" if error.answer else error.text
            name = "tls" if error.step in {"starttls", "tls"} else name
            self.steps.append(Step(name, False, tried, answer, error.cure, self._seconds()))
            raise _Stopped from error

    def passed(self, name: str, tried: str, answer: str, cure: str = "") -> None:
        self.steps.append(Step(name, True, tried, answer, cure, self._seconds()))

    def _seconds(self) -> float:
        return time.monotonic() - self._began


def examine_smtp(session: SmtpSession, credentials: sasl.Credentials) -> list[Step]:
    """The steps to a server that is ready to take a mail."""
    found = Examination()
    try:
        _reach(found, session)
        tried = f"connect to {session.host}:{session.port}"
        dialogue = found.attempt("connect", tried, lambda: smtp_dialogue.before_tls(session, None))
        found.passed("connect", tried, "connected" if session.tls == "implicit" else "greeted")
        try:
            if session.tls != "none":
                found.attempt("tls", _tls_tried(session), lambda: smtp_dialogue.encrypt(dialogue, session))
            _note_tls(found, session, dialogue.wire)
            _log_in(found, session, credentials, lambda renew: dialogue.log_in(credentials, renew))
        finally:
            dialogue.leave()
    except _Stopped:
        pass
    return found.steps


def examine_imap(
    session: ImapSession, credentials: sasl.Credentials, folder: str, move_to: str
) -> list[Step]:
    """The steps to an open folder, and whether mails may be removed from it."""
    found = Examination()
    try:
        _reach(found, session)
        tried = f"connect to {session.host}:{session.port}, {_tls_tried(session)}"
        client = found.attempt("connect", tried, lambda: imap_client.before_login(session, None))
        found.passed("connect", tried, "greeted")
        try:
            _note_tls(found, session, client.wire)
            _log_in(found, session, credentials, lambda renew: _imap_login(client, credentials, renew))
            _open_folder(found, client, folder, move_to)
        finally:
            client.leave()
    except _Stopped:
        pass
    return found.steps


def examine_https(address: str, ca_file: str) -> list[Step]:
    """The steps to a server that is spoken to by HTTPS, up to its certificate; nothing is asked of it."""
    found, place = Examination(), urlsplit(address)
    session = Session(place.hostname or "", place.port or 443, tls="implicit", ca_file=ca_file)
    try:
        _reach(found, session)
        tried = f"connect to {session.host}:{session.port}"
        wire = found.attempt("connect", tried, lambda: connect(session))
        found.passed("connect", tried, "connected")
        try:
            wire.begin("tls", silence=session.read_timeout, total=session.connect_timeout)
            look = partial(_seen_certificate, session)
            found.attempt("tls", _tls_tried(session), lambda: secure(wire, session, look))
            _note_tls(found, session, wire)
        finally:
            wire.close()
    except _Stopped:
        pass
    return found.steps


def _seen_certificate(session: Session, context: ssl.SSLContext) -> Certificate | None:
    try:
        wire = connect(session)
    except Failure:
        return None
    try:
        wire.begin("tls", silence=session.read_timeout, total=session.connect_timeout)
        wire.start_tls(context, session.host)
        return read_certificate(wire)
    except Failure:
        return None
    finally:
        wire.close()


def examine_folder(inbox: Inbox, tried: str) -> list[Step]:
    """The steps to an inbox that has no server."""
    found = Examination()
    try:
        state = found.attempt("folder", tried, inbox.open)
    except _Stopped:
        return found.steps
    found.passed("folder", tried, f"{state.messages} mails wait")
    _note_removal(found, "look whether mails can be removed", state.can_delete, state.detail)
    return found.steps


def _reach(found: Examination, session: Session) -> None:
    if session.proxy:
        return  # the proxy resolves the name
    tried = f"look up {session.host}"
    addresses = found.attempt(
        "dns", tried, lambda: resolve(session.host, session.port, session.connect_timeout)
    )
    found.passed("dns", tried, ", ".join(dict.fromkeys(str(address[0]) for _, address in addresses)))


def _tls_tried(session: Session) -> str:
    ways = {"none": "without TLS", "starttls": "STARTTLS", "implicit": "TLS from the start"}
    return ways[session.tls]


def _note_tls(found: Examination, session: Session, wire: DeadlineSocket) -> None:
    tried = _tls_tried(session)
    if not wire.tls:
        cure = "Set starttls: true, or use the port with implicit TLS." if session.user else ""
        found.passed("tls", tried, "the connection is not encrypted", cure)
        return
    certificate = read_certificate(wire)
    if not certificate:
        found.passed("tls", tried, wire.tls_version)
        return
    left = certificate.not_after - datetime.now(UTC)
    answer = (
        f"{wire.tls_version}, certificate for {', '.join(certificate.names[:5]) or certificate.subject}, "
        f"issued by {certificate.issuer}, valid until {certificate.not_after:%Y-%m-%d}"
    )
    cure = ""
    if is_trusted_unseen(session):
        cure = "The certificate is not checked (mail.*.ssl.trust): name the CA's file in ca_file instead."
    elif left < SERVER_NOTICE:
        cure = f"The certificate ends in {left.days} days: its server's administrator has to renew it."
    found.passed("tls", tried, answer, cure)


def _log_in(
    found: Examination, session: Session, credentials: sasl.Credentials, work: Callable[[bool], None]
) -> None:
    """`work` logs in; with True by a new access token, which is tried once, as the adapters do."""

    def once_more() -> None:
        try:
            work(False)
        except Failure as error:
            if not sasl.may_renew(error, session, credentials):
                raise
            work(True)

    if not session.user or session.auth_type == "none":
        found.passed("login", "no login", "the settings name no user, or auth_type: none")
        return
    tried = f"log in as {session.user} ({session.auth_type})"
    found.attempt("login", tried, once_more)
    found.passed("login", tried, "logged in")


def _imap_login(client: imap_client.Client, credentials: sasl.Credentials, renew: bool) -> None:
    imap_client.log_in(client, credentials, renew)
    imap_client.after_login(client)


def _open_folder(found: Examination, client: imap_client.Client, folder: str, move_to: str) -> None:
    tried = f"open the folder {folder}"
    answer = found.attempt("folder", tried, lambda: select(client, folder))
    found.passed("folder", tried, f"{answer.get(b'EXISTS', 0)} mails wait")
    tried = (
        f"look whether mails can be moved to {move_to}" if move_to else "look whether mails can be deleted"
    )
    removal = found.attempt("delete", tried, lambda: plan_removal(client, folder, move_to, answer))
    _note_removal(found, tried, removal.possible, removal.detail)


def _note_removal(found: Examination, tried: str, possible: bool, detail: str) -> None:
    cure = (
        ""
        if possible
        else "Give this user the rights to flag and expunge mails here, or decided mails pile up."
    )
    found.passed("delete", tried, "they can" if possible else detail, cure)
