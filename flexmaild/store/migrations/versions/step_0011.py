"""Which parts of a request that has ended are purged; of those before, none."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("purged", sa.Integer, nullable=False, server_default="0"))
    op.create_index(
        "ix_requests_ended",
        "requests",
        ["decided_at"],
        sqlite_where=sa.text("purged < 7 AND decided_at IS NOT NULL"),
    )
    op.create_index("ix_seen_personal", "seen", ["at"], sqlite_where=sa.text("sender <> '' OR subject <> ''"))
    op.create_index("ix_audit_personal_kept", "audit_personal", ["seq"], sqlite_where=sa.text("data <> ''"))
