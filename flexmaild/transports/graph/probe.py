"""Graph tried step by step for the doctor: DNS, TCP, TLS, token, permissions, mailbox, folder, deletion.

Sends nothing, reads no mail, deletes nothing.
"""

import ssl
import time
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import urlsplit

from flexmaild.core.errors import Failure, Reason
from flexmaild.core.ports import FolderState
from flexmaild.core.steps import Step
from flexmaild.net.certificates import Certificate
from flexmaild.net.connect import connect
from flexmaild.net.tls import read_certificate, secure
from flexmaild.oauth.scopes import unverified_claims
from flexmaild.settings.javamail.session import Session
from flexmaild.transports.graph.api import GraphApi, Token
from flexmaild.transports.graph.inbox import GraphInbox
from flexmaild.transports.probe import Examination, Stopped, note_tls, reach, tls_words


def examine_outbox(api: GraphApi, token: Token) -> list[Step]:
    """The steps up to where a mail could be handed over."""
    steps = [*_server(api.root, api.ca_file), _token(token)]
    if all(step.ok for step in steps):
        steps.append(_permission(token, "Mail.Send"))
        steps.append(_tried("mailbox", f"look for the mailbox {api.mailbox}", lambda: _mailbox_found(api)))
    api.close()
    return steps


def examine_inbox(api: GraphApi, inbox: GraphInbox, token: Token) -> list[Step]:
    """The steps up to the open folder."""
    steps = [*_server(api.root, api.ca_file), _token(token)]
    if all(step.ok for step in steps):
        steps.append(_permission(token, "Mail.ReadWrite"))
        steps.append(_tried("mailbox", f"look for the mailbox {api.mailbox}", lambda: _mailbox_found(api)))
    if all(step.ok for step in steps):
        steps += _folder(inbox)
    inbox.close()
    api.close()
    return steps


def _server(address: str, ca_file: str) -> list[Step]:
    """The steps to an HTTPS server, up to its certificate; no request is sent."""
    found, place = Examination(), urlsplit(address)
    session = Session(place.hostname or "", place.port or 443, tls="implicit", ca_file=ca_file)
    try:
        reach(found, session)
        tried = f"connect to {session.host}:{session.port}"
        connection = found.attempt("connect", tried, lambda: connect(session))
        found.passed("connect", tried, "connected")
        try:
            connection.begin("tls", silence=session.read_timeout, total=session.connect_timeout)
            fetch = partial(_seen_certificate, session)
            found.attempt("tls", tls_words(session), lambda: secure(connection, session, fetch))
            note_tls(found, session, connection)
        finally:
            connection.close()
    except Stopped:
        pass
    return found.steps


def _seen_certificate(session: Session, context: ssl.SSLContext) -> Certificate | None:
    try:
        connection = connect(session)
    except Failure:
        return None
    try:
        connection.begin("tls", silence=session.read_timeout, total=session.connect_timeout)
        connection.start_tls(context, session.host)
        return read_certificate(connection)
    except Failure:
        return None
    finally:
        connection.close()


def _token(token: Token) -> Step:
    def get() -> str:
        token(False)
        return "a token was issued"

    return _tried("token", "get a token for Graph", get)


def _permission(token: Token, wanted: str) -> Step:
    """The permissions by the token's claims, where they can be read."""
    claims = unverified_claims(token(False)) or {}
    roles = claims.get("roles")
    has: Sequence[str] = [*str(claims.get("scp", "")).split(), *(roles if isinstance(roles, list) else [])]
    tried = f"look for {wanted} in the token"
    if not has:
        return Step("permissions", True, tried, "the token does not name its permissions")
    if any(name in (wanted, f"{wanted}.Shared") for name in has):
        return Step("permissions", True, tried, " ".join(has))
    cure = f"API permissions: add {wanted}, grant admin consent, then authorise again."
    return Step("permissions", False, tried, " ".join(has), cure)


def _mailbox_found(api: GraphApi) -> str:
    """Whether the mailbox exists. With Mail.Send alone Graph refuses to list it, which is no fault."""
    try:
        found = api.get_json("/mailFolders/inbox?$select=id,displayName,totalItemCount", step="mailbox")
    except Failure as failure:
        if "ErrorAccessDenied" in failure.text:
            return "it exists; this sign-in may not read it"
        raise
    return f"{found.get('totalItemCount')} mails in {found.get('displayName')}"


def _folder(inbox: GraphInbox) -> list[Step]:
    """The steps for the folder, and whether mails may be removed from it."""
    found: list[FolderState] = []

    def fetch() -> str:
        found.append(inbox.open())
        return f"{found[0].messages} mails wait in {found[0].detail}"

    steps = [_tried("folder", "open the reply folder", fetch)]
    if found:
        may, tried = found[0].can_delete, "check whether mails can be deleted"
        cure = "" if may else "API permissions: Mail.ReadWrite (or Mail.ReadWrite.Shared), admin consent."
        steps.append(Step("delete", may, tried, "they can" if may else "the token may only read", cure))
    return steps


def _tried(name: str, tried: str, work: Callable[[], str]) -> Step:
    began = time.monotonic()
    try:
        answer, ok, cure = work(), True, ""
    except Failure as failure:
        said = f" ({failure.answer})" if failure.answer else ""
        answer, ok, cure = f"{failure.text}{said}", False, failure.cure or _usual(failure.reason)
    return Step(name, ok, tried, answer, cure, time.monotonic() - began)


def _usual(reason: Reason) -> str:
    return "Nothing: it is tried again later." if reason is Reason.THROTTLED else "See Graph's words."
