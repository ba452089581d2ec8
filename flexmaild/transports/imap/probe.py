"""An IMAP server tried step by step, for `doctor`: up to the open folder. Fetches and deletes nothing."""

from flexmaild.core.steps import Step
from flexmaild.net.sasl import Credentials
from flexmaild.settings.javamail.session import ImapSession
from flexmaild.transports.imap import client as imap_client
from flexmaild.transports.imap.folder import plan_removal, select
from flexmaild.transports.probe import (
    Examination,
    Stopped,
    log_in,
    note_removal,
    note_tls,
    reach,
    tls_words,
)


def examine_imap(session: ImapSession, credentials: Credentials, folder: str, move_to: str) -> list[Step]:
    """The steps to an open folder, and whether mails may be removed from it."""
    found = Examination()
    try:
        reach(found, session)
        tried = f"connect to {session.host}:{session.port}, {tls_words(session)}"
        client = found.attempt("connect", tried, lambda: imap_client.before_login(session, None))
        found.passed("connect", tried, "greeted")
        try:
            note_tls(found, session, client.connection)
            log_in(found, session, credentials, lambda renew: _imap_login(client, credentials, renew))
            _open_folder(found, client, folder, move_to)
        finally:
            client.leave()
    except Stopped:
        pass
    return found.steps


def _imap_login(client: imap_client.Client, credentials: Credentials, renew: bool) -> None:
    imap_client.log_in(client, credentials, renew)
    imap_client.after_login(client)


def _open_folder(found: Examination, client: imap_client.Client, folder: str, move_to: str) -> None:
    tried = f"open the folder {folder}"
    answer = found.attempt("folder", tried, lambda: select(client, folder))
    found.passed("folder", tried, f"{answer.get(b'EXISTS', 0)} mails wait")
    tried = (
        f"check whether mails can be moved to {move_to}" if move_to else "check whether mails can be deleted"
    )
    removal = found.attempt("delete", tried, lambda: plan_removal(client, folder, move_to, answer))
    note_removal(found, tried, removal.possible, removal.detail)
