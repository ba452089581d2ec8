"""The first schema: requests, jobs, seen mails with their raw bytes, blobs, audit, idempotency, small things.

Written out rather than taken from `tables`, so that it stays what it was when later steps change `tables`.
Moments are integer milliseconds since 1970 UTC.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _requests()
    _jobs()
    _seen()
    _contents()
    _audit()
    _small_things()


def _text(name: str, *, null: bool = False, primary: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, primary_key=primary)


def _moment(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null)


def _index(table: str, suffix: str, *columns: str, where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(
        f"ix_{table}_{suffix}", table, list(columns), sqlite_where=condition, postgresql_where=condition
    )


def _requests() -> None:
    op.create_table(
        "requests",
        _text("id", primary=True),
        sa.Column("version", sa.Integer, nullable=False),
        _text("state"),
        _moment("created_at"),
        _moment("decided_at", null=True),
        _moment("due_at", null=True),
        _text("body"),
    )
    _index("requests", "state", "state", "created_at")
    _index("requests", "created", "created_at", "id")
    _index("requests", "due", "due_at", where="due_at IS NOT NULL")


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        _text("queue"),
        _text("target"),
        _text("kind"),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        _text("payload"),
        _moment("created_at"),
        _moment("due_at"),
        _text("state"),
        sa.Column("attempt", sa.Integer, nullable=False),
        _text("approval_id", null=True),
        sa.Column("invitation", sa.Integer),
        _text("recipients"),
        _text("message_id", null=True),
        sa.Column("uncertain", sa.Boolean, nullable=False),
        _text("last_reason"),
        _text("last_error"),
        _text("receipt"),
        _moment("done_at", null=True),
        _text("lease_owner", null=True),
        _moment("lease_until", null=True),
    )
    _index("jobs", "waiting", "queue", "target", "due_at", where="state IN ('queued', 'deferred')")
    _index("jobs", "state", "queue", "state", "target", "due_at")
    _index("jobs", "approval", "approval_id", where="approval_id IS NOT NULL")
    _index("jobs", "done", "done_at", where="done_at IS NOT NULL")


def _seen() -> None:
    op.create_table(
        "seen",
        sa.Column("seq", sa.Integer, primary_key=True),
        _text("mailbox"),
        _text("validity"),
        _text("uid"),
        _text("sha256"),
        sa.Column("size", sa.BigInteger, nullable=False),
        _text("outcome"),
        _text("because"),
        _moment("at"),
        _text("message_id"),
        _text("sender"),
        _text("subject"),
        _text("approval_id", null=True),
        sa.Column("invitation", sa.Integer),
        _text("fingerprint", null=True),
        _text("quarantine", null=True),
        sa.UniqueConstraint("mailbox", "validity", "uid", name="uq_seen_mark"),
    )
    _index("seen", "at", "at")
    _index("seen", "sha256", "sha256")
    _index("seen", "approval", "approval_id", where="approval_id IS NOT NULL")
    _index("seen", "fingerprint", "fingerprint", where="fingerprint IS NOT NULL")
    _index("seen", "quarantine", "quarantine", where="quarantine IS NOT NULL")


def _contents() -> None:
    for table in ("raws", "blobs"):
        op.create_table(
            table,
            _text("sha256", primary=True),
            _moment("at"),
            sa.Column("data", sa.LargeBinary, nullable=False),
        )
        _index(table, "at", "at")


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True),
        _moment("at"),
        _text("approval_id"),
        _text("event"),
        _text("data"),
        _text("hash"),
    )
    _index("audit", "approval", "approval_id")


def _small_things() -> None:
    op.create_table(
        "idempotency", _text("key", primary=True), _text("body_sha256"), _text("answer"), _moment("at")
    )
    _index("idempotency", "at", "at")
    op.create_table("meta", _text("name", primary=True), _text("value"))
