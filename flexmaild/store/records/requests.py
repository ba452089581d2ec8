"""Approval requests: one row each, guarded by its version.

Called by `Transaction` and `Queries`. What a request is due for is computed by `core.timing` when its row
is written (see `codec.request_row`), never here.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, or_, select, update

from flexmaild.core.model import Part, Request, State
from flexmaild.store.errors import StoreConflict
from flexmaild.store.records.codec import REQUESTS, request_row
from flexmaild.store.records.tables import past_requests, requests

# Bound values in one IN list; SQLite's limit is 32,766 (SQLITE_MAX_VARIABLE_NUMBER since 3.32).
SLICE = 500

_CHANGE = (
    update(requests)
    .where(requests.c.id == bindparam("old_id"), requests.c.version == bindparam("old_version"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("version", "state", "created_at", "decided_at", "due_at", "body", "purged")
        }
    )
)


def slices(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The values in lists of at most SLICE."""
    rest = iter(values)
    while part := list(islice(rest, SLICE)):
        yield part


def write(connection: Connection, changed: Sequence[Request]) -> None:
    """Insert the new ones (version 0), update the others. Raises StoreConflict when one is stale."""
    if not changed:
        return
    _refuse_stale(connection, changed)
    new = [request_row(request) for request in changed if request.version == 0]
    old = [_update_row(request) for request in changed if request.version]
    if new:
        connection.execute(insert(requests), new)
    # The condition on the version stands in the UPDATE too: a second machine may write in between.
    if old and connection.execute(_CHANGE, old).rowcount != len(old):
        raise _conflict(tuple(row["old_id"] for row in old))


def _refuse_stale(connection: Connection, changed: Sequence[Request]) -> None:
    versions: dict[str, int] = {}
    for part in slices(request.id for request in changed):
        rows = connection.execute(select(requests.c.id, requests.c.version).where(requests.c.id.in_(part)))
        versions.update((row.id, row.version) for row in rows)
    stale = tuple(request.id for request in changed if versions.get(request.id, 0) != request.version)
    if stale:
        raise _conflict(stale)


def _conflict(ids: tuple[str, ...]) -> StoreConflict:
    return StoreConflict(f"request {', '.join(ids)}: changed by somebody else meanwhile.", ids)


def _update_row(request: Request) -> dict[str, Any]:
    row = request_row(request)
    del row["id"]
    values = {f"new_{name}": value for name, value in row.items()}
    return {**values, "old_id": request.id, "old_version": request.version}


def by_ids(connection: Connection, ids: Iterable[str]) -> dict[str, Request]:
    found: dict[str, Request] = {}
    for part in slices(ids):
        query = select(requests.c.id, requests.c.body).where(requests.c.id.in_(part))
        found.update((request.id, request) for request in REQUESTS.read(connection, query))
    return found


def past(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Of these, the ids of requests that were forgotten, or of which no person is known any more."""
    found: set[str] = set()
    nameless = requests.c.purged.op("&")(Part.ADDRESSES.bit) != 0
    for part in slices(ids):
        found.update(connection.scalars(select(requests.c.id).where(requests.c.id.in_(part), nameless)))
        found.update(connection.scalars(select(past_requests.c.id).where(past_requests.c.id.in_(part))))
    return found


def open_ids(connection: Connection) -> list[str]:
    return list(connection.scalars(select(requests.c.id).where(requests.c.state == State.PENDING.value)))


def by_id(connection: Connection, id_: str) -> Request | None:
    """Raises DamagedRow."""
    return REQUESTS.first(connection, select(requests.c.id, requests.c.body).where(requests.c.id == id_))


def open_for(connection: Connection, address: str) -> str | None:
    """The newest that is pending and asks this address."""
    written = json.dumps(address)
    query = select(requests.c.id, requests.c.body).where(requests.c.state == State.PENDING.value)
    query = query.where(requests.c.body.contains(written, autoescape=True))
    ordered = query.order_by(requests.c.created_at.desc(), requests.c.id.desc())
    for request in REQUESTS.read(connection, ordered):
        if any(address in (i.approver.address, *i.approver.aliases) for i in request.invitations):
            return request.id
    return None


def newest(connection: Connection, state: State | None, limit: int, before: str | None) -> list[Request]:
    """Newest first; `before` is the id of the last request of the page before."""
    query = select(requests.c.id, requests.c.body)
    if state is not None:
        query = query.where(requests.c.state == state.value)
    if before is not None:
        border = select(requests.c.created_at).where(requests.c.id == before).scalar_subquery()
        same = and_(requests.c.created_at == border, requests.c.id < before)
        query = query.where(or_(requests.c.created_at < border, same))
    query = query.order_by(requests.c.created_at.desc(), requests.c.id.desc())
    return [*REQUESTS.read(connection, query, limit)]


def due(connection: Connection, now: datetime, limit: int) -> list[Request]:
    query = select(requests.c.id, requests.c.body).where(requests.c.due_at <= now)
    return [*REQUESTS.read(connection, query.order_by(requests.c.due_at), limit)]
