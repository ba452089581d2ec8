"""What an SMTP server's refusal means: later or never, why, and what an operator can do about it.

Codes decide (RFC 5321 section 4.2.1, RFC 3463); words serve for rate limits and the cure only, since they
change without notice.
"""

from typing import Protocol

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.net.answers import known_answer, read_answers

_ANSWERS = read_answers(__package__, "answers.toml")


class Answer(Protocol):
    """A reply as `dialogue` reads it."""

    @property
    def code(self) -> int: ...

    @property
    def line(self) -> str: ...


# Marks of rate limits: Exchange Online (432 4.3.2, 5.2.2, 5.1.90), Gmail (421 4.7.28), and words.
_THROTTLED = (
    *("4.3.2", "4.7.28", "5.2.2 ", "5.1.90"),
    *("concurrent connections", "too many", "rate limit", "sending limit", "throttl"),
)


def failure(reply: Answer, step: str, server: str) -> Failure:
    """The failure for this reply to this step. 5xx is lasting, all else passing."""
    words = reply.line.lower()
    known = known_answer(_ANSWERS, words)
    lasting = 500 <= reply.code <= 599 and _reason(reply, words, step) is not Reason.THROTTLED
    kind = GiveUp if lasting else TryLater
    return kind(
        _reason(reply, words, step),
        _what(reply, step),
        step=step,
        server=server,
        answer=reply.line,
        cure=known.cure if known else "",
    )


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
        return "the server refused the session in its greeting"
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
