"""The approvers' history, by address: the proofs of their mails, and whether a mail to them bounced.

It outlives requests; a row is deleted when nothing happened for as long as outcomes are kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection, Row, select

from flexmaild.core.model import Proof
from flexmaild.core.work import ApproverNote, ApproverPast
from flexmaild.store.records.dialect import insert_or_set
from flexmaild.store.records.requests import slices
from flexmaild.store.records.rows import Rows
from flexmaild.store.records.tables import approvers

_SET = insert_or_set(approvers, "address", *(c.name for c in approvers.c if c.name != "address"))


def add(connection: Connection, notes: Sequence[ApproverNote]) -> None:
    """Add these notes to the history."""
    if not notes:
        return
    known = of(connection, {note.address for note in notes})
    for note in notes:
        before = known.get(note.address, ApproverPast(note.address, 0, frozenset(), None, "", None, note.at))
        known[note.address] = _with(before, note)
    connection.execute(_SET, [_row(known[address]) for address in {note.address for note in notes}])


def of(connection: Connection, addresses: Iterable[str]) -> dict[str, ApproverPast]:
    """The known approvers among these, by address."""
    found: dict[str, ApproverPast] = {}
    for part in slices(addresses):
        rows = APPROVERS.read(connection, select(approvers).where(approvers.c.address.in_(part)))
        found.update((past.address, past) for past in rows)
    return found


def _with(past: ApproverPast, note: ApproverNote) -> ApproverPast:
    past = replace(past, at=max(past.at, note.at))
    if note.bounced:
        past = replace(past, bounced=note.bounced, bounced_at=note.at)
    if note.is_admitted:
        past = replace(past, bounced="", bounced_at=None)
    if note.proofs is None:
        return past
    return replace(past, mails=past.mails + 1, proofs=past.proofs.union(note.proofs), last_mail_at=note.at)


def _row(past: ApproverPast) -> dict[str, Any]:
    return {
        "address": past.address,
        "mails": past.mails,
        "proofs": " ".join(sorted(past.proofs)),
        "last_mail_at": past.last_mail_at,
        "bounced": past.bounced,
        "bounced_at": past.bounced_at,
        "at": past.at,
    }


def _past(row: Row[*tuple[Any, ...]]) -> ApproverPast:
    proofs = frozenset(cast(list[Proof], row.proofs.split()))
    return ApproverPast(row.address, row.mails, proofs, row.last_mail_at, row.bounced, row.bounced_at, row.at)


APPROVERS = Rows(approvers, _past, "address", is_personal=True)
