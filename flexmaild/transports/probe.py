"""The steps by which `doctor` tries a server, as far as protocols share them: what was tried, what the server
answered, what to do.

Used by the `probe` of each protocol. Changes nothing on the server: sends, fetches and deletes nothing. Stops
at the first step that fails, since the later ones could only fail the same way.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from flexmaild.core.errors import Failure
from flexmaild.core.ports import Inbox
from flexmaild.core.steps import Step
from flexmaild.net.certificates import SERVER_NOTICE
from flexmaild.net.connect import resolve
from flexmaild.net.deadline_socket import DeadlineSocket
from flexmaild.net.sasl import Credentials, may_renew
from flexmaild.net.tls import is_trusted_unseen, read_certificate
from flexmaild.settings.javamail.session import Session

T = TypeVar("T")


class Stopped(Exception):
    """A step failed; the steps before it are kept."""


class Examination:
    """The steps tried so far."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._began = time.monotonic()

    def attempt(self, name: str, tried: str, work: Callable[[], T]) -> T:
        """Do this step. A failure is recorded here, a success by `passed`."""
        self._began = time.monotonic()
        try:
            return work()
        except Failure as error:
            answer = f"{error.text} ({error.answer})" if error.answer else error.text
            name = "tls" if error.step in {"starttls", "tls"} else name
            self.steps.append(Step(name, False, tried, answer, error.cure, self._seconds()))
            raise Stopped from error

    def passed(self, name: str, tried: str, answer: str, cure: str = "") -> None:
        self.steps.append(Step(name, True, tried, answer, cure, self._seconds()))

    def _seconds(self) -> float:
        return time.monotonic() - self._began


def examine_folder(inbox: Inbox, tried: str) -> list[Step]:
    """The steps to an inbox that has no server."""
    found = Examination()
    try:
        state = found.attempt("folder", tried, inbox.open)
    except Stopped:
        return found.steps
    found.passed("folder", tried, f"{state.messages} mails wait")
    note_removal(found, "check whether mails can be removed", state.can_delete, state.detail)
    return found.steps


def reach(found: Examination, session: Session) -> None:
    if session.proxy:
        return  # the proxy resolves the name
    tried = f"look up {session.host}"
    addresses = found.attempt(
        "dns", tried, lambda: resolve(session.host, session.port, session.connect_timeout)
    )
    found.passed("dns", tried, ", ".join(dict.fromkeys(str(address[0]) for _, address in addresses)))


def tls_words(session: Session) -> str:
    ways = {"none": "without TLS", "starttls": "STARTTLS", "implicit": "TLS from the start"}
    return ways[session.tls]


def note_tls(found: Examination, session: Session, connection: DeadlineSocket) -> None:
    tried = tls_words(session)
    if not connection.tls:
        cure = "Set starttls: true, or use the port with implicit TLS." if session.user else ""
        found.passed("tls", tried, "the connection is not encrypted", cure)
        return
    certificate = read_certificate(connection)
    if not certificate:
        found.passed("tls", tried, connection.tls_version)
        return
    left = certificate.not_after - datetime.now(UTC)
    names = ", ".join(certificate.names[:5]) or certificate.subject
    answer = (
        f"{connection.tls_version}, certificate for {names}, "
        f"issued by {certificate.issuer}, valid until {certificate.not_after:%Y-%m-%d}"
    )
    cure = ""
    if is_trusted_unseen(session):
        cure = "The certificate is not checked (mail.*.ssl.trust): name the CA's file in ca_file instead."
    elif left < SERVER_NOTICE:
        cure = f"The certificate ends in {left.days} days: its server's administrator has to renew it."
    found.passed("tls", tried, answer, cure)


def log_in(
    found: Examination, session: Session, credentials: Credentials, work: Callable[[bool], None]
) -> None:
    """`work` logs in; with True by a new access token, tried once, as the adapters do."""

    def once_more() -> None:
        try:
            work(False)
        except Failure as error:
            if not may_renew(error, session, credentials):
                raise
            work(True)

    if not session.user or session.auth_type == "none":
        found.passed("login", "no login", "the settings name no user, or auth_type: none")
        return
    tried = f"log in as {session.user} ({session.auth_type})"
    found.attempt("login", tried, once_more)
    found.passed("login", tried, "logged in")


def note_removal(found: Examination, tried: str, possible: bool, detail: str) -> None:
    cure = (
        "Give this user the rights to flag and expunge mails here; else processed mails stay in the folder."
    )
    found.passed("delete", tried, "they can" if possible else detail, "" if possible else cure)
