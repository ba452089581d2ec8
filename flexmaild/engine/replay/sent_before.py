"""Finds the mails that had been sent to a person by the time when their mail was read.

Used by `engine.replay.replay` and `engine.replay.explain`. A later confirmation that repeats a comment
would otherwise make the comment's lines count as ours.
"""

from datetime import UTC, datetime

from flexmaild.core.model import Request
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import KeptMail, SentMail
from flexmaild.engine.delivery.sent_mails import SentMails
from flexmaild.store.read_only import ReadOnlyStore

_EVER = datetime.max.replace(tzinfo=UTC)


class SentBefore:
    """Called with the references of one mail, as `SentMails` is; `at` says when that mail was read.

    are_known: whether all that was looked up since is known; True where nothing was looked up.
    """

    def __init__(self, store: ReadOnlyStore, keys: ReferenceKeys) -> None:
        self._store = store
        self._sent_mails = SentMails(self, keys)
        self.at(None)

    def at(self, moment: datetime | None) -> None:
        """None for a mail that was not read yet."""
        self._moment = moment or _EVER
        self._is_whole = self.are_known = True

    def __call__(self, references: tuple[str, ...]) -> tuple[SentMail, ...] | None:
        found = self._sent_mails(references)
        self.are_known = found is not None and self._is_whole
        return found

    def sent_mails(self, approval_id: str, invitation: int) -> tuple[Request, list[KeptMail]] | None:
        found = self._store.sent_before(approval_id, invitation, self._moment)
        if found is None:
            return None
        request, kept, is_whole = found
        self._is_whole = self._is_whole and is_whole
        return request, kept
