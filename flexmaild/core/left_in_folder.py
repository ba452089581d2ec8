"""Mails that are left in the folder, since this installation with this store cannot decide about them.

A reply to another installation's request is for that installation, where they share a mailbox; a reply to a
request of ours that the store lacks can be read when a newer store is put back.
`core.approval.named_requests` says which they are, `engine.polling.poller` leaves them,
`store.records.left_mails` keeps their marks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flexmaild.core.identity import Identity
from flexmaild.core.model import Outcome
from flexmaild.core.ports import MessageUid

LEFT = frozenset({Outcome.FOREIGN, Outcome.STORE_OLDER})


@dataclass(frozen=True, slots=True)
class Committed:
    """The outcomes of some mails, and which of them are left in the folder."""

    outcomes: Mapping[MessageUid, Outcome]
    left: frozenset[MessageUid] = frozenset()


@dataclass(frozen=True, slots=True)
class LeftMail:
    """A mail that stays in the folder, undecided. named: the id of our request that the store lacks."""

    uid: MessageUid
    identity: Identity
    outcome: Outcome
    at: datetime
    named: str = ""


@dataclass(frozen=True, slots=True)
class LeftMails:
    """All of them. foreign: replies to another installation's requests, the newest read at `newest`. unknown:
    replies to requests of ours that the store lacks, of which `named` are some, the first read at `since`.
    is_full: no more are marked, so that a start reads them again."""

    foreign: int = 0
    newest: datetime | None = None
    unknown: int = 0
    since: datetime | None = None
    named: tuple[str, ...] = ()
    is_full: bool = False
