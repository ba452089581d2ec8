"""What goes wrong with an IMAP server, in the house's two kinds of failure with a cure.

Called by `imap_client` and `imap` around every use of the library. Response codes are those of RFC 5530;
words are looked at only where servers send no code.
"""

import imaplib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater

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

# (marks, reason, lasting, cure); the first that fits counts.
_KNOWN: Sequence[tuple[Sequence[str], Reason, bool, str]] = (
    (
        ("authenticated but not connected",),
        Reason.AUTH,
        True,
        "The login was right, but this user may not open the mailbox: check its licence, that IMAP is "
        "enabled for it, and for a shared mailbox the user's full access.",
    ),
    (("[unavailable]", "[serverbug]", "[inuse]"), Reason.SERVER, False, ""),
    (
        ("[limit]", "too many", "throttl", "rate limit"),
        Reason.THROTTLED,
        False,
        "The server limits what this user may do: a longer process_interval helps.",
    ),
    (
        ("[overquota]",),
        Reason.SERVER,
        False,
        "The mailbox is full: delete mails or raise its quota.",
    ),
    (
        ("[privacyrequired]",),
        Reason.TLS,
        True,
        "The server wants encryption before a login: use port 993, or starttls: true.",
    ),
    (
        (
            "[nonexistent]",
            "[trycreate]",
            "doesn't exist",
            "does not exist",
            "unknown mailbox",
            "no such mailbox",
        ),
        Reason.CLIENT,
        True,
        "Check the folder's name in the settings; letters' case counts.",
    ),
    (
        ("[noperm]", "permission denied", "access denied"),
        Reason.AUTH,
        True,
        "Give this user the rights to read, flag and expunge in the folder.",
    ),
    (("[authenticationfailed]", "[authorizationfailed]", "[expired]"), Reason.AUTH, True, ""),
)


@contextmanager
def translated(step: str, server: str) -> Iterator[None]:
    """Turns what the libraries raise within into TryLater/GiveUp; those pass through as they are."""
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
    known = _classified(words, step, server)
    if known:
        return known
    if isinstance(error, imaplib.IMAP4.abort):
        return TryLater(
            Reason.NETWORK, "the server ended the connection", step=step, server=server, answer=_said(words)
        )
    return TryLater(
        Reason.SERVER, "the server refused the command", step=step, server=server, answer=_said(words)
    )


def _classified(words: str, step: str, server: str) -> Failure | None:
    lower = words.lower()
    for marks, reason, lasting, cure in _KNOWN:
        if any(mark in lower for mark in marks):
            kind = GiveUp if lasting else TryLater
            return kind(
                reason, "the server refused", step=step, server=server, answer=_said(words), cure=cure
            )
    return None


def _words(error: BaseException) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)


def _said(words: str) -> str:
    """The server's own words, without what the libraries put before them."""
    return re.sub(r"^(command: \w+ => |[\w ]+ (failed|command error): )", "", words).strip()


def may_be_the_mails_fault(error: Failure) -> bool:
    """Not the server's or the network's as a whole, which no try for single mails would cure."""
    return error.reason in {Reason.SERVER, Reason.NETWORK} and error.step == "fetch"
