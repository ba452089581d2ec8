"""Incoming mails: their outcomes, their raw bytes, and the quarantine.

Called by `Transaction` and `Queries`. An outcome is never changed; only what an operator did with a
quarantined mail is added. Raw bytes are kept once per SHA-256, compressed.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, cast, delete, func, select, update

from flexmaild.core.identity import Identity, is_same
from flexmaild.core.ports import MessageUid
from flexmaild.core.work import Blob, ProcessedMail, Reply
from flexmaild.store.records import headers, meta, replies
from flexmaild.store.records.codec import HELD, PROCESSED, REPLIES, identity_of, processed_of, processed_row
from flexmaild.store.records.dialect import insert_new, insert_or_set
from flexmaild.store.records.left_mails import by_folder
from flexmaild.store.records.requests import slices
from flexmaild.store.records.rows import Rows
from flexmaild.store.records.tables import blobs, processed, raws, spent
from flexmaild.store.records.tables import replies as replies_

# More than any transport fetches.
_LARGEST = 64 * 1024 * 1024

_ADD = insert_new(processed, "mailbox", "validity", "uid")
_ADD_SPENT = insert_new(spent, "name")
_ADD_RAW = insert_or_set(raws, "sha256", "at")
_ADD_BLOB = insert_or_set(blobs, "sha256", "at")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A quarantined mail; operators know it by `id`. `processed.raw` is None: `Store.raw` has the
    bytes."""

    id: str
    processed: ProcessedMail


def _raw_of(row: Row[*tuple[Any, ...]]) -> bytes:
    return zlib.decompress(row.data)


RAWS = Rows(raws, _raw_of, "sha256")
_QUARANTINED = Rows(processed, lambda row: Quarantined(str(row.seq), processed_of(row)), "seq")


def add(connection: Connection, mails: Sequence[ProcessedMail]) -> None:
    """Write the outcomes of new mails, how requests show them, and the raw bytes of all."""
    if not mails:
        return
    kept = known(connection, [read.uid for read in mails])
    there = {m.uid for m in mails if m.uid in kept and is_same(kept[m.uid], m.identity)}
    _release_uids(connection, kept.keys() - there)
    read_before = _read_before(connection, [read.mail.sha256 for read in mails])
    connection.execute(_ADD, [processed_row(read) for read in mails])
    new = [read for read in mails if read.uid not in there]
    meta.put(connection, meta.MAILS, str(meta.count(connection, meta.MAILS) + len(new)))
    for read in new:
        if read.mail.sha256 in read_before:
            replies.read_again(connection, read.replies)
    fresh = [read for read in new if read.mail.sha256 not in read_before]
    once = {read.mail.sha256 or read.uid: read.replies for read in fresh}
    replies.add(connection, [reply for one in once.values() for reply in one])
    headers.add(connection, new)
    names = [{"name": name, "at": read.at} for read in mails for name in read.spent]
    if names:
        connection.execute(_ADD_SPENT, names)
    # Level 1: 6 kB of mail in 0.1 ms; level 6 saves a tenth more for three times the time.
    contents = {
        read.mail.sha256: {"sha256": read.mail.sha256, "at": read.at, "data": zlib.compress(read.raw, 1)}
        for read in mails
        if read.raw is not None
    }
    if contents:
        connection.execute(_ADD_RAW, list(contents.values()))


def add_blobs(connection: Connection, new: Sequence[Blob]) -> None:
    """`at` is when the blob was last handed in, for `prune`; the wall clock is good enough for that."""
    now = datetime.now(UTC)
    rows = [{"sha256": blob.sha256, "at": now, "data": blob.data} for blob in new]
    if rows:
        connection.execute(_ADD_BLOB, rows)


def _release_uids(connection: Connection, uids: Iterable[MessageUid]) -> None:
    """Take these UIDs from the rows that have them, so that other mails can have them; the rows stay."""
    for uid in uids:
        seq = connection.scalar(select(processed.c.seq).where(_has_uid(uid)))
        formerly = f"{uid.validity} until {seq}"
        connection.execute(update(processed).where(processed.c.seq == seq).values(validity=formerly))


def _has_uid(uid: MessageUid) -> ColumnElement[bool]:
    place = (processed.c.mailbox == uid.mailbox) & (processed.c.validity == uid.validity)
    return place & (processed.c.uid == uid.uid)


def known(connection: Connection, uids: Iterable[MessageUid]) -> dict[MessageUid, Identity]:
    found: dict[MessageUid, Identity] = {}
    columns = (
        processed.c.uid,
        processed.c.size,
        processed.c.arrived,
        processed.c.name,
        processed.c.message_id,
    )
    for (mailbox, validity), numbers in by_folder(uids).items():
        folder = (processed.c.mailbox == mailbox) & (processed.c.validity == validity)
        for part in slices(numbers):
            rows = connection.execute(select(*columns).where(folder, processed.c.uid.in_(part)))
            found |= {MessageUid(mailbox, validity, row.uid): identity_of(row) for row in rows}
    return found


def highest(connection: Connection, mailbox: str, validity: str) -> int:
    """The highest UID of a mail in this folder, whose UIDs are numbers; 0 without any."""
    folder = (processed.c.mailbox == mailbox) & (processed.c.validity == validity)
    return connection.scalar(select(func.max(cast(processed.c.uid, BigInteger))).where(folder)) or 0


