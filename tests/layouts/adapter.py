"""The one place that knows the reader under test."""

from __future__ import annotations

from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.rules import Rules
from flexmaild.mail.understand.sent import SentMail

RULES = Rules.of("approvals@corp.test", names=("flexmaild",))
Read = tuple[str | None, str, str]


def read(reply: bytes, *requests: bytes) -> Read:
    """Answer ("approve", "reject" or None), why it is unclear, comment."""
    sent = tuple(SentMail(request) for request in requests)
    reading = understand(reply, len(reply), RULES, mails_sent=lambda references: sent)
    answer = reading.answer.value if reading.answer is not None else None
    return answer, reading.unclear or ("" if answer else reading.nature.value), reading.comment
