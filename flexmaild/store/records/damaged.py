"""All rows that are known to be damaged, by table; the rule is in `store.records.rows`."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from flexmaild.core.model import State
from flexmaild.core.work import JobState
from flexmaild.store.records.approvers import APPROVERS
from flexmaild.store.records.audit import ENTRIES
from flexmaild.store.records.codec import IDEMPOTENCY, JOBS, PROCESSED, REPLIES, REQUESTS
from flexmaild.store.records.headers import HEADERS
from flexmaild.store.records.mails import RAWS
from flexmaild.store.records.rows import Rows
from flexmaild.store.records.sent_mails import SENT_MAILS
from flexmaild.store.records.tables import jobs, requests

_ALL: tuple[Rows[Any], ...] = (
    REQUESTS,
    JOBS,
    PROCESSED,
    REPLIES,
    SENT_MAILS,
    RAWS,
    ENTRIES,
    HEADERS,
    APPROVERS,
    IDEMPOTENCY,
)
_OVER = (JobState.DONE.value, JobState.DROPPED.value)


@dataclass(frozen=True, slots=True)
class Damage:
    """Rows of one table that cannot be read. ids: what names them, where it may be shown."""

    table: str
    number: int
    ids: tuple[str, ...]


def read_open(connection: Connection) -> None:
    """Read open requests and jobs, so that damaged rows are found before they are needed."""
    for _ in REQUESTS.read(connection, select(requests).where(requests.c.state == State.PENDING.value)):
        pass
    for _ in JOBS.read(connection, select(jobs).where(jobs.c.state.not_in(_OVER))):
        pass


def look_again(connection: Connection) -> list[Damage]:
    """The rows that still exist and are still damaged."""
    found = [(rows, rows.look_again(connection)) for rows in _ALL]
    return [Damage(r.table.name, len(ids), () if r.is_personal else ids) for r, ids in found if ids]