def _read_before(connection: Connection, digests: Iterable[str]) -> set[str]:
    """The digests of mails that were read before under any UID: released from quarantine, or found in a
    folder that was made anew. A mail that was not fetched has no digest."""
    found: set[str] = set()
    for part in slices({digest for digest in digests if digest}):
        found.update(connection.scalars(select(processed.c.sha256).where(processed.c.sha256.in_(part))))
    return found


def by_uid(connection: Connection, uid: MessageUid) -> ProcessedMail | None:
    return PROCESSED.first(connection, select(processed).where(_has_uid(uid)))


def replayed(connection: Connection, fingerprints: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for part in slices({print_ for print_ in fingerprints if print_}):
        found.update(
            connection.scalars(select(processed.c.fingerprint).where(processed.c.fingerprint.in_(part)))
        )
    return found


def already_spent(connection: Connection, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for part in slices(set(names)):
        found.update(connection.scalars(select(spent.c.name).where(spent.c.name.in_(part))))
    return found


def of_request(connection: Connection, approval_id: str) -> list[ProcessedMail]:
    query = select(processed).where(processed.c.approval_id == approval_id).order_by(processed.c.seq)
    return [*PROCESSED.read(connection, query)]


def newest_raw(connection: Connection, subject_part: str, since: datetime) -> bytes | None:
    query = select(processed.c.sha256).where(
        processed.c.at >= since, processed.c.subject.contains(subject_part)
    )
    digest = connection.scalar(query.order_by(processed.c.seq.desc()).limit(1))
    return raw(connection, digest) if digest else None


def raw(connection: Connection, sha256: str) -> bytes | None:
    return RAWS.first(connection, select(raws.c.sha256, raws.c.data).where(raws.c.sha256 == sha256))


def raw_or_empty(connection: Connection, sha256: str) -> bytes | None:
    """The same for a store whose rows may be damaged: no bytes then, and never more than a mail can have."""
    data = connection.scalar(select(raws.c.data).where(raws.c.sha256 == sha256))
    try:
        return None if data is None else zlib.decompressobj().decompress(data, _LARGEST)
    except (zlib.error, TypeError):
        return b""


def blob(connection: Connection, sha256: str) -> bytes | None:
    return connection.scalar(select(blobs.c.data).where(blobs.c.sha256 == sha256))


def replies_since(connection: Connection, since: datetime, limit: int) -> list[tuple[Reply, str]]:
    """The mails since then that named a request, newest first, each with its reason for operators."""
    same = (replies_.c.approval_id == processed.c.approval_id) & (replies_.c.sha256 == processed.c.sha256)
    query = select(replies_, processed.c.because).join(processed, same).where(processed.c.at >= since)
    found: dict[str, tuple[Reply, str]] = {}
    for row in connection.execute(query.order_by(processed.c.seq.desc()).limit(limit)):
        if (reply := REPLIES.of(connection, row)) is not None:
            found.setdefault(reply.mail.sha256, (reply, row.because))
    return [*found.values()]


def unknown_lines(connection: Connection, limit: int) -> Counter[str]:
    """For each unknown line, in the replies to how many requests it was, among the newest with any."""
    query = select(processed).where(processed.c.unknown_lines.is_not(None)).order_by(processed.c.seq.desc())
    mails = PROCESSED.read(connection, query, limit)
    found = {(mail.approval_id, line) for mail in mails for line in mail.unknown_lines}
    return Counter(line for _, line in found)


# Quarantine: `processed.quarantine` is NULL, "held", "released" or "dropped".


def quarantine(connection: Connection, limit: int, before: str | None) -> list[Quarantined]:
    """Newest first; `before` is the id of the last one of the page before."""
    query = select(processed).where(processed.c.quarantine == HELD)
    if before is not None:
        query = query.where(processed.c.seq < _number(before))
    return [*_QUARANTINED.read(connection, query.order_by(processed.c.seq.desc()), limit)]


def quarantined(connection: Connection, id_: str) -> Quarantined | None:
    return _QUARANTINED.first(connection, select(processed).where(_held(id_)))


def _number(id_: str) -> int:
    # 18 digits stay below 2**63; anything else is the id of nothing.
    return int(id_) if id_.isascii() and id_.isdigit() and len(id_) <= 18 else -1


def _held(id_: str) -> ColumnElement[bool]:
    return (processed.c.seq == _number(id_)) & (processed.c.quarantine == HELD)


def mark_quarantined(connection: Connection, id_: str, word: str) -> bool:
    return connection.execute(update(processed).where(_held(id_)).values(quarantine=word)).rowcount > 0


def forget_raw(connection: Connection, id_: str) -> None:
    """Remove the raw bytes of a quarantined mail, unless another mail has the same."""
    row = connection.execute(select(processed.c.seq, processed.c.sha256).where(_held(id_))).first()
    if row is None:
        return
    others: Any = select(processed.c.seq).where(processed.c.sha256 == row.sha256, processed.c.seq != row.seq)
    connection.execute(delete(raws).where(raws.c.sha256 == row.sha256, ~others.exists()))
