"""The tables as SQLAlchemy Core sees them; the migrations are what makes them.

Used by every module of this package. A test holds this file and the result of all migrations equal. Texts
that may be absent are NULL here and "" in the values, so that partial indexes stay small.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

# Written out, not bound: SQLite uses a partial index only when the query repeats its condition.
WAITING = text("state IN ('queued', 'deferred')")
PURGEABLE = "purged < 7 AND decided_at IS NOT NULL"
SHOWS_SOMEBODY = "sender <> '' OR subject <> ''"
SAYS_SOMETHING = "audit_personal.data <> ''"

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970 UTC, rounded down; a naive time is a bug and raises TypeError."""
    return (moment - EPOCH) // MILLISECOND


class Timestamp(TypeDecorator[datetime]):
    """An aware UTC time, kept as integer milliseconds: sorts, compares and never meets a time zone."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else milliseconds(value)

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        # In a damaged row anything may stand; `store.records.rows` sees that it is no time.
        return EPOCH + value * MILLISECOND if isinstance(value, int) else value


class Words(TypeDecorator[str]):
    """Text that may come from a mail: lone surrogates (SQLite refuses them) and NUL (PostgreSQL does) are
    replaced by U+FFFD, so that no mail can make its own commit impossible."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else storable(value)


class Exact(TypeDecorator[str]):
    """Text that must come back as it was, whatever is in it: the name of a Maildir file may hold any bytes
    (lone surrogates here). What cannot be stored as it is becomes a backslash and a JSON string."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        if value is None or not (value.startswith("\\") or _UNSTORABLE.search(value)):
            return value
        return "\\" + json.dumps(value)

    def process_result_value(self, value: Any, dialect: Any) -> str | None:
        if value is not None and value.startswith("\\"):
            value = json.loads(value[1:])
        return cast("str | None", value)


def storable(value: str) -> str:
    return _UNSTORABLE.sub("\ufffd", value)


metadata = MetaData()

requests = Table(
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("decided_at", Timestamp),
    Column("due_at", Timestamp),
    Column("body", Text, nullable=False),
    Column("purged", Integer, nullable=False, server_default="0"),
    Index("ix_requests_state", "state", "created_at"),
    Index("ix_requests_created", "created_at", "id"),
    Index("ix_requests_due", "due_at", sqlite_where=text("due_at IS NOT NULL")),
    Index("ix_requests_ended", "decided_at", sqlite_where=text(PURGEABLE)),
)

# What stays of a request that was forgotten: an id is never taken for an unknown one.
past_requests = Table(
    "past_requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("at", Timestamp, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("queue", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("payload", Text, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("due_at", Timestamp, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("approval_id", Text),
    Column("invitation", Integer),
    Column("recipients", Text, nullable=False),
    Column("message_id", Words),
    Column("uncertain", Boolean, nullable=False),
    Column("last_reason", Text, nullable=False),
    Column("last_error", Words, nullable=False),
    Column("receipt", Words, nullable=False),
    Column("done_at", Timestamp),
    Column("claim", Integer, nullable=False, server_default="0"),
    Column("lease_owner", Text),
    Column("lease_until", Timestamp),
    Index("ix_jobs_waiting", "queue", "target", "due_at", sqlite_where=WAITING),
    Index("ix_jobs_state", "queue", "state", "target", "due_at"),
    Index("ix_jobs_approval", "approval_id", sqlite_where=text("approval_id IS NOT NULL")),
    Index("ix_jobs_done", "done_at", sqlite_where=text("done_at IS NOT NULL")),
)

# NULL in `data` is a mail whose words are not known. A row goes with its job.
sent_mails = Table(
    "sent_mails",
    metadata,
    Column("job", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("data", LargeBinary),
    Column("quotes", Words, nullable=False),
)

processed = Table(
    "seen",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("mailbox", Exact, nullable=False),
    Column("validity", Exact, nullable=False),
    Column("uid", Exact, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("because", Words, nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("message_id", Words, nullable=False),
    Column("sender", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("approval_id", Text),
    Column("invitation", Integer),
    Column("fingerprint", Text),
    Column("quarantine", Text),
    Column("unknown_lines", Text),
    Column("arrived", Text),
    Column("name", Text),
    UniqueConstraint("mailbox", "validity", "uid", name="uq_seen_mark"),
    Index("ix_seen_at", "at"),
    Index("ix_seen_sha256", "sha256"),
    Index("ix_seen_approval", "approval_id", sqlite_where=text("approval_id IS NOT NULL")),
    Index("ix_seen_fingerprint", "fingerprint", sqlite_where=text("fingerprint IS NOT NULL")),
    Index("ix_seen_quarantine", "quarantine", sqlite_where=text("quarantine IS NOT NULL")),
    Index("ix_seen_personal", "at", sqlite_where=text(SHOWS_SOMEBODY)),
    Index("ix_seen_unknown_lines", "seq", sqlite_where=text("unknown_lines IS NOT NULL")),
)

# Mails that are another installation's to judge, or a newer store's: where they lie, and which they are.
left_mails = Table(
    "left_mails",
    metadata,
    Column("mailbox", Exact, primary_key=True),
    Column("validity", Exact, primary_key=True),
    Column("uid", Exact, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("arrived", Text, nullable=False),
    Column("name", Words, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("named", Text, nullable=False),
    Column("at", Timestamp, nullable=False),
)

# What each mail that decided is known by, so that it decides once.
spent = Table(
    "spent",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Timestamp, nullable=False),
    Index("ix_spent_at", "at"),
)

# The last replies that named each request, as those see them who see it. A row goes with its request.
replies = Table(
    "replies",
    metadata,
    Column("approval_id", Text, ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Timestamp, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sender", Words, nullable=False),
    Column("via", Words, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("message_id", Words, nullable=False),
)

# The headers of the last mails.
headers = Table(
    "headers",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Timestamp, nullable=False),
    Column("sender", Words, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# What is known of everybody who was asked, beyond the life of a request.
approvers = Table(
    "approvers",
    metadata,
    Column("address", Words, primary_key=True),
    Column("mails", Integer, nullable=False),
    Column("proofs", Text, nullable=False),
    Column("last_mail_at", Timestamp),
    Column("bounced", Words, nullable=False),
    Column("bounced_at", Timestamp),
    Column("at", Timestamp, nullable=False),
    Index("ix_approvers_at", "at"),
)

raws = Table(
    "raws",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("at", Timestamp, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("ix_raws_at", "at"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("at", Timestamp, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("ix_blobs_at", "at"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Timestamp, nullable=False),
    Column("approval_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("personal_digest", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_approval", "approval_id"),
)

# What an entry says of persons, which may be forgotten before the entry is.
audit_personal = Table(
    "audit_personal",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("data", Text, nullable=False),
    Index("ix_audit_personal_kept", "seq", sqlite_where=text(SAYS_SOMETHING.partition(".")[2])),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", Words, primary_key=True),
    Column("body_sha256", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", Timestamp, nullable=False),
    Index("ix_idempotency_at", "at"),
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
