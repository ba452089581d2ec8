"""An SMTP server tried step by step, for `doctor`: up to where it would take a mail. Sends nothing.

Apart from the adapter, which never needs it.
"""

from flexmaild.core.steps import Step
from flexmaild.net.sasl import Credentials
from flexmaild.settings.javamail.session import SmtpSession
from flexmaild.transports.probe import Examination, Stopped, log_in, note_tls, reach, tls_words
from flexmaild.transports.smtp.dialogue import before_tls, encrypt


def examine_smtp(session: SmtpSession, credentials: Credentials) -> list[Step]:
    """The steps to a server that is ready to take a mail."""
    found = Examination()
    try:
        reach(found, session)
        tried = f"connect to {session.host}:{session.port}"
        dialogue = found.attempt("connect", tried, lambda: before_tls(session, None))
        found.passed("connect", tried, "connected" if session.tls == "implicit" else "greeted")
        try:
            if session.tls != "none":
                found.attempt("tls", tls_words(session), lambda: encrypt(dialogue, session))
            note_tls(found, session, dialogue.connection)
            log_in(found, session, credentials, lambda renew: dialogue.log_in(credentials, renew))
        finally:
            dialogue.leave()
    except Stopped:
        pass
    return found.steps
