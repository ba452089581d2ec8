"""Limits the explanations that one address gets in an hour, so that no sender can make us send at will."""

from collections import deque
from datetime import datetime, timedelta

from flexmaild.core.approval.events import TAKEN_OUT, Mail
from flexmaild.core.model import MailKind

WINDOW = timedelta(hours=1)
# Mails that only explain. Those that confirm or withdraw an answer are never limited.
_EXPLAINING = frozenset(
    {
        MailKind.UNCLEAR,
        MailKind.COMMENT_NEEDED,
        MailKind.ALREADY_DECIDED,
        MailKind.EXPIRED,
        MailKind.CANCELLED,
        MailKind.NOT_ENTITLED,
    }
)


def is_limited(mail: Mail) -> bool:
    """Whether this mail only explains, as an answer to one that changed nothing."""
    return bool(mail.in_reply_to) and mail.kind in _EXPLAINING and not mail.facts.get(TAKEN_OUT)


class Limiter:
    """Counts in memory: a restart forgives, and each reference has a stored limit
    (`core.approval.state_machine`)."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sent: dict[str, deque[datetime]] = {}

    def allows(self, address: str, now: datetime) -> bool:
        """Whether one more may go out now; counts it if so."""
        sent = self._sent.setdefault(address, deque())
        while sent and now - sent[0] >= WINDOW:
            sent.popleft()
        if len(sent) >= self._most:
            return False
        sent.append(now)
        self._forget_old(now)
        return True

    def free_at(self, address: str, now: datetime) -> datetime:
        """When the next one may go to this address."""
        sent = self._sent.get(address)
        return sent[0] + WINDOW if sent else now + WINDOW

    def _forget_old(self, now: datetime) -> None:
        if len(self._sent) > 10_000:
            self._sent = {a: s for a, s in self._sent.items() if s and now - s[-1] < WINDOW}
