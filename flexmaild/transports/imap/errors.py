"""Exceptions of the IMAP libraries as failures: later or never, with a cure.

Wraps every use of the libraries. Response codes are those of RFC 5530; words serve only where servers send no
code.
"""

import imaplib
import re
from collections.abc import Iterator
from contextlib import contextmanager

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.net.answers import known_answer, read_answers

_ANSWERS = read_answers(__package__, "answers.toml")

# What the two libraries raise when an answer is not what the protocol says. The last ones come from parsing
# nonsense; a RecursionError from 3,000 nested parts, a MemoryError from a lie about a length.
UNREADABLE = (
    imaplib.IMAP4.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    MemoryError,
)


@contextmanager
def translated(step: str, server: str) -> Iterator[None]:
    """Turns the libraries' exceptions within into TryLater/GiveUp; passes on those raised within."""
    try:
        yield
    except Failure:
        raise
    except UNREADABLE as error:
        raise failure(error, step, server) from error


def failure(error: BaseException, step: str, server: str) -> Failure:
    """The failure that a library's exception stands for."""
    words = _words(error)
    if not isinstance(error, imaplib.IMAP4.error) or "unexpected response" in words:
        text = f"the server's answer cannot be read ({type(error).__name__})"
        return TryLater(Reason.SERVER, text, step=step, server=server)
    said = _server_words(words)
    if known := known_answer(_ANSWERS, words):
        kind = GiveUp if known.lasts else TryLater
        return kind(
            known.reason, "the server refused", step=step, server=server, answer=said, cure=known.cure
        )
    if isinstance(error, imaplib.IMAP4.abort):
        return TryLater(
            Reason.NETWORK, "the server ended the connection", step=step, server=server, answer=said
        )
    return TryLater(Reason.SERVER, "the server refused the command", step=step, server=server, answer=said)


def _words(error: BaseException) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)


def _server_words(words: str) -> str:
    """The server's text, without the prefix of the libraries."""
    return re.sub(r"^(command: \w+ => |[\w ]+ (failed|command error): )", "", words).strip()


def may_concern_one_mail(error: Failure) -> bool:
    """Whether a fetch of single mails may succeed where this one for many failed."""
    return error.reason in {Reason.SERVER, Reason.NETWORK} and error.step == "fetch"
