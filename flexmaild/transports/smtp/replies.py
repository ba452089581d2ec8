"""What an SMTP server's refusal means: later or never, why, and what an operator can do about it.

Called by `smtp` and `smtp_dialogue`. Works on codes first (RFC 5321 section 4.2.1, RFC 3463) and on words
only for the cure, since words change without notice.
"""

from collections.abc import Sequence
from typing import Protocol

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater


class Answer(Protocol):
    """A reply as `smtp_dialogue` reads it."""

    @property
    def code(self) -> int: ...

    @property
    def line(self) -> str: ...


# Marks of rate limits: Exchange Online (432 4.3.2, 5.2.2, 5.1.90), Gmail (421 4.7.28), and words.
_THROTTLED = (
    *("4.3.2", "4.7.28", "5.2.2 ", "5.1.90"),
    *("concurrent connections", "too many", "rate limit", "sending limit", "throttl"),
)

# (marks in the reply, the cure)
_CURES: Sequence[tuple[Sequence[str], str]] = (
    (
        ("must issue a starttls", "5.7.0 must issue"),
        "The server wants encryption first: set starttls: true, or the port with implicit TLS.",
    ),
    (
        ("5.7.60", "sendasdenied", "not have permissions to send as"),
        "The login may not send as this From address: use its own address as from_address, or grant Send As.",
    ),
    (
        ("5.7.57", "authentication required", "5.7.1 client was not authenticated"),
        "The server wants a login for this: set username and password, or send from a host it relays for.",
    ),
    (
        ("relay access denied", "relaying denied", "not permitted to relay", "5.7.54"),
        "The server does not send to other domains for us: log in, or have this host allowed to relay.",
    ),
    (
        ("5.2.2 ", "5.1.90"),
        "The mailbox has reached its sending limit of the day.",
    ),
    (
        ("user unknown", "no such user", "5.1.1 ", "mailbox unavailable", "does not exist"),
        "Check the recipient's address.",
    ),
    (
        ("5.3.4", "message size", "too large", "message file too big"),
        "The mail is larger than the server takes: attach less.",
    ),
    (
        ("block", "blacklist", "spamhaus", "reputation", "5.7.606"),
        "The server blocks this host's address: ask its administrator, or send through another relay.",
    ),
)


def failure(reply: Answer, step: str, server: str) -> Failure:
    """The failure that this reply to this step is. 5xx is lasting, all else passing."""
    words = reply.line.lower()
    lasting = 500 <= reply.code <= 599 and _reason(reply, words, step) is not Reason.THROTTLED
    kind = GiveUp if lasting else TryLater
    return kind(
        _reason(reply, words, step),
        _what(reply, step),
        step=step,
        server=server,
        answer=reply.line,
        cure=cure_for(words),
    )


def cure_for(words: str) -> str:
    """What an operator can do, empty where the reply is not a known one."""
    for marks, cure in _CURES:
        if any(mark in words.lower() for mark in marks):
            return cure
    return ""


def _reason(reply: Answer, words: str, step: str) -> Reason:
    if reply.code == 432 or any(mark in words for mark in _THROTTLED):
        return Reason.THROTTLED
    if reply.code == 530 and "starttls" in words:
        return Reason.TLS
    if reply.code in {530, 534, 535, 538, 454} and step not in {"rcpt", "data"}:
        return Reason.AUTH
    return Reason.SERVER


def _what(reply: Answer, step: str) -> str:
    if step == "greeting":
        return "the server does not want to talk to us"
    if reply.code == 421:
        return "the server is closing the connection"
    return f"the server refused {_NAMES.get(step, step)}"


_NAMES = {
    "ehlo": "our EHLO",
    "mail": "the sender",
    "rcpt": "the recipient",
    "data": "to take a message",
    "content": "the message",
}
